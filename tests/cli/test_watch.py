"""What a watched tag tells, and what a command for it is told."""

from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest

from imagestreams.api.codec import from_dict, to_dict
from imagestreams.api.image import ImageStream
from imagestreams.cli.session import Session
from imagestreams.cli.streams import tag_changes
from imagestreams.cli.streams.tag_changes import TagChange, changes_between, follow_tag
from imagestreams.cli.streams.tag_revisions import TagName
from imagestreams.client.errors import ClientError

NAME = TagName("app", "prod")
NOW = "2026-01-01T00:01:00Z"


def stream(*images: str, tag: str = "prod") -> ImageStream:
    items = [
        {
            "image": image,
            "dockerImageReference": f"r.example.com/app@{image}",
            "created": f"2026-01-01T00:00:{len(images) - number:02}Z",
            "generation": 1,
        }
        for number, image in enumerate(images)
    ]
    body = {
        "metadata": {"name": "app", "namespace": "ns", "uid": "u"},
        "status": {"tags": [{"tag": tag, "items": items}]},
    }
    return from_dict(body, ImageStream)


def test_each_change_is_one_line() -> None:
    found = changes_between(stream("sha256:a"), stream("sha256:c", "sha256:b", "sha256:a"), NAME, NOW)

    assert [one.line() for one in found] == [
        "2026-01-01T00:00:02Z app:prod sha256:b r.example.com/app@sha256:b",
        "2026-01-01T00:00:03Z app:prod sha256:c r.example.com/app@sha256:c",
    ]


def test_other_tags_are_not_told_of() -> None:
    assert changes_between(None, stream("sha256:a", tag="dev"), NAME, NOW) == []


def test_a_deletion_is_told() -> None:
    (found,) = changes_between(stream("sha256:a"), None, NAME, NOW)

    assert found.is_deletion
    assert found.line() == f"{NOW} app:prod - -"


def test_a_command_finds_all_in_its_environment() -> None:
    (found,) = changes_between(stream("sha256:a"), stream("sha256:b", "sha256:a"), NAME, NOW)

    assert found.environment() == {
        "IMAGESTREAMS_EVENT": "changed",
        "IMAGESTREAMS_NAMESPACE": "ns",
        "IMAGESTREAMS_STREAM": "app",
        "IMAGESTREAMS_TAG": "app:prod",
        "IMAGESTREAMS_IMAGE": "sha256:b",
        "IMAGESTREAMS_DIGEST": "sha256:b",
        "IMAGESTREAMS_PULL_SPEC": "r.example.com/app@sha256:b",
        "IMAGESTREAMS_PREVIOUS_IMAGE": "sha256:a",
        "IMAGESTREAMS_CREATED": "2026-01-01T00:00:02Z",
    }


class Server:
    """Gives events to whoever follows, and breaks when told so."""

    def __init__(self, *connections: list[Any]) -> None:
        self.connections = list(connections)
        self.slept: list[float] = []

    def follow(self, session: Any, target: Any, timeout_s: float | None) -> Iterator[tuple[str, Any]]:
        if not self.connections:
            raise ClientError("Forbidden", connection=False)
        for one in self.connections.pop(0):
            if isinstance(one, ClientError):
                raise one
            yield one

    def told(self) -> list[TagChange]:
        """What is told until the server refuses."""
        session = mock.Mock(spec=Session, namespace="ns")
        found: list[TagChange] = []
        with mock.patch.object(tag_changes, "follow_object", self.follow):
            try:
                for one in follow_tag(session, NAME, lambda: NOW, self.slept.append):
                    found.append(one)
            except ClientError as error:
                assert error.message == "Forbidden"
        return found


def event(kind: str, *images: str) -> tuple[str, Any]:
    return kind, to_dict(stream(*images)) if images else {}


BROKEN = ClientError("the connection broke", connection=True)


def test_only_the_newest_of_what_was_before_is_told_and_marked() -> None:
    found = Server([event("ADDED", "b", "a"), event("MODIFIED", "c", "b", "a")]).told()

    assert [(one.image, one.is_initial) for one in found] == [("b", True), ("c", False)]


def test_what_changed_while_the_connection_was_broken_is_told_and_nothing_twice() -> None:
    server = Server(
        [event("ADDED", "a"), BROKEN],
        [BROKEN],
        [BROKEN],
        [event("ADDED", "c", "b", "a"), BROKEN],
        [event("ADDED", "c", "b", "a")],
    )

    assert [one.image for one in server.told()] == ["a", "b", "c"]
    assert server.slept == [1, 2, 4, 1]


def test_a_tag_that_is_not_there_yet_is_waited_for() -> None:
    found = Server([event("MISSING"), event("ADDED", "a")]).told()

    assert [(one.image, one.is_initial) for one in found] == [("a", False)]


def test_a_server_that_is_not_there_at_the_beginning_is_an_error() -> None:
    server = Server([BROKEN])

    with mock.patch.object(tag_changes, "follow_object", server.follow), pytest.raises(ClientError, match="broke"):
        next(follow_tag(mock.Mock(spec=Session, namespace="ns"), NAME, lambda: NOW))
