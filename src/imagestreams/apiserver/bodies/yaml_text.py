"""YAML from the network: what JSON can say too, and no document that is larger than it looks.

The parser of events is a loop and bears any input; what builds nodes recurses in C and would take the process with it,
so nesting is measured first. An alias costs a few bytes and stands for as much as its anchor holds, which grows by
powers when anchors hold aliases: what all would be when written out is counted before anything is built. Times stay
the text that they are, as JSON has it.
"""

import json
from typing import Any, ClassVar, Final

import yaml

MAX_DEPTH: Final = 500
MAX_EXPANDED: Final = 16 * 1024 * 1024

_BASE: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TIMESTAMP: Final = "tag:yaml.org,2002:timestamp"
_MERGE: Final = "<<"


class YamlError(ValueError):
    """The text is not YAML, not what JSON can say, or too much."""


class _Loader(_BASE):  # type: ignore[misc, valid-type]  # the base is the C loader where there is one
    yaml_implicit_resolvers: ClassVar = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
        for first, resolvers in _BASE.yaml_implicit_resolvers.items()
    }


def read_yaml(text: bytes) -> tuple[Any, tuple[str, ...]]:
    """Return the first document of a text, as its JSON would be read, and complaints about keys given twice.

    What follows that document is not looked at, as in Go's decoder.

    Raises:
        YamlError: there is none to be had.
    """
    try:
        complaints = _check_events(text)
        loader = _Loader(text)
        try:
            if not loader.check_node():
                return None, ()
            node = loader.get_node()
            _check_size(node)
            value = loader.construct_document(node)
        finally:
            loader.dispose()
        return json.loads(json.dumps(value, allow_nan=False)), complaints
    except yaml.YAMLError as error:
        raise YamlError(_told(error)) from error
    except (TypeError, ValueError, RecursionError) as error:
        raise YamlError(str(error)) from error


def _told(error: yaml.YAMLError) -> str:
    """Return an error as Go's decoder tells it, which wraps the same parser: one line, and where it began."""
    if not isinstance(error, yaml.MarkedYAMLError) or not error.problem:
        return " ".join(str(error).split())
    marks = [mark.line for mark in (error.problem_mark, error.context_mark) if mark is not None and mark.line]
    if not marks:
        return error.problem
    # Where scanning fails the mark stands on the line itself, counted from 0; where parsing fails, on the next one.
    line = marks[0] + 1 if isinstance(error, yaml.scanner.ScannerError) else marks[0]
    return f"line {line}: {error.problem}"


def _check_events(text: bytes) -> tuple[str, ...]:
    """Check how deep a text nests; return the keys given twice, with their lines as Go's YAML decoder tells them."""
    complaints: list[str] = []
    open_maps: list[set[str] | None] = []  # the keys of each map; a list has none
    at_key: list[bool] = []
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.DocumentEndEvent):
            break
        if isinstance(event, yaml.CollectionEndEvent):
            open_maps.pop()
            at_key.pop()
            continue
        if not isinstance(event, yaml.NodeEvent):
            continue
        seen = open_maps[-1] if open_maps else None
        if seen is not None:
            if at_key[-1] and isinstance(event, yaml.ScalarEvent) and event.value != _MERGE:
                if event.value in seen:
                    line = event.start_mark.line + 1 if event.start_mark else 0
                    complaints.append(f'line {line}: key "{event.value}" already set in map')
                seen.add(event.value)
            at_key[-1] = not at_key[-1]
        if isinstance(event, yaml.CollectionStartEvent):
            if len(open_maps) >= MAX_DEPTH:
                raise YamlError(f"exceeded max depth of {MAX_DEPTH}")
            open_maps.append(set() if isinstance(event, yaml.MappingStartEvent) else None)
            at_key.append(True)
    return tuple(complaints)


def _check_size(root: yaml.Node) -> None:
    known: dict[int, int] = {}
    open_nodes: set[int] = set()

    def size(node: yaml.Node) -> int:
        key = id(node)
        if key in known:
            return known[key]
        if key in open_nodes:
            raise YamlError("anchor value contains itself")
        open_nodes.add(key)
        total = 1
        if isinstance(node, yaml.ScalarNode):
            total += len(node.value)
        else:
            for child in node.value:
                total += sum(map(size, child)) if isinstance(child, tuple) else size(child)
                if total > MAX_EXPANDED:
                    raise YamlError("document contains excessive aliasing")
        open_nodes.discard(key)
        known[key] = total
        return total

    size(root)
