"""Reads single values of settings; each raises `SettingsError` for one that can't be used."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from imagestreams.app.settings.error import SettingsError


def camel(name: str) -> str:
    """Return a setting's name in the file: `data_dir` is `dataDir` there."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def path(value: Any) -> Path:
    """Read a path, which may begin with `~`."""
    return Path(os.path.expanduser(str(value))).absolute()


def listeners(value: Any) -> tuple[str, ...]:
    """Read URLs: a list, or a text that divides them by commas or spaces."""
    urls = value.replace(",", " ").split() if isinstance(value, str) else value
    if not isinstance(urls, (list, tuple)) or not urls or not all(isinstance(url, str) for url in urls):
        raise SettingsError(f"listen must be URLs, not {value!r}")
    return tuple(urls)


def store(value: Any) -> str:
    """Read the name of a store."""
    if value != "sqlite":
        raise SettingsError(f"store must be sqlite, not {value!r}: no other store is there yet")
    return "sqlite"


def host(value: Any) -> str:
    """Read the `host[:port]` of our own registry."""
    text = str(value)
    if not text or any(mark in text for mark in "/@ \t\n") or not text.isascii():
        raise SettingsError(f"registryHost must be host[:port], not {value!r}")
    return text


def public_url(value: Any) -> str:
    """Read the address under which others reach the server, with or without a path before everything."""
    text = str(value).rstrip("/")
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    odd = not text.isascii() or any(mark in text for mark in " \t\r\n\\?#@")
    if odd or not usable:
        raise SettingsError(f"publicUrl must be https://HOST[:PORT], not {value!r}")
    return text


def at_least(name: str, least: int) -> Callable[[Any], int]:
    """Return what reads whole numbers from `least` on."""

    def convert(value: Any) -> int:
        try:
            number = int(value)
        except (TypeError, ValueError, OverflowError):
            number = None
        if number is None or isinstance(value, bool) or (isinstance(value, float) and number != value):
            raise SettingsError(f"{camel(name)} must be a whole number, not {value!r}")
        if number < least:
            raise SettingsError(f"{camel(name)} must be at least {least}, not {value!r}")
        return number

    return convert


def yes_or_no(name: str) -> Callable[[Any], bool]:
    """Return what reads `true` and `false`."""

    def convert(value: Any) -> bool:
        text = str(value).lower()
        if text not in ("true", "false"):
            raise SettingsError(f"{camel(name)} must be true or false, not {value!r}")
        return text == "true"

    return convert
