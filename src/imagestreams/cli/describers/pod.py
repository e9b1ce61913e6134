"""The description of a pod, as kubectl prints it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from imagestreams.api.ages import age
from imagestreams.cli.describers import metadata
from imagestreams.cli.describers.core import mail_date
from imagestreams.cli.describers.events import write_events
from imagestreams.cli.describers.pod_template import containers_text, spread_text, tolerations_lines
from imagestreams.cli.describers.volumes import volumes_text
from imagestreams.cli.texts.tab_stops import TabbedText

Object = Mapping[str, Any]


def describe_pod(value: Object, events: Iterable[Object] | None, now: datetime) -> str:
    """Return the description of a pod."""
    meta, spec, status = (value.get(part) or {} for part in ("metadata", "spec", "status"))
    text = TabbedText()
    text.write(f"Name:\t{meta.get('name', '')}\nNamespace:\t{meta.get('namespace', '')}\n")
    _write_place(text, spec, status)
    metadata.kubectl_labels(text, meta)
    metadata.kubectl_annotations(text, meta)
    _write_phase(text, meta, spec, status, now)
    for owner in meta.get("ownerReferences") or []:
        if owner.get("controller"):
            text.write(f"Controlled By:\t{owner.get('kind', '')}/{owner.get('name', '')}\n")
    if node := status.get("nominatedNodeName"):
        text.write(f"NominatedNodeName:\t{node}\n")
    for title, field, statuses in (
        ("Init Containers", "initContainers", "initContainerStatuses"),
        ("Containers", "containers", "containerStatuses"),
        ("Ephemeral Containers", "ephemeralContainers", "ephemeralContainerStatuses"),
    ):
        containers = spec.get(field) or []
        if containers or field == "containers":
            text.write("".join(containers_text(title, containers, pod=value, statuses=statuses)))
    _write_conditions(text, spec, status)
    text.write(volumes_text(spec.get("volumes"), ""))
    text.write(f"QoS Class:\t{status.get('qosClass', '')}\n")
    text.write(metadata.labels_text("Node-Selectors", spec.get("nodeSelector")))
    text.write("Tolerations:\t" + ("\t".join(tolerations_lines(spec.get("tolerations") or [])) or "<none>\n"))
    text.write(spread_text(spec.get("topologySpreadConstraints") or [], ""))
    write_events(text, events, now)
    return text.text()


def _write_place(text: TabbedText, spec: Object, status: Object) -> None:
    for label, field in (
        ("Priority", "priority"),
        ("Priority Class Name", "priorityClassName"),
        ("Runtime Class Name", "runtimeClassName"),
        ("Service Account", "serviceAccountName"),
    ):
        if (held := spec.get(field)) not in (None, ""):
            text.write(f"{label}:\t{held}\n")
    node = spec.get("nodeName")
    text.write(f"Node:\t{node}/{status.get('hostIP', '')}\n" if node else "Node:\t<none>\n")
    if started := status.get("startTime"):
        text.write(f"Start Time:\t{mail_date(started)}\n")


def _write_phase(text: TabbedText, meta: Object, spec: Object, status: Object, now: datetime) -> None:
    phase = status.get("phase", "")
    if meta.get("deletionTimestamp") and phase not in ("Failed", "Succeeded"):
        text.write(f"Status:\tTerminating (lasts {age(meta['deletionTimestamp'], now)})\n")
        text.write(f"Termination Grace Period:\t{meta.get('deletionGracePeriodSeconds', 0)}s\n")
    else:
        text.write(f"Status:\t{phase}\n")
    for label, field in (("Reason", "reason"), ("Message", "message")):
        if status.get(field):
            text.write(f"{label}:\t{status[field]}\n")
    profile = (spec.get("securityContext") or {}).get("seccompProfile")
    if profile:
        text.write(f"SeccompProfile:\t{profile.get('type', '')}\n")
        if profile.get("type") == "Localhost":
            text.write(f"LocalhostProfile:\t{profile.get('localhostProfile', '')}\n")
    text.write(f"IP:\t{status.get('podIP', '')}\n")
    addresses = status.get("podIPs") or []
    text.write("IPs:\n" if addresses else "IPs:\t<none>\n")
    text.write("".join(f"  IP:\t{each.get('ip', '')}\n" for each in addresses))


def _write_conditions(text: TabbedText, spec: Object, status: Object) -> None:
    conditions = status.get("conditions") or []
    if gates := spec.get("readinessGates"):
        known = {each.get("type"): each.get("status") for each in conditions}
        text.write("Readiness Gates:\n  Type\tStatus\n")
        for gate in gates:
            kind = gate.get("conditionType", "")
            text.write(f"  {kind} \t{known.get(kind, '<none>')} \n")
    if conditions:
        text.write("Conditions:\n  Type\tStatus\n")
        text.write("".join(f"  {each.get('type', '')} \t{each.get('status', '')} \n" for each in conditions))
