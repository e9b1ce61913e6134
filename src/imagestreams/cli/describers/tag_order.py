"""The order in which `describe` shows the tags of a stream.

`latest`, then minor versions (`5.1`, `v5.1`, `5.1-rc1`) from high to low, then full versions from high to low, then
the rest by name.
"""

import re
from dataclasses import dataclass
from functools import cmp_to_key
from typing import Final

_NUMBER = r"(?:0|[1-9]\d*)"
_PRE = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_FULL: Final = re.compile(rf"({_NUMBER})\.({_NUMBER})\.({_NUMBER})(?:-({_PRE}))?(?:\+{_PRE})?", re.ASCII)
_MINOR: Final = re.compile(r"(\d+\.\d+)(-\w+)?", re.ASCII)
_NUMBER_MAX: Final = (1 << 64) - 1


@dataclass(frozen=True)
class _Version:
    numbers: tuple[int, int, int]
    pre: tuple[str, ...]


@dataclass(frozen=True)
class _Ranked:
    tag: str
    rank: int
    version: _Version | None
    prefix: str


def most_important_first(tags: list[str]) -> list[str]:
    """Return the tags in the order a reader wants them."""
    return [ranked.tag for ranked in sorted(map(_ranked, tags), key=cmp_to_key(_compare))]


def _ranked(tag: str) -> _Ranked:
    if tag == "latest":
        return _Ranked(tag, 0, None, "")
    prefix, short = ("v", tag[1:]) if tag.startswith("v") else ("", tag)
    if version := _version(short):
        return _Ranked(tag, 2, version, prefix)
    minor = _MINOR.fullmatch(short)
    if minor and (version := _version(f"{minor[1]}.0{minor[2] or ''}")):
        return _Ranked(tag, 1, version, prefix)
    return _Ranked(tag, 3, None, prefix)


def _version(text: str) -> _Version | None:
    """Read a version as strictly as semver.org has it: no leading zeros, nothing left out."""
    match = _FULL.fullmatch(text)
    if match is None:
        return None
    major, minor, patch = (int(match[part]) for part in (1, 2, 3))
    pre = tuple(match[4].split(".")) if match[4] else ()
    if max(major, minor, patch) > _NUMBER_MAX or any(part.isdigit() and part != str(int(part)) for part in pre):
        return None
    return _Version((major, minor, patch), pre)


def _compare(a: _Ranked, b: _Ranked) -> int:
    if a.rank != b.rank:
        return a.rank - b.rank
    if a.version is None or b.version is None:
        return (a.tag > b.tag) - (a.tag < b.tag)
    return -_compare_versions(a.version, b.version) or (a.prefix > b.prefix) - (a.prefix < b.prefix)


def _compare_versions(a: _Version, b: _Version) -> int:
    if a.numbers != b.numbers:
        return 1 if a.numbers > b.numbers else -1
    if not a.pre or not b.pre:
        return bool(b.pre) - bool(a.pre)
    for one, other in zip(a.pre, b.pre, strict=False):
        if one == other:
            continue
        if one.isdigit() and other.isdigit():
            return 1 if int(one) > int(other) else -1
        if one.isdigit() != other.isdigit():
            return -1 if one.isdigit() else 1
        return 1 if one > other else -1
    return len(a.pre) - len(b.pre)
