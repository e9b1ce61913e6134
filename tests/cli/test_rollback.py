"""`isctl rollback` and `isctl history` as processes."""

import json
from typing import Any

from .conftest import Api

ROOT = "/apis/image.openshift.io/v1/namespaces/default"
A, B = ("sha256:" + letter * 64 for letter in "ab")


def with_history(api: Api, *digests: str) -> None:
    items = [
        {"image": digest, "dockerImageReference": f"r.io/python@{digest}", "created": "2020-01-01T00:00:00Z"}
        for digest in digests
    ]
    stream = api.stream("python")
    stream["spec"]["tags"] = [{"name": "3.6", "from": {"kind": "DockerImage", "name": "r.io/python:3.6"}}]
    stream["status"]["tags"] = [{"tag": "3.6", "items": items}]
    api.answers[("PUT", f"{ROOT}/imagestreamtags/python:3.6")] = (200, {"kind": "ImageStreamTag"})


def with_image(api: Api, digest: str, size: int, *layers: str) -> None:
    image: dict[str, Any] = {
        "metadata": {"name": digest},
        "dockerImageMetadata": {"Size": size},
        "dockerImageLayers": [{"name": layer} for layer in layers],
    }
    api.answers[("GET", f"{ROOT}/imagestreamimages/python@{digest}")] = (200, {"image": image})


def test_the_image_before_becomes_current(api: Api) -> None:
    with_history(api, B, A)

    outcome = api.run("rollback", "python:3.6")

    assert (outcome.code, outcome.stderr) == (0, "")
    assert outcome.stdout == f"Tag python:3.6 rolled back to revision 1 (python@{A}).\n"
    [(_, _, body)] = api.asked("PUT")
    assert body["tag"]["from"] == {"kind": "ImageStreamImage", "name": f"python@{A}"}
    assert body["metadata"]["resourceVersion"]


def test_a_dry_run_says_what_would_be_done(api: Api) -> None:
    with_history(api, B, A)

    ours = api.run("rollback", "python:3.6", "--to-revision=1", "--dry-run")

    assert ours.stdout == f"Tag python:3.6 rolled back to revision 1 (python@{A}) (dry run).\n"
    assert api.asked("PUT") == []


def test_a_dry_run_of_the_server_checks_it_too(api: Api) -> None:
    with_history(api, B, A)

    outcome = api.run("rollback", "python:3.6", "--dry-run=server")

    assert outcome.stdout == f"Tag python:3.6 rolled back to revision 1 (python@{A}) (server dry run).\n"
    assert api.asked("PUT")[0][1] == {"dryRun": "All"}


def test_a_tag_changed_in_between_is_looked_at_again(api: Api) -> None:
    with_history(api, B, A)
    conflict = {"kind": "Status", "status": "Failure", "code": 409, "reason": "Conflict", "message": "changed"}
    api.answers[("PUT", f"{ROOT}/imagestreamtags/python:3.6")] = (409, conflict)

    outcome = api.run("rollback", "python:3.6")

    assert (outcome.code, outcome.stderr) == (1, "Error from server (Conflict): changed\n")
    assert len(api.asked("GET")) == len(api.asked("PUT")) == 5


def test_problems_are_told_in_one_line(api: Api) -> None:
    with_history(api, B, A)

    def told(*arguments: str) -> str:
        outcome = api.run(*arguments)
        assert (outcome.code, outcome.stdout) == (1, "")
        return outcome.stderr

    assert told("rollback") == "error: exactly one tag of an image stream is required\n"
    assert told("rollback", "python") == 'error: "python" must be of the form <stream_name>:<tag>\n'
    assert told("rollback", "python:3.6", "--dry-run=maybe").startswith("error: Invalid dry-run value (maybe).")
    assert told("rollback", "gone:1") == (
        'Error from server (NotFound): imagestreams.image.openshift.io "gone" not found\n'
    )
    assert told("history", "python:3.7") == 'error: the tag "3.7" does not exist on the image stream "python"\n'
    assert told("history", "python:3.6", "-o", "xml").startswith("error: unable to match a printer suitable")


def test_the_history_is_a_table(api: Api) -> None:
    with_history(api, B, A)
    with_image(api, A, 1000, "base")
    with_image(api, B, 3000, "base", "more")

    outcome = api.run("history", "python:3.6")

    assert outcome.code == 0
    header, newer, older = (line.split() for line in outcome.stdout.splitlines())
    assert header == ["REVISION", "AGE", "IMAGE", "SIZE", "CHANGES", "PULL", "SPEC"]
    assert newer[:2] == ["2", "*"]
    assert newer[3:] == ["b" * 12, "3kB", "1", "of", "2", "layers", "new,", "+2kB", f"r.io/python@{B}"]
    assert [older[0], *older[2:]] == ["1", "a" * 12, "1kB", "first", "image", f"r.io/python@{A}"]


def test_the_history_without_headers_or_as_a_document(api: Api) -> None:
    with_history(api, B, A)
    with_image(api, B, 3000, "base")

    bare = api.run("history", "python:3.6", "--no-headers")
    document = json.loads(api.run("history", "python:3.6", "-o", "json").stdout)
    text = api.run("history", "python:3.6", "-o", "yaml").stdout

    assert len(bare.stdout.splitlines()) == 2
    assert [(one["revision"], one["image"], one["imageMissing"]) for one in document["revisions"]] == [
        (2, B, False),
        (1, A, True),
    ]
    assert text.startswith("imageStream: python\nnamespace: default\nrevisions:\n- ")
