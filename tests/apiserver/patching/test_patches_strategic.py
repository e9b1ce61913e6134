"""Strategic merge patches: lists that are merged by key, and directives."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagestreams.api.codec import from_dict, to_dict
from imagestreams.api.core import Stored
from imagestreams.api.errors import ApiError
from imagestreams.api.image import Image, ImageStream
from imagestreams.apiserver.ownership.object_schema import shape_of
from imagestreams.apiserver.patching.patches import read_patch
from imagestreams.apiserver.patching.strategic_merge import StrategicPatchError, strategic_merge
from imagestreams.resources.resource import ResourceInfo

STREAM = shape_of(ImageStream)


def tags(*names: str, **fields: Any) -> list[dict[str, Any]]:
    return [{"name": name, **fields} for name in names]


def merge(document: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    return strategic_merge(STREAM, document, patch)


def merged_tags(before: list[dict[str, Any]], patch: dict[str, Any]) -> Any:
    return merge({"spec": {"tags": before}}, {"spec": patch})["spec"].get("tags")


def names(elements: list[dict[str, Any]]) -> list[str]:
    return [element["name"] for element in elements]


def test_tags_are_merged_by_name() -> None:
    before = tags("1", "2", generation=1)

    after = merged_tags(before, {"tags": [{"name": "2", "reference": True}, {"name": "3"}]})

    assert after == [
        {"name": "1", "generation": 1},
        {"name": "2", "generation": 1, "reference": True},
        {"name": "3"},
    ]


def test_lists_without_a_key_are_replaced() -> None:
    document = {"status": {"tags": [{"tag": "1", "items": [{"image": "a"}, {"image": "b"}]}]}}

    after = merge(document, {"status": {"tags": [{"tag": "1", "items": [{"image": "c"}]}]}})

    assert after == {"status": {"tags": [{"tag": "1", "items": [{"image": "c"}]}]}}


def test_null_removes_a_field() -> None:
    assert merge({"metadata": {"labels": {"a": "b"}}}, {"metadata": {"labels": {"a": None, "c": None}}}) == {
        "metadata": {"labels": {}}
    }
    assert merged_tags(tags("1"), {"tags": None}) is None


def test_nulls_in_new_parts_are_dropped() -> None:
    assert merge({}, {"metadata": {"labels": {"a": None, "b": "c"}}}) == {"metadata": {"labels": {"b": "c"}}}


def test_an_element_can_be_deleted_by_its_key() -> None:
    assert names(merged_tags(tags("1", "2"), {"tags": [{"$patch": "delete", "name": "1"}]})) == ["2"]


def test_a_list_can_be_replaced() -> None:
    assert names(merged_tags(tags("1", "2"), {"tags": [{"name": "3"}, {"$patch": "replace"}]})) == ["3"]


def test_an_object_can_be_replaced_or_emptied() -> None:
    document = {"metadata": {"labels": {"a": "b"}}}

    assert merge(document, {"metadata": {"labels": {"$patch": "replace", "c": "d"}}}) == {
        "metadata": {"labels": {"c": "d"}}
    }
    assert merge(document, {"metadata": {"labels": {"$patch": "delete"}}}) == {"metadata": {"labels": {}}}


def test_only_some_fields_are_retained() -> None:
    document = {"spec": {"lookupPolicy": {"local": True}, "dockerImageRepository": "x"}}

    after = merge(document, {"spec": {"$retainKeys": ["lookupPolicy"], "lookupPolicy": {"local": False}}})

    assert after == {"spec": {"lookupPolicy": {"local": False}}}


def test_elements_take_the_order_that_is_set() -> None:
    patch = {"$setElementOrder/tags": tags("3", "1"), "tags": tags("3")}

    assert names(merged_tags(tags("1", "2"), patch)) == ["3", "1", "2"]


def test_finalizers_are_merged_as_a_set() -> None:
    document = {"metadata": {"finalizers": ["a", "b"]}}

    assert merge(document, {"metadata": {"finalizers": ["b", "c"]}}) == {"metadata": {"finalizers": ["a", "b", "c"]}}
    assert merge(document, {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"]}}) == {
        "metadata": {"finalizers": ["b"]}
    }
    assert merge(
        document,
        {
            "metadata": {
                "$deleteFromPrimitiveList/finalizers": ["a"],
                "$setElementOrder/finalizers": ["c", "b"],
                "finalizers": ["c"],
            }
        },
    ) == {"metadata": {"finalizers": ["c", "b"]}}


def test_image_metadata_is_replaced() -> None:
    after = strategic_merge(
        shape_of(Image), {"dockerImageMetadata": {"Id": "a", "Size": 1}}, {"dockerImageMetadata": {"Id": "b"}}
    )

    assert after == {"dockerImageMetadata": {"Id": "b"}}


@pytest.mark.parametrize(
    ("patch", "told"),
    [
        ({"tags": [{"reference": True}]}, "map: map[reference:true] does not contain declared merge key: name"),
        ({"tags": [{"$patch": "delete"}]}, "map: map[$patch:delete] does not contain declared merge key: name"),
        ({"tags": [{"$patch": "merge", "name": "1"}]}, "merging lists cannot yet be specified in the patch"),
        ({"tags": [{"$patch": "x", "name": "1"}]}, "unknown patch type: x in map: map[$patch:x name:1]"),
        ({"tags": ["x"]}, "list element types are not identical: [[map[name:1]] [x]]"),
        ({"$setElementOrder/tags": "x"}, "expected a []interface {}, but received a string"),
        (
            {"$setElementOrder/tags": tags("2"), "tags": tags("3")},
            "The order in patch list:\n[map[name:3]]\n doesn't match $setElementOrder list:\n[map[name:2]]\n",
        ),
        ({"$retainKeys": ["x"], "tags": []}, "invalid patch format of retainKeys"),
        ({"$retainKeys": "x"}, "invalid patch format of retainKeys"),
        ({"$deleteFromPrimitiveList": ["x"]}, "invalid patch format of primitive list"),
        ({"$setElementOrder": ["x"]}, "invalid patch format of setElementOrder list"),
        ({"tags": [[]]}, "lists of lists are not supported"),
        ({"$patch": "x"}, "unknown patch type: x in map: map[$patch:x]"),
    ],
)
def test_what_can_not_be_merged_is_told(patch: dict[str, Any], told: str) -> None:
    with pytest.raises(StrategicPatchError) as failure:
        merged_tags(tags("1"), patch)

    assert str(failure.value) == told


@pytest.mark.parametrize(
    ("patch", "code", "told"),
    [
        (
            {"spec": {"tags": [{"reference": True}]}},
            500,
            "map: map[reference:true] does not contain declared merge key",
        ),
        ({"spec": {"$retainKeys": "x"}}, 400, "invalid patch format of retainKeys"),
        ({"spec": {"tags": [[]]}}, 422, "the server rejected our request due to an error in our request"),
        (
            {"spec": {"tags": "x"}},
            422,
            ' "" is invalid: patch: Invalid value: "map[spec:map[tags:x]]": cannot restore slice from string',
        ),
        (
            {"metadata": {"labels": {"a": 1}}},
            422,
            ' "" is invalid: patch: Invalid value: "map[metadata:map[labels:map[a:1]]]": '
            "cannot convert int64 to string",
        ),
    ],
)
def test_errors_have_the_codes_of_the_real_server(patch: dict[str, Any], code: int, told: str) -> None:
    with pytest.raises(ApiError) as failure:
        _patched(patch)

    assert failure.value.status.code == code
    assert failure.value.status.message.startswith(told)


def test_another_kind_in_the_patch_is_ignored() -> None:
    assert (_patched({"kind": "Pod", "apiVersion": "v1"}).kind, _patched({}).kind) == ("ImageStream", "ImageStream")


def _patched(patch: dict[str, Any]) -> Stored:
    info = ResourceInfo(
        group="image.openshift.io",
        version="v1",
        plural="imagestreams",
        kind="ImageStream",
        object_type=ImageStream,
        verbs=frozenset({"patch"}),
    )
    document = {
        "kind": "ImageStream",
        "apiVersion": "image.openshift.io/v1",
        "metadata": {"name": "s", "namespace": "n", "uid": "u"},
        "spec": {"tags": tags("1")},
    }
    result: Stored = read_patch(
        json.dumps(patch).encode(),
        "application/strategic-merge-patch+json",
        info,
        manager="m",
        force=False,
        now="2026-11-24T00:00:00Z",
        validation="Warn",
        name="s",
        namespace="n",
    ).transform(from_dict(document, ImageStream))
    return result


_NAMES = st.lists(st.sampled_from("abcdef"), unique=True, max_size=5)


@given(_NAMES, _NAMES)
def test_all_elements_stay_and_those_of_the_patch_keep_its_order(before: list[str], patch: list[str]) -> None:
    document = {"spec": {"tags": tags(*before, generation=1)}}
    shown = json.dumps(document)

    after = merge(document, {"spec": {"tags": tags(*patch, reference=True)}})["spec"]["tags"]

    assert sorted(names(after)) == sorted({*before, *patch})
    assert [name for name in names(after) if name in patch] == patch
    assert [name for name in names(after) if name in before and name not in patch] == [
        name for name in before if name not in patch
    ]
    assert {tag["name"] for tag in after if tag.get("reference")} == set(patch)
    assert json.dumps(document) == shown


@given(_NAMES, _NAMES)
def test_a_patch_as_kubectl_makes_it_gives_the_wanted_list(before: list[str], wanted: list[str]) -> None:
    patch = {
        "$setElementOrder/tags": tags(*wanted),
        "tags": [
            *tags(*(name for name in wanted if name not in before)),
            *tags(*(name for name in before if name not in wanted), **{"$patch": "delete"}),
        ],
    }

    after = merge({"spec": {"tags": tags(*before)}}, {"spec": patch} if before or wanted else {})

    assert names(after["spec"]["tags"]) == wanted


def test_the_documents_of_served_objects_can_be_merged() -> None:
    stream = from_dict({"metadata": {"name": "s"}, "spec": {"tags": tags("1")}}, ImageStream)

    after = merge(to_dict(stream), {"spec": {"tags": [{"name": "1", "annotations": {"a": "b"}}]}})

    assert after["spec"]["tags"][0]["annotations"] == {"a": "b"}
