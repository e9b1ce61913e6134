"""`buildconfigs/instantiate` and `builds/clone`: new builds on request.

Both are stored together, the config with its new count and the build: of two requests that saw the same state one comes
too late and decides anew, so no number is given twice, and what a config says that it has built is there.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from typing import Final

from imagestreams.api.build.defaulting import default_build_request
from imagestreams.api.build.types import (
    BinaryBuildRequestOptions,
    BinaryBuildSource,
    Build,
    BuildConfig,
    BuildRequest,
    BuildTriggerCause,
    GitSourceRevision,
    SourceControlUser,
    SourceRevision,
)
from imagestreams.api.codec import copy
from imagestreams.api.errors import ApiError, bad_request, internal, invalid, too_much
from imagestreams.api.meta import ObjectMeta
from imagestreams.api.metadata.object_meta_validation import path_segment_problems, validate_object_meta
from imagestreams.resources.builds.buildconfigs import GROUP
from imagestreams.resources.builds.generation import MANUAL, build_of_build, build_of_config, check_not_paused
from imagestreams.resources.builds.image_sources import ImageSources
from imagestreams.resources.builds.uploads import UploadError, Uploads, UploadTooLarge
from imagestreams.resources.resource import Item, RequestContext, Resource, ResourceInfo, Transform
from imagestreams.resources.stored import StoredResource

_REQUEST: Final = "BuildRequest"
_TOLD: Final = ("commit", "message", "authorName", "authorEmail", "committerName", "committerEmail")
"""What the query of an upload tells of its commit, each behind `revision.`."""


def _info(plural: str, subresource: str) -> ResourceInfo:
    return ResourceInfo(
        group=GROUP,
        version="v1",
        plural=plural,
        kind=_REQUEST,
        object_type=BuildRequest,
        verbs=frozenset({"create"}),
        subresource=subresource,
    )


class BuildGenerator:
    """Makes builds: stores the config with its new count, and the build with it."""

    def __init__(
        self,
        configs: StoredResource[BuildConfig],
        builds: StoredResource[Build],
        sources: ImageSources,
        clock_ns: Callable[[], int],
    ) -> None:
        self._configs = configs
        self._builds = builds
        self._sources = sources
        self._clock_ns = clock_ns

    async def instantiate(self, context: RequestContext, request: BuildRequest) -> Item:
        """Make the next build of the config that a request names.

        Raises:
            ApiError: there is none, or it can't be built now.
        """
        made: list[Build] = []

        def count(current: BuildConfig | None) -> BuildConfig:
            if current is None:
                raise self._configs.storage.missing(request.metadata.name)
            changed = copy(current)
            made[:] = [build_of_config(changed, request, self._sources, context.now, self._taken_in(context))]
            return changed

        # An empty resource version in what a transform gives stands for the state that it was given.
        return await self._store(replace(context, name=request.metadata.name), count, made)

    async def clone(self, context: RequestContext, request: BuildRequest) -> Item:
        """Make a build like the one that a request names.

        Raises:
            ApiError: there is none, or its config forbids it.
        """
        build = self._builds.storage.get(context.namespace, request.metadata.name).value
        reference, stamp = build.status.config, self._clock_ns()
        config = self._configs.storage.find(context.namespace, reference.name) if reference is not None else None
        if config is None:
            new = build_of_build(build, None, request, context.now, stamp)
            return await self._builds.create(replace(context, name=""), new)
        made: list[Build] = []

        def count(current: BuildConfig | None) -> BuildConfig:
            if current is None:
                raise self._configs.storage.missing(config.value.metadata.name)
            changed = copy(current)
            made[:] = [build_of_build(build, changed, request, context.now, stamp, self._taken_in(context))]
            return changed

        return await self._store(replace(context, name=config.value.metadata.name), count, made)

    def _taken_in(self, context: RequestContext) -> Callable[[str], bool]:
        return lambda name: self._builds.storage.find(context.namespace, name) is not None

    async def _store(self, context: RequestContext, count: Transform, made: list[Build]) -> Item:
        """Write a config as `count` makes it, together with the build that it puts into `made`."""
        context = replace(context, patches=True)
        if context.dry_run:
            await self._configs.update(context, count)
            return await self._builds.create(replace(context, name=""), made[0])
        entry = await self._configs.update_and_create(context, count, self._builds, lambda: made[0])
        return Item(entry.value, entry.encoded)


class _Requests(Resource):
    def __init__(self, info: ResourceInfo, generator: BuildGenerator) -> None:
        self.info = info
        self._generator = generator


class Instantiate(_Requests):
    """`buildconfigs/instantiate`."""

    def __init__(self, generator: BuildGenerator) -> None:
        super().__init__(_info("buildconfigs", "instantiate"), generator)

    async def create(self, context: RequestContext, obj: BuildRequest) -> Item:
        check_request(context, obj)
        obj.triggered_by = obj.triggered_by or [BuildTriggerCause(message=MANUAL)]
        return await self._generator.instantiate(context, obj)


class Clone(_Requests):
    """`builds/clone`."""

    def __init__(self, generator: BuildGenerator) -> None:
        super().__init__(_info("builds", "clone"), generator)

    async def create(self, context: RequestContext, obj: BuildRequest) -> Item:
        check_request(context, obj)
        return await self._generator.clone(context, obj)


class InstantiateBinary(Resource):
    """`buildconfigs/instantiatebinary`: a build of a source that is sent with the request.

    The source is taken first, so that no build waits for one that never comes; what is told beside it stands in the
    query.
    """

    def __init__(self, generator: BuildGenerator, configs: StoredResource[BuildConfig], uploads: Uploads) -> None:
        self.info = replace(
            _info("buildconfigs", "instantiatebinary"),
            kind="BinaryBuildRequestOptions",
            object_type=BinaryBuildRequestOptions,
            is_upload=True,
        )
        self._generator = generator
        self._configs = configs
        self._uploads = uploads

    async def receive(self, context: RequestContext, options: Mapping[str, str], body: AsyncIterator[bytes]) -> Item:
        config = self._configs.storage.get(context.namespace, context.name).value
        check_not_paused(config)
        request = _binary_request(context, options)
        try:
            received = await self._uploads.receive(body)
            try:
                item = await self._generator.instantiate(context, request)
                await self._uploads.give(received, item.value.metadata.uid)
            except BaseException:
                self._uploads.forget(received)
                raise
        except UploadTooLarge as error:
            raise too_much(str(error)) from error
        except UploadError as error:
            raise internal(str(error)) from error
        return item


def _binary_request(context: RequestContext, options: Mapping[str, str]) -> BuildRequest:
    """Return the request for a build that a query stands for."""
    told = {name: options.get(f"revision.{name}", "") for name in _TOLD}
    revision = None
    if told["commit"]:
        git = GitSourceRevision(
            commit=told["commit"],
            message=told["message"],
            author=SourceControlUser(name=told["authorName"], email=told["authorEmail"]),
            committer=SourceControlUser(name=told["committerName"], email=told["committerEmail"]),
        )
        revision = SourceRevision(type="Git", git=git)
    return BuildRequest(
        metadata=ObjectMeta(name=context.name, namespace=context.namespace),
        revision=revision,
        binary=BinaryBuildSource(as_file=options.get("asFile", "")),
    )


def check_request(context: RequestContext, request: BuildRequest) -> None:
    """Fill in a request, and see that it is about what its path names.

    Raises:
        ApiError: 422, it names nothing; 400, it names something else.
    """
    default_build_request(request)
    metadata = request.metadata
    metadata.namespace = context.namespace
    errors = validate_object_meta(metadata, namespaced=True, name_problems=path_segment_problems)
    if errors:
        raise invalid(GROUP, _REQUEST, metadata.name, errors)
    if metadata.name != context.name:
        raise _other_name(metadata.name, context.name)


def _other_name(given: str, expected: str) -> ApiError:
    return bad_request(f"the name of the object ({given}) does not match the name on the URL ({expected})")
