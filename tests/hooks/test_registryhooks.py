"""Registry hooks as objects: the token is shown once, and nobody gets more reach by a hook than they have."""

import hashlib
import json
from typing import Any

import pytest

from imagestreams.api.codec import copy, from_dict
from imagestreams.api.errors import ApiError
from imagestreams.api.hooks import RegistryHook
from imagestreams.resources.registries.registryhooks import RegistryHooks

HOST = "registry.example.com"


def stored(room: Any, name: str = "h") -> RegistryHook:
    value: RegistryHook = room.room.resource.storage.get("ns", name).value
    return value


async def test_the_token_is_shown_once_and_stored_as_a_hash_only(room: Any) -> None:
    path = await room.hook(sender="Quay")
    token = path.removeprefix("/hooks/registry/")

    entry = room.room.resource.storage.get("ns", "h")

    assert len(token) == 64
    assert entry.value.status.token_sha256 == hashlib.sha256(token.encode()).hexdigest()
    assert entry.value.status.path == ""
    assert token.encode() not in entry.encoded


async def test_the_whole_address_is_told_where_the_server_knows_it(room: Any) -> None:
    path = await room.hook("unknown", sender="Quay")
    resource = RegistryHooks(
        room.room.resource.storage, room.room.resource.strategy, lambda _: None, "https://i.example.com"
    )
    made = await resource.create(
        room.context(), from_dict({"metadata": {"name": "h"}, "spec": {"sender": "Quay"}}, RegistryHook)
    )

    status = made.value.status
    assert path.startswith("/hooks/registry/")
    assert status.url == f"https://i.example.com{status.path}"
    assert stored(room).status.url == ""


async def test_a_client_chooses_no_token_and_writes_no_status(room: Any) -> None:
    await room.hook("victim", sender="Quay")
    taken = stored(room, "victim").status.token_sha256
    status = {"tokenSHA256": taken, "path": "/x", "lastCall": {"time": None, "result": "Imported"}}
    body = {"metadata": {"name": "h"}, "spec": {"sender": "Quay"}, "status": status}

    await room.room.resource.create(room.context(), from_dict(body, RegistryHook))
    made = copy(stored(room).status)

    def steal(current: RegistryHook) -> RegistryHook:
        value = copy(current)
        value.status.token_sha256 = taken
        value.metadata.labels = {"a": "b"}
        return value

    await room.room.resource.update(room.context(name="h"), steal)

    assert made.token_sha256 not in ("", taken)
    assert (made.path, made.last_call) == ("", None)
    assert stored(room).status == made
    assert stored(room).metadata.labels == {"a": "b"}


async def test_an_apply_that_creates_gives_a_token_too(room: Any) -> None:
    body = {"metadata": {"name": "h"}, "spec": {"sender": "Quay"}}
    context = room.context(name="h", creates_missing=True)

    updated = await room.room.resource.update(context, lambda current: from_dict(body, RegistryHook))
    await room.settled()

    shown = json.loads(updated.item.encoded)["status"]
    told = json.dumps({"repository": "a/b", "docker_url": "x"}).encode()
    assert updated.created
    assert (await room.call(shown["path"], told))[0] == 202


async def test_a_dry_run_gives_no_address(room: Any) -> None:
    body = {"metadata": {"name": "h"}, "spec": {"sender": "Quay"}}

    item = await room.room.resource.create(room.context(dry_run=True), from_dict(body, RegistryHook))

    assert item.value.status.path == ""
    assert room.room.resource.storage.find("ns", "h") is None


@pytest.mark.parametrize(
    ("sender", "registries"), [("DockerHub", "docker.io"), ("Quay", "quay.io"), ("GitHub", "ghcr.io")]
)
async def test_public_registries_are_known(room: Any, sender: str, registries: str) -> None:
    spec = {"secretRef": {"name": "proof"}} if sender == "GitHub" else {}
    await room.hook(sender=sender, **spec)

    assert stored(room).spec.registries == [registries]
    if sender == "GitHub":
        assert stored(room).spec.secret_ref is not None
        assert stored(room).spec.secret_ref.key == "secret"


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ({}, "spec.sender: Required value"),
        ({"sender": "harbor"}, 'spec.sender: Unsupported value: "harbor"'),
        ({"sender": "Harbor"}, "spec.registries: Required value"),
        ({"sender": "Harbor", "registries": ["https://x"]}, 'spec.registries[0]: Invalid value: "https://x"'),
        ({"sender": "Harbor", "registries": ["x/y"]}, 'spec.registries[0]: Invalid value: "x/y"'),
        ({"sender": "Harbor", "registries": ["x"] * 65}, "spec.registries: Invalid value: 65"),
        ({"sender": "GitHub"}, "spec.secretRef: Required value"),
        ({"sender": "Quay", "secretRef": {"name": "a"}}, "spec.secretRef: Forbidden"),
        ({"sender": "DockerHub", "secretRef": {"name": "a"}}, "spec.secretRef: Forbidden"),
        ({"sender": "GitHub", "secretRef": {"name": ""}}, "spec.secretRef.name: Required value"),
        ({"sender": "GitHub", "secretRef": {"name": "../a"}}, 'spec.secretRef.name: Invalid value: "../a"'),
    ],
)
async def test_a_hook_that_could_not_work_is_refused(room: Any, spec: dict[str, Any], problem: str) -> None:
    with pytest.raises(ApiError) as refused:
        await room.hook(**spec)

    assert refused.value.status.code == 422
    assert problem in refused.value.status.message


async def test_who_may_not_write_hooks_at_the_cluster_scope_makes_none_for_all_namespaces(room: Any) -> None:
    await room.hook("wide", sender="Quay", allNamespaces=True)
    await room.hook("narrow", sender="Quay")
    room.authorizer.denied = lambda asked: asked.resource == "registryhooks" and not asked.namespace

    def changed(**fields: Any) -> Any:
        def change(current: RegistryHook) -> RegistryHook:
            value = copy(current)
            for name, field in fields.items():
                setattr(value.spec, name, field)
            return value

        return change

    refusals = []
    for attempt in (
        room.hook("new", sender="Quay", allNamespaces=True),
        room.room.resource.update(room.context(name="narrow"), changed(all_namespaces=True)),
        room.room.resource.update(room.context(name="wide"), changed(registries=[HOST])),
        room.room.resource.update(room.context(name="wide"), changed(all_namespaces=False)),
    ):
        with pytest.raises(ApiError) as refused:
            await attempt
        refusals.append(refused.value.status)
    await room.hook("own", sender="Quay")

    assert {status.code for status in refusals} == {403}
    assert "at the cluster scope" in refusals[0].message


async def test_who_may_not_read_a_secret_lets_no_hook_check_it(room: Any) -> None:
    room.authorizer.denied = lambda asked: asked.resource == "secrets" and asked.name == "proof"

    with pytest.raises(ApiError) as refused:
        await room.hook(sender="Harbor", registries=[HOST], secretRef={"name": "proof"})
    await room.hook(sender="Harbor", registries=[HOST], secretRef={"name": "mine"})

    assert refused.value.status.code == 403
