"""Builds: what is built does not change any more, how far it is does.

Each phase that a build was in is kept as a condition, and the newest one is true. A runner writes the status; `details`
is for what is only known while a build runs: which commit it is, and what came of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from imagestreams.access.authorization import Authorizer
from imagestreams.api.build.defaulting import clean_paths, default_build, input_reference
from imagestreams.api.build.types import Build, BuildCondition
from imagestreams.api.build.validation import is_over, validate_build, validate_build_update
from imagestreams.api.codec import copy, to_dict
from imagestreams.api.errors import FieldError
from imagestreams.api.metadata.object_meta_validation import dns_subdomain_problems
from imagestreams.resources.builds.build_logs import BuildLogs
from imagestreams.resources.builds.buildconfigs import GROUP
from imagestreams.resources.builds.tables import build_table
from imagestreams.resources.builds.uploads import Uploads
from imagestreams.resources.images.pull_rights import require_pull, streams_elsewhere
from imagestreams.resources.resource import ALL_VERBS, RequestContext, ResourceInfo
from imagestreams.resources.storage import ObjectStorage
from imagestreams.resources.stored import NamespaceGate, StoredResource, Strategy
from imagestreams.resources.workloads.image_admission import ImageAdmission
from imagestreams.store.cache import ObservableStore

NEW: Final = "New"
FAILED: Final = "Failed"
OUT_OF_MEMORY: Final = "OutOfMemoryKilled"


def build_storage(store: ObservableStore, clock: Callable[[], datetime]) -> ObjectStorage[Build]:
    """Return where builds are kept."""
    info = ResourceInfo(
        group=GROUP,
        version="v1",
        plural="builds",
        singular="build",
        kind="Build",
        object_type=Build,
        verbs=ALL_VERBS,
        categories=("all",),
        defaults=default_build,
        table=build_table(clock),
        field_labels=frozenset({"metadata.name", "metadata.namespace", "status", "podName"}),
    )
    return ObjectStorage(store, info, Build)


def record_phase(build: Build, now: str) -> None:
    """Bring the conditions into line with the phase: that of the phase is true, all others are false."""
    status = build.status
    if not status.phase:
        return
    conditions = status.conditions or []
    for condition in conditions:
        wanted = ("True", status.reason, status.message) if condition.type == status.phase else ("False", "", "")
        is_current = wanted[0] == "True"
        if (condition.status, condition.reason, condition.message) == wanted:
            continue
        if not is_current and condition.status == "False":
            continue
        if condition.status != wanted[0]:
            condition.last_transition_time = now
        condition.status, condition.reason, condition.message = wanted
        condition.last_update_time = now
    if all(condition.type != status.phase for condition in conditions):
        conditions.append(
            BuildCondition(
                type=status.phase,
                status="True",
                last_update_time=now,
                last_transition_time=now,
                reason=status.reason,
                message=status.message,
            )
        )
    status.conditions = conditions


class BuildStrategy(Strategy[Build]):
    """The rules of builds."""

    def __init__(
        self,
        logs: BuildLogs,
        uploads: Uploads,
        authorizer: Authorizer,
        admit_images: ImageAdmission | None = None,
    ) -> None:
        self._logs = logs
        self._uploads = uploads
        self._authorizer = authorizer
        self._admit_images = admit_images

    async def prepare_create(self, context: RequestContext, value: Build) -> None:
        default_build(value)
        clean_paths(value.spec)
        value.metadata.generation = 1
        value.status.phase = value.status.phase or NEW
        record_phase(value, context.now)

    async def prepare_update(self, context: RequestContext, value: Build, old: Build) -> None:
        default_build(value)
        clean_paths(value.spec)
        if old.status.phase == FAILED and value.status.reason != OUT_OF_MEMORY:
            # What the build itself told of its failure is not overwritten by who only saw it fail.
            value.status.reason, value.status.message = old.status.reason, old.status.message
        record_phase(value, context.now)
        if value.spec != old.spec:
            value.metadata.generation = old.metadata.generation + 1

    async def admit(self, context: RequestContext, value: Build, old: Build | None) -> list[FieldError]:
        if self._admit_images is not None:
            await self._admit_images(context, value, old)
        if old is None:
            spec = value.spec
            references = [input_reference(spec.strategy), *(image.from_ for image in spec.source.images or [])]
            elsewhere = streams_elsewhere(references, value.metadata.namespace)
            await require_pull(self._authorizer, context.user, elsewhere)
        return []

    def validate(self, value: Build) -> list[FieldError]:
        return validate_build(value)

    def validate_update(self, value: Build, old: Build) -> list[FieldError]:
        return validate_build_update(value, old)

    def validate_name(self, name: str) -> list[str]:
        return dns_subdomain_problems(name)

    def field_values(self, value: Build) -> Mapping[str, str]:
        return {
            **super().field_values(value),
            "status": value.status.phase,
            "podName": f"{value.metadata.name}-build" if value.metadata.name else "",
        }

    async def delete(self, context: RequestContext, value: Build) -> None:
        if not context.dry_run:
            self._logs.remove(value.metadata.uid)
            self._uploads.remove(value.metadata.uid)


class BuildDetailsStrategy(Strategy[Build]):
    """How `details` is written: the commit once, and what a build tells of itself."""

    may_update_without_version = True

    async def prepare_update(self, context: RequestContext, value: Build, old: Build) -> None:
        default_build(value)
        told, revision = value.status, value.spec.revision
        value.spec, value.status = copy(old.spec), copy(old.status)
        value.metadata.labels, value.metadata.annotations = old.metadata.labels, old.metadata.annotations
        value.metadata.owner_references, value.metadata.finalizers = (
            old.metadata.owner_references,
            old.metadata.finalizers,
        )
        value.spec.revision = revision
        if is_over(told.phase):
            value.status.phase = told.phase
        value.status.stages, value.status.output.to = told.stages, told.output.to
        value.status.reason, value.status.message = told.reason, told.message
        record_phase(value, context.now)

    def validate_update(self, value: Build, old: Build) -> list[FieldError]:
        field, after, before = "spec.revision", value.spec.revision, old.spec.revision
        if before is None or after == before:
            return []
        errors = [FieldError.duplicate(field, to_dict(before))]
        if after is None:
            errors.insert(0, FieldError.invalid(field, None, "cannot set an empty revision in build spec"))
        return errors


class BuildDetails(StoredResource[Build]):
    """`builds/details`."""

    def __init__(self, storage: ObjectStorage[Build], namespaces: NamespaceGate) -> None:
        super().__init__(storage, BuildDetailsStrategy(), namespaces)
        self.info = replace(
            storage.info,
            subresource="details",
            singular="",
            verbs=frozenset({"update"}),
            categories=(),
        )
