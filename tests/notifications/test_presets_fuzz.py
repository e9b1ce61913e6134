"""Whatever names and messages hold, each preset makes a request that can be sent, and JSON that can be read."""

import json
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagestreams.notifications.cloudevents import CloudEvent
from imagestreams.notifications.happening import TYPES
from imagestreams.notifications.presets import PRESETS
from imagestreams.notifications.presets.request import Occasion

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)


@pytest.mark.parametrize("preset", sorted(PRESETS))
@given(
    kind=st.sampled_from(sorted(TYPES.values())),
    data=st.dictionaries(
        st.sampled_from(["image", "previousImage", "pullSpec", "reason", "message", "kind", "tag", "namespace"]), texts
    ),
    subject=st.from_regex(r"[a-z0-9.-]{1,63}/[a-z0-9.-]{1,63}(:[A-Za-z0-9_.-]{1,128})?", fullmatch=True),
    secret=st.binary(max_size=64),
    path=st.sampled_from(["/", "/job/x/buildWithParameters", "/generic-webhook-trigger/invoke"]),
)
def test_any_event_can_be_sent(
    preset: str, kind: str, data: dict[str, str], subject: str, secret: bytes, path: str
) -> None:
    event = CloudEvent(id="1", source="/a", type=kind, subject=subject, time="", sequence="1", data=dict(data))

    sent = PRESETS[preset](event, Occasion(secret, path, 1))

    if sent.content_type == "application/x-www-form-urlencoded":
        assert parse_qs(sent.body.decode())["IMAGESTREAMS_SUBJECT"] == [subject]
    else:
        assert isinstance(json.loads(sent.body), dict)
    own = {name: value for name, value in sent.headers.items() if name.lower() not in ("authorization", "token")}
    assert all(value.isascii() and "\n" not in value and "\r" not in value for value in own.values())
    if preset in ("Slack", "Mattermost"):
        text = json.loads(sent.body)["text"]
        assert "\n" not in text
        assert text.count("`") % 2 == 0
