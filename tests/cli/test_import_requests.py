"""What `isctl import-image` asks the server for, and what it refuses to ask, without a server."""

from datetime import UTC, datetime
from typing import Any

import pytest

from imagestreams.cli.errors import CliError
from imagestreams.cli.streams.import_requests import ImportFlags, check, import_for, target_of
from imagestreams.cli.verbs.import_image import failed, problems, report


def a_stream(*tags: dict[str, Any], repository: str = "", **metadata: Any) -> dict[str, Any]:
    spec: dict[str, Any] = {"tags": list(tags)}
    if repository:
        spec["dockerImageRepository"] = repository
    return {"metadata": {"name": "s", "namespace": "ns", "resourceVersion": "7", **metadata}, "spec": spec}


def docker(name: str, source: str, **wish: Any) -> dict[str, Any]:
    return {"name": name, "from": {"kind": "DockerImage", "name": source}, **wish}


def tracking(name: str, other: str, **source: str) -> dict[str, Any]:
    return {"name": name, "from": {"kind": "ImageStreamTag", "name": other, **source}}


def request(stream: dict[str, Any] | None, target: str = "s", **flags: Any) -> dict[str, Any]:
    given = ImportFlags(**flags)
    wanted = target_of(target, given)
    check(given)
    return import_for(stream, wanted, given, "ns")[1]


def refusal(stream: dict[str, Any] | None, target: str = "s", **flags: Any) -> str:
    with pytest.raises(CliError) as caught:
        request(stream, target, **flags)
    return caught.value.message


def test_a_new_stream_is_imported_once_confirmed() -> None:
    wanted = request(None, "s:1", source="r.io/a:1", confirm=True)

    assert wanted["metadata"] == {"name": "s", "namespace": "ns"}
    assert wanted["spec"] == {
        "import": True,
        "images": [
            {
                "from": {"kind": "DockerImage", "name": "r.io/a:1"},
                "to": {"name": "1"},
                "importPolicy": {},
                "referencePolicy": {"type": "Source"},
            }
        ],
    }


def test_without_a_source_the_target_is_the_source() -> None:
    wanted = request(None, "r.io/team/app", confirm=True)

    assert wanted["metadata"]["name"] == "app"
    assert wanted["spec"]["images"][0]["from"]["name"] == "r.io/team/app"
    assert wanted["spec"]["images"][0]["to"]["name"] == "latest"


def test_a_whole_repository_is_imported() -> None:
    wanted = request(None, source="r.io/a", all=True, confirm=True, scheduled=True, reference_policy="local")

    assert wanted["spec"]["repository"] == {
        "from": {"kind": "DockerImage", "name": "r.io/a"},
        "importPolicy": {"scheduled": True},
        "referencePolicy": {"type": "Local"},
    }


def test_an_existing_tag_is_renewed_with_what_was_said_of_it() -> None:
    policy = {"importMode": "PreserveOriginal", "insecure": True, "scheduled": True}

    wanted = request(a_stream(docker("1", "r.io/a:1", importPolicy=policy)), "s:1", import_mode="Legacy")

    assert wanted["metadata"]["resourceVersion"] == "7"
    [image] = wanted["spec"]["images"]
    assert image["importPolicy"] == {"importMode": "Legacy", "insecure": True, "scheduled": True}


def test_a_tag_that_tracks_another_renews_that_one() -> None:
    stream = a_stream(docker("1", "r.io/a:1"), tracking("latest", "s:1"))

    [image] = request(stream)["spec"]["images"]

    assert (image["to"]["name"], image["from"]["name"]) == ("1", "r.io/a:1")


def test_a_new_tag_of_a_stream_needs_no_confirmation() -> None:
    [image] = request(a_stream(docker("1", "r.io/a:1")), "s:2", source="r.io/a:2")["spec"]["images"]

    assert (image["to"]["name"], image["from"]["name"]) == ("2", "r.io/a:2")


def test_latest_comes_from_the_repository_of_the_stream() -> None:
    [image] = request(a_stream(repository="r.io/a"))["spec"]["images"]

    assert image["from"]["name"] == "r.io/a"


def test_all_without_a_repository_renews_every_imported_tag() -> None:
    stream = a_stream(docker("2", "r.io/a:2"), docker("1", "r.io/a:1"), tracking("x", "s:1"))

    images = request(stream, all=True)["spec"]["images"]

    assert [(one["to"]["name"], one["from"]["name"]) for one in images] == [("1", "r.io/a:1"), ("2", "r.io/a:2")]


def test_the_flag_outranks_the_annotation_that_allows_insecure_imports() -> None:
    stream = a_stream(docker("1", "r.io/a:1"), annotations={"openshift.io/image.insecureRepository": "true"})

    [by_annotation] = request(stream, "s:1")["spec"]["images"]
    [by_flag] = request(stream, "s:1", insecure=False)["spec"]["images"]

    assert by_annotation["importPolicy"].get("insecure") is True
    assert "insecure" not in by_flag["importPolicy"]


def test_a_dry_run_imports_nothing() -> None:
    assert request(None, source="r.io/a", confirm=True, dry_run=True)["spec"]["import"] is False


def test_the_stream_given_is_left_as_it_is() -> None:
    stream = a_stream(docker("1", "r.io/a:1", generation=4))

    meant, _ = import_for(stream, target_of("s:1", ImportFlags()), ImportFlags(), "ns")

    assert stream["spec"]["tags"][0]["generation"] == 4
    assert meant["spec"]["tags"][0]["generation"] == 0


@pytest.mark.parametrize(
    ("stream", "target", "flags", "text"),
    [
        (
            None,
            "",
            {},
            "the image name must be a valid container image pull spec or reference to an image stream "
            "(e.g. myregistry/myteam/image:tag)",
        ),
        (None, "s@sha256:" + "a" * 64, {}, "to import images by ID, use the 'tag' command"),
        (None, "s:1", {"all": True}, 'cannot specify a tag "s:1" as well as --all'),
        (None, "s", {}, 'no image stream named "s" exists, pass --confirm to create and import'),
        (None, "s", {"reference_policy": "x"}, "valid reference policy values are source or local"),
        (None, "s", {"import_mode": "legacy"}, "valid ImportMode values are Legacy or PreserveOriginal"),
        (a_stream(), "s", {"all": True}, "image stream does not have tags pointing to external container images"),
        (
            a_stream(),
            "s",
            {"all": True, "source": "r.io/a"},
            "the image stream does not currently import an entire Docker repository, pass --confirm to update",
        ),
        (
            a_stream(repository="r.io/b"),
            "s",
            {"all": True, "source": "r.io/a"},
            'the image stream has a different import spec "r.io/b", pass --confirm to update',
        ),
        (
            a_stream(),
            "s",
            {},
            'the tag "latest" does not exist on the image stream - choose an existing tag to import or use the '
            "'tag' command to create a new tag",
        ),
        (
            a_stream(tracking("a", "other:1")),
            "s:a",
            {},
            'tag "a" points to an imagestreamtag from another ImageStream',
        ),
        (a_stream(tracking("a", "a")), "s:a", {}, 'tag "a" on the image stream is a reference to same tag'),
        (
            a_stream({"name": "a", "from": {"kind": "ImageStreamImage", "name": "s@x"}}),
            "s:a",
            {},
            'tag "a" points to existing ImageStreamImage "s@x", it cannot be re-imported',
        ),
        (
            a_stream({"name": "a"}),
            "s:a",
            {"source": "r.io/a"},
            'tag "a" already exists - you must use the \'tag\' command if you want to change the source to "r.io/a"',
        ),
        (
            a_stream(docker("a", "r.io/b")),
            "s:a",
            {"source": "r.io/a", "confirm": True},
            'the tag "a" points to "r.io/b" - use the \'tag\' command if you want to change the source to "r.io/a"',
        ),
        (
            a_stream(docker("a", "r.io/b"), tracking("t", "a")),
            "s:t",
            {"source": "r.io/a"},
            'the tag "t" points to the tag "a" which points to "r.io/b" - use the \'tag\' command if you want to '
            'change the source to "r.io/a"',
        ),
    ],
)
def test_what_would_change_more_than_asked_is_refused(
    stream: dict[str, Any] | None, target: str, flags: dict[str, Any], text: str
) -> None:
    assert refusal(stream, target, **flags) == text


FAILURE = {"status": "Failure", "message": "gone"}


def test_an_outcome_names_each_image_that_failed() -> None:
    image = {"metadata": {"name": "sha256:1"}, "dockerImageReference": "r.io/a@sha256:1"}
    result = {
        "status": {
            "repository": {
                "status": {"status": "Success"},
                "images": [{"tag": "1", "status": FAILURE}],
                "additionalTags": ["x", "y"],
            },
            "images": [{"tag": "2", "status": FAILURE}, {"status": {"status": "Success"}, "image": image}],
        }
    }

    text = report(result, "s", False, datetime(2026, 1, 1, tzinfo=UTC))

    assert problems(result) == ["repository tag 1 failed: gone", "tag 2 failed: gone"]
    assert text.startswith("imported with errors\n\nImage Name:\ts:latest\n")
    assert text.endswith("\ninfo: The remote repository contained 2 additional tags which were not imported: x, y\n")


def test_failed_tags_of_a_repository_alone_are_no_error() -> None:
    repository = {"status": {"status": "Success"}, "images": [{"tag": "1", "status": FAILURE}]}

    assert not failed({"status": {"repository": repository}})
    assert failed({"status": {"repository": {"status": FAILURE}}})
