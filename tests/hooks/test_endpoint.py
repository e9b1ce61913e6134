"""The endpoint as senders meet it: who is let in, what is taken, and what never gets out."""

import base64
import hashlib
import hmac
import json
import logging
from typing import Any

import pytest

from imagestreams.hooks.endpoint import BODY_MAX_BYTES, DISCARDED_MAX_BYTES
from imagestreams.hooks.rate import BURST

HOST = "registry.example.com"
SECRET = "s3cret-that-must-not-show"
ENCODED = base64.b64encode(f"{SECRET}\n".encode()).decode()
QUAY = json.dumps({"repository": "org/app", "docker_url": "x", "updated_tags": ["1"]}).encode()
HARBOR = json.dumps(
    {
        "type": "PUSH_ARTIFACT",
        "occur_at": 1,
        "event_data": {"resources": [{"tag": "1"}], "repository": {"repo_full_name": "org/app"}},
    }
).encode()
PACKAGE = json.dumps(
    {
        "action": "published",
        "package": {
            "name": "app",
            "package_type": "CONTAINER",
            "owner": {"login": "org"},
            "package_version": {"container_metadata": {"tag": {"name": "1"}}},
        },
    }
).encode()


def stream_key(name: str = "s", namespace: str = "ns") -> str:
    return f"/image.openshift.io/imagestreams/{namespace}/{name}"


async def test_the_tags_that_follow_are_handed_on(room: Any) -> None:
    await room.stream(f"{HOST}/org/app:1", f"{HOST}/org/app:2")
    await room.stream("elsewhere.example.com/org/app:1", name="other")
    path = await room.hook(sender="Quay", registries=[HOST])

    status, body, _ = await room.call(path, [QUAY[:10], QUAY[10:]])

    assert (status, body) == (202, b"accepted\n")
    assert room.imported == [(stream_key(), {"t0"})]


async def test_a_stream_that_changes_its_source_is_found_by_the_new_one_only(room: Any) -> None:
    await room.stream(f"{HOST}/org/app:1")
    path = await room.hook(sender="Quay", registries=[HOST])
    entry = room.streams.get("ns", "s")
    await room.streams.remove(entry)
    await room.stream(f"{HOST}/org/new:1")

    await room.call(path, QUAY)
    await room.call(path, QUAY.replace(b"org/app", b"org/new"))

    assert room.imported == [(stream_key(), {"t0"})]


@pytest.mark.parametrize("everywhere", [False, True])
async def test_other_namespaces_are_reached_only_when_the_hook_says_so(room: Any, everywhere: bool) -> None:
    await room.stream(f"{HOST}/org/app:1")
    await room.stream(f"{HOST}/org/app:1", namespace="other")
    path = await room.hook(sender="Quay", registries=[HOST], allNamespaces=everywhere)

    await room.call(path, QUAY)

    assert [key for key, _ in room.imported] == [stream_key(), stream_key(namespace="other")][: 1 + everywhere]


async def test_an_unknown_token_and_a_missing_proof_get_the_same_answer(room: Any) -> None:
    await room.stream(f"{HOST}/org/app:1")
    await room.secret("proof", secret=ENCODED)
    path = await room.hook(sender="Harbor", registries=[HOST], secretRef={"name": "proof"})

    answers = [
        await room.call(path, HARBOR),
        await room.call(path, HARBOR, authorization="Bearer wrong"),
        await room.call(path, HARBOR, authorization=f"Basic {SECRET}"),
        await room.call(path[:-1], HARBOR, authorization=SECRET),
        await room.call(path + "/x", HARBOR, authorization=SECRET),
        await room.call("/hooks/registry/", HARBOR, authorization=SECRET),
        await room.call("/hooks/registry/" + "x" * 100_000, HARBOR, authorization=SECRET),
    ]

    assert {status for status, _, _ in answers} == {404}
    assert len({body for _, body, _ in answers}) == 1
    assert room.imported == []


@pytest.mark.parametrize("authorization", [SECRET, f"Bearer {SECRET}", f"bearer  {SECRET} "])
async def test_the_secret_is_proved_by_the_authorization_header(room: Any, authorization: str) -> None:
    await room.stream(f"{HOST}/org/app:1")
    await room.secret("proof", mine=ENCODED)
    path = await room.hook(sender="Harbor", registries=[HOST], secretRef={"name": "proof", "key": "mine"})

    status, _, _ = await room.call(path, HARBOR, authorization=authorization)

    assert status == 202
    assert len(room.imported) == 1


async def test_a_secret_that_is_missing_or_empty_proves_nothing(room: Any) -> None:
    await room.secret("empty", secret="")
    missing = await room.hook("a", sender="Harbor", registries=[HOST], secretRef={"name": "missing"})
    empty = await room.hook("b", sender="Harbor", registries=[HOST], secretRef={"name": "empty"})

    assert (await room.call(missing, HARBOR, authorization=""))[0] == 404
    assert (await room.call(empty, HARBOR, authorization=""))[0] == 404
    assert (await room.call(empty, HARBOR, authorization="Bearer "))[0] == 404


async def test_github_proves_the_secret_by_a_signature_of_the_body(room: Any) -> None:
    await room.stream("ghcr.io/org/app:1")
    await room.secret("proof", secret=ENCODED)
    path = await room.hook(sender="GitHub", secretRef={"name": "proof"})
    signature = "sha256=" + hmac.new(SECRET.encode(), PACKAGE, hashlib.sha256).hexdigest()
    event = {"x_github_event": "package"}

    refused = [
        await room.call(path, PACKAGE, **event),
        await room.call(path, PACKAGE, **event, x_hub_signature_256=signature[:-1] + "x"),
        await room.call(path, PACKAGE + b" ", **event, x_hub_signature_256=signature),
        await room.call(path, PACKAGE, **event, authorization=SECRET),
    ]
    accepted = await room.call(path, PACKAGE, **event, x_hub_signature_256=signature)

    assert [status for status, _, _ in refused] == [404] * 4
    assert accepted[0] == 202
    assert len(room.imported) == 1


@pytest.mark.parametrize("body", [b"", b"{}", b"not json", HARBOR])
async def test_what_the_sender_does_not_send_is_a_bad_request(room: Any, body: bytes) -> None:
    path = await room.hook(sender="Quay")

    assert (await room.call(path, body))[0] == 400


async def test_a_body_that_is_too_large_is_a_bad_request(room: Any) -> None:
    await room.stream(f"{HOST}/org/app:1")
    path = await room.hook(sender="Quay", registries=[HOST])
    parts = [QUAY, *[b" " * 65536] * (BODY_MAX_BYTES // 65536)]

    assert (await room.call(path, parts))[0] == 400
    status, _, headers = await room.call(path, QUAY, content_length=str(DISCARDED_MAX_BYTES + 1))
    assert (status, headers[b"connection"]) == (400, b"close")
    status, _, headers = await room.call(path, [b" " * 65536] * (DISCARDED_MAX_BYTES // 65536 + 1))
    assert (status, headers[b"connection"]) == (400, b"close")
    assert room.imported == []


async def test_only_post_is_taken(room: Any) -> None:
    path = await room.hook(sender="Quay")

    for method in ("GET", "PUT", "HEAD", "DELETE"):
        assert (await room.call(path, b"", method))[0] == 405
    assert (await room.call("/hooks/other", b""))[0] == 404


async def test_a_sender_that_asks_first_hears_that_it_may_send(room: Any) -> None:
    path = await room.hook(sender="CloudEvents", registries=[HOST])

    status, _, headers = await room.call(path, b"", "OPTIONS", webhook_request_origin="eventgrid.example.com")

    assert status == 200
    assert (headers[b"webhook-allowed-origin"], headers[b"webhook-allowed-rate"]) == (b"*", b"6000")
    assert (await room.call(path + "x", b"", "OPTIONS"))[0] == 404


async def test_a_hook_takes_only_so_many_notifications(room: Any) -> None:
    path, other = await room.hook("a", sender="Quay"), await room.hook("b", sender="Quay")

    answers = [(await room.call(path, QUAY))[0] for _ in range(int(BURST) + 1)]
    elsewhere = (await room.call(other, QUAY))[0]
    room.seconds += 1
    later = (await room.call(path, QUAY))[0]

    assert answers == [202] * int(BURST) + [429]
    assert (elsewhere, later) == (202, 202)


async def test_a_deleted_hook_takes_nothing(room: Any) -> None:
    path = await room.hook(sender="Quay")
    await room.room.resource.storage.remove(room.room.resource.storage.get("ns", "h"))
    await room.settled()

    assert (await room.call(path, QUAY))[0] == 404


async def test_who_tells_is_answered_when_it_can_not_be_lost_any_more(
    room: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await room.stream(f"{HOST}/org/app:1")
    path = await room.hook(sender="Quay", registries=[HOST])

    async def full() -> None:
        raise OSError("the disk is full")

    assert (await room.call(path, QUAY))[0] == 202
    assert room.noted == [len(room.imported)]
    monkeypatch.setattr(room.room.endpoint, "_noted", full)
    assert (await room.call(path, QUAY))[0] == 500


async def test_nothing_secret_is_logged_even_when_something_breaks(
    room: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    await room.stream(f"{HOST}/org/app:1")
    await room.secret("proof", secret=ENCODED)
    path = await room.hook(sender="Harbor", registries=[HOST], secretRef={"name": "proof"})

    def broken(key: str, tags: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(room.room.endpoint, "_import_now", broken)
    with caplog.at_level(logging.DEBUG):
        status, body, _ = await room.call(path, HARBOR, authorization=SECRET)
        await room.call(path, b"{", authorization=SECRET)
        await room.call(path + "x", HARBOR, authorization=SECRET)

    assert status == 500
    assert b"broken" not in body
    assert "could not be taken" in caplog.text
    assert SECRET not in caplog.text
    assert path.rpartition("/")[2] not in caplog.text
