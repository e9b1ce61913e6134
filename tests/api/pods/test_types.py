"""The types of pods have the fields of the real API, whose official client knows them all."""

import importlib
import pkgutil

import msgspec
import pytest
from kubernetes.client import models

from imagestreams.api import pods

TYPES = [
    kind
    for module in pkgutil.iter_modules(pods.__path__)
    for kind in vars(importlib.import_module(f"{pods.__name__}.{module.name}")).values()
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind.__module__.endswith(f".{module.name}")
]
SINCE_1_33 = {
    *("allocatedResources", "bindMountOptions", "defaultUser", "evictionResponders", "extendedResourceClaimStatus"),
    *("fileKeyRef", "healthStatus", "hostnameOverride", "message", "mode", "nodeAllocatableResourceClaimStatuses"),
    *("observedGeneration", "podCertificate", "protocol", "resources", "restartPolicyRules", "schedulingGroup"),
    *("stopSignal", "user", "volumeHealth", "volumeStatus"),
}
"""Fields that the client knows and Kubernetes 1.32, whose API this is, does not."""


@pytest.mark.parametrize("kind", sorted(TYPES, key=lambda kind: kind.__name__), ids=lambda kind: kind.__name__)
def test_a_type_has_the_fields_that_the_official_client_knows(kind: type[msgspec.Struct]) -> None:
    name = kind.__name__
    model = getattr(models, f"V1{name}", None) or getattr(models, f"CoreV1{name}")

    ours = {field.encode_name for field in msgspec.structs.fields(kind)}
    theirs = set(model.attribute_map.values())

    assert ours <= theirs
    assert theirs - ours <= SINCE_1_33
