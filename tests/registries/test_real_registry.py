"""The client against Debian's `docker-registry`, plain and with TLS and a login."""

import ssl
from typing import Any

import pytest

from imagestreams.api.core import Secret
from imagestreams.reference import parse
from imagestreams.registries.client import RegistryClient, Repository
from imagestreams.registries.credentials import Keyring
from imagestreams.registries.errors import ManifestUnknown, NameUnknown, Unauthorized, Unreachable
from imagestreams.streams.image_from_manifest import DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST

ACCEPT = (DOCKER_MANIFEST, OCI_MANIFEST, DOCKER_LIST, OCI_INDEX)


def keyring(registry: Any, *passwords: str) -> Keyring:
    return Keyring.from_secrets(
        Secret(
            type="kubernetes.io/dockerconfigjson",
            data={".dockerconfigjson": registry.docker_config(password=password)},
        )
        for password in passwords
    )


def opened(client: RegistryClient, registry: Any, name: str, keys: Keyring | None = None, **how: bool) -> Repository:
    return client.repository(parse(f"{registry.host}/{name}"), keys or Keyring(), **how)


async def test_manifests_configs_and_tags_come_as_they_were_pushed(docker_registry: Any, repository_name: str) -> None:
    pushed = docker_registry.image(repository_name, "1.0")
    docker_registry.index(repository_name, "list", oci=True)

    async with RegistryClient() as client:
        repository = opened(client, docker_registry, repository_name, insecure=True)
        by_tag = await repository.manifest("1.0", ACCEPT)
        by_digest = await repository.manifest(pushed.digest, ACCEPT)
        digest = await repository.head("1.0", ACCEPT)
        index = await repository.manifest("list", ACCEPT)
        tags = await repository.tags()

    assert by_tag == by_digest
    assert (by_tag.digest, by_tag.media_type, by_tag.body) == (pushed.digest, DOCKER_MANIFEST, pushed.body)
    assert digest == pushed.digest
    assert index.media_type == OCI_INDEX
    assert sorted(tags) == ["1.0", "list"]


async def test_what_is_not_there_is_told_apart(docker_registry: Any, repository_name: str) -> None:
    docker_registry.image(repository_name, "1.0")

    async with RegistryClient() as client:
        repository = opened(client, docker_registry, repository_name, insecure=True)
        with pytest.raises(ManifestUnknown):
            await repository.manifest("nope", ACCEPT)
        with pytest.raises(NameUnknown):
            await opened(client, docker_registry, "no/such", insecure=True).tags()
        assert await repository.head("nope", ACCEPT) is None


async def test_plain_http_is_refused_unless_it_is_allowed(docker_registry: Any) -> None:
    async with RegistryClient() as client:
        with pytest.raises(Unreachable) as failure:
            await opened(client, docker_registry, "x").manifest("1", ACCEPT)

    host = docker_registry.host
    assert str(failure.value) == f'Get "https://{host}/v2/": http: server gave HTTP response to HTTPS client'


async def test_a_certificate_of_an_unknown_authority_is_refused(secure_registry: Any) -> None:
    async with RegistryClient() as client:
        with pytest.raises(Unreachable) as failure:
            await opened(client, secure_registry, "x").manifest("1", ACCEPT)

    assert str(failure.value).endswith(
        "tls: failed to verify certificate: x509: certificate signed by unknown authority"
    )


async def test_a_login_opens_a_closed_registry(secure_registry: Any, repository_name: str) -> None:
    pushed = secure_registry.image(repository_name, "1.0")
    trust: ssl.SSLContext = secure_registry.trust()

    async with RegistryClient(trust=trust) as client:
        for keys in (keyring(secure_registry, "s3cret"), keyring(secure_registry, "wrong", "s3cret")):
            repository = opened(client, secure_registry, repository_name, keys)
            assert (await repository.manifest("1.0", ACCEPT)).digest == pushed.digest
            assert await repository.head("1.0", ACCEPT) == pushed.digest


async def test_without_the_right_login_nothing_is_told(secure_registry: Any, repository_name: str) -> None:
    secure_registry.image(repository_name, "1.0")

    async with RegistryClient(trust=secure_registry.trust()) as client:
        for keys in (Keyring(), keyring(secure_registry, "wrong")):
            with pytest.raises(Unauthorized):
                await opened(client, secure_registry, repository_name, keys).manifest("1.0", ACCEPT)


async def test_a_registry_that_wants_no_login_gets_none(docker_registry: Any, repository_name: str) -> None:
    pushed = docker_registry.image(repository_name, "1.0")
    wrong = Keyring.from_secrets(
        [
            Secret(
                type="kubernetes.io/dockerconfigjson",
                data={".dockerconfigjson": docker_registry.docker_config("somebody", "wrong")},
            )
        ]
    )

    async with RegistryClient() as client:
        repository = opened(client, docker_registry, repository_name, wrong, insecure=True)
        assert (await repository.manifest("1.0", ACCEPT)).digest == pushed.digest


async def test_a_long_list_of_tags_is_read_to_its_end(docker_registry: Any, repository_name: str) -> None:
    pushed = docker_registry.image(repository_name, "t00")
    for number in range(1, 60):
        docker_registry.send(
            "PUT",
            f"/v2/{repository_name}/manifests/t{number:02d}",
            pushed.body,
            Content_Type=pushed.media_type,
        )

    async with RegistryClient() as client:
        tags = await opened(client, docker_registry, repository_name, insecure=True).tags()

    assert sorted(tags) == [f"t{number:02d}" for number in range(60)]


async def test_insecure_accepts_any_certificate(secure_registry: Any, repository_name: str) -> None:
    pushed = secure_registry.image(repository_name, "1.0")

    async with RegistryClient() as client:
        repository = opened(client, secure_registry, repository_name, keyring(secure_registry, "s3cret"), insecure=True)
        assert (await repository.manifest("1.0", ACCEPT)).digest == pushed.digest
