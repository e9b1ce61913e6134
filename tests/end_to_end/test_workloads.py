"""Workloads with an unmodified kubectl, the Python client of Kubernetes, and `isctl` that prints the same."""

import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kubernetes import client, config, watch

from tests.running_server import RunningServer

Run = subprocess.CompletedProcess[str]
PATIENCE_S = 30

MANIFEST = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, labels: {tier: data}}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: pg, image: "postgres:1"}]}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: log, labels: {tier: data}}
spec:
  selector: {matchLabels: {app: log}}
  template:
    metadata: {labels: {app: log}}
    spec:
      containers:
      - name: fluent
        image: fluent:1
        command: [run, "--all"]
        ports: [{containerPort: 80, name: http}]
        env: [{name: A, value: b}, {name: S, valueFrom: {secretKeyRef: {name: s, key: k}}}]
        resources: {limits: {cpu: 500m, memory: 1Gi}}
        livenessProbe: {httpGet: {path: /live, port: http}}
        volumeMounts: [{name: work, mountPath: /work, readOnly: true}, {name: conf, mountPath: /conf}]
      volumes:
      - {name: work, emptyDir: {}}
      - {name: conf, configMap: {name: conf}}
      tolerations: [{operator: Exists}]
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: full
  annotations: {long: "a text of more than one line\\nand so on"}
spec:
  selector: {matchLabels: {app: full}, matchExpressions: [{key: app, operator: In, values: [full]}]}
  template:
    metadata: {labels: {app: full}, annotations: {a: b}}
    spec:
      serviceAccountName: full
      priorityClassName: high
      nodeSelector: {disk: fast}
      initContainers: [{name: first, image: "first:1", args: [a, b]}]
      containers:
      - name: main
        image: main:1
        ports: [{containerPort: 80}, {containerPort: 53, protocol: UDP, hostPort: 53}]
        securityContext: {seccompProfile: {type: RuntimeDefault}}
        envFrom: [{configMapRef: {name: c}}, {prefix: P_, secretRef: {name: s, optional: true}}]
        env:
        - {name: LINES, value: "one\\ntwo"}
        - {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
        - {name: CPU, valueFrom: {resourceFieldRef: {resource: limits.cpu}}}
        - {name: MEMORY, valueFrom: {resourceFieldRef: {resource: requests.memory}}}
        - {name: C, valueFrom: {configMapKeyRef: {name: c, key: k, optional: true}}}
        resources: {limits: {cpu: "2"}, requests: {memory: 64Mi, cpu: 250m}}
        livenessProbe: {exec: {command: [cat, /tmp/x]}}
        readinessProbe: {tcpSocket: {port: 80}, initialDelaySeconds: 3}
        startupProbe: {grpc: {port: 80, service: s}}
        volumeMounts: [{name: host, mountPath: /z, subPath: p}, {name: all, mountPath: /a}]
        volumeDevices: [{name: claim, devicePath: /dev/x}]
      volumes:
      - {name: host, hostPath: {path: /srv}}
      - {name: claim, persistentVolumeClaim: {claimName: c, readOnly: true}}
      - {name: secret, secret: {secretName: s, optional: true}}
      - name: all
        projected:
          sources:
          - {downwardAPI: {items: [{path: p, fieldRef: {fieldPath: metadata.name}}]}}
          - {serviceAccountToken: {path: t, expirationSeconds: 3600}}
      - {name: down, downwardAPI: {items: [{path: p, fieldRef: {fieldPath: metadata.labels}}]}}
      - {name: csi, csi: {driver: d.example.com, volumeAttributes: {a: b, c: d}}}
      - {name: nfs, nfs: {server: s, path: /p}}
      - {name: iscsi, iscsi: {targetPortal: "10.0.0.1", iqn: "iqn.2001-04.com.example:x", lun: 1}}
      - {name: ceph, cephfs: {monitors: ["a:1", "b:2"], secretRef: {name: s}}}
      - {name: flex, flexVolume: {driver: k/x, options: {a: b, c: d}}}
      - {name: temporary, emptyDir: {medium: Memory, sizeLimit: 1Gi}}
      - name: made
        ephemeral: {volumeClaimTemplate: {metadata: {labels: {a: b}}, spec: {accessModes: [ReadWriteOnce],
          resources: {requests: {storage: 1Gi}}}}}
      tolerations:
      - {key: b, operator: Equal, value: c, effect: NoExecute, tolerationSeconds: 60}
      - {key: a, operator: Exists}
      topologySpreadConstraints:
      - {maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: full}}}
---
apiVersion: v1
kind: ReplicationController
metadata: {name: old}
spec:
  template:
    metadata: {labels: {app: old}}
    spec: {containers: [{name: old, image: "old:1"}]}
"""


class Place:
    """One namespace, seen by both command lines."""

    def __init__(self, server: RunningServer, namespace: str) -> None:
        self.server, self.namespace = server, namespace

    def kubectl(self, *arguments: str, stdin: str = "") -> str:
        return self.server.kubectl("-n", self.namespace, *arguments, stdin=stdin, check=True).stdout

    def both(self, *arguments: str) -> tuple[Run, Run]:
        """Run a command that changes nothing in both."""
        inside = ("-n", self.namespace, *arguments)
        return self.server.kubectl(*inside), self.server.isctl(*inside)

    def object(self, kind: str, name: str) -> Any:
        return json.loads(self.kubectl("get", kind, name, "-o", "json"))

    def until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def settled(self, name: str, revision: str) -> None:
        """Wait until the loop of revisions has seen a deployment."""
        key = "deployment.kubernetes.io/revision"
        self.until(lambda: self.object("deployment", name)["metadata"].get("annotations", {}).get(key) == revision)


@pytest.fixture
def place(server: RunningServer, namespace: str) -> Place:
    return Place(server, namespace)


@pytest.fixture(scope="module")
def shown(server: RunningServer, new_namespace: Callable[[], str]) -> Place:
    """A namespace with one workload of each kind, for commands that only look."""
    made = Place(server, new_namespace())
    made.kubectl("create", "deployment", "web", "--image=nginx:1", "--replicas=2", "--port=80")
    made.settled("web", "1")
    made.kubectl("annotate", "deployment", "web", "kubernetes.io/change-cause=a newer one")
    made.kubectl("set", "image", "deployment/web", "nginx=nginx:2")
    made.settled("web", "2")
    made.kubectl("create", "job", "once", "--image=busybox", "--", "date")
    made.kubectl("create", "cronjob", "daily", "--image=busybox", "--schedule=@daily", "--", "date")
    made.kubectl("apply", "-f", "-", stdin=MANIFEST)
    made.settled("full", "1")
    made.until(lambda: len(made.kubectl("get", "controllerrevisions", "-o", "name").splitlines()) == 2)
    return made


@pytest.mark.parametrize(
    "command",
    [
        "get deployments,statefulsets,daemonsets -o name",
        "describe deployment web --show-events=false",
        "describe deployment full --show-events=false",
        "describe statefulset db",
        "describe daemonset log",
        "describe replicationcontroller old",
        "describe job once",
        "describe cronjob daily",
        "rollout history deployment web",
        "rollout history deployment/web --revision=1",
        "rollout history deployment/web --revision=7",
        "rollout history statefulset db",
        "rollout history daemonset log --revision=1",
        "rollout history job once",
        "rollout history daemonset log -o json",
        "rollout undo deployment/web --dry-run=server -o json",
        "rollout history -l tier=data statefulsets,daemonsets",
        "rollout status deployment web --watch=false",
        "rollout status statefulset db --watch=false",
        "rollout status daemonset log --watch=false",
        "rollout status deployment nope",
        "rollout status",
        "rollout undo deployment/web --dry-run=client",
        "rollout undo deployment/web --to-revision=7",
        "rollout undo statefulset db",
        "rollout undo daemonset log --to-revision=1",
        "rollout resume deployment web",
        "rollout restart job once",
        "scale deployment web --replicas=2",
        "scale deployment web --replicas=-1",
        "scale deployment web --replicas=3 --current-replicas=9",
        "scale deployment web --replicas=3 --dry-run=server",
        "scale job once --replicas=3",
        "set image deployment/web nginx=nginx:2",
        "set image deployment/web other=nginx:2",
        "set image deployment/web",
        "set image deployment/web *=nginx:9 --dry-run=client -o yaml",
        "set image cronjob/daily *=busybox:9 --dry-run=server",
        "set image replicationcontroller/old *=old:9 --dry-run=client -o json",
        "wait deployment web --for=jsonpath={.spec.replicas}=2",
        "wait deployment web --for=condition=Late --timeout=1s",
        "wait deployment web --for=condition=Late --timeout=0",
        "wait deployment nope --for=delete",
        "wait deployment nope --for=create --timeout=1s",
        "wait deployment web --for=something",
        "create deployment new --image=a.example/b:1 --image=c --replicas=3 --dry-run=client -o yaml",
        "create deployment new --image=a --image=b --dry-run=client -- sleep",
        "create job new --from=cronjob/daily --dry-run=client -o json",
        "create job new --dry-run=client",
        "create cronjob new --image=a --schedule=@hourly --restart=Never --dry-run=client -o json -- echo hi",
        "create cronjob new --image=a --schedule=often",
    ],
)
def test_isctl_prints_what_kubectl_prints(shown: Place, command: str) -> None:
    theirs, ours = shown.both(*command.split())

    assert ours.stdout == theirs.stdout
    assert (ours.stderr, ours.returncode) == (theirs.stderr, theirs.returncode)


def test_all_workloads_are_shown_together(shown: Place) -> None:
    theirs, ours = shown.both("get", "all", "-o", "custom-columns=K:.kind,N:.metadata.name")

    assert ours.stdout == theirs.stdout
    kinds = [line.split()[0] for line in theirs.stdout.splitlines()[1:]]
    assert kinds == [
        "ReplicationController", "DaemonSet", "Deployment", "Deployment", "ReplicaSet", "ReplicaSet", "ReplicaSet",
        "StatefulSet", "CronJob", "Job",
    ]  # fmt: skip


def test_a_deployment_is_rolled_out_and_back(place: Place) -> None:
    place.kubectl("create", "deployment", "web", "--image=nginx:1")
    place.settled("web", "1")
    place.kubectl("set", "image", "deployment/web", "nginx=nginx:2")
    place.settled("web", "2")

    assert place.kubectl("rollout", "undo", "deployment/web") == "deployment.apps/web rolled back\n"
    place.settled("web", "3")

    history = [
        line.split()[0] for line in place.kubectl("rollout", "history", "deployment/web").splitlines()[2:] if line
    ]
    assert history == ["2", "3"]
    containers = place.object("deployment", "web")["spec"]["template"]["spec"]["containers"]
    assert containers[0]["image"] == "nginx:1"


def test_isctl_goes_back_as_kubectl_does(place: Place) -> None:
    place.kubectl("apply", "-f", "-", stdin=MANIFEST)
    for kind, container in (("statefulset/db", "pg"), ("daemonset/log", "fluent")):
        image = f"{container}={'postgres' if container == 'pg' else 'fluent'}:2"
        place.until(lambda kind=kind: place.kubectl("rollout", "history", kind).count("<none>") == 1)  # type: ignore[misc]
        place.kubectl("set", "image", kind, image)
        place.until(lambda kind=kind: place.kubectl("rollout", "history", kind).count("<none>") == 2)  # type: ignore[misc]

        done = place.server.isctl("-n", place.namespace, "rollout", "undo", kind, check=True)

        name = kind.replace("/", ".apps/")
        assert done.stdout == f"{name} rolled back\n"
        place.until(lambda kind=kind: "3" in place.kubectl("rollout", "history", kind))  # type: ignore[misc]
        again = place.server.isctl("-n", place.namespace, "rollout", "undo", kind, "--to-revision=3", check=True)
        assert again.stdout == f"{name} skipped rollback (current template already matches revision 3)\n"


@pytest.mark.parametrize("command_line", ["kubectl", "isctl"])
def test_a_rollout_is_watched_until_it_is_done(place: Place, command_line: str) -> None:
    place.kubectl("create", "deployment", "web", "--image=nginx:1", "--replicas=2")
    place.settled("web", "1")
    run = getattr(place.server, command_line)
    told: list[Run] = []
    watching = threading.Thread(
        target=lambda: told.append(run("-n", place.namespace, "rollout", "status", "deployment/web", "--timeout=30s"))
    )
    watching.start()

    # Nothing runs it here, so it is done when nothing is wanted.
    place.kubectl("scale", "deployment/web", "--replicas=0")
    watching.join(PATIENCE_S)

    assert told[0].returncode == 0
    assert told[0].stdout.splitlines()[-1] == 'deployment "web" successfully rolled out'


@pytest.mark.parametrize("command_line", ["kubectl", "isctl"])
def test_a_value_is_waited_for(place: Place, command_line: str) -> None:
    place.kubectl("create", "deployment", "web", "--image=nginx:1")
    place.settled("web", "1")
    run = getattr(place.server, command_line)
    told: list[Run] = []
    command = ("-n", place.namespace, "wait", "deployment/web", "--for=jsonpath={.metadata.labels.tested}=yes")
    waiting = threading.Thread(target=lambda: told.append(run(*command, "--timeout=30s")))
    waiting.start()

    place.kubectl("label", "deployment/web", "tested=yes")
    waiting.join(PATIENCE_S)

    assert (told[0].stdout, told[0].returncode) == ("deployment.apps/web condition met\n", 0)


@pytest.mark.parametrize("command_line", ["kubectl", "isctl"])
def test_each_object_that_is_waited_for_in_vain_is_told_of(place: Place, command_line: str) -> None:
    for name in ("web", "shop"):
        place.kubectl("create", "deployment", name, "--image=nginx:1")
        place.settled(name, "1")

    done = getattr(place.server, command_line)(
        "-n", place.namespace, "wait", "deployment", "web", "none", "shop", "--for=condition=Odd", "--timeout=0"
    )

    assert done.returncode == 1
    assert sorted(done.stderr.splitlines()) == [
        'Error from server (NotFound): deployments.apps "none" not found',
        "condition not met for deployments/shop",
        "condition not met for deployments/web",
    ]


@pytest.mark.parametrize("command_line", ["kubectl", "isctl"])
def test_a_command_of_pods_stands_behind_two_dashes(place: Place, command_line: str) -> None:
    run = getattr(place.server, command_line)
    create = ("-n", place.namespace, "create", "deployment", "--dry-run=client", "-o", "yaml", "--image=nginx:1")

    without = run(*create, "web", "serve")
    with_them = run(*create, "web", "--", "serve", "--", "-v")

    usage = f"See '{command_line} create deployment -h' for help and examples"
    assert without.stderr == f"error: exactly one NAME is required, got 2\n{usage}\n"
    command = "      - command:\n        - serve\n        - --\n        - -v\n"
    assert command in with_them.stdout


CONFIG = """
apiVersion: apps.openshift.io/v1
kind: DeploymentConfig
metadata: {name: shop}
spec:
  replicas: 2
  selector: {app: shop}
  triggers: []
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: c, image: "app:1"}]}
"""


def test_a_deployment_config_is_rolled_out_cancelled_tried_again_and_rolled_back(place: Place) -> None:
    place.kubectl("apply", "-f", "-", stdin=CONFIG)
    name = "deploymentconfig.apps.openshift.io/shop"

    def rollout(*words: str) -> str:
        return place.server.isctl("-n", place.namespace, "rollout", *words, check=True).stdout

    def phases() -> list[list[str]]:
        return [line.split(None, 2) for line in rollout("history", "dc/shop").splitlines()[2:] if line]

    def refused(*words: str) -> str:
        done = place.server.isctl("-n", place.namespace, "rollout", *words)
        assert done.returncode == 1
        return done.stderr

    waits = "error: Deployment config \"shop\" waiting on manual update (use 'isctl rollout latest shop')\n"
    assert refused("status", "dc/shop") == waits
    assert rollout("latest", "dc/shop") == f"{name} rolled out\n"
    place.until(lambda: [phase for _, phase, *_ in phases()] == ["New"])
    assert refused("latest", "shop") == "error: #1 is already in progress (New).\n"
    assert rollout("cancel", "dc/shop") == f"{name} cancelling\n"
    place.until(lambda: phases() == [["1", "Failed", "cancelled by the user"]])
    assert rollout("cancel", "dc/shop").startswith("No rollout is in progress (latest rollout #1 failed ")
    assert rollout("retry", "dc/shop") == f"{name} retried rollout #1\n"
    place.until(lambda: [phase for _, phase, *_ in phases()] == ["New"])
    assert "only failed deployments can be retried" in refused("retry", "dc/shop")
    rollout("cancel", "dc/shop")
    place.until(lambda: [phase for _, phase, *_ in phases()] == ["Failed"])

    place.kubectl("patch", "dc/shop", "--type=json", "-p", SECOND_IMAGE)
    rollout("latest", "dc/shop")
    place.until(lambda: [number for number, *_ in phases()] == ["1", "2"])
    assert "app:1" in rollout("undo", "dc/shop", "--to-revision=1", "--dry-run=client")
    assert rollout("undo", "dc/shop", "--to-revision=1") == f"{name} rolled back\n"

    template = place.object("dc", "shop")["spec"]["template"]
    assert template["spec"]["containers"][0]["image"] == "app:1"
    assert rollout("pause", "dc/shop") == f"{name} paused\n"
    assert refused("latest", "dc/shop") == "error: cannot deploy a paused deployment config\n"
    assert rollout("resume", "dc/shop") == f"{name} resumed\n"


SECOND_IMAGE = '[{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "app:2"}]'


@pytest.mark.parametrize(("policy", "left"), [("background", 0), ("foreground", 0), ("orphan", 1)])
def test_what_a_deployment_owns_goes_or_stays_as_asked(place: Place, policy: str, left: int) -> None:
    place.kubectl("create", "deployment", "web", "--image=nginx:1")
    place.settled("web", "1")

    place.kubectl("delete", "deployment", "web", f"--cascade={policy}", "--timeout=30s")

    def sets() -> list[str]:
        return place.kubectl("get", "replicasets", "-o", "name").splitlines()

    place.until(lambda: len(sets()) == left)


def test_a_namespace_goes_with_its_workloads(server: RunningServer, new_namespace: Callable[[], str]) -> None:
    place = Place(server, new_namespace())
    place.kubectl("apply", "-f", "-", stdin=MANIFEST)
    place.kubectl("create", "deployment", "web", "--image=nginx:1")
    place.kubectl("create", "job", "once", "--image=busybox")

    done = server.kubectl("delete", "namespace", place.namespace, "--timeout=30s")

    assert done.returncode == 0, done.stderr


@pytest.fixture
def api(server: RunningServer) -> Iterator[client.ApiClient]:
    with config.new_client_from_config(str(server.kubeconfig)) as made:
        yield made


def test_the_typed_python_client_works_with_workloads(api: client.ApiClient, place: Place) -> None:
    apps, batch = client.AppsV1Api(api), client.BatchV1Api(api)
    labels = {"app": "web"}
    pod = client.V1PodSpec(containers=[client.V1Container(name="c", image="app:1")])
    template = client.V1PodTemplateSpec(metadata=client.V1ObjectMeta(labels=labels), spec=pod)
    selector = client.V1LabelSelector(match_labels=labels)
    spec = client.V1DeploymentSpec(replicas=2, selector=selector, template=template)
    body = client.V1Deployment(metadata=client.V1ObjectMeta(name="web"), spec=spec)

    made = apps.create_namespaced_deployment(place.namespace, body)
    apps.patch_namespaced_deployment_scale("web", place.namespace, {"spec": {"replicas": 5}})
    status = {"status": {"replicas": 5, "readyReplicas": 4, "observedGeneration": 2}}
    reported = apps.patch_namespaced_deployment_status("web", place.namespace, status)
    once = client.V1JobSpec(
        template=client.V1PodTemplateSpec(spec=client.V1PodSpec(restart_policy="Never", containers=pod.containers))
    )
    job = batch.create_namespaced_job(place.namespace, client.V1Job(metadata=client.V1ObjectMeta(name="j"), spec=once))

    assert (made.spec.strategy.rolling_update.max_surge, made.spec.revision_history_limit) == ("25%", 10)
    read = apps.read_namespaced_deployment("web", place.namespace)
    assert (read.spec.replicas, read.metadata.generation, reported.status.ready_replicas) == (5, 2, 4)
    assert apps.read_namespaced_deployment_scale("web", place.namespace).status.selector == "app=web"
    assert job.spec.selector.match_labels == {"batch.kubernetes.io/controller-uid": job.metadata.uid}
    events = watch.Watch().stream(apps.list_namespaced_replica_set, place.namespace, timeout_seconds=10)
    assert next(iter(events))["object"].metadata.owner_references[0].uid == made.metadata.uid
