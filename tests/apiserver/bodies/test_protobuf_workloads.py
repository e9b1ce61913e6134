"""Workloads that kubectl 1.32 sends in protobuf are read as the objects that they are.

The bytes were recorded from kubectl itself, at a server that took them down.
"""

import base64
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagestreams.api import core, meta, pods
from imagestreams.api.apps import types as apps
from imagestreams.api.batch import types as batch
from imagestreams.api.codec import from_dict, to_dict
from imagestreams.api.pods import (
    claims,
    containers,
    environment,
    pod,
    probes,
    scheduling,
    security,
    status,
    storage_systems,
    volume_sources,
    volumes,
)
from imagestreams.apiserver.bodies.protobuf_bodies import ProtobufError, read_protobuf
from imagestreams.apiserver.bodies.protobuf_messages import messages

# kubectl create deployment web --image=nginx:1 --port=80 --replicas=0 -- sleep 1
DEPLOYMENT = base64.b64decode(
    "azhzAAoVCgdhcHBzL3YxEgpEZXBsb3ltZW50EsQBCh8KA3dlYhIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViEpIBCAASDAoKCgNhcHASA3dlYh"
    "p4ChwKABIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViElgSOgoFbmdpbngSB25naW54OjEaBXNsZWVwGgExKgAyCgoAEAAYUCIAKgBCAGoAcgCA"
    "AQCIAQCQAQCiAQAaADIAQgBKAFIAWABgAGgAggEAigEAmgEAwgEAIgIKACgAOAAaDAgAEAAYACAAKAA4ABoAIgA="
)
# kubectl create cronjob c --image=busybox --schedule='*/5 * * * *' -- date
CRON_JOB = base64.b64decode(
    "azhzAAoTCghiYXRjaC92MRIHQ3JvbkpvYhKhAQoRCgFjEgAaACIAKgAyADgAQgASiQEKCyovNSAqICogKiAqGgAqeAoRCgFjEgAaACIAKgAyAD"
    "gAQgASYzJhChAKABIAGgAiACoAMgA4AEIAEk0SJgoBYxIHYnVzeWJveBoEZGF0ZSoAQgBqAHIAgAEAiAEAkAEAogEAGglPbkZhaWx1cmUyAEIA"
    "SgBSAFgAYABoAIIBAIoBAJoBAMIBABoAGgAiAA=="
)
# kubectl create job from --from=cronjob/c, of a cron job with volumes, probes, amounts and more
JOB = base64.b64decode(
    "azhzAAoPCghiYXRjaC92MRIDSm9iEtgDCmYKBGZyb20SABoAIgAqADIAOABCAFoGCgFhEgFiYisKIWNyb25qb2Iua3ViZXJuZXRlcy5pby9pbn"
    "N0YW50aWF0ZRIGbWFudWFsahsKB0Nyb25Kb2IaAWMiAXUqCGJhdGNoL3YxMAES4wIy4AIKEAoAEgAaACIAKgAyADgAQgASywIKEAoBdhILmgEI"
    "CgMKAWMYpAMKDQoBaBIICgYKAi94EgAKEAoBZRILEgkKABIFCgMxR2kS3AEKAXgSAXkqADIQCgN3ZWIQABhQIgNUQ1AqADoTCgFBEgAaDCIKCg"
    "MKAXMSAWsYADodCgFQEgAaFhIUCgASCmxpbWl0cy5jcHUaBAoCMW1CIAoNCgNjcHUSBgoENTAwbQoPCgZtZW1vcnkSBQoDMUdpSg0KAXYQABoC"
    "L3YiADIAUiQKGBIWCgEvEgkIARAAGgN3ZWIaACIESFRUUBAAGAAgCigAMABiChIICgYKAWEKAWJqAHIAgAEAiAEAkAEAogEAsgEYCgwaCgoGCA"
    "AQUBoAEgAQABgAIAAoADAAGgVOZXZlcigFMgBCAEoAUgBYAGAAaAByAIIBAIoBAJoBALIBEQoBYRIGRXhpc3RzGgAiACgDwgEAGgggACgAMAA6"
    "ABoAIgA="
)


def read(body: bytes, kind: type[Any]) -> dict[str, Any]:
    """What a body holds once it is an object, without what is empty."""
    document = read_protobuf(body)
    assert document is not None
    return to_dict(from_dict(document, kind))


def test_a_deployment() -> None:
    deployment = read(DEPLOYMENT, apps.Deployment)

    assert deployment["metadata"] == {"name": "web", "labels": {"app": "web"}}
    assert deployment["spec"] == {
        "replicas": 0,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"creationTimestamp": None, "labels": {"app": "web"}},
            "spec": {
                "containers": [
                    {
                        "name": "nginx",
                        "image": "nginx:1",
                        "command": ["sleep", "1"],
                        "ports": [{"containerPort": 80}],
                        "resources": {},
                    }
                ]
            },
        },
        "strategy": {},
    }


def test_a_cron_job() -> None:
    spec = read(CRON_JOB, batch.CronJob)["spec"]

    assert spec["schedule"] == "*/5 * * * *"
    assert spec["jobTemplate"]["spec"]["template"]["spec"] == {
        "containers": [{"name": "c", "image": "busybox", "command": ["date"], "resources": {}}],
        "restartPolicy": "OnFailure",
    }


def test_a_job_with_all_kinds_of_values() -> None:
    job = read(JOB, batch.Job)
    spec = job["spec"]["template"]["spec"]
    (container,) = spec["containers"]

    assert job["metadata"]["ownerReferences"] == [
        {"apiVersion": "batch/v1", "kind": "CronJob", "name": "c", "uid": "u", "controller": True}
    ]
    assert spec["volumes"] == [
        {"name": "v", "configMap": {"name": "c", "defaultMode": 420}},
        {"name": "h", "hostPath": {"path": "/x", "type": ""}},
        {"name": "e", "emptyDir": {"sizeLimit": "1Gi"}},
    ]
    assert spec["activeDeadlineSeconds"] == 5
    assert container["resources"] == {"limits": {"cpu": "500m", "memory": "1Gi"}}
    assert container["env"] == [
        {"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": False}}},
        {"name": "P", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "1m"}}},
    ]
    assert container["livenessProbe"] == {
        "httpGet": {"path": "/", "port": "web", "scheme": "HTTP"},
        "periodSeconds": 10,
    }
    assert container["startupProbe"] == {"tcpSocket": {"port": 80}}
    assert container["ports"] == [{"name": "web", "containerPort": 80, "protocol": "TCP"}]


STRUCTS: dict[str, type[msgspec.Struct]] = {
    name: kind
    for module in (
        *(meta, core, apps, batch),
        *(claims, containers, environment, pod, probes, scheduling, security),
        *(status, storage_systems, volume_sources, volumes),
    )
    for name, kind in vars(module).items()
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind is not pods.ObjectMeta
}
WITHOUT_STRUCT = {
    *("Unknown", "TypeMeta", "Json", "Time", "Quantity", "IntOrString", "Preconditions"),
    *("EphemeralContainerCommon", "ProbeHandler", "VolumeSource"),
}

READ_IN_PART = {"NamespaceStatus", "SelfSubjectAccessReview", "SelfSubjectReview", "SelfSubjectRulesReview"}
"""What clients don't send of these is not read."""


def names(message: str) -> set[str]:
    """The fields of a message, those of inner messages that belong to it among them."""
    return {
        name
        for field in messages()[message].values()
        for name in (names(field.kind) if field.shape == "inline" else [field.name])
    }


@pytest.mark.parametrize("message", sorted(messages().keys() - WITHOUT_STRUCT))
def test_a_message_has_the_fields_of_its_type(message: str) -> None:
    of_all_objects = {"kind", "apiVersion"}
    known = {field.encode_name for field in msgspec.structs.fields(STRUCTS[message])} - of_all_objects

    read = names(message) - of_all_objects

    assert read <= known if message in READ_IN_PART else read == known


def test_every_message_that_is_named_is_there() -> None:
    plain = {"string", "text", "int", "bool", "bytes", "raw", "json", "time", "microtime", "quantity", "int-or-string"}

    assert {field.kind for fields in messages().values() for field in fields.values()} - plain <= messages().keys()


@given(st.integers(4, len(JOB) - 1), st.binary(max_size=4), st.integers(0, 4))
def test_a_damaged_body_is_refused_or_read_but_never_more(at: int, put: bytes, instead_of: int) -> None:
    damaged = JOB[:at] + put + JOB[at + instead_of :]

    try:
        document = read_protobuf(damaged)
    except ProtobufError:
        return

    assert document is None or isinstance(document, dict)
