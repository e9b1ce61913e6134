"""What `isctl notify create` makes of its flags."""

from typing import Any

import pytest

from imagestreams.cli.errors import CliError
from imagestreams.cli.streams.notification_sinks import (
    EVENTS,
    PRESETS,
    SinkFlags,
    event_named,
    flag_of,
    preset_named,
    url_secret,
    wanted_sink,
)
from imagestreams.resources.notifications.notificationsinks import EVENTS as KNOWN_EVENTS
from imagestreams.resources.notifications.notificationsinks import PRESETS as KNOWN_PRESETS

URL = "https://ci.example.com/events"


def spec(**wish: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {"name": "ci", "preset": "CloudEvents", "events": ("TagChanged",), "url": URL, **wish}
    made: dict[str, Any] = wanted_sink(SinkFlags(**fields))["spec"]
    return made


def test_the_flags_name_what_the_server_knows() -> None:
    assert set(EVENTS) == set(KNOWN_EVENTS)
    assert set(PRESETS) == set(KNOWN_PRESETS)
    assert flag_of("TagChanged") == "tag-changed"
    assert event_named("import-failed") == event_named("ImportFailed") == "ImportFailed"
    assert preset_named("github") == "GitHub"


@pytest.mark.parametrize(("find", "text"), [(event_named, "tagged"), (preset_named, "pager")])
def test_an_unknown_name_is_told_with_those_that_are_known(find: Any, text: str) -> None:
    with pytest.raises(CliError, match=f'unknown .* "{text}"; it must be one of '):
        find(text)


def test_a_sink_has_only_what_was_asked_for() -> None:
    assert spec() == {"preset": "CloudEvents", "events": ["TagChanged"], "url": URL}


def test_secrets_are_named_with_or_without_their_key() -> None:
    made = spec(url="", url_secret="a/b", secret="c", header_secrets=("Authorization=d/e",), headers=("X-Team=web=1",))

    assert made["urlSecretRef"] == {"name": "a", "key": "b"}
    assert made["secretRef"] == {"name": "c"}
    assert made["headers"] == [
        {"name": "X-Team", "value": "web=1"},
        {"name": "Authorization", "secretRef": {"name": "d", "key": "e"}},
    ]


def test_streams_and_namespaces() -> None:
    made = spec(streams=("app", "lib:1"), all_namespaces=True)

    assert (made["imageStreams"], made["allNamespaces"]) == (["app", "lib:1"], True)


def test_a_header_without_a_value_is_refused_without_repeating_one() -> None:
    with pytest.raises(CliError) as refused:
        spec(headers=("X-Team",))

    assert str(refused.value) == '"X-Team" has no value: a header is NAME=VALUE'


def test_an_address_of_its_own_secret_is_found_by_its_sink() -> None:
    made = url_secret("chat-url", "chat", URL)

    assert made["metadata"] == {"name": "chat-url", "labels": {"imagestreams.dev/notification-sink": "chat"}}
    assert made["stringData"] == {"url": URL}
