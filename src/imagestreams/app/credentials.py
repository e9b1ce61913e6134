"""The administrator's kubeconfig: how every client gets in.

The token is in this file and nowhere else; the server keeps its hash in memory. A restart keeps the token, so copies
of the file stay good; whoever deletes the file gets a new token at the next start.
"""

import base64
import secrets
from pathlib import Path
from typing import Any, Final

import yaml

from imagestreams.app.private_files import write_private

KUBECONFIG_NAME: Final = "admin.kubeconfig"
_TOKEN_BYTES: Final = 32
_NAME: Final = "imagestreams"
_USER: Final = "admin"


def ensure_admin_kubeconfig(directory: Path, server: str, authority: Path | None) -> tuple[Path, str]:
    """Write `admin.kubeconfig` for a server URL, mode 0600, and return its path and the token in it.

    Raises:
        OSError: the file can't be written.
    """
    path = directory / KUBECONFIG_NAME
    token = _existing_token(path) or secrets.token_urlsafe(_TOKEN_BYTES)
    cluster: dict[str, Any] = {"server": server}
    if authority is not None:
        cluster["certificate-authority-data"] = base64.b64encode(authority.read_bytes()).decode()
    content = yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": _NAME, "cluster": cluster}],
            "users": [{"name": _USER, "user": {"token": token}}],
            "contexts": [{"name": _NAME, "context": {"cluster": _NAME, "user": _USER, "namespace": _namespace(path)}}],
            "current-context": _NAME,
        },
        sort_keys=False,
    )
    write_private(path, content.encode())
    return path, token


def _existing_token(path: Path) -> str:
    token = _entry(_read(path), "users", "user", _USER).get("token")
    return token if isinstance(token, str) and len(token) >= _TOKEN_BYTES and token.isascii() else ""


def _namespace(path: Path) -> str:
    """Return the project that somebody switched to, so that a restart does not switch back."""
    config = _read(path)
    namespace = _entry(config, "contexts", "context", config.get("current-context")).get("namespace")
    return namespace if isinstance(namespace, str) and namespace else "default"


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_bytes())
    except (OSError, yaml.YAMLError):
        return {}
    return content if isinstance(content, dict) else {}


def _entry(config: dict[str, Any], plural: str, singular: str, name: object) -> dict[str, Any]:
    """Return what a named entry says, or the first one where there is none of that name."""
    listed = config.get(plural)
    entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    named = [entry for entry in entries if entry.get("name") == name]
    inner = (named or entries or [{}])[0].get(singular)
    return inner if isinstance(inner, dict) else {}
