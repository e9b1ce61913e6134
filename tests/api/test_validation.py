"""Objects that the real server refuses are refused here with the same words."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from imagestreams.api import codec, errors
from imagestreams.api.defaulting import (
    default_image,
    default_image_stream,
    default_image_stream_import,
    default_image_stream_mapping,
)
from imagestreams.api.errors import FieldError
from imagestreams.api.image import Image, ImageStream, ImageStreamImport, ImageStreamMapping
from imagestreams.api.validation import (
    validate_image_stream,
    validate_image_stream_import,
    validate_image_stream_mapping,
)

TRANSCRIPTS = Path(__file__).parent.parent / "contract" / "transcripts"


def _default_mapping(mapping: ImageStreamMapping) -> None:
    default_image_stream_mapping(mapping)
    # The server, which knows its registry, says where an image is that came without a pull spec.
    mapping.image.docker_image_reference = mapping.image.docker_image_reference or "registry/ns/m"


RULES: dict[str, tuple[type, Callable[[Any], None], Callable[[Any], list[FieldError]]]] = {
    "ImageStream": (ImageStream, default_image_stream, validate_image_stream),
    "ImageStreamImport": (ImageStreamImport, default_image_stream_import, validate_image_stream_import),
    "ImageStreamMapping": (ImageStreamMapping, _default_mapping, validate_image_stream_mapping),
}
NEEDS_OTHER_OBJECTS = "Internal error: imagestreams"


def recorded_creations() -> list[Any]:
    found = []
    for path in sorted(TRANSCRIPTS.glob("*.json")):
        transcript = json.loads(path.read_text())
        for number, step in enumerate(transcript["steps"]):
            body = step.get("body")
            if step.get("http", [""])[0] == "POST" and isinstance(body, dict) and body["kind"] in RULES:
                answer = step["answer"]
                if answer["code"] in {201, 422} and NEEDS_OTHER_OBJECTS not in json.dumps(answer):
                    found.append(pytest.param(transcript["namespace"], body, answer, id=f"{path.stem}-{number}"))
    return found


@pytest.mark.parametrize(("namespace", "body", "answer"), recorded_creations())
def test_a_recorded_creation_is_accepted_or_refused_as_recorded(
    namespace: str, body: dict[str, Any], answer: dict[str, Any]
) -> None:
    kind, default, validate = RULES[body["kind"]]
    given: Any = codec.from_dict(body, kind)
    given.metadata.namespace = namespace

    default(given)
    found = validate(given)

    if answer["code"] == 201:
        assert found == []
    else:
        made = errors.invalid("image.openshift.io", body["kind"], given.metadata.name, found)
        assert codec.to_dict(made.status) == answer["body"]


def test_spec_tags_are_sorted_and_the_last_of_two_with_one_name_wins() -> None:
    body = {"spec": {"tags": [{"name": "b"}, {"name": "a"}, {"name": "b", "reference": True}]}}
    stream = codec.from_dict(body, ImageStream)

    default_image_stream(stream)

    assert [(tag.name, tag.reference) for tag in stream.spec.tags or []] == [("a", False), ("b", True)]


@pytest.mark.parametrize("created", [None, "0001-01-01T00:00:00Z"])
def test_an_image_without_creation_time_shows_null(created: str | None) -> None:
    image = Image(docker_image_metadata={"Created": created})

    default_image(image)

    assert image.docker_image_metadata is not None and image.docker_image_metadata["Created"] is None


def test_metadata_of_an_image_is_served_in_the_order_of_the_go_types_and_without_fractions() -> None:
    sent = {
        "Size": 5,
        "Config": {"Env": ["A=1"], "User": "u", "Cmd": []},
        "Created": "2024-05-06T07:08:09.123Z",
    }
    image = Image(docker_image_metadata=sent)

    default_image(image)

    assert json.dumps(image.docker_image_metadata) == json.dumps(
        {
            "kind": "DockerImage",
            "apiVersion": "image.openshift.io/1.0",
            "Id": "",
            "Created": "2024-05-06T07:08:09Z",
            "ContainerConfig": {},
            "Config": {"User": "u", "Env": ["A=1"]},
            "Size": 5,
        }
    )
