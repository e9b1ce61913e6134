"""What the settings for images ask of streams and imports now; asked anew each time, since settings change."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from imagestreams.api.defaulting import LEGACY
from imagestreams.streams.allowed_registries import AllowedRegistries

_EVERYTHING: Final = AllowedRegistries()


def _allow_everything() -> AllowedRegistries:
    return _EVERYTHING


def _legacy() -> str:
    return LEGACY


@dataclass(frozen=True, slots=True)
class ImageRules:
    """`allowed` gives the registries to import from, `import_mode` the mode of tags that name none."""

    allowed: Callable[[], AllowedRegistries] = _allow_everything
    import_mode: Callable[[], str] = _legacy


NO_RULES: Final = ImageRules()
"""Everything is allowed, and nothing is chosen."""
