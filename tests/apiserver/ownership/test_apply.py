"""Server-side apply: what it changes, who owns it then, and when it is refused."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from imagestreams.api.codec import encode, from_dict, to_dict
from imagestreams.api.core import ConfigMap
from imagestreams.api.errors import ApiError
from imagestreams.api.image import ImageStream
from imagestreams.apiserver.ownership.managed_fields import track_update
from imagestreams.apiserver.ownership.object_schema import shape_of
from imagestreams.apiserver.ownership.typed_merge import merged
from imagestreams.apiserver.patching.patches import Patch, read_patch
from imagestreams.resources.resource import ResourceInfo

V1 = "image.openshift.io/v1"
EARLIER, NOW = "2026-11-24T00:00:00Z", "2026-11-24T01:00:00Z"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
STREAMS = ResourceInfo(
    group="image.openshift.io",
    version="v1",
    plural="imagestreams",
    kind="ImageStream",
    object_type=ImageStream,
    verbs=frozenset({"patch"}),
)
CONFIG_MAPS = ResourceInfo(
    group="", version="v1", plural="configmaps", kind="ConfigMap", object_type=ConfigMap, verbs=frozenset({"patch"})
)


def config(labels: Any = None, tags: Any = None, **spec: Any) -> dict[str, Any]:
    metadata = {"name": "s", "namespace": "n", **({"labels": labels} if labels is not None else {})}
    if tags is not None:
        spec["tags"] = tags
    return {"kind": "ImageStream", "apiVersion": V1, "metadata": metadata, **({"spec": spec} if spec else {})}


def tag(name: str, source: str = "x:1", **fields: Any) -> dict[str, Any]:
    return {"name": name, "from": {"kind": "DockerImage", "name": source}, **fields}


def apply_of(body: Any, manager: str = "a", **options: Any) -> Patch:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    info = options.pop("info", STREAMS)
    settings: dict[str, Any] = {"force": False, "now": NOW, "validation": "", **options}
    return read_patch(data, "application/apply-patch+yaml", info, manager=manager, name="s", namespace="n", **settings)


def applied(live: Any, body: Any, manager: str = "a", **options: Any) -> Any:
    value = apply_of(body, manager, **options).transform(live)
    value.metadata.uid = value.metadata.uid or "u"
    return value


def refused(live: Any, body: Any, manager: str = "a", **options: Any) -> Any:
    with pytest.raises(ApiError) as failure:
        applied(live, body, manager, **options)
    return failure.value.status


def owners(value: Any) -> dict[tuple[str, str], Any]:
    return {(entry.manager, entry.operation): entry.fields_v1 for entry in value.metadata.managed_fields or []}


def updated(live: Any, manager: str, **labels: str) -> Any:
    wanted = from_dict(to_dict(live), type(live))
    wanted.metadata.labels = {**(live.metadata.labels or {}), **labels}
    track_update(live, wanted, STREAMS, manager, NOW)
    return wanted


def test_an_apply_makes_what_is_not_there() -> None:
    stream = applied(None, config(labels={"a": "b"}, tags=[tag("1")]))

    entry = stream.metadata.managed_fields[0]
    assert (entry.manager, entry.operation, entry.api_version, entry.time) == ("a", "Apply", V1, NOW)
    assert entry.fields_v1 == {
        "f:metadata": {"f:labels": {"f:a": {}}},
        "f:spec": {"f:tags": {'k:{"name":"1"}': {".": {}, "f:from": {}, "f:name": {}}}},
    }
    assert stream.spec.tags[0].import_policy.import_mode == "Legacy"
    assert apply_of(config()).creates


def test_the_configuration_may_be_yaml() -> None:
    body = yaml.safe_dump(config(labels={"a": "b"})).encode()

    assert applied(None, body).metadata.labels == {"a": "b"}


def test_applying_again_changes_nothing() -> None:
    body = config(labels={"a": "b"}, tags=[tag("1")])
    stream = applied(None, body, now=EARLIER)

    assert applied(stream, body) == stream


def test_what_is_left_out_of_an_apply_is_removed() -> None:
    stream = applied(None, config(labels={"a": "b", "c": "d"}, tags=[tag("1"), tag("2")]))

    stream = applied(stream, config(labels={"a": "b"}, tags=[tag("2")]))

    assert stream.metadata.labels == {"a": "b"}
    assert [each.name for each in stream.spec.tags] == ["2"]


def test_what_others_set_stays() -> None:
    stream = updated(applied(None, config(labels={"a": "b"}, tags=[tag("1")])), "editor", c="d")

    stream = applied(stream, config())

    assert stream.metadata.labels == {"c": "d"}
    assert stream.spec.tags is None
    assert list(owners(stream)) == [("editor", "Update")]


def test_a_field_that_another_manager_applies_too_stays() -> None:
    stream = applied(None, config(labels={"a": "b"}, tags=[tag("1")]))
    stream = applied(stream, config(labels={"a": "b"}), "b")

    stream = applied(stream, config())

    assert (stream.metadata.labels, stream.spec.tags) == ({"a": "b"}, None)


def test_another_value_is_a_conflict() -> None:
    stream = applied(None, config(tags=[tag("1")]))

    status = refused(stream, config(tags=[tag("1", "x:2")]), "b")

    assert (status.code, status.reason) == (409, "Conflict")
    assert status.message == 'Apply failed with 1 conflict: conflict with "a": .spec.tags[name="1"].from'
    assert to_dict(status.details) == {
        "causes": [
            {
                "reason": "FieldManagerConflict",
                "message": 'conflict with "a"',
                "field": '.spec.tags[name="1"].from',
            }
        ]
    }


def test_the_conflicts_with_updaters_name_their_version() -> None:
    stream = updated(applied(None, config(labels={"a": "b"}, tags=[tag("1")])), "kubectl-label", a="c", d="e")

    status = refused(stream, config(labels={"a": "b", "d": "f"}))

    assert status.message == (
        'Apply failed with 2 conflicts: conflicts with "kubectl-label" using image.openshift.io/v1:\n'
        "- .metadata.labels.a\n- .metadata.labels.d"
    )
    assert [cause.message for cause in status.details.causes] == [
        'conflict with "kubectl-label" using image.openshift.io/v1'
    ] * 2


def test_force_takes_the_fields_over() -> None:
    stream = applied(None, config(labels={"a": "b"}, tags=[tag("1")]))

    stream = applied(stream, config(tags=[tag("1", "x:2")]), "b", force=True)

    assert stream.spec.tags[0].from_.name == "x:2"
    assert "f:from" in owners(stream)["b", "Apply"]["f:spec"]["f:tags"]['k:{"name":"1"}']
    assert "f:from" not in owners(stream)["a", "Apply"]["f:spec"]["f:tags"]['k:{"name":"1"}']


def test_the_same_value_is_shared_without_conflict() -> None:
    stream = applied(None, config(labels={"a": "b"}), now=EARLIER)

    stream = applied(stream, config(labels={"a": "b"}), "b")

    assert list(owners(stream)) == [("b", "Apply"), ("a", "Apply")]  # without a time, since nothing changed
    assert [entry.time for entry in stream.metadata.managed_fields] == [None, EARLIER]


def test_what_was_there_before_the_first_apply_has_an_owner() -> None:
    live = from_dict({**config(labels={"a": "b"}), "spec": {"tags": [tag("1", generation=1)]}}, ImageStream)
    live.metadata.uid = "u"

    assert refused(live, config(labels={"a": "c"})).message == (
        'Apply failed with 1 conflict: conflict with "before-first-apply" using image.openshift.io/v1: '
        ".metadata.labels.a"
    )
    assert ("before-first-apply", "Update") in owners(applied(live, config(labels={"z": "z"})))


def test_new_elements_come_in_the_order_of_the_configuration() -> None:
    shape = shape_of(ImageStream)

    def names(live: str, wanted: str) -> str:
        documents = [{"spec": {"tags": [{"name": name} for name in each]}} for each in (live, wanted)]
        return "".join(each["name"] for each in merged(shape, *documents)["spec"]["tags"])

    assert names("abc", "ca") == "bca"
    assert names("ab", "xby") == "axby"
    assert names("", "ba") == "ba"
    assert names("abc", "b") == "abc"


def test_references_are_one_value() -> None:
    stream = applied(None, config(tags=[tag("1")]))

    body = config(tags=[{"name": "1", "from": {"kind": "ImageStreamTag", "name": "2"}}])

    assert to_dict(applied(stream, body).spec.tags[0].from_) == {"kind": "ImageStreamTag", "name": "2"}


def test_maps_are_merged_key_by_key() -> None:
    body = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "s"}}
    first = applied(None, {**body, "data": {"a": "1"}}, "a", info=CONFIG_MAPS)

    both = applied(first, {**body, "data": {"b": "2"}}, "b", info=CONFIG_MAPS)
    second = applied(both, body, "a", info=CONFIG_MAPS)

    assert (both.data, second.data) == ({"a": "1", "b": "2"}, {"b": "2"})
    assert list(owners(second)) == [("b", "Apply")]


@pytest.mark.parametrize(
    ("change", "code", "told"),
    [
        ({"kind": "Pod"}, 400, "invalid object type: image.openshift.io/v1, Kind=Pod"),
        ({"apiVersion": "v1"}, 400, "invalid object type: /v1, Kind=ImageStream"),
        ({"metadata": {"name": "s", "managedFields": []}}, 400, "metadata.managedFields must be nil"),
        (
            {"metadata": {"name": "t"}},
            400,
            "the name of the object (t) does not match the name on the URL (s)",
        ),
        (
            {"spec": {"bogus": 1}},
            500,
            "failed to create typed patch object (n/s; image.openshift.io/v1, Kind=ImageStream): "
            ".spec.bogus: field not declared in schema",
        ),
        (
            {"spec": {"tags": "x"}},
            500,
            "failed to create typed patch object (n/s; image.openshift.io/v1, Kind=ImageStream): "
            ".spec.tags: expected list, got &{x}",
        ),
        (
            {"spec": {"tags": [{"name": "1"}, {"name": "1", "reference": "x"}]}},
            500,
            "failed to create typed patch object (n/s; image.openshift.io/v1, Kind=ImageStream): errors:\n"
            '  .spec.tags: duplicate entries for key [name="1"]\n'
            '  .spec.tags[name="1"].reference: expected boolean, got &{x}',
        ),
        (
            {"spec": {"tags": [{"reference": True}]}},
            500,
            "failed to create typed patch object (n/s; image.openshift.io/v1, Kind=ImageStream): .spec.tags: "
            'element 0: associative list with keys has an element that omits all key fields ["name"] '
            "(and doesn't have default values for any key fields)",
        ),
        (
            {"spec": {"dockerImageRepository": 1}},
            500,
            "failed to create typed patch object (n/s; image.openshift.io/v1, Kind=ImageStream): "
            ".spec.dockerImageRepository: expected string, got &value.valueUnstructured{Value:1}",
        ),
    ],
)
def test_what_can_not_be_applied_is_told(change: dict[str, Any], code: int, told: str) -> None:
    status = refused(None, {**config(), **change})

    assert (status.code, status.message) == (code, told)


def test_an_apply_needs_a_manager() -> None:
    status = refused(None, config(), "")

    assert (status.code, status.message) == (
        422,
        'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    )


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"a: [", "error decoding patch: error converting YAML to JSON: yaml: "),
        (
            b"- a",
            "error decoding patch: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into "
            "Go value of type map[string]interface {}",
        ),
        (b"", "invalid object type: /, Kind="),
    ],
)
def test_what_is_no_configuration_is_a_400(body: bytes, told: str) -> None:
    status = refused(None, body)

    assert (status.code, status.message.startswith(told)) == (400, True)


def test_keys_given_twice_fail_warn_or_pass() -> None:
    body = yaml.safe_dump(config(dockerImageRepository="x")).encode() + b"kind: ImageStream\n"
    told = 'error converting YAML to JSON: yaml: unmarshal errors:\n  line 8: key "kind" already set in map'

    assert refused(None, body, validation="Strict").message == f"error strict decoding patch: {told}"
    for validation, warnings in (("", (told,)), ("Ignore", ())):
        patch = apply_of(body, validation=validation)
        patch.transform(None)
        assert patch.warnings == warnings


def test_a_uid_needs_an_object() -> None:
    body = config()
    body["metadata"]["uid"] = "x"

    status = refused(None, body)

    assert status.code == 409
    assert status.message.endswith(
        "uid mismatch: the provided object specified uid x, and no existing object was found"
    )


def client_side(labels: dict[str, str]) -> ImageStream:
    """Return a stream as `kubectl apply` without `--server-side` made it."""
    body = config(labels=labels)
    annotated = from_dict(body, ImageStream)
    annotated.metadata.annotations = {LAST_APPLIED: encode(body).decode() + "\n"}
    track_update(None, annotated, STREAMS, "kubectl-client-side-apply", EARLIER)
    annotated.metadata.uid = "u"
    return annotated


def test_kubectl_takes_over_what_it_applied_on_the_client_side() -> None:
    stream = applied(client_side({"a": "b"}), config(labels={"a": "c"}), "kubectl")

    assert stream.metadata.labels == {"a": "c"}
    said = json.loads(stream.metadata.annotations[LAST_APPLIED])
    assert said == config(labels={"a": "c"})


def test_other_managers_do_not_take_over_client_side_applies() -> None:
    assert refused(client_side({"a": "b"}), config(labels={"a": "c"}), "other").code == 409


def test_kubectl_does_not_take_over_what_changed_since() -> None:
    stream = updated(client_side({"a": "b"}), "editor", a="z")

    assert refused(stream, config(labels={"a": "c"}), "kubectl").message == (
        'Apply failed with 1 conflict: conflict with "editor" using image.openshift.io/v1: .metadata.labels.a'
    )


_LABELS = st.dictionaries(st.sampled_from("abc"), st.sampled_from("xy"), max_size=3)
_TAGS = st.dictionaries(st.sampled_from("pqr"), st.sampled_from(["x:1", "x:2"]), max_size=3)
_CONFIGS = st.builds(
    lambda labels, tags: config(
        labels=labels or None, tags=[tag(name, source) for name, source in tags.items()] or None
    ),
    _LABELS,
    _TAGS,
)


@given(_CONFIGS, _CONFIGS, _CONFIGS)
def test_applying_a_configuration_twice_is_applying_it_once(
    first: dict[str, Any], other: dict[str, Any], second: dict[str, Any]
) -> None:
    stream = applied(None, first, "a", now=EARLIER)
    stream = applied(stream, other, "b", force=True, now=EARLIER)
    once = applied(stream, second, "a", force=True, now=EARLIER)

    assert applied(once, second, "a") == once


@given(_CONFIGS, _CONFIGS, _CONFIGS)
def test_a_field_is_gone_if_and_only_if_nobody_owns_it(
    mine: dict[str, Any], theirs: dict[str, Any], then: dict[str, Any]
) -> None:
    stream = applied(applied(None, mine, "a"), theirs, "b", force=True)

    stream = applied(stream, then, "a", force=True)

    assert (stream.metadata.labels or {}) == {**_at(theirs, "metadata", "labels"), **_at(then, "metadata", "labels")}
    wanted_tags = {
        each["name"]: each["from"]["name"] for body in (theirs, then) for each in body.get("spec", {}).get("tags", [])
    }
    assert {each.name: each.from_.name for each in stream.spec.tags or []} == wanted_tags


@given(_CONFIGS, _CONFIGS)
def test_without_force_an_apply_changes_nothing_of_others(mine: dict[str, Any], theirs: dict[str, Any]) -> None:
    stream = applied(None, mine, "a")
    differs = any(
        _at(mine, "metadata", "labels").get(key, value) != value
        for key, value in _at(theirs, "metadata", "labels").items()
    ) or any(
        before["name"] == after["name"] and before != after
        for before in mine.get("spec", {}).get("tags", [])
        for after in theirs.get("spec", {}).get("tags", [])
    )

    try:
        result = applied(stream, theirs, "b")
    except ApiError as error:
        assert (differs, error.status.code) == (True, 409)
    else:
        assert not differs
        assert {**_at(mine, "metadata", "labels"), **(result.metadata.labels or {})} == (result.metadata.labels or {})


def _at(document: dict[str, Any], *path: str) -> dict[str, Any]:
    for key in path:
        document = document.get(key) or {}
    return document
