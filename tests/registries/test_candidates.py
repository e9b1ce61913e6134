"""Several logins fit a repository: each is tried, and what is wrong with one does not hide what another opens."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from imagestreams.api.core import Secret
from imagestreams.reference import parse
from imagestreams.registries.client import RegistryClient, Repository
from imagestreams.registries.credentials import Keyring, Refusals
from imagestreams.registries.errors import Refused, Unauthorized
from imagestreams.registries.limits import Limits

TYPE = "application/vnd.oci.image.manifest.v1+json"
Start = Callable[[Callable[[Any, asyncio.StreamWriter], Awaitable[None]]], Awaitable[Any]]


def basic(user: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:pw".encode()).decode()


def secret(host: str, user: str) -> Secret:
    config = {"auths": {host: {"username": user, "password": "pw"}}}
    data = {".dockerconfigjson": base64.b64encode(json.dumps(config).encode()).decode()}
    found = Secret(type="kubernetes.io/dockerconfigjson", data=data)
    found.metadata.name = user
    return found


class Registry:
    """Answers each user as told; the empty name is nobody."""

    pings = True

    def __init__(self, respond: Any, good_manifest: bytes, **answers: int) -> None:
        self._respond = respond
        self._manifest = good_manifest
        self._answers = {basic(user): status for user, status in answers.items()}
        self._users = {basic(user): user for user in answers}
        self.nobody = 401

    async def __call__(self, asked: Any, writer: asyncio.StreamWriter) -> None:
        login = asked.headers.get("authorization", "")
        status = self._answers.get(login, 401) if login else self.nobody
        if asked.path == "/v2/" or status == 401:
            writer.write(self._respond(401, b"", WWW_Authenticate='Basic realm="r"'))
        elif status == 200:
            writer.write(self._manifest)
        else:
            told = {"errors": [{"code": "DENIED", "message": f"not for {self._users.get(login)}"}]}
            writer.write(self._respond(status, json.dumps(told).encode()))


def opened(client: RegistryClient, host: str, *users: str) -> Repository:
    keyring = Keyring.from_secrets([secret(host, user) for user in users])
    return client.repository(parse(f"{host}/team/app"), keyring, insecure=True)


async def test_a_login_that_may_not_is_followed_by_one_that_may(
    lying_registry: Start, respond: Any, good_manifest: bytes
) -> None:
    # An expired login of ECR is answered so.
    registry = await lying_registry(Registry(respond, good_manifest, stale=403, good=200))
    async with RegistryClient(Limits()) as client:
        repository = opened(client, registry.host, "stale", "good")
        await repository.manifest("1", [TYPE])
        await repository.manifest("2", [TYPE])

    users = [asked.headers.get("authorization") for asked in registry.asked if "/manifests/" in asked.path]
    assert users == [basic("stale"), basic("good"), basic("good")]
    assert repository.refused == Refusals()


async def test_a_login_that_may_not_does_not_hide_a_public_image(
    lying_registry: Start, respond: Any, good_manifest: bytes
) -> None:
    answers = Registry(respond, good_manifest, stale=403)
    answers.nobody = 200
    registry = await lying_registry(answers)
    async with RegistryClient(Limits()) as client:
        repository = opened(client, registry.host, "stale")
        await repository.manifest("1", [TYPE])

    assert repository.refused == Refusals(secrets=("stale",))


@pytest.mark.parametrize("nobody", [401, 403])
async def test_what_was_forbidden_to_the_first_login_is_told_when_none_may(
    lying_registry: Start, respond: Any, good_manifest: bytes, nobody: int
) -> None:
    answers = Registry(respond, good_manifest, first=403, second=403, third=401)
    answers.nobody = nobody
    registry = await lying_registry(answers)
    async with RegistryClient(Limits()) as client:
        with pytest.raises(Refused) as caught:
            await opened(client, registry.host, "first", "second", "third").manifest("1", [TYPE])

    assert (caught.value.status, str(caught.value)) == (403, "denied: not for first")


async def test_a_login_is_tried_where_having_none_was_good_enough_before(
    lying_registry: Start, respond: Any, good_manifest: bytes
) -> None:
    """The token service gives nobody a token for one thing, and refuses to give one for the other."""
    tags = False

    async def answer(asked: Any, writer: asyncio.StreamWriter) -> None:
        login = asked.headers.get("authorization", "")
        if asked.path.startswith("/token"):
            good = login == basic("late") if tags else not login
            writer.write(respond(200, b'{"token":"t%d"}' % tags) if good else respond(401))
        elif login != f"Bearer t{int(tags)}":
            realm = f'Bearer realm="http://{asked.headers["host"]}/token",service="s"'
            writer.write(respond(401, b"", WWW_Authenticate=realm))
        else:
            writer.write(good_manifest)

    answer.pings = True  # type: ignore[attr-defined]  # the first look tells of the token service
    registry = await lying_registry(answer)
    async with RegistryClient(Limits()) as client:
        repository = opened(client, registry.host, "late")
        await repository.manifest("1", [TYPE])
        tags = True
        await repository.manifest("2", [TYPE])


async def test_no_login_at_all_is_told_as_that(lying_registry: Start, respond: Any, good_manifest: bytes) -> None:
    registry = await lying_registry(Registry(respond, good_manifest))
    async with RegistryClient(Limits()) as client:
        with pytest.raises(Unauthorized, match="no basic auth credentials"):
            await opened(client, registry.host).tags()
