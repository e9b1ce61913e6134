"""What the Python types of workloads do not say about the wire, in the forms of `schema_facts`."""

from collections.abc import Mapping
from typing import Final

_CORE: Final = "io.k8s.api.core.v1"
_AUTOSCALING: Final = "io.k8s.api.autoscaling.v1"
_CONDITIONED: Final = ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "ReplicationController", "Job")

WORKLOAD_NAMES: Final[Mapping[str, str]] = {
    **{
        name: f"{_CORE}.{name}"
        for name in (
            "ReplicationController",
            "ReplicationControllerCondition",
            "ReplicationControllerSpec",
            "ReplicationControllerStatus",
        )
    },
    **{name: f"{_AUTOSCALING}.{name}" for name in ("Scale", "ScaleSpec", "ScaleStatus")},
}

WORKLOAD_TIMES: Final = (
    *((f"{kind}Condition", "lastTransitionTime") for kind in _CONDITIONED),
    ("CronJobStatus", "lastScheduleTime"),
    ("CronJobStatus", "lastSuccessfulTime"),
    ("DeploymentCondition", "lastUpdateTime"),
    ("JobCondition", "lastProbeTime"),
    ("JobStatus", "completionTime"),
    ("JobStatus", "startTime"),
)

_INT32: Final[Mapping[str, tuple[str, ...]]] = {
    "CronJobSpec": ("failedJobsHistoryLimit", "successfulJobsHistoryLimit"),
    "DaemonSetSpec": ("minReadySeconds", "revisionHistoryLimit"),
    "DaemonSetStatus": (
        "collisionCount",
        "currentNumberScheduled",
        "desiredNumberScheduled",
        "numberAvailable",
        "numberMisscheduled",
        "numberReady",
        "numberUnavailable",
        "updatedNumberScheduled",
    ),
    "DeploymentSpec": ("minReadySeconds", "progressDeadlineSeconds", "replicas", "revisionHistoryLimit"),
    "DeploymentStatus": (
        "availableReplicas",
        "collisionCount",
        "readyReplicas",
        "replicas",
        "unavailableReplicas",
        "updatedReplicas",
    ),
    "JobSpec": (
        "backoffLimit",
        "backoffLimitPerIndex",
        "completions",
        "maxFailedIndexes",
        "parallelism",
        "ttlSecondsAfterFinished",
    ),
    "JobStatus": ("active", "failed", "ready", "succeeded", "terminating"),
    "PodFailurePolicyOnExitCodesRequirement": ("values",),
    "ReplicaSetSpec": ("minReadySeconds", "replicas"),
    "ReplicaSetStatus": ("availableReplicas", "fullyLabeledReplicas", "readyReplicas", "replicas"),
    "ReplicationControllerSpec": ("minReadySeconds", "replicas"),
    "ReplicationControllerStatus": ("availableReplicas", "fullyLabeledReplicas", "readyReplicas", "replicas"),
    "RollingUpdateStatefulSetStrategy": ("partition",),
    "ScaleSpec": ("replicas",),
    "ScaleStatus": ("replicas",),
    "StatefulSetOrdinals": ("start",),
    "StatefulSetSpec": ("minReadySeconds", "replicas", "revisionHistoryLimit"),
    "StatefulSetStatus": (
        "availableReplicas",
        "collisionCount",
        "currentReplicas",
        "readyReplicas",
        "replicas",
        "updatedReplicas",
    ),
    "SuccessPolicyRule": ("succeededCount",),
}
WORKLOAD_INT32: Final = frozenset((kind, field) for kind, fields in _INT32.items() for field in fields)

WORKLOAD_REQUIRED: Final[Mapping[str, list[str]]] = {
    **{f"{kind}Condition": ["type", "status"] for kind in _CONDITIONED},
    "ControllerRevision": ["revision"],
    "CronJobSpec": ["schedule", "jobTemplate"],
    "DaemonSetSpec": ["selector", "template"],
    "DaemonSetStatus": [
        "currentNumberScheduled",
        "numberMisscheduled",
        "desiredNumberScheduled",
        "numberReady",
    ],
    "DeploymentSpec": ["selector", "template"],
    "JobSpec": ["template"],
    "PodFailurePolicy": ["rules"],
    "PodFailurePolicyOnExitCodesRequirement": ["operator", "values"],
    "PodFailurePolicyOnPodConditionsPattern": ["type", "status"],
    "PodFailurePolicyRule": ["action"],
    "ReplicaSetSpec": ["selector"],
    "ReplicaSetStatus": ["replicas"],
    "ReplicationControllerStatus": ["replicas"],
    "ScaleStatus": ["replicas"],
    "StatefulSetSpec": ["selector", "template", "serviceName"],
    "StatefulSetStatus": ["replicas"],
    "SuccessPolicy": ["rules"],
}
