"""The `registries.conf` that tells podman and buildah which registries to ask, and how. Pure."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RegistrySource:
    """Where the images of a repository are asked for: its mirrors in order, then (unless blocked) itself."""

    prefix: str
    location: str
    insecure: bool = False
    blocked: bool = False
    mirrors: Sequence[tuple[str, bool]] = ()


def registries_conf(*, insecure: Iterable[str] = (), sources: Iterable[RegistrySource] = ()) -> str:
    """Return the file: `insecure` are hosts that need no good certificate."""
    every = [*(RegistrySource(host, host, insecure=True) for host in sorted(insecure)), *sources]
    lines = ['unqualified-search-registries = ["docker.io"]', 'short-name-mode = "permissive"']
    for source in every:
        lines += ["", "[[registry]]", *_pair("prefix", source.prefix), *_pair("location", source.location)]
        lines += [f"insecure = {_flag(source.insecure)}", f"blocked = {_flag(source.blocked)}"]
        for location, lax in source.mirrors:
            lines += ["[[registry.mirror]]", *_pair("location", location), f"insecure = {_flag(lax)}"]
    return "\n".join(lines) + "\n"


def _pair(key: str, value: str) -> list[str]:
    # A JSON string is a TOML string, too.
    return [f"{key} = {json.dumps(value)}"]


def _flag(value: bool) -> str:
    return "true" if value else "false"
