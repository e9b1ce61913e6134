"""What is wrong with a template is told as Kubernetes tells it: the same fields, the same texts."""

from typing import Any

import pytest

from imagestreams.api.codec import from_dict
from imagestreams.api.pods import PodTemplateSpec
from imagestreams.api.pods.defaulting import default_pod_template
from imagestreams.api.pods.validation import RESTART_POLICIES, validate_pod_template

LABEL_RULE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
PORT_RANGE = "must be between 1 and 65535, inclusive"


def told(
    metadata: dict[str, Any] | None = None, policies: tuple[str, ...] = RESTART_POLICIES, **spec: Any
) -> list[str]:
    """What is told of a template, after its defaults are filled in; the path of the template is left out."""
    spec.setdefault("containers", [{"name": "web", "image": "nginx"}])
    template = from_dict({"metadata": metadata or {}, "spec": spec}, PodTemplateSpec)
    default_pod_template(template)
    errors = validate_pod_template(template, "spec.template", restart_policies=policies)
    return [f"{error.field.removeprefix('spec.template.')}: {error.message}" for error in errors]


def of_container(**fields: Any) -> list[str]:
    containers = [{"name": "web", "image": "nginx", **fields}]
    volumes = [{"name": "data", "emptyDir": {}}, {"name": "disk", "persistentVolumeClaim": {"claimName": "c"}}]
    return [each.removeprefix("spec.containers[0].") for each in told(containers=containers, volumes=volumes)]


def of_volume(**source: Any) -> list[str]:
    return [each.removeprefix("spec.volumes[0].") for each in told(volumes=[{"name": "v", **source}])]


def test_a_sound_template_is_accepted() -> None:
    assert (
        told(
            metadata={"labels": {"app": "web"}, "annotations": {"x/y": "z"}},
            containers=[
                {
                    "name": "web",
                    "image": "nginx",
                    "ports": [{"name": "http", "containerPort": 80}, {"name": "dns", "containerPort": 53}],
                    "env": [
                        {"name": "A", "value": "1"},
                        {"name": "B", "valueFrom": {"fieldRef": {"fieldPath": "metadata.annotations['x/y']"}}},
                        {"name": "C", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
                        {"name": "D", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "1m"}}},
                    ],
                    "envFrom": [{"prefix": "P_", "configMapRef": {"name": "c"}}],
                    "volumeMounts": [{"name": "data", "mountPath": "/data", "subPath": "a/b"}],
                    "resources": {"requests": {"cpu": "100m"}, "limits": {"cpu": "1", "memory": "1Gi"}},
                    "livenessProbe": {"httpGet": {"port": "http"}},
                    "lifecycle": {"preStop": {"sleep": {"seconds": 5}}},
                }
            ],
            initContainers=[{"name": "first", "image": "busybox", "restartPolicy": "Always"}],
            volumes=[
                {"name": "data"},
                {"name": "all", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}},
            ],
            tolerations=[{"operator": "Exists"}],
            topologySpreadConstraints=[{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}],
        )
        == []
    )


def test_a_pod_needs_a_container() -> None:
    assert told(containers=[]) == ["spec.containers: Required value"]


def test_a_container_needs_a_name_and_an_image() -> None:
    assert told(containers=[{}]) == [
        "spec.containers[0].name: Required value",
        "spec.containers[0].image: Required value",
    ]


def test_a_containers_name_is_a_dns_label() -> None:
    assert of_container(name="Web_1") == [f'name: Invalid value: "Web_1": {LABEL_RULE}']
    assert of_container(name="a.b") == ['name: Invalid value: "a.b": must not contain dots']


def test_no_two_containers_have_one_name() -> None:
    one = {"name": "web", "image": "nginx"}

    assert told(containers=[one, one]) == ['spec.containers[1].name: Duplicate value: "web"']
    assert told(containers=[one], initContainers=[one]) == ['spec.initContainers[0].name: Duplicate value: "web"']


@pytest.mark.parametrize(
    ("ports", "errors"),
    [
        ([{}], ["ports[0].containerPort: Required value"]),
        ([{"containerPort": 65536}], [f"ports[0].containerPort: Invalid value: 65536: {PORT_RANGE}"]),
        ([{"containerPort": 1, "hostPort": -1}], [f"ports[0].hostPort: Invalid value: -1: {PORT_RANGE}"]),
        (
            [{"containerPort": 1, "protocol": "tcp"}],
            ['ports[0].protocol: Unsupported value: "tcp": supported values: "SCTP", "TCP", "UDP"'],
        ),
        (
            [{"containerPort": 1, "name": "a"}, {"containerPort": 2, "name": "a"}],
            ['ports[1].name: Duplicate value: "a"'],
        ),
        (
            [{"containerPort": 1, "name": "much-too-long-a-name"}],
            ['ports[0].name: Invalid value: "much-too-long-a-name": must be no more than 15 characters'],
        ),
        (
            [{"containerPort": 1, "hostPort": 80}, {"containerPort": 2, "hostPort": 80}],
            ['ports[1].hostPort: Duplicate value: "TCP//80"'],
        ),
    ],
)
def test_ports(ports: list[dict[str, Any]], errors: list[str]) -> None:
    assert of_container(ports=ports) == errors


@pytest.mark.parametrize(
    ("mounts", "errors"),
    [
        ([{"name": "other", "mountPath": "/x"}], ['volumeMounts[0].name: Not found: "other"']),
        ([{"name": "data"}], ["volumeMounts[0].mountPath: Required value"]),
        (
            [{"name": "data", "mountPath": "/x"}, {"name": "data", "mountPath": "/x"}],
            ['volumeMounts[1].mountPath: Invalid value: "/x": must be unique'],
        ),
        (
            [{"name": "data", "mountPath": "/x", "subPath": "../y"}],
            ["volumeMounts.subPath: Invalid value: \"../y\": must not contain '..'"],
        ),
    ],
)
def test_mounts(mounts: list[dict[str, Any]], errors: list[str]) -> None:
    assert of_container(volumeMounts=mounts) == errors


def test_only_a_claimed_disk_is_a_device() -> None:
    assert of_container(volumeDevices=[{"name": "disk", "devicePath": "/dev/x"}]) == []
    assert of_container(volumeDevices=[{"name": "data", "devicePath": "/dev/x"}]) == [
        'volumeDevices[0].name: Invalid value: "data": can only use volume source type of PersistentVolumeClaim or '
        "Ephemeral for block mode"
    ]


@pytest.mark.parametrize(
    ("variable", "errors"),
    [
        ({"value": "x"}, ["env[0].name: Required value"]),
        (
            {"name": "A=B"},
            [
                'env[0].name: Invalid value: "A=B": a valid environment variable name must consist only of printable '
                "ASCII characters other than '='"
            ],
        ),
        (
            {"name": "A", "valueFrom": {}},
            [
                'env[0].valueFrom: Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, '
                "`configMapKeyRef` or `secretKeyRef`"
            ],
        ),
        (
            {"name": "A", "value": "x", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
            ['env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty'],
        ),
        (
            {"name": "A", "valueFrom": {"secretKeyRef": {"name": "s"}}},
            ["env[0].valueFrom.secretKeyRef.key: Required value"],
        ),
        (
            {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "spec.nonsense"}}},
            [
                'env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.nonsense": error converting fieldPath: '
                "field label not supported: spec.nonsense"
            ],
        ),
        (
            {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels"}}},
            [
                'env[0].valueFrom.fieldRef.fieldPath: Unsupported value: "metadata.labels": supported values: '
                '"metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", '
                '"status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"'
            ],
        ),
        (
            {"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "1k"}}},
            [
                'env[0].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor\'s values 1m and '
                "1 are supported with the cpu resource"
            ],
        ),
    ],
)
def test_variables(variable: dict[str, Any], errors: list[str]) -> None:
    assert of_container(env=[variable]) == errors


@pytest.mark.parametrize(
    ("resources", "errors"),
    [
        (
            {"requests": {"cpu": "2"}, "limits": {"cpu": "1500m"}},
            ['resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1500m'],
        ),
        (
            {"limits": {"memory": "-1Gi"}},
            ['resources.limits[memory]: Invalid value: "-1Gi": must be greater than or equal to 0'],
        ),
        (
            {"requests": {"gpu": 1}},
            [
                'resources.requests[gpu]: Invalid value: "gpu": must be a standard resource type or fully qualified',
                'resources.requests[gpu]: Invalid value: "gpu": must be a standard resource for containers',
            ],
        ),
        (
            {"requests": {"example.com/gpu": 1}},
            ["resources.limits: Required value: Limit must be set for non overcommitable resources"],
        ),
        (
            {"requests": {"example.com/gpu": 1}, "limits": {"example.com/gpu": 2}},
            ['resources.requests: Invalid value: "1": must be equal to example.com/gpu limit of 2'],
        ),
        (
            {"limits": {"example.com/gpu": "500m"}},
            ['resources.limits[example.com/gpu]: Invalid value: "500m": must be an integer'],
        ),
    ],
)
def test_resources(resources: dict[str, Any], errors: list[str]) -> None:
    assert of_container(resources=resources) == errors


@pytest.mark.parametrize(
    ("probe", "errors"),
    [
        ({}, ["livenessProbe: Required value: must specify a handler type"]),
        ({"exec": {}}, ["livenessProbe.exec.command: Required value"]),
        ({"httpGet": {"port": 0}}, [f"livenessProbe.httpGet.port: Invalid value: 0: {PORT_RANGE}"]),
        (
            {"httpGet": {"port": 80, "scheme": "ftp"}},
            ['livenessProbe.httpGet.scheme: Unsupported value: "ftp": supported values: "HTTP", "HTTPS"'],
        ),
        (
            {"exec": {"command": ["x"]}, "tcpSocket": {"port": 80}},
            ["livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type"],
        ),
        (
            {"tcpSocket": {"port": 80}, "successThreshold": 2},
            ["livenessProbe.successThreshold: Invalid value: 2: must be 1"],
        ),
        (
            {"tcpSocket": {"port": 80}, "periodSeconds": -1},
            ["livenessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0"],
        ),
    ],
)
def test_probes(probe: dict[str, Any], errors: list[str]) -> None:
    assert of_container(livenessProbe=probe) == errors


def test_a_container_that_ends_before_the_others_start_is_not_probed() -> None:
    first = {"name": "first", "image": "x", "livenessProbe": {"tcpSocket": {"port": 80}}}

    assert told(initContainers=[first]) == [
        "spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without "
        "restartPolicy=Always"
    ]


def test_only_containers_beside_the_others_have_a_restart_policy() -> None:
    assert of_container(restartPolicy="Always") == ["restartPolicy: Forbidden: may not be set for non-init containers"]


@pytest.mark.parametrize(
    ("policy", "policies", "errors"),
    [
        ("Never", ("Always",), ['spec.restartPolicy: Unsupported value: "Never": supported values: "Always"']),
        ("Always", ("OnFailure", "Never"), ['spec.restartPolicy: Required value: valid values: "OnFailure", "Never"']),
        ("", ("OnFailure", "Never"), ['spec.restartPolicy: Required value: valid values: "OnFailure", "Never"']),
        ("Never", ("OnFailure", "Never"), []),
    ],
)
def test_kinds_of_workloads_know_some_restart_policies(
    policy: str, policies: tuple[str, ...], errors: list[str]
) -> None:
    assert told(policies=policies, restartPolicy=policy) == errors


@pytest.mark.parametrize(
    ("source", "errors"),
    [
        ({"secret": {}}, ["secret.secretName: Required value"]),
        ({"configMap": {}}, ["configMap.name: Required value"]),
        (
            {"configMap": {"name": "c", "items": [{"key": "k", "path": "/x"}]}},
            ['configMap.items[0].path: Invalid value: "/x": must be a relative path'],
        ),
        (
            {"secret": {"secretName": "s", "defaultMode": 512}},
            ["secret.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive"],
        ),
        ({"hostPath": {"path": "a/../b"}}, ["hostPath.path: Invalid value: \"a/../b\": must not contain '..'"]),
        ({"nfs": {"server": "s", "path": "x"}}, ['nfs.path: Invalid value: "x": must be an absolute path']),
        ({"persistentVolumeClaim": {}}, ["persistentVolumeClaim.claimName: Required value"]),
        ({"csi": {}}, ["csi.driver: Required value"]),
        (
            {"emptyDir": {}, "secret": {"secretName": "s"}},
            ["secret: Forbidden: may not specify more than 1 volume type"],
        ),
        (
            {"downwardAPI": {"items": [{"path": "n"}]}},
            ["downwardAPI: Required value: one of fieldRef and resourceFieldRef is required"],
        ),
        (
            {"ephemeral": {"volumeClaimTemplate": {"spec": {"accessModes": ["ReadWriteOnce"]}}}},
            ["ephemeral.volumeClaimTemplate.spec.resources[storage]: Required value"],
        ),
    ],
)
def test_volumes(source: dict[str, Any], errors: list[str]) -> None:
    assert of_volume(**source) == errors


def test_no_two_volumes_have_one_name_and_an_unsound_one_can_not_be_mounted() -> None:
    assert told(volumes=[{"name": "v"}, {"name": "v"}]) == ['spec.volumes[1].name: Duplicate value: "v"']
    container = {"name": "a", "image": "b", "volumeMounts": [{"name": "v", "mountPath": "/v"}]}
    assert told(containers=[container], volumes=[{"name": "v", "secret": {}}]) == [
        "spec.volumes[0].secret.secretName: Required value",
        'spec.containers[0].volumeMounts[0].name: Not found: "v"',
    ]


def test_labels_are_those_of_the_template() -> None:
    (error,) = told(metadata={"labels": {"app": "not a value"}})

    assert error.startswith('labels: Invalid value: "not a value": a valid label must be an empty string')


@pytest.mark.parametrize(
    ("spec", "error"),
    [
        ({"dnsPolicy": "None"}, "spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None"),
        (
            {"dnsPolicy": "x"},
            'spec.dnsPolicy: Unsupported value: "x": supported values: "ClusterFirstWithHostNet", "ClusterFirst", '
            '"Default", "None"',
        ),
        ({"hostname": "A"}, f'spec.hostname: Invalid value: "A": {LABEL_RULE}'),
        (
            {"activeDeadlineSeconds": 0},
            "spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive",
        ),
        (
            {"securityContext": {"runAsUser": -1}},
            "spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive",
        ),
        (
            {"securityContext": {"seccompProfile": {"type": "Localhost"}}},
            "spec.securityContext.seccompProfile.localhostProfile: Required value: must be set when seccomp type is "
            "Localhost",
        ),
        (
            {"tolerations": [{"key": "a", "operator": "Exists", "value": "b"}]},
            "spec.tolerations[0].operator: Invalid value: \"b\": value must be empty when `operator` is 'Exists'",
        ),
        (
            {"topologySpreadConstraints": [{"topologyKey": "z", "whenUnsatisfiable": "DoNotSchedule"}]},
            "spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero",
        ),
        (
            {"hostAliases": [{"ip": "x"}]},
            'spec.hostAliases[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
        ),
        (
            {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {}}}},
            "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required "
            "value: must have at least one node selector term",
        ),
        (
            {"ephemeralContainers": [{"name": "x", "image": "y"}]},
            "spec.ephemeralContainers: Forbidden: ephemeral containers not allowed in pod template",
        ),
        (
            {"resourceClaims": [{"name": "gpu"}]},
            'spec.resourceClaims[0]: Invalid value: {"name":"gpu"}: must specify one of: `resourceClaimName`, '
            "`resourceClaimTemplateName`",
        ),
    ],
)
def test_the_rest_of_a_pod(spec: dict[str, Any], error: str) -> None:
    assert told(**spec) == [error]


def test_escalation_can_not_be_forbidden_to_the_privileged() -> None:
    (error,) = of_container(securityContext={"privileged": True, "allowPrivilegeEscalation": False})

    assert error.endswith("cannot set `allowPrivilegeEscalation` to false and `privileged` to true")
