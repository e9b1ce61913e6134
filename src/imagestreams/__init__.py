"""imagestreams: OpenShift image streams that run anywhere.

The rooms of this package import downwards only; docs/architecture.md shows the order and what each one holds.
"""


def __getattr__(name: str) -> str:
    """Look the version up when somebody asks: reading the package's metadata takes 40 ms of every start."""
    if name == "__version__":
        from importlib.metadata import version

        return version("imagestreams")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
