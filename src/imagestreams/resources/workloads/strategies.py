"""How workloads are written: what all kinds share, with the rest from their `WorkloadKind`.

The wish is written by users and by triggers, the status through the `status` subresource by what runs the workload.
A new wish raises the generation, so that whoever runs it sees that its status is behind.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from imagestreams.api.codec import copy
from imagestreams.api.core import Stored
from imagestreams.api.empty_values import drop_empty
from imagestreams.api.errors import FieldError
from imagestreams.api.metadata.object_meta_validation import dns_subdomain_problems
from imagestreams.resources.resource import RequestContext
from imagestreams.resources.stored import Strategy
from imagestreams.resources.workloads.image_admission import ImageAdmission
from imagestreams.resources.workloads.kind import WorkloadKind

T = TypeVar("T", bound=Stored)


class WorkloadStrategy(Strategy[T]):
    """How the wish is written."""

    may_update_without_version = True

    def __init__(self, kind: WorkloadKind[T], admit_images: ImageAdmission | None) -> None:
        self._kind = kind
        self._admit_images = admit_images
        self._has_status = kind.validate_status is not None

    async def prepare_create(self, context: RequestContext, value: T) -> None:
        if self._has_status:
            _set_status(value, type(_status(value))())
            value.metadata.generation = 1
        else:
            value.metadata.generation = 0
        self._kind.defaults(value)

    async def prepare_update(self, context: RequestContext, value: T, old: T) -> None:
        if self._has_status:
            _set_status(value, copy(_status(old)))
        self._kind.defaults(value)

    async def admit(self, context: RequestContext, value: T, old: T | None) -> list[FieldError]:
        if self._admit_images is not None:
            await self._admit_images(context, value, old)
        if self._kind.settle is not None:
            self._kind.settle(value, old)
        if old is not None and self._has_status and self._is_new_wish(value, old):
            value.metadata.generation = old.metadata.generation + 1
        return []

    def _is_new_wish(self, value: T, old: T) -> bool:
        if _spec(value) != _spec(old):
            return True
        return self._kind.counts_annotations and (value.metadata.annotations or {}) != (old.metadata.annotations or {})

    def validate(self, value: T) -> list[FieldError]:
        return self._kind.validate(value)

    def validate_update(self, value: T, old: T) -> list[FieldError]:
        return self._kind.validate_update(value, old)

    def validate_name(self, name: str) -> list[str]:
        return dns_subdomain_problems(name)

    def field_values(self, value: T) -> Mapping[str, str]:
        return {**super().field_values(value), **self._kind.field_values(value)}


class WorkloadStatusStrategy(Strategy[T]):
    """How the status is written: the wish stays as it is."""

    may_update_without_version = True

    def __init__(self, kind: WorkloadKind[T]) -> None:
        self._kind = kind

    async def prepare_update(self, context: RequestContext, value: T, old: T) -> None:
        _set_spec(value, copy(_spec(old)))
        drop_empty(_status(value))

    def validate_update(self, value: T, old: T) -> list[FieldError]:
        return self._kind.validate_status(value, old) if self._kind.validate_status is not None else []

    def validate_name(self, name: str) -> list[str]:
        return dns_subdomain_problems(name)


# All workloads have these two, each of a type of its own.


def _spec(value: Any) -> Any:
    return value.spec


def _status(value: Any) -> Any:
    return value.status


def _set_spec(value: Any, spec: Any) -> None:
    value.spec = spec


def _set_status(value: Any, status: Any) -> None:
    value.status = status
