"""imagestreams: OpenShift image streams that run anywhere.

The rooms of this package import downwards only; docs/architecture.md shows the order and what each one holds.
"""

from importlib.metadata import version

__version__ = version("imagestreams")
