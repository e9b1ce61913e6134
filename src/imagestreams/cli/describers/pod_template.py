"""Pod templates, as kubectl describes them."""

from collections.abc import Iterator, Mapping, Sequence
from math import ceil
from typing import Any, Final

import msgspec

from imagestreams.api.meta import LabelSelector
from imagestreams.api.metadata.label_selectors import shown_selector
from imagestreams.api.pods.quantities import QuantityError, parse_quantity
from imagestreams.cli.describers import metadata
from imagestreams.cli.describers.container_states import field_of, state_text
from imagestreams.cli.describers.volumes import volumes_text
from imagestreams.cli.texts.tab_stops import without_control

Object = Mapping[str, Any]

_INDENT: Final = "  "
_PLAIN_RESOURCES: Final = ("cpu", "memory", "ephemeral-storage")


def pod_template_text(template: Object | None) -> str:
    """Return the description of a template, with tabs between its columns."""
    if template is None:
        return "Pod Template:\n  <unset>"
    meta, spec = template.get("metadata") or {}, template.get("spec") or {}
    return without_control("Pod Template:\n" + "".join(_parts(meta, spec)))


def _parts(meta: Object, spec: Object) -> Iterator[str]:
    yield metadata.labels_text("  Labels", meta.get("labels"))
    if meta.get("annotations"):
        yield metadata.annotations_text("  Annotations", meta["annotations"])
    if account := spec.get("serviceAccountName"):
        yield f"  Service Account:\t{account}\n"
    if initial := spec.get("initContainers"):
        yield from containers_text("Init Containers", initial, indent=_INDENT)
    yield from containers_text("Containers", spec.get("containers") or [], indent=_INDENT)
    yield volumes_text(spec.get("volumes"), _INDENT)
    yield spread_text(spec.get("topologySpreadConstraints") or [], _INDENT)
    if priority := spec.get("priorityClassName"):
        yield f"  Priority Class Name:\t{priority}\n"
    yield metadata.labels_text("  Node-Selectors", spec.get("nodeSelector"))
    yield "  Tolerations:\t" + ("\t".join(tolerations_lines(spec.get("tolerations") or [])) or "<none>\n")


def containers_text(
    title: str, containers: Sequence[Object], *, indent: str = "", pod: Object | None = None, statuses: str = ""
) -> Iterator[str]:
    """Return the lines about containers; of those of a pod, also how they are, as its field `statuses` tells."""
    reported = ((pod or {}).get("status") or {}).get(statuses) or []
    known: dict[str, Object] = {str(each.get("name", "")): each for each in reported}
    yield f"{indent}{title}:{'' if containers else ' <none>'}\n"
    for container in containers:
        status = known.get(str(container.get("name", "")))
        yield f"  {' ' if indent else ''}{container.get('name', '')}:\n"
        if status is not None:
            yield f"    Container ID:\t{status.get('containerID', '')}\n"
        yield f"    Image:\t{container.get('image', '')}\n"
        if status is not None:
            yield f"    Image ID:\t{status.get('imageID', '')}\n"
        yield from _ports(container.get("ports") or [])
        yield from _seccomp(container)
        for label, field in (("Command", "command"), ("Args", "args")):
            if words := container.get(field):
                yield f"    {label}:\n" + "".join(f"      {line}\n" for word in words for line in word.split("\n"))
        if status is not None:
            yield from state_text(status)
        resources = container.get("resources") or {}
        for label, field in (("Limits", "limits"), ("Requests", "requests")):
            if amounts := resources.get(field):
                yield f"    {label}:\n" + "".join(f"      {name}:\t{amounts[name]}\n" for name in sorted(amounts))
        for label, field in (
            ("Liveness", "livenessProbe"),
            ("Readiness", "readinessProbe"),
            ("Startup", "startupProbe"),
        ):
            if (probe := container.get(field)) is not None:
                yield f"    {label}:\t{probe_text(probe)}\n"
        yield from _environment(container, pod)
        yield from _mounts(container)


def _ports(ports: Sequence[Object]) -> Iterator[str]:
    for label, field in (("Port", "containerPort"), ("Host Port", "hostPort")):
        joined = ", ".join(f"{each.get(field, 0)}/{each.get('protocol', '')}" for each in ports)
        yield f"    {label}s:\t{joined}\n" if "," in joined else f"    {label}:\t{joined or '<none>'}\n"


def _seccomp(container: Object) -> Iterator[str]:
    profile = (container.get("securityContext") or {}).get("seccompProfile")
    if profile:
        yield f"    SeccompProfile:\t{profile.get('type', '')}\n"
        if profile.get("type") == "Localhost":
            yield f"      LocalhostProfile:\t{profile.get('localhostProfile', '')}\n"


def _environment(container: Object, pod: Object | None) -> Iterator[str]:
    if sources := container.get("envFrom"):
        yield "    Environment Variables from:\n"
        for source in sources:
            kind = "ConfigMap" if source.get("configMapRef") is not None else "Secret"
            held = source.get("configMapRef") or source.get("secretRef") or {}
            prefix = f" with prefix '{source['prefix']}'" if source.get("prefix") else ""
            yield f"      {held.get('name', '')}\t{kind}{prefix}\tOptional: {_flag(held)}\n"
    variables = container.get("env") or []
    yield "    Environment:" + ("\n" if variables else "\t<none>\n")
    for variable in variables:
        yield from _variable(container, variable, pod)


def _variable(container: Object, variable: Object, pod: Object | None) -> Iterator[str]:
    name, source = variable.get("name", ""), variable.get("valueFrom")
    if source is None:
        first, *rest = str(variable.get("value", "")).split("\n")
        yield f"      {name}:\t{first}\n" + "".join(f"      \t{line}\n" for line in rest)
    elif field := source.get("fieldRef"):
        held = field_of(pod, str(field.get("fieldPath", ""))) if pod is not None else ""
        yield f"      {name}:\t{held} ({field.get('apiVersion', '')}:{field.get('fieldPath', '')})\n"
    elif resource := source.get("resourceFieldRef"):
        yield f"      {name}:\t{_amount(container, resource)} ({resource.get('resource', '')})\n"
    elif key := source.get("secretKeyRef"):
        told = f"<set to the key '{key.get('key', '')}' in secret '{key.get('name', '')}'>"
        yield f"      {name}:\t{told}\tOptional: {_flag(key)}\n"
    elif key := source.get("configMapKeyRef"):
        told = f"<set to the key '{key.get('key', '')}' of config map '{key.get('name', '')}'>"
        yield f"      {name}:\t{told}\tOptional: {_flag(key)}\n"


def _amount(container: Object, reference: Object) -> str:
    """Return what a variable says of the container's resources: whole units of its divisor, rounded up."""
    what, _, name = str(reference.get("resource", "")).partition(".")
    if what not in ("limits", "requests") or not (name in _PLAIN_RESOURCES or name.startswith("hugepages-")):
        return ""
    amount = ((container.get("resources") or {}).get(what) or {}).get(name, "0")
    # Without a divisor whole cores and bytes are meant.
    divisor = reference.get("divisor") or "0"
    try:
        units = parse_quantity(amount).value / (parse_quantity(divisor).value or 1)
    except QuantityError:
        return ""
    if not units and what == "limits" and name in ("cpu", "memory"):
        return "node allocatable"
    return str(ceil(units))


def _mounts(container: Object) -> Iterator[str]:
    mounts = sorted(container.get("volumeMounts") or [], key=lambda each: str(each.get("mountPath", "")))
    yield "    Mounts:" + ("\n" if mounts else "\t<none>\n")
    for mount in mounts:
        flags = ["ro" if mount.get("readOnly") else "rw"]
        if path := mount.get("subPath"):
            flags.append(f'path="{path}"')
        yield f"      {mount.get('mountPath', '')} from {mount.get('name', '')} ({','.join(flags)})\n"
    devices = sorted(container.get("volumeDevices") or [], key=lambda each: str(each.get("devicePath", "")))
    if devices:
        yield "    Devices:" + ("\n" if mounts else "\t<none>\n")
        yield from (f"      {each.get('devicePath', '')} from {each.get('name', '')}\n" for each in devices)


def probe_text(probe: Object) -> str:
    """Return a probe in one line."""
    attributes = (
        f"delay={probe.get('initialDelaySeconds', 0)}s timeout={probe.get('timeoutSeconds', 0)}s"
        f" period={probe.get('periodSeconds', 0)}s #success={probe.get('successThreshold', 0)}"
        f" #failure={probe.get('failureThreshold', 0)}"
    )
    if (run := probe.get("exec")) is not None:
        return f"exec [{' '.join(run.get('command') or [])}] {attributes}"
    if (get := probe.get("httpGet")) is not None:
        host = get.get("host", "")
        host = f"[{host}]" if ":" in host else host
        path = get.get("path", "")
        path = path if not path or path.startswith("/") else f"/{path}"
        return f"http-get {str(get.get('scheme', '')).lower()}://{host}:{get.get('port', '')}{path} {attributes}"
    if (socket := probe.get("tcpSocket")) is not None:
        return f"tcp-socket {socket.get('host', '')}:{socket.get('port', '')} {attributes}"
    if (grpc := probe.get("grpc")) is not None:
        return f"grpc <pod>:{grpc.get('port', 0)} {grpc.get('service') or ''} {attributes}"
    return f"unknown {attributes}"


def spread_text(constraints: Sequence[Object], indent: str) -> str:
    """Return how evenly pods are spread; nothing where nothing is said of it."""
    lines = []
    for each in sorted(constraints, key=lambda one: str(one.get("topologyKey", ""))):
        line = f"{each.get('topologyKey', '')}:{each.get('whenUnsatisfiable', '')}"
        line += f" when max skew {each.get('maxSkew', 0)} is exceeded"
        if (selector := each.get("labelSelector")) is not None:
            line += f" for selector {selector_shown(selector)}"
        lines.append(line + "\n")
    return f"{indent}Topology Spread Constraints:\t" + f"{indent}\t".join(lines) if lines else ""


def tolerations_lines(tolerations: Sequence[Object]) -> Iterator[str]:
    """Yield the taints that a pod puts up with, a line each."""
    for each in sorted(tolerations, key=lambda one: str(one.get("key", ""))):
        key, value, effect = each.get("key") or "", each.get("value") or "", each.get("effect") or ""
        text = key + (f"={value}" if value else "") + (f":{effect}" if effect else "")
        if each.get("operator") == "Exists" and not value:
            text += " op=Exists" if key or effect else "op=Exists"
        seconds = each.get("tolerationSeconds")
        yield text + (f" for {seconds}s" if seconds is not None else "") + "\n"


def selector_shown(selector: Object | None) -> str:
    """Return a label selector in one line, as tables show it."""
    return shown_selector(msgspec.convert(selector, LabelSelector) if selector is not None else None)


def _flag(held: Object) -> str:
    return "true" if held.get("optional") else "false"
