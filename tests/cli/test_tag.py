"""`isctl tag` as a process: what it sends, what it prints, and its second ways."""

from typing import Any

import pytest

from .conftest import Api

ROOT = "/apis/image.openshift.io/v1/namespaces/default"
DIGEST = "sha256:" + "a" * 64


def failure(code: int, reason: str) -> tuple[int, dict[str, Any]]:
    return code, {"kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": f"so: {reason}"}


def with_history(api: Api) -> None:
    stream = api.stream("python")
    item = {"image": DIGEST, "dockerImageReference": f"r.io/python@{DIGEST}"}
    stream["status"]["tags"] = [{"tag": "3.6", "items": [item]}]


def test_a_tag_is_set_to_the_image_of_another(api: Api) -> None:
    with_history(api)

    outcome = api.run("tag", "python:3.6", "python:latest")

    assert (outcome.code, outcome.stdout, outcome.stderr) == (0, f"Tag python:latest set to python@{DIGEST}.\n", "")
    [(path, _, body)] = api.asked("PUT")
    assert path == f"{ROOT}/imagestreamtags/python:latest"
    assert body["tag"]["from"] == {"kind": "ImageStreamImage", "name": f"python@{DIGEST}"}


def test_several_tags_are_set_one_after_the_other(api: Api) -> None:
    outcome = api.run("tag", "r.io/a:1", "s:1", "other/s:2", "--insecure")

    assert outcome.stdout == "Tag s:1 set to r.io/a:1.\nTag other/s:2 set to r.io/a:1.\n"


def test_what_comes_before_a_failure_stays_done(api: Api) -> None:
    outcome = api.run("tag", "r.io/a:1", "s:1", "s:%")

    assert outcome.code == 1
    assert outcome.stdout == "Tag s:1 set to r.io/a:1.\n"
    assert outcome.stderr.startswith('error: invalid tag "%" format')


def test_where_tags_cannot_be_written_the_stream_is(api: Api) -> None:
    api.stream("s")
    api.answers[("PUT", f"{ROOT}/imagestreamtags/s:1")] = failure(403, "Forbidden")
    api.answers[("POST", f"{ROOT}/imagestreamtags")] = failure(405, "MethodNotAllowed")

    outcome = api.run("tag", "r.io/a:1", "s:1")

    assert (outcome.code, outcome.stdout) == (0, "Tag s:1 set to r.io/a:1.\n")
    [tag] = api.objects[("image.openshift.io", "imagestreams", "default", "s")]["spec"]["tags"]
    assert tag["from"] == {"kind": "DockerImage", "name": "r.io/a:1"}


def test_where_tags_cannot_be_written_a_missing_stream_is_made(api: Api) -> None:
    api.answers[("PUT", f"{ROOT}/imagestreamtags/s:1")] = failure(403, "Forbidden")
    api.answers[("POST", f"{ROOT}/imagestreamtags")] = failure(403, "Forbidden")

    api.run("tag", "r.io/a:1", "s:1")

    assert api.objects[("image.openshift.io", "imagestreams", "default", "s")]["spec"]["tags"][0]["name"] == "1"


def test_a_conflict_is_tried_again_five_times_in_all(api: Api) -> None:
    api.answers[("PUT", f"{ROOT}/imagestreamtags/s:1")] = failure(409, "Conflict")

    outcome = api.run("tag", "r.io/a:1", "s:1")

    assert (outcome.code, outcome.stderr) == (1, "Error from server (Conflict): so: Conflict\n")
    assert len(api.asked("PUT")) == 5


def test_tags_are_deleted(api: Api) -> None:
    for name in ("s:1", "s:2"):
        api.answers[("DELETE", f"{ROOT}/imagestreamtags/{name}")] = (200, {"kind": "Status", "status": "Success"})

    outcome = api.run("tag", "-d", "s:1", "s:2")

    assert outcome.stdout == "Deleted tag default/s:1.\nDeleted tag default/s:2.\n"


def test_where_tags_cannot_be_deleted_the_stream_loses_them(api: Api) -> None:
    api.stream("s")["spec"]["tags"] = [{"name": "1"}, {"name": "2"}]
    for name in ("s:1", "s:3", "gone:1"):
        api.answers[("DELETE", f"{ROOT}/imagestreamtags/{name}")] = failure(405, "MethodNotAllowed")

    outcome = api.run("tag", "-d", "s:1", "gone:1", "s:3")

    assert outcome.stdout == 'Deleted tag default/s:1.\nImage stream "gone" does not exist.\n'
    assert outcome.stderr == "error: destination tag default/s:3 does not exist.\n"
    stream = api.objects[("image.openshift.io", "imagestreams", "default", "s")]
    assert stream["spec"]["tags"] == [{"name": "2"}]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            [],
            "error: you must specify a source and at least one destination or one or more tags to delete\n"
            "See 'isctl tag -h' for help and examples\n",
        ),
        (["-d"], "error: at least a destination is required\n"),
        (["a:1"], 'Error from server (NotFound): imagestreams.image.openshift.io "a" not found\n'),
        (["a", "b"], 'error: "b" must be of the form <stream_name>:<tag>\n'),
        (["--nope", "a", "b"], "error: unknown flag: --nope\nSee 'isctl tag --help' for usage.\n"),
    ],
)
def test_wrong_arguments_are_told(api: Api, arguments: list[str], text: str) -> None:
    outcome = api.run("tag", *arguments)

    assert (outcome.code, outcome.stdout, outcome.stderr) == (1, "", text)
