"""A server with an identity in three clouds imports from their registries, for the namespaces that may."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.clouds import (
    ACR_HOST,
    AWS_PASSWORD,
    ECR_HOST,
    GCP_HOST,
    GCP_TOKEN,
    SECRETS,
    AzureRegistry,
    Clouds,
    Reply,
    Tunnels,
)
from tests.faulty_registry import Certificates
from tests.running_server import RunningServer

SETTINGS = f"""
registryKeychains:
- cloud: aws
  namespaces: [prod]
  registries: [{ECR_HOST}]
- cloud: gcp
  namespaces: ["prod*"]
- cloud: azure
  namespaces: [prod]
"""


@dataclass(frozen=True)
class World:
    clouds: Clouds
    acr: AzureRegistry
    server: RunningServer


@pytest.fixture
def world(tmp_path: Path, start_registry: Callable[..., Any]) -> Iterator[World]:
    ecr = start_registry(secure=True, name=ECR_HOST, login=("AWS", AWS_PASSWORD))
    ecr.image("team/app", "1")
    gcp = start_registry(secure=True, name=GCP_HOST, login=("oauth2accesstoken", GCP_TOKEN))
    gcp.image("project/repo/app", "1")
    certificates = Certificates(tmp_path)
    authorities = tmp_path / "all.pem"
    authorities.write_bytes(b"".join(one.read_bytes() for one in (ecr.ca_file, gcp.ca_file, certificates.ca_file)))
    settings = tmp_path / "settings.yaml"
    settings.write_text(SETTINGS)
    with Clouds() as clouds, AzureRegistry(certificates.context(ACR_HOST)) as acr:
        assert isinstance(clouds, Clouds) and isinstance(acr, AzureRegistry)
        ports = {ECR_HOST: int(ecr.host[10:]), GCP_HOST: int(gcp.host[10:]), ACR_HOST: acr.port}
        with Tunnels(ports) as tunnels:
            environment = {
                **clouds.environment(),
                "HTTPS_PROXY": tunnels.url,
                "AWS_CONFIG_FILE": "/nonexistent",
                "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
                "CLOUDSDK_CONFIG": "/nonexistent",
            }
            arguments = ("--config", str(settings), "--registry-ca", str(authorities))
            with RunningServer(tmp_path / "data", *arguments, environment=environment) as server:
                for name in ("prod", "other"):
                    server.isctl("create", "namespace", name, check=True)
                yield World(clouds, acr, server)


def test_imports_by_the_identity_of_the_server(world: World) -> None:
    sources = {
        "ecr": f"{ECR_HOST}/team/app:1",
        "gar": f"{GCP_HOST}/project/repo/app:1",
        "acr": f"{ACR_HOST}/team/app:1",
    }

    for name, source in sources.items():
        done = world.server.isctl("import-image", f"{name}:1", f"--from={source}", "--confirm", "-n", "prod")
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
    refused = world.server.isctl("import-image", "ecr:1", f"--from={sources['ecr']}", "--confirm", "-n", "other")

    assert f'you may not have access to the container image "{sources["ecr"]}"' in refused.stdout + refused.stderr
    assert [len(world.clouds.calls(cloud)) for cloud in ("aws", "azure")] == [1, 1]
    assert len([one for one in world.clouds.calls("gcp-metadata") if "/token" in one.path]) == 1
    told = [world.server.log.read_text(), refused.stdout, refused.stderr]
    told += [world.server.isctl("get", kind, "-A", "-o", "json").stdout for kind in ("is", "images", "events")]
    assert not any(secret in text for secret in (*SECRETS, world.acr.refresh_token) for text in told)


def test_tags_say_what_became_of_the_login(world: World) -> None:
    world.clouds.wrong["aws"] = Reply.json({"__type": "AccessDeniedException", "Message": "arn:aws:iam::1:me"}, 400)
    world.acr.public, world.acr.exchange_status = True, 403

    private = world.server.isctl("import-image", "a:1", f"--from={ECR_HOST}/team/app:1", "--confirm", "-n", "prod")
    public = world.server.isctl("import-image", "b:1", f"--from={ACR_HOST}/team/app:1", "--confirm", "-n", "prod")

    assert (private.returncode, public.returncode) == (1, 0)
    assert condition(world, "a") == (
        "ImportSuccess",
        "Unauthorized",
        f'you may not have access to the container image "{ECR_HOST}/team/app:1": '
        "the aws keychain gave no login (AccessDeniedException)",
    )
    assert condition(world, "b") == (
        "SecretAccepted",
        "Unauthorized",
        f"{ACR_HOST}: the azure keychain gave no login (exchange refused with 403), "
        "the image was imported without a login",
    )
    assert f"! warning: {ACR_HOST}: the azure keychain gave no login" in public.stdout
    assert "arn:" not in private.stdout + private.stderr + world.server.log.read_text()


def condition(world: World, stream: str) -> tuple[str, str, str]:
    found = json.loads(world.server.isctl("get", "is", stream, "-n", "prod", "-o", "json", check=True).stdout)
    (only,) = found["status"]["tags"][0]["conditions"]
    return only["type"], only["reason"], only["message"]
