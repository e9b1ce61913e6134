"""One object is followed over watches that end, break or are too old."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import msgspec
import pytest

from imagestreams.api.meta import Status
from imagestreams.cli.objects.following import MISSING, OutOfTime, follow_object
from imagestreams.cli.objects.selection import Target
from imagestreams.cli.session import Session
from imagestreams.client.discovery import ResourceType
from imagestreams.client.errors import ClientError

TARGET = Target(ResourceType("apps", "v1", "deployments", "Deployment", "deployment"), "ns", "web")


def version(number: int) -> dict[str, Any]:
    return {"metadata": {"name": "web", "resourceVersion": str(number)}}


def event(kind: str, number: int) -> bytes:
    return msgspec.json.encode({"type": kind, "object": version(number)})


class Server:
    """Answers each list with the next state, and each watch with the next lines, or an error after them."""

    def __init__(self, states: list[int | None], watches: list[list[bytes | Exception]]) -> None:
        self._states, self._watches = iter(states), iter(watches)

    def resources(self, kind: ResourceType, namespace: str) -> "Server":
        return self

    def list(self, **query: str) -> dict[str, Any]:
        state = next(self._states)
        items = [] if state is None else [version(state)]
        return {"metadata": {"resourceVersion": "9"}, "items": items}

    @contextmanager
    def watch(self, **query: str) -> Iterator[Iterator[bytes]]:
        yield self._lines(next(self._watches))

    def _lines(self, lines: "list[bytes | Exception]") -> Iterator[bytes]:
        for line in lines:
            if isinstance(line, Exception):
                raise line
            yield line


def followed(server: Server, count: int, timeout_s: float | None = None) -> list[tuple[str, str]]:
    changes = follow_object(cast(Session, server), TARGET, timeout_s)
    return [
        (kind, value.get("metadata", {}).get("resourceVersion", "")) for kind, value in itertools.islice(changes, count)
    ]


def test_what_was_told_is_not_told_again_when_a_watch_is_renewed() -> None:
    server = Server([1, 2, 3], [[event("MODIFIED", 2)], []])

    assert followed(server, 3) == [("ADDED", "1"), ("MODIFIED", "2"), ("MODIFIED", "3")]


@pytest.mark.parametrize("error", [ClientError("EOF"), ClientError.from_status(Status(reason="Expired", code=410))])
def test_a_watch_that_breaks_is_begun_anew(error: ClientError) -> None:
    server = Server([1, 4], [[event("MODIFIED", 2), error]])

    assert followed(server, 3) == [("ADDED", "1"), ("MODIFIED", "2"), ("MODIFIED", "4")]


def test_a_refusal_ends_it() -> None:
    server = Server([1], [[ClientError.from_status(Status(reason="Forbidden", code=403))]])

    with pytest.raises(ClientError):
        followed(server, 2)


def test_an_object_may_come_later_and_go() -> None:
    server = Server([None], [[event("ADDED", 2), event("DELETED", 3)]])

    assert followed(server, 3) == [(MISSING, ""), ("ADDED", "2"), ("DELETED", "3")]


def test_it_ends_with_the_time() -> None:
    with pytest.raises(OutOfTime):
        followed(Server([1], []), 2, timeout_s=0)
