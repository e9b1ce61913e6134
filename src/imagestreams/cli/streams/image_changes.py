"""What changed from one image to the next: layers, size, configuration, platforms.

Pure: two Image objects as plain dictionaries in, the differences out, as data, as a few words, or in full.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from imagestreams.cli.texts.sizes import human_size

Image = Mapping[str, Any]

SAME: Final = "same contents"

_LISTS: Final = {"Entrypoint": "entrypoint", "Cmd": "command"}
_TEXTS: Final = {"WorkingDir": "working dir", "User": "user", "StopSignal": "stop signal"}
_SETS: Final = {"ExposedPorts": "ports", "Volumes": "volumes"}


@dataclass(frozen=True)
class Change:
    """One thing that differs; None stands for what isn't there."""

    field: str
    before: str | None
    after: str | None
    key: str = ""

    def __str__(self) -> str:
        name = f"{self.field} {self.key}" if self.key else self.field
        if self.before is None:
            return f"{name} added: {self.after}" if self.after else f"{name} added"
        if self.after is None:
            return f"{name} removed"
        return f"{name}: {self.before} → {self.after}"


@dataclass(frozen=True)
class Changes:
    """All that differs between two images."""

    new_layers: int = 0
    shared_layers: int = 0
    removed_layers: int = 0
    size_difference_bytes: int = 0
    was_list: bool = False
    is_list: bool = False
    fields: tuple[Change, ...] = field(default=())

    def summary(self) -> str:
        """Say in a few words what changed."""
        return ", ".join([*self._contents(), *dict.fromkeys(change.field for change in self.fields)]) or SAME

    def details(self) -> str:
        """Say everything that changed."""
        return ", ".join([*self._contents(in_full=True), *map(str, self.fields)]) or SAME

    def _contents(self, *, in_full: bool = False) -> list[str]:
        if self.is_list != self.was_list:
            return ["now a list of platforms" if self.is_list else "now a single image"]
        if self.is_list:
            return []
        parts = []
        if (self.new_layers or self.removed_layers) and in_full:
            parts.append(f"layers: {self.new_layers} new, {self.shared_layers} shared, {self.removed_layers} gone")
        elif self.new_layers or self.removed_layers:
            parts.append(f"{self.new_layers} of {self.new_layers + self.shared_layers} layers new")
        if self.size_difference_bytes:
            sign = "+" if self.size_difference_bytes > 0 else "-"
            parts.append(sign + human_size(abs(self.size_difference_bytes)))
        return parts

    def as_data(self) -> dict[str, Any]:
        """Return the differences as they stand in `-o json`."""
        data: dict[str, Any] = {}
        if self.is_list == self.was_list and not self.is_list:
            data["layers"] = {"new": self.new_layers, "shared": self.shared_layers, "removed": self.removed_layers}
            data["sizeDifference"] = self.size_difference_bytes
        if self.is_list != self.was_list:
            data["manifestList"] = self.is_list
        data["fields"] = [
            {"field": one.field}
            | ({"key": one.key} if one.key else {})
            | ({} if one.before is None else {"before": one.before})
            | ({} if one.after is None else {"after": one.after})
            for one in self.fields
        ]
        return data


def is_list(image: Image) -> bool:
    """Say whether an image is a list of images for several platforms."""
    return bool(image.get("dockerImageManifests"))


def size_of(image: Image) -> int:
    """Return an image's size in bytes; 0 when it isn't known, as for lists."""
    return int((image.get("dockerImageMetadata") or {}).get("Size") or 0)


def changes_between(older: Image, newer: Image) -> Changes:
    """Compare two images."""
    if is_list(older) or is_list(newer):
        return Changes(was_list=is_list(older), is_list=is_list(newer), fields=tuple(_platform_changes(older, newer)))
    before, after = _layers(older), _layers(newer)
    shared = (before & after).total()
    return Changes(
        new_layers=after.total() - shared,
        shared_layers=shared,
        removed_layers=before.total() - shared,
        size_difference_bytes=size_of(newer) - size_of(older),
        fields=tuple(_config_changes(older, newer)),
    )


def _layers(image: Image) -> Counter[str]:
    return Counter(str(layer.get("name", "")) for layer in image.get("dockerImageLayers") or [])


def _platform_changes(older: Image, newer: Image) -> list[Change]:
    if is_list(older) != is_list(newer):
        return []
    return _map_changes("platforms", _platforms(older), _platforms(newer))


def _platforms(image: Image) -> dict[str, str]:
    platforms: dict[str, str] = {}
    for one in image.get("dockerImageManifests") or []:
        parts = (one.get("os", ""), one.get("architecture", ""), one.get("variant", ""))
        name = "/".join(part for part in parts if part)
        while name in platforms:
            name += "'"
        platforms[name] = short_digest(str(one.get("digest", "")))
    return platforms


def _config_changes(older: Image, newer: Image) -> list[Change]:
    before, after = older.get("dockerImageMetadata") or {}, newer.get("dockerImageMetadata") or {}
    old, new = before.get("Config") or {}, after.get("Config") or {}
    changes = [
        _change("arch", str(before.get("Architecture") or ""), str(after.get("Architecture") or "")),
        _change("author", str(before.get("Author") or ""), str(after.get("Author") or "")),
    ]
    changes += [
        _change(word, " ".join(old.get(key) or []), " ".join(new.get(key) or [])) for key, word in _LISTS.items()
    ]
    changes += [_change(word, str(old.get(key) or ""), str(new.get(key) or "")) for key, word in _TEXTS.items()]
    found = [change for change in changes if change is not None]
    for key, word in _SETS.items():
        found += _map_changes(word, dict.fromkeys(old.get(key) or {}, ""), dict.fromkeys(new.get(key) or {}, ""))
    found += _map_changes("env", _environment(old), _environment(new))
    found += _map_changes("labels", old.get("Labels") or {}, new.get("Labels") or {})
    return found


def _environment(config: Mapping[str, Any]) -> dict[str, str]:
    pairs = (str(entry).partition("=") for entry in config.get("Env") or [])
    return {name: value for name, _, value in pairs}


def _change(field: str, before: str, after: str) -> Change | None:
    return Change(field, before or None, after or None) if before != after else None


def _map_changes(field: str, before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    found = []
    for key in sorted({*before, *after}):
        old, new = before.get(key), after.get(key)
        if old != new:
            found.append(Change(field, old, new, key))
    return found


def short_digest(digest: str) -> str:
    """Return the first twelve digits of a digest, as container tools show it."""
    return digest.partition(":")[2][:12] or digest[:12]
