"""Watches over real connections."""

import asyncio
import json
from typing import Any

import pytest

from imagestreams.api.errors import ApiError, expired
from imagestreams.apiserver.incoming import ClientGone
from imagestreams.apiserver.watch_stream import WatchStreams

STREAMS = "/apis/image.openshift.io/v1/namespaces/ns/imagestreams"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
PARTIAL = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"


def stream(name: str, **fields: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, **fields}}


def seen(event: Any) -> tuple[str, str]:
    return event["type"], event["object"]["metadata"].get("name", "")


async def test_changes_come_one_a_line_as_they_happen(app: Any, call: Any, serve: Any, open_watch: Any) -> None:
    made = (await call("POST", STREAMS, stream("a"))).json
    async with serve(app) as port:
        watch = await open_watch(port, f"{STREAMS}?watch=1&resourceVersion={made['metadata']['resourceVersion']}")

        await call("POST", STREAMS, stream("b"))
        await call("PUT", f"{STREAMS}/a", {**made, "spec": {"lookupPolicy": {"local": True}}})
        await call("DELETE", f"{STREAMS}/b")
        events = [await watch.event() for _ in range(3)]

    assert "transfer-encoding: chunked" in watch.head
    assert "content-type: application/json\r\n" in watch.head
    assert [seen(event) for event in events] == [("ADDED", "b"), ("MODIFIED", "a"), ("DELETED", "b")]
    assert events[0]["object"]["kind"] == "ImageStream"


async def test_a_watch_from_nowhere_begins_with_what_there_is(app: Any, call: Any, serve: Any, open_watch: Any) -> None:
    await call("POST", STREAMS, stream("a"))
    await call("POST", STREAMS, stream("b"))
    async with serve(app) as port:
        plain = await open_watch(port, f"{STREAMS}?watch=1")
        marked = await open_watch(
            port,
            f"{STREAMS}?watch=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan",
        )
        first = [seen(await plain.event()) for _ in range(2)]
        second = [await marked.event() for _ in range(3)]

    assert first == [("ADDED", "a"), ("ADDED", "b")]
    assert [seen(event) for event in second[:2]] == first
    assert second[2]["type"] == "BOOKMARK"
    assert second[2]["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


@pytest.mark.parametrize(
    "target",
    [
        f"{STREAMS}?watch=true&fieldSelector=metadata.name%3Db",
        f"{STREAMS.replace('/v1/', '/v1/watch/')}/b",
        f"{STREAMS.replace('/v1/', '/v1/watch/')}?fieldSelector=metadata.name%3Db",
        f"{STREAMS}?watch=1&labelSelector=l",
    ],
)
async def test_a_watch_of_what_is_selected(app: Any, call: Any, serve: Any, open_watch: Any, target: str) -> None:
    async with serve(app) as port:
        watch = await open_watch(port, target)
        await call("POST", STREAMS, stream("a"))
        await call("POST", STREAMS, stream("b", labels={"l": "1"}))

        assert seen(await watch.event()) == ("ADDED", "b")


async def test_a_get_of_one_object_is_no_watch(call: Any) -> None:
    await call("POST", STREAMS, stream("a"))

    assert (await call("GET", f"{STREAMS}/a?watch=1")).json["kind"] == "ImageStream"


async def test_tables_name_their_columns_once(app: Any, call: Any, serve: Any, open_watch: Any) -> None:
    async with serve(app) as port:
        watch = await open_watch(port, f"{STREAMS}?watch=1&includeObject=Object", TABLE)
        await call("POST", STREAMS, stream("a"))
        await call("POST", STREAMS, stream("b"))
        first, second = await watch.event(), await watch.event()

    assert (first["object"]["kind"], first["object"]["rows"][0]["cells"]) == ("Table", ["a"])
    assert first["object"]["rows"][0]["object"]["kind"] == "ImageStream"
    assert [column["name"] for column in first["object"]["columnDefinitions"]] == ["Name"]
    assert second["object"]["columnDefinitions"] is None


async def test_metadata_only(app: Any, call: Any, serve: Any, open_watch: Any) -> None:
    async with serve(app) as port:
        watch = await open_watch(port, f"{STREAMS}?watch=1", PARTIAL)
        await call("POST", STREAMS, stream("a"))
        event = await watch.event()

    assert event["object"]["kind"] == "PartialObjectMetadata"
    assert "spec" not in event["object"]


async def test_a_watch_ends_when_its_time_is_over(app: Any, serve: Any, open_watch: Any) -> None:
    async with serve(app) as port:
        watch = await open_watch(port, f"{STREAMS}?watch=1&timeoutSeconds=1")

        assert await watch.event() is None


async def test_a_watch_ends_when_the_server_stops(app: Any, serve: Any, open_watch: Any) -> None:
    async with serve(app) as port:
        watch = await open_watch(port, f"{STREAMS}?watch=1")
        await app.close()

        assert await watch.event() is None
        late = await open_watch(port, f"{STREAMS}?watch=1")
        assert await late.event() is None


async def test_a_client_that_goes_away_leaves_nothing_behind(app: Any, call: Any, serve: Any, open_watch: Any) -> None:
    async def served() -> bool:
        return b"apiserver_longrunning_requests 1.0" in (await call("GET", "/metrics")).body

    async with serve(app) as port:
        watch = await open_watch(port, f"{STREAMS}?watch=1")
        assert await served()

        watch.writer.close()
        for _ in range(1000):
            if not await served():
                break
            await asyncio.sleep(0.01)
        assert not await served()


@pytest.mark.parametrize(
    ("query", "code", "told"),
    [
        (
            "resourceVersion=abc",
            500,
            'resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
        ),
        ("timeoutSeconds=x", 400, 'strconv.ParseInt: parsing "x": invalid syntax'),
        (
            "sendInitialEvents=true",
            422,
            'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires '
            "setting resourceVersionMatch to NotOlderThan",
        ),
        (
            "resourceVersionMatch=NotOlderThan",
            422,
            'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden '
            "for watch unless sendInitialEvents is provided",
        ),
    ],
)
async def test_parameters_that_make_no_sense(call: Any, query: str, code: int, told: str) -> None:
    answer = await call("GET", f"{STREAMS}?watch=1&{query}")

    assert (answer.status, answer.json["message"]) == (code, told)


async def test_what_can_be_listed_only_is_not_watched(call: Any) -> None:
    answer = await call("GET", "/api/v1/namespaces?watch=1")

    assert (answer.status, answer.json["reason"]) == (405, "MethodNotAllowed")
    assert answer.json["message"] == 'watch is not supported on resources of kind "namespaces"'
    assert (await call("GET", "/api/v1/watch/namespaces")).status == 404


async def test_yaml_has_no_events(call: Any) -> None:
    answer = await call("GET", f"{STREAMS}?watch=1", accept="application/yaml")

    assert (answer.status, answer.headers["content-type"]) == (406, "application/yaml")
    assert b"application/json;stream=watch" in answer.body


class Connection:
    """What a watch is served to: keeps what is sent, and ends when told."""

    path = "/watched"
    started = False
    status = 0

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.is_gone = False

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    async def next_message(self) -> dict[str, Any]:
        if self.is_gone:
            return {"type": "http.disconnect"}
        await asyncio.Event().wait()
        raise AssertionError("never reached")

    @property
    def lines(self) -> list[Any]:
        return [json.loads(message["body"]) for message in self.sent[1:] if message["body"]]


async def test_a_past_that_is_gone_is_an_event_of_an_accepted_watch() -> None:
    async def gone() -> Any:
        raise expired("too old resource version: 1 (5)")
        yield

    connection = Connection()
    await WatchStreams().serve(connection, gone(), lambda event, first: b"", 10)  # type: ignore[arg-type]

    assert connection.status == 200
    (event,) = connection.lines
    assert (event["type"], event["object"]["code"], event["object"]["reason"]) == ("ERROR", 410, "Expired")
    assert connection.sent[-1] == {"type": "http.response.body", "body": b""}


async def test_a_watch_that_breaks_gives_nothing_away() -> None:
    async def broken() -> Any:
        raise KeyError("s3cret")
        yield

    connection = Connection()
    await WatchStreams().serve(connection, broken(), lambda event, first: b"", 10)  # type: ignore[arg-type]

    (event,) = connection.lines
    assert (event["type"], event["object"]["code"]) == ("ERROR", 500)
    assert b"s3cret" not in connection.sent[1]["body"]


async def test_the_events_are_let_go_when_a_watch_ends() -> None:
    closed = []

    async def quiet() -> Any:
        try:
            await asyncio.Event().wait()
            yield
        finally:
            closed.append(True)

    watches = WatchStreams()
    serving = asyncio.create_task(watches.serve(Connection(), quiet(), lambda event, first: b"", 10))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    watches.close()
    await asyncio.wait_for(serving, 10)

    assert closed == [True]


async def test_who_waits_for_a_text_is_told_that_the_server_stops() -> None:
    watches = WatchStreams()
    waiting = asyncio.create_task(watches.waited_for(Connection(), asyncio.Event().wait()))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    watches.close()

    with pytest.raises(ApiError) as stopped:
        await asyncio.wait_for(waiting, 10)

    assert (stopped.value.status.code, len(watches)) == (504, 0)


async def test_what_is_waited_for_is_given_or_refused() -> None:
    async def refusal() -> None:
        raise expired("too late")

    watches = WatchStreams()

    assert await watches.waited_for(Connection(), asyncio.sleep(0, "text")) == "text"  # type: ignore[arg-type]
    with pytest.raises(ApiError, match="too late"):
        await watches.waited_for(Connection(), refusal())  # type: ignore[arg-type]


async def test_nobody_waits_for_a_client_that_is_gone() -> None:
    connection = Connection()
    connection.is_gone = True

    with pytest.raises(ClientGone):
        await WatchStreams().waited_for(connection, asyncio.Event().wait())  # type: ignore[arg-type]
