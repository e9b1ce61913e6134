"""What `isctl tag` asks for and says, without a server."""

from typing import Any

import pytest

from imagestreams.cli.errors import CliError
from imagestreams.cli.streams.tag_wishes import (
    TagFlags,
    check,
    check_tag_name,
    current_image,
    destinations_of,
    image_stream_tag,
    source_of,
    told,
    with_tag,
    without_tag,
)

DIGEST = "sha256:" + "a" * 64


def plan(origin: str, *destinations: str, **flags: Any) -> list[tuple[dict[str, Any], str]]:
    """The tags that a command line sets, each with the line printed for it."""
    given = TagFlags(**flags)
    resolved = source_of(origin, given, "here")
    to = destinations_of(destinations, "here")
    check(given, resolved, to, "here")
    return [(image_stream_tag(given, resolved, one, "here")["tag"], told(given, resolved, one, "here")) for one in to]


def refusal(origin: str, *destinations: str, **flags: Any) -> str:
    with pytest.raises(CliError) as caught:
        plan(origin, *destinations, **flags)
    return caught.value.message


def test_a_pull_spec_is_imported() -> None:
    [(tag, line)] = plan("docker.io/python:3.6.0", "python:3.6", insecure=True)

    assert line == "Tag python:3.6 set to docker.io/python:3.6.0."
    assert tag == {
        "name": "3.6",
        "from": {"kind": "DockerImage", "name": "docker.io/python:3.6.0"},
        "generation": 0,
        "importPolicy": {"insecure": True},
        "referencePolicy": {"type": "Source"},
    }


def test_a_scheduled_tag_says_so_here_and_elsewhere() -> None:
    [(tag, here), (_, there)] = plan("docker.io/a/b:1", "s:1", "far/s:1", scheduled=True)

    assert tag["importPolicy"] == {"scheduled": True}
    assert here == "Tag s:1 set to import docker.io/a/b:1 periodically."
    assert there == "Tag far/s:1 set to docker.io/a/b:1 periodically."


def test_an_image_of_a_stream_is_named_by_digest() -> None:
    [(near, _), (far, line)] = plan(f"python@{DIGEST}", "s:1", "far/s:1")

    assert near["from"] == {"kind": "ImageStreamImage", "name": f"python@{DIGEST}"}
    assert far["from"] == {"kind": "ImageStreamImage", "name": f"python@{DIGEST}", "namespace": "here"}
    assert line == f"Tag far/s:1 set to python@{DIGEST}."


def test_the_source_may_be_in_another_namespace() -> None:
    [(tag, line)] = plan(f"openshift/ruby@{DIGEST}", "ruby:tip")

    assert tag["from"] == {"kind": "ImageStreamImage", "name": f"ruby@{DIGEST}", "namespace": "openshift"}
    assert line == f"Tag ruby:tip set to openshift/ruby@{DIGEST}."


def test_an_alias_tracks_a_tag_of_its_stream() -> None:
    [(tag, line)] = plan("python:3.6", "python:stable", alias=True)

    assert tag["from"] == {"kind": "ImageStreamTag", "name": "python:3.6"}
    assert line == "Tag python:stable set up to track python:3.6."


def test_the_kind_of_source_can_be_told() -> None:
    [(docker, _)] = plan("openshift/origin:latest", "s:1", source="docker")
    [(tag, _)] = plan("library/ruby:1", "ruby:2", source="istag", alias=True)

    assert docker["from"] == {"kind": "DockerImage", "name": "openshift/origin:latest"}
    assert tag["from"] == {"kind": "ImageStreamTag", "name": "ruby:1", "namespace": "here"}


def test_reference_and_modes_are_passed_on() -> None:
    flags = {"reference": True, "reference_policy": "local", "import_mode": "PreserveOriginal"}

    [(tag, _)] = plan("quay.io/a/b", "s:1", **flags)

    assert tag["reference"] is True
    assert tag["referencePolicy"] == {"type": "Local"}
    assert tag["importPolicy"] == {"importMode": "PreserveOriginal"}
    assert tag["from"]["name"] == "quay.io/a/b"


@pytest.mark.parametrize(
    ("source", "destination", "flags", "text"),
    [
        (
            "a:1",
            "a:2",
            {"source": "wrong"},
            'invalid source "wrong"; valid values are docker, dockerimage, imagestreamimage, imagestreamtag, isimage, '
            "istag\nSee 'isctl tag -h' for help and examples",
        ),
        ("UPPER:1", "a:2", {}, "invalid SOURCE: repository name must be lowercase"),
        (
            "r.io/a:1",
            "a:2",
            {"source": "istag"},
            "server in SOURCE is only allowed when providing a container image",
        ),
        ("a", "a:2", {"source": "istag"}, "--source=ImageStreamTag requires a valid <name>:<tag> in SOURCE"),
        ("a:1", "a:2", {"source": "isimage"}, "--source=ImageStreamImage requires a valid <name>@<id> in SOURCE"),
        ("a:1", "a/b/c:2", {}, 'invalid image stream "a/b/c:2"'),
        ("a:1", "/c:2", {}, 'invalid namespace "" for image stream "/c:2"'),
        ("a:1", "c/", {}, 'invalid name "" for image stream "c/"'),
        ("a:1", "a:2", {"reference_policy": "x"}, "reference policy must be set to 'source' or 'local'"),
        ("a:1", "a:2", {"scheduled": True}, "only container images can have importing flags set"),
        ("a:1", "b:2", {"alias": True}, "cannot set alias across different Image Streams"),
        ("a:1", "far/a:2", {"alias": True}, "cannot set alias across different Image Streams"),
        ("a:1", "a", {"alias": True}, '"a" must be of the form <stream_name>:<tag>'),
        ("a:1", "a:2", {"import_mode": "x"}, "valid ImportMode values are Legacy or PreserveOriginal"),
        (
            "r.io/a:1",
            "a:2",
            {"alias": True, "insecure": True},
            "cannot set a container image tag as an alias and also set import flags",
        ),
    ],
)
def test_contradictions_are_refused(source: str, destination: str, flags: dict[str, Any], text: str) -> None:
    assert refusal(source, destination, **flags) == text


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        ({"alias": True}, "--alias and --delete may not be both specified"),
        ({"source": "istag"}, "cannot specify a source kind when deleting"),
        ({"insecure": True}, "cannot set flags for importing images when deleting a tag"),
        ({"import_mode": "Legacy"}, "cannot specify an import mode when deleting"),
    ],
)
def test_flags_for_setting_make_no_sense_when_deleting(flags: dict[str, Any], text: str) -> None:
    with pytest.raises(CliError) as caught:
        check(TagFlags(delete=True, **flags), None, destinations_of(["a:1"], "here"), "here")

    assert caught.value.message == text


@pytest.mark.parametrize("tag", ["", "-a", ".a", "a" * 129, "a b", "a%b", "ä"])
def test_a_tag_that_no_registry_takes_is_refused(tag: str) -> None:
    with pytest.raises(CliError, match=r"tags must start with an alphanumeric character"):
        check_tag_name(tag)


def test_a_source_tag_stands_for_the_image_that_it_points_to() -> None:
    stream = {"status": {"tags": [{"tag": "1", "items": [{"image": DIGEST, "dockerImageReference": "r.io/a@x"}]}]}}

    image = current_image(stream, source_of("a:1", TagFlags(), "here"), "a:1")

    assert (image.kind, image.ref.exact()) == ("ImageStreamImage", f"a@{DIGEST}")


def test_a_source_tag_that_was_never_imported_stands_for_its_pull_spec() -> None:
    stream = {"status": {"tags": [{"tag": "1", "items": [{"image": "", "dockerImageReference": "r.io/a:9"}]}]}}

    image = current_image(stream, source_of("a:1", TagFlags(), "here"), "a:1")

    assert (image.kind, image.ref.exact()) == ("DockerImage", "r.io/a:9")


def test_a_source_tag_without_an_image_is_no_source() -> None:
    with pytest.raises(CliError) as caught:
        current_image({"status": {}}, source_of("a:1", TagFlags(), "here"), "a:1")

    assert caught.value.message == '"a:1" is not currently pointing to an image, cannot use it as the source of a tag'


def test_where_only_streams_can_be_written_the_tag_is_put_into_the_spec() -> None:
    [there] = destinations_of(["a:2"], "here")
    stream = {"metadata": {"name": "a", "resourceVersion": "5"}, "spec": {"tags": [{"name": "1"}, {"name": "2"}]}}

    replaced = with_tag(stream, {"name": "2", "from": {}}, there)
    added = with_tag({**stream, "spec": {}}, {"name": "2"}, there)
    made = with_tag(None, {"name": "2"}, there)

    assert replaced["spec"]["tags"] == [{"name": "1"}, {"name": "2", "from": {}}]
    assert replaced["metadata"]["resourceVersion"] == "5"
    assert added["spec"]["tags"] == made["spec"]["tags"] == [{"name": "2"}]
    assert without_tag(stream, there)["spec"]["tags"] == [{"name": "1"}]
    with pytest.raises(CliError, match=r"destination tag here/a:2 does not exist\."):
        without_tag({"spec": {}}, there)
