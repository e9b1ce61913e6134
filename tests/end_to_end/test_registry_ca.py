"""A registry with a certificate of its own authority: refused, trusted by setting, or used without any check."""

from pathlib import Path
from typing import Any

import pytest

from tests.running_server import RunningServer

IMPORTS = "/apis/image.openshift.io/v1/namespaces/default/imagestreamimports"


def outcome(server: RunningServer, source: str, *, insecure: bool = False) -> Any:
    """Import one image into the stream `s`; return the outcome's status."""
    image = {"from": {"kind": "DockerImage", "name": source}, "to": {"name": "a"}}
    body = {"metadata": {"name": "s"}, "spec": {"import": True, "images": [image]}}
    if insecure:
        image["importPolicy"] = {"insecure": True}  # type: ignore[assignment]  # values of JSON are of any type
    code, answer = server.request("POST", IMPORTS, body)
    assert code == 201
    return answer["status"]["images"][0]["status"]


def log_in(server: RunningServer, registry: Any) -> None:
    secret = {
        "metadata": {"name": "pull"},
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": registry.docker_config()},
    }
    assert server.request("POST", "/api/v1/namespaces/default/secrets", secret)[0] == 201


@pytest.fixture
def image(secure_registry: Any, repository_name: str) -> str:
    secure_registry.image(repository_name, "1")
    return f"{secure_registry.host}/{repository_name}:1"


def test_an_unknown_authority_is_named_and_insecure_skips_the_check(
    tmp_path: Path, secure_registry: Any, image: str
) -> None:
    with RunningServer(tmp_path / "data") as server:
        log_in(server, secure_registry)

        refused, taken = outcome(server, image), outcome(server, image, insecure=True)

    assert refused["reason"] == "InternalError"
    assert refused["message"] == (
        f'Internal error occurred: {image}: Get "https://{secure_registry.host}/v2/": '
        "tls: failed to verify certificate: x509: certificate signed by unknown authority"
    )
    assert taken["status"] == "Success"


@pytest.mark.parametrize("way", ["flag", "environment", "file"])
def test_a_given_authority_is_trusted(tmp_path: Path, secure_registry: Any, image: str, way: str) -> None:
    ca_file = str(secure_registry.ca_file)
    (tmp_path / "settings.yaml").write_text(f"registryCaFile: {ca_file}\n")
    arguments = {"flag": ["--registry-ca", ca_file], "file": ["--config", str(tmp_path / "settings.yaml")]}
    environment = {"IMAGESTREAMS_REGISTRY_CA_FILE": ca_file} if way == "environment" else {}

    with RunningServer(tmp_path / "data", *arguments.get(way, []), environment=environment) as server:
        log_in(server, secure_registry)

        assert outcome(server, image)["status"] == "Success"


def test_a_server_does_not_start_with_a_file_that_holds_no_authority(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("hello")

    with pytest.raises(RuntimeError, match="holds no certificates in PEM form"):
        RunningServer(tmp_path / "data", "--registry-ca", str(tmp_path / "ca.pem"))
