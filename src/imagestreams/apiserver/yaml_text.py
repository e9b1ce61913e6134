"""YAML as the API reads it: within bounds, with keys given twice told, and times left as the text they are."""

import json
from typing import Any, ClassVar, Final

import yaml

_BASE: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TIMESTAMP: Final = "tag:yaml.org,2002:timestamp"
_MAX_NODES: Final = 1_000_000
_MAX_DEPTH: Final = 500


class YamlError(ValueError):
    """The text is not YAML, or more than it seems."""


class _Loader(_BASE):  # type: ignore[misc, valid-type]  # the base is the C loader where there is one
    yaml_implicit_resolvers: ClassVar = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
        for first, resolvers in _BASE.yaml_implicit_resolvers.items()
    }


def read_yaml(body: bytes) -> tuple[Any, tuple[str, ...]]:
    """Read a document; return it as JSON has it, and complaints about keys given twice, each with its line.

    Raises:
        YamlError: it is not YAML, nests or aliases too much, or has what JSON can't hold.
    """
    loader = _Loader(body)
    try:
        node = loader.get_single_node()
        if node is None:
            return None, ()
        duplicates: list[str] = []
        _check(node, 0, {}, duplicates)
        document = loader.construct_document(node)
        return json.loads(json.dumps(document)), tuple(duplicates)
    except (yaml.YAMLError, TypeError, ValueError, RecursionError) as error:
        raise YamlError(str(error)) from error
    finally:
        loader.dispose()


def _check(node: Any, depth: int, sizes: dict[int, int], duplicates: list[str]) -> int:
    """Return how many nodes stand below one when aliases are followed."""
    if isinstance(node, yaml.ScalarNode):
        return 1
    if id(node) in sizes:
        if sizes[id(node)] == 0:
            raise YamlError("anchor contains itself")
        return sizes[id(node)]
    if depth > _MAX_DEPTH:
        raise YamlError("exceeded max depth")
    sizes[id(node)] = 0
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        children = []
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen and key.tag != "tag:yaml.org,2002:merge":
                    duplicates.append(f'line {key.start_mark.line + 1}: key "{key.value}" already set in map')
                seen.add(key.value)
            children.append(key)
            children.append(value)
    else:
        children = list(node.value)
    size = 1 + sum(_check(child, depth + 1, sizes, duplicates) for child in children)
    if size > _MAX_NODES:
        raise YamlError("document contains excessive aliasing")
    sizes[id(node)] = size
    return size
