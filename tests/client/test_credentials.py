"""Tokens from files and exec plugins."""

import stat
from pathlib import Path

import pytest

from imagestreams.client import credentials
from imagestreams.client.credentials import credentials_for
from imagestreams.client.errors import ClientError
from imagestreams.client.kubeconfig import ClientConfig, Identity


def _plugin(path: Path, script: str) -> ClientConfig:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    entry = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": str(path),
        "args": ["one"],
        "env": [{"name": "EXTRA", "value": "yes"}],
        "interactiveMode": "Never",
    }
    return ClientConfig("https://x", identity=Identity(exec_plugin=entry))


def test_a_token_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file\n")

    found = credentials_for(ClientConfig("https://x", identity=Identity(token_file=str(tmp_path / "token"))))

    assert found.headers == {"Authorization": "Bearer from-file"}


def test_a_plugin_prints_the_token(tmp_path: Path) -> None:
    config = _plugin(tmp_path / "p", """printf '{"status":{"token":"%s-%s"}}' "$1" "$EXTRA" """)

    assert credentials_for(config, {"PATH": "/usr/bin:/bin"}).headers == {"Authorization": "Bearer one-yes"}


def test_a_plugin_may_give_a_certificate(tmp_path: Path) -> None:
    config = _plugin(tmp_path / "p", """echo '{"status":{"clientCertificateData":"C","clientKeyData":"K"}}'""")

    found = credentials_for(config, {"PATH": "/usr/bin:/bin"})

    assert (found.certificate, found.key) == (b"C", b"K")


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("exit 3", "failed with exit code 3"),
        ("echo very-secret", "printed no ExecCredential"),
        ("echo '{\"status\":{}}'", "didn't return a token or cert/key pair"),
        ("yes", "printed more than 1 MiB"),
    ],
)
def test_a_plugin_that_fails_is_said_without_its_output(tmp_path: Path, script: str, problem: str) -> None:
    with pytest.raises(ClientError) as caught:
        credentials_for(_plugin(tmp_path / "p", script), {"PATH": "/usr/bin:/bin"})

    assert problem in str(caught.value)
    assert "very-secret" not in str(caught.value)


def test_a_plugin_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "EXEC_TIMEOUT_S", 0.2)

    with pytest.raises(ClientError, match="took longer than"):
        credentials_for(_plugin(tmp_path / "p", "sleep 100 & wait"), {"PATH": "/usr/bin:/bin"})


def test_a_missing_plugin_is_named() -> None:
    plugin = {"command": "/nowhere/plugin"}

    with pytest.raises(ClientError, match="executable /nowhere/plugin not found"):
        credentials_for(ClientConfig("https://x", identity=Identity(exec_plugin=plugin)))


def test_a_token_can_not_add_headers() -> None:
    with pytest.raises(ClientError, match="line break"):
        credentials_for(ClientConfig("https://x", identity=Identity(token="a\r\nX: y")))
