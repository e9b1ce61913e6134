"""Which tags of a repository one import takes: those within a filter, and of these one part after the other. Pure.

Both come as annotations of the ImageStreamImport: the type is OpenShift's, and has no field for either. A filter is
written as version policies are (`semver:RANGE`, `regex:PATTERN`); without a kind it is a range if it reads as one,
else a pattern. A part is `FROM:TO`, numbers of tags in their order of importance, counted from 0 and without `TO`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from imagestreams.api.annotations import TAG_FILTER, TAG_SLICE
from imagestreams.api.errors import FieldError
from imagestreams.streams.versions import Candidate, UnusablePolicy, VersionPolicy, read_policy

_SLICE: Final = re.compile(r"(0|[1-9][0-9]{0,6}):([1-9][0-9]{0,6})")


@dataclass(frozen=True)
class TagChoice:
    """What an import takes of a repository; without a `policy` any tag, without a `stop` to the end."""

    policy: VersionPolicy | None = None
    start: int = 0
    stop: int | None = None

    def choose(self, tags: Sequence[str], most: int) -> tuple[list[str], list[str]]:
        """Return the tags to import, and those that are left for later; tags beyond the first `most` always are.

        >>> TagChoice(start=1, stop=2).choose(["a", "b", "c"], 10)
        (['b'], ['c'])
        """
        policy = self.policy
        within = [tag for tag in tags if policy is None or policy.rank(Candidate(tag)) is not None]
        stop = min(most, len(within) if self.stop is None else self.stop)
        return within[self.start : stop], within[stop:]


def tag_choice(annotations: Mapping[str, str] | None) -> TagChoice:
    """Read the annotations of an import.

    Raises:
        UnusablePolicy: one of them can't be read.
    """
    given = annotations or {}
    start, stop = _slice(given[TAG_SLICE]) if TAG_SLICE in given else (0, None)
    return TagChoice(_filter(given[TAG_FILTER]) if TAG_FILTER in given else None, start, stop)


def validate_tag_choice(annotations: Mapping[str, str] | None) -> list[FieldError]:
    """Return what is wrong with the annotations of an import."""
    errors = []
    for name in (TAG_FILTER, TAG_SLICE):
        if name in (annotations or {}):
            text = (annotations or {})[name]
            try:
                tag_choice({name: text})
            except UnusablePolicy as error:
                errors.append(FieldError.invalid(f"metadata.annotations[{name}]", text, str(error)))
    return errors


def _filter(text: str) -> VersionPolicy:
    kind = text.partition(":")[0].strip()
    if kind in ("semver", "regex"):
        return read_policy(text)
    if not text.strip() or kind == "newest":
        raise UnusablePolicy("must be a range of versions or a regular expression")
    try:
        return read_policy(f"semver:{text}")
    except UnusablePolicy:
        return read_policy(f"regex:{text}")


def _slice(text: str) -> tuple[int, int]:
    found = _SLICE.fullmatch(text)
    start, stop = (int(found[1]), int(found[2])) if found is not None else (0, 0)
    if start >= stop:
        raise UnusablePolicy("must be FROM:TO, two numbers of which the second is higher")
    return start, stop
