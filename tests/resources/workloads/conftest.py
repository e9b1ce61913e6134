"""Workloads over a real store, written through their resources without a network."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from imagestreams.access.identity import ADMINISTRATORS, User
from imagestreams.api.codec import copy, from_dict, to_dict
from imagestreams.api.errors import ApiError
from imagestreams.resources.resource import DeleteOptions, RequestContext, Resource
from imagestreams.resources.workloads.group import WorkloadGroup, workload_group
from imagestreams.store.sqlite import SQLiteStore

NOW = datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC)
Document = dict[str, Any]


class WorkloadRoom:
    """The group, and how it is used: documents in, documents out."""

    def __init__(self, group: WorkloadGroup) -> None:
        self.group = group
        self.context = RequestContext(User("ann", frozenset({ADMINISTRATORS})), "2026-11-25T12:00:00Z", "ns")

    def resource(self, name: str) -> Resource:
        return next(each for each in self.group.resources if each.info.name == name)

    async def create(self, resource: str, document: Document) -> Document:
        served = self.resource(resource)
        item = await served.create(self.context, from_dict(copy_of(document), served.info.object_type))
        return to_dict(item.value)

    async def change(self, resource: str, name: str, change: Callable[[Document], None]) -> Document:
        served = self.resource(resource)

        def transform(current: Any) -> Any:
            document = to_dict(copy(current))
            change(document)
            return from_dict(document, served.info.object_type)

        updated = await served.update(replace(self.context, name=name), transform)
        return to_dict(updated.item.value)

    async def read(self, resource: str, name: str) -> Document:
        item = await self.resource(resource).get(replace(self.context, name=name), {})
        return to_dict(item.value)

    async def delete(self, resource: str, name: str, policy: str = "") -> Any:
        options = DeleteOptions(propagation_policy=policy)
        return (await self.resource(resource).delete(replace(self.context, name=name), options)).value

    async def refusal(self, resource: str, document: Document) -> str:
        """Return what is said against a new object."""
        with pytest.raises(ApiError) as refused:
            await self.create(resource, document)
        return refused.value.status.message


def copy_of(document: Document) -> Document:
    if not isinstance(document, dict):
        return document
    return {key: copy_of(value) for key, value in document.items()}


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[WorkloadRoom]:
    store = SQLiteStore.open(tmp_path / "store")
    group = workload_group(store, namespaces=lambda namespace: None, clock=lambda: NOW, admit_images=None)
    await group.start()
    yield WorkloadRoom(group)
    group.stop()
    await store.close()


@pytest.fixture
def web() -> Document:
    return workload("Deployment", "web")


def workload(kind: str, name: str, **spec: Any) -> Document:
    """A workload with one container `c` of the image `app:1`."""
    return {
        "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": {"app": name}}, "template": template(name), **spec},
    }


def template(name: str, image: str = "app:1", **pod: Any) -> Document:
    containers = [{"name": "c", "image": image}]
    return {"metadata": {"labels": {"app": name}}, "spec": {"containers": containers, **pod}}


@pytest.fixture
def job() -> Document:
    return {
        "metadata": {"name": "once"},
        "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "app:1"}]}}},
    }


@pytest.fixture
def make() -> Callable[..., Document]:
    return workload
