"""The order in which the tags of a repository are imported when not all can be."""

import re
from typing import Final

_MINOR: Final = re.compile(r"v?(\d+)\.(\d+)")
_FULL: Final = re.compile(r"v?(\d+)\.(\d+)\.(\d+)(?:-[0-9A-Za-z.-]+)?")


def importance(tag: str) -> tuple[int, tuple[int, ...], str]:
    """Return a sort key: `latest`, minor versions from high to low, full versions from high to low, the rest by name.

    A pre-release comes after the releases of its number. Seen on the real server: `latest`, 3.8, 3.7, 3.6, 3.5, 3.6.0.
    """
    if tag == "latest":
        return 0, (), tag
    if minor := _MINOR.fullmatch(tag):
        return 1, tuple(-int(part) for part in minor.groups()), tag
    if full := _FULL.fullmatch(tag):
        return 2, (*(-int(part) for part in full.groups()), int("-" in tag)), tag
    return 3, (), tag


def by_importance(tags: list[str]) -> list[str]:
    """Return the tags, the most important first."""
    return sorted(tags, key=importance)
