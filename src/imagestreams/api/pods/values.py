"""Plain values with more than one form on the wire."""

from typing import Annotated, Final, TypeAlias

import msgspec

IntOrString: TypeAlias = int | str
"""A number, or a name or percentage in its place."""

_QUANTITY: Final = r"^\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([numkMGTPE]|[KMGTPE]i|[eE][-+]?[0-9]{1,4})?\s*$"

Quantity: TypeAlias = Annotated[str, msgspec.Meta(pattern=_QUANTITY)] | int | float
"""An amount, such as `500m` or `1Gi`. Clients may send a bare number; defaulting makes it the canonical text."""
