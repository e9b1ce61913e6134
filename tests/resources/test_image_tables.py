"""The cells of the image group's tables."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from imagestreams.api.ages import ago
from imagestreams.api.codec import from_dict
from imagestreams.api.image import ImageStream, ImageTag
from imagestreams.resources.images.tables import image_tag_table, stream_table

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def stream_cells(*tags: str) -> list[Any]:
    histories = [{"tag": tag, "items": [{"created": "2026-01-01T23:59:57Z"}]} for tag in tags]
    stream = from_dict({"metadata": {"name": "s"}, "status": {"tags": histories}}, ImageStream)
    return list(stream_table(lambda: NOW).cells(stream))


def test_tags_are_listed_by_importance_as_many_as_fit() -> None:
    assert stream_cells("a", "1.0", "2.0", "latest")[2:] == ["latest,2.0,1.0,a", "3 seconds ago"]
    assert stream_cells(*(f"tag-{n:02}" for n in range(20)))[2] == "tag-00,tag-01,tag-02,tag-03,tag-04 + 15 more..."
    assert stream_cells("x" * 60, "y")[2] == "x" * 60 + " + 1 more..."


def tag_cells(spec: Any, status: Any) -> list[Any]:
    itag = from_dict({"metadata": {"name": "s:t"}, "spec": spec, "status": status}, ImageTag)
    return list(image_tag_table(lambda: NOW).cells(itag))


def source(kind: str, name: str, **more: Any) -> dict[str, Any]:
    return {"name": "t", "generation": 2, "from": {"kind": kind, "name": name}, **more}


def event(image: str, generation: int) -> dict[str, Any]:
    return {"tag": "t", "items": [{"image": image, "generation": generation, "dockerImageReference": "reg/x:1"}]}


FAILED = {"type": "ImportSuccess", "status": "False", "reason": "NotFound"}


@pytest.mark.parametrize(
    ("spec", "status", "cells"),
    [
        (source("DockerImage", "reg/x:1"), None, ["Tag", "reg/x:1", None]),
        (source("DockerImage", "reg/x:1"), event("i", 2), ["Tag", "image/i", 1]),
        (source("DockerImage", "reg/x:1"), event("i", 1), ["Tag", "Importing", 1]),
        (source("DockerImage", "reg/x:1"), event("i", 3), ["Push", "image/i", 1]),
        (
            source("DockerImage", "reg/x:1"),
            {"tag": "t", "conditions": [FAILED]},
            ["Tag", "ImportFailed (NotFound)", None],
        ),
        (source("DockerImage", "x", importPolicy={"scheduled": True}), None, ["Scheduled", "x", None]),
        (source("DockerImage", "x", reference=True), event("", 2), ["Ref", "reg/x:1", 1]),
        (source("ImageStreamTag", "other"), event("i", 5), ["Track", "image/i", 1]),
        (source("ImageStreamTag", "s:other"), None, ["Tag", "istag/s:other", None]),
        (source("ImageStreamImage", "s@abc"), None, ["Tag", "image/abc", None]),
        (source("ImageStreamImage", "s"), None, ["Tag", "InvalidRefName", None]),
        (source("Nope", "s"), None, ["Tag", "InvalidRefKind", None]),
        (None, event("i", 1), ["Push", "image/i", 1]),
        (None, None, ["", "", None]),
    ],
)
def test_an_image_tag_says_what_is_wanted_and_what_is(spec: Any, status: Any, cells: list[Any]) -> None:
    assert tag_cells(spec, status)[1:4] == cells


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "Less than a second ago"),
        (1, "1 second ago"),
        (59, "59 seconds ago"),
        (60, "About a minute ago"),
        (7200, "2 hours ago"),
        (3600, "About an hour ago"),
        (3 * 86400, "3 days ago"),
        (20 * 86400, "2 weeks ago"),
        (100 * 86400, "3 months ago"),
        (800 * 86400, "2 years ago"),
    ],
)
def test_ages_are_told_in_words(seconds: int, words: str) -> None:
    assert ago(NOW - timedelta(seconds=seconds), NOW) == words


def test_what_never_happened_is_as_old_as_go_can_tell() -> None:
    assert ago(None, NOW) == "292 years ago"
