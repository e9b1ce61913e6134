"""`isctl import-image` as a process: what it sends, and what it tells of the outcome."""

import json
from typing import Any

from .conftest import Api

ROOT = "/apis/image.openshift.io/v1/namespaces/default"


def answering(api: Api, **status: Any) -> None:
    answer = {"kind": "ImageStreamImport", "apiVersion": "image.openshift.io/v1", "status": status}
    api.answers[("POST", f"{ROOT}/imagestreamimports")] = (201, answer)


def imported(api: Api) -> None:
    image = {"metadata": {"name": "sha256:1"}, "dockerImageReference": "r.io/a@sha256:1"}
    stream = {"metadata": {"name": "s", "namespace": "default"}, "spec": {}, "status": {}}
    answering(api, images=[{"status": {"status": "Success"}, "tag": "1", "image": image}], **{"import": stream})


def test_the_outcome_is_told_with_stream_and_image(api: Api) -> None:
    imported(api)

    outcome = api.run("import-image", "s:1", "--from=r.io/a:1", "--confirm", "--insecure=true", "--scheduled")

    assert (outcome.code, outcome.stderr) == (0, "")
    assert outcome.stdout.startswith("imagestream.image.openshift.io/s imported\n\nName:\t\t\ts\n")
    assert "Tags:\t\t\t<none>\n\nImage Name:\ts:1\n" in outcome.stdout
    assert outcome.stdout.endswith("Docker Labels:\t<none>\n\n\n")
    [(_, _, body)] = api.asked("POST")
    policy = {"insecure": True, "scheduled": True}
    assert body["spec"]["images"][0]["importPolicy"] == policy


def test_a_failed_image_ends_with_an_error(api: Api) -> None:
    answering(api, images=[{"status": {"status": "Failure", "message": "no such image"}, "tag": "1"}])

    outcome = api.run("import-image", "s:1", "--from=r.io/a:1", "--confirm")

    assert outcome.code == 1
    assert outcome.stdout == "imagestream.image.openshift.io/s imported with errors\n\n\n"
    assert outcome.stderr == "error: tag 1 failed: no such image\nerror: imported completed with errors\n"


def test_why_a_repository_can_not_be_listed_is_told(api: Api) -> None:
    answering(api, repository={"status": {"status": "Failure", "message": "no such repository"}})

    outcome = api.run("import-image", "s", "--from=r.io/a", "--all", "--confirm")

    assert outcome.code == 1
    assert outcome.stderr == "error: repository failed: no such repository\nerror: imported completed with errors\n"


def test_a_dry_run_says_so(api: Api) -> None:
    answering(api, images=[])

    outcome = api.run("import-image", "s:1", "--from=r.io/a:1", "--confirm", "--dry-run")

    assert outcome.stdout == "imagestream.image.openshift.io/s imported (dry run)\n\n\n"
    assert api.asked("POST")[0][2]["spec"]["import"] is False


def test_the_stream_can_be_printed_instead(api: Api) -> None:
    imported(api)
    arguments = ("import-image", "s:1", "--from=r.io/a:1", "--confirm", "-o")

    name, document = api.run(*arguments, "name"), api.run(*arguments, "json")

    assert name.stdout == "imagestream.image.openshift.io/s\n"
    assert json.loads(document.stdout)["spec"]["tags"][0]["from"]["name"] == "r.io/a:1"
    assert api.run(*arguments, "xml").stderr.startswith("error: unable to match a printer suitable")


def test_what_is_wrong_is_told_before_anything_is_sent(api: Api) -> None:
    missing = api.run("import-image", "s")
    mode = api.run("import-image", "s", "--import-mode=Wrong", "--confirm")

    assert missing.stderr == 'error: no image stream named "s" exists, pass --confirm to create and import\n'
    assert mode.stderr == "error: valid ImportMode values are Legacy or PreserveOriginal\n"
    assert (missing.code, mode.code, api.asked("POST")) == (1, 1, [])
