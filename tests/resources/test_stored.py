"""What creating, changing and deleting mean for every stored resource, shown on config maps in a real store."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from imagestreams.access.identity import User
from imagestreams.api.codec import copy
from imagestreams.api.core import ConfigMap
from imagestreams.api.errors import ApiError, FieldError, not_found
from imagestreams.api.meta import ManagedFieldsEntry, ObjectMeta
from imagestreams.api.metadata.object_meta_validation import dns_subdomain_problems
from imagestreams.resources import stored as stored_module
from imagestreams.resources.resource import DeleteOptions, ListOptions, RequestContext, ResourceInfo
from imagestreams.resources.storage import ObjectStorage
from imagestreams.resources.stored import StoredResource, Strategy
from imagestreams.store.sqlite import SQLiteStore

INFO = ResourceInfo("", "v1", "configmaps", "ConfigMap", ConfigMap, frozenset())
HERE = RequestContext(User("jane"), "2026-01-01T00:00:00Z", "here")
LATER = replace(HERE, now="2026-01-02T00:00:00Z")

Maps = StoredResource[ConfigMap]


class Rules(Strategy[ConfigMap]):
    """Data raises the generation; the word `bad` is refused; `grown` takes updates without a version."""

    def __init__(self, *, unconditional: bool = False, creates: bool = False) -> None:
        self.may_update_without_version = unconditional
        self.creates_on_update = creates

    async def prepare_create(self, context: RequestContext, value: ConfigMap) -> None:
        value.metadata.generation = 1

    async def prepare_update(self, context: RequestContext, value: ConfigMap, old: ConfigMap) -> None:
        if value.data != old.data:
            value.metadata.generation += 1

    def validate_name(self, name: str) -> list[str]:
        return dns_subdomain_problems(name)

    def validate(self, value: ConfigMap) -> list[FieldError]:
        return [FieldError.required("data[good]")] if "bad" in (value.data or {}) else []


def gate(namespace: str) -> None:
    if namespace not in {"here", "there"}:
        raise not_found("", "namespaces", namespace)


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[ObjectStorage[ConfigMap]]:
    store = SQLiteStore.open(tmp_path)
    opened = ObjectStorage(store, INFO, ConfigMap)
    await opened.cache.start()
    yield opened
    await store.close()


@pytest.fixture
def maps(storage: ObjectStorage[ConfigMap]) -> Maps:
    return StoredResource(storage, Rules(), gate)


def config(name: str = "c", **metadata: Any) -> ConfigMap:
    return ConfigMap(metadata=ObjectMeta(name=name, **metadata))


def on(name: str, context: RequestContext = HERE, **more: Any) -> RequestContext:
    return replace(context, name=name, **more)


def setting(data: dict[str, str] | None = None, **metadata: Any) -> Callable[[Any], Any]:
    """Return the change of a few fields, as a PATCH makes it."""

    def change(current: ConfigMap) -> ConfigMap:
        wanted = copy(current)
        if data is not None:
            wanted.data = data
        for field, value in metadata.items():
            setattr(wanted.metadata, field, value)
        return wanted

    return change


async def refused(operation: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        await operation
    return caught.value


async def test_the_server_decides_on_identity_and_times(maps: Maps) -> None:
    claimed = config(uid="mine", creation_timestamp="2000-01-01T00:00:00Z", deletion_timestamp="2000-01-01T00:00:00Z")

    made = (await maps.create(HERE, claimed)).value

    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", made.metadata.uid)
    assert made.metadata.creation_timestamp == HERE.now and made.metadata.deletion_timestamp is None
    assert (made.kind, made.api_version, made.metadata.namespace) == ("ConfigMap", "v1", "here")
    assert made.metadata.resource_version == str(maps.storage.cache.revision)


async def test_a_name_can_be_taken_once(maps: Maps) -> None:
    await maps.create(HERE, config())

    error = await refused(maps.create(HERE, config()))

    assert (error.status.code, error.status.reason) == (409, "AlreadyExists")
    assert error.status.message == 'configmaps "c" already exists'
    assert (await maps.create(replace(HERE, namespace="there"), config())).value.metadata.namespace == "there"


async def test_of_many_who_want_a_name_one_gets_it(maps: Maps) -> None:
    outcomes = await asyncio.gather(*(maps.create(HERE, config()) for _ in range(20)), return_exceptions=True)

    errors = [outcome for outcome in outcomes if isinstance(outcome, ApiError)]
    assert len(errors) == 19 and {error.status.code for error in errors} == {409}


async def test_a_name_can_be_generated(maps: Maps) -> None:
    made = (await maps.create(HERE, config("", generate_name="c-"))).value
    long = (await maps.create(HERE, config("", generate_name="x" * 70))).value

    assert re.fullmatch("c-[bcdfghjklmnpqrstvwxz2456789]{5}", made.metadata.name)
    assert made.metadata.generate_name == "c-"
    assert len(long.metadata.name) == 63


async def test_a_generated_name_that_is_taken_is_generated_again(maps: Maps, monkeypatch: pytest.MonkeyPatch) -> None:
    names = iter(["c-1", "c-1", "c-1", "c-2"])
    monkeypatch.setattr(stored_module, "generated_name", lambda prefix: next(names))

    first = (await maps.create(HERE, config("", generate_name="c-"))).value
    second = (await maps.create(HERE, config("", generate_name="c-"))).value

    assert (first.metadata.name, second.metadata.name) == ("c-1", "c-2")


@pytest.mark.parametrize(
    ("wanted", "code", "message"),
    [
        (config(resource_version="7"), 500, "resourceVersion should not be set on objects to be created"),
        (
            config(namespace="there"),
            400,
            "the namespace of the provided object does not match the namespace sent on the request",
        ),
        (config(""), 422, 'ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required'),
        (
            config(labels={"a": "b c"}),
            422,
            'ConfigMap "c" is invalid: metadata.labels: Invalid value: "b c": a valid label must be an empty string or '
            "consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
            "character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
            "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
        ),
    ],
)
async def test_what_can_not_be_created(maps: Maps, wanted: ConfigMap, code: int, message: str) -> None:
    error = await refused(maps.create(HERE, copy(wanted)))

    assert (error.status.code, error.status.message) == (code, message)


async def test_all_that_is_wrong_is_told_at_once(maps: Maps) -> None:
    wanted = config("A", finalizers=["x.io/y"])
    wanted.data = {"bad": ""}

    error = await refused(maps.create(HERE, wanted))

    assert error.status.details is not None and error.status.details.causes is not None
    assert [cause.field for cause in error.status.details.causes] == ["metadata.name", "data[good]"]


async def test_nothing_is_made_in_a_missing_namespace(maps: Maps) -> None:
    error = await refused(maps.create(replace(HERE, namespace="nowhere"), config()))

    assert error.status.message == 'namespaces "nowhere" not found'


async def test_a_dry_run_shows_what_would_be_and_writes_nothing(maps: Maps) -> None:
    await maps.create(HERE, config("old"))
    before = maps.storage.cache.revision

    made = (await maps.create(replace(HERE, dry_run=True), config("new"))).value
    changed = (await maps.update(on("old", dry_run=True), setting({"k": "v"}))).item.value
    removed = (await maps.delete(on("old", dry_run=True), DeleteOptions())).value
    taken = await refused(maps.create(replace(HERE, dry_run=True), config("old")))

    assert made.metadata.uid and made.metadata.resource_version == ""
    assert (changed.data, changed.metadata.generation) == ({"k": "v"}, 2)
    assert removed.status == "Success" and taken.status.code == 409
    assert maps.storage.cache.revision == before
    assert maps.storage.find("here", "new") is None and maps.storage.get("here", "old").value.data is None


async def test_an_update_keeps_what_is_the_servers(maps: Maps) -> None:
    made = (await maps.create(HERE, config())).value

    changed = (
        await maps.update(on("c", LATER), setting({"k": "v"}, creation_timestamp=None, uid="", generation=99))
    ).item.value

    assert (changed.metadata.uid, changed.metadata.creation_timestamp) == (made.metadata.uid, HERE.now)
    assert changed.metadata.generation == 2
    assert int(changed.metadata.resource_version) > int(made.metadata.resource_version)
    assert maps.storage.get("here", "c").value == changed
    assert made.data is None, "the cached object of before was changed"


async def test_an_update_of_what_is_not_there(maps: Maps) -> None:
    error = await refused(maps.update(on("none"), lambda current: config("none")))
    created = await maps.update(on("none", creates_missing=True), lambda current: config("none", resource_version="3"))

    assert (error.status.code, error.status.message) == (404, 'configmaps "none" not found')
    assert created.created and created.item.value.metadata.generation == 1


async def test_a_stale_version_is_refused(maps: Maps) -> None:
    stale = (await maps.create(HERE, config())).value
    await maps.update(on("c"), setting({"k": "v"}))

    error = await refused(maps.update(on("c"), lambda current: copy(stale)))

    assert error.status.code == 409
    assert error.status.message == (
        'Operation cannot be fulfilled on configmaps "c": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )


async def test_a_missing_version_is_refused_where_the_resource_wants_one(maps: Maps) -> None:
    await maps.create(HERE, config())
    easy = StoredResource(maps.storage, Rules(unconditional=True), gate)

    error = await refused(maps.update(on("c"), lambda current: config()))
    written = await easy.update(on("c"), lambda current: config())

    assert (error.status.code, error.status.message) == (
        422,
        'configmaps "c" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
    )
    assert error.status.details is not None and error.status.details.kind == "configmaps"
    assert written.item.value.metadata.uid


async def test_a_version_that_is_none_is_refused(maps: Maps) -> None:
    await maps.create(HERE, config())

    error = await refused(maps.update(on("c"), lambda current: config(resource_version="abc")))

    assert (error.status.code, error.status.message) == (500, 'strconv.ParseUint: parsing "abc": invalid syntax')


async def test_a_wrong_uid_is_a_broken_condition_in_a_put_and_a_forbidden_change_in_a_patch(maps: Maps) -> None:
    made = (await maps.create(HERE, config())).value

    put = await refused(maps.update(on("c"), setting(uid="other")))
    patch = await refused(maps.update(on("c", patches=True), setting(uid="other")))

    assert put.status.code == 409
    assert put.status.message == (
        'Operation cannot be fulfilled on configmaps "c": StorageError: invalid object, Code: 4, Key: '
        "/registry/configmaps/here/c, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in "
        f"precondition: other, UID in object meta: {made.metadata.uid}"
    )
    assert patch.status.code == 422 and patch.status.details is not None
    causes = [(cause.field, cause.message) for cause in patch.status.details.causes or []]
    assert causes == [("metadata.uid", 'Invalid value: "other": field is immutable')] * 2


async def test_an_update_that_changes_nothing_writes_nothing(maps: Maps) -> None:
    made = config()
    made.metadata.managed_fields = [
        ManagedFieldsEntry(manager="kubectl", operation="Update", api_version="v1", time=HERE.now)
    ]
    before = (await maps.create(HERE, made)).value

    def touched(current: ConfigMap) -> ConfigMap:
        wanted = copy(current)
        assert wanted.metadata.managed_fields is not None
        wanted.metadata.managed_fields[0].time = LATER.now
        return wanted

    same = (await maps.update(on("c", LATER), copy)).item.value
    touched_only = (await maps.update(on("c", LATER), touched)).item.value

    assert same.metadata.resource_version == before.metadata.resource_version
    assert touched_only.metadata.resource_version == before.metadata.resource_version
    assert maps.storage.cache.revision == int(before.metadata.resource_version)


async def test_updates_side_by_side_are_all_made(maps: Maps) -> None:
    await maps.create(HERE, config())

    def adding(number: int) -> Callable[[Any], Any]:
        return lambda current: setting({**(current.data or {}), str(number): ""})(current)

    await asyncio.gather(*(maps.update(on("c"), adding(number)) for number in range(30)))

    value = maps.storage.get("here", "c").value
    assert len(value.data or {}) == 30 and value.metadata.generation == 31


async def test_a_deletion_is_answered_with_what_was_deleted(maps: Maps) -> None:
    made = (await maps.create(HERE, config())).value

    status = (await maps.delete(on("c"), DeleteOptions())).value
    again = await refused(maps.delete(on("c"), DeleteOptions()))

    assert status.status == "Success"
    assert (status.details.name, status.details.kind, status.details.uid) == ("c", "configmaps", made.metadata.uid)
    assert again.status.message == 'configmaps "c" not found'


async def test_a_deletion_under_conditions(maps: Maps) -> None:
    made = (await maps.create(HERE, config())).value
    version = made.metadata.resource_version

    by_uid = await refused(maps.delete(on("c"), DeleteOptions(uid="other")))
    by_version = await refused(maps.delete(on("c"), DeleteOptions(resource_version="1")))
    await maps.delete(on("c"), DeleteOptions(uid=made.metadata.uid, resource_version=version))

    assert by_uid.status.code == by_version.status.code == 409
    assert f"the UID in the precondition (other) does not match the UID in record ({made.metadata.uid})" in (
        by_uid.status.message
    )
    assert f"the ResourceVersion in the precondition (1) does not match the ResourceVersion in record ({version})" in (
        by_version.status.message
    )
    assert maps.storage.find("here", "c") is None


async def test_finalizers_hold_an_object_back_until_the_last_is_gone(maps: Maps) -> None:
    await maps.create(HERE, config(finalizers=["example.com/a", "example.com/b"]))

    waiting = (await maps.delete(on("c", LATER), DeleteOptions())).value
    again = (await maps.delete(on("c", replace(LATER, now="2026-01-03T00:00:00Z")), DeleteOptions())).value
    one_left = (await maps.update(on("c"), setting(finalizers=["example.com/b"]))).item.value
    added = await refused(maps.update(on("c"), setting(finalizers=["example.com/b", "example.com/c"])))
    undone = (await maps.update(on("c"), setting(deletion_timestamp=None))).item.value
    await maps.update(on("c"), setting(finalizers=None))

    assert waiting.metadata.deletion_timestamp == LATER.now
    assert waiting.metadata.deletion_grace_period_seconds == 0 and waiting.metadata.generation == 2
    assert again.metadata.resource_version == waiting.metadata.resource_version
    assert one_left.metadata.deletion_timestamp == undone.metadata.deletion_timestamp == LATER.now
    assert (
        "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, "
        'found new finalizers []string{"example.com/c"}'
    ) in added.status.message
    assert maps.storage.find("here", "c") is None


async def test_nobody_can_pretend_a_deletion(maps: Maps) -> None:
    await maps.create(HERE, config())

    error = await refused(maps.update(on("c"), setting(deletion_timestamp=LATER.now)))

    assert "metadata.deletionTimestamp" in error.status.message and "field is immutable" in error.status.message


async def test_a_collection_is_deleted_by_selection(maps: Maps) -> None:
    for number in range(6):
        await maps.create(HERE, config(f"c{number}", labels={"odd": str(number % 2)}))
    await maps.create(replace(HERE, namespace="there"), config("c1", labels={"odd": "1"}))
    await maps.update(on("c1"), setting(finalizers=["example.com/a"]))

    page = await maps.delete_collection(HERE, ListOptions(labels=lambda labels: labels["odd"] == "1"), DeleteOptions())

    assert [item.value.metadata.name for item in page.items] == ["c1", "c3", "c5"]
    left = [(entry.value.metadata.name, entry.value.metadata.namespace) for entry in maps.storage.list()]
    assert left == [("c0", "here"), ("c1", "here"), ("c2", "here"), ("c4", "here"), ("c1", "there")]
    assert maps.storage.get("here", "c1").value.metadata.deletion_timestamp == HERE.now


async def test_what_is_sent_is_what_was_encoded_when_it_was_written(maps: Maps) -> None:
    made = await maps.create(HERE, config())

    got = await maps.get(on("c"), {})
    listed = await maps.list(HERE, ListOptions())

    assert made.encoded is got.encoded is listed.items[0].encoded
    assert got.encoded.startswith(b'{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"c"')
