"""Semantic versions, and the order among them (semver.org, section 11)."""

import re
from dataclasses import dataclass
from typing import Final

_NUMBER: Final = r"(?:0|[1-9][0-9]{0,17})"
_IDENTIFIERS: Final = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_VERSION = re.compile(
    rf"[vV]?(?P<major>{_NUMBER})\.(?P<minor>{_NUMBER})(?:\.(?P<patch>{_NUMBER}))?"
    rf"(?:-(?P<prerelease>{_IDENTIFIERS}))?(?:[+_](?P<build>{_IDENTIFIERS}))?"
)

Precedence = tuple[int, int, int, int, tuple[tuple[int, int, str], ...]]


@dataclass(frozen=True, slots=True)
class Version:
    """A version; `prerelease` is empty for a release, and `patch` 0 where the text has none."""

    major: int
    minor: int
    patch: int
    prerelease: str = ""

    @property
    def precedence(self) -> Precedence:
        """What versions are compared by: a release comes after its pre-releases."""
        return (self.major, self.minor, self.patch, not self.prerelease, _identifiers(self.prerelease))

    @property
    def floor(self) -> Precedence:
        """What comes before all pre-releases of this version's release."""
        return (self.major, self.minor, self.patch, 0, ())


def parse_version(tag: str) -> Version | None:
    """Read a tag as a version: two or three numbers, with an optional `v` in front; `None` when it is none.

    One number alone is none: it may as well be a date or a build. `_` stands for `+`, which no tag can have.
    """
    found = _VERSION.fullmatch(tag)
    if found is None:
        return None
    prerelease = found["prerelease"] or ""
    if not is_prerelease(prerelease):
        return None
    return Version(int(found["major"]), int(found["minor"]), int(found["patch"] or 0), prerelease)


def is_prerelease(text: str) -> bool:
    """Say whether a text, apart from its characters, may stand after a version's dash: numbers have no leading 0."""
    return not any(part.isdigit() and len(part) > 1 and part[0] == "0" for part in text.split("."))


def _identifiers(prerelease: str) -> tuple[tuple[int, int, str], ...]:
    """Numbers come before words, numbers are ordered by value, words by their letters."""
    if not prerelease:
        return ()
    return tuple((0, int(one), "") if one.isdigit() else (1, 0, one) for one in prerelease.split("."))
