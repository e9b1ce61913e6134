"""Which manifest of a list stands for the whole list when a tag is imported in `Legacy` mode."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from imagestreams.api.image import ImageManifest

PREFER_ARCHITECTURE: Final = "importer.image.openshift.io/prefer-arch"
PREFER_OS: Final = "importer.image.openshift.io/prefer-os"


@dataclass(frozen=True)
class Platform:
    """An operating system and a processor architecture, in Go's names."""

    os: str
    architecture: str


LINUX_AMD64: Final = Platform("linux", "amd64")
STATEMENT: Final = Platform("unknown", "unknown")


def preferred_platform(annotations: Mapping[str, str] | None, server: Platform) -> Platform:
    """Return the platform that a tag's annotations ask for; what they leave open is the server's own."""
    asked = annotations or {}
    return Platform(asked.get(PREFER_OS) or server.os, asked.get(PREFER_ARCHITECTURE) or server.architecture)


def choose_manifest(manifests: Sequence[ImageManifest], preferred: Platform) -> ImageManifest | None:
    """Return the manifest of the preferred platform, else of linux/amd64, else the first; `None` of none.

    Architecture and operating system must both match; the variant does not count (as on the real server). Builders
    list statements about an image beside it, as of the platform unknown/unknown: these are never chosen.
    """
    manifests = [one for one in manifests if Platform(one.os, one.architecture) != STATEMENT]
    for wanted in (preferred, LINUX_AMD64):
        for manifest in manifests:
            if Platform(manifest.os, manifest.architecture) == wanted:
                return manifest
    return manifests[0] if manifests else None
