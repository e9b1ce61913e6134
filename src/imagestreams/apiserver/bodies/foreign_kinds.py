"""Bodies of another kind than the path takes: what the real server says of them depends on what it knows itself.

It carries the types of Kubernetes and of OpenShift's own groups. Of one of those it says that it can't be converted,
of all others that they are not registered.
"""

from typing import Final

from imagestreams.resources.resource import ResourceInfo

_SCHEME: Final = "k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30"
_IN_EVERY_VERSION: Final = frozenset(
    {"CreateOptions", "DeleteOptions", "GetOptions", "ListOptions", "PatchOptions", "UpdateOptions", "WatchEvent"}
)
_WITHOUT_LISTS: Final = {
    "v1": {"Binding", "SerializedReference", "RangeAllocation", "PodStatusResult", "PodExecOptions", "Status"},
    "autoscaling/v1": {"Scale"},
    "authentication.k8s.io/v1": {"TokenReview", "TokenRequest", "SelfSubjectReview"},
    "authorization.k8s.io/v1": {
        "LocalSubjectAccessReview",
        "SelfSubjectAccessReview",
        "SelfSubjectRulesReview",
        "SubjectAccessReview",
    },
    "image.openshift.io/v1": {"ImageStreamMapping", "ImageStreamImport", "ImageStreamLayers", "DockerImage"},
    "project.openshift.io/v1": {"ProjectRequest"},
    "apps.openshift.io/v1": {"DeploymentConfigRollback", "DeploymentRequest", "DeploymentLog"},
    "build.openshift.io/v1": {"BuildRequest", "BuildLog", "BinaryBuildRequestOptions"},
}
_WITH_LISTS: Final = {
    "v1": {
        "ConfigMap",
        "ComponentStatus",
        "Endpoints",
        "Event",
        "LimitRange",
        "Namespace",
        "Node",
        "PersistentVolume",
        "PersistentVolumeClaim",
        "Pod",
        "PodTemplate",
        "ReplicationController",
        "ResourceQuota",
        "Secret",
        "Service",
        "ServiceAccount",
    },
    "apps/v1": {"ControllerRevision", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"},
    "autoscaling/v1": {"HorizontalPodAutoscaler"},
    "autoscaling/v2": {"HorizontalPodAutoscaler"},
    "batch/v1": {"CronJob", "Job"},
    "events.k8s.io/v1": {"Event"},
    "networking.k8s.io/v1": {"Ingress", "IngressClass", "NetworkPolicy"},
    "policy/v1": {"PodDisruptionBudget"},
    "rbac.authorization.k8s.io/v1": {"ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"},
    "scheduling.k8s.io/v1": {"PriorityClass"},
    "storage.k8s.io/v1": {"CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"},
    "image.openshift.io/v1": {
        "Image",
        "ImageSignature",
        "ImageStream",
        "ImageStreamImage",
        "ImageStreamTag",
        "ImageTag",
    },
    "project.openshift.io/v1": {"Project"},
    "apps.openshift.io/v1": {"DeploymentConfig"},
    "build.openshift.io/v1": {"Build", "BuildConfig"},
    "route.openshift.io/v1": {"Route"},
    "template.openshift.io/v1": {"Template", "TemplateInstance", "BrokerTemplateInstance"},
    "user.openshift.io/v1": {"Group", "Identity", "User"},
}


def foreign_kind(kind: str, api_version: str, info: ResourceInfo) -> str:
    """Say why an object of this kind and version is none of a resource."""
    if not _is_registered(kind, api_version):
        return f'no kind "{kind}" is registered for version "{api_version}" in scheme "{_SCHEME}"'
    version = api_version.rpartition("/")[2]
    internal = info.group.partition(".")[0] or "core"
    return f"converting ({version}.{kind}) to ({internal}.{info.object_type.__name__}): unknown conversion"


def _is_registered(kind: str, api_version: str) -> bool:
    single, listed = _WITHOUT_LISTS.get(api_version, ()), _WITH_LISTS.get(api_version, ())
    if kind in single or kind in listed or kind.removesuffix("List") in listed:
        return True
    return bool(single or listed) and kind in _IN_EVERY_VERSION
