"""The types of `build.openshift.io/v1`: recipes for images, and the builds that follow them.

The fields are those of the Go types. `CommonSpec` is what a config and a build share; there it is inlined, here both
specs derive from it. A time that is no pointer in Go is always written, as null where it is none.
"""

import msgspec

from imagestreams.api.core import LocalObjectReference, ObjectReference, Stored
from imagestreams.api.pods import EnvVar, ResourceRequirements
from imagestreams.api.pods.volume_sources import ConfigMapVolumeSource, CSIVolumeSource, SecretVolumeSource
from imagestreams.api.wire import Wire, always


class BinaryBuildSource(Wire):
    """Source that is uploaded for a single build."""

    as_file: str = ""


class SourceControlUser(Wire):
    """Who made a commit."""

    name: str = ""
    email: str = ""


class GitSourceRevision(Wire):
    """A commit."""

    commit: str = ""
    author: SourceControlUser = msgspec.field(default_factory=SourceControlUser)
    committer: SourceControlUser = msgspec.field(default_factory=SourceControlUser)
    message: str = ""


class SourceRevision(Wire):
    """Which state of the source is built."""

    type: str = always("")
    git: GitSourceRevision | None = None


class GitBuildSource(Wire):
    """A Git repository."""

    uri: str = always("")
    ref: str = ""
    http_proxy: str | None = None
    https_proxy: str | None = None
    no_proxy: str | None = None


class ImageSourcePath(Wire):
    """Files of an image, and where they go."""

    source_path: str = always("")
    destination_dir: str = always("")


class ImageSource(Wire):
    """An image that gives files to a build, or stands for a stage of its Dockerfile."""

    from_: ObjectReference = msgspec.field(default_factory=ObjectReference)
    as_: list[str] | None = None
    paths: list[ImageSourcePath] | None = None
    pull_secret: LocalObjectReference | None = None


class SecretBuildSource(Wire):
    """A secret whose values become files of the build."""

    secret: LocalObjectReference = msgspec.field(default_factory=LocalObjectReference)
    destination_dir: str = ""


class ConfigMapBuildSource(Wire):
    """A config map whose values become files of the build."""

    config_map: LocalObjectReference = msgspec.field(default_factory=LocalObjectReference)
    destination_dir: str = ""


class BuildSource(Wire):
    """What is built."""

    type: str = ""
    binary: BinaryBuildSource | None = None
    dockerfile: str | None = None
    git: GitBuildSource | None = None
    images: list[ImageSource] | None = None
    context_dir: str = ""
    source_secret: LocalObjectReference | None = None
    secrets: list[SecretBuildSource] | None = None
    config_maps: list[ConfigMapBuildSource] | None = None


class BuildVolumeMount(Wire):
    """Where a volume is seen during the build."""

    destination_path: str = always("")


class BuildVolumeSource(Wire):
    """What a volume holds."""

    type: str = always("")
    secret: SecretVolumeSource | None = None
    config_map: ConfigMapVolumeSource | None = None
    csi: CSIVolumeSource | None = None


class BuildVolume(Wire):
    """Files that are there during the build and not in the image."""

    name: str = always("")
    source: BuildVolumeSource = msgspec.field(default_factory=BuildVolumeSource)
    mounts: list[BuildVolumeMount] | None = always()


class DockerBuildStrategy(Wire):
    """Build from a Dockerfile."""

    from_: ObjectReference | None = None
    pull_secret: LocalObjectReference | None = None
    no_cache: bool = False
    env: list[EnvVar] | None = None
    force_pull: bool = False
    dockerfile_path: str = ""
    build_args: list[EnvVar] | None = None
    image_optimization_policy: str | None = None
    volumes: list[BuildVolume] | None = None


class SourceBuildStrategy(Wire):
    """Build by the scripts of a builder image."""

    from_: ObjectReference = msgspec.field(default_factory=ObjectReference)
    pull_secret: LocalObjectReference | None = None
    env: list[EnvVar] | None = None
    scripts: str = ""
    incremental: bool | None = None
    force_pull: bool = False
    volumes: list[BuildVolume] | None = None


class SecretSpec(Wire):
    """A secret for a custom builder."""

    secret_source: LocalObjectReference = msgspec.field(default_factory=LocalObjectReference)
    mount_path: str = always("")


class CustomBuildStrategy(Wire):
    """Build by running an image that does it in its own way."""

    from_: ObjectReference = msgspec.field(default_factory=ObjectReference)
    pull_secret: LocalObjectReference | None = None
    env: list[EnvVar] | None = None
    expose_docker_socket: bool = False
    force_pull: bool = False
    secrets: list[SecretSpec] | None = None
    build_api_version: str = msgspec.field(default="", name="buildAPIVersion")


class JenkinsPipelineBuildStrategy(Wire):
    """Build by a Jenkins pipeline."""

    jenkinsfile_path: str = ""
    jenkinsfile: str = ""
    env: list[EnvVar] | None = None


class BuildStrategy(Wire):
    """How it is built: exactly one of the strategies."""

    type: str = ""
    docker_strategy: DockerBuildStrategy | None = None
    source_strategy: SourceBuildStrategy | None = None
    custom_strategy: CustomBuildStrategy | None = None
    jenkins_pipeline_strategy: JenkinsPipelineBuildStrategy | None = None


class ImageLabel(Wire):
    """A label of the image that is built."""

    name: str = always("")
    value: str = ""


class BuildOutput(Wire):
    """Where the image goes."""

    to: ObjectReference | None = None
    push_secret: LocalObjectReference | None = None
    image_labels: list[ImageLabel] | None = None


class BuildPostCommitSpec(Wire):
    """A command that checks the image before it is pushed."""

    command: list[str] | None = None
    args: list[str] | None = None
    script: str = ""


class CommonSpec(Wire):
    """What a build config and its builds have in common."""

    service_account: str = ""
    source: BuildSource = msgspec.field(default_factory=BuildSource)
    revision: SourceRevision | None = None
    strategy: BuildStrategy = msgspec.field(default_factory=BuildStrategy)
    output: BuildOutput = msgspec.field(default_factory=BuildOutput)
    resources: ResourceRequirements = msgspec.field(default_factory=ResourceRequirements)
    post_commit: BuildPostCommitSpec = msgspec.field(default_factory=BuildPostCommitSpec)
    completion_deadline_seconds: int | None = None
    node_selector: dict[str, str] | None = always()
    mount_trusted_ca: bool | None = msgspec.field(default=None, name="mountTrustedCA")


class GenericWebHookCause(Wire):
    """A call of the generic webhook."""

    revision: SourceRevision | None = None
    secret: str = ""


class GitHubWebHookCause(Wire):
    """A call of GitHub's webhook."""

    revision: SourceRevision | None = None
    secret: str = ""


class GitLabWebHookCause(Wire):
    """A call of GitLab's webhook."""

    revision: SourceRevision | None = None
    secret: str = ""


class BitbucketWebHookCause(Wire):
    """A call of Bitbucket's webhook."""

    revision: SourceRevision | None = None
    secret: str = ""


class ImageChangeCause(Wire):
    """A new image under a tag."""

    image_id: str = msgspec.field(default="", name="imageID")
    from_ref: ObjectReference | None = None


class BuildTriggerCause(Wire):
    """Why a build was made."""

    message: str = ""
    generic_web_hook: GenericWebHookCause | None = None
    github_web_hook: GitHubWebHookCause | None = None
    image_change_build: ImageChangeCause | None = None
    gitlab_web_hook: GitLabWebHookCause | None = None
    bitbucket_web_hook: BitbucketWebHookCause | None = None


class BuildSpec(CommonSpec):
    """What is built, how and why."""

    triggered_by: list[BuildTriggerCause] | None = None


class StepInfo(Wire):
    """How long a step of a stage took."""

    name: str = ""
    start_time: str | None = always()
    duration_milliseconds: int = 0


class StageInfo(Wire):
    """How long a stage of a build took."""

    name: str = ""
    start_time: str | None = always()
    duration_milliseconds: int = 0
    steps: list[StepInfo] | None = None


class BuildCondition(Wire):
    """One state that a build was in or is in."""

    type: str = always("")
    status: str = always("")
    last_update_time: str | None = always()
    last_transition_time: str | None = always()
    reason: str = ""
    message: str = ""


class BuildStatusOutputTo(Wire):
    """The image that was pushed."""

    image_digest: str = ""


class BuildStatusOutput(Wire):
    """What came out of a build."""

    to: BuildStatusOutputTo | None = None


class BuildStatus(Wire):
    """How far a build is; `duration` is in nanoseconds."""

    phase: str = always("")
    cancelled: bool = False
    reason: str = ""
    message: str = ""
    start_timestamp: str | None = None
    completion_timestamp: str | None = None
    duration: int = 0
    output_docker_image_reference: str = ""
    config: ObjectReference | None = None
    output: BuildStatusOutput = msgspec.field(default_factory=BuildStatusOutput)
    stages: list[StageInfo] | None = None
    log_snippet: str = ""
    conditions: list[BuildCondition] | None = None


class Build(Stored):
    """One run of a recipe."""

    spec: BuildSpec = msgspec.field(default_factory=BuildSpec)
    status: BuildStatus = msgspec.field(default_factory=BuildStatus)


class SecretLocalReference(Wire):
    """A secret of the same namespace, whose key `WebHookSecretKey` is the webhook's secret."""

    name: str = always("")


class WebHookTrigger(Wire):
    """A webhook that makes builds."""

    secret: str = ""
    allow_env: bool = False
    secret_reference: SecretLocalReference | None = None


class ImageChangeTrigger(Wire):
    """A tag whose changes make builds; without `from_` it is the strategy's."""

    last_triggered_image_id: str = msgspec.field(default="", name="lastTriggeredImageID")
    from_: ObjectReference | None = None
    paused: bool = False


class BuildTriggerPolicy(Wire):
    """What makes builds by itself."""

    type: str = always("")
    github: WebHookTrigger | None = None
    generic: WebHookTrigger | None = None
    image_change: ImageChangeTrigger | None = None
    gitlab: WebHookTrigger | None = None
    bitbucket: WebHookTrigger | None = None


class BuildConfigSpec(CommonSpec):
    """A recipe and when it is followed."""

    triggers: list[BuildTriggerPolicy] | None = None
    run_policy: str = ""
    successful_builds_history_limit: int | None = None
    failed_builds_history_limit: int | None = None


class ImageStreamTagReference(Wire):
    """A tag of a stream."""

    namespace: str = ""
    name: str = ""


class ImageChangeTriggerStatus(Wire):
    """The image that a tag last made a build for."""

    last_triggered_image_id: str = msgspec.field(default="", name="lastTriggeredImageID")
    from_: ImageStreamTagReference = msgspec.field(default_factory=ImageStreamTagReference)
    last_trigger_time: str | None = always()


class BuildConfigStatus(Wire):
    """How many builds there were, and what the triggers saw last."""

    last_version: int = always(0)
    image_change_triggers: list[ImageChangeTriggerStatus] | None = None


class BuildConfig(Stored):
    """A recipe for an image."""

    spec: BuildConfigSpec = msgspec.field(default_factory=BuildConfigSpec)
    status: BuildConfigStatus = msgspec.field(default_factory=BuildConfigStatus)


class DockerStrategyOptions(Wire):
    """What a request changes for a single build from a Dockerfile."""

    build_args: list[EnvVar] | None = None
    no_cache: bool | None = None


class SourceStrategyOptions(Wire):
    """What a request changes for a single build by a builder image."""

    incremental: bool | None = None


class BuildRequest(Stored):
    """The wish for a new build of a config, or for another run of a build."""

    revision: SourceRevision | None = None
    triggered_by_image: ObjectReference | None = None
    from_: ObjectReference | None = None
    binary: BinaryBuildSource | None = None
    last_version: int | None = None
    env: list[EnvVar] | None = None
    triggered_by: list[BuildTriggerCause] | None = None
    docker_strategy_options: DockerStrategyOptions | None = None
    source_strategy_options: SourceStrategyOptions | None = None


class BinaryBuildRequestOptions(Stored):
    """What is told beside an uploaded source."""

    as_file: str = ""
    commit: str = msgspec.field(default="", name="revision.commit")
    message: str = msgspec.field(default="", name="revision.message")
    author_name: str = msgspec.field(default="", name="revision.authorName")
    author_email: str = msgspec.field(default="", name="revision.authorEmail")
    committer_name: str = msgspec.field(default="", name="revision.committerName")
    committer_email: str = msgspec.field(default="", name="revision.committerEmail")


class BuildLog(Wire):
    """What stands for a log where an object is needed: a log itself is plain text."""

    kind: str = ""
    api_version: str = ""
