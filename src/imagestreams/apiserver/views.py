"""Other shapes of objects and lists: plain, as tables, and as metadata only.

A stored object's JSON begins with its kind and version; inside a list it has neither, so these bytes are cut off
rather than the object encoded again.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from imagestreams.api.codec import encode
from imagestreams.api.errors import not_acceptable
from imagestreams.api.meta import ListMeta, Status
from imagestreams.resources.resource import Column, Item, ItemList, ResourceInfo, TableView

_NAME_COLUMN = Column(
    "Name",
    format="name",
    description=(
        "Name must be unique within a namespace. Is required when creating resources, although some resources may "
        "allow a client to request the generation of an appropriate name automatically. Name is primarily intended "
        "for creation idempotence and configuration definition. Cannot be updated. More info: "
        "https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names"
    ),
)
_LIST_SHAPES = ("PartialObjectMetadataList",)


def name_column() -> Column:
    """Return the first column of every table."""
    return _NAME_COLUMN


def list_document(page: ItemList, info: ResourceInfo) -> bytes:
    """Return a list as JSON."""
    head = encode(
        {"kind": info.list_kind or f"{info.kind}List", "apiVersion": info.group_version, "metadata": _list_meta(page)}
    )
    prefix = f'{{"kind":"{info.kind}","apiVersion":"{info.group_version}",'.encode()
    # Lists can have many megabytes: each item's bytes are copied once, into the answer.
    parts: list[bytes | memoryview] = [head[:-1], b',"items":[']
    for item in page.items:
        encoded = item.encoded
        if encoded.startswith(prefix):
            parts += b",{", memoryview(encoded)[len(prefix) :]
        else:
            parts += b",", encoded
    if page.items:
        parts[2] = parts[2][1:]
    parts.append(b"]}")
    return b"".join(parts)


def _list_meta(page: ItemList) -> dict[str, Any]:
    meta: dict[str, Any] = {}
    if page.resource_version:
        meta["resourceVersion"] = page.resource_version
    if page.continue_:
        meta["continue"] = page.continue_
    if page.remaining_item_count is not None:
        meta["remainingItemCount"] = page.remaining_item_count
    return meta


def object_view(item: Item, info: ResourceInfo, shape: str, include: str = "Metadata") -> bytes:
    """Return one object in a shape; `include` is what a table's rows hold of it: Metadata, Object or None.

    Raises:
        ApiError: 406, it has not that shape.
    """
    if isinstance(item.value, Status):
        return item.encoded
    if shape.startswith("Partial") and (shape in _LIST_SHAPES) is not isinstance(item.value.metadata, ListMeta):
        raise _wrong_shape(shape, type(item.value).__name__, info)
    if shape == "Table" and info.table is not None:
        meta = {"resourceVersion": item.value.metadata.resource_version}
        meta = {key: value for key, value in meta.items() if value}
        return encode(_table(info.table, meta, [item], include, columns=True))
    if shape == "PartialObjectMetadata":
        return encode(_partial(item.value))
    return item.encoded


def _wrong_shape(shape: str, kind: str, info: ResourceInfo) -> Exception:
    what = "not a list" if shape in _LIST_SHAPES else "a list"
    go_type = f"*{info.group.partition('.')[0] or 'core'}.{kind}"
    error = not_acceptable(f"you requested {shape}, but the requested object is {what} ({go_type})")
    error.status.details = None
    return error


def list_view(page: ItemList, info: ResourceInfo, shape: str, include: str = "Metadata") -> bytes:
    """Return a list in a shape.

    Raises:
        ApiError: 406, it has not that shape.
    """
    if len(page.items) == 1 and isinstance(page.items[0].value, Status):
        # `projectrequests` answers a list with whether one may ask for a project.
        return page.items[0].encoded
    if shape == "PartialObjectMetadata":
        raise _wrong_shape(shape, info.list_kind or f"{info.kind}List", info)
    if shape == "Table" and info.table is not None:
        return encode(_table(info.table, _list_meta(page), page.items, include, columns=True))
    if shape == "PartialObjectMetadataList":
        items = [_partial(item.value) for item in page.items]
        return encode(
            {
                "kind": "PartialObjectMetadataList",
                "apiVersion": "meta.k8s.io/v1",
                "metadata": _list_meta(page),
                "items": items or None,
            }
        )
    return list_document(page, info)


def event_view(item: Item, info: ResourceInfo, shape: str, include: str, *, first: bool) -> bytes:
    """Return the object of a watch event in a shape; only a stream's first table names its columns."""
    if shape == "Table" and info.table is not None:
        meta = {"resourceVersion": item.value.metadata.resource_version}
        return encode(_table(info.table, meta, [item], include, columns=first))
    if shape.startswith("PartialObjectMetadata"):
        return encode(_partial(item.value))
    return item.encoded


def _partial(value: Any) -> dict[str, Any]:
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": value.metadata}


def _table(
    view: TableView, meta: dict[str, Any], items: Sequence[Item], include: str, *, columns: bool
) -> dict[str, Any]:
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": meta,
        "columnDefinitions": [_definition(column) for column in view.columns] if columns else None,
        "rows": [{"cells": list(view.cells(item.value)), "object": _included(item, include)} for item in items],
    }


def _definition(column: Column) -> dict[str, Any]:
    return {
        "name": column.name,
        "type": column.type,
        "format": column.format,
        "description": column.description,
        "priority": column.priority,
    }


def _included(item: Item, include: str) -> Any:
    if include == "None":
        return None
    return msgspec.Raw(item.encoded) if include == "Object" else _partial(item.value)
