"""Whatever comes in, a reader gives pushes that could be, or says that it can't read it; it never fails otherwise."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from imagestreams.hooks.notification import PUSHES_MAX, UnreadableNotification
from imagestreams.hooks.senders import READERS
from imagestreams.reference import is_digest, is_tag, parse

# fmt: off
WORDS = st.sampled_from([
    "events", "action", "push", "target", "repository", "tag", "digest", "mediaType", "type",
    "PUSH_ARTIFACT", "event_data", "resources", "repo_full_name", "occur_at", "updated_tags", "docker_url",
    "push_data", "repo_name", "package", "registry_package", "package_type", "container", "name", "owner",
    "login", "package_version", "container_metadata", "published", "specversion", "1.0", "id", "source",
    "data", "data_base64", "harbor.artifact.pushed", "zotregistry.image.updated", "reference", "org/app",
    "latest",
])
# fmt: on
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | WORDS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(WORDS | st.text(max_size=5), inner, max_size=8),
    max_leaves=30,
)
HEADERS = st.fixed_dictionaries(
    {
        "content-type": st.sampled_from(
            [
                "application/json",
                "application/cloudevents+json",
                "application/cloudevents-batch+json",
                "application/vnd.docker.distribution.events.v1+json",
            ]
        )
        | st.text(max_size=20)
    },
    optional={
        "x-github-event": st.sampled_from(["package", "registry_package", "ping", "push"]),
        "ce-specversion": st.just("1.0"),
        "ce-id": st.just("1"),
        "ce-source": st.just("/"),
        "ce-type": WORDS,
    },
)
SENDERS = st.sampled_from(sorted(READERS))


def check(sender: str, headers: dict[str, str], body: bytes) -> None:
    try:
        pushes = READERS[sender](headers, body)
    except UnreadableNotification as error:
        assert len(str(error)) < 200
        return
    assert len(pushes) <= PUSHES_MAX
    for push in pushes:
        assert parse(f"r.example/{push.repository}").repository == push.repository
        assert not push.tag or is_tag(push.tag)
        assert not push.digest or is_digest(push.digest)


@given(SENDERS, HEADERS, st.binary(max_size=200))
def test_any_bytes(sender: str, headers: dict[str, str], body: bytes) -> None:
    check(sender, headers, body)


@given(SENDERS, HEADERS, JSON)
def test_any_json(sender: str, headers: dict[str, str], value: Any) -> None:
    check(sender, headers, json.dumps(value).encode())


TEXT = WORDS | st.text(max_size=8)
TARGET = st.dictionaries(st.sampled_from(["repository", "tag", "digest", "mediaType"]), TEXT | st.none())
EVENT = st.fixed_dictionaries({"action": TEXT | st.just("push"), "target": TARGET})
NEARLY = (
    st.fixed_dictionaries({"events": st.lists(EVENT, max_size=4)})
    | st.fixed_dictionaries({"repository": TEXT, "docker_url": TEXT, "updated_tags": st.lists(TEXT) | JSON})
    | st.fixed_dictionaries({"push_data": TARGET, "repository": st.fixed_dictionaries({"repo_name": TEXT})})
    | st.fixed_dictionaries(
        {"specversion": st.just("1.0"), "id": TEXT, "source": TEXT, "type": TEXT, "data": EVENT | TARGET | JSON}
    )
    | st.fixed_dictionaries(
        {
            "type": st.just("PUSH_ARTIFACT"),
            "occur_at": st.just(1),
            "event_data": st.fixed_dictionaries(
                {"repository": st.fixed_dictionaries({"repo_full_name": TEXT}), "resources": st.lists(TARGET)}
            ),
        }
    )
)


@given(SENDERS, HEADERS, NEARLY)
def test_nearly_what_senders_send(sender: str, headers: dict[str, str], value: Any) -> None:
    check(sender, headers, json.dumps(value).encode())
