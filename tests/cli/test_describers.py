"""Descriptions of image streams and images, held against what `oc` printed for the same recorded objects."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from imagestreams.cli.describers.image import describe_image
from imagestreams.cli.describers.image_stream import describe_image_stream
from imagestreams.cli.describers.tag_order import most_important_first

TRANSCRIPTS = Path(__file__).parents[1] / "contract" / "transcripts"
NOW = datetime(2026, 11, 24, 2, 19, 30, tzinfo=UTC)
AGES = re.compile(r"Less than a second ago|About an? \w+ ago|\d+ \w+ ago")


def recorded(transcript: str, step: int) -> Any:
    """The answer of a recorded step: the body of a request, the standard output of a command."""
    answer = json.loads((TRANSCRIPTS / f"{transcript}.json").read_text())["steps"][step]["answer"]
    return answer["body"] if "body" in answer else answer["stdout"]


def ageless(text: str) -> str:
    return AGES.sub("<age> ago", text)


@pytest.mark.parametrize(
    ("transcript", "described", "fetched"),
    [
        ("import-basic", 10, 4),  # one tag
        ("import-basic", 14, 13),  # a failed import beside it
        ("tag-forms", 5, 4),  # history, and the order of versions
        ("tag-forms", 20, 19),  # a tag that tracks another, a scheduled one
    ],
)
def test_a_stream_is_described_to_the_character_as_oc_does(transcript: str, described: int, fetched: int) -> None:
    text = describe_image_stream(recorded(transcript, fetched), NOW)

    assert ageless(text) == ageless(recorded(transcript, described))


def test_a_stream_in_the_middle_of_an_import_report_reads_the_same() -> None:
    report = ageless(recorded("import-multiarch", 5))

    text = describe_image_stream(recorded("import-multiarch", 6), NOW)

    assert f"imported\n\n{ageless(text)}\nImage Name:" in report


@pytest.mark.parametrize(
    ("transcript", "described", "fetched"),
    [
        ("import-basic", 11, 5),  # layers, labels, environment, volumes
        ("import-multiarch", 4, 2),  # a manifest list
    ],
)
def test_an_image_is_described_to_the_character_as_oc_does(transcript: str, described: int, fetched: int) -> None:
    image = recorded(transcript, fetched)["image"]

    text = describe_image(image, image["metadata"]["name"], NOW)

    assert ageless(text) == ageless(recorded(transcript, described))


@pytest.mark.parametrize(("report", "fetched", "name"), [(8, 9, "busybox:oci"), (10, 11, "arm:latest")])
def test_an_image_in_an_import_report_goes_by_the_name_of_its_tag(report: int, fetched: int, name: str) -> None:
    text = describe_image(recorded("import-multiarch", fetched)["image"], name, NOW)

    assert ageless(recorded("import-multiarch", report)).endswith(f"\n{ageless(text)}\n\n")


def test_a_stream_without_tags_says_so() -> None:
    stream = {
        "metadata": {"name": "empty", "namespace": "ns", "creationTimestamp": "2026-11-24T02:18:30Z"},
        "spec": {"lookupPolicy": {"local": True}},
        "status": {"dockerImageRepository": "registry/ns/empty"},
    }

    assert describe_image_stream(stream, NOW) == (
        "Name:\t\t\tempty\n"
        "Namespace:\t\tns\n"
        "Created:\t\tAbout a minute ago\n"
        "Labels:\t\t\t<none>\n"
        "Annotations:\t\t<none>\n"
        "Image Repository:\tregistry/ns/empty\n"
        "Image Lookup:\t\tlocal=true\n"
        "Tags:\t\t\t<none>\n"
    )


def a_stream(*tags: dict[str, Any], status: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {"metadata": {"name": "s", "namespace": "ns"}, "spec": {"tags": list(tags)}, "status": {"tags": status}}


def tags_section(stream: dict[str, Any]) -> str:
    return describe_image_stream(stream, NOW).partition("\n\n")[2]


@pytest.mark.parametrize(
    ("tag", "line"),
    [
        ({}, "tag without source image"),
        ({"from": {"kind": "DockerImage", "name": "a:1"}, "reference": True}, "reference to registry a:1"),
        ({"from": {"kind": "ImageStreamTag", "name": "other:1", "namespace": "far"}}, "tagged from far/other:1"),
        ({"from": {"kind": "ImageStreamTag", "name": "o:1"}, "reference": True}, "reference to o:1"),
        (
            {"from": {"kind": "ImageStreamTag", "name": "o:1"}, "importPolicy": {"scheduled": True}},
            "updates automatically from o:1",
        ),
        ({"from": {"kind": "ImageStreamImage", "name": "o@x"}, "reference": True}, "reference to image o@x"),
        ({"from": {"kind": "Odd", "name": "o"}}, "updates from Odd o"),
        ({"from": {"kind": "Odd", "name": "o"}, "reference": True}, "reference to Odd o"),
    ],
)
def test_each_kind_of_source_has_its_words(tag: dict[str, Any], line: str) -> None:
    assert tags_section(a_stream({"name": "t", **tag})) == f"t\n  {line}\n\n"


def test_a_tag_that_only_has_a_history_says_that_nobody_wants_it() -> None:
    pushed = {
        "tag": "old",
        "items": [{"dockerImageReference": "r/ns/s@sha256:1", "image": "sha256:0", "created": None}],
    }

    assert tags_section(a_stream(status=[pushed])) == "old\n  no spec tag\n\n  * r/ns/s@sha256:1\n      292 years ago\n"


def test_an_image_that_its_pull_spec_does_not_name_is_shown_beside_the_age() -> None:
    digest = "sha256:" + "a" * 64
    item = {"dockerImageReference": "r/ns/s:latest", "image": digest, "created": "2026-11-24T02:19:00Z"}

    assert f"      30 seconds ago\t{digest}\n" in tags_section(a_stream(status=[{"tag": "t", "items": [item]}]))


def test_a_tag_whose_source_is_newer_than_its_image_is_being_imported() -> None:
    source = {"kind": "DockerImage", "name": "a:1"}
    history = {"tag": "t", "items": [{"dockerImageReference": "a@x", "image": "", "generation": 1}]}

    stale = a_stream({"name": "t", "from": source, "generation": 2}, status=[history])
    failed = a_stream(
        {"name": "t", "from": source, "generation": 2},
        status=[history | {"conditions": [{"type": "ImportSuccess", "status": "False", "generation": 2}]}],
    )

    assert "  ~ importing latest image ...\n" in tags_section(stale)
    assert "importing" not in tags_section(failed)


def test_what_a_catalogue_says_of_a_tag_is_shown() -> None:
    annotations = {"description": "Py", "tags": "a,b", "supports": "x,y", "sampleRepo": "https://e.x", "other": "-"}

    text = tags_section(a_stream({"name": "t", "annotations": annotations}))

    assert text.endswith("\n\n  Py\n  Tags: a, b\n  Supports: x, y\n  Example Repo: https://e.x\n\n")


def test_tags_that_lead_in_a_circle_stand_for_themselves() -> None:
    def tracking(name: str, other: str) -> dict[str, Any]:
        return {"name": name, "from": {"kind": "ImageStreamTag", "name": other}}

    text = tags_section(a_stream(tracking("a", "b"), tracking("b", "s:a"), tracking("c", "gone")))

    assert [line for line in text.splitlines() if line and line[0] != " "] == ["a", "b", "c"]


def test_an_image_never_built_was_built_for_ever_ago() -> None:
    text = describe_image({"metadata": {"name": "x"}, "dockerImageMetadata": {"Created": None}}, "", NOW)

    assert text == (
        "Docker Image:\t<none>\nName:\t\tx\nLayer Size:\t0B\nImage Created:\t292 years ago\nAuthor:\t\t<none>\n"
        "Arch:\t\t<none>\nCommand:\t<none>\nWorking Dir:\t<none>\nUser:\t\t<none>\nExposes Ports:\t<none>\n"
        "Docker Labels:\t<none>\n"
    )


def test_signatures_are_listed_with_what_is_known_of_their_issuer() -> None:
    verified = {
        "metadata": {"name": "sha256:1@b"},
        "type": "atomic",
        "issuedBy": {"commonName": "Ann"},
        "conditions": [{"type": "Trusted", "message": "ok", "lastProbeTime": "2026-11-24T02:19:00Z"}],
    }
    image = {
        "metadata": {"name": "x"},
        "signatures": [{"metadata": {"name": "sha256:1@a"}, "type": "atomic"}, verified],
    }

    lines = [line.split("\t") for line in describe_image(image, "", NOW).splitlines()]
    words = [[cell for cell in line if cell.strip()] for line in lines]

    assert words[3:11] == [
        ["Image Signatures:"],
        ["Name:", "sha256:1@a"],
        ["Type:", "atomic"],
        ["Status:", "Unverified"],
        ["Image Signatures:"],
        ["Name:", "sha256:1@b"],
        ["Type:", "atomic"],
        ["Status:", "Verified"],
    ]
    assert words[12] == [":", "Signature is Trusted (ok on 2026-11-24 02:19:00 +0000 UTC)"]


def test_a_label_of_a_foreign_image_cannot_drive_the_terminal() -> None:
    image = {"metadata": {"name": "x"}, "dockerImageMetadata": {"Config": {"Labels": {"a": "\x1b[2Jgone\r"}}}}

    assert "a=^[[2Jgone\\r\n" in describe_image(image, "", NOW)


def test_tags_are_ordered_as_a_reader_wants_them() -> None:
    given = ["z", "3.6.0", "3.7", "v3.7", "latest", "3.6", "3.7-rc1", "3.6.0-rc.2", "3.6.0-rc.10", "a", "03.1", "10.0"]

    ordered = most_important_first(given)

    assert ordered == [
        *["latest", "10.0", "3.7", "v3.7", "3.7-rc1", "3.6"],
        *["3.6.0", "3.6.0-rc.10", "3.6.0-rc.2"],
        *["03.1", "a", "z"],
    ]
