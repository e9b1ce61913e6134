"""`regex:PATTERN [numeric|alphabetical]`: of the tags that have a form, the one with the highest value.

Patterns come from users, so they must not be able to keep the server busy: they are run by RE2, which takes time in
proportion to the length of the tag, whatever the pattern (no look-around, no back-references), and has a bounded
memory; the pattern's and a tag's length are bounded anyway.
"""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from imagestreams.streams.versions.policy import Candidate, Rank, UnusablePolicy

ALPHABETICAL: Final = "alphabetical"
NUMERIC: Final = "numeric"
_MEMORY_BYTES: Final = 1 << 20
_DIGITS_MAX: Final = 40


@dataclass(frozen=True)
class TagPattern:
    """Ranks tags that match by what their named groups matched, else by all groups, else by the whole tag."""

    expression: Any
    groups: tuple[int, ...]
    numeric: bool
    needs_created = False

    def rank(self, candidate: Candidate) -> Rank | None:
        """Return the values; a tag whose values should be numbers and are none is outside."""
        found = self.expression.search(candidate.tag)
        if found is None:
            return None
        texts = [found.group(group) or "" for group in self.groups] or [candidate.tag]
        values = [_number(text) for text in texts] if self.numeric else texts
        return None if None in values else (tuple(values), candidate.tag)


def read_pattern(text: str) -> TagPattern:
    """Read a pattern and the order after it; the order is alphabetical unless it says numeric.

    Raises:
        UnusablePolicy: the pattern can't be read.
    """
    pattern, space, order = text.rpartition(" ")
    if not space or order not in (ALPHABETICAL, NUMERIC):
        pattern, order = text, ALPHABETICAL
    pattern = pattern.strip()
    if pattern in ("", ALPHABETICAL, NUMERIC):
        raise UnusablePolicy(r"regex needs a pattern, such as ^v(?P<n>\d+)$ numeric")
    if len(words := pattern.split()) > 1:
        # No tag has a space in it, so no pattern needs one.
        raise UnusablePolicy(f"after the pattern comes {NUMERIC} or {ALPHABETICAL}, not {words[-1]}")
    import re2  # loaded only where somebody uses it

    options = re2.Options()
    options.max_mem, options.log_errors = _MEMORY_BYTES, False
    try:
        expression = re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        told = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise UnusablePolicy(f"can't read the pattern: {told}") from error
    named = tuple(sorted(expression.groupindex.values()))
    groups = named or tuple(range(1, expression.groups + 1))
    return TagPattern(expression, groups, order == NUMERIC)


def _number(text: str) -> Decimal | None:
    """Return the value of a number without a sign, `None` for anything else."""
    whole, _, fraction = text.partition(".")
    if len(text) > _DIGITS_MAX or not text.isascii() or not (whole + fraction).isdigit():
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
