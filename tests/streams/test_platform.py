"""One manifest of a list is picked for a tag that is imported in `Legacy` mode."""

import pytest

from imagestreams.api.annotations import PREFER_VARIANT
from imagestreams.api.image import ImageManifest
from imagestreams.streams.platform import (
    LINUX_AMD64,
    PREFER_ARCHITECTURE,
    PREFER_OS,
    Platform,
    choose_manifest,
    preferred_platform,
)


def listed(*platforms: str) -> list[ImageManifest]:
    parts = ([*platform.split("/"), ""][:3] for platform in platforms)
    return [
        ImageManifest(digest="/".join(one).rstrip("/"), os=one[0], architecture=one[1], variant=one[2]) for one in parts
    ]


@pytest.mark.parametrize(
    ("platforms", "preferred", "chosen"),
    [
        (["linux/arm64", "linux/s390x"], Platform("linux", "s390x"), "linux/s390x"),
        (["linux/arm64", "linux/amd64"], Platform("linux", "s390x"), "linux/amd64"),
        (["windows/amd64", "linux/amd64"], LINUX_AMD64, "linux/amd64"),
        (["linux/arm64", "linux/ppc64le"], LINUX_AMD64, "linux/arm64"),
        (["linux/arm/v6", "linux/arm/v7"], Platform("linux", "arm", "v7"), "linux/arm/v7"),
        (["linux/arm/v6", "linux/arm/v7"], Platform("linux", "arm"), "linux/arm/v6"),
        (["linux/arm/v6", "linux/arm/v7"], Platform("linux", "arm", "v5"), "linux/arm/v6"),
        (["linux/arm64/v9", "linux/arm64"], Platform("linux", "arm64", "v8"), "linux/arm64"),
    ],
)
def test_preference_then_linux_amd64_then_the_first(platforms: list[str], preferred: Platform, chosen: str) -> None:
    found = choose_manifest(listed(*platforms), preferred)

    assert found is not None and found.digest == chosen


def test_an_empty_list_has_nothing_to_choose() -> None:
    assert choose_manifest([], LINUX_AMD64) is None


def test_annotations_override_the_servers_platform_one_by_one() -> None:
    server = Platform("linux", "arm64")

    assert preferred_platform(None, server) == server
    assert preferred_platform({PREFER_ARCHITECTURE: "s390x"}, server) == Platform("linux", "s390x")
    assert preferred_platform({PREFER_OS: "windows"}, server) == Platform("windows", "arm64")
    assert preferred_platform({PREFER_ARCHITECTURE: "arm", PREFER_VARIANT: "v6"}, server) == Platform(
        "linux", "arm", "v6"
    )
