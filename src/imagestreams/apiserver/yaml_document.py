"""YAML from the network: what JSON can say too, and no document that is larger than it looks.

The parser of events is a loop and bears any input; what builds nodes recurses in C and would take the process with it,
so nesting is measured first. An alias costs a few bytes and stands for as much as its anchor holds, which grows by
powers when anchors hold aliases: what all would be when written out is counted before anything is built.
"""

import json
from typing import Any, Final

import yaml

MAX_DEPTH: Final = 500
MAX_EXPANDED: Final = 16 * 1024 * 1024

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlDocumentError(ValueError):
    """The text is not YAML, not what JSON can say, or too much."""


def read_yaml(text: bytes) -> Any:
    """Return the one document of a text, as its JSON would be read.

    Raises:
        YamlDocumentError: there is none to be had.
    """
    try:
        _check_depth(text)
        loader = _LOADER(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            _check_size(node)
            value = loader.construct_document(node)
        finally:
            loader.dispose()
        # Through JSON, so that dates and other values of YAML alone become what JSON has for them.
        return json.loads(json.dumps(value, default=str))
    except (yaml.YAMLError, TypeError, ValueError, RecursionError) as error:
        raise YamlDocumentError(str(error)) from error


def _check_depth(text: bytes) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise YamlDocumentError(f"exceeded max depth of {MAX_DEPTH}")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _check_size(root: yaml.Node) -> None:
    known: dict[int, int] = {}
    open_nodes: set[int] = set()

    def size(node: yaml.Node) -> int:
        key = id(node)
        if key in known:
            return known[key]
        if key in open_nodes:
            raise YamlDocumentError("anchor value contains itself")
        open_nodes.add(key)
        total = 1
        if isinstance(node, yaml.ScalarNode):
            total += len(node.value)
        else:
            for child in node.value:
                total += sum(map(size, child)) if isinstance(child, tuple) else size(child)
                if total > MAX_EXPANDED:
                    raise YamlDocumentError("document contains excessive aliasing")
        open_nodes.discard(key)
        known[key] = total
        return total

    size(root)
