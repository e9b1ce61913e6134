"""Reads and rewrites Dockerfiles as the real builder does: other base images, more variables, labels. Pure.

Only what is needed is understood: lines that are continued, comments between them, here-documents, `FROM` and
`COPY --from`. Everything else is kept as it was written.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from imagestreams.runners.builds.plan import Pairs

SCRATCH: Final = "scratch"
_ESCAPE: Final = re.compile(r"#\s*escape\s*=\s*(\S)\s*$", re.IGNORECASE)
_HEREDOC: Final = re.compile(r"<<-?\s*([\"']?)(\w+)\1")
_VARIABLE: Final = re.compile(r"\$(?:\{(\w+)(?::([-+])([^}]*))?\}|(\w+))")
_DECLARED: Final = re.compile(r"""\w+(?:=(?:"(?:\\.|[^"])*"|'[^']*'|\S*))?""")
_FROM: Final = re.compile(r"(--from=)(\S+)")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: its word in capitals, what follows it, and its lines from `start` up to `end`."""

    word: str
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Changes:
    """What is changed in a Dockerfile.

    `base` takes the place of the last image, `names` are images that stand for others. `env` is known from the begin of
    each stage, `more_env` and `labels` are added at the end. `arguments` are the values of build arguments: written
    down here, since on a command line everybody on the machine could read them.
    """

    base: str = ""
    names: "Mapping[str, str] | None" = None
    env: Pairs = ()
    more_env: Pairs = ()
    labels: Pairs = ()
    arguments: "Mapping[str, str] | None" = None


def instructions(text: str) -> list[Instruction]:
    """Return the instructions of a Dockerfile.

    >>> [(one.word, one.value) for one in instructions("FROM a\\nRUN b \\\\\\n  c\\n")]
    [('FROM', 'a'), ('RUN', 'b c')]
    """
    lines = text.splitlines()
    escape = _escape(lines)
    found, number = [], 0
    while number < len(lines):
        start, parts = number, list[str]()
        if not lines[number].strip() or lines[number].lstrip().startswith("#"):
            number += 1
            continue
        while number < len(lines):
            line = lines[number].strip()
            number += 1
            if parts and (not line or line.startswith("#")):
                continue
            parts.append(line.removesuffix(escape).strip())
            if not line.endswith(escape):
                break
        word, _, value = " ".join(part for part in parts if part).partition(" ")
        if word.upper() in {"RUN", "COPY", "ADD"}:
            for _, end in _HEREDOC.findall(value):
                while number < len(lines) and lines[number].strip() != end:
                    number += 1
                number += 1
        found.append(Instruction(word.upper(), value.strip(), start, min(number, len(lines))))
    return found


def referenced_images(text: str, build_args: Pairs = ()) -> list[str]:
    """Return the images that a Dockerfile takes something from, without its own stages and without `scratch`.

    One whose name depends on what is not known yet keeps its variable.
    """
    given, known = dict(build_args), dict[str, str]()
    stages: set[str] = set()
    images: list[str] = []
    for count, stage in enumerate(_stages(text)):
        for one in stage:
            if one.word == "ARG" and count == 0:
                name, _, default = one.value.partition("=")
                known[name] = given.get(name, default.strip("\"'"))
            elif one.word == "FROM":
                image, alias = _from(one.value)
                image = _expanded(image, known)
                if image.lower() != SCRATCH and image.lower() not in stages:
                    images.append(image)
                if alias:
                    stages.add(alias.lower())
            elif one.word == "COPY" and (found := _FROM.search(one.value)):
                image = _expanded(found[2], known)
                if not image.isdigit() and image.lower() not in stages:
                    images.append(image)
    return list(dict.fromkeys(image for image in images if image))


def changed(text: str, changes: Changes) -> str:
    """Return a Dockerfile with changes.

    >>> print(changed("FROM a AS b\\nRUN c", Changes(base="d", env=(("E", "f"),), labels=(("g", "h"),))), end="")
    FROM d AS b
    ENV "E"="f"
    RUN c
    LABEL "g"="h"
    """
    lines = text.splitlines()
    found = instructions(text)
    names, stages, arguments = changes.names or {}, set[str](), changes.arguments or {}
    last = max((one.start for one in found if one.word == "FROM"), default=-1)
    replaced: dict[int, tuple[int, list[str]]] = {}
    for one in found:
        if one.word == "FROM":
            image, alias = _from(one.value)
            wanted = changes.base if one.start == last and changes.base else names.get(image, image)
            flags = [part for part in one.value.split() if part.startswith("--")]
            written = " ".join(["FROM", *flags, wanted, *(["AS", alias] if alias else [])])
            replaced[one.start] = one.end, [written, *_pairs("ENV", changes.env)]
            stages |= {alias} if alias else set()
        elif one.word == "COPY":
            source = _FROM.search(one.value)
            if source is not None and source[2] in names and source[2] not in stages:
                own = "\n".join(lines[one.start : one.end])
                renamed = _FROM.sub(lambda match: match[1] + names.get(match[2], match[2]), own, count=1)
                replaced[one.start] = one.end, renamed.split("\n")
        elif one.word == "ARG" and arguments:
            replaced[one.start] = one.end, _arguments(one.value, arguments, _escape(lines))
    kept = list(_replaced(lines, replaced))
    return "\n".join([*kept, *_pairs("ENV", changes.more_env), *_pairs("LABEL", changes.labels)]) + "\n"


def _replaced(lines: Sequence[str], replaced: Mapping[int, tuple[int, list[str]]]) -> Iterator[str]:
    number = 0
    while number < len(lines):
        if number in replaced:
            number, instead = replaced[number]
            yield from instead
        else:
            yield lines[number]
            number += 1


def _stages(text: str) -> Iterator[list[Instruction]]:
    """Yield what stands before the first FROM, then each stage."""
    stage: list[Instruction] = []
    for one in instructions(text):
        if one.word == "FROM":
            yield stage
            stage = []
        stage.append(one)
    yield stage


def _from(value: str) -> tuple[str, str]:
    """Return the image and the name of a stage."""
    words = [word for word in value.split() if not word.startswith("--")]
    named = len(words) >= 3 and words[1].upper() == "AS"
    return (words[0] if words else "", words[2] if named else "")


def _expanded(word: str, known: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        name, sign, other = match[1] or match[4], match[2], match[3]
        if sign == "+":
            return other if known.get(name) else ""
        if sign == "-":
            return known.get(name) or other
        return known.get(name, match[0])

    return _VARIABLE.sub(value, word)


def _arguments(value: str, given: Mapping[str, str], escape: str) -> list[str]:
    """Return an ARG with the values that are given, a line for each name."""
    lines = []
    for declared in _DECLARED.findall(value):
        name = declared.partition("=")[0]
        if name in given:
            special = re.compile(f'([{re.escape(escape)}"$])')
            declared = f'{name}="{special.sub(lambda match: escape + match[1], given[name])}"'
        lines.append(f"ARG {declared}")
    return lines


def _pairs(word: str, pairs: Pairs) -> list[str]:
    if not pairs:
        return []
    written = (f"{_quoted(name)}={_quoted(value)}" for name, value in pairs)
    return [f"{word} {' '.join(written)}"]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _escape(lines: Sequence[str]) -> str:
    """Return what continues a line; a comment at the top can choose it."""
    for line in lines:
        if not line.startswith("#"):
            break
        if found := _ESCAPE.match(line):
            return found[1]
    return "\\"
