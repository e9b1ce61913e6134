"""A foreign cluster is listed and watched by metadata, without a gap and without an end."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import pytest

from imagestreams.targets.cluster import Change, Completed, Gone, ObjectKind, Restarted, Seen
from imagestreams.targets.foreign import ForeignCluster

DEPLOYMENTS = ObjectKind("apps", "v1", "deployments", "Deployment")
BUILD_CONFIGS = ObjectKind("build.openshift.io", "v1", "buildconfigs", "BuildConfig", whole=True)
LIST = "/apis/apps/v1/deployments"


def partial(name: str, version: str = "1", **metadata: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "shop", "resourceVersion": version, **metadata}}


def event(kind: str, name: str, version: str, **metadata: Any) -> dict[str, Any]:
    return {"type": kind, "object": {"kind": "PartialObjectMetadata", **partial(name, version, **metadata)}}


def page(*names: str, version: str = "10", more: str = "") -> dict[str, Any]:
    return {
        "metadata": {"resourceVersion": version, "continue": more},
        "items": [partial(name) for name in names],
    }


async def taken(cluster: ForeignCluster, count: int, kind: ObjectKind = DEPLOYMENTS, place: str = "") -> list[Change]:
    found: list[Change] = []
    async with asyncio.timeout(10), aclosing(cluster.watch(kind, place)) as changes:  # type: ignore[type-var]
        async for change in changes:
            found.append(change)
            if len(found) == count:
                break
    return found


def named(changes: list[Change]) -> list[Any]:
    return [one.document["metadata"]["name"] if isinstance(one, Seen) else one for one in changes]


async def test_all_pages_come_first_and_then_the_changes(kubernetes: Any, foreign: Callable[..., Any]) -> None:
    kubernetes.pages = [page("a", "b", more="token"), page("c")]
    kubernetes.watches = [[event("ADDED", "d", "11"), event("MODIFIED", "a", "12"), event("DELETED", "b", "13")]]

    changes = await taken(await foreign(), 8)

    assert named(changes) == [Restarted(), "a", "b", "c", Completed(), "d", "a", Gone("shop", "b")]
    first, second = kubernetes.lists()
    assert (first.path, first.query) == (LIST, {"limit": "500"})
    assert second.query == {"limit": "500", "continue": "token"}
    assert first.headers["Accept"].startswith("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,")
    (watch,) = kubernetes.watched()
    assert watch.query["resourceVersion"] == "10"
    assert watch.query["allowWatchBookmarks"] == "true"
    assert watch.headers["Accept"].startswith("application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,")


async def test_of_the_metadata_only_what_matters_is_kept(kubernetes: Any, foreign: Callable[..., Any]) -> None:
    owner = {"kind": "Deployment", "name": "app", "uid": "x", "controller": True}
    kubernetes.pages = [page()]
    fields = {"generation": 3, "annotations": {"a": "b"}, "ownerReferences": [owner], "managedFields": [{"x": 1}]}
    kubernetes.watches = [[event("ADDED", "a", "11", uid="u", labels={"l": "m"}, **fields)]]

    *_, seen = await taken(await foreign(), 3)

    assert seen == Seen(
        {
            "metadata": {
                "name": "a",
                "namespace": "shop",
                "uid": "u",
                "resourceVersion": "11",
                "generation": 3,
                "annotations": {"a": "b"},
                "ownerReferences": [{"controller": True}],
            }
        }
    )


async def test_a_cluster_that_sends_whole_objects_is_read_all_the_same(
    kubernetes: Any, foreign: Callable[..., Any]
) -> None:
    whole = {"kind": "Deployment", **partial("a"), "spec": {"replicas": 1}}
    kubernetes.pages = [{"metadata": {"resourceVersion": "1"}, "items": [whole]}]

    _, seen, _ = await taken(await foreign(), 3)

    assert isinstance(seen, Seen)
    assert set(seen.document) == {"metadata"}


async def test_configurations_are_watched_as_a_whole(kubernetes: Any, foreign: Callable[..., Any]) -> None:
    kubernetes.pages = [
        {"metadata": {"resourceVersion": "1"}, "items": [{**partial("a"), "spec": {"triggers": []}}]},
    ]

    _, seen, _ = await taken(await foreign(), 3, BUILD_CONFIGS)

    assert seen == Seen(
        {
            "apiVersion": "build.openshift.io/v1",
            "kind": "BuildConfig",
            **partial("a"),
            "spec": {"triggers": []},
        }
    )
    assert kubernetes.lists()[0].headers["Accept"] == "application/json"


@pytest.mark.parametrize("end", ["cut", b'{"type": "ADDED", "obj', b"<html>\n"])
async def test_a_watch_that_breaks_goes_on_where_it_was(
    kubernetes: Any, foreign: Callable[..., Any], end: str | bytes
) -> None:
    kubernetes.pages = [page("a")]
    kubernetes.watches = [[event("ADDED", "b", "11"), end], [event("ADDED", "c", "12")]]

    changes = await taken(await foreign(), 5)

    assert named(changes) == [Restarted(), "a", Completed(), "b", "c"]
    assert [one.query["resourceVersion"] for one in kubernetes.watched()] == ["10", "11"]


async def test_a_watch_that_is_cut_off_is_told_of_in_plain_words(
    kubernetes: Any, foreign: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    kubernetes.pages = [page("a")]
    kubernetes.watches = [["cut"], [event("ADDED", "b", "11")]]

    await taken(await foreign(), 4)

    (told,) = [one for one in caplog.messages if "is tried again" in one]
    assert told.startswith("target prod: deployments: 127.0.0.1:")
    assert told.endswith(": unexpected EOF; it is tried again")


async def test_bookmarks_carry_the_revision_forward(kubernetes: Any, foreign: Callable[..., Any]) -> None:
    kubernetes.pages = [page()]
    kubernetes.watches = [[event("BOOKMARK", "", "500")], [event("ADDED", "a", "501")]]

    assert named(await taken(await foreign(), 3)) == [Restarted(), Completed(), "a"]
    assert [one.query["resourceVersion"] for one in kubernetes.watched()] == ["10", "500"]


async def test_what_is_forgotten_is_listed_again(
    kubernetes: Any, foreign: Callable[..., Any], failure: Callable[..., Any]
) -> None:
    kubernetes.pages = [page("a", "b"), page("a", version="900")]
    kubernetes.watches = [[{"type": "ERROR", "object": failure("too old resource version", 410)}]]

    changes = await taken(await foreign(), 7)

    assert named(changes) == [Restarted(), "a", "b", Completed(), Restarted(), "a", Completed()]


async def test_pages_that_expire_are_begun_anew(
    kubernetes: Any, foreign: Callable[..., Any], failure: Callable[..., Any]
) -> None:
    kubernetes.pages = [page("a", more="old"), failure("the token is too old", 410), page("a", "b")]

    changes = await taken(await foreign(), 6)

    assert named(changes) == [Restarted(), "a", Restarted(), "a", "b", Completed()]


async def test_a_failing_cluster_is_tried_again_and_told_once(
    kubernetes: Any, foreign: Callable[..., Any], failure: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "imagestreams")
    kubernetes.pages = [failure("not now", 503), failure("not now", 503), page("a")]
    cluster = await foreign()

    changes = await taken(cluster, 5)

    assert named(changes) == [Restarted(), Restarted(), Restarted(), "a", Completed()]
    told = [record.getMessage() for record in caplog.records]
    assert told == ["target prod: deployments: not now; it is tried again"]
    assert cluster.health.problems == []


async def test_a_kind_that_went_away_ends_the_watch(
    kubernetes: Any, foreign: Callable[..., Any], failure: Callable[..., Any]
) -> None:
    kubernetes.answers["GET", LIST] = failure("the server could not find the requested resource", 404)

    async with asyncio.timeout(10):
        assert [one async for one in (await foreign()).watch(DEPLOYMENTS, "")] == [Restarted()]


async def test_only_the_wanted_namespaces_are_asked_for(kubernetes: Any, foreign: Callable[..., Any]) -> None:
    cluster = await foreign(namespaces=("shop", "base"))

    await taken(cluster, 2, place="shop")

    assert cluster.namespaces == ("shop", "base")
    assert kubernetes.lists()[0].path == "/apis/apps/v1/namespaces/shop/deployments"


async def test_an_endless_line_ends_the_watch(
    kubernetes: Any, foreign: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imagestreams.targets.connection.LINE_BYTES", 1000)
    kubernetes.pages = [page()]
    kubernetes.watches = [[b"x" * 2000], [event("ADDED", "a", "11")]]

    assert named(await taken(await foreign(), 3)) == [Restarted(), Completed(), "a"]
