"""Base64 as Go reads it: where it breaks is what clients are told."""

import base64
import string
from typing import Final

_URL_ALPHABET: Final = frozenset(string.ascii_letters + string.digits + "-_")
_ALPHABET: Final = frozenset(string.ascii_letters + string.digits + "+/")


def url_corrupt_at(text: str) -> int | None:
    """Return where a text stops being unpadded base64 for URLs, `None` when it is that; line ends don't count."""
    digits = 0
    for position, character in enumerate(text):
        if character in "\r\n":
            continue
        if character not in _URL_ALPHABET:
            return position
        digits += 1
    return len(text) - 1 if digits % 4 == 1 else None


def url_decoded(text: str) -> bytes:
    """Return the bytes of a text that `url_corrupt_at` finds sound."""
    digits = text.replace("\r", "").replace("\n", "")
    return base64.urlsafe_b64decode(digits + "=" * (-len(digits) % 4))


def corrupt_at(text: str) -> int | None:
    """Return the position at which a text stops being base64, `None` when it is base64; line ends don't count."""
    position, digits, size = 0, 0, len(text)
    while position < size:
        character = text[position]
        position += 1
        if character in "\r\n":
            continue
        if character == "=":
            return _padding_problem(text, position, digits % 4)
        if character not in _ALPHABET:
            return position - 1
        digits += 1
    return size - digits % 4 if digits % 4 else None


def _padding_problem(text: str, position: int, digits: int) -> int | None:
    if digits < 2:
        return position - 1
    if digits == 2:
        position = _past_line_ends(text, position)
        if position == len(text):
            return position
        if text[position] != "=":
            return position - 1
        position += 1
    position = _past_line_ends(text, position)
    return position if position < len(text) else None


def _past_line_ends(text: str, position: int) -> int:
    while position < len(text) and text[position] in "\r\n":
        position += 1
    return position


def decoded(text: str) -> bytes:
    """Return the bytes of a text that `corrupt_at` finds sound."""
    return base64.b64decode(text)
