"""Which server, as whom, in which namespace."""

import base64
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from imagestreams.client.errors import ClientError
from imagestreams.client.kubeconfig import Overrides, default_data_dir, load_config
from imagestreams.client.kubeconfig_writing import use_context, use_namespace


def _config(server: str, *, context: str = "c", namespace: str = "ns", **user: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": context,
        "clusters": [{"name": f"{context}-cluster", "cluster": {"server": server}}],
        "users": [{"name": f"{context}-user", "user": user or {"token": f"token-of-{context}"}}],
        "contexts": [
            {
                "name": context,
                "context": {"cluster": f"{context}-cluster", "user": f"{context}-user", "namespace": namespace},
            }
        ],
    }


def _write(path: Path, document: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(document))
    return path


def test_the_current_context_names_server_user_and_namespace(tmp_path: Path) -> None:
    path = _write(tmp_path / "config", _config("https://one:1"))

    config = load_config(Overrides(), {"KUBECONFIG": str(path), "HOME": str(tmp_path)})

    assert (config.server, config.namespace, config.identity.token) == ("https://one:1", "ns", "token-of-c")
    assert not config.namespace_given


def test_of_several_files_the_first_with_an_entry_counts(tmp_path: Path) -> None:
    first = _write(tmp_path / "a", _config("https://one:1"))
    second = _write(tmp_path / "b", {**_config("https://two:2"), "current-context": "d"})
    third = _write(tmp_path / "d", _config("https://three:3", context="d", namespace="other"))
    environment = {"KUBECONFIG": os.pathsep.join(map(str, [tmp_path / "gone", first, second, third]))}

    assert load_config(Overrides(), environment).server == "https://one:1"
    assert load_config(Overrides(context="d"), environment).namespace == "other"


def test_flags_outrank_the_files(tmp_path: Path) -> None:
    path = _write(tmp_path / "config", _config("https://one:1"))
    overrides = Overrides(server="https://flag:9", token="t", namespace="x", as_user="boss", as_groups=("g", "h"))

    config = load_config(overrides, {"KUBECONFIG": str(path)})

    assert (config.server, config.namespace, config.namespace_given) == ("https://flag:9", "x", True)
    assert (config.identity.token, config.identity.as_user, config.identity.as_groups) == ("t", "boss", ("g", "h"))


def test_files_named_in_the_config_are_relative_to_it(tmp_path: Path) -> None:
    document = _config("https://one:1", **{"client-certificate": "me.crt", "client-key-data": _base64(b"KEY")})
    document["clusters"][0]["cluster"]["certificate-authority"] = "ca.crt"
    path = _write(tmp_path / "deep" / "config", document)
    (tmp_path / "deep" / "ca.crt").write_bytes(b"CA")
    (tmp_path / "deep" / "me.crt").write_bytes(b"ME")

    config = load_config(Overrides(kubeconfig=str(path)), {})

    assert config.certificate_authority == b"CA"
    assert (config.identity.certificate, config.identity.key) == (b"ME", b"KEY")


@pytest.mark.parametrize(
    ("command", "found"), [("./login", "deep/login"), ("bin/login", "deep/bin/login"), ("login", None)]
)
def test_the_command_of_a_plugin_is_relative_to_the_config_unless_it_is_a_name(
    tmp_path: Path, command: str, found: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": command}
    _write(tmp_path / "deep" / "config", _config("https://one:1", exec=plugin))
    monkeypatch.chdir(tmp_path / "deep")

    config = load_config(Overrides(kubeconfig="config"), {})

    wanted = command if found is None else str(tmp_path / found)
    assert config.identity.exec_plugin == {**plugin, "command": wanted}


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_without_any_config_the_local_servers_is_taken(tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path), "IMAGESTREAMS_DATA_DIR": str(tmp_path / "data")}
    _write(tmp_path / "data" / "admin.kubeconfig", _config("https://127.0.0.1:8443"))

    assert load_config(Overrides(), environment).server == "https://127.0.0.1:8443"


def test_an_empty_home_config_does_not_hide_the_local_server(tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path)}
    _write(tmp_path / ".kube" / "config", {"apiVersion": "v1", "kind": "Config", "clusters": [], "contexts": None})
    _write(tmp_path / ".local/share/imagestreams/admin.kubeconfig", _config("https://127.0.0.1:8443"))

    assert load_config(Overrides(), environment).server == "https://127.0.0.1:8443"


def test_the_data_directory_follows_the_environment() -> None:
    assert default_data_dir({"HOME": "/h"}) == Path("/h/.local/share/imagestreams")
    assert default_data_dir({"HOME": "/h", "XDG_DATA_HOME": "/x"}) == Path("/x/imagestreams")
    assert default_data_dir({"HOME": "/h", "XDG_DATA_HOME": "/x", "IMAGESTREAMS_DATA_DIR": "/d"}) == Path("/d")


@pytest.mark.parametrize(
    ("overrides", "problem"),
    [
        (Overrides(context="zz"), 'context "zz" does not exist'),
        (Overrides(cluster="zz"), 'cluster "zz" does not exist'),
        (Overrides(user="zz"), 'auth info "zz" does not exist'),
        (Overrides(kubeconfig="/nope"), "stat /nope: no such file or directory"),
    ],
)
def test_what_is_named_must_be_there(tmp_path: Path, overrides: Overrides, problem: str) -> None:
    path = _write(tmp_path / "config", _config("https://one:1"))

    with pytest.raises(ClientError) as caught:
        load_config(overrides, {"KUBECONFIG": str(path)})

    assert str(caught.value) == problem


def test_no_server_at_all_says_where_one_could_be_named(tmp_path: Path) -> None:
    with pytest.raises(ClientError, match="Missing or incomplete configuration info"):
        load_config(Overrides(), {"HOME": str(tmp_path)})


def test_a_broken_file_is_named_and_never_quoted(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text("users:\n- token: very-secret\n  : [")

    with pytest.raises(ClientError) as caught:
        load_config(Overrides(), {"KUBECONFIG": str(path)})

    assert str(path) in str(caught.value)
    assert "secret" not in str(caught.value)


def test_secrets_stay_out_of_repr(tmp_path: Path) -> None:
    path = _write(tmp_path / "config", _config("https://one:1", token="very-secret", password="very-secret"))

    assert "very-secret" not in repr(load_config(Overrides(), {"KUBECONFIG": str(path)}))


def _use(namespace: str, overrides: Overrides, environment: dict[str, str]) -> str:
    return use_namespace(namespace, "kim", load_config(overrides, environment), overrides, environment)


def test_a_namespace_gets_a_context_of_its_own_and_everything_else_stays(tmp_path: Path) -> None:
    document = {**_config("https://one.example:1"), "extensions": [{"name": "mine", "extension": {"a": 1}}]}
    document["users"][0]["user"] = {"tokenFile": "token", "exec": {"command": "./login"}}
    path = _write(tmp_path / "config", document)
    (tmp_path / "token").write_text("secret")
    path.chmod(0o640)
    link = tmp_path / "link"
    link.symlink_to(path)

    name = _use("other", Overrides(kubeconfig=str(link)), {})

    assert name == "other/one-example:1/kim"
    changed = yaml.safe_load(path.read_text())
    for section in ("clusters", "users", "contexts"):
        assert changed[section][0] == document[section][0]
    assert changed["extensions"] == document["extensions"]
    assert changed["clusters"][1] == {"name": "one-example:1", "cluster": {"server": "https://one.example:1"}}
    user = {"tokenFile": str(tmp_path / "token"), "exec": {"command": str(tmp_path / "login")}}
    assert changed["users"][1] == {"name": "kim/one-example:1", "user": user}
    assert changed["current-context"] == name
    assert load_config(Overrides(kubeconfig=str(path)), {}).namespace == "other"
    assert path.stat().st_mode & 0o777 == 0o640
    assert link.is_symlink()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["config", "link", "token"]


def test_a_context_that_is_alike_is_used_under_the_name_that_it_has(tmp_path: Path) -> None:
    overrides = Overrides(kubeconfig=str(_write(tmp_path / "config", _config("https://one:1"))))
    chosen = {"cluster": "one:1", "user": "kim/one:1", "namespace": "x"}
    document = yaml.safe_load((tmp_path / "config").read_text())
    document["contexts"].append({"name": "mine", "context": chosen})
    _write(tmp_path / "config", document)

    assert _use("x", overrides, {}) == "mine"
    assert len(yaml.safe_load((tmp_path / "config").read_text())["contexts"]) == 2


def test_the_file_that_has_the_context_gets_the_new_one_and_the_first_says_which_counts(tmp_path: Path) -> None:
    first = _write(tmp_path / "a", {"current-context": "d"})
    second = _write(tmp_path / "b", _config("https://two:2", context="d"))
    environment = {"KUBECONFIG": f"{first}{os.pathsep}{second}"}

    name = _use("x", Overrides(), environment)

    assert load_config(Overrides(), environment).namespace == "x"
    assert yaml.safe_load(first.read_text()) == {"current-context": name}
    assert [one["name"] for one in yaml.safe_load(second.read_text())["contexts"]] == ["d", name]

    use_context("d", Overrides(), environment)

    assert load_config(Overrides(), environment).context == "d"


def test_a_file_that_somebody_else_writes_is_left_alone(tmp_path: Path) -> None:
    path = _write(tmp_path / "config", _config("https://one:1"))
    (tmp_path / "config.lock").touch()

    with pytest.raises(ClientError, match="file exists"):
        use_context("x", Overrides(), {"KUBECONFIG": str(path)})
