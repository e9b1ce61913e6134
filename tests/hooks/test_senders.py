"""What each sender sends, in the form that its documentation shows, and what is read from it."""

import base64
import json
from typing import Any

import pytest

from imagestreams.hooks.notification import PUSHES_MAX, Push, UnreadableNotification
from imagestreams.hooks.senders import READERS

DIGEST = "sha256:" + "0123456789abcdef" * 4
JSON = {"content-type": "application/json"}
EVENTS = {"content-type": "application/vnd.docker.distribution.events.v1+json"}


def read(sender: str, value: Any, **headers: str) -> list[Push]:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return READERS[sender]({**JSON, **named}, json.dumps(value).encode())


def distribution_event(action: str = "push", **target: Any) -> dict[str, Any]:
    return {
        "id": "asdf-asdf-asdf-asdf-0",
        "timestamp": "2006-01-02T15:04:05Z",
        "action": action,
        "target": {
            "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
            "digest": DIGEST,
            "length": 1,
            "repository": "library/test",
            "url": "https://example.com/v2/library/test/manifests/latest",
            **target,
        },
        "request": {"id": "asdfasdf", "addr": "client.local", "host": "registrycluster.local", "method": "PUT"},
        "actor": {"name": "test-actor"},
        "source": {"addr": "hostname.local:port"},
    }


def harbor(kind: str = "PUSH_ARTIFACT", **resource: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "occur_at": 1586922308,
        "operator": "admin",
        "event_data": {
            "resources": [
                {
                    "digest": DIGEST,
                    "tag": "latest",
                    "resource_url": "hub.harbor.com/test-webhook/debian:latest",
                    **resource,
                }
            ],
            "repository": {
                "date_created": 1586922308,
                "name": "debian",
                "namespace": "test-webhook",
                "repo_full_name": "test-webhook/debian",
                "repo_type": "private",
            },
        },
    }


def package(kind: str = "package", action: str = "published", **fields: Any) -> dict[str, Any]:
    return {
        "action": action,
        kind: {
            "id": 1,
            "name": "Hello",
            "namespace": "Octo-Org",
            "ecosystem": "CONTAINER",
            "package_type": "CONTAINER",
            "owner": {"login": "Octo-Org", "id": 2, "type": "Organization"},
            "package_version": {
                "id": 3,
                "version": DIGEST,
                "name": DIGEST,
                "container_metadata": {"tag": {"name": "latest", "digest": DIGEST}, "labels": {}, "manifest": {}},
                "package_url": "ghcr.io/octo-org/hello:latest",
            },
            **fields,
        },
        "repository": {"full_name": "Octo-Org/source"},
        "sender": {"login": "somebody"},
    }


def cloud_event(kind: str, data: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": "4b2f89a6",
        "source": "/registry",
        "type": kind,
        "time": "2023-04-03T06:28:46Z",
        "datacontenttype": "application/json",
        "data": data,
    }


STRUCTURED = {"content_type": "application/cloudevents+json; charset=utf-8"}


class TestDistribution:
    def test_a_manifest_that_is_pushed_by_a_tag_is_a_push(self) -> None:
        envelope = {"events": [distribution_event(tag="latest")]}

        pushes = READERS["Distribution"](EVENTS, json.dumps(envelope).encode())

        assert pushes == [Push("library/test", "latest", DIGEST)]

    def test_a_manifest_that_is_pushed_by_its_digest_has_no_tag(self) -> None:
        assert read("Distribution", {"events": [distribution_event()]}) == [Push("library/test", "", DIGEST)]

    @pytest.mark.parametrize("action", ["pull", "delete", "mount"])
    def test_what_is_no_push_is_nothing(self, action: str) -> None:
        assert read("Distribution", {"events": [distribution_event(action, tag="1")]}) == []

    def test_a_deletion_by_tag_needs_no_digest(self) -> None:
        event = {"action": "delete", "target": {"repository": "library/test", "tag": "1"}}

        assert read("Distribution", {"events": [event]}) == []

    def test_blobs_are_nothing(self) -> None:
        assert read("Distribution", {"events": [distribution_event(mediaType="application/octet-stream")]}) == []

    def test_an_envelope_may_hold_several_events_and_says_each_push_once(self) -> None:
        events = [distribution_event(tag="1"), distribution_event(tag="1"), distribution_event(tag="2")]

        assert [push.tag for push in read("Distribution", {"events": events})] == ["1", "2"]

    def test_too_many_pushes_are_not_read(self) -> None:
        events = [distribution_event(tag=f"t{number}") for number in range(PUSHES_MAX + 1)]

        with pytest.raises(UnreadableNotification, match="more than"):
            read("Distribution", {"events": events})

    def test_azures_single_event_needs_no_envelope(self) -> None:
        pinged = {"id": "1", "timestamp": "2017-11-17T16:52:01Z", "action": "ping"}

        assert read("Distribution", distribution_event(tag="v1")) == [Push("library/test", "v1", DIGEST)]
        assert read("Distribution", distribution_event("delete", tag="v1")) == []
        assert read("Distribution", pinged) == []

    @pytest.mark.parametrize("body", [{}, {"action": "push"}, {"target": {"repository": "a"}}, {"events": [{}]}])
    def test_what_is_neither_envelope_nor_event_is_not_read(self, body: dict[str, Any]) -> None:
        with pytest.raises(UnreadableNotification):
            read("Distribution", body)

    def test_another_media_type_is_not_read(self) -> None:
        with pytest.raises(UnreadableNotification, match="media type"):
            read("Distribution", {"events": []}, content_type="text/html")


class TestHarbor:
    def test_a_pushed_artifact_is_a_push(self) -> None:
        assert read("Harbor", harbor()) == [Push("test-webhook/debian", "latest", DIGEST)]

    def test_an_artifact_without_a_tag_is_a_push_by_digest(self) -> None:
        assert read("Harbor", harbor(tag="")) == [Push("test-webhook/debian", "", DIGEST)]
        assert read("Harbor", harbor(tag=DIGEST)) == [Push("test-webhook/debian", "", DIGEST)]

    @pytest.mark.parametrize("kind", ["PULL_ARTIFACT", "DELETE_ARTIFACT", "SCANNING_COMPLETED"])
    def test_other_events_are_nothing(self, kind: str) -> None:
        assert read("Harbor", harbor(kind)) == []

    def test_an_event_about_something_else_than_artifacts_is_nothing(self) -> None:
        quota = {"type": "QUOTA_EXCEED", "occur_at": 1, "operator": "", "event_data": {"custom_attributes": {}}}

        assert read("Harbor", quota) == []


class TestQuay:
    def test_updated_tags_are_pushes(self) -> None:
        told = {
            "name": "repository",
            "repository": "mynamespace/repository",
            "namespace": "mynamespace",
            "docker_url": "quay.io/mynamespace/repository",
            "homepage": "https://quay.io/repository/mynamespace/repository",
            "updated_tags": ["latest", "1.0"],
        }

        assert read("Quay", told) == [Push("mynamespace/repository", "latest"), Push("mynamespace/repository", "1.0")]

    def test_tags_with_the_ids_of_their_images_are_pushes(self) -> None:
        told = {"repository": "a/b", "docker_url": "quay.io/a/b", "updated_tags": {"latest": "c0ffee"}}

        assert read("Quay", told) == [Push("a/b", "latest")]

    def test_a_failed_build_is_nothing(self) -> None:
        told = {"repository": "a/b", "docker_url": "quay.io/a/b", "build_id": "x", "error_message": "no"}

        assert read("Quay", told) == []


class TestDockerHub:
    def test_a_pushed_tag_is_a_push(self) -> None:
        told = {
            "callback_url": "https://registry.hub.docker.com/u/svendowideit/testhook/hook/2141b5bi5i5b02bec211i4eeih0242eg11000a/",
            "push_data": {"images": [], "pushed_at": 1417566161, "pusher": "trustedbuilder", "tag": "latest"},
            "repository": {
                "name": "testhook",
                "namespace": "svendowideit",
                "owner": "svendowideit",
                "repo_name": "svendowideit/testhook",
                "repo_url": "https://registry.hub.docker.com/u/svendowideit/testhook/",
                "status": "Active",
            },
        }

        assert read("DockerHub", told) == [Push("svendowideit/testhook", "latest")]

    def test_an_official_image_is_in_the_library(self) -> None:
        told = {"push_data": {"tag": "3"}, "repository": {"repo_name": "python"}}

        assert read("DockerHub", told) == [Push("library/python", "3")]


class TestGitHub:
    @pytest.mark.parametrize("kind", ["package", "registry_package"])
    def test_a_published_container_is_a_push_in_lower_case(self, kind: str) -> None:
        assert read("GitHub", package(kind), x_github_event=kind) == [Push("octo-org/hello", "latest", DIGEST)]

    def test_an_image_without_a_tag_is_a_push_by_digest(self) -> None:
        version = {"version": DIGEST, "container_metadata": {"tag": {"name": "", "digest": ""}}}

        pushes = read("GitHub", package(package_version=version), x_github_event="package")

        assert pushes == [Push("octo-org/hello", "", DIGEST)]

    def test_a_package_of_another_kind_is_nothing(self) -> None:
        assert read("GitHub", package(package_type="npm"), x_github_event="package") == []

    def test_other_actions_are_nothing(self) -> None:
        assert read("GitHub", package(action="deleted"), x_github_event="package") == []

    def test_the_ping_of_a_new_webhook_is_nothing(self) -> None:
        assert read("GitHub", {"zen": "Keep it logically awesome.", "hook_id": 1}, x_github_event="ping") == []

    def test_events_about_something_else_are_not_read(self) -> None:
        with pytest.raises(UnreadableNotification, match="packages"):
            read("GitHub", {"ref": "refs/heads/main"}, x_github_event="push")


class TestCloudEvents:
    def test_harbors_event_is_a_push(self) -> None:
        event = cloud_event("harbor.artifact.pushed", harbor()["event_data"])

        assert read("CloudEvents", event, **STRUCTURED) == [Push("test-webhook/debian", "latest", DIGEST)]
        assert read("CloudEvents", cloud_event("harbor.artifact.deleted", {}), **STRUCTURED) == []

    def test_zots_event_is_a_push(self) -> None:
        data = {"name": "org/app", "reference": "1", "digest": DIGEST, "mediatype": "x", "manifest": "{}"}

        assert read("CloudEvents", cloud_event("zotregistry.image.updated", data), **STRUCTURED) == [
            Push("org/app", "1", DIGEST)
        ]
        assert read("CloudEvents", cloud_event("zotregistry.image.deleted", data), **STRUCTURED) == []
        assert read("CloudEvents", cloud_event("zotregistry.repository.created", {"name": "a"}), **STRUCTURED) == []

    def test_zots_events_may_have_another_prefix(self) -> None:
        data = {"name": "org/app", "reference": "1", "digest": DIGEST, "mediatype": "x", "manifest": "{}"}

        pushes = read("CloudEvents", cloud_event("com.example.registry.image.updated", data), **STRUCTURED)

        assert pushes == [Push("org/app", "1", DIGEST)]
        assert read("CloudEvents", cloud_event("com.example.registry.image.deleted", data), **STRUCTURED) == []

    def test_an_event_with_distributions_data_is_a_push(self) -> None:
        event = cloud_event("Microsoft.ContainerRegistry.ImagePushed", distribution_event(tag="v1"))

        assert read("CloudEvents", event, **STRUCTURED) == [Push("library/test", "v1", DIGEST)]

    def test_a_plain_event_is_a_push(self) -> None:
        event = cloud_event("com.example.pushed", {"repository": "org/app", "tag": "1"})

        assert read("CloudEvents", event, **STRUCTURED) == [Push("org/app", "1")]
        assert read("CloudEvents", {**event, "type": "com.example.deleted"}, **STRUCTURED) == []

    def test_data_may_be_base64(self) -> None:
        event = cloud_event("x", None)
        event["data_base64"] = base64.b64encode(b'{"repository": "org/app", "tag": "1"}').decode()

        assert read("CloudEvents", event, **STRUCTURED) == [Push("org/app", "1")]

    def test_a_batch_is_read_whole(self) -> None:
        batch = [cloud_event("x", {"repository": "org/app", "tag": tag}) for tag in ("1", "2")]

        pushes = read("CloudEvents", batch, content_type="application/cloudevents-batch+json")

        assert [push.tag for push in pushes] == ["1", "2"]

    def test_a_binary_event_has_its_attributes_in_headers(self) -> None:
        attributes = {"ce_specversion": "1.0", "ce_id": "1", "ce_source": "/r", "ce_type": "com.example.pushed"}

        assert read("CloudEvents", {"repository": "org/app", "tag": "1"}, **attributes) == [Push("org/app", "1")]

    def test_a_binary_event_without_its_attributes_is_not_read(self) -> None:
        with pytest.raises(UnreadableNotification):
            read("CloudEvents", {"repository": "org/app", "tag": "1"})

    def test_another_version_is_not_read(self) -> None:
        event = {**cloud_event("x", {"repository": "a/b"}), "specversion": "0.3"}

        with pytest.raises(UnreadableNotification, match="version"):
            read("CloudEvents", event, **STRUCTURED)


@pytest.mark.parametrize("sender", sorted(READERS))
@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b"null", b"1", b'"x"', b"{", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 100_000]
)
def test_what_a_sender_does_not_send_is_not_read(sender: str, body: bytes) -> None:
    with pytest.raises(UnreadableNotification):
        READERS[sender](JSON, body)


@pytest.mark.parametrize(
    ("repository", "tag"),
    [
        ("", "1"),
        ("Org/app", "1"),
        ("../etc", "1"),
        ("a/b:1", "1"),
        ("host:5000/a", "1"),
        ("a/b", "a b"),
        ("a/b", "x" * 129),
        ("a" * 256, "1"),
    ],
)
def test_impossible_names_are_not_read(repository: str, tag: str) -> None:
    with pytest.raises(UnreadableNotification):
        read("CloudEvents", cloud_event("x", {"repository": repository, "tag": tag}), **STRUCTURED)
