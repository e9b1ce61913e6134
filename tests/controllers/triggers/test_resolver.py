"""Where a tag's image is pulled from, as its followers get it."""

from typing import Any

import pytest

from imagestreams.api.codec import from_dict
from imagestreams.api.image import ImageStream
from imagestreams.controllers.triggers.controller import resolver
from imagestreams.triggers.reaction import StreamTag

DIGEST = "sha256:" + "1" * 64
UPSTREAM = f"quay.io/team/app@{DIGEST}"


async def stored(room: Any, policy: str | None) -> None:
    wish = {"name": "stable", "referencePolicy": {"type": policy}} if policy else {"name": "another"}
    value = {
        "metadata": {"name": "app", "namespace": "shop"},
        "spec": {"tags": [wish]},
        "status": {
            "dockerImageRepository": "our.registry:5000/shop/app",
            "tags": [{"tag": "stable", "items": [{"dockerImageReference": UPSTREAM, "image": DIGEST}]}],
        },
    }
    await room.streams.create(from_dict(value, ImageStream))


@pytest.mark.parametrize(
    "policy, image",
    [("Source", UPSTREAM), (None, UPSTREAM), ("Local", f"our.registry:5000/shop/app@{DIGEST}")],
)
async def test_the_reference_policy_of_the_tag_counts(room: Any, policy: str | None, image: str) -> None:
    await stored(room, policy)

    assert resolver(room.streams)(StreamTag("shop", "app", "stable")) == image


async def test_a_tag_or_stream_that_is_not_there_has_no_image(room: Any) -> None:
    await stored(room, "Local")
    resolve = resolver(room.streams)

    assert resolve(StreamTag("shop", "app", "none")) is None
    assert resolve(StreamTag("shop", "none", "stable")) is None
    assert resolve(StreamTag("elsewhere", "app", "stable")) is None
