"""What the Python types do not say about the wire: names, formats and required fields.

Keys are names of types and wire names of fields, as the Go types of Kubernetes and OpenShift have them.
"""

from collections.abc import Mapping
from typing import Any, Final

from imagestreams.api import core, image
from imagestreams.api.pods import IntOrString, Quantity
from imagestreams.apiserver.openapi.openshift_facts import (
    OPENSHIFT_HOMES,
    OPENSHIFT_INT32,
    OPENSHIFT_REQUIRED,
    OPENSHIFT_TIMES,
)
from imagestreams.apiserver.openapi.pod_facts import POD_DEFAULTS, POD_INT32, POD_REQUIRED, POD_TIMES
from imagestreams.apiserver.openapi.workload_facts import (
    WORKLOAD_INT32,
    WORKLOAD_NAMES,
    WORKLOAD_REQUIRED,
    WORKLOAD_TIMES,
)

META: Final = "io.k8s.apimachinery.pkg.apis.meta.v1"
CORE: Final = "io.k8s.api.core.v1"
AUTHORIZATION: Final = "io.k8s.api.authorization.v1"
IMAGE: Final = "com.github.openshift.api.image.v1"
HOOKS: Final = "dev.imagestreams.v1"
PROJECT: Final = "com.github.openshift.api.project.v1"
CONFIG: Final = "com.github.openshift.api.config.v1"
OPERATOR: Final = "com.github.openshift.api.operator.v1alpha1"
RAW_EXTENSION: Final = "io.k8s.apimachinery.pkg.runtime.RawExtension"
INT_OR_STRING: Final = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"
QUANTITY: Final = "io.k8s.apimachinery.pkg.api.resource.Quantity"

HOMES: Final[Mapping[str, str]] = {
    "imagestreams.api.meta": META,
    "imagestreams.api.core": CORE,
    "imagestreams.api.image": IMAGE,
    "imagestreams.api.config": CONFIG,
    "imagestreams.api.hooks": HOOKS,
    "imagestreams.api.notifications": HOOKS,
    "imagestreams.api.pods": CORE,
    "imagestreams.api.pods.metadata": META,
    **OPENSHIFT_HOMES,
}
"""Where the types of a module, or of all modules of a package, belong."""


def home_of(module: str) -> str:
    """Return where the types of a module belong; empty when nothing is said of it."""
    return HOMES.get(module) or HOMES.get(module.rpartition(".")[0], "")


NAMES: Final[Mapping[str, str]] = {
    "ImageContentSourcePolicy": f"{OPERATOR}.ImageContentSourcePolicy",
    "ImageContentSourcePolicySpec": f"{OPERATOR}.ImageContentSourcePolicySpec",
    "RepositoryDigestMirrors": f"{OPERATOR}.RepositoryDigestMirrors",
    "NonResourceAttributes": f"{AUTHORIZATION}.NonResourceAttributes",
    "Project": f"{PROJECT}.Project",
    "ProjectRequest": f"{PROJECT}.ProjectRequest",
    "ResourceAttributes": f"{AUTHORIZATION}.ResourceAttributes",
    "SelfSubjectAccessReview": f"{AUTHORIZATION}.SelfSubjectAccessReview",
    "SelfSubjectAccessReviewSpec": f"{AUTHORIZATION}.SelfSubjectAccessReviewSpec",
    "SubjectAccessReviewStatus": f"{AUTHORIZATION}.SubjectAccessReviewStatus",
    **WORKLOAD_NAMES,
}
"""Types that belong elsewhere than the rest of their module."""

SAME_AS: Final[Mapping[type[Any], type[Any]]] = {image.LocalTagReference: core.LocalObjectReference}
"""Types that are another one on the wire."""

FIELD_NAMES: Final[Mapping[tuple[str, str], str]] = {
    ("Project", "spec"): f"{PROJECT}.ProjectSpec",
    ("Project", "status"): f"{PROJECT}.ProjectStatus",
}
"""Fields whose type has a name of its own there, though it is the same type."""

_TIMES: Final = (
    ("Condition", "lastTransitionTime"),
    ("Event", "firstTimestamp"),
    ("Event", "lastTimestamp"),
    ("ImageSignature", "created"),
    ("ManagedFieldsEntry", "time"),
    ("ObjectMeta", "creationTimestamp"),
    ("ObjectMeta", "deletionTimestamp"),
    ("SignatureCondition", "lastProbeTime"),
    ("NamespaceCondition", "lastTransitionTime"),
    ("NotificationDelivery", "time"),
    ("RegistryHookCall", "time"),
    ("SignatureCondition", "lastTransitionTime"),
    ("TagEvent", "created"),
    ("TagEventCondition", "lastTransitionTime"),
    *POD_TIMES,
    *WORKLOAD_TIMES,
    *OPENSHIFT_TIMES,
)

FIELD_REFERENCES: Final[Mapping[tuple[str, str], str]] = {
    **dict.fromkeys(_TIMES, f"{META}.Time"),
    ("Event", "eventTime"): f"{META}.MicroTime",
    ("EventSeries", "lastObservedTime"): f"{META}.MicroTime",
    ("DeleteOptions", "preconditions"): f"{META}.Preconditions",
    ("ControllerRevision", "data"): RAW_EXTENSION,
    ("Image", "dockerImageMetadata"): RAW_EXTENSION,
    ("ManagedFieldsEntry", "fieldsV1"): f"{META}.FieldsV1",
}
"""Fields of a type that has no struct of its own."""

UNIONS: Final[Mapping[Any, str]] = {IntOrString: INT_OR_STRING, Quantity: QUANTITY}
"""Types of values that have several forms."""

BASE64: Final = frozenset(
    {
        ("ConfigMap", "binaryData"),
        ("Image", "dockerImageSignatures"),
        ("ImageSignature", "content"),
        ("Secret", "data"),
    }
)
"""Fields whose text, or whose elements' text, is base64."""

INT32: Final = frozenset(
    {
        ("Event", "count"),
        ("EventSeries", "count"),
        ("Status", "code"),
        ("StatusDetails", "retryAfterSeconds"),
        *POD_INT32,
        *WORKLOAD_INT32,
        *OPENSHIFT_INT32,
    }
)

DEFAULTS: Final[Mapping[tuple[str, str], Any]] = POD_DEFAULTS

_SOURCE_POLICIES: Final = ["NeverContactSource", "AllowContactingSource"]
ENUMS: Final[Mapping[tuple[str, str], list[str]]] = {
    ("ImageDigestMirrors", "mirrorSourcePolicy"): _SOURCE_POLICIES,
    ("ImageTagMirrors", "mirrorSourcePolicy"): _SOURCE_POLICIES,
    ("NamespaceStatus", "phase"): ["Active", "Terminating"],
}

REQUIRED: Final[Mapping[str, list[str]]] = {
    "Condition": ["type", "status", "lastTransitionTime", "reason", "message"],
    "ConfigMapNameReference": ["name"],
    "Event": ["metadata", "involvedObject"],
    "ImageContentSourcePolicy": ["spec"],
    "ImageDigestMirrorSet": ["spec"],
    "ImageDigestMirrors": ["source"],
    "HookSecretReference": ["name"],
    "ImageImportSpec": ["from"],
    "ImageImportStatus": ["status"],
    "ImageLayer": ["name", "size", "mediaType"],
    "ImageLayerData": ["size", "mediaType"],
    "ImageLookupPolicy": ["local"],
    "ImageManifest": ["digest", "mediaType", "manifestSize", "architecture", "os"],
    "ImageSignature": ["type", "content"],
    "ImageStreamImage": ["image"],
    "ImageStreamImport": ["spec", "status"],
    "ImageStreamImportSpec": ["import"],
    "ImageStreamLayers": ["blobs", "images"],
    "ImageStreamMapping": ["image", "tag"],
    "ImageStreamTag": ["tag", "generation", "lookupPolicy", "image"],
    "ImageTag": ["spec", "status", "image"],
    "ImageTagMirrorSet": ["spec"],
    "ImageTagMirrors": ["source"],
    "LabelSelectorRequirement": ["key", "operator"],
    "NamedTagEventList": ["tag", "items"],
    "NotificationDelivery": ["time", "result"],
    "NotificationHeader": ["name"],
    "NotificationSecretReference": ["name"],
    "NotificationSink": ["spec"],
    "NotificationSinkSpec": ["preset"],
    "OwnerReference": ["apiVersion", "kind", "name", "uid"],
    "RegistryHook": ["spec"],
    "RegistryHookCall": ["time", "result"],
    "RegistryHookSpec": ["sender"],
    "RegistryLocation": ["domainName"],
    "RepositoryDigestMirrors": ["source"],
    "RepositoryImportSpec": ["from"],
    "SelfSubjectAccessReview": ["spec"],
    "SignatureCondition": ["type", "status"],
    "SignatureSubject": ["publicKeyID"],
    "SubjectAccessReviewStatus": ["allowed"],
    "TagEvent": ["created", "dockerImageReference", "image", "generation"],
    "TagEventCondition": ["type", "status", "generation"],
    "TagReference": ["name"],
    "TagReferencePolicy": ["type"],
    **POD_REQUIRED,
    **WORKLOAD_REQUIRED,
    **OPENSHIFT_REQUIRED,
}
