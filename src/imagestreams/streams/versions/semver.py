"""`semver:RANGE`: the highest version within a range, written as npm and Masterminds (Helm, Flux) write it.

A range is made of alternatives (`||`), each a number of comparators that must all hold, separated by spaces or
commas: `=` `!=` `>` `>=` `<` `<=`, `~1.2` (this minor version), `^1.2` (this major version, of `0.x` this minor one),
`1.2.x`, `*`, `1.2 - 1.4`. Every comparator is taken down to intervals of precedence.

Pre-releases are outside unless an alternative names one: `>=3.6.0-0` lets them in. An upper bound never lets in the
pre-releases of the very version that it excludes: `>=1.0.0-0 <2` does not give `2.0.0-rc.1`.
"""

import re
from dataclasses import dataclass
from typing import Final

from imagestreams.streams.versions.policy import Candidate, Rank, UnusablePolicy
from imagestreams.streams.versions.version import Precedence, Version, is_prerelease, parse_version

_PART: Final = r"(?:0|[1-9][0-9]{0,17}|[xX*])"
_PARTIAL: Final = (
    rf"[vV]?{_PART}(?:\.{_PART}(?:\.{_PART}(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z.-]+)?)?)?"
)
_HYPHEN = re.compile(rf"\s*(?P<low>{_PARTIAL})\s+-\s+(?P<high>{_PARTIAL})\s*")
_COMPARATOR = re.compile(rf"[\s,]*(?P<operator>!=|>=|=>|<=|=<|==|~>|[=<>~^])?\s*(?P<version>{_PARTIAL})(?=[\s,]|$)")
_OPERATORS: Final = {"=>": ">=", "=<": "<=", "==": "=", "~>": "~", "": "="}
_LOWEST: Final = (0, 0, 0, 0, ())


@dataclass(frozen=True, slots=True)
class _Interval:
    """Versions from `low` up to but without `high` (`None`: no end); with `inside` false, all others."""

    low: Precedence
    high: Precedence | None
    inside: bool = True

    def admits(self, precedence: Precedence) -> bool:
        within = self.low <= precedence and (self.high is None or precedence < self.high)
        return within is self.inside


@dataclass(frozen=True, slots=True)
class _Partial:
    """A version of which only the first numbers may be given."""

    numbers: tuple[int, ...]
    prerelease: str

    @property
    def low(self) -> Version:
        """The lowest version that begins so."""
        major, minor, patch = (*self.numbers, 0, 0, 0)[:3]
        return Version(major, minor, patch, self.prerelease)

    def after(self, number: int) -> Precedence | None:
        """Return what comes after all versions that share the first numbers up to this one."""
        if number < 0:
            return None
        numbers = self.low.major, self.low.minor, self.low.patch
        major, minor, patch = (*numbers[:number], numbers[number] + 1, 0, 0)[:3]
        return Version(major, minor, patch).floor


@dataclass(frozen=True, slots=True)
class _Alternative:
    intervals: tuple[_Interval, ...]
    prereleases: bool


@dataclass(frozen=True)
class SemverRange:
    """Ranks versions within a range by their precedence."""

    alternatives: tuple[_Alternative, ...]
    needs_created = False

    def rank(self, candidate: Candidate) -> Rank | None:
        """Return the precedence; of equal versions the one that is written out, without `v`, is higher."""
        version = parse_version(candidate.tag)
        if version is None or not self.admits(version):
            return None
        plain = candidate.tag[0] not in "vV"
        return version.precedence, candidate.tag.count("."), plain, candidate.tag

    def admits(self, version: Version) -> bool:
        """Say whether a version is within the range."""
        precedence = version.precedence
        return any(
            (one.prereleases or not version.prerelease) and all(part.admits(precedence) for part in one.intervals)
            for one in self.alternatives
        )


def read_semver(text: str) -> SemverRange:
    """Read a range.

    Raises:
        UnusablePolicy: it can't be read.
    """
    if not text:
        raise UnusablePolicy("semver needs a range, such as ~3.6 or >=3.6 <4; * takes any release")
    return SemverRange(tuple(_alternative(one, text) for one in text.split("||")))


def _alternative(text: str, whole: str) -> _Alternative:
    if hyphen := _HYPHEN.fullmatch(text):
        low, high = _partial(hyphen["low"], whole), _partial(hyphen["high"], whole)
        intervals = [_Interval(low.low.precedence, None), _Interval(_LOWEST, _end(high))]
        return _Alternative(tuple(intervals), bool(low.prerelease or high.prerelease))
    intervals, prereleases, position = [], False, 0
    end = len(text.rstrip(" \t,"))
    while position < end:
        found = _COMPARATOR.match(text, position)
        if found is None:
            raise UnusablePolicy(f'can\'t read "{text[position:end].strip()}" in the range "{whole}"')
        position = found.end()
        partial = _partial(found["version"], whole)
        operator = found["operator"] or ""
        intervals.append(_interval(_OPERATORS.get(operator, operator), partial))
        prereleases |= bool(partial.prerelease)
    if not intervals:
        raise UnusablePolicy(f'the range "{whole}" has an empty alternative; * takes any release')
    return _Alternative(tuple(intervals), prereleases)


def _partial(text: str, whole: str) -> _Partial:
    core, _, prerelease = text.partition("+")[0].partition("-")
    numbers: list[int] = []
    for part in core.lstrip("vV").split("."):
        if part in ("x", "X", "*"):
            break
        numbers.append(int(part))
    if prerelease and (len(numbers) < 3 or not is_prerelease(prerelease)):
        raise UnusablePolicy(f'can\'t read "{text}" in the range "{whole}"')
    return _Partial(tuple(numbers), prerelease)


def _interval(operator: str, partial: _Partial) -> _Interval:
    given, low = len(partial.numbers), partial.low
    match operator:
        case "~":
            return _Interval(low.precedence if given else _LOWEST, partial.after(min(given - 1, 1)))
        case "^":
            first = next((number for number, value in enumerate(partial.numbers) if value), given - 1)
            return _Interval(low.precedence if given else _LOWEST, partial.after(first))
        case ">=":
            return _Interval(low.precedence if given else _LOWEST, None)
        case "<":
            return _Interval(_LOWEST, low.precedence if low.prerelease else low.floor)
        case ">":
            after = _end(partial)
            return _NOTHING if after is None else _Interval(after, None)
        case "<=":
            return _Interval(_LOWEST, _end(partial))
    return _Interval(low.precedence if given else _LOWEST, _end(partial), inside=operator != "!=")


def _end(partial: _Partial) -> Precedence | None:
    """Return what comes after all versions that are meant by a partial one."""
    if len(partial.numbers) < 3:
        return partial.after(len(partial.numbers) - 1)
    major, minor, patch, released, identifiers = partial.low.precedence
    # The very next in the order: one more identifier, lower than all.
    return major, minor, patch, released, (*identifiers, (-1, 0, ""))


_NOTHING: Final = _Interval(_LOWEST, _LOWEST)
