"""Who owns which field after creations and updates."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagestreams.api.codec import copy, from_dict, to_dict
from imagestreams.api.core import Secret, ServiceAccount, Stored
from imagestreams.api.image import Image, ImageStream, ImageStreamImport
from imagestreams.api.meta import ManagedFieldsEntry
from imagestreams.apiserver.ownership.managed_fields import track_update
from imagestreams.resources.resource import ResourceInfo

TRANSCRIPTS = Path(__file__).parents[2] / "contract" / "transcripts"
V1 = "image.openshift.io/v1"
FIRST, LATER = "2026-11-24T00:00:00Z", "2026-11-24T01:00:00Z"


def info_of(kind: type[Any], plural: str, group: str = "image.openshift.io", subresource: str = "") -> ResourceInfo:
    return ResourceInfo(
        group=group,
        version="v1",
        plural=plural,
        kind=kind.__name__,
        object_type=kind,
        verbs=frozenset({"create", "update"}),
        subresource=subresource,
    )


STREAMS = info_of(ImageStream, "imagestreams")
IMPORTS = info_of(ImageStreamImport, "imagestreamimports")
IMAGES = info_of(Image, "images")


def stream(**spec: Any) -> ImageStream:
    document = {"kind": "ImageStream", "apiVersion": V1, "metadata": {"name": "s", "namespace": "n"}, "spec": spec}
    return from_dict(document, ImageStream)


def tag(name: str, source: str = "example.invalid/x:1") -> dict[str, Any]:
    return {"name": name, "generation": 1, "from": {"kind": "DockerImage", "name": source}}


def created(value: Any, info: ResourceInfo = STREAMS, manager: str = "creator") -> Any:
    track_update(None, value, info, manager, FIRST)
    value.metadata.uid = "u"
    return value


def updated(live: Any, wanted: Any, manager: str = "updater", now: str = LATER, info: ResourceInfo = STREAMS) -> Any:
    track_update(live, wanted, info, manager, now)
    return wanted


def owners(value: Stored) -> dict[str, Any]:
    return {entry.manager: entry.fields_v1 for entry in value.metadata.managed_fields or []}


def _recorded_creations() -> list[Any]:
    found = []
    for path in sorted(TRANSCRIPTS.glob("*.json")):
        for index, step in enumerate(json.loads(path.read_text())["steps"]):
            method, url = step.get("http", ("", ""))
            plural = url.rpartition("/")[2]
            if method == "POST" and plural in ("imagestreams", "imagestreamimports") and step["answer"]["code"] == 201:
                answer = step["answer"]["body"]
                found.append(pytest.param(plural, step["body"], answer["metadata"], id=f"{path.stem}-{index}"))
    return found


@pytest.mark.parametrize(("plural", "body", "metadata"), _recorded_creations())
def test_a_creation_is_tracked_as_recorded(plural: str, body: dict[str, Any], metadata: dict[str, Any]) -> None:
    info = STREAMS if plural == "imagestreams" else IMPORTS
    value = from_dict(body, info.object_type)

    track_update(None, value, info, "Python-urllib", metadata["creationTimestamp"])

    assert to_dict(value.metadata).get("managedFields") == metadata.get("managedFields")


def test_a_name_alone_is_owned_by_nobody() -> None:
    assert created(stream()).metadata.managed_fields is None


def test_an_update_takes_over_what_it_changes() -> None:
    live = created(stream(tags=[tag("1"), tag("2")]))

    wanted = updated(live, stream(tags=[tag("1", "example.invalid/x:2"), tag("2")]))

    mine = wanted.metadata.managed_fields[1]
    assert (mine.manager, mine.operation, mine.api_version, mine.time) == ("updater", "Update", V1, LATER)
    assert mine.fields_v1 == {"f:spec": {"f:tags": {'k:{"name":"1"}': {"f:from": {}}}}}
    assert "f:from" not in owners(wanted)["creator"]["f:spec"]["f:tags"]['k:{"name":"1"}']
    assert "f:from" in owners(wanted)["creator"]["f:spec"]["f:tags"]['k:{"name":"2"}']
    assert wanted.metadata.managed_fields[0].time == FIRST


def test_a_removed_field_is_owned_by_nobody() -> None:
    live = created(stream(tags=[tag("1"), tag("2")]))

    wanted = updated(live, stream(tags=[tag("1")]))

    assert list(owners(wanted)) == ["creator"]
    assert list(owners(wanted)["creator"]["f:spec"]["f:tags"]) == [".", 'k:{"name":"1"}']


def test_an_update_that_changes_nothing_keeps_the_times() -> None:
    live = created(stream(tags=[tag("1")]))

    wanted = updated(live, copy(live), manager="creator")

    assert wanted == live


def test_a_sole_change_of_another_manager_gives_no_entry() -> None:
    live = created(stream(tags=[tag("1")]))

    assert list(owners(updated(live, copy(live)))) == ["creator"]


def test_an_object_without_managers_stays_without() -> None:
    live = created(stream())

    wanted = updated(live, stream(tags=[tag("1")]))

    assert wanted.metadata.managed_fields is None


@pytest.mark.parametrize("wish", [[], [ManagedFieldsEntry()]])
def test_a_client_can_drop_all_managers(wish: list[ManagedFieldsEntry]) -> None:
    live = created(stream(tags=[tag("1")]))
    wanted = stream(tags=[tag("1"), tag("2")])
    wanted.metadata.managed_fields = wish

    assert updated(live, wanted).metadata.managed_fields is None


def test_entries_that_make_no_sense_count_as_not_sent() -> None:
    live = created(stream(tags=[tag("1")]))
    wanted = stream(tags=[tag("1")])
    wanted.metadata.managed_fields = [ManagedFieldsEntry(manager="x", operation="Bogus")]

    assert updated(live, wanted).metadata.managed_fields == live.metadata.managed_fields


def test_a_client_can_hand_fields_over() -> None:
    live = created(stream(tags=[tag("1")]))
    wanted = copy(live)
    entry = wanted.metadata.managed_fields[0]
    entry.manager = "heir"

    assert list(owners(updated(live, wanted))) == ["heir"]


def test_a_subresource_takes_the_entries_of_the_live_object() -> None:
    info = info_of(ImageStream, "imagestreams", subresource="status")
    live = created(stream(tags=[tag("1")]))
    wanted = copy(live)
    wanted.metadata.managed_fields = []
    wanted.metadata.annotations = {"a": "b"}

    entries = updated(live, wanted, info=info).metadata.managed_fields

    assert [(entry.manager, entry.subresource) for entry in entries] == [("creator", ""), ("updater", "status")]


def test_only_ten_updaters_are_kept_apart() -> None:
    live = created(stream(tags=[tag("1")]))
    for number in range(12):
        wanted = copy(live)
        wanted.metadata.labels = {**(live.metadata.labels or {}), f"l{number}": "x"}
        live = updated(live, wanted, f"m{number:02}", f"2026-11-24T02:00:{number:02}Z")

    entries = live.metadata.managed_fields
    assert [entry.manager for entry in entries] == ["ancient-changes", *(f"m{number:02}" for number in range(3, 12))]
    assert entries[0].time == "2026-11-24T02:00:02Z"
    labels = entries[0].fields_v1["f:metadata"]["f:labels"]
    assert labels == {".": {}, "f:l0": {}, "f:l1": {}, "f:l2": {}}
    assert "f:spec" in entries[0].fields_v1


def test_entries_of_unknown_versions_are_dropped() -> None:
    live = created(stream(tags=[tag("1")]))
    live.metadata.managed_fields.append(
        ManagedFieldsEntry(
            manager="old", operation="Update", api_version="image.openshift.io/v0", fields_type="FieldsV1", fields_v1={}
        )
    )

    assert list(owners(updated(live, copy(live)))) == ["creator"]


def test_an_unnamed_manager_is_unknown() -> None:
    assert list(owners(created(stream(tags=[tag("1")]), manager=""))) == ["unknown"]


def test_lists_without_keys_are_owned_as_a_whole() -> None:
    value = from_dict({"metadata": {"name": "x"}, "dockerImageLayers": [{"name": "a"}, {"name": "b"}]}, Image)

    fields = owners(created(value, IMAGES))["creator"]

    assert fields["f:dockerImageLayers"] == {}
    assert fields["f:dockerImageMetadata"]["f:Id"] == {}


def test_a_signature_without_a_name_can_not_be_tracked() -> None:
    value = from_dict({"metadata": {"name": "x"}, "signatures": [{"type": "atomic", "content": "eA=="}]}, Image)

    assert created(value, IMAGES).metadata.managed_fields is None


def test_an_object_that_nests_too_deeply_is_not_tracked() -> None:
    deep: Any = 1
    for _ in range(900):
        deep = {"a": deep}
    live = created(from_dict({"metadata": {"name": "x"}, "dockerImageLayers": [{"name": "a"}]}, Image), IMAGES)
    wanted = copy(live)
    wanted.docker_image_metadata = {"Config": {"Labels": deep}}

    assert updated(live, wanted, info=IMAGES).metadata.managed_fields == live.metadata.managed_fields


def test_secrets_of_service_accounts_are_known_by_name() -> None:
    value = from_dict(
        {"metadata": {"name": "x"}, "secrets": [{"name": "a"}], "imagePullSecrets": [{"name": "b"}]}, ServiceAccount
    )

    fields = owners(created(value, info_of(ServiceAccount, "serviceaccounts", "")))["creator"]

    # The elements are references, which are atomic.
    assert fields == {"f:imagePullSecrets": {}, "f:secrets": {".": {}, 'k:{"name":"a"}': {}}}


def test_owners_and_finalizers_are_tracked_one_by_one() -> None:
    value = stream()
    value.metadata = from_dict(
        {"finalizers": ["a/b"], "ownerReferences": [{"kind": "K", "name": "k", "uid": "1"}]}, type(value.metadata)
    )

    fields = owners(created(value))["creator"]["f:metadata"]

    assert fields == {
        "f:finalizers": {".": {}, 'v:"a/b"': {}},
        "f:ownerReferences": {".": {}, 'k:{"uid":"1"}': {}},
    }


def test_what_defaults_set_is_owned_by_the_creator() -> None:
    value = from_dict({"metadata": {"name": "x"}, "stringData": {"k": "v"}}, Secret)

    fields = owners(created(value, info_of(Secret, "secrets", "")))["creator"]

    assert fields == {"f:data": {".": {}, "f:k": {}}, "f:type": {}}


_NAMES = st.lists(st.sampled_from("abcde"), unique=True, max_size=4)
_LABELS = st.dictionaries(st.sampled_from("abc"), st.sampled_from("xy"), max_size=3)


def _any_stream(names: list[str], labels: dict[str, str]) -> ImageStream:
    value = stream(tags=[tag(name) for name in names] or None)
    value.metadata.labels = labels or None
    return value


@given(st.lists(st.tuples(st.sampled_from(["p", "q", "r"]), _NAMES, _LABELS), min_size=1, max_size=6))
def test_every_label_and_tag_has_exactly_one_updater(writes: list[tuple[str, list[str], dict[str, str]]]) -> None:
    live: ImageStream | None = None
    for manager, names, labels in writes:
        wanted = _any_stream(names, labels)
        if live is None:
            live = created(stream(tags=[tag("first")]), manager="p")
        live = updated(live, wanted, manager)
        live.metadata.uid = "u"

    assert live is not None
    if live.metadata.managed_fields is None:
        return  # the only owned tag was removed by a write that set nothing: nobody is tracked from then on
    seen = [
        label
        for entry in live.metadata.managed_fields
        for label in (entry.fields_v1 or {}).get("f:metadata", {}).get("f:labels", {})
        if label != "."
    ]
    assert sorted(seen) == sorted(f"f:{key}" for key in live.metadata.labels or {})
