"""From a change of a tag to a receiver: once, in order, again when it fails, and never lost."""

import asyncio
import json
import logging
from typing import Any

import pytest
from aiohttp import web

from imagestreams.api.codec import copy, encode
from imagestreams.notifications import lanes
from imagestreams.resources.notifications.notificationsinks import RETRY_REQUESTED, TEST_REQUESTED


async def test_a_change_of_a_tag_is_told_once(room: Any, receiver: Any, digests: list[str]) -> None:
    await room.sink(url=receiver.url)

    await room.tag("prod", digests[0])
    await receiver.count(1)

    ((path, headers, _),) = receiver.requests
    assert path == "/in/box"
    assert headers["Content-Type"] == "application/cloudevents+json; charset=utf-8"
    assert receiver.told() == [("ns/app:prod", digests[0])]
    await room.until(lambda: not room.room.outbox.boxes()[0].waiting)


async def test_what_was_before_the_sink_is_not_told(room: Any, receiver: Any, digests: list[str]) -> None:
    await room.tag("prod", digests[0])
    await room.sink(url=receiver.url)

    await room.tag("prod", digests[1])
    await receiver.count(1)

    assert receiver.told() == [("ns/app:prod", digests[1])]


async def test_only_what_a_sink_asks_for_is_told(room: Any, receiver: Any, digests: list[str]) -> None:
    await room.sink(url=receiver.url, events=["TagChanged", "TagDeleted"], imageStreams=["lib", "app:prod"])

    await room.tag("dev", digests[0])
    await room.tag("prod", digests[1])
    await room.tag("any", digests[2], stream="lib")
    await room.tag("prod", digests[3], namespace="other")
    await room.untag("dev")
    await room.untag("prod")
    await receiver.count(3)

    found = [(event["type"].removeprefix("dev.imagestreams."), event["subject"]) for event in receiver.events]
    assert found == [("tag.changed", "ns/app:prod"), ("tag.changed", "ns/lib:any"), ("tag.deleted", "ns/app:prod")]


async def test_a_sink_for_all_namespaces_hears_of_all(room: Any, receiver: Any, digests: list[str]) -> None:
    await room.sink(url=receiver.url, allNamespaces=True)

    await room.tag("prod", digests[0])
    await room.tag("prod", digests[1], namespace="other")
    await receiver.count(2)

    assert [subject for subject, _ in receiver.told()] == ["ns/app:prod", "other/app:prod"]


async def test_a_failed_delivery_comes_again_with_the_same_id_and_in_order(
    room: Any, receiver: Any, digests: list[str]
) -> None:
    await room.sink(url=receiver.url)
    receiver.answers = [web.Response(status=500), web.Response(status=401)]

    await room.tag("prod", *digests[:3])
    await receiver.count(5)

    assert [image for _, image in receiver.told()] == [digests[0], digests[0], digests[0], digests[1], digests[2]]
    assert len({event["id"] for event in receiver.events}) == 3
    assert [event["sequence"] for event in receiver.events] == sorted(event["sequence"] for event in receiver.events)


async def test_one_tag_that_is_not_taken_does_not_hold_up_the_others(
    room: Any, receiver: Any, digests: list[str]
) -> None:
    await room.sink(url=receiver.url)
    receiver.answer = lambda body: web.Response(status=404) if b"ns/app:bad" in body else None

    await room.tag("bad", digests[0])
    await room.tag("good", *digests[1:5])

    await room.until(lambda: [image for subject, image in receiver.told() if subject == "ns/app:good"] == digests[1:5])
    (box,) = room.room.outbox.boxes()
    await room.until(lambda: [letter.event.subject for letter in box.waiting.values()] == ["ns/app:bad"])


async def test_what_a_receiver_refuses_for_good_is_a_dead_letter_that_can_be_sent_again(
    room: Any, receiver: Any, digests: list[str]
) -> None:
    await room.sink(url=receiver.url)
    receiver.answer = lambda body: web.Response(status=422)
    await room.tag("prod", digests[0])
    await room.until(lambda: room.stored().status.dead_letters == 1)
    status = room.stored().status
    dead = {condition.type: condition.status for condition in status.conditions}
    (delivering,) = [condition for condition in status.conditions if condition.type == "Delivering"]

    receiver.answer = lambda body: None
    await room.annotate(RETRY_REQUESTED, "now")
    await room.until(lambda: room.stored().status.handled_retry == "now")
    await receiver.count(2)

    assert status.last_delivery.result == "DeadLettered"
    assert status.last_delivery.message == "the receiver answered 422"
    assert dead["DeadLettered"] == "True"
    assert (delivering.status, delivering.reason) == ("False", "Refused")
    assert [telling.reason for telling in room.told.tellings] == ["DeadLettered"]
    assert receiver.events[0]["id"] == receiver.events[1]["id"]


async def test_the_status_shows_that_an_address_does_not_answer_and_that_it_does_again(
    room: Any, receiver: Any, digests: list[str]
) -> None:
    await room.sink(url=receiver.url)
    failing = True
    receiver.answer = lambda body: web.Response(status=503) if failing else None

    await room.tag("prod", digests[0])
    await room.until(lambda: room.stored().status.last_delivery is not None)
    status = room.stored().status
    failing = False
    await room.until(lambda: not room.room.outbox.boxes()[0].waiting)

    (delivering,) = [condition for condition in status.conditions if condition.type == "Delivering"]
    assert (delivering.status, delivering.message) == ("False", "the receiver answered 503")
    assert status.pending == 1
    await room.until(lambda: [one.reason for one in room.told.tellings] == ["DeliveryFailed", "Delivered"])


async def test_a_test_is_sent_once_for_each_value_of_its_annotation(room: Any, receiver: Any) -> None:
    await room.sink(url=receiver.url)

    await room.annotate(TEST_REQUESTED, "1")
    await receiver.count(1)
    await room.annotate("other", "x")
    await room.annotate(TEST_REQUESTED, "2")
    await receiver.count(2)

    assert [event["type"] for event in receiver.events] == ["dev.imagestreams.test"] * 2
    assert len({event["id"] for event in receiver.events}) == 2


async def test_address_signature_and_headers_come_from_secrets_that_nobody_is_shown(
    room: Any, receiver: Any, digests: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await room.secret("hidden", url=f"{receiver.url}/T0/B0/s3cr3t", key="t0k3n", Authorization="Bearer p4ss")
    hidden = {"name": "hidden"}
    await room.sink(
        urlSecretRef=hidden,
        secretRef={**hidden, "key": "key"},
        headers=[{"name": "Authorization", "secretRef": hidden}, {"name": "X-Team", "value": "web"}],
    )
    receiver.answers = [web.Response(status=500, text="s3cr3t echo")]

    await room.tag("prod", digests[0])
    await receiver.count(2)
    await room.until(lambda: room.stored().status.last_delivery is not None)

    path, headers, _ = receiver.requests[0]
    assert path.endswith("/T0/B0/s3cr3t")
    assert headers["Authorization"] == "Bearer p4ss"
    assert headers["X-Team"] == "web"
    assert headers["webhook-signature"].startswith("v1,")
    shown = encode(room.stored()).decode() + caplog.text + repr(room.told.tellings)
    shown += json.dumps([item.value.decode() for item in (await room.store.range("/imagestreams.dev/")).items])
    for secret in ("s3cr3t", "t0k3n", "p4ss"):
        assert secret not in shown


async def test_events_and_log_show_no_path_of_an_address(room: Any, receiver: Any, digests: list[str]) -> None:
    await room.sink(url=receiver.url + "?token=abc")
    receiver.answers = [web.Response(status=500)]

    await room.tag("prod", digests[0])
    await room.until(lambda: bool(room.told.tellings))

    (telling, *_) = room.told.tellings
    origin = receiver.url.removesuffix("/in/box")
    assert telling.message == (
        f"Failed to deliver dev.imagestreams.tag.changed of ns/app:prod to {origin}: "
        "the receiver answered 500; it is tried again"
    )


async def test_a_missing_secret_is_told_and_then_used_as_soon_as_it_is_there(
    room: Any, receiver: Any, digests: list[str]
) -> None:
    await room.sink(url=receiver.url, secretRef={"name": "later"})
    await room.tag("prod", digests[0])
    await room.until(lambda: room.stored().status.last_delivery is not None)

    message = room.stored().status.last_delivery.message
    await room.secret("later", secret="abc")
    await receiver.count(1)

    assert message == "the secret later has no value secret"


async def test_a_secret_address_is_held_to_the_rules_too(room: Any, digests: list[str]) -> None:
    await room.secret("hidden", url="http://ci.example.com/x")
    await room.sink(urlSecretRef={"name": "hidden"})

    await room.tag("prod", digests[0])
    await room.until(lambda: room.stored().status.last_delivery is not None)

    assert room.stored().status.last_delivery.message == "the address must be https; http is for this machine only"


async def test_a_secret_that_would_add_headers_is_not_sent(room: Any, receiver: Any, digests: list[str]) -> None:
    await room.secret("odd", Authorization="a\r\nX-Evil: 1")
    await room.sink(url=receiver.url, headers=[{"name": "Authorization", "secretRef": {"name": "odd"}}])

    await room.tag("prod", digests[0])
    await room.until(lambda: room.stored().status.last_delivery is not None)

    assert room.stored().status.last_delivery.message == "a secret holds what can't be sent in a header"
    assert receiver.requests == []


async def test_a_corrected_address_is_used_at_once(
    room: Any, receiver: Any, digests: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "FIRST_S", 3600.0)
    await room.sink(url="http://127.0.0.1:1/")
    await room.tag("prod", digests[0])
    await room.until(lambda: room.stored().status.last_delivery is not None)

    def corrected(old: Any) -> Any:
        new = copy(old)
        new.spec.url = receiver.url
        return new

    await room.room.resource.update(room.context(name="s"), corrected)
    await receiver.count(1)

    assert receiver.told() == [("ns/app:prod", digests[0])]


async def test_a_deleted_sink_leaves_nothing_and_one_of_its_name_begins_anew(
    room: Any, receiver: Any, digests: list[str]
) -> None:
    from imagestreams.resources.resource import DeleteOptions

    await room.sink(url="http://127.0.0.1:1/")
    await room.tag("prod", digests[0])
    await room.room.resource.delete(room.context(name="s"), DeleteOptions())
    async with asyncio.timeout(10):
        while (await room.store.range("/imagestreams.dev/notificationoutbox/")).items:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)

    await room.sink(url=receiver.url)
    await room.tag("prod", digests[1])
    await receiver.count(1)

    assert receiver.told() == [("ns/app:prod", digests[1])]


async def test_a_flapping_tag_is_told_of_in_order(room: Any, receiver: Any, digests: list[str]) -> None:
    await room.sink(url=receiver.url)

    await room.tag("prod", *(digests[number % 2] for number in range(40)))
    await receiver.count(40)

    assert [image for _, image in receiver.told()] == [digests[number % 2] for number in range(40)]
    assert len({event["id"] for event in receiver.events}) == 40


async def test_a_slow_receiver_holds_up_no_other_sink(room: Any, receiver: Any, digests: list[str]) -> None:
    hanging: asyncio.Server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = hanging.sockets[0].getsockname()[1]
    await room.sink("slow", url=f"http://127.0.0.1:{port}/")
    await room.sink("fast", url=receiver.url)

    await room.tag("prod", digests[0])
    await receiver.count(1)

    assert receiver.told() == [("ns/app:prod", digests[0])]
    hanging.close()
