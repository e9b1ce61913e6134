"""Which manifest of a list stands for the whole list when a tag is imported in `Legacy` mode."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from imagestreams.api.annotations import PREFER_VARIANT
from imagestreams.api.image import ImageManifest

PREFER_ARCHITECTURE: Final = "importer.image.openshift.io/prefer-arch"
PREFER_OS: Final = "importer.image.openshift.io/prefer-os"


@dataclass(frozen=True)
class Platform:
    """An operating system and a processor architecture, in Go's names; an empty `variant` leaves it open."""

    os: str
    architecture: str
    variant: str = ""


LINUX_AMD64: Final = Platform("linux", "amd64")
STATEMENT: Final = Platform("unknown", "unknown")
# Who builds for 64-bit ARM names its first variant or leaves it out.
_UNNAMED: Final = {"arm64": "v8"}


def preferred_platform(annotations: Mapping[str, str] | None, server: Platform) -> Platform:
    """Return the platform that a tag's annotations ask for; what they leave open is the server's own."""
    asked = annotations or {}
    return Platform(
        asked.get(PREFER_OS) or server.os,
        asked.get(PREFER_ARCHITECTURE) or server.architecture,
        asked.get(PREFER_VARIANT) or "",
    )


def choose_manifest(manifests: Sequence[ImageManifest], preferred: Platform) -> ImageManifest | None:
    """Return the manifest of the preferred platform, else of linux/amd64, else the first; `None` of none.

    Architecture and operating system must both match. Of several that do, it is the one of the preferred variant, else
    the first: the real server knows no variants. Builders list statements about an image beside it, as of the platform
    unknown/unknown: these are never chosen.
    """
    manifests = [one for one in manifests if Platform(one.os, one.architecture) != STATEMENT]
    for wanted in (preferred, LINUX_AMD64):
        fitting = [one for one in manifests if (one.os, one.architecture) == (wanted.os, wanted.architecture)]
        for manifest in fitting:
            if wanted.variant and _variant(manifest.architecture, manifest.variant) == wanted.variant:
                return manifest
        if fitting:
            return fitting[0]
    return manifests[0] if manifests else None


def _variant(architecture: str, variant: str) -> str:
    return variant or _UNNAMED.get(architecture, "")
