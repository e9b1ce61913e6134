"""Plain values with more than one form on the wire."""

from typing import TypeAlias

IntOrString: TypeAlias = int | str
"""A number, or a name or percentage in its place."""

Quantity: TypeAlias = str | int | float
"""An amount, such as `500m` or `1Gi`. Clients may send a bare number; defaulting makes it the canonical text."""
