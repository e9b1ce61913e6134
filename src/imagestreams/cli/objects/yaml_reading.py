"""YAML as Kubernetes tools read it: the parts of YAML 1.1 that JSON can say, dates as texts, no base-60 numbers."""

import re
from typing import Any

import yaml

_TAG = "tag:yaml.org,2002:"
_RESOLVERS: list[tuple[str, str, str]] = [
    ("bool", r"(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)", "yYnNtTfFoO"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+"
              r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)", "-+0123456789."),
    ("int", r"[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*)", "-+0123456789"),
    ("merge", r"<<", "<"),
    ("null", r"~|null|Null|NULL|", "~nN\0"),
]  # fmt: skip


class ManifestLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # the C class has no stub
    """Reads manifests."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  # declared so by PyYAML


for _name, _pattern, _first in _RESOLVERS:
    ManifestLoader.add_implicit_resolver(
        _TAG + _name, re.compile(rf"^(?:{_pattern})$"), ["" if letter == "\0" else letter for letter in _first]
    )


def _integer(loader: Any, node: Any) -> int:
    text = loader.construct_scalar(node).replace("_", "")
    sign, digits = (-1 if text.startswith("-") else 1), text.lstrip("+-")
    if digits.startswith("0o") or (digits.startswith("0") and digits[1:].isdigit()):
        return sign * int(digits.removeprefix("0o"), 8)
    return sign * int(digits, 0)


def _float(loader: Any, node: Any) -> float:
    text = loader.construct_scalar(node).lower()
    return float(text.replace(".inf", "inf").replace(".nan", "nan"))


ManifestLoader.add_constructor(f"{_TAG}int", _integer)
ManifestLoader.add_constructor(f"{_TAG}float", _float)
ManifestLoader.add_constructor(f"{_TAG}timestamp", lambda loader, node: loader.construct_scalar(node))
ManifestLoader.add_constructor(f"{_TAG}binary", lambda loader, node: loader.construct_scalar(node))
