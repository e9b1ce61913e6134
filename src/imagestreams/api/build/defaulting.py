"""What the server makes of a build config, a build or a request for one before anything else sees it.

Pure: each function changes the object it is given. Beside plain defaults these are the older forms that clients may
still send: triggers under their old names, references to whole streams, and types that follow from what is set.
"""

import posixpath
from typing import Final

from imagestreams.api.build.types import BinaryBuildSource as Binary
from imagestreams.api.build.types import (
    Build,
    BuildConfig,
    BuildOutput,
    BuildRequest,
    BuildSource,
    BuildStrategy,
    BuildTriggerPolicy,
    CommonSpec,
    DockerBuildStrategy,
    ImageChangeTrigger,
    SourceRevision,
)
from imagestreams.api.core import ObjectReference
from imagestreams.api.empty_values import drop_empty
from imagestreams.api.pods.defaulting import default_env, default_resources

IMAGE_STREAM_TAG: Final = "ImageStreamTag"
IMAGE_CHANGE: Final = "ImageChange"
CONFIG_CHANGE: Final = "ConfigChange"
SERIAL: Final = "Serial"
_IMAGE_STREAM: Final = "ImageStream"
_DEFAULT_TAG: Final = "latest"
_OLDER_TYPES: Final = {"imageChange": IMAGE_CHANGE, "generic": "Generic", "github": "GitHub"}


def default_build_config(value: BuildConfig) -> None:
    """Fill in a build config; a trigger for the strategy's tag is dropped when the strategy follows none."""
    spec = value.spec
    _common(spec)
    spec.run_policy = spec.run_policy or SERIAL
    for trigger in spec.triggers or []:
        _trigger(trigger)
    source = input_reference(spec.strategy)
    if source is None or source.kind != IMAGE_STREAM_TAG:
        spec.triggers = [trigger for trigger in spec.triggers or [] if not _follows_strategy(trigger)]
    drop_empty(value)


def default_build(value: Build) -> None:
    """Fill in a build."""
    _common(value.spec)
    drop_empty(value)


def default_build_request(value: BuildRequest) -> None:
    """Fill in a request for a build."""
    _revision(value.revision)


def input_reference(strategy: BuildStrategy) -> ObjectReference | None:
    """Return the image that a strategy builds on; `None` when it names none."""
    if strategy.source_strategy is not None:
        return strategy.source_strategy.from_
    if strategy.docker_strategy is not None:
        return strategy.docker_strategy.from_
    return strategy.custom_strategy.from_ if strategy.custom_strategy is not None else None


def strategy_type(strategy: BuildStrategy) -> str:
    """Return what kind of strategy it is, empty for none."""
    if strategy.docker_strategy is not None:
        return "Docker"
    if strategy.custom_strategy is not None:
        return "Custom"
    if strategy.source_strategy is not None:
        return "Source"
    return "JenkinsPipeline" if strategy.jenkins_pipeline_strategy is not None else ""


def source_type(source: BuildSource) -> str:
    """Return what kind of source it is; a Dockerfile beside Git or an upload does not change the kind."""
    if source.git is not None:
        return "Git"
    if source.binary is not None:
        return "Binary"
    if source.dockerfile is not None:
        return "Dockerfile"
    return "Image" if source.images else "None"


def clean_paths(spec: CommonSpec) -> None:
    """Bring the paths within the source into their shortest form; those that lead out of it are left to be refused."""
    source = spec.source
    if source.binary is not None and source.binary.as_file:
        cleaned = posixpath.normpath(source.binary.as_file).removeprefix("/")
        if cleaned not in ("", ".") and not cleaned.startswith("..") and not set(cleaned) & set("/\\"):
            source.binary.as_file = cleaned
    if source.context_dir:
        cleaned = clean_path(source.context_dir)
        if not cleaned.startswith(".."):
            source.context_dir = "" if cleaned == "." else cleaned
    docker, jenkins = spec.strategy.docker_strategy, spec.strategy.jenkins_pipeline_strategy
    if docker is not None and docker.dockerfile_path:
        docker.dockerfile_path = _relative(docker.dockerfile_path)
    if jenkins is not None and jenkins.jenkinsfile_path:
        jenkins.jenkinsfile_path = _relative(jenkins.jenkinsfile_path)


def clean_path(path: str) -> str:
    """Return the shortest form of a path, with one slash at its beginning at most."""
    cleaned = posixpath.normpath(path)
    return cleaned[1:] if cleaned.startswith("//") else cleaned


def leads_out(path: str) -> bool:
    """Return whether a path is not within the directory that it is relative to."""
    cleaned = clean_path(path)
    return cleaned.startswith("/") or cleaned == ".." or cleaned.startswith("../")


def _relative(path: str) -> str:
    if leads_out(path):
        return path
    cleaned = clean_path(path)
    return "" if cleaned == "." else cleaned


def _common(spec: CommonSpec) -> None:
    default_resources(spec.resources)
    for strategy in (
        spec.strategy.source_strategy,
        spec.strategy.docker_strategy,
        spec.strategy.custom_strategy,
        spec.strategy.jenkins_pipeline_strategy,
    ):
        if strategy is not None:
            default_env(strategy.env or ())
    _strategy(spec.strategy)
    _source(spec.source)
    _output(spec.output)
    _revision(spec.revision)


def _strategy(strategy: BuildStrategy) -> None:
    if strategy.type == "Docker" and strategy.docker_strategy is None:
        strategy.docker_strategy = DockerBuildStrategy()
    for source in (
        strategy.source_strategy.from_ if strategy.source_strategy is not None else None,
        strategy.docker_strategy.from_ if strategy.docker_strategy is not None else None,
        strategy.custom_strategy.from_ if strategy.custom_strategy is not None else None,
    ):
        if source is not None:
            source.kind = source.kind or IMAGE_STREAM_TAG
            if source.kind == _IMAGE_STREAM:
                _whole_stream(source)
    types = (
        ("Source", strategy.source_strategy),
        ("Docker", strategy.docker_strategy),
        ("Custom", strategy.custom_strategy),
        ("JenkinsPipeline", strategy.jenkins_pipeline_strategy),
    )
    strategy.type = next((name for name, chosen in types if chosen is not None), "")


def _source(source: BuildSource) -> None:
    if source.type == "Binary" and source.binary is None:
        source.binary = Binary()
    source.type = source_type(source)


def _output(output: BuildOutput) -> None:
    if output.to is not None and output.to.kind in (_IMAGE_STREAM, ""):
        _whole_stream(output.to)


def _whole_stream(reference: ObjectReference) -> None:
    reference.kind = IMAGE_STREAM_TAG
    reference.name = f"{reference.name}:{_DEFAULT_TAG}"


def _revision(revision: SourceRevision | None) -> None:
    if revision is not None:
        revision.type = "Git"


def _trigger(trigger: BuildTriggerPolicy) -> None:
    # The older name of this one comes too late for the default.
    if trigger.type == IMAGE_CHANGE and trigger.image_change is None:
        trigger.image_change = ImageChangeTrigger()
    trigger.type = _OLDER_TYPES.get(trigger.type, trigger.type)


def _follows_strategy(trigger: BuildTriggerPolicy) -> bool:
    return trigger.type == IMAGE_CHANGE and (trigger.image_change is None or trigger.image_change.from_ is None)
