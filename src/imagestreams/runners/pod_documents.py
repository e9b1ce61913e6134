"""From a workload to the pods that podman is told to play. Pure.

podman plays pods, and a Deployment as one pod or several, as its version goes; so each replica becomes a `Pod` of its
own. podman knows no namespaces: pods, volumes and secrets get names that begin with the namespace, the kind and the
name of the workload, so that nothing of one is mistaken for something of another. All volumes are renamed too, because
podman makes volumes of the whole machine out of them, by the names in the document.

A pod can ask for power over the machine. It gets none unless the operator allowed that for the runner: the rules are
those of Kubernetes' Pod Security Standard "baseline".
"""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from imagestreams.reference import InvalidReference, parse
from imagestreams.runners.engine import RunnerError
from imagestreams.runners.runner import Workload

LABEL_SERVER: Final = "imagestreams.dev/server"
LABEL_UID: Final = "imagestreams.dev/workload-uid"
LABEL_CHANGE: Final = "imagestreams.dev/change-id"
_VOLUME_KINDS: Final = ("emptyDir", "configMap", "secret", "persistentVolumeClaim", "hostPath")
_BASELINE_CAPABILITIES: Final = frozenset(
    {
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    }
)
_SAFE_SYSCTLS: Final = frozenset(
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ping_group_range",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_syncookies",
    }
)
_SELINUX_TYPES: Final = frozenset({"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"})
PODS_MAX: Final = 500
"""How many pods of one workload are run: each is a document in memory before it is a pod."""
_HOST_SHARING: Final = ("hostNetwork", "hostPID", "hostIPC")


@dataclass(frozen=True, slots=True)
class PodSecret:
    """A secret as podman keeps it; `content` is never an argument."""

    name: str
    content: Mapping[str, Any]


def prefix(workload: Workload) -> str:
    """Return what the names of all that belongs to a workload begin with.

    >>> prefix(Workload("apps/v1", "Deployment", "shop", "web", "u", 1, {}))
    'shop_deployment_web_'
    """
    # No name in the API has an underscore, so the parts can't be taken for others.
    return f"{workload.namespace}_{workload.kind.lower()}_{workload.name}_"


def documents(workload: Workload, server: str, *, privileged: bool = False) -> list[dict[str, Any]]:
    """Return the config maps and pods that make up a workload; `server` marks them as ours.

    Raises:
        RunnerError: the pods ask for what they may not have, or for what podman can't do.
    """
    for problem in problems(workload, privileged=privileged):
        raise RunnerError(problem)
    config_maps = [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": prefix(workload) + one["metadata"]["name"]},
            **{part: one[part] for part in ("data", "binaryData") if one.get(part)},
        }
        for one in workload.config_maps
    ]
    return config_maps + [_pod(workload, server, number, privileged) for number in range(workload.replicas)]


def secrets(workload: Workload) -> Iterator[PodSecret]:
    """Yield each secret twice: podman reads those of variables and those of volumes in different forms."""
    for one in workload.secrets:
        name, data = prefix(workload) + one["metadata"]["name"], dict(one.get("data") or {})
        yield PodSecret(name + ".env", data)
        yield PodSecret(
            name + ".files", {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data}
        )


def references(template: Mapping[str, Any], kind: str) -> set[str]:
    """Return the names of the config maps (`configMap`) or secrets (`secret`) that a pod template refers to."""
    spec = template.get("spec") or {}
    found = set()
    for container in _containers(spec):
        for source in container.get("envFrom") or []:
            found.add((source.get(f"{kind}Ref") or {}).get("name", ""))
        for variable in container.get("env") or []:
            found.add(((variable.get("valueFrom") or {}).get(f"{kind}KeyRef") or {}).get("name", ""))
    for volume in spec.get("volumes") or []:
        found.add((volume.get(kind) or {}).get("secretName" if kind == "secret" else "name", ""))
    return found - {""}


def problems(workload: Workload, *, privileged: bool) -> Iterator[str]:
    """Yield what stands against the pods of a workload."""
    if workload.replicas > PODS_MAX:
        yield f"{workload.replicas} pods are more than the podman runner runs of one workload ({PODS_MAX})"
    spec = workload.template.get("spec") or {}
    for volume in spec.get("volumes") or []:
        kind = next((key for key in volume if key != "name"), "emptyDir")
        if kind not in _VOLUME_KINDS:
            yield f"volume {volume.get('name')!r}: the podman runner has no volumes of type {kind}"
    for name, image in workload.images.items():
        try:
            parse(image)
        except InvalidReference as error:
            # podman would also take archives and directories of this machine.
            yield f"the image {image!r} of container {name!r} can't be used: {error}"
    if privileged:
        return
    context = spec.get("securityContext") or {}
    unsafe = {one.get("name", "") for one in context.get("sysctls") or []} - _SAFE_SYSCTLS
    if unsafe:
        yield _forbidden(f"sysctls {', '.join(sorted(unsafe))}")
    if (context.get("seccompProfile") or {}).get("type") == "Unconfined":
        yield _forbidden("an unconfined seccompProfile")
    if _leaves_selinux(context):
        yield _forbidden("seLinuxOptions")
    for field in _HOST_SHARING:
        if spec.get(field):
            yield _forbidden(field)
    for volume in spec.get("volumes") or []:
        if "hostPath" in volume:
            yield _forbidden(f"volume {volume.get('name')!r} with hostPath")
    for container in _containers(spec):
        yield from _powers(container)


def _powers(container: Mapping[str, Any]) -> Iterator[str]:
    context, name = container.get("securityContext") or {}, container.get("name", "")
    if context.get("privileged"):
        yield _forbidden(f"container {name!r} with privileged")
    added = set((context.get("capabilities") or {}).get("add") or ()) - _BASELINE_CAPABILITIES
    if added:
        yield _forbidden(f"container {name!r} with the capabilities {', '.join(sorted(added))}")
    if context.get("procMount") not in (None, "", "Default"):
        yield _forbidden(f"container {name!r} with procMount")
    if (context.get("seccompProfile") or {}).get("type") == "Unconfined":
        yield _forbidden(f"container {name!r} with an unconfined seccompProfile")
    if _leaves_selinux(context):
        yield _forbidden(f"container {name!r} with seLinuxOptions")
    if container.get("volumeDevices"):
        yield _forbidden(f"container {name!r} with volumeDevices")


def _leaves_selinux(context: Mapping[str, Any]) -> bool:
    """Return whether a security context asks for another confinement than that of containers."""
    options = context.get("seLinuxOptions") or {}
    return (options.get("type") or "") not in _SELINUX_TYPES or bool(options.get("user") or options.get("role"))


def _forbidden(what: str) -> str:
    return f"{what} is forbidden: the runner is not set to be privileged"


def _pod(workload: Workload, server: str, number: int, privileged: bool) -> dict[str, Any]:
    template = copy.deepcopy(dict(workload.template))
    metadata, spec = template.get("metadata") or {}, template.get("spec") or {}
    own = prefix(workload)
    name = f"{own}{number}"
    labels = {LABEL_SERVER: server, LABEL_UID: workload.uid, LABEL_CHANGE: workload.change_id}
    # A host's name has 63 letters at most.
    spec.setdefault("hostname", f"{workload.name}-{number}".replace(".", "-")[-63:].lstrip("-"))
    spec.setdefault("restartPolicy", "Always")
    if claims := [(claim, f"{claim}-{workload.name}-{number}") for claim in workload.claims]:
        named = [{"name": claim, "persistentVolumeClaim": {"claimName": of_pod}} for claim, of_pod in claims]
        kept = [volume for volume in spec.get("volumes") or [] if volume.get("name") not in dict(claims)]
        spec["volumes"] = kept + named
    for volume in spec.get("volumes") or []:
        _rename_volume(volume, workload, name)
    for container in _containers(spec):
        for mount in container.get("volumeMounts") or []:
            mount["name"] = f"{name}.{mount['name']}"
        _rename_sources(container, own)
    shown: dict[str, Any] = {"name": name, "labels": {**(metadata.get("labels") or {}), **labels}}
    if privileged and metadata.get("annotations"):
        # Annotations can tell podman and the container runtime anything.
        shown["annotations"] = metadata["annotations"]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": shown, "spec": spec}


def _rename_volume(volume: dict[str, Any], workload: Workload, pod: str) -> None:
    volume["name"] = f"{pod}.{volume['name']}"
    if (claim := volume.get("persistentVolumeClaim")) is not None:
        # What is claimed outlives the workload: its name is that of the claim.
        claim["claimName"] = f"{workload.namespace}_{claim['claimName']}"
    for kind, field, suffix in (("configMap", "name", ""), ("secret", "secretName", ".files")):
        if (source := volume.get(kind)) is not None:
            source[field] = prefix(workload) + source.get(field, "") + suffix
            # podman 4.3 dies of a volume that does not say whether it is optional.
            source.setdefault("optional", False)


def _rename_sources(container: dict[str, Any], own: str) -> None:
    for source in container.get("envFrom") or []:
        _rename(source, "Ref", own)
    for variable in container.get("env") or []:
        _rename(variable.get("valueFrom") or {}, "KeyRef", own)


def _rename(source: dict[str, Any], ending: str, own: str) -> None:
    if (config_map := source.get(f"configMap{ending}")) is not None:
        config_map["name"] = own + config_map.get("name", "")
    if (secret := source.get(f"secret{ending}")) is not None:
        secret["name"] = own + secret.get("name", "") + ".env"


def _containers(spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]
