"""The kubeconfig that lets the administrator in."""

import os
from pathlib import Path

import yaml

from imagestreams.app.credentials import ensure_admin_kubeconfig


def test_the_file_names_server_token_and_namespace_and_is_private(tmp_path: Path) -> None:
    path, token = ensure_admin_kubeconfig(tmp_path, "https://127.0.0.1:8443", None)

    config = yaml.safe_load(path.read_text())
    assert config["clusters"][0]["cluster"] == {"server": "https://127.0.0.1:8443"}
    assert config["users"][0]["user"] == {"token": token}
    assert config["contexts"][0]["context"]["namespace"] == "default"
    assert os.stat(path).st_mode & 0o777 == 0o600


def test_a_restart_keeps_the_token_and_the_project_that_was_switched_to(tmp_path: Path) -> None:
    path, token = ensure_admin_kubeconfig(tmp_path, "https://127.0.0.1:8443", None)
    path.write_text(path.read_text().replace("namespace: default", "namespace: mine"))

    again, same = ensure_admin_kubeconfig(tmp_path, "https://127.0.0.1:9443", None)

    assert same == token
    assert yaml.safe_load(again.read_text())["contexts"][0]["context"]["namespace"] == "mine"


def test_a_restart_keeps_the_project_of_the_context_in_use_whichever_it_is(tmp_path: Path) -> None:
    path, token = ensure_admin_kubeconfig(tmp_path, "https://127.0.0.1:8443", None)
    config = yaml.safe_load(path.read_text())
    config["contexts"].append({"name": "web/here/admin", "context": {"namespace": "web"}})
    config["users"].insert(0, {"name": "another", "user": {"token": "x" * 40}})
    path.write_text(yaml.safe_dump({**config, "current-context": "web/here/admin"}))

    again, same = ensure_admin_kubeconfig(tmp_path, "https://127.0.0.1:8443", None)

    assert same == token
    assert yaml.safe_load(again.read_text())["contexts"][0]["context"]["namespace"] == "web"


def test_a_missing_or_broken_file_brings_a_new_token(tmp_path: Path) -> None:
    path, token = ensure_admin_kubeconfig(tmp_path, "https://127.0.0.1:8443", None)
    path.write_text("users: nonsense")

    _, new = ensure_admin_kubeconfig(tmp_path, "https://127.0.0.1:8443", None)

    assert new != token
