"""Numbers that somebody wrote into a text of an object: an annotation may say anything. Pure."""

from typing import Final

_DIGITS_MAX: Final = 18
"""So many digits always fit into the 64 bits that a number of the API has."""


def written_number(text: str, otherwise: int) -> int:
    """Return the number that a text is; `otherwise` if it is none, or one that no field could hold.

    >>> written_number("12", 0), written_number("-1", 0), written_number("²", 0), written_number("9" * 5000, -1)
    (12, 0, 0, -1)
    """
    return int(text) if text.isdecimal() and len(text) <= _DIGITS_MAX else otherwise
