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


_GO_ARCHITECTURES: Final = {
    "x86_64": "amd64",
    "aarch64": "arm64",
    "armv7l": "arm",
    "armv6l": "arm",
    "i686": "386",
    "i386": "386",
    "loongarch64": "loong64",
}


def server_platform(system: str, machine: str) -> Platform:
    """Return the platform that a server runs on, from the names that its operating system gives (`uname`)."""
    name = machine.lower()
    return Platform(system.lower() or LINUX_AMD64.os, _GO_ARCHITECTURES.get(name, name) or LINUX_AMD64.architecture)


def preferred_platform(annotations: Mapping[str, str] | None, server: Platform) -> Platform:
    """Return the platform that a tag's annotations ask for; what they leave open is the server's own."""
    asked = annotations or {}
    return Platform(asked.get(PREFER_OS) or server.os, asked.get(PREFER_ARCHITECTURE) or server.architecture)


def choose_manifest(manifests: Sequence[ImageManifest], preferred: Platform) -> ImageManifest | None:
    """Return the manifest of the preferred platform, else of linux/amd64, else the first; `None` of none.

    Architecture and operating system must both match; the variant does not count (as on the real server).
    """
    for wanted in (preferred, LINUX_AMD64):
        for manifest in manifests:
            if Platform(manifest.os, manifest.architecture) == wanted:
                return manifest
    return manifests[0] if manifests else None
