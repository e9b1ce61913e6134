"""How users say how often something is checked, and what is refused."""

from typing import Any

import pytest

from imagestreams.api.annotations import IMPORT_INTERVAL
from imagestreams.api.codec import from_dict
from imagestreams.api.image import ImageStream
from imagestreams.streams.annotation_rules import validate_annotations
from imagestreams.streams.import_interval import (
    RULE,
    UnusableInterval,
    read_interval_s,
    repository_interval_s,
    tag_interval_s,
)


def stream(own: str | None = None, of_stream: str | None = None, **notes: str) -> ImageStream:
    tag: dict[str, Any] = {"name": "a"}
    if own is not None:
        tag["annotations"] = {IMPORT_INTERVAL: own}
    annotations = {**notes, **({} if of_stream is None else {IMPORT_INTERVAL: of_stream})}
    return from_dict({"metadata": {"annotations": annotations}, "spec": {"tags": [tag]}}, ImageStream)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("30", 30), (" 45 ", 45), ("1m30s", 90), ("15m", 900), ("1.5h", 5400), ("24h", 86400), ("+1m", 60)],
)
def test_durations_and_seconds_are_understood(text: str, seconds: float) -> None:
    assert read_interval_s(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "29s", "0", "-15m", "29", "15", "soon", "15 m", "1d", "9000h", "1e3", "٣٠٠", "nan", "inf", "9" * 400]
)
def test_anything_else_is_refused_with_the_rule(text: str) -> None:
    with pytest.raises(UnusableInterval, match="must be a duration such as 90s, 15m or 1h30m"):
        read_interval_s(text)


def test_the_tags_own_interval_wins_then_the_streams_then_the_servers() -> None:
    def of_tag(one: ImageStream) -> float:
        assert one.spec.tags is not None
        return tag_interval_s(one, one.spec.tags[0], 900)

    assert of_tag(stream("60s", "2m")) == 60
    assert of_tag(stream(None, "2m")) == 120
    assert of_tag(stream()) == 900
    assert of_tag(stream("soon", "2m")) == 120
    assert repository_interval_s(stream("60s", "2m"), 900) == 120


def test_what_is_wrong_is_said_with_its_field() -> None:
    [of_tag] = validate_annotations(stream("5s"))
    [of_stream] = validate_annotations(stream(None, "never"))
    [switch] = validate_annotations(stream(**{"imagestreams.dev/scheduled": "yes"}))

    assert str(of_tag) == f'spec.tags[a].annotations[{IMPORT_INTERVAL}]: Invalid value: "5s": {RULE}'
    assert str(of_stream) == f'metadata.annotations[{IMPORT_INTERVAL}]: Invalid value: "never": {RULE}'
    assert of_tag.reason == "FieldValueInvalid"
    assert str(switch).endswith('[imagestreams.dev/scheduled]: Invalid value: "yes": must be true or false')
    assert validate_annotations(stream("1m", "1h", **{"imagestreams.dev/scheduled": "true"})) == []


def test_what_was_there_before_is_not_questioned() -> None:
    assert validate_annotations(stream("5s"), stream("5s")) == []
    assert len(validate_annotations(stream("6s"), stream("5s"))) == 1
