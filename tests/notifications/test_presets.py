"""The bodies of all presets, as their receivers document them, and how a receiver proves who sent them."""

import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import parse_qs

import pytest

from imagestreams.notifications.cloudevents import CloudEvent
from imagestreams.notifications.presets import PRESETS
from imagestreams.notifications.presets.request import Occasion, OutgoingRequest
from imagestreams.resources.notifications.notificationsinks import PRESETS as NAMES

DIGEST = "sha256:" + "a" * 64
DATA = {
    "namespace": "ns",
    "imageStream": "app",
    "tag": "prod",
    "image": DIGEST,
    "pullSpec": f"r.example.com/app@{DIGEST}",
    "dockerImageReference": f"r.example.com/app@{DIGEST}",
    "previousImage": "sha256:" + "b" * 64,
    "generation": 2,
}


def event(kind: str = "tag.changed", subject: str = "ns/app:prod", /, **data: Any) -> CloudEvent:
    return CloudEvent(
        id="id-1",
        source="/apis/image.openshift.io/v1/namespaces/ns/imagestreams/app",
        type=f"dev.imagestreams.{kind}",
        subject=subject,
        time="2026-01-01T00:00:00Z",
        sequence="0000000000000007",
        data={**DATA, **data},
    )


def made(preset: str, secret: bytes = b"", path: str = "/", **data: Any) -> OutgoingRequest:
    return PRESETS[preset](event(**data), Occasion(secret, path, 1_767_225_600))


def test_each_preset_of_the_api_is_there() -> None:
    assert set(PRESETS) == set(NAMES)


def test_a_cloud_event_has_the_attributes_of_version_1() -> None:
    sent = made("CloudEvents")

    assert sent.content_type == "application/cloudevents+json; charset=utf-8"
    assert json.loads(sent.body) == {
        "specversion": "1.0",
        "id": "id-1",
        "source": "/apis/image.openshift.io/v1/namespaces/ns/imagestreams/app",
        "type": "dev.imagestreams.tag.changed",
        "subject": "ns/app:prod",
        "time": "2026-01-01T00:00:00Z",
        "sequence": "0000000000000007",
        "datacontenttype": "application/json",
        "data": DATA,
    }


@pytest.mark.parametrize(
    ("secret", "key"),
    [(b"plain text", b"plain text"), (b"whsec_" + base64.b64encode(b"key"), b"key"), (b"whsec_!", b"whsec_!")],
)
def test_a_receiver_that_knows_the_secret_proves_id_time_and_body(secret: bytes, key: bytes) -> None:
    sent = made("CloudEvents", secret)

    signed = b".".join([b"id-1", b"1767225600", sent.body])
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert sent.headers["webhook-id"] == "id-1"
    assert sent.headers["webhook-timestamp"] == "1767225600"
    assert sent.headers["webhook-signature"] == f"v1,{expected}"


def test_without_a_secret_nothing_is_signed() -> None:
    assert "webhook-signature" not in made("CloudEvents").headers


def test_tekton_gets_the_data_as_body_and_the_rest_in_headers() -> None:
    sent = made("Tekton", b"key")

    assert json.loads(sent.body) == DATA
    assert sent.content_type == "application/json"
    assert sent.headers["ce-type"] == "dev.imagestreams.tag.changed"
    assert sent.headers["ce-id"] == "id-1"
    assert sent.headers["X-Hub-Signature-256"] == "sha256=" + hmac.new(b"key", sent.body, hashlib.sha256).hexdigest()


def test_github_gets_a_repository_dispatch() -> None:
    sent = made("GitHub", b"ghp_token")
    body = json.loads(sent.body)

    assert sent.headers == {
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
        "Authorization": "Bearer ghp_token",
    }
    assert body["event_type"] == "dev.imagestreams.tag.changed"
    assert len(body["event_type"]) <= 100
    assert len(body["client_payload"]) <= 10
    assert body["client_payload"]["data"] == DATA


def test_the_generic_webhook_trigger_of_jenkins_gets_the_event_and_its_token() -> None:
    sent = made("Jenkins", b"trigger-token", "/generic-webhook-trigger/invoke")

    assert json.loads(sent.body)["data"]["pullSpec"] == DATA["pullSpec"]
    assert sent.headers["token"] == "trigger-token"
    assert "webhook-signature" not in sent.headers


def test_a_job_of_jenkins_gets_parameters_and_its_token() -> None:
    sent = made("Jenkins", b"token", "/job/deploy/buildWithParameters")
    fields = {name: values[0] for name, values in parse_qs(sent.body.decode()).items()}

    assert sent.content_type == "application/x-www-form-urlencoded"
    assert fields["token"] == "token"
    assert fields["IMAGESTREAMS_PULL_SPEC"] == DATA["pullSpec"]
    assert fields["IMAGESTREAMS_TAG"] == "prod"


def test_a_secret_with_a_colon_logs_in_to_jenkins() -> None:
    sent = made("Jenkins", b"ci:11abc", "/job/deploy/buildWithParameters")

    assert sent.headers["Authorization"] == "Basic " + base64.b64encode(b"ci:11abc").decode()
    assert b"11abc" not in sent.body


@pytest.mark.parametrize(
    ("kind", "data", "text"),
    [
        (
            "tag.changed",
            {},
            "Tag `ns/app:prod` now points to `sha256:aaaaaaaaaaaa` (before: `sha256:bbbbbbbbbbbb`): "
            f"`r.example.com/app@{DIGEST}`",
        ),
        (
            "tag.changed",
            {"previousImage": "", "image": ""},
            f"Tag `ns/app:prod` now points to `r.example.com/app@{DIGEST}`: `r.example.com/app@{DIGEST}`",
        ),
        ("tag.deleted", {}, "Tag `ns/app:prod` was deleted"),
        (
            "import.failed",
            {"reason": "NotFound", "message": "it is not there"},
            "Import of tag `ns/app:prod` failed: `NotFound: it is not there`",
        ),
        ("build.completed", {"image": DIGEST}, "Build `ns/app:prod` is complete: `sha256:aaaaaaaaaaaa`"),
        ("build.failed", {"reason": "", "message": ""}, "Build `ns/app:prod` failed: `for an unknown reason`"),
        ("rollout.completed", {"kind": "Deployment"}, "`Deployment` `ns/app:prod` is rolled out"),
        (
            "rollout.failed",
            {"kind": "Deployment", "reason": "ProgressDeadlineExceeded", "message": ""},
            "Rollout of `Deployment` `ns/app:prod` failed: `ProgressDeadlineExceeded`",
        ),
        ("test", {}, "This is a test of notifications by `ns/app:prod`"),
    ],
)
@pytest.mark.parametrize("preset", ["Slack", "Mattermost"])
def test_people_read_one_line(preset: str, kind: str, data: dict[str, Any], text: str) -> None:
    sent = PRESETS[preset](event(kind, **data), Occasion())

    assert json.loads(sent.body) == {"text": text}
    assert sent.headers == {}


@pytest.mark.parametrize("preset", ["Slack", "Mattermost"])
def test_nothing_of_others_is_markup(preset: str) -> None:
    odd = "<!channel> @all `x` *b* [l](http://e.example.com) &\nnext"

    text = json.loads(PRESETS[preset](event("import.failed", reason="R", message=odd), Occasion()).body)["text"]

    assert text.count("`") == 4
    assert "\n" not in text
    if preset == "Slack":
        assert "<" not in text and "&lt;!channel&gt;" in text and "&amp;" in text
