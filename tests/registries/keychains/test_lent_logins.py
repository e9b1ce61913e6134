"""The logins of a cloud at its registries: after the secrets of the namespace, and never where they could be lost."""

import base64
import json
import logging
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from imagestreams.api.core import Secret
from imagestreams.reference import parse
from imagestreams.registries.client import RegistryClient, Repository
from imagestreams.registries.credentials import Keyring, Refusals
from imagestreams.registries.errors import Unauthorized
from imagestreams.registries.keychains.aws import Aws
from imagestreams.registries.keychains.azure import Azure
from imagestreams.registries.keychains.gcp import Gcp
from imagestreams.registries.keychains.keychain import Keychain
from imagestreams.registries.keychains.lending import Keychains, LendingRule
from imagestreams.registries.limits import Limits
from imagestreams.streams.image_from_manifest import DOCKER_MANIFEST, OCI_MANIFEST
from imagestreams.tls_trust import system_trust
from tests.clouds import (
    ACR_HOST,
    AWS_PASSWORD,
    ECR_HOST,
    GCP_HOST,
    GCP_TOKEN,
    SECRETS,
    Asked,
    AzureRegistry,
    Clouds,
    Reply,
    Service,
    Tunnels,
)
from tests.faulty_registry import Certificates
from tests.lying_registry import MANIFEST, MANIFEST_TYPE

ACCEPT = (DOCKER_MANIFEST, OCI_MANIFEST)
RULES = [LendingRule(cloud, ("prod",)) for cloud in ("aws", "gcp", "azure")]
OpenRoom = Callable[[Path, dict[str, int]], "Room"]


class Room:
    """A registry client that finds the clouds' hosts on this machine, and their keychains."""

    def __init__(self, client: RegistryClient) -> None:
        self.client = client
        clouds = (Aws(), Gcp(), Azure(client.transport))
        self.keychains = Keychains([Keychain(cloud, time.time) for cloud in clouds], RULES)

    def repository(self, name: str, *secrets: Secret, namespace: str = "prod", insecure: bool = False) -> Repository:
        keyring = Keyring.from_secrets(secrets, self.keychains.lender(namespace))
        return self.client.repository(parse(name), keyring, insecure=insecure)


@pytest.fixture
async def open_room() -> AsyncIterator[OpenRoom]:
    tunnels: list[Tunnels] = []
    rooms: list[Room] = []

    def make(ca_file: Path, ports: dict[str, int]) -> Room:
        tunnels.append(Tunnels(ports))
        proxy = URL(tunnels[-1].url)
        trust = system_trust(ca_file.read_text())
        limits = Limits(connect_s=2, total_s=5, attempts=1)
        rooms.append(Room(RegistryClient(limits, trust, lambda url: proxy)))
        return rooms[-1]

    yield make
    for room in rooms:
        await room.client.close()
    for one in tunnels:
        one.__exit__(None, None, None)


def pull_secret(host: str, name: str, login: str) -> Secret:
    config = {"auths": {host: {"auth": base64.b64encode(login.encode()).decode()}}}
    data = {".dockerconfigjson": base64.b64encode(json.dumps(config).encode()).decode()}
    secret = Secret(type="kubernetes.io/dockerconfigjson", data=data)
    secret.metadata.name = name
    return secret


def port(registry: Any) -> int:
    return int(registry.host.rpartition(":")[2])


async def test_an_image_of_ecr(clouds: Clouds, start_registry: Any, open_room: OpenRoom) -> None:
    registry = start_registry(secure=True, name=ECR_HOST, login=("AWS", AWS_PASSWORD))
    pushed = registry.image("team/app", "1")
    room = open_room(registry.ca_file, {ECR_HOST: port(registry)})

    repository = room.repository(f"{ECR_HOST}/team/app")

    assert (await repository.manifest("1", ACCEPT)).digest == pushed.digest
    assert await repository.tags() == ["1"]
    assert len(clouds.calls("aws")) == 1
    assert repository.refused == Refusals()


async def test_an_image_of_artifact_registry(clouds: Clouds, start_registry: Any, open_room: OpenRoom) -> None:
    registry = start_registry(secure=True, name=GCP_HOST, login=("oauth2accesstoken", GCP_TOKEN))
    pushed = registry.image("project/repo/app", "1")
    room = open_room(registry.ca_file, {GCP_HOST: port(registry)})

    found = await room.repository(f"{GCP_HOST}/project/repo/app").manifest("1", ACCEPT)

    assert found.digest == pushed.digest


async def test_an_image_of_azure(
    clouds: Clouds, certificates: Certificates, acr: AzureRegistry, open_room: OpenRoom
) -> None:
    room = open_room(certificates.ca_file, {ACR_HOST: acr.port})

    await room.repository(f"{ACR_HOST}/team/app").manifest("1", ACCEPT)
    await room.repository(f"{ACR_HOST}/team/other").manifest("1", ACCEPT)

    assert len(acr.exchanges()) == len(clouds.calls("azure")) == 1
    assert "authorization" not in acr.exchanges()[0].headers


async def test_the_secrets_of_the_namespace_come_first(
    clouds: Clouds, start_registry: Any, open_room: OpenRoom
) -> None:
    registry = start_registry(secure=True, name=ECR_HOST, login=("AWS", AWS_PASSWORD))
    registry.image("team/app", "1")
    room = open_room(registry.ca_file, {ECR_HOST: port(registry)})

    await room.repository(f"{ECR_HOST}/team/app", pull_secret(ECR_HOST, "own", f"AWS:{AWS_PASSWORD}")).tags()

    assert clouds.asked == []


async def test_a_refused_secret_is_followed_by_the_login_of_the_cloud(
    clouds: Clouds, start_registry: Any, open_room: OpenRoom
) -> None:
    registry = start_registry(secure=True, name=ECR_HOST, login=("AWS", AWS_PASSWORD))
    registry.image("team/app", "1")
    room = open_room(registry.ca_file, {ECR_HOST: port(registry)})

    repository = room.repository(f"{ECR_HOST}/team/app", pull_secret(ECR_HOST, "stale", "AWS:wrong"))

    assert await repository.tags() == ["1"]
    assert repository.refused == Refusals()


async def test_other_namespaces_get_nothing(clouds: Clouds, start_registry: Any, open_room: OpenRoom) -> None:
    registry = start_registry(secure=True, name=ECR_HOST, login=("AWS", AWS_PASSWORD))
    registry.image("team/app", "1")
    room = open_room(registry.ca_file, {ECR_HOST: port(registry)})

    with pytest.raises(Unauthorized):
        await room.repository(f"{ECR_HOST}/team/app", namespace="default").tags()

    assert clouds.asked == []


async def test_nothing_is_lent_where_any_certificate_would_do(
    clouds: Clouds, start_registry: Any, open_room: OpenRoom
) -> None:
    registry = start_registry(secure=True, name=ECR_HOST, login=("AWS", AWS_PASSWORD))
    registry.image("team/app", "1")
    room = open_room(registry.ca_file, {ECR_HOST: port(registry)})

    with pytest.raises(Unauthorized):
        await room.repository(f"{ECR_HOST}/team/app", insecure=True).tags()

    assert clouds.asked == []


class Registry:
    """Wants a login, or none, and forbids what is in `forbidden` to those who have one."""

    def __init__(self, *, public: bool, status: int = 401) -> None:
        self.public = public
        self.status = status

    def __call__(self, asked: Asked) -> Reply:
        login = asked.headers.get("authorization", "")
        if asked.path == "/v2/" or not (login or self.public):
            return Reply(401, b"{}", {"WWW-Authenticate": 'Basic realm="r"'})
        if login:
            told = {"errors": [{"code": "DENIED", "message": "arn:aws:sts::123456789012:role/server may not"}]}
            return Reply.json(told, self.status)
        return Reply(200, MANIFEST, {"Content-Type": MANIFEST_TYPE})


@pytest.mark.parametrize("status", [401, 403])
async def test_a_login_that_is_refused_does_not_hide_a_public_image(
    clouds: Clouds, certificates: Certificates, open_room: OpenRoom, status: int
) -> None:
    with Service(Registry(public=True, status=status), certificates.context(ECR_HOST)) as registry:
        repository = open_room(certificates.ca_file, {ECR_HOST: registry.port}).repository(f"{ECR_HOST}/team/app")

        await repository.manifest("1", ACCEPT)

    assert repository.refused == Refusals(loans=("the login of the aws keychain was refused",))


@pytest.mark.parametrize("status", [401, 403])
async def test_who_was_refused_is_not_told(
    clouds: Clouds, certificates: Certificates, open_room: OpenRoom, status: int
) -> None:
    with Service(Registry(public=False, status=status), certificates.context(ECR_HOST)) as registry:
        repository = open_room(certificates.ca_file, {ECR_HOST: registry.port}).repository(f"{ECR_HOST}/team/app")

        with pytest.raises(Unauthorized) as caught:
            await repository.manifest("1", ACCEPT)

    assert caught.value.loans == ("the login of the aws keychain was refused",)
    assert "arn:" not in str(caught.value)


async def test_a_cloud_that_gives_no_login_does_not_hide_a_public_image(
    clouds: Clouds, certificates: Certificates, open_room: OpenRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with Service(Registry(public=True), certificates.context(ECR_HOST)) as registry:
        repository = open_room(certificates.ca_file, {ECR_HOST: registry.port}).repository(f"{ECR_HOST}/team/app")

        await repository.manifest("1", ACCEPT)

    assert repository.refused == Refusals(loans=("the aws keychain gave no login (NoCredentialsError)",))


async def test_a_private_image_without_a_login_may_be_had_later_if_the_cloud_was_down(
    clouds: Clouds, certificates: Certificates, open_room: OpenRoom
) -> None:
    clouds.wrong["aws"] = Reply(503)
    with Service(Registry(public=False), certificates.context(ECR_HOST)) as registry:
        repository = open_room(certificates.ca_file, {ECR_HOST: registry.port}).repository(f"{ECR_HOST}/team/app")

        with pytest.raises(Unauthorized) as caught:
            await repository.manifest("1", ACCEPT)

    assert caught.value.loans == ("the aws keychain gave no login (503)",)
    assert caught.value.transient


async def test_a_registry_that_asks_for_no_login_costs_no_question(
    clouds: Clouds, certificates: Certificates, open_room: OpenRoom
) -> None:
    def public(asked: Asked) -> Reply:
        return Reply(200, MANIFEST, {"Content-Type": MANIFEST_TYPE})

    with Service(public, certificates.context(GCP_HOST)) as registry:
        room = open_room(certificates.ca_file, {GCP_HOST: registry.port})
        await room.repository(f"{GCP_HOST}/project/repo/app").manifest("1", ACCEPT)

    assert clouds.asked == []


async def test_nothing_secret_is_logged(
    clouds: Clouds,
    certificates: Certificates,
    acr: AzureRegistry,
    open_room: OpenRoom,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "imagestreams")
    room = open_room(certificates.ca_file, {ACR_HOST: acr.port})
    await room.repository(f"{ACR_HOST}/team/app").manifest("1", ACCEPT)
    other = open_room(certificates.ca_file, {ACR_HOST: acr.port})
    acr.exchange_status = 401
    with pytest.raises(Unauthorized):
        await other.repository(f"{ACR_HOST}/team/app").tags()

    assert "the azure keychain gave no login" in caplog.text
    assert not any(secret in caplog.text for secret in (*SECRETS, acr.refresh_token))
