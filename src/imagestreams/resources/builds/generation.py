"""How a build is made of a config or of another build.

Functions from values to values: what references point to is asked of `Sources`, the time is given. The config is
changed in place, since a build and the count of builds belong together: whoever calls stores both in one write.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from imagestreams.api.build.defaulting import IMAGE_CHANGE, input_reference
from imagestreams.api.build.types import (
    BinaryBuildSource,
    Build,
    BuildCondition,
    BuildConfig,
    BuildRequest,
    BuildSpec,
    BuildStatus,
    BuildStrategy,
    ImageChangeTrigger,
    ImageChangeTriggerStatus,
    ImageStreamTagReference,
)
from imagestreams.api.codec import copy
from imagestreams.api.core import LocalObjectReference, ObjectReference, Secret
from imagestreams.api.errors import ApiError, bad_request, internal
from imagestreams.api.meta import ObjectMeta, OwnerReference
from imagestreams.api.pods import EnvVar
from imagestreams.resources.builds import build_names
from imagestreams.resources.builds.buildconfigs import is_paused
from imagestreams.resources.builds.builds import NEW
from imagestreams.resources.builds.image_sources import DOCKER_IMAGE, matching_secret

DEFAULT_ACCOUNT: Final = "builder"
MANUAL: Final = "Manually triggered"
CONFIG_CHANGE: Final = "Build configuration change"
IMAGE_CHANGED: Final = "Image change"
_BASE_IMAGE: Final = "OPENSHIFT_CUSTOM_BUILD_BASE_IMAGE"
_JENKINS: Final = ("status-json", "log-url", "console-log-url", "blueocean-log-url", "build-uri")
_STAMPED: Final = re.compile(r".+-[0-9]{10}")


IsTaken = Callable[[str], bool]
"""Says whether there is a build of that name already."""


class Sources(Protocol):
    """Who knows what references point to, and which secrets a service account has."""

    def pull_spec(self, reference: ObjectReference, namespace: str) -> str:
        """Return what a reference that stands in a namespace points to now, or raise an `ApiError`."""

    def login_secrets(self, namespace: str, service_account: str) -> list[Secret]:
        """Return the secrets of a service account, or raise an `ApiError`."""


def _no_name_is_taken(name: str) -> bool:
    return False


def build_of_config(
    config: BuildConfig, request: BuildRequest, sources: Sources, now: str, is_taken: IsTaken = _no_name_is_taken
) -> Build:
    """Return the next build of a config, and count it there; `now` is an RFC 3339 time.

    Numbers whose names are taken, as by builds of an earlier config of that name, are left out.

    Raises:
        ApiError: 400, the config is paused, has moved on, or is of another strategy than the request is for; 422 or
            500, an image can't be found.
    """
    metadata = config.metadata
    where = f"{metadata.namespace}/{metadata.name}"
    check_not_paused(config)
    last = config.status.last_version
    if request.last_version is not None and request.last_version != last:
        wanted = f"the build request LastVersion({request.last_version})"
        raise bad_request(f"the LastVersion({last}) on build config {where} does not match {wanted}")
    _update_triggers(config, request, sources, now)
    build = _from_config(config, request, sources, now, _next_name(config, is_taken))
    annotations, labels = build.metadata.annotations or {}, build.metadata.labels or {}
    build.metadata.annotations = {**(request.metadata.annotations or {}), **annotations}
    build.metadata.labels = {**(request.metadata.labels or {}), **labels}
    build.spec.triggered_by = request.triggered_by
    _apply_options(build, request, where)
    return build


def check_not_paused(config: BuildConfig) -> None:
    """Return only when builds may be made of a config.

    Raises:
        ApiError: 400, they may not for now.
    """
    if is_paused(config):
        where = f"{config.metadata.namespace}/{config.metadata.name}"
        raise bad_request(f"can't instantiate from BuildConfig {where}: BuildConfig is paused")


def build_of_build(
    build: Build,
    config: BuildConfig | None,
    request: BuildRequest,
    now: str,
    stamp_ns: int,
    is_taken: IsTaken = _no_name_is_taken,
) -> Build:
    """Return a new build like another one; `config` is the other's, if it is still there, and counts it.

    `stamp_ns` is a time in nanoseconds that makes the name of a build without a config unique.

    Raises:
        ApiError: 500, the config is paused; 400, the request is for another strategy.
    """
    metadata = build.metadata
    if config is not None and is_paused(config):
        where = f"{config.metadata.namespace}/{config.metadata.name}"
        why = f"can't instantiate from BuildConfig {where}: BuildConfig is paused"
        raise internal(f"fatal error generating Build from BuildConfig: {why}")
    if config is not None:
        name = _next_name(config, is_taken)
    else:
        base = metadata.name.rpartition("-")[0] if _STAMPED.fullmatch(metadata.name) else metadata.name
        name = build_names.joined_name(base, str(stamp_ns)[-10:])
    annotations = dict(metadata.annotations or {})
    for key in (build_names.NUMBER, build_names.POD_NAME, *(f"openshift.io/jenkins-{end}" for end in _JENKINS)):
        annotations.pop(key, None)
    annotations[build_names.CLONE_OF] = metadata.name
    if config is not None:
        annotations[build_names.NUMBER] = str(config.status.last_version)
    spec = copy(build.spec)
    # What was uploaded is gone.
    spec.source.type, spec.source.binary = "", None
    spec.triggered_by = request.triggered_by
    owners = copy(metadata).owner_references
    new = Build(
        metadata=ObjectMeta(
            name=name,
            namespace=metadata.namespace,
            labels=dict(metadata.labels or {}) or None,
            annotations=annotations,
            owner_references=owners,
        ),
        spec=spec,
        status=_new_status(copy(build.status).config, now),
    )
    if request.env:
        _override_variables(new.spec.strategy, request.env)
    options = request.docker_strategy_options
    if options is not None and options.build_args:
        if new.spec.strategy.docker_strategy is None:
            owner = config.metadata if config is not None else metadata
            where = f"{owner.namespace}/{owner.name}"
            raise bad_request(f"Cannot specify build args on {where}, not a Docker build.")
        arguments = new.spec.strategy.docker_strategy
        arguments.build_args = _merged(arguments.build_args or [], options.build_args)
    return new


def _new_status(config: ObjectReference | None, now: str) -> BuildStatus:
    condition = BuildCondition(type=NEW, status="True", last_update_time=now, last_transition_time=now)
    return BuildStatus(phase=NEW, conditions=[condition], config=config)


def _next_name(config: BuildConfig, is_taken: IsTaken) -> str:
    """Count the next build of a config, and return its name."""
    while True:
        config.status.last_version += 1
        name = build_names.joined_name(config.metadata.name, str(config.status.last_version))
        if not is_taken(name):
            return name


def _from_config(config: BuildConfig, request: BuildRequest, sources: Sources, now: str, name: str) -> Build:
    metadata, spec = config.metadata, copy(config.spec)
    number = str(config.status.last_version)
    build = Build(
        metadata=ObjectMeta(
            name=name,
            namespace=metadata.namespace,
            labels={
                **(metadata.labels or {}),
                build_names.OLDER_CONFIG_LABEL: build_names.label_value(metadata.name),
                build_names.CONFIG: build_names.label_value(metadata.name),
                build_names.RUN_POLICY: spec.run_policy,
            },
            annotations={build_names.NUMBER: number, build_names.CONFIG: metadata.name},
            owner_references=[
                OwnerReference(
                    api_version="build.openshift.io/v1",
                    kind="BuildConfig",
                    name=metadata.name,
                    uid=metadata.uid,
                    controller=True,
                )
            ],
        ),
        spec=BuildSpec(
            service_account=spec.service_account or DEFAULT_ACCOUNT,
            source=spec.source,
            revision=request.revision,
            strategy=spec.strategy,
            output=spec.output,
            resources=spec.resources,
            post_commit=spec.post_commit,
            completion_deadline_seconds=spec.completion_deadline_seconds,
            node_selector=spec.node_selector,
            mount_trusted_ca=spec.mount_trusted_ca,
        ),
        status=_new_status(ObjectReference(kind="BuildConfig", name=metadata.name, namespace=metadata.namespace), now),
    )
    _set_binary(build, request.binary)
    secrets = sources.login_secrets(metadata.namespace, build.spec.service_account)
    _fix_source_images(config, build, sources, secrets)
    _fix_base_image(config, build.spec.strategy, sources, secrets)
    return build


def _set_binary(build: Build, binary: BinaryBuildSource | None) -> None:
    source = build.spec.source
    source.binary = binary
    if binary is None:
        source.type = ""
        return
    source.git = None
    if source.dockerfile is not None and binary.as_file == "Dockerfile":
        source.dockerfile = None


def _tag_of(reference: ObjectReference | ImageStreamTagReference, namespace: str) -> tuple[str, str]:
    return reference.namespace or namespace, reference.name


def _followed_image(config: BuildConfig, reference: ObjectReference | None) -> str:
    """Return the image of a tag that a trigger saw last, empty when no trigger follows the tag."""
    if reference is None or reference.kind != "ImageStreamTag":
        return ""
    namespace = config.metadata.namespace
    for status in config.status.image_change_triggers or []:
        if _tag_of(status.from_, namespace) == _tag_of(reference, namespace):
            return status.last_triggered_image_id
    return ""


def _fix_source_images(config: BuildConfig, build: Build, sources: Sources, secrets: list[Secret]) -> None:
    for image in build.spec.source.images or []:
        reference, namespace = image.from_, config.metadata.namespace
        found = _followed_image(config, reference) or sources.pull_spec(reference, namespace)
        if image.pull_secret is None:
            image.pull_secret = _secret_for(secrets, found)
        image.from_ = ObjectReference(kind=DOCKER_IMAGE, name=found)


def _fix_base_image(config: BuildConfig, strategy: BuildStrategy, sources: Sources, secrets: list[Secret]) -> None:
    reference = input_reference(strategy)
    if reference is None:
        return
    image = _followed_image(config, reference) or sources.pull_spec(reference, config.metadata.namespace)
    fixed = ObjectReference(kind=DOCKER_IMAGE, name=image)
    for chosen in (strategy.source_strategy, strategy.docker_strategy, strategy.custom_strategy):
        if chosen is not None:
            chosen.from_ = fixed
            if chosen.pull_secret is None:
                chosen.pull_secret = _secret_for(secrets, image)
    if strategy.custom_strategy is not None:
        variables = strategy.custom_strategy.env = strategy.custom_strategy.env or []
        for variable in variables:
            if variable.name == _BASE_IMAGE:
                variable.value = image
                break
        else:
            variables.append(EnvVar(name=_BASE_IMAGE, value=image))


def _secret_for(secrets: list[Secret], image: str) -> LocalObjectReference | None:
    name = matching_secret(secrets, image)
    return LocalObjectReference(name=name) if name else None


def _update_triggers(config: BuildConfig, request: BuildRequest, sources: Sources, now: str) -> None:
    """Write down which image each trigger has seen: that of the request, or what its tag points to now."""
    namespace, caused_by = config.metadata.namespace, request.triggered_by_image
    strategy_image = input_reference(config.spec.strategy)
    previous = config.status.image_change_triggers or []
    wanted: tuple[str, str] | None = None
    if request.from_ is not None:
        wanted = _tag_of(request.from_, namespace)
        seen = next((one for one in previous if _tag_of(one.from_, namespace) == wanted), None)
        if caused_by is not None and seen is not None and seen.last_triggered_image_id == caused_by.name:
            where = f"{namespace}/{config.metadata.name}"
            raise internal(f"build config {where} has already instantiated a build for imageid {caused_by.name}")
    statuses: list[ImageChangeTriggerStatus] = []
    for trigger in _image_changes(config):
        reference = trigger.from_ or strategy_image
        if reference is None:
            continue
        tag = ImageStreamTagReference(namespace=reference.namespace, name=reference.name)
        status = ImageChangeTriggerStatus(from_=tag)
        before = next((one for one in previous if one.from_ == tag), None)
        if before is not None:
            status.last_trigger_time = before.last_trigger_time
        if caused_by is not None and _tag_of(tag, namespace) == wanted:
            status.last_triggered_image_id, status.last_trigger_time = caused_by.name, now
        else:
            status.last_triggered_image_id = _resolved(trigger, reference, sources, namespace)
        statuses.append(status)
    config.status.image_change_triggers = statuses or None


def _image_changes(config: BuildConfig) -> list[ImageChangeTrigger]:
    return [
        trigger.image_change
        for trigger in config.spec.triggers or []
        if trigger.type == IMAGE_CHANGE and trigger.image_change is not None
    ]


def _resolved(trigger: ImageChangeTrigger, reference: ObjectReference, sources: Sources, namespace: str) -> str:
    try:
        return sources.pull_spec(reference, namespace)
    except ApiError:
        # Without the strategy's own image there is no build; another one may come later.
        if trigger.from_ is None:
            raise
        return ""


def _apply_options(build: Build, request: BuildRequest, where: str) -> None:
    strategy = build.spec.strategy
    if request.env:
        _override_variables(strategy, request.env)
    docker, source = request.docker_strategy_options, request.source_strategy_options
    if docker is not None and (docker.build_args or docker.no_cache is not None):
        if strategy.docker_strategy is None:
            raise bad_request(f"Cannot specify Docker build specific options on {where}, not a Docker build.")
        if docker.build_args:
            before = strategy.docker_strategy.build_args or []
            strategy.docker_strategy.build_args = _merged(before, docker.build_args)
        if docker.no_cache is not None:
            strategy.docker_strategy.no_cache = docker.no_cache
    if source is not None and source.incremental is not None:
        if strategy.source_strategy is None:
            raise bad_request(f"Cannot specify Source build specific options on {where}, not a Source build.")
        strategy.source_strategy.incremental = source.incremental


def _merged(before: Sequence[EnvVar], new: Sequence[EnvVar]) -> list[EnvVar]:
    """Return arguments in which later ones of a name replace earlier ones; only values count."""
    merged = {variable.name: variable.value for variable in [*before, *new]}
    return [EnvVar(name=name, value=value) for name, value in merged.items()]


def _override_variables(strategy: BuildStrategy, variables: Sequence[EnvVar]) -> None:
    names = {variable.name for variable in variables}
    chosen = (
        strategy.source_strategy
        or strategy.docker_strategy
        or strategy.custom_strategy
        or strategy.jenkins_pipeline_strategy
    )
    if chosen is not None:
        chosen.env = [one for one in chosen.env or [] if one.name not in names] + list(variables)
