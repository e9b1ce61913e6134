"""Changing which context of a kubeconfig is in use, and nothing else.

A project that is switched to gets a context of its own, named NAMESPACE/SERVER/USER, unless there is one like it.
Entries that this program does not know stay as they are; the file keeps its mode and is replaced in one step, under
the lock file that other clients use too.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from imagestreams.client.errors import ClientError
from imagestreams.client.kubeconfig import (
    ClientConfig,
    Kubeconfig,
    Overrides,
    config_files,
    load_kubeconfig,
    placed_plugin,
    read_document,
)

Entry = dict[str, Any]

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_FILES: Final = ("certificate-authority", "client-certificate", "client-key", "tokenFile")


def generated_name(namespace: str, cluster: str, user: str) -> str:
    """Return the name that a context gets when nobody chose one."""
    return f"{namespace}/{cluster}/{user.partition('/')[0]}"


def use_context(name: str, overrides: Overrides, environment: Mapping[str, str] = os.environ) -> None:
    """Make a context the current one.

    Raises:
        ClientError: the file can't be written.
    """
    merged = load_kubeconfig(overrides, environment)
    _set_current(name, _home_of(merged, name, overrides, environment), merged)


def use_namespace(
    namespace: str,
    user_name: str,
    config: ClientConfig,
    overrides: Overrides,
    environment: Mapping[str, str] = os.environ,
) -> str:
    """Make a context for a namespace of the configuration's server the current one; return its name.

    `user_name` is how the server knows the user.

    Raises:
        ClientError: the file can't be written.
    """
    merged = load_kubeconfig(overrides, environment)
    cluster_name = _host_and_port(config.server).replace(".", "-")
    wanted = {"cluster": cluster_name, "user": f"{user_name}/{cluster_name}", "namespace": namespace}
    alike = (name for name, context in merged.contexts.items() if context == wanted)
    name = next(alike, generated_name(namespace, cluster_name, user_name))
    before = merged.contexts.get(overrides.context or merged.current_context) or {}
    path = _home_of(merged, overrides.context or merged.current_context, overrides, environment)
    with _changing(path) as document:
        _put(document, "clusters", "cluster", cluster_name, _cluster(merged, before, config, overrides))
        _put(document, "users", "user", wanted["user"], _user(merged, before, overrides))
        _put(document, "contexts", "context", name, wanted)
    _set_current(name, path, merged)
    return name


def _host_and_port(server: str) -> str:
    url = urlsplit(server)
    host = f"[{url.hostname}]" if ":" in (url.hostname or "") else url.hostname or ""
    return f"{host}:{url.port or _DEFAULT_PORTS.get(url.scheme, 443)}"


def _cluster(merged: Kubeconfig, context: Entry, config: ClientConfig, overrides: Overrides) -> Entry:
    """Return what the new context's cluster says: as the one in use, with what flags changed in it."""
    entry = _movable(merged, "clusters", overrides.cluster or str(context.get("cluster", "")))
    entry["server"] = config.server
    if overrides.certificate_authority:
        entry.pop("certificate-authority-data", None)
        entry["certificate-authority"] = os.path.abspath(overrides.certificate_authority)
    if overrides.insecure_skip_tls_verify is not None:
        entry["insecure-skip-tls-verify"] = overrides.insecure_skip_tls_verify
    if overrides.tls_server_name:
        entry["tls-server-name"] = overrides.tls_server_name
    return entry


def _user(merged: Kubeconfig, context: Entry, overrides: Overrides) -> Entry:
    entry = _movable(merged, "users", overrides.user or str(context.get("user", "")))
    if overrides.token:
        entry["token"] = overrides.token
    for key, value in (("client-certificate", overrides.client_certificate), ("client-key", overrides.client_key)):
        if value:
            entry.pop(f"{key}-data", None)
            entry[key] = os.path.abspath(value)
    return entry


def _movable(merged: Kubeconfig, section: str, name: str) -> Entry:
    """Return a copy of an entry that means the same in any file: the paths in it are absolute."""
    entry = dict((merged.clusters if section == "clusters" else merged.users).get(name) or {})
    base = merged.origins.get((section, name), Path()).absolute().parent
    if isinstance(plugin := entry.get("exec"), dict):
        entry["exec"] = placed_plugin(plugin, base)
    return {key: str(base / value) if key in _FILES and value else value for key, value in entry.items()}


def _home_of(merged: Kubeconfig, context: str, overrides: Overrides, environment: Mapping[str, str]) -> Path:
    """Return the file that has a context, else the first one that counts."""
    return merged.origins.get(("contexts", context)) or config_files(overrides, environment)[0]


def _set_current(name: str, path: Path, merged: Kubeconfig) -> None:
    # The first file that names a current context is the one that counts.
    with _changing(merged.origins.get(("current-context", ""), path)) as document:
        document["current-context"] = name


def _put(document: Entry, section: str, inner: str, name: str, value: Entry) -> None:
    entries = document.get(section)
    if not isinstance(entries, list):
        entries = document[section] = []
    for entry in entries:
        if entry.get("name") == name:
            entry[inner] = value
            return
    entries.append({"name": name, inner: value})


@contextlib.contextmanager
def _changing(path: Path) -> Iterator[Entry]:
    """Give a file's content to be changed, and write it back."""
    path = Path(os.path.realpath(path))
    with _locked(path):
        document = read_document(path) if path.exists() else {"apiVersion": "v1", "kind": "Config"}
        yield document
        _replace(path, document)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    lock = path.with_name(path.name + ".lock")
    try:
        os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError as error:
        raise ClientError(f"open {lock}: file exists") from error
    except OSError as error:
        raise ClientError(f"open {lock}: {(error.strerror or '').lower()}") from error
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.unlink(lock)


def _replace(path: Path, document: Mapping[str, object]) -> None:
    import yaml

    try:
        mode = path.stat().st_mode & 0o7777 if path.exists() else 0o600
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".kubeconfig-")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                yaml.safe_dump(document, file, sort_keys=False, allow_unicode=True)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, mode)
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
    except OSError as error:
        raise ClientError(f"can't write {path}: {(error.strerror or '').lower()}") from error
