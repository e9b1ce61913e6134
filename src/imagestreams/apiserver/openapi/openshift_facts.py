"""What the Python types of builds and deployment configs do not say about the wire, in the forms of `schema_facts`."""

from collections.abc import Mapping
from typing import Final

OPENSHIFT_HOMES: Final[Mapping[str, str]] = {
    "imagestreams.api.build": "com.github.openshift.api.build.v1",
    "imagestreams.api.openshift_apps": "com.github.openshift.api.apps.v1",
}

OPENSHIFT_TIMES: Final = (
    ("BuildCondition", "lastTransitionTime"),
    ("BuildCondition", "lastUpdateTime"),
    ("BuildStatus", "completionTimestamp"),
    ("BuildStatus", "startTimestamp"),
    ("ImageChangeTriggerStatus", "lastTriggerTime"),
    ("StageInfo", "startTime"),
    ("StepInfo", "startTime"),
)

OPENSHIFT_INT32: Final = frozenset(
    {
        ("BuildConfigSpec", "failedBuildsHistoryLimit"),
        ("BuildConfigSpec", "successfulBuildsHistoryLimit"),
        ("DeploymentConfigSpec", "minReadySeconds"),
        ("DeploymentConfigSpec", "replicas"),
        ("DeploymentConfigSpec", "revisionHistoryLimit"),
        ("DeploymentConfigStatus", "availableReplicas"),
        ("DeploymentConfigStatus", "readyReplicas"),
        ("DeploymentConfigStatus", "replicas"),
        ("DeploymentConfigStatus", "unavailableReplicas"),
        ("DeploymentConfigStatus", "updatedReplicas"),
    }
)

OPENSHIFT_REQUIRED: Final[Mapping[str, list[str]]] = {
    "BuildCondition": ["type", "status"],
    "BuildConfig": ["spec", "status"],
    "BuildConfigSpec": ["strategy", "nodeSelector"],
    "BuildConfigStatus": ["lastVersion"],
    "BuildSpec": ["strategy", "nodeSelector"],
    "BuildStatus": ["phase"],
    "BuildTriggerPolicy": ["type"],
    "BuildVolume": ["name", "source", "mounts"],
    "BuildVolumeMount": ["destinationPath"],
    "BuildVolumeSource": ["type"],
    "CommonSpec": ["strategy", "nodeSelector"],
    "ConfigMapBuildSource": ["configMap"],
    "CustomBuildStrategy": ["from"],
    "DeploymentCause": ["type"],
    "DeploymentCauseImageTrigger": ["from"],
    "DeploymentConfig": ["spec"],
    "DeploymentConfigRollback": ["name", "spec"],
    "DeploymentConfigRollbackSpec": [
        "from",
        "includeTriggers",
        "includeTemplate",
        "includeReplicationMeta",
        "includeStrategy",
    ],
    "DeploymentConfigSpec": ["strategy", "triggers", "replicas", "test"],
    "DeploymentConfigStatus": [
        "latestVersion",
        "observedGeneration",
        "replicas",
        "updatedReplicas",
        "availableReplicas",
        "unavailableReplicas",
    ],
    "DeploymentDetails": ["causes"],
    "DeploymentRequest": ["name", "latest", "force"],
    "DeploymentTriggerImageChangeParams": ["from"],
    "ExecNewPodHook": ["command", "containerName"],
    "GitBuildSource": ["uri"],
    "ImageLabel": ["name"],
    "ImageSource": ["from"],
    "ImageSourcePath": ["sourcePath", "destinationDir"],
    "LifecycleHook": ["failurePolicy"],
    "SecretBuildSource": ["secret"],
    "SecretLocalReference": ["name"],
    "SecretSpec": ["secretSource", "mountPath"],
    "SourceBuildStrategy": ["from"],
    "SourceRevision": ["type"],
    "TagImageHook": ["containerName", "to"],
}
