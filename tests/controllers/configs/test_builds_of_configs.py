"""Builds are found by their config, as they are now, without a look at all others."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from imagestreams.api.build.types import Build
from imagestreams.api.codec import copy, from_dict
from imagestreams.controllers.configs.builds_of_configs import BuildsOfConfigs
from imagestreams.resources.builds.build_names import CONFIG, OLDER_CONFIG_LABEL
from imagestreams.resources.builds.builds import build_storage
from imagestreams.resources.storage import ObjectStorage
from imagestreams.store.cache import Entry
from imagestreams.store.sqlite import SQLiteStore


@pytest.fixture
async def builds(tmp_path: Path) -> AsyncIterator[ObjectStorage[Build]]:
    store = SQLiteStore.open(tmp_path / "store")
    storage = build_storage(store, lambda: datetime(2026, 11, 25, tzinfo=UTC))
    await storage.cache.start()
    yield storage
    storage.cache.stop()
    await store.close()


async def build(builds: ObjectStorage[Build], name: str, namespace: str = "shop", **labels: str) -> Entry[Build]:
    metadata = {"name": name, "namespace": namespace, "uid": name, "labels": labels}
    return await builds.create(from_dict({"metadata": metadata}, Build))


async def test_builds_are_those_whose_label_names_the_config_in_its_namespace(builds: ObjectStorage[Build]) -> None:
    index = BuildsOfConfigs(builds)
    for entry in (
        await build(builds, "web-2", **{CONFIG: "web", OLDER_CONFIG_LABEL: "web"}),
        await build(builds, "web-1", **{OLDER_CONFIG_LABEL: "web"}),
        await build(builds, "api-1", **{CONFIG: "api"}),
        await build(builds, "by-hand"),
        await build(builds, "web-1", "other", **{CONFIG: "web"}),
    ):
        index.seen(entry)

    assert [one.metadata.name for one in index.of("shop", "web")] == ["web-1", "web-2"]
    assert [one.metadata.namespace for one in index.of("other", "web")] == ["other"]
    assert index.of("shop", "nobody") == []


async def test_they_are_as_they_are_now_also_before_the_index_hears_of_it(builds: ObjectStorage[Build]) -> None:
    index = BuildsOfConfigs(builds)
    first = await build(builds, "web-1", **{CONFIG: "web"})
    second = await build(builds, "web-2", **{CONFIG: "web"})
    index.seen(first)
    index.seen(second)

    running = copy(first.value)
    running.status.phase = "Running"
    await builds.replace(first, running)
    await builds.remove(second)

    assert [(one.metadata.name, one.status.phase) for one in index.of("shop", "web")] == [("web-1", "Running")]


async def test_a_build_that_is_relabelled_or_gone_is_forgotten(builds: ObjectStorage[Build]) -> None:
    index = BuildsOfConfigs(builds)
    first = await build(builds, "web-1", **{CONFIG: "web"})
    index.seen(first)

    moved = copy(first.value)
    moved.metadata.labels = {CONFIG: "api"}
    index.seen(await builds.replace(first, moved))
    assert (index.of("shop", "web"), len(index.of("shop", "api"))) == ([], 1)

    index.gone(first.key)
    assert index.of("shop", "api") == []
