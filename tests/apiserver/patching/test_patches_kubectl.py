"""What people do with kubectl ends in patches: apply, label, edit, patch. A real kubectl against a real server."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from imagestreams.access.authentication import TokenAuthenticator, token_hash
from imagestreams.access.authorization import BuiltinAuthorizer
from imagestreams.access.identity import ADMINISTRATORS, User
from imagestreams.api.core import ConfigMap, Secret
from imagestreams.apiserver.app import ApiServer
from imagestreams.apiserver.documents import ServerVersion
from imagestreams.resources.images.group import image_group
from imagestreams.resources.images.imagestreams import RegistryHosts
from imagestreams.resources.resource import ResourceInfo, Verb
from imagestreams.resources.storage import ObjectStorage
from imagestreams.resources.stored import StoredResource, Strategy
from imagestreams.store.sqlite import SQLiteStore

ALL: frozenset[Verb] = frozenset({"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"})
SECRETS = ResourceInfo("", "v1", "secrets", "Secret", Secret, ALL, "secret")
CONFIG_MAPS = ResourceInfo("", "v1", "configmaps", "ConfigMap", ConfigMap, ALL, "configmap", short_names=("cm",))

STREAM = """
apiVersion: image.openshift.io/v1
kind: ImageStream
metadata:
  name: s
  labels:
    app: web
spec:
  tags:
  - name: "1"
    from: {{kind: DockerImage, name: example.invalid/x:{version}}}
"""


@dataclass
class Result:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


class LoggedIn:
    """Puts the administrator's token on every request, which kubectl sends over TLS only."""

    def __init__(self, app: ApiServer) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = [*scope["headers"], (b"authorization", b"Bearer admin-token")]
        await self._app({**scope, "headers": headers}, receive, send)

    async def close(self) -> None:
        await self._app.close()


Kubectl = Callable[..., Awaitable[Result]]


@pytest.fixture
async def kubectl(store: SQLiteStore, serve: Any, tmp_path: Path) -> AsyncIterator[Kubectl]:
    def clock() -> datetime:
        return datetime.now(UTC)

    def admit(namespace: str) -> None:
        """Every namespace is there."""

    secrets = ObjectStorage(store, SECRETS, Secret)
    maps = ObjectStorage(store, CONFIG_MAPS, ConfigMap)
    authorizer = BuiltinAuthorizer()
    group = image_group(
        store, secrets=secrets, hosts=RegistryHosts("127.0.0.1:1"), authorizer=authorizer, namespaces=admit, clock=clock
    )
    await group.start()
    for storage in (secrets, maps):
        await storage.cache.start()  # type: ignore[attr-defined]  # the two are of different types
    plain = [StoredResource(secrets, Strategy[Secret](), admit), StoredResource(maps, Strategy[ConfigMap](), admit)]
    administrator = User("admin", frozenset({ADMINISTRATORS}))
    app = ApiServer(
        [*group.resources, *plain],
        TokenAuthenticator({token_hash("admin-token"): administrator}),
        authorizer,
        clock=clock,
        version=ServerVersion(git_version="v1.32.4"),
    )
    async with serve(LoggedIn(app)) as port:
        config = tmp_path / "kubeconfig"
        config.write_text(
            json.dumps(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
                    "users": [{"name": "u", "user": {}}],
                    "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u", "namespace": "default"}}],
                    "current-context": "x",
                }
            )
        )

        async def run(*arguments: str, stdin: str = "", **environment: str) -> Result:
            process = await asyncio.create_subprocess_exec(
                "kubectl",
                *arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env={**os.environ, "KUBECONFIG": str(config), "HOME": str(tmp_path), **environment},
            )
            out, err = await asyncio.wait_for(process.communicate(stdin.encode()), 60)
            return Result(process.returncode or 0, out.decode(), err.decode())

        yield run
    group.stop()
    for storage in (secrets, maps):
        storage.cache.stop()  # type: ignore[attr-defined]


async def stream(kubectl: Kubectl) -> Any:
    shown = await kubectl("get", "is/s", "-ojson", "--show-managed-fields")
    assert shown.code == 0, shown.err
    return json.loads(shown.out)


async def test_server_side_apply_makes_and_changes(kubectl: Kubectl) -> None:
    made = await kubectl("apply", "--server-side", "-f-", stdin=STREAM.format(version=1))
    again = await kubectl("apply", "--server-side", "-f-", stdin=STREAM.format(version=1))
    first = await stream(kubectl)
    changed = await kubectl("apply", "--server-side", "-f-", stdin=STREAM.format(version=2))

    told = "imagestream.image.openshift.io/s serverside-applied\n"
    assert [each.out or each.err for each in (made, again, changed)] == [told] * 3
    assert [entry["manager"] for entry in first["metadata"]["managedFields"]] == ["kubectl"]
    found = await stream(kubectl)
    assert found["spec"]["tags"][0]["from"]["name"] == "example.invalid/x:2"
    assert (first["metadata"]["generation"], found["metadata"]["generation"]) == (1, 2)


async def test_applying_the_same_writes_nothing(kubectl: Kubectl) -> None:
    await kubectl("apply", "--server-side", "-f-", stdin=STREAM.format(version=1))
    before = await stream(kubectl)

    await kubectl("apply", "--server-side", "-f-", stdin=STREAM.format(version=1))

    assert await stream(kubectl) == before


async def test_a_conflict_is_told_and_can_be_forced(kubectl: Kubectl) -> None:
    apply = ("apply", "--server-side", "-f-", "--field-manager=other")
    await kubectl("apply", "--server-side", "-f-", stdin=STREAM.format(version=1))

    refused = await kubectl(*apply, stdin=STREAM.format(version=2))
    forced = await kubectl(*apply, "--force-conflicts", stdin=STREAM.format(version=2))

    assert refused.code == 1
    assert refused.err.startswith(
        'error: Apply failed with 1 conflict: conflict with "kubectl": .spec.tags[name="1"].from\n'
    )
    assert (forced.code, (await stream(kubectl))["spec"]["tags"][0]["from"]["name"]) == (0, "example.invalid/x:2")


async def test_an_unknown_field_can_not_be_applied(kubectl: Kubectl) -> None:
    refused = await kubectl("apply", "--server-side", "-f-", stdin=STREAM.format(version=1) + "  bogus: 1\n")

    assert refused.code == 1
    assert (
        "failed to create typed patch object (default/s; image.openshift.io/v1, Kind=ImageStream): "
        ".spec.bogus: field not declared in schema"
    ) in refused.err


async def test_client_side_apply_then_server_side_apply(kubectl: Kubectl) -> None:
    made = await kubectl("apply", "-f-", stdin=STREAM.format(version=1))
    changed = await kubectl("apply", "-f-", stdin=STREAM.format(version=2))
    unchanged = await kubectl("apply", "-f-", stdin=STREAM.format(version=2))
    taken_over = await kubectl("apply", "--server-side", "-f-", stdin=STREAM.format(version=3))

    name = "imagestream.image.openshift.io/s"
    assert [each.out or each.err for each in (made, changed, unchanged, taken_over)] == [
        f"{name} created\n",
        f"{name} configured\n",
        f"{name} unchanged\n",
        f"{name} serverside-applied\n",
    ]
    found = await stream(kubectl)
    assert found["spec"]["tags"][0]["from"]["name"] == "example.invalid/x:3"
    last = found["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"]
    assert json.loads(last)["spec"]["tags"][0]["from"]["name"] == "example.invalid/x:3"


async def test_client_side_apply_removes_what_is_left_out(kubectl: Kubectl) -> None:
    await kubectl("apply", "-f-", stdin=STREAM.format(version=1))
    await kubectl("label", "is/s", "mine=1")

    done = await kubectl("apply", "-f-", stdin=STREAM.format(version=1).replace("app: web", "tier: x"))

    assert done.out == "imagestream.image.openshift.io/s configured\n", done.err
    assert (await stream(kubectl))["metadata"]["labels"] == {"tier": "x", "mine": "1"}


@pytest.mark.parametrize(
    ("kind", "patch", "tags"),
    [
        ("json", '[{"op":"add","path":"/spec/tags/-","value":{"name":"2"}}]', ["1", "2"]),
        ("merge", '{"spec":{"tags":[{"name":"2"}]}}', ["2"]),
        ("strategic", '{"spec":{"tags":[{"name":"2"}]}}', ["1", "2"]),
        ("strategic", '{"spec":{"tags":[{"name":"1","$patch":"delete"},{"name":"3"}]}}', ["3"]),
    ],
)
async def test_patch(kubectl: Kubectl, kind: str, patch: str, tags: list[str]) -> None:
    await kubectl("create", "-f-", stdin=STREAM.format(version=1))

    done = await kubectl("patch", "is/s", f"--type={kind}", "-p", patch)

    assert done.out == "imagestream.image.openshift.io/s patched\n", done.err
    found = await stream(kubectl)
    assert [tag["name"] for tag in found["spec"]["tags"]] == tags
    assert [entry["manager"] for entry in found["metadata"]["managedFields"]] in (
        ["kubectl-create", "kubectl-patch"],
        ["kubectl-patch", "kubectl-create"],
    )


async def test_a_patch_that_can_not_be_applied(kubectl: Kubectl) -> None:
    await kubectl("create", "-f-", stdin=STREAM.format(version=1))

    failed = await kubectl("patch", "is/s", "--type=json", "-p", '[{"op":"test","path":"/kind","value":"x"}]')
    mistyped = await kubectl("patch", "is/s", "--type=merge", "-p", '{"spec":{"tags":"x"}}')

    assert (failed.code, failed.err) == (
        1,
        "The request is invalid: the server rejected our request due to an error in our request\n",
    )
    assert mistyped.code == 1
    assert mistyped.err.startswith('The request is invalid: patch: Invalid value: "{')


async def test_label_annotate_and_edit(kubectl: Kubectl, tmp_path: Path) -> None:
    await kubectl("create", "-f-", stdin=STREAM.format(version=1))
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nsed -i 's|x:1|x:9|' \"$1\"\n")
    editor.chmod(0o700)

    labelled = await kubectl("label", "is/s", "tier=a")
    unlabelled = await kubectl("label", "is/s", "app-")
    annotated = await kubectl("annotate", "is/s", "k=v")
    edited = await kubectl("edit", "is/s", EDITOR=str(editor))

    name = "imagestream.image.openshift.io/s"
    assert [each.out or each.err for each in (labelled, unlabelled, annotated, edited)] == [
        f"{name} labeled\n",
        f"{name} unlabeled\n",
        f"{name} annotated\n",
        f"{name} edited\n",
    ]
    found = await stream(kubectl)
    assert found["metadata"]["labels"] == {"tier": "a"}
    assert found["metadata"]["annotations"]["k"] == "v"
    assert found["spec"]["tags"][0]["from"]["name"] == "example.invalid/x:9"
    assert {entry["manager"] for entry in found["metadata"]["managedFields"]} == {
        "kubectl-create",
        "kubectl-label",
        "kubectl-annotate",
        "kubectl-edit",
    }


async def test_built_in_kinds_are_patched_with_their_merge_keys(kubectl: Kubectl) -> None:
    body = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","finalizers":["a/b"]},"data":{"k":"v"}}'
    await kubectl("apply", "-f-", stdin=body)

    done = await kubectl("patch", "cm/c", "-p", '{"metadata":{"finalizers":["c/d"]},"data":{"l":"w"}}')

    assert done.out == "configmap/c patched\n", done.err
    shown = json.loads((await kubectl("get", "cm/c", "-ojson")).out)
    assert (shown["metadata"]["finalizers"], shown["data"]) == (["c/d", "a/b"], {"k": "v", "l": "w"})


MAPPING = """
apiVersion: image.openshift.io/v1
kind: ImageStreamMapping
metadata: {name: s}
tag: "1"
image:
  metadata: {name: "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}
  dockerImageReference: example.invalid/x@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
"""


@pytest.mark.parametrize("kind", ["strategic", "merge"])
async def test_a_tag_is_patched_through_its_own_resource(kubectl: Kubectl, kind: str) -> None:
    await kubectl("create", "-f-", stdin=STREAM.format(version=1))
    await kubectl("create", "-f-", stdin=MAPPING)

    done = await kubectl("patch", "istag/s:1", f"--type={kind}", "-p", '{"metadata":{"annotations":{"a":"b"}}}')

    assert done.out == "imagestreamtag.image.openshift.io/s:1 patched\n", done.err
    found = await stream(kubectl)
    assert found["spec"]["tags"][0]["annotations"] == {"a": "b"}
    assert [entry["manager"] for entry in found["metadata"]["managedFields"]] == ["kubectl-create"]
