"""The syntax of kubectl's JSONPath templates: text with `{actions}` in it, read into nodes.

An action is a chain of steps, each applied to what the one before it found. `range` and `end` are words like any
other here: what they mean is known to `jsonpath` alone. The texts of errors are those of client-go.
"""

import re
from dataclasses import dataclass


class JsonPathError(Exception):
    """A template that can't be read, or that doesn't fit the data; the text is one line."""


@dataclass(frozen=True)
class Text:
    """Literal text."""

    text: str


@dataclass(frozen=True)
class Number:
    """A literal number."""

    value: int | float


@dataclass(frozen=True)
class Boolean:
    """`true` or `false`."""

    value: bool


@dataclass(frozen=True)
class Field:
    """`.name` or `['name']`."""

    name: str


@dataclass(frozen=True)
class Wildcard:
    """`.*`: everything inside."""


@dataclass(frozen=True)
class Recursive:
    """`..`: the value and everything below it."""


@dataclass(frozen=True)
class Slice:
    """`[start:end:step]`; a single index has an `end` that was derived from it."""

    start: int | None
    end: int | None
    step: int | None
    derived: bool


@dataclass(frozen=True)
class Union:
    """`[a,b]`: what several actions find, one after the other."""

    branches: "tuple[Action, ...]"


@dataclass(frozen=True)
class Filter:
    """`[?(left operator right)]`; the operator is `exists` without a right side."""

    left: "Action"
    operator: str
    right: "Action"


@dataclass(frozen=True)
class Word:
    """`range`, `end`, or a word that means nothing."""

    name: str


@dataclass(frozen=True)
class Action:
    """What stands between two braces."""

    steps: "tuple[Step, ...]"


Step = Text | Number | Boolean | Field | Wildcard | Recursive | Slice | Union | Filter | Word | Action
Node = Text | Action

_DICT_KEY = re.compile(r"'([^']*)'")
_SLICE = re.compile(r"(-?[0-9]*)(:-?[0-9]*)?(:-?[0-9]*)?")
_COMPARISON = re.compile(r"([^!<>=]+)([!<>=]+)(.+)", re.DOTALL)
_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)")
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\"}
_HEX_DIGITS = {"x": 2, "u": 4, "U": 8}
_NESTING_LIMIT = 100
_END = ""


def parse(template: str) -> list[Node]:
    """Read a template.

    Raises:
        JsonPathError: it is malformed.
    """
    return _Reader(template, 0).nodes()


def _is_terminator(character: str) -> bool:
    return character in ("", " ", "\t", "\r", "\n", ".", ",", "[", "]", "$", "@", "{", "}")


def _is_word(character: str) -> bool:
    return character == "_" or character.isalpha() or character.isdigit()


class _Reader:
    """A position in a template; `start` is where the token being read began."""

    def __init__(self, text: str, depth: int) -> None:
        if depth > _NESTING_LIMIT:
            raise JsonPathError("the expression is nested too deeply")
        self.text = text
        self.position = 0
        self.start = 0
        self.depth = depth

    def nodes(self) -> list[Node]:
        found: list[Node] = []
        while True:
            brace = self.text.find("{", self.position)
            literal = self.text[self.position : brace if brace >= 0 else len(self.text)]
            if literal:
                found.append(Text(literal))
            if brace < 0:
                return found
            self.position = self.start = brace + 1
            found.append(self.action())

    def action(self) -> Action:
        steps: list[Step] = []
        while not self.text.startswith("}", self.position):
            self.step(steps)
        self.position += 1
        self.take()
        return Action(tuple(steps))

    def step(self, steps: list[Step]) -> None:
        if self.text.startswith("[?(", self.position):
            steps.append(self.filter())
            return
        if self.text.startswith("..", self.position):
            self.recursive(steps)
            return
        character = self.next()
        if character in (_END, "\r", "\n"):
            raise JsonPathError("unclosed action")
        if character in " @$":
            self.take()
        elif character == "[":
            steps.extend(self.bracket())
        elif character in "\"'":
            steps.append(self.quoted(character))
        elif character == ".":
            steps.append(self.field())
        elif character in "+-" or character.isdigit():
            self.position -= 1
            steps.append(self.number())
        elif _is_word(character):
            self.position -= 1
            steps.append(self.word())
        else:
            raise JsonPathError(f"unrecognized character in action: U+{ord(character):04X} '{character}'")

    def next(self) -> str:
        character = self.text[self.position : self.position + 1]
        self.position += len(character)
        return character

    def take(self) -> str:
        taken = self.text[self.start : self.position]
        self.start = self.position
        return taken

    def word(self) -> Step:
        while not _is_terminator(self.text[self.position : self.position + 1]):
            self.position += 1
        name = self.take()
        return Boolean(name == "true") if name in ("true", "false") else Word(name)

    def recursive(self, steps: list[Step]) -> None:
        if steps and isinstance(steps[-1], Recursive):
            raise JsonPathError("invalid multiple recursive descent")
        self.position += 2
        self.take()
        steps.append(Recursive())
        following = self.text[self.position : self.position + 1]
        if following and _is_word(following):
            steps.append(self.field())

    def field(self) -> Step:
        self.take()
        while True:
            character = self.next()
            if character == "\\":
                self.next()
            elif _is_terminator(character):
                self.position -= len(character)
                break
        name = self.take()
        return Wildcard() if name == "*" else Field(name.replace("\\", ""))

    def number(self) -> Number:
        if self.text[self.position] in "+-":
            self.position += 1
        while (character := self.text[self.position : self.position + 1]) and (character == "." or character.isdigit()):
            self.position += 1
        text = self.take()
        if _INTEGER.fullmatch(text) and len(text) < 20 and -(1 << 63) <= int(text) < 1 << 63:
            return Number(int(text))
        if _FLOAT.fullmatch(text) and len(text) < 400 and abs(float(text)) != float("inf"):
            return Number(float(text))
        raise JsonPathError(f"cannot parse number {text}")

    def quoted(self, quote: str) -> Text:
        while True:
            character = self.next()
            if character in (_END, "\n"):
                raise JsonPathError("unterminated quoted string")
            if character == quote and self.text[self.position - 2] != "\\":
                break
        literal = self.take()
        return Text(unquote(literal))

    def bracket(self) -> "list[Step]":
        while (character := self.next()) != "]":
            if character in (_END, "\n"):
                raise JsonPathError("unterminated array")
        inside = self.take()[1:-1]
        if inside == "*":
            inside = ":"
        parts = inside.split(",")
        if len(parts) > 1:
            return [Union(tuple(self.inner(f"[{part.strip(' ')}]") for part in parts))]
        if key := _DICT_KEY.fullmatch(inside):
            return list(self.inner(f".{key[1]}").steps)
        return [_slice(inside)]

    def filter(self) -> Filter:
        self.position += 3
        self.take()
        begun = ended = False
        pair = ""
        while True:
            character = self.next()
            if character in (_END, "\n"):
                raise JsonPathError("unterminated filter")
            if character in "\"'":
                if not begun:
                    begun, pair = True, character
                elif character == pair and self.text[self.position - 2] != "\\":
                    ended = True
            elif character == ")" and begun == ended:
                break
        if self.next() != "]":
            raise JsonPathError("unclosed array expect ]")
        text = self.take()[:-2]
        comparison = _COMPARISON.fullmatch(text)
        if comparison is None:
            return Filter(self.inner(text), "exists", Action(()))
        return Filter(self.inner(comparison[1]), comparison[2], self.inner(comparison[3]))

    def inner(self, text: str) -> Action:
        first = _Reader("{" + text + "}", self.depth + 1).nodes()[0]
        assert isinstance(first, Action)
        return first


def _slice(text: str) -> Slice:
    match = _SLICE.fullmatch(text)
    if match is None:
        raise JsonPathError(f"invalid array index {text}")
    values: list[int | None] = []
    for number in match.groups():
        digits = (number or "").lstrip(":")
        if digits and (digits == "-" or len(digits) > 18):
            raise JsonPathError(f"array index {digits} is not a number")
        values.append(int(digits) if digits else None)
    start, end, step = values
    if match[2] is None:
        return Slice(start, (start or 0) + 1, step, derived=True)
    return Slice(start, end, step, derived=False)


def unquote(literal: str) -> str:
    """Read a quoted literal, in single or double quotes, with Go's escapes.

    Raises:
        JsonPathError: an escape that there isn't.
    """
    quote, body = literal[0], literal[1:-1]
    if "\\" not in body and quote not in body:
        return body
    parts: list[str] = []
    position = 0
    while position < len(body):
        character = body[position]
        position += 1
        if character == quote:
            raise _bad_literal(literal)
        if character != "\\":
            parts.append(character)
            continue
        escape = body[position : position + 1]
        position += 1
        if escape in _ESCAPES:
            parts.append(_ESCAPES[escape])
        elif escape and escape == quote:
            parts.append(escape)
        elif escape in _HEX_DIGITS or (escape and escape in "01234567"):
            digits = body[position : position + _HEX_DIGITS[escape]] if escape in _HEX_DIGITS else body[
                position - 1 : position + 2
            ]  # fmt: skip
            parts.append(_code_point(literal, escape, digits))
            position += len(digits) - (escape not in _HEX_DIGITS)
        else:
            raise _bad_literal(literal)
    return "".join(parts)


def _code_point(literal: str, escape: str, digits: str) -> str:
    wanted, base = (_HEX_DIGITS[escape], 16) if escape in _HEX_DIGITS else (3, 8)
    allowed = "0123456789abcdefABCDEF" if base == 16 else "01234567"
    if len(digits) != wanted or any(digit not in allowed for digit in digits):
        raise _bad_literal(literal)
    value = int(digits, base)
    if value > 0x10FFFF or 0xD800 <= value < 0xE000 or (base == 8 and value > 255):
        raise _bad_literal(literal)
    return chr(value)


def _bad_literal(literal: str) -> JsonPathError:
    return JsonPathError(f"unquote string {literal} error invalid syntax")
