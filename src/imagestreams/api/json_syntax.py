"""JSON as Go reads it: where a text stops being JSON, in the words that clients of the API know, and odd characters."""

import re

_SPACE = " \t\r\n"
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_PARTS = (
    (re.compile(r"-$"), "in numeric literal"),
    (re.compile(r"-?[0-9]+\.$"), "after decimal point in numeric literal"),
    (re.compile(r"-?[0-9]+(?:\.[0-9]+)?[eE][+-]?$"), "in exponent of numeric literal"),
)
_HEX = "0123456789abcdefABCDEF"
_MAX_DEPTH = 10_000
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<lone>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
"""Any escape; of those for halves of a character two that belong together, or one that is alone."""


class JsonSyntaxError(ValueError):
    """The text is not JSON; the message is what Go's `encoding/json` says."""


def check_json(text: bytes) -> None:
    """Return when the text is one JSON value.

    Raises:
        JsonSyntaxError: it is not.
    """
    # Byte for byte, as Go reads it: of a character outside of ASCII the first byte is what is complained of.
    _Scanner(text.decode("latin-1")).document()


def with_whole_characters(text: str) -> str:
    """Return a JSON text with U+FFFD for each half of a character: that is none, and nothing could store it.

    >>> with_whole_characters(r'["\\ud83d", "\\ud83d\\ude00"]') == r'["\\ufffd", "\\ud83d\\ude00"]'
    True
    """
    if not _SURROGATE.search(text):
        return text
    return _ESCAPE.sub(lambda escape: r"\ufffd" if escape["lone"] else escape[0], text)


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def document(self) -> None:
        closing: list[str] = []
        self._begin_value(closing)
        while closing:
            self._continue_container(closing)
        self._skip_space()
        if self._at < len(self._text):
            raise self._unexpected("after top-level value")

    def _continue_container(self, closing: list[str]) -> None:
        after = "after object key:value pair" if closing[-1] == "}" else "after array element"
        character = self._next_significant()
        if character == closing[-1]:
            self._at += 1
            closing.pop()
        elif character == ",":
            self._at += 1
            if closing[-1] == "}":
                self._key()
            self._begin_value(closing)
        else:
            raise self._unexpected(after)

    def _begin_value(self, closing: list[str]) -> None:
        """Read a value, or open containers until one is read or an empty one is closed."""
        while True:
            character = self._next_significant()
            if character not in "{[":
                self._scalar(character)
                return
            self._at += 1
            if len(closing) >= _MAX_DEPTH:
                raise JsonSyntaxError("exceeded max depth")
            end = "}" if character == "{" else "]"
            if self._next_significant() == end:
                self._at += 1
                return
            closing.append(end)
            if end == "}":
                self._key()

    def _key(self) -> None:
        if self._next_significant() != '"':
            raise self._unexpected("looking for beginning of object key string")
        self._string()
        if self._next_significant() != ":":
            raise self._unexpected("after object key")
        self._at += 1

    def _scalar(self, character: str) -> None:
        if character == '"':
            self._string()
        elif character in "tfn":
            self._literal({"t": "true", "f": "false", "n": "null"}[character])
        elif character in "-0123456789":
            self._number()
        else:
            raise self._unexpected("looking for beginning of value")

    def _string(self) -> None:
        self._at += 1
        while (character := self._current()) != '"':
            if character < " ":
                raise self._unexpected("in string literal")
            self._at += 1
            if character == "\\":
                escape = self._current()
                if escape not in '"\\/bfnrtu':
                    raise self._unexpected("in string escape code")
                self._at += 1
                for _ in range(4 if escape == "u" else 0):
                    if self._current() not in _HEX:
                        raise self._unexpected("in \\u hexadecimal character escape")
                    self._at += 1
        self._at += 1

    def _literal(self, word: str) -> None:
        for offset, expected in enumerate(word):
            if self._current() != expected:
                raise self._unexpected(f"in literal {word} (expecting {_quote(word[offset])})")
            self._at += 1

    def _number(self) -> None:
        found = _NUMBER.match(self._text, self._at)
        start, self._at = self._at, found.end() if found else self._at + 1
        # A number that breaks off after a point, a sign or an `e` was matched only up to there.
        broken = re.compile(r"(?:\.|[eE][+-]?)").match(self._text, self._at) if found else None
        if broken:
            self._at = broken.end()
        for pattern, where in _PARTS:
            if pattern.match(self._text[start : self._at]):
                self._current()
                raise self._unexpected(where)

    def _current(self) -> str:
        if self._at >= len(self._text):
            raise JsonSyntaxError("unexpected end of JSON input")
        return self._text[self._at]

    def _skip_space(self) -> None:
        while self._at < len(self._text) and self._text[self._at] in _SPACE:
            self._at += 1

    def _next_significant(self) -> str:
        self._skip_space()
        return self._current()

    def _unexpected(self, where: str) -> JsonSyntaxError:
        return JsonSyntaxError(f"invalid character {_quote(self._text[self._at])} {where}")


def _quote(character: str) -> str:
    if character == "'":
        return r"'\''"
    if character == '"':
        return "'\"'"
    escapes = {"\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\b": r"\b", "\f": r"\f"}
    code = f"\\x{ord(character):02x}" if character < "\x80" else f"\\u{ord(character):04x}"
    printed = character if character.isprintable() else code
    return f"'{escapes.get(character, printed)}'"
