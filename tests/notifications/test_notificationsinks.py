"""Notification sinks as objects: what is refused, what is filled in, and that nobody gets more reach by one."""

from typing import Any

import pytest

from imagestreams.api.codec import copy
from imagestreams.api.errors import ApiError

URL = "https://ci.example.com/events"
REF = {"name": "a"}


async def test_what_is_left_out_has_defaults(room: Any) -> None:
    made = await room.sink(url=URL, secretRef=REF, headers=[{"name": "X-Key", "secretRef": REF}])

    assert (made.spec.preset, made.spec.events) == ("CloudEvents", ["TagChanged"])
    assert made.spec.secret_ref.key == "secret"
    assert made.spec.headers[0].secret_ref.key == "X-Key"
    assert made.metadata.generation == 1


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({}, "spec.url"),
        ({"url": URL, "urlSecretRef": REF}, "spec.url"),
        ({"url": "http://ci.example.com/"}, "spec.url"),
        ({"url": "https://u:p@ci.example.com/"}, "spec.url"),
        ({"urlSecretRef": {"name": ""}}, "spec.urlSecretRef.name"),
        ({"urlSecretRef": {"name": "A_B"}}, "spec.urlSecretRef.name"),
        ({"url": URL, "preset": "Pager"}, "spec.preset"),
        ({"url": URL, "events": ["tag-changed"]}, "spec.events[0]"),
        ({"url": URL, "imageStreams": ["app", "app:"]}, "spec.imageStreams[1]"),
        ({"url": URL, "imageStreams": ["ns/app"]}, "spec.imageStreams[0]"),
        ({"url": URL, "imageStreams": ["a"] * 257}, "spec.imageStreams"),
        ({"url": URL, "preset": "GitHub"}, "spec.secretRef"),
        ({"url": URL, "preset": "Slack", "secretRef": REF}, "spec.secretRef"),
        ({"url": URL, "headers": [{"name": "a b"}]}, "spec.headers[0].name"),
        ({"url": URL, "headers": [{"name": "Host", "value": "x"}]}, "spec.headers[0].name"),
        ({"url": URL, "headers": [{"name": "Webhook-Id", "value": "x"}]}, "spec.headers[0].name"),
        ({"url": URL, "headers": [{"name": "a"}, {"name": "A"}]}, "spec.headers[1].name"),
        ({"url": URL, "headers": [{"name": "Authorization", "value": "x"}]}, "spec.headers[0].value"),
        ({"url": URL, "headers": [{"name": "X-A", "value": "x\r\ny: z"}]}, "spec.headers[0].value"),
        ({"url": URL, "headers": [{"name": "X-A", "value": "x", "secretRef": REF}]}, "spec.headers[0].value"),
        ({"url": URL, "headers": [{"name": "a"}] * 17}, "spec.headers"),
    ],
)
async def test_what_can_not_work_is_refused(room: Any, spec: dict[str, Any], field: str) -> None:
    with pytest.raises(ApiError) as refused:
        await room.sink(**spec)

    assert refused.value.status.code == 422
    assert [cause.field for cause in refused.value.status.details.causes] == [field]


async def test_a_refused_address_is_not_repeated(room: Any) -> None:
    with pytest.raises(ApiError) as refused:
        await room.sink(url="https://u:s3cr3t@ci.example.com/")

    assert "s3cr3t" not in refused.value.status.message


async def test_a_client_writes_no_status(room: Any) -> None:
    await room.sink(url=URL)

    def transform(old: Any) -> Any:
        new = copy(old)
        new.status.dead_letters = 5
        new.status.handled_retry = "x"
        return new

    updated = await room.room.resource.update(room.context(name="s"), transform)

    assert (updated.item.value.status.dead_letters, updated.item.value.status.handled_retry) == (0, "")


async def test_the_generation_rises_with_the_wish_only(room: Any) -> None:
    await room.sink(url=URL)
    await room.annotate("a", "b")
    assert room.stored().metadata.generation == 1

    def transform(old: Any) -> Any:
        new = copy(old)
        new.spec.events = ["TagDeleted"]
        return new

    await room.room.resource.update(room.context(name="s"), transform)

    assert room.stored().metadata.generation == 2


async def test_who_makes_a_sink_must_be_allowed_to_watch_what_it_tells_of(room: Any) -> None:
    room.authorizer.denied = lambda asked: asked.verb == "watch" and asked.resource == "imagestreams"

    with pytest.raises(ApiError) as refused:
        await room.sink(url=URL)

    assert refused.value.status.code == 403


@pytest.mark.parametrize(
    ("event", "resource"),
    [
        ("TagDeleted", "imagestreams"),
        ("ImportFailed", "imagestreams"),
        ("BuildFailed", "builds"),
        ("RolloutCompleted", "deployments"),
        ("RolloutFailed", "deploymentconfigs"),
    ],
)
async def test_the_right_to_watch_is_asked_for_what_each_event_is_about(room: Any, event: str, resource: str) -> None:
    asked: list[tuple[str, str]] = []
    room.authorizer.denied = lambda attributes: asked.append((attributes.verb, attributes.resource))

    await room.sink(url=URL, events=[event])

    assert ("watch", resource) in asked


async def test_telling_of_all_namespaces_takes_rights_in_all(room: Any) -> None:
    room.authorizer.denied = lambda asked: not asked.namespace

    await room.sink("own", url=URL)
    with pytest.raises(ApiError) as refused:
        await room.sink("all", url=URL, allNamespaces=True)

    assert refused.value.status.code == 403


async def test_each_secret_must_be_readable_to_who_names_it(room: Any) -> None:
    room.authorizer.denied = lambda asked: asked.resource == "secrets" and asked.name == "theirs"
    theirs = {"name": "theirs"}

    await room.sink("own", url=URL, secretRef={"name": "mine"})
    for number, spec in enumerate(
        (
            {"url": URL, "secretRef": theirs},
            {"urlSecretRef": theirs},
            {"url": URL, "headers": [{"name": "X-A", "secretRef": theirs}]},
        )
    ):
        with pytest.raises(ApiError) as refused:
            await room.sink(f"other{number}", **spec)
        assert refused.value.status.code == 403


async def test_a_known_secret_is_not_sent_elsewhere_by_who_can_not_read_it(room: Any) -> None:
    await room.sink(url=URL, preset="GitHub", secretRef={"name": "token"})
    room.authorizer.denied = lambda asked: asked.resource == "secrets"
    await room.annotate("harmless", "x")

    def moved(old: Any) -> Any:
        new = copy(old)
        new.spec.url = "https://evil.example.com/"
        return new

    with pytest.raises(ApiError) as refused:
        await room.room.resource.update(room.context(name="s"), moved)

    assert refused.value.status.code == 403
