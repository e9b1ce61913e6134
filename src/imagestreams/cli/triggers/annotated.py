"""Workloads of Kubernetes: image triggers are an annotation, and a paused Deployment is one without config trigger."""

from typing import Any

from imagestreams.cli.errors import CliError
from imagestreams.cli.printers.go_text import json_string
from imagestreams.cli.triggers.definition import Definition, ImageTrigger, Object, default_namespace
from imagestreams.triggers.annotation import TRIGGERS, annotation_of, parse_triggers
from imagestreams.triggers.error import TriggerError
from imagestreams.triggers.pod_templates import container_at, containers, pod_spec_path
from imagestreams.triggers.reaction import namespace_of

_NO_HOOKS = {"github": "GitHub web hooks", "generic": "web hooks", "gitlab": "GitLab web hooks"}


def read(document: Object) -> Definition:
    """Return the triggers of a workload; those that mean no container are left out.

    Raises:
        TriggerError: the annotation can't be read.
    """
    paused = document.get("kind") == "Deployment" and (document.get("spec") or {}).get("paused") is True
    annotation = annotation_of(document)
    found = parse_triggers(annotation) if annotation is not None else []
    own = namespace_of(document)
    images = []
    for trigger in found:
        try:
            container = container_at(document, trigger.field_path)
        except TriggerError:
            continue
        if container is not None:
            source = trigger.source
            namespace = default_namespace(source["namespace"], own)
            images.append(ImageTrigger(source["name"], namespace, (container.name,), not trigger.paused))
    return Definition(config_change=not paused, images=tuple(images))


def write(document: Object, triggers: Definition) -> Object:
    """Return a workload with these triggers.

    Raises:
        CliError: it can't have them.
    """
    refuse_hooks(triggers, "does not support")
    metadata: dict[str, Any] = document.get("metadata") or {}
    path = ".".join(pod_spec_path(document) or ("spec", "template", "spec"))
    entries: list[str] = []
    taken: set[str] = set()
    for one in triggers.images:
        check_containers(document, one)
        if again := taken.intersection(one.containers):
            raise CliError(f"only one trigger may reference each container: {', '.join(sorted(again))}")
        taken.update(one.containers)
        namespace = default_namespace(one.namespace, namespace_of(document))
        entries += [_entry(one, namespace, path, name) for name in one.containers]
    text = f"[{','.join(entries)}]" if entries else "null"
    annotations = {**(metadata.get("annotations") or {}), TRIGGERS: text}
    changed = {**document, "metadata": {**metadata, "annotations": annotations}}
    if document.get("kind") == "Deployment":
        spec = {name: value for name, value in (document.get("spec") or {}).items() if name != "paused"}
        changed["spec"] = spec if triggers.config_change else {**spec, "paused": True}
    return changed


def refuse_hooks(triggers: Definition, cannot: str) -> None:
    """Refuse web hooks for what has none.

    Raises:
        CliError: there are some.
    """
    for kind in ("github", "generic", "gitlab", "bitbucket"):
        if triggers.hooks(kind):
            raise CliError(f"{cannot} {_NO_HOOKS.get(kind, 'Bitbucket web hooks')}")


def check_containers(document: Object, trigger: ImageTrigger) -> None:
    """Refuse a trigger that names no container, or one that the object has not.

    Raises:
        CliError: it does.
    """
    if not trigger.containers:
        raise CliError("you must specify --containers when setting --from-image")
    there = {one.name for one in containers(document)}
    if missing := set(trigger.containers) - there:
        named, accepted = ", ".join(sorted(missing)), ", ".join(sorted(there))
        raise CliError(f"not all container names exist: {named} (accepts: {accepted})")


def _entry(trigger: ImageTrigger, namespace: str, path: str, container: str) -> str:
    """Return a trigger as JSON, in the order of its fields that others write too."""
    place = f',"namespace":{json_string(namespace)}' if namespace else ""
    source = f'{{"kind":"ImageStreamTag","name":{json_string(trigger.source)}{place}}}'
    field_path = json_string(f'{path}.containers[?(@.name=="{container}")].image')
    paused = "" if trigger.auto else ',"paused":true'
    return f'{{"from":{source},"fieldPath":{field_path}{paused}}}'
