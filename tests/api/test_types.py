"""The types carry every recorded object without losing or inventing a field."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from imagestreams.api import codec, errors, image
from imagestreams.api.errors import FieldError
from imagestreams.api.meta import Status

TRANSCRIPTS = Path(__file__).parent.parent / "contract" / "transcripts"


def recorded_bodies() -> Iterator[Any]:
    for path in sorted(TRANSCRIPTS.glob("*.json")):
        for number, step in enumerate(json.loads(path.read_text())["steps"]):
            body = step.get("answer", {}).get("body") if "http" in step else None
            if isinstance(body, dict):
                yield pytest.param(body, id=f"{path.stem}-{number}")


@pytest.mark.parametrize("body", list(recorded_bodies()))
def test_a_recorded_object_survives_decoding_and_encoding_unchanged(body: dict[str, Any]) -> None:
    kind = Status if body["kind"] == "Status" else getattr(image, body["kind"], None)
    if kind is None:
        assert body["kind"] in {
            "APIGroup",
            "APIResourceList",
            "PartialObjectMetadataList",
            "Table",
            "SecretList",
        }
        return

    assert codec.to_dict(codec.from_dict(body, kind)) == body


@pytest.mark.parametrize("body", [p for p in recorded_bodies() if p.values[0]["kind"] == "Status"])
def test_a_recorded_not_found_is_what_the_constructor_makes(body: dict[str, Any]) -> None:
    if body.get("reason") != "NotFound" or not body["details"].get("name"):
        return
    details = body["details"]

    made = errors.not_found(details.get("group", ""), details["kind"], details["name"]).status

    assert codec.to_dict(made) == body


def test_several_field_errors_are_joined_and_each_is_a_cause() -> None:
    wrong = [FieldError.required("tag"), FieldError.invalid("metadata.name", "A", "must be small")]

    status = errors.invalid("image.openshift.io", "ImageStream", "A", wrong).status

    assert status.message == (
        'ImageStream.image.openshift.io "A" is invalid: '
        '[tag: Required value, metadata.name: Invalid value: "A": must be small]'
    )
    assert status.details is not None and len(status.details.causes or []) == 2
    assert status.code == 422
