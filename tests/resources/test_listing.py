"""Lists of stored objects: whole, page by page, now and in the past."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from imagestreams.access.identity import User
from imagestreams.api.core import ConfigMap
from imagestreams.api.errors import ApiError
from imagestreams.api.meta import ObjectMeta
from imagestreams.resources import listing
from imagestreams.resources.resource import (
    ContinueToken,
    DeleteOptions,
    FieldRequirement,
    ItemList,
    ListOptions,
    RequestContext,
    ResourceInfo,
)
from imagestreams.resources.storage import ObjectStorage
from imagestreams.resources.stored import StoredResource, Strategy
from imagestreams.store import history as history_module
from imagestreams.store.sqlite import SQLiteStore

INFO = ResourceInfo("", "v1", "configmaps", "ConfigMap", ConfigMap, frozenset())
HERE = RequestContext(User("jane"), "2026-01-01T00:00:00Z", "here")
ALL = RequestContext(User("jane"), "2026-01-01T00:00:00Z")

Maps = StoredResource[ConfigMap]


@pytest.fixture
async def maps(tmp_path: Path) -> AsyncIterator[Maps]:
    store = SQLiteStore.open(tmp_path)
    storage = ObjectStorage(store, INFO, ConfigMap)
    await storage.cache.start()
    yield StoredResource(storage, Strategy(), lambda namespace: None)
    await store.close()


async def make(maps: Maps, *names: str, namespace: str = "here", **labels: str) -> int:
    """Make config maps; return the revision of the last one."""
    context = RequestContext(User("jane"), "2026-01-01T00:00:00Z", namespace)
    for name in names:
        await maps.create(context, ConfigMap(metadata=ObjectMeta(name=name, labels=labels or None)))
    return maps.storage.cache.revision


async def remove(maps: Maps, name: str) -> None:
    await maps.delete(RequestContext(User("jane"), HERE.now, "here", name), DeleteOptions())


def names(page: ItemList) -> list[str]:
    return [item.value.metadata.name for item in page.items]


async def refused(maps: Maps, options: ListOptions) -> ApiError:
    with pytest.raises(ApiError) as caught:
        await maps.list(HERE, options)
    return caught.value


async def test_a_list_is_ordered_and_tells_its_revision(maps: Maps) -> None:
    await make(maps, "b", "a")
    revision = await make(maps, "c", namespace="there")

    here, everywhere = await maps.list(HERE, ListOptions()), await maps.list(ALL, ListOptions())

    assert names(here) == ["a", "b"] and names(everywhere) == ["a", "b", "c"]
    assert here.resource_version == everywhere.resource_version == str(revision)
    assert here.continue_ == "" and here.remaining_item_count is None


async def test_a_namespace_is_not_mistaken_for_one_that_begins_like_it(maps: Maps) -> None:
    await make(maps, "a", namespace="here-too")

    assert names(await maps.list(HERE, ListOptions())) == []


async def test_pages_show_the_state_of_the_first_one_whatever_is_written_meanwhile(maps: Maps) -> None:
    revision = await make(maps, "a", "b", "c", "d", "e")

    first = await maps.list(HERE, ListOptions(limit=2))
    await remove(maps, "d")
    await make(maps, "bb", "f")
    second = await maps.list(HERE, ListOptions(limit=2, continue_=first.continue_))
    third = await maps.list(HERE, ListOptions(limit=2, continue_=second.continue_))

    assert [names(first), names(second), names(third)] == [["a", "b"], ["c", "d"], ["e"]]
    assert [first.remaining_item_count, second.remaining_item_count, third.remaining_item_count] == [3, 1, None]
    assert {first.resource_version, second.resource_version, third.resource_version} == {str(revision)}
    assert third.continue_ == ""


async def test_a_last_page_that_is_just_full_has_no_next_one(maps: Maps) -> None:
    await make(maps, "a", "b")

    page = await maps.list(HERE, ListOptions(limit=2))

    assert names(page) == ["a", "b"] and page.continue_ == ""


async def test_a_limit_counts_what_is_selected_and_does_not_tell_how_many_remain(maps: Maps) -> None:
    await make(maps, "a", "c", "e", kind="odd")
    await make(maps, "b", "d", kind="even")
    odd = ListOptions(labels=lambda labels: labels.get("kind") == "odd", limit=2)

    first = await maps.list(HERE, odd)
    rest = await maps.list(HERE, ListOptions(labels=odd.labels, limit=2, continue_=first.continue_))

    assert [names(first), names(rest)] == [["a", "c"], ["e"]]
    assert first.remaining_item_count is None


async def test_fields_select(maps: Maps) -> None:
    await make(maps, "a", "b")

    by_name = await maps.list(ALL, ListOptions(fields=(FieldRequirement("metadata.name", "b"),)))
    not_here = await maps.list(ALL, ListOptions(fields=(FieldRequirement("metadata.namespace", "here", equal=False),)))

    assert names(by_name) == ["b"] and names(not_here) == []


async def test_an_expired_page_offers_a_token_that_goes_on_with_what_is_now(
    maps: Maps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_module, "HISTORY_EVENTS", 3)
    await make(maps, "a", "b", "c")
    first = await maps.list(HERE, ListOptions(limit=1))
    await make(maps, "d", "e", "f", "g", "h")

    error = await refused(maps, ListOptions(limit=1, continue_=first.continue_))
    rest = await maps.list(HERE, ListOptions(continue_=error.status.metadata.continue_))

    assert (error.status.code, error.status.reason) == (410, "Expired")
    assert error.status.message.startswith("The provided continue parameter is too old to display a consistent list")
    assert names(rest) == ["b", "c", "d", "e", "f", "g", "h"]
    assert rest.resource_version == str(maps.storage.cache.revision)


@pytest.mark.parametrize("token", ["garbage", "e30", "%%%", "eyJ2IjoidjkiLCJydiI6MSwic3RhcnQiOiIifQ"])
async def test_a_token_that_is_none_is_refused(maps: Maps, token: str) -> None:
    error = await refused(maps, ListOptions(continue_=token))

    assert error.status.code == 400 and "continue key is not valid" in error.status.message


async def test_a_token_leads_out_of_no_namespace(maps: Maps) -> None:
    await make(maps, "a", namespace="aaa")
    await make(maps, "z", namespace="zzz")
    await make(maps, "b")

    for start, expected in (("/core/configmaps/aaa/a", ["b"]), ("/core/configmaps/zzz/0", []), ("/core/secrets/a", [])):
        token = ContinueToken(rv=maps.storage.cache.revision, start=start).encode()
        assert names(await maps.list(HERE, ListOptions(continue_=token))) == expected


async def test_a_list_can_be_exactly_that_of_a_revision_or_no_older(maps: Maps) -> None:
    past = str(await make(maps, "a", "b"))
    await remove(maps, "a")

    exact = await maps.list(HERE, ListOptions(resource_version=past, resource_version_match="Exact"))
    newer = await maps.list(HERE, ListOptions(resource_version=past, resource_version_match="NotOlderThan"))
    plain = await maps.list(HERE, ListOptions(resource_version=past))
    limited = await maps.list(HERE, ListOptions(resource_version=past, limit=5))

    assert names(exact) == names(limited) == ["a", "b"] and exact.resource_version == past
    assert names(newer) == names(plain) == ["b"]


async def test_a_limit_with_version_zero_is_ignored(maps: Maps) -> None:
    await make(maps, "a", "b", "c")

    page = await maps.list(HERE, ListOptions(resource_version="0", limit=1))

    assert names(page) == ["a", "b", "c"] and page.continue_ == ""


async def test_a_past_that_is_no_longer_kept_is_gone(maps: Maps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_module, "HISTORY_EVENTS", 2)
    past = str(await make(maps, "a"))
    await make(maps, "b", "c", "d")

    error = await refused(maps, ListOptions(resource_version=past, resource_version_match="Exact"))

    assert (error.status.code, error.status.reason) == (410, "Expired")
    assert error.status.message == "The resourceVersion for the provided list is too old."


async def test_a_revision_that_does_not_come_is_a_timeout(maps: Maps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "_FUTURE_WAIT_S", 0.1)
    current = await make(maps, "a")

    error = await refused(maps, ListOptions(resource_version=str(current + 100)))

    assert (error.status.code, error.status.reason) == (504, "Timeout")
    assert error.status.message == f"Timeout: Too large resource version: {current + 100}, current: {current}"
    assert error.status.details is not None and error.status.details.retry_after_seconds == 1
    [cause] = error.status.details.causes or []
    assert (cause.reason, cause.message) == ("ResourceVersionTooLarge", "Too large resource version")


def _token(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("token", "told"),
    [
        ("a!", "continue key is not valid: illegal base64 data at input byte 1"),
        ("abcd=", "continue key is not valid: illegal base64 data at input byte 4"),
        ("abcde", "continue key is not valid: illegal base64 data at input byte 4"),
        (_token("[x"), "continue key is not valid: invalid character 'x' looking for beginning of value"),
        (_token("{}"), "continue key is not valid: server does not recognize this encoded version "),
        (
            _token('{"v":"meta.k8s.io/v1","start":"a"}'),
            "continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)",
        ),
        (
            _token('{"v":"meta.k8s.io/v1","rv":1}'),
            "continue key is not valid: encoded start key empty (version meta.k8s.io/v1)",
        ),
        (_token('{"v":"meta.k8s.io/v1","rv":1,"start":"../a"}'), "continue key is not valid: ../a"),
    ],
)
def test_what_is_no_token_of_ours_is_told_apart(token: str, told: str) -> None:
    with pytest.raises(ApiError) as failure:
        ContinueToken.parse(token)

    assert failure.value.status.message == f"invalid continue token: {told}"
