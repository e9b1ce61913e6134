"""Which images of workloads stand for a stream's tag, and for what."""

from typing import Any

import pytest

from imagestreams.api.codec import from_dict
from imagestreams.api.image import ImageStream
from imagestreams.streams.image_lookup import looked_up

DIGEST = "sha256:" + "a" * 64
PULL_SPEC = f"registry.example.com/team/app@{DIGEST}"


def stream(local: bool = True, repository: str = "own.example.com/ns/app", policy: str = "Source") -> ImageStream:
    spec_tag: dict[str, Any] = {"name": "prod", "referencePolicy": {"type": policy}}
    event = {
        "image": DIGEST,
        "dockerImageReference": "registry.example.com/team/app:1.0",
        "created": None,
        "generation": 1,
    }
    tracked = {
        "image": "",
        "dockerImageReference": "registry.example.com/team/app:2.0",
        "created": None,
        "generation": 1,
    }
    body = {
        "metadata": {"name": "app", "namespace": "ns"},
        "spec": {"lookupPolicy": {"local": local}, "tags": [spec_tag]},
        "status": {
            "dockerImageRepository": repository,
            "tags": [
                {"tag": "prod", "items": [event]},
                {"tag": "latest", "items": [event]},
                {"tag": "plain", "items": [tracked]},
            ],
        },
    }
    return from_dict(body, ImageStream)


def found(image: str, *, everything: bool = False, known: bool = True, **options: Any) -> str | None:
    streams = {"app": stream(**options)}
    return looked_up(image, streams.get, lambda name: known, everything=everything)


@pytest.mark.parametrize("image", ["app:prod", "app", "app:latest"])
def test_the_name_of_a_stream_or_tag_stands_for_the_pull_spec_of_its_image(image: str) -> None:
    assert found(image) == PULL_SPEC


@pytest.mark.parametrize(
    "image",
    [
        "team/app:prod",
        "registry.example.com/app:prod",
        "localhost/app:prod",
        f"app@{DIGEST}",
        "other:prod",
        "APP:prod",
        "app:",
        "",
        "app prod",
    ],
)
def test_anything_else_stands_for_itself(image: str) -> None:
    assert found(image) is None


def test_a_tag_whose_image_is_gone_stands_for_itself() -> None:
    assert found("app:prod", known=False) is None


def test_a_stream_that_does_not_allow_it_is_not_looked_at() -> None:
    assert found("app:prod", local=False) is None


@pytest.mark.parametrize(
    "image", ["app:prod", "team/app:prod", "mirror.example.com:5000/team/app:prod", "docker.io/app"]
)
def test_a_workload_can_have_all_its_images_looked_up_by_their_last_name(image: str) -> None:
    assert found(image, local=False, everything=True) == PULL_SPEC


@pytest.mark.parametrize("image", [f"mirror.example.com/app@{DIGEST}", "mirror.example.com/other:prod"])
def test_then_too_what_is_pinned_or_not_there_stands_for_itself(image: str) -> None:
    assert found(image, everything=True) is None


def test_a_local_reference_policy_gives_our_own_registry() -> None:
    assert found("app:prod", policy="Local") == f"own.example.com/ns/app@{DIGEST}"


@pytest.mark.parametrize("tag", ["missing", "plain"])
def test_a_tag_without_an_image_is_still_the_streams(tag: str) -> None:
    assert found(f"app:{tag}") == f"own.example.com/ns/app:{tag}"
    assert found(f"app:{tag}", repository="") is None
    assert found(f"app:{tag}", local=False) is None
    assert found(f"app:{tag}", local=False, everything=True) == f"own.example.com/ns/app:{tag}"
