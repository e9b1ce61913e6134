"""Which server, as whom, in which namespace: the kubeconfig files and the flags that override them.

Files are merged as every Kubernetes client does it: of two entries with one name the first file's counts, and the
first `current-context` that is set. When neither `$KUBECONFIG` nor `~/.kube/config` names a cluster, the
`admin.kubeconfig` that the local server wrote into its data directory is taken: `isctl` then works without any setup.
"""

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imagestreams.client.errors import ClientError

_MISSING = """Missing or incomplete configuration info.  Please point to an existing, complete config file:

  1. Via the command-line flag --kubeconfig
  2. Via the KUBECONFIG environment variable
  3. In your home directory as ~/.kube/config

or start a server here with 'isctl serve'"""

_FILE_LIMIT_BYTES = 16 * 1024 * 1024


class NoServer(ClientError):
    """No file and no flag names a server; the text is for who works with a command line."""

    def __init__(self) -> None:
        super().__init__(_MISSING)


@dataclass(frozen=True)
class Overrides:
    """What the command line says about the connection; None is "not said"."""

    kubeconfig: str | None = None
    context: str | None = None
    cluster: str | None = None
    user: str | None = None
    server: str | None = None
    token: str | None = None
    namespace: str | None = None
    certificate_authority: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None
    insecure_skip_tls_verify: bool | None = None
    tls_server_name: str | None = None
    as_user: str | None = None
    as_groups: tuple[str, ...] = ()
    as_uid: str | None = None


@dataclass(frozen=True)
class Identity:
    """How the client proves who it is; secrets stay out of `repr`."""

    token: str | None = field(default=None, repr=False)
    token_file: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    certificate: bytes | None = field(default=None, repr=False)
    key: bytes | None = field(default=None, repr=False)
    exec_plugin: Mapping[str, Any] | None = field(default=None, repr=False)
    as_user: str | None = None
    as_groups: tuple[str, ...] = ()
    as_uid: str | None = None


@dataclass(frozen=True)
class ClientConfig:
    """Everything that a request needs to know."""

    server: str
    namespace: str = "default"
    namespace_given: bool = False
    certificate_authority: bytes | None = None
    insecure_skip_tls_verify: bool = False
    tls_server_name: str | None = None
    proxy_url: str | None = None
    identity: Identity = field(default_factory=Identity)
    context: str = ""
    cluster_info: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Kubeconfig:
    """The merged files; `origins` says which file an entry came from."""

    clusters: dict[str, dict[str, Any]]
    users: dict[str, dict[str, Any]]
    contexts: dict[str, dict[str, Any]]
    current_context: str
    origins: dict[tuple[str, str], Path]


def default_data_dir(environment: Mapping[str, str]) -> Path:
    """Return the data directory of a server that was started without naming one."""
    if chosen := environment.get("IMAGESTREAMS_DATA_DIR"):
        return Path(chosen)
    if shared := environment.get("XDG_DATA_HOME"):
        return Path(shared) / "imagestreams"
    return _home(environment) / ".local" / "share" / "imagestreams"


def load_config(overrides: Overrides, environment: Mapping[str, str] = os.environ) -> ClientConfig:
    """Merge files and flags into the configuration of one client.

    Raises:
        ClientError: a file can't be read, a named entry is missing, or no server is known at all.
    """
    merged = load_kubeconfig(overrides, environment)
    context_name = merged.current_context if overrides.context is None else overrides.context
    context = merged.contexts.get(context_name)
    if context is None:
        if overrides.context:
            raise ClientError(f'context "{overrides.context}" does not exist')
        if context_name and not overrides.server:
            raise ClientError(f"context was not found for specified context: {context_name}")
        context = {}
    cluster_name = overrides.cluster or _text(context, "cluster")
    cluster = merged.clusters.get(cluster_name)
    if cluster is None:
        if overrides.cluster:
            raise ClientError(f'cluster "{cluster_name}" does not exist')
        cluster = {}
    user_name = overrides.user or _text(context, "user")
    user = merged.users.get(user_name)
    if user is None:
        if overrides.user:
            raise ClientError(f'auth info "{user_name}" does not exist')
        user = {}
    server = overrides.server or _text(cluster, "server")
    if not server:
        raise ClientError(f'no server found for cluster "{cluster_name}"') if cluster_name else NoServer()
    cluster_base = merged.origins.get(("clusters", cluster_name), Path()).parent
    insecure = overrides.insecure_skip_tls_verify
    if insecure is None:
        insecure = bool(cluster.get("insecure-skip-tls-verify"))
    authority = _material(cluster, "certificate-authority", cluster_base, overrides.certificate_authority)
    return ClientConfig(
        server=server if "://" in server else f"http://{server}",
        namespace=overrides.namespace or _text(context, "namespace") or "default",
        namespace_given=overrides.namespace is not None,
        certificate_authority=None if insecure else authority,
        insecure_skip_tls_verify=insecure,
        tls_server_name=overrides.tls_server_name or _text(cluster, "tls-server-name") or None,
        proxy_url=_text(cluster, "proxy-url") or None,
        identity=_identity(user, merged.origins.get(("users", user_name), Path()).parent, overrides),
        context=context_name,
        cluster_info=cluster,
    )


def load_kubeconfig(overrides: Overrides, environment: Mapping[str, str] = os.environ) -> Kubeconfig:
    """Read and merge the files that count here.

    Raises:
        ClientError: a file can't be read or is no kubeconfig.
    """
    if overrides.kubeconfig and not Path(overrides.kubeconfig).exists():
        raise ClientError(f"stat {overrides.kubeconfig}: no such file or directory")
    merged = _merge([path for path in config_files(overrides, environment) if path.exists()])
    if overrides.kubeconfig:
        return merged
    usable = merged.clusters and (merged.current_context or overrides.context or overrides.cluster)
    if usable or overrides.server:
        return merged
    local = default_data_dir(environment) / "admin.kubeconfig"
    return _merge([local]) if local.exists() else merged


def read_document(path: Path) -> dict[str, Any]:
    """Read one kubeconfig file as it stands.

    Raises:
        ClientError: it can't be read or is no kubeconfig.
    """
    import yaml

    try:
        with path.open("rb") as file:
            data = file.read(_FILE_LIMIT_BYTES + 1)
        document = yaml.load(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)) or {}
    except OSError as error:
        raise ClientError(f'error loading config file "{path}": {(error.strerror or str(error)).lower()}') from error
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        # The parser's message quotes the file, and with it perhaps a token.
        mark = getattr(error, "problem_mark", None)
        where = f": yaml: line {mark.line + 1}: could not be parsed" if mark else ": yaml: could not be parsed"
        raise ClientError(f'error loading config file "{path}"{where}') from None
    if len(data) > _FILE_LIMIT_BYTES or not isinstance(document, dict):
        raise ClientError(f'error loading config file "{path}": not a kubeconfig')
    return document


def _home(environment: Mapping[str, str]) -> Path:
    home = environment.get("HOME")
    return Path(home) if home else Path.home()


def config_files(overrides: Overrides, environment: Mapping[str, str]) -> list[Path]:
    """Return the files that count, whether they exist or not; there is at least one."""
    if overrides.kubeconfig:
        return [Path(overrides.kubeconfig)]
    listed = environment.get("KUBECONFIG", "")
    files = [Path(part) for part in dict.fromkeys(listed.split(os.pathsep)) if part]
    return files or [_home(environment) / ".kube" / "config"]


def _merge(paths: list[Path]) -> Kubeconfig:
    merged = Kubeconfig({}, {}, {}, "", {})
    current = ""
    for path in paths:
        document = read_document(path)
        for section, inner, into in (
            ("clusters", "cluster", merged.clusters),
            ("users", "user", merged.users),
            ("contexts", "context", merged.contexts),
        ):
            for entry in document.get(section) or []:
                if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
                    raise ClientError(f'error loading config file "{path}": malformed entry in {section}')
                value = entry.get(inner) or {}
                if entry["name"] not in into and isinstance(value, dict):
                    into[entry["name"]] = value
                    merged.origins[(section, entry["name"])] = path
        if not current and (current := _text(document, "current-context")):
            merged.origins[("current-context", "")] = path
    return Kubeconfig(merged.clusters, merged.users, merged.contexts, current, merged.origins)


def placed_plugin(plugin: Mapping[str, Any], base: Path) -> dict[str, Any]:
    """Return an exec plugin whose command, if it is a path and no name to be looked for, is absolute."""
    command = _text(plugin, "command")
    return {**plugin, "command": os.path.abspath(base / command)} if os.sep in command else dict(plugin)


def _text(mapping: Mapping[str, Any], key: str) -> str:
    value = mapping.get(key)
    return value if isinstance(value, str) else "" if value is None else str(value)


def _material(entry: Mapping[str, Any], key: str, base: Path, override: str | None) -> bytes | None:
    """Certificate or key of an entry: the flag's file, the inline data, or the file named relative to the entry's."""
    if override is None and (inline := _text(entry, f"{key}-data")):
        try:
            return base64.b64decode(inline, validate=False)
        except (binascii.Error, ValueError) as error:
            raise ClientError(f"{key}-data is not base64") from error
    name = override or _text(entry, key)
    if not name:
        return None
    path = Path(name) if override else base / name
    try:
        with path.open("rb") as file:
            return file.read(_FILE_LIMIT_BYTES)
    except OSError as error:
        raise ClientError(f"unable to read {key} {path}: {(error.strerror or str(error)).lower()}") from error


def _identity(user: Mapping[str, Any], base: Path, overrides: Overrides) -> Identity:
    as_user = overrides.as_user or _text(user, "as") or None
    as_uid = overrides.as_uid or _text(user, "as-uid") or None
    groups = overrides.as_groups or tuple(str(group) for group in user.get("as-groups") or ())
    if overrides.token is not None:
        return Identity(token=overrides.token, as_user=as_user, as_groups=groups, as_uid=as_uid)
    if provider := user.get("auth-provider"):
        name = _text(provider, "name") if isinstance(provider, dict) else ""
        raise ClientError(f'no Auth Provider found for name "{name}"')
    token_file = _text(user, "tokenFile")
    plugin = user.get("exec")
    return Identity(
        token=_text(user, "token") or None,
        token_file=str(base / token_file) if token_file else None,
        username=_text(user, "username") or None,
        password=_text(user, "password") or None,
        certificate=_material(user, "client-certificate", base, overrides.client_certificate),
        key=_material(user, "client-key", base, overrides.client_key),
        exec_plugin=placed_plugin(plugin, base) if isinstance(plugin, dict) else None,
        as_user=as_user,
        as_groups=groups,
        as_uid=as_uid,
    )
