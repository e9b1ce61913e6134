"""How structs become JSON: field naming and the rule for empty fields."""

from typing import Any

import msgspec

_SPECIAL = {"api_version": "apiVersion", "docker_v1": "dockerV1"}


def camel(name: str) -> str:
    """Return the wire name of an attribute: `docker_image_reference` becomes `dockerImageReference`."""
    head, *rest = name.rstrip("_").split("_")
    return head + "".join(part.capitalize() for part in rest)


class Wire(msgspec.Struct, rename=camel, omit_defaults=True, kw_only=True):
    """A value that travels: camelCase on the wire, empty fields left out."""


def always(value: Any = None) -> Any:
    """Declare a field that is printed even when it holds its default.

    msgspec leaves out plain defaults only, so a default made by a factory is always written.
    """
    return msgspec.field(default_factory=lambda: value)
