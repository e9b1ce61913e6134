"""Build configs: recipes, which count the builds that were made by them.

Users write the spec, and may write the status too, as on the real server; only the count of builds never goes back.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from imagestreams.access.authorization import Authorizer
from imagestreams.api.build.defaulting import clean_paths, default_build_config, input_reference
from imagestreams.api.build.types import BuildConfig
from imagestreams.api.build.validation import validate_build_config
from imagestreams.api.errors import FieldError
from imagestreams.api.metadata.object_meta_validation import dns_subdomain_problems
from imagestreams.resources.builds.tables import build_config_table
from imagestreams.resources.images.pull_rights import require_pull, streams_elsewhere
from imagestreams.resources.resource import ALL_VERBS, RequestContext, ResourceInfo
from imagestreams.resources.storage import ObjectStorage
from imagestreams.resources.stored import Strategy
from imagestreams.resources.workloads.image_admission import ImageAdmission
from imagestreams.store.cache import ObservableStore

GROUP: Final = "build.openshift.io"
DEFAULT_HISTORY_LIMIT: Final = 5
PAUSED: Final = "openshift.io/build-config.paused"
"""The annotation that forbids new builds when it says `true`."""

_TRIGGERS: Final = frozenset({"GitHub", "Generic", "ImageChange", "ConfigChange", "GitLab", "Bitbucket"})


def build_config_storage(store: ObservableStore, clock: Callable[[], datetime]) -> ObjectStorage[BuildConfig]:
    """Return where build configs are kept."""
    info = ResourceInfo(
        group=GROUP,
        version="v1",
        plural="buildconfigs",
        singular="buildconfig",
        kind="BuildConfig",
        object_type=BuildConfig,
        verbs=ALL_VERBS,
        short_names=("bc",),
        categories=("all",),
        defaults=default_build_config,
        table=build_config_table(),
    )
    return ObjectStorage(store, info, BuildConfig)


def is_paused(config: BuildConfig) -> bool:
    """Return whether no builds may be made of a config for now."""
    return (config.metadata.annotations or {}).get(PAUSED, "").lower() == "true"


class BuildConfigStrategy(Strategy[BuildConfig]):
    """The rules of build configs; triggers of kinds that nobody knows are dropped."""

    def __init__(self, authorizer: Authorizer, admit_images: ImageAdmission | None = None) -> None:
        self._authorizer = authorizer
        self._admit_images = admit_images

    async def prepare_create(self, context: RequestContext, value: BuildConfig) -> None:
        _prepare(value)
        value.metadata.generation = 1
        spec = value.spec
        if spec.successful_builds_history_limit is None:
            spec.successful_builds_history_limit = DEFAULT_HISTORY_LIMIT
        if spec.failed_builds_history_limit is None:
            spec.failed_builds_history_limit = DEFAULT_HISTORY_LIMIT

    async def prepare_update(self, context: RequestContext, value: BuildConfig, old: BuildConfig) -> None:
        _prepare(value)
        value.status.last_version = max(value.status.last_version, old.status.last_version)
        if value.spec != old.spec or value.status.last_version != old.status.last_version:
            value.metadata.generation = old.metadata.generation + 1

    async def admit(self, context: RequestContext, value: BuildConfig, old: BuildConfig | None) -> list[FieldError]:
        if self._admit_images is not None:
            await self._admit_images(context, value, old)
        known = images_elsewhere(old) if old is not None else set()
        await require_pull(self._authorizer, context.user, images_elsewhere(value) - known)
        return []

    def validate(self, value: BuildConfig) -> list[FieldError]:
        return validate_build_config(value)

    def validate_name(self, name: str) -> list[str]:
        return dns_subdomain_problems(name)


def images_elsewhere(config: BuildConfig) -> set[tuple[str, str]]:
    """Return the streams of other namespaces that a config takes images from."""
    spec = config.spec
    references = [input_reference(spec.strategy), *(image.from_ for image in spec.source.images or [])]
    references += [trigger.image_change.from_ for trigger in spec.triggers or [] if trigger.image_change is not None]
    return streams_elsewhere(references, config.metadata.namespace)


def _prepare(value: BuildConfig) -> None:
    default_build_config(value)
    clean_paths(value.spec)
    value.spec.triggers = [trigger for trigger in value.spec.triggers or [] if trigger.type in _TRIGGERS] or None
