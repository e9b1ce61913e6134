"""The types of `apps.openshift.io/v1`: deployment configs, and what is asked of them.

The fields are those of the Go types. `triggers` has two empty forms: none given (null), which the server fills in,
and none wanted (an empty list).
"""

import msgspec

from imagestreams.api.core import ObjectReference, Stored
from imagestreams.api.pods import EnvVar, IntOrString, PodTemplateSpec, ResourceRequirements
from imagestreams.api.wire import Wire, always


class CustomDeploymentStrategyParams(Wire):
    """An image that does the rollout in its own way."""

    image: str = ""
    environment: list[EnvVar] | None = None
    command: list[str] | None = None


class ExecNewPodHook(Wire):
    """A command that is run in a pod of its own."""

    command: list[str] | None = always()
    env: list[EnvVar] | None = None
    container_name: str = always("")
    volumes: list[str] | None = None


class TagImageHook(Wire):
    """A tag that is pointed to the image of a container."""

    container_name: str = always("")
    to: ObjectReference = msgspec.field(default_factory=ObjectReference)


class LifecycleHook(Wire):
    """What is done before, amid or after a rollout, and what its failure means."""

    failure_policy: str = always("")
    exec_new_pod: ExecNewPodHook | None = None
    tag_images: list[TagImageHook] | None = None


class RecreateDeploymentStrategyParams(Wire):
    """Settings of a rollout that ends the old pods before the new ones begin."""

    timeout_seconds: int | None = None
    pre: LifecycleHook | None = None
    mid: LifecycleHook | None = None
    post: LifecycleHook | None = None


class RollingDeploymentStrategyParams(Wire):
    """Settings of a rollout that replaces pods step by step."""

    update_period_seconds: int | None = None
    interval_seconds: int | None = None
    timeout_seconds: int | None = None
    max_unavailable: IntOrString | None = None
    max_surge: IntOrString | None = None
    pre: LifecycleHook | None = None
    post: LifecycleHook | None = None


class DeploymentStrategy(Wire):
    """How a new revision replaces the old one."""

    type: str = ""
    custom_params: CustomDeploymentStrategyParams | None = None
    recreate_params: RecreateDeploymentStrategyParams | None = None
    rolling_params: RollingDeploymentStrategyParams | None = None
    resources: ResourceRequirements = msgspec.field(default_factory=ResourceRequirements)
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    active_deadline_seconds: int | None = None


class DeploymentTriggerImageChangeParams(Wire):
    """A tag whose changes deploy anew, and the containers that get its image."""

    automatic: bool = False
    container_names: list[str] | None = None
    from_: ObjectReference = msgspec.field(default_factory=ObjectReference)
    last_triggered_image: str = ""


class DeploymentTriggerPolicy(Wire):
    """What deploys anew by itself."""

    type: str = ""
    image_change_params: DeploymentTriggerImageChangeParams | None = None


class DeploymentConfigSpec(Wire):
    """What is wanted."""

    strategy: DeploymentStrategy = msgspec.field(default_factory=DeploymentStrategy)
    min_ready_seconds: int = 0
    triggers: list[DeploymentTriggerPolicy] | None = always()
    replicas: int = always(0)
    revision_history_limit: int | None = None
    test: bool = always(False)
    paused: bool = False
    selector: dict[str, str] | None = None
    template: PodTemplateSpec | None = None


class DeploymentCauseImageTrigger(Wire):
    """The tag that changed."""

    from_: ObjectReference = msgspec.field(default_factory=ObjectReference)


class DeploymentCause(Wire):
    """One reason of a rollout."""

    type: str = always("")
    image_trigger: DeploymentCauseImageTrigger | None = None


class DeploymentDetails(Wire):
    """Why the latest revision is there."""

    message: str = ""
    causes: list[DeploymentCause] | None = always()


class DeploymentCondition(Wire):
    """The state of one aspect of a deployment config."""

    type: str = always("")
    status: str = always("")
    last_update_time: str | None = always()
    last_transition_time: str | None = always()
    reason: str = ""
    message: str = ""


class DeploymentConfigStatus(Wire):
    """What is there."""

    latest_version: int = always(0)
    observed_generation: int = always(0)
    replicas: int = always(0)
    updated_replicas: int = always(0)
    available_replicas: int = always(0)
    unavailable_replicas: int = always(0)
    details: DeploymentDetails | None = None
    conditions: list[DeploymentCondition] | None = None
    ready_replicas: int = 0


class DeploymentConfig(Stored):
    """A template for pods, how many of them are wanted, and what rolls out a new revision."""

    spec: DeploymentConfigSpec = msgspec.field(default_factory=DeploymentConfigSpec)
    status: DeploymentConfigStatus = msgspec.field(default_factory=DeploymentConfigStatus)


class DeploymentConfigRollbackSpec(Wire):
    """Which revision to go back to, and in what."""

    from_: ObjectReference = msgspec.field(default_factory=ObjectReference)
    revision: int = 0
    include_triggers: bool = always(False)
    include_template: bool = always(False)
    include_replication_meta: bool = always(False)
    include_strategy: bool = always(False)


class DeploymentConfigRollback(Wire):
    """The question what a deployment config would look like at an earlier revision."""

    kind: str = ""
    api_version: str = ""
    name: str = always("")
    updated_annotations: dict[str, str] | None = None
    spec: DeploymentConfigRollbackSpec = msgspec.field(default_factory=DeploymentConfigRollbackSpec)


class DeploymentRequest(Wire):
    """The wish for a new revision."""

    kind: str = ""
    api_version: str = ""
    name: str = always("")
    latest: bool = always(False)
    force: bool = always(False)
    exclude_triggers: list[str] | None = None


class DeploymentLog(Wire):
    """What stands for a log where an object is needed: a log itself is plain text."""

    kind: str = ""
    api_version: str = ""
