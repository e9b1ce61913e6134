"""JSON patch, merge patch and what all patches share."""

import json
from collections.abc import Callable
from typing import Any

import jsonpatch
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagestreams.api.codec import from_dict, to_dict
from imagestreams.api.errors import ApiError
from imagestreams.api.image import ImageStream
from imagestreams.apiserver.ownership.managed_fields import track_update
from imagestreams.apiserver.patching.json_patch import PatchFailedError, json_patch
from imagestreams.apiserver.patching.merge_patch import merge_patch
from imagestreams.apiserver.patching.patches import Patch, read_patch
from imagestreams.resources.resource import ResourceInfo

V1 = "image.openshift.io/v1"
NOW = "2026-11-24T01:00:00Z"
STREAMS = ResourceInfo(
    group="image.openshift.io",
    version="v1",
    plural="imagestreams",
    kind="ImageStream",
    object_type=ImageStream,
    verbs=frozenset({"patch"}),
)
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"


def live_stream() -> ImageStream:
    document = {
        "kind": "ImageStream",
        "apiVersion": V1,
        "metadata": {"name": "s", "namespace": "n", "resourceVersion": "7", "labels": {"a": "b"}},
        "spec": {"tags": [{"name": "1", "generation": 1, "from": {"kind": "DockerImage", "name": "x:1"}}]},
        "status": {"dockerImageRepository": "registry/n/s"},
    }
    stream = from_dict(document, ImageStream)
    track_update(None, stream, STREAMS, "creator", "2026-11-24T00:00:00Z")
    stream.metadata.uid = "u"
    return stream


def patch_of(body: Any, content_type: str = MERGE_PATCH, validation: str = "", force: bool = False) -> Patch:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_patch(
        data,
        content_type,
        STREAMS,
        manager="patcher",
        force=force,
        now=NOW,
        validation=validation,
        name="s",
        namespace="n",
    )


def patched(body: Any, content_type: str = MERGE_PATCH) -> ImageStream:
    result: ImageStream = patch_of(body, content_type).transform(live_stream())
    return result


def refusal(work: Callable[[], Any]) -> tuple[int, str]:
    with pytest.raises(ApiError) as failure:
        work()
    return failure.value.status.code, failure.value.status.message


def refused(body: Any, content_type: str = MERGE_PATCH, validation: str = "") -> tuple[int, str]:
    return refusal(lambda: patch_of(body, content_type, validation).transform(live_stream()))


def test_a_merge_patch_sets_and_removes_fields() -> None:
    stream = patched({"metadata": {"labels": {"a": None, "c": "d"}}, "spec": {"lookupPolicy": {"local": True}}})

    assert stream.metadata.labels == {"c": "d"}
    assert stream.spec.lookup_policy.local
    assert [tag.name for tag in stream.spec.tags or []] == ["1"]


def test_a_merge_patch_replaces_lists_and_defaults_are_filled_in() -> None:
    stream = patched({"spec": {"tags": [{"name": "2"}]}})

    assert [(tag.name, tag.import_policy.import_mode) for tag in stream.spec.tags or []] == [("2", "Legacy")]


def test_the_patcher_owns_what_it_changed() -> None:
    stream = patched({"metadata": {"labels": {"c": "d"}}})

    entries = stream.metadata.managed_fields or []
    assert [(e.manager, e.time) for e in entries] == [("creator", "2026-11-24T00:00:00Z"), ("patcher", NOW)]
    assert entries[1].fields_v1 == {"f:metadata": {"f:labels": {"f:c": {}}}}


def test_a_patch_that_changes_nothing_gives_the_same_object() -> None:
    assert patched({"metadata": {"labels": {"a": "b"}}}) == live_stream()
    assert patched({}) == live_stream()


def test_the_current_object_is_never_changed() -> None:
    live = live_stream()

    patch_of({"metadata": {"labels": {"a": None}}, "spec": {"tags": None}}).transform(live)
    patch_of([{"op": "remove", "path": "/spec/tags/0/from"}], JSON_PATCH).transform(live)

    assert live == live_stream()


def test_a_patch_can_be_applied_again_to_a_newer_object() -> None:
    patch = patch_of([{"op": "add", "path": "/metadata/labels/c", "value": "d"}], JSON_PATCH)
    newer = live_stream()
    newer.metadata.labels = {"z": "z"}

    assert patch.transform(live_stream()).metadata.labels == {"a": "b", "c": "d"}
    assert patch.transform(newer).metadata.labels == {"z": "z", "c": "d"}


def test_a_json_patch_does_its_operations_in_order() -> None:
    stream = patched(
        [
            {"op": "test", "path": "/metadata/name", "value": "s"},
            {"op": "add", "path": "/metadata/annotations", "value": {"k/l": "v"}},
            {"op": "move", "from": "/metadata/annotations/k~1l", "path": "/metadata/annotations/m"},
            {"op": "copy", "from": "/spec/tags/0", "path": "/spec/tags/-"},
            {"op": "replace", "path": "/spec/tags/1/name", "value": "2"},
            {"op": "remove", "path": "/metadata/labels"},
        ],
        JSON_PATCH,
    )

    assert (stream.metadata.annotations, stream.metadata.labels) == ({"m": "v"}, None)
    assert [tag.name for tag in stream.spec.tags or []] == ["1", "2"]


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/metadata/name", "value": "zzz"},
        {"op": "test", "path": "/metadata/generation", "value": True},
        {"op": "remove", "path": "/metadata/annotations"},
        {"op": "add", "path": "/nope/deeper", "value": 1},
        {"op": "add", "path": "/spec/tags/7", "value": {}},
        {"op": "add", "path": "/spec/tags/x", "value": {}},
        {"op": "replace", "path": "/spec/tags/1", "value": {}},
        {"op": "bogus", "path": "/metadata"},
        {"op": "add", "value": 1},
        {"op": "add", "path": "nope", "value": 1},
        {"op": "copy", "path": "/metadata/labels"},
        {"op": "move", "from": "/spec/none/x", "path": "/metadata/labels"},
        None,
    ],
)
def test_a_json_patch_that_does_not_apply_is_a_422_without_details(operation: Any) -> None:
    with pytest.raises(ApiError) as failure:
        patch_of([operation], JSON_PATCH).transform(live_stream())

    status = to_dict(failure.value.status)
    assert (status["code"], status["reason"], status["details"]) == (422, "Invalid", {})
    assert status["message"] == "the server rejected our request due to an error in our request"


def test_a_json_patch_may_replace_a_missing_key_and_count_from_the_end() -> None:
    stream = patched(
        [
            {"op": "replace", "path": "/metadata/annotations", "value": {"k": "v"}},
            {"op": "test", "path": "/metadata/selfLink", "value": None},
            {"op": "remove", "path": "/spec/tags/-1"},
        ],
        JSON_PATCH,
    )

    assert (stream.metadata.annotations, stream.spec.tags) == ({"k": "v"}, None)


def test_a_json_patch_is_bounded() -> None:
    many = [{"op": "test", "path": "/metadata/name", "value": "s"}] * 10_001

    assert refused(many, JSON_PATCH) == (
        413,
        "Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001",
    )


def test_copies_can_not_grow_without_end() -> None:
    doubling = [{"op": "add", "path": "/a", "value": ["x" * 100]}]
    doubling += [{"op": "copy", "from": "/a", "path": "/a/-"}] * 40

    with pytest.raises(PatchFailedError, match="copied"):
        json_patch({}, doubling)


@pytest.mark.parametrize(
    ("body", "content_type", "told"),
    [
        (b"{", MERGE_PATCH, "error decoding patch: unexpected end of JSON input"),
        (b"", MERGE_PATCH, "error decoding patch: unexpected end of JSON input"),
        (b"null", MERGE_PATCH, "Invalid JSON Patch"),
        (
            b"[]",
            MERGE_PATCH,
            "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}",
        ),
        (b"{x}", JSON_PATCH, "error decoding patch: invalid character 'x' looking for beginning of object key string"),
        (
            b"{}",
            JSON_PATCH,
            "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp",
        ),
        (
            b"[1]",
            JSON_PATCH,
            "error decoding patch: json: cannot unmarshal number into Go value of type handlers.jsonPatchOp",
        ),
        (
            b'[{"op":1}]',
            JSON_PATCH,
            "error decoding patch: json: cannot unmarshal number into Go struct field jsonPatchOp.op of type string",
        ),
        (b"{", STRATEGIC, "unexpected end of JSON input"),
    ],
)
def test_a_malformed_patch_is_a_400(body: bytes, content_type: str, told: str) -> None:
    assert refused(body, content_type) == (400, told)


def test_a_patch_of_nothing_is_a_404_whatever_it_says() -> None:
    told = (404, 'imagestreams.image.openshift.io "s" not found')

    for content_type in (JSON_PATCH, MERGE_PATCH, STRATEGIC):
        assert refusal(lambda kind=content_type: patch_of(b"{", kind).transform(None)) == told
        assert refusal(lambda kind=content_type: patch_of(b"{", kind).transform(ImageStream())) == told


def test_other_media_types_are_a_415_that_names_the_known_ones() -> None:
    code, told = refusal(lambda: patch_of({}, "application/json"))

    assert code == 415
    assert told.endswith(", ".join([JSON_PATCH, MERGE_PATCH, STRATEGIC, APPLY]))


def test_a_charset_does_not_matter() -> None:
    assert patched({"metadata": {"labels": {"c": "d"}}}, f"{MERGE_PATCH}; charset=utf-8").metadata.labels


def test_only_an_apply_can_be_forced() -> None:
    assert refusal(lambda: patch_of({}, MERGE_PATCH, force=True)) == (
        422,
        'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
    )


@pytest.mark.parametrize(
    ("metadata", "told"),
    [
        ({"name": "t"}, "the name of the object (t) does not match the name on the URL (s)"),
        ({"name": None}, "the name of the object (s based on URL) was undeterminable: name must be provided"),
        ({"namespace": "m"}, "the namespace of the provided object does not match the namespace sent on the request"),
    ],
)
def test_a_patch_can_not_change_what_the_object_is_called(metadata: dict[str, Any], told: str) -> None:
    assert refused({"metadata": metadata}) == (400, told)


def test_kind_and_version_have_to_stay() -> None:
    code, told = refused({"kind": "Pod", "apiVersion": "v1"})

    assert code == 422
    assert told.startswith(' "" is invalid: patch: Invalid value: "{\\"apiVersion\\":\\"v1\\",\\"kind\\":\\"Pod\\",')
    assert told.endswith('}": converting (v1.Pod) to (image.ImageStream): unknown conversion')
    scheme = '"k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30"'
    assert refused({"apiVersion": "x.y/v1"})[1].endswith(
        f'no kind "ImageStream" is registered for version "x.y/v1" in scheme {scheme}'
    )
    assert refused([{"op": "replace", "path": "", "value": []}], JSON_PATCH)[1].startswith(
        ' "" is invalid: patch: Invalid value: "[]": couldn\'t get version/kind; json parse error: '
        "json: cannot unmarshal array into Go value of type struct {"
    )


def test_kind_and_version_may_be_removed() -> None:
    stream = patched([{"op": "remove", "path": "/kind"}, {"op": "remove", "path": "/apiVersion"}], JSON_PATCH)

    assert (stream.kind, stream.api_version) == ("ImageStream", V1)


def test_a_wrong_type_shows_the_patched_document() -> None:
    code, told = refused({"spec": {"tags": "nope"}})

    assert code == 422
    assert told.startswith(' "" is invalid: patch: Invalid value: "{\\"apiVersion\\":')
    assert '\\"spec\\":{\\"lookupPolicy\\":{\\"local\\":false},\\"tags\\":\\"nope\\"}' in told
    assert told.endswith(
        '": json: cannot unmarshal string into Go struct field ImageStreamSpec.spec.tags of type []v1.TagReference'
    )


@pytest.mark.parametrize(
    ("body", "content_type", "problem"),
    [
        ({"spec": {"bogus": 1}}, MERGE_PATCH, 'unknown field "spec.bogus"'),
        ({"spec": {"bogus": 1}}, STRATEGIC, 'unknown field "spec.bogus"'),
        ([{"op": "add", "path": "/spec/bogus", "value": 1}], JSON_PATCH, 'unknown field "spec.bogus"'),
        (
            [{"op": "test", "path": "/kind", "value": "ImageStream", "x": 1}],
            JSON_PATCH,
            'json patch unknown field "[0].x"',
        ),
        (b'{"spec":{},"spec":{}}', MERGE_PATCH, 'duplicate field "spec"'),
        (b'{"spec":{"tags":[{"name":"1"},{"name":"2","name":"3"}]}}', STRATEGIC, 'duplicate field "spec.tags[1].name"'),
        (
            b'[{"op":"x","op":"test","path":"/kind","value":"ImageStream"}]',
            JSON_PATCH,
            'json patch duplicate field "[0].op"',
        ),
    ],
)
def test_unknown_fields_fail_warn_or_pass(body: Any, content_type: str, problem: str) -> None:
    code, told = refused(body, content_type, "Strict")
    assert (code, told.endswith(f": strict decoding error: {problem}")) == (422, True)

    for validation, warnings in (("", (problem,)), ("Warn", (problem,)), ("Ignore", ())):
        patch = patch_of(body, content_type, validation)
        patch.transform(live_stream())
        assert patch.warnings == warnings


def test_a_patch_may_ask_for_a_resource_version() -> None:
    assert patched({"metadata": {"resourceVersion": "3"}}).metadata.resource_version == "3"
    assert patched({}).metadata.resource_version == "7"


_LEAVES = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "b"])
_KEYS = st.sampled_from(["a", "b", "c/d", "~"])
_JSON = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3), max_leaves=12
)
_DOCUMENTS = st.dictionaries(_KEYS, _JSON, max_size=4)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(each) for key, each in value.items() if each is not None}
    return value


def _merge_difference(old: Any, new: Any) -> Any:
    """Return the merge patch from one document to another that holds no nulls."""
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return new
    patch: dict[str, Any] = {key: None for key in old if key not in new}
    for key, value in new.items():
        if key not in old or type(old[key]) is not type(value) or old[key] != value:
            difference = _merge_difference(old.get(key), value)
            # An object is merged into what is there, so what is no object must go by being replaced key by key.
            patch[key] = difference
    return patch


@given(_DOCUMENTS, _DOCUMENTS.map(_without_nulls))
def test_merging_the_difference_gives_the_wanted_document(old: dict[str, Any], new: dict[str, Any]) -> None:
    before = json.dumps(old)

    assert merge_patch(old, _merge_difference(old, new)) == new
    assert json.dumps(old) == before


@given(_DOCUMENTS, _DOCUMENTS)
def test_a_made_json_patch_gives_the_wanted_document(old: dict[str, Any], new: dict[str, Any]) -> None:
    before = json.dumps(old)
    operations = jsonpatch.make_patch(old, new).patch

    assert json_patch(old, operations) == new
    assert json.dumps(old) == before


@given(
    _DOCUMENTS,
    st.lists(
        st.fixed_dictionaries(
            {"op": st.sampled_from(["add", "remove", "copy", "move", "test"])},
            optional={
                "path": st.sampled_from(["", "/a", "/a/0", "/b/a/-1", "x"]),
                "from": st.sampled_from(["/a", "/b/a"]),
                "value": _JSON,
            },
        ),
        max_size=5,
    ),
)
def test_any_json_patch_is_applied_or_refused(document: dict[str, Any], operations: list[Any]) -> None:
    try:
        json_patch(document, operations)
    except PatchFailedError as error:
        assert str(error)
