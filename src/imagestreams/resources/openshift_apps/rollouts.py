"""A rollout of a deployment config: a replication controller `NAME-NUMBER` that remembers the config as it was. Pure.

The names, labels and annotations are those of OpenShift, so that `oc rollout history`, `status` and `undo` find them.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from imagestreams.api.apps.types import ReplicationController, ReplicationControllerSpec
from imagestreams.api.codec import copy, decode, encode
from imagestreams.api.meta import ObjectMeta
from imagestreams.api.openshift_apps.types import DeploymentConfig
from imagestreams.api.pods import ObjectMeta as TemplateMeta
from imagestreams.api.pods import PodTemplateSpec
from imagestreams.api.written_numbers import written_number
from imagestreams.resources.workloads.ownership import controlled_by

CONFIG: Final = "openshift.io/deployment-config.name"
"""The label and the annotation that name a rollout's config."""
ENCODED: Final = "openshift.io/encoded-deployment-config"
VERSION: Final = "openshift.io/deployment-config.latest-version"
PHASE: Final = "openshift.io/deployment.phase"
REASON: Final = "openshift.io/deployment.status-reason"
CANCELLED: Final = "openshift.io/deployment.cancelled"
DEPLOYMENT: Final = "openshift.io/deployment.name"
DESIRED: Final = "kubectl.kubernetes.io/desired-replicas"
REPLICAS: Final = "openshift.io/deployment.replicas"
CONFIG_LABEL: Final = "deploymentconfig"
DEPLOYMENT_LABEL: Final = "deployment"

NEW: Final = "New"
PENDING: Final = "Pending"
RUNNING: Final = "Running"
COMPLETE: Final = "Complete"
FAILED: Final = "Failed"
SUPERSEDED: Final = "newer deployment was found running"


class NoConfig(ValueError):
    """A replication controller remembers no config; the message says why."""


def rollout_name(config: str, version: int) -> str:
    """Return the name of a rollout."""
    return f"{config}-{version}"


def make_rollout(config: DeploymentConfig) -> ReplicationController:
    """Return the rollout of the latest version of a config; it runs no pods yet."""
    metadata, spec = config.metadata, config.spec
    template = copy(spec.template) if spec.template is not None else PodTemplateSpec()
    version, name = str(config.status.latest_version), rollout_name(metadata.name, config.status.latest_version)
    for container in template.spec.containers or []:
        container.image = container.image.strip()
    template.metadata = TemplateMeta(
        labels={**(template.metadata.labels or {}), CONFIG_LABEL: metadata.name, DEPLOYMENT_LABEL: name},
        annotations={
            **(template.metadata.annotations or {}),
            DEPLOYMENT: name,
            CONFIG: metadata.name,
            VERSION: version,
        },
    )
    annotations = {
        CONFIG: metadata.name,
        ENCODED: encode_config(config),
        PHASE: NEW,
        VERSION: version,
        DESIRED: str(spec.replicas),
        REPLICAS: "0",
    }
    details = config.status.details
    if details is not None and details.message:
        annotations[REASON] = details.message
    return ReplicationController(
        metadata=ObjectMeta(
            name=name,
            namespace=metadata.namespace,
            labels={**(metadata.labels or {}), CONFIG: metadata.name},
            annotations=annotations,
            owner_references=[controlled_by(config)],
        ),
        spec=ReplicationControllerSpec(
            replicas=0,
            selector={**(spec.selector or {}), CONFIG_LABEL: metadata.name, DEPLOYMENT_LABEL: name},
            min_ready_seconds=spec.min_ready_seconds,
            template=template,
        ),
    )


def encode_config(config: DeploymentConfig) -> str:
    """Return a config as a rollout remembers it: without who wrote which field."""
    metadata = msgspec.structs.replace(config.metadata, managed_fields=None)
    return encode(msgspec.structs.replace(config, metadata=metadata)).decode() + "\n"


def remembered_config(rollout: ReplicationController) -> DeploymentConfig:
    """Return the config as it was when a rollout was made.

    Raises:
        NoConfig: the rollout does not remember it, or what it remembers can't be read.
    """
    name, text = rollout.metadata.name, (rollout.metadata.annotations or {}).get(ENCODED)
    if text is None:
        raise NoConfig(f"object {name} does not have encoded deployment config annotation")
    try:
        return decode(text, DeploymentConfig)
    except (msgspec.DecodeError, RecursionError) as error:
        raise NoConfig(f"the deployment config in {name} can't be read: {error}") from error


def phase_of(rollout: ReplicationController) -> str:
    """Return how far a rollout is."""
    return (rollout.metadata.annotations or {}).get(PHASE, "")


def is_over(rollout: ReplicationController) -> bool:
    """Return whether a rollout has come to its end, good or bad."""
    return phase_of(rollout) in (COMPLETE, FAILED)


def is_cancelled(rollout: ReplicationController) -> bool:
    """Return whether a rollout was or is to be cancelled."""
    return (rollout.metadata.annotations or {}).get(CANCELLED, "").lower() == "true"


def version_of(rollout: ReplicationController) -> int:
    """Return the version of the config that a rollout is of; -1 when it does not say."""
    text = (rollout.metadata.annotations or {}).get(VERSION, "")
    return written_number(text, -1)


def newest(rollouts: Sequence[ReplicationController]) -> ReplicationController | None:
    """Return the rollout with the highest version."""
    return max(rollouts, key=version_of, default=None)


def latest(config: DeploymentConfig, rollouts: Sequence[ReplicationController]) -> ReplicationController | None:
    """Return the rollout of the latest version of a config, if it is there."""
    version, found = config.status.latest_version, newest(rollouts)
    return found if version and found is not None and version_of(found) == version else None


def active(rollouts: Sequence[ReplicationController]) -> ReplicationController | None:
    """Return the newest rollout that succeeded: its pods are the ones to run."""
    return newest([rollout for rollout in rollouts if phase_of(rollout) == COMPLETE and version_of(rollout) > 0])


def superfluous(config: DeploymentConfig, rollouts: Sequence[ReplicationController]) -> list[ReplicationController]:
    """Return the rollouts that are more than the config keeps, the oldest; those that run pods stay for now."""
    limit = config.spec.revision_history_limit
    if limit is None:
        return []
    current = active(rollouts)
    if current is None:
        old = [rollout for rollout in rollouts if version_of(rollout) != config.status.latest_version]
    else:
        old = [rollout for rollout in rollouts if version_of(rollout) < version_of(current)]
    old.sort(key=version_of)
    return [rollout for rollout in old[: max(0, len(old) - limit)] if not rollout.spec.replicas]
