"""The description of a pod, held against what kubectl 1.32 printed for the same object."""

import json
from datetime import UTC, datetime
from typing import Any

from imagestreams.cli.describers.pod import describe_pod

NOW = datetime(2026, 11, 25, 4, tzinfo=UTC)
POD: dict[str, Any] = json.loads(
    """
{"metadata": {"labels": {"a": "b"}, "name": "full", "namespace": "default", "annotations": {"x": "z"}}, "spec":
{"containers": [{"args": ["z"], "env": [{"name": "N", "valueFrom": {"fieldRef": {"apiVersion": "v1",
"fieldPath": "metadata.name"}}}, {"name": "L", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath":
"metadata.labels['a']"}}}, {"name": "R", "valueFrom": {"resourceFieldRef": {"divisor": "0", "resource":
"limits.cpu"}}}, {"name": "S", "valueFrom": {"secretKeyRef": {"key": "k", "name": "s"}}}], "image": "y:1",
"imagePullPolicy": "IfNotPresent", "livenessProbe": {"failureThreshold": 3, "httpGet": {"path": "/", "port": 80,
"scheme": "HTTP"}, "periodSeconds": 10, "successThreshold": 1, "timeoutSeconds": 1}, "name": "c", "ports":
[{"containerPort": 80, "protocol": "TCP"}, {"containerPort": 81, "hostPort": 8081, "protocol": "TCP"}],
"resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "1", "memory": "1Gi"}},
"terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File", "volumeMounts":
[{"mountPath": "/v", "name": "v"}]}, {"image": "q", "imagePullPolicy": "Always", "name": "d", "resources": {},
"terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}], "dnsPolicy":
"ClusterFirst", "enableServiceLinks": true, "initContainers": [{"command": ["a", "b"], "image": "x",
"imagePullPolicy": "Always", "name": "i", "resources": {}, "terminationMessagePath": "/dev/termination-log",
"terminationMessagePolicy": "File"}], "nodeName": "n1", "nodeSelector": {"d": "ssd"}, "readinessGates":
[{"conditionType": "web"}], "restartPolicy": "Always", "schedulerName": "default-scheduler", "securityContext":
{"seccompProfile": {"type": "RuntimeDefault"}}, "serviceAccount": "sa", "serviceAccountName": "sa",
"terminationGracePeriodSeconds": 30, "tolerations": [{"effect": "NoExecute", "key": "k", "operator": "Exists",
"tolerationSeconds": 3}], "topologySpreadConstraints": [{"labelSelector": {"matchLabels": {"a": "b"}},
"maxSkew": 1, "topologyKey": "z", "whenUnsatisfiable": "DoNotSchedule"}], "volumes": [{"emptyDir": {}, "name":
"v"}, {"name": "s", "secret": {"defaultMode": 420, "secretName": "s"}}]}, "status": {"conditions":
[{"lastProbeTime": null, "lastTransitionTime": null, "status": "True", "type": "Ready"}, {"lastProbeTime": null,
"lastTransitionTime": null, "status": "False", "type": "web"}], "containerStatuses": [{"containerID":
"cri-o://2", "image": "y:1", "imageID": "sha256:2", "lastState": {"terminated": {"exitCode": 137, "finishedAt":
"2026-11-25T03:00:01Z", "reason": "OOMKilled", "signal": 9, "startedAt": "2026-11-25T03:00:00Z"}}, "name": "c",
"ready": true, "restartCount": 2, "state": {"running": {"startedAt": "2026-11-25T03:00:02Z"}}}, {"image": "q",
"imageID": "", "lastState": {}, "name": "d", "ready": false, "restartCount": 0, "state": {"waiting": {"reason":
"ImagePullBackOff"}}}], "hostIP": "1.2.3.4", "initContainerStatuses": [{"containerID": "cri-o://1", "image":
"x", "imageID": "sha256:1", "lastState": {}, "name": "i", "ready": true, "restartCount": 0, "state":
{"terminated": {"exitCode": 0, "finishedAt": "2026-11-25T03:00:01Z", "reason": "Completed", "startedAt":
"2026-11-25T03:00:00Z"}}}], "phase": "Running", "podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}], "qosClass":
"Burstable", "startTime": "2026-11-25T03:00:00Z"}}
    """
)
PRINTED = [
    "Name:             full",
    "Namespace:        default",
    "Service Account:  sa",
    "Node:             n1/1.2.3.4",
    "Start Time:       Wed, 25 Nov 2026 03:00:00 +0000",
    "Labels:           a=b",
    "Annotations:      x: z",
    "Status:           Running",
    "SeccompProfile:   RuntimeDefault",
    "IP:               10.0.0.1",
    "IPs:",
    "  IP:  10.0.0.1",
    "Init Containers:",
    "  i:",
    "    Container ID:  cri-o://1",
    "    Image:         x",
    "    Image ID:      sha256:1",
    "    Port:          <none>",
    "    Host Port:     <none>",
    "    Command:",
    "      a",
    "      b",
    "    State:          Terminated",
    "      Reason:       Completed",
    "      Exit Code:    0",
    "      Started:      Wed, 25 Nov 2026 03:00:00 +0000",
    "      Finished:     Wed, 25 Nov 2026 03:00:01 +0000",
    "    Ready:          True",
    "    Restart Count:  0",
    "    Environment:    <none>",
    "    Mounts:         <none>",
    "Containers:",
    "  c:",
    "    Container ID:  cri-o://2",
    "    Image:         y:1",
    "    Image ID:      sha256:2",
    "    Ports:         80/TCP, 81/TCP",
    "    Host Ports:    0/TCP, 8081/TCP",
    "    Args:",
    "      z",
    "    State:          Running",
    "      Started:      Wed, 25 Nov 2026 03:00:02 +0000",
    "    Last State:     Terminated",
    "      Reason:       OOMKilled",
    "      Exit Code:    137",
    "      Signal:       9",
    "      Started:      Wed, 25 Nov 2026 03:00:00 +0000",
    "      Finished:     Wed, 25 Nov 2026 03:00:01 +0000",
    "    Ready:          True",
    "    Restart Count:  2",
    "    Limits:",
    "      cpu:     1",
    "      memory:  1Gi",
    "    Requests:",
    "      cpu:     1",
    "      memory:  1Gi",
    "    Liveness:  http-get http://:80/ delay=0s timeout=1s period=10s #success=1 #failure=3",
    "    Environment:",
    "      N:  full (v1:metadata.name)",
    "      L:   (v1:metadata.labels['a'])",
    "      R:  1 (limits.cpu)",
    "      S:  <set to the key 'k' in secret 's'>  Optional: false",
    "    Mounts:",
    "      /v from v (rw)",
    "  d:",
    "    Container ID:   ",
    "    Image:          q",
    "    Image ID:       ",
    "    Port:           <none>",
    "    Host Port:      <none>",
    "    State:          Waiting",
    "      Reason:       ImagePullBackOff",
    "    Ready:          False",
    "    Restart Count:  0",
    "    Environment:    <none>",
    "    Mounts:         <none>",
    "Readiness Gates:",
    "  Type  Status",
    "  web   False ",
    "Conditions:",
    "  Type    Status",
    "  Ready   True ",
    "  web     False ",
    "Volumes:",
    "  v:",
    "    Type:       EmptyDir (a temporary directory that shares a pod's lifetime)",
    "    Medium:     ",
    "    SizeLimit:  <unset>",
    "  s:",
    "    Type:                     Secret (a volume populated by a Secret)",
    "    SecretName:               s",
    "    Optional:                 false",
    "QoS Class:                    Burstable",
    "Node-Selectors:               d=ssd",
    "Tolerations:                  k:NoExecute op=Exists for 3s",
    "Topology Spread Constraints:  z:DoNotSchedule when max skew 1 is exceeded for selector a=b",
    "Events:                       <none>",
]


def test_a_pod_is_described_to_the_character_as_kubectl_does() -> None:
    assert describe_pod(POD, [], NOW).rstrip("\n").split("\n") == PRINTED


def test_a_pod_that_nobody_runs_has_little_to_tell() -> None:
    pod = {"metadata": {"name": "p", "namespace": "ns"}, "spec": {}, "status": {"phase": "Pending"}}

    lines = describe_pod(pod, None, NOW).splitlines()

    assert lines[:3] == ["Name:         p", "Namespace:    ns", "Node:         <none>"]
    assert "Status:       Pending" in lines
    assert "IPs:          <none>" in lines


def test_a_pod_on_its_way_out_tells_for_how_long() -> None:
    metadata = {"name": "p", "deletionTimestamp": "2026-11-25T03:59:00Z", "deletionGracePeriodSeconds": 30}

    text = describe_pod({"metadata": metadata, "status": {"phase": "Running"}}, None, NOW)

    assert "Terminating (lasts 60s)" in text
    assert "30s" in text
