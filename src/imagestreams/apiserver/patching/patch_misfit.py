"""Where a strategically merged document does not fit its type, told as Go tells it.

Strategic merge patches are converted value by value, without JSON in between, and so complain in other words than
those of the JSON decoder.
"""

from typing import Any, Final

from imagestreams.apiserver.bodies.go_text import type_name
from imagestreams.apiserver.ownership.object_schema import Shape

_GO_SCALARS: Final = {"string": "string", "boolean": "bool", "numeric": "int64"}
_GO_KINDS: Final = {"map[string]interface {}": "map", "[]interface {}": "slice"}


def conversion_misfit(shape: Shape | None, value: Any) -> str:
    """Return what is wrong with the first value that does not fit; empty when all do."""
    if value is None or shape is None or shape.kind == "deduced":
        return ""
    if shape.kind in ("struct", "map"):
        if not isinstance(value, dict):
            return f"cannot restore {'struct from:' if shape.kind == 'struct' else 'map from'} {_kind(value)}"
        return next(
            (told for key, element in value.items() if (told := conversion_misfit(shape.child(key), element))), ""
        )
    if shape.kind == "list":
        if not isinstance(value, list):
            return f"cannot restore slice from {_kind(value)}"
        return next((told for element in value if (told := conversion_misfit(shape.element, element))), "")
    wanted, found = _GO_SCALARS[shape.scalar], type_name(value)
    fits = found == wanted or (wanted == "int64" and isinstance(value, float) and value.is_integer())
    return "" if fits else f"cannot convert {found} to {wanted}"


def _kind(value: Any) -> str:
    found = type_name(value)
    return _GO_KINDS.get(found, found)
