"""The types of pods as of Kubernetes 1.32: what all workloads contain.

What matters most of a pod here is its images, and so most of all the template in which they stand. The types are
split by subject. A field is written or left out as the real API server does it: one that Go declares without
`omitempty` is always there. `quantities` knows amounts, `defaulting` what the server fills in, `validation` what it
refuses.
"""

from imagestreams.api.pods.claims import PersistentVolumeClaim, PersistentVolumeClaimSpec
from imagestreams.api.pods.containers import Container, EphemeralContainer, ResourceRequirements
from imagestreams.api.pods.environment import EnvVar
from imagestreams.api.pods.metadata import ObjectMeta
from imagestreams.api.pods.pod import Pod, PodSpec, PodTemplateSpec
from imagestreams.api.pods.values import IntOrString, Quantity
from imagestreams.api.pods.volumes import Volume, VolumeMount

__all__ = [
    "Container",
    "EnvVar",
    "EphemeralContainer",
    "IntOrString",
    "ObjectMeta",
    "PersistentVolumeClaim",
    "PersistentVolumeClaimSpec",
    "Pod",
    "PodSpec",
    "PodTemplateSpec",
    "Quantity",
    "ResourceRequirements",
    "Volume",
    "VolumeMount",
]
