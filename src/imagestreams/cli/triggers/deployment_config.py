"""DeploymentConfigs: config and image triggers are fields of theirs."""

from typing import Any

from imagestreams.cli.triggers.annotated import check_containers, refuse_hooks
from imagestreams.cli.triggers.definition import Definition, ImageTrigger, Object, default_namespace
from imagestreams.triggers.documents import items, mapping, text

_REFERENCE = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")


def read(document: Object) -> Definition:
    """Return the triggers of a deployment config."""
    own, images, config_change = text(document, "metadata", "namespace"), [], False
    for policy in items(document, "spec", "triggers"):
        if text(policy, "type") == "ConfigChange":
            config_change = True
        elif text(policy, "type") == "ImageChange":
            params = mapping(policy, "imageChangeParams")
            source = mapping(params, "from")
            images.append(
                ImageTrigger(
                    text(source, "name"),
                    default_namespace(text(source, "namespace"), own),
                    tuple(params.get("containerNames") or ()),
                    params.get("automatic") is True,
                )
            )
    return Definition(config_change, tuple(images))


def write(document: Object, triggers: Definition) -> Object:
    """Return a deployment config with these triggers; those that it has stay as they are.

    Raises:
        CliError: it can't have them.
    """
    refuse_hooks(triggers, "deployment configs do not support")
    wanted: list[Object] = [{"type": "ConfigChange"}] if triggers.config_change else []
    for one in triggers.images:
        check_containers(document, one)
        source = {"kind": "ImageStreamTag", "name": one.source}
        if one.namespace:
            source["namespace"] = one.namespace
        params: Object = {"containerNames": list(one.containers), "from": source}
        if one.auto:
            params["automatic"] = True
        wanted.append({"type": "ImageChange", "imageChangeParams": params})
    there = [dict(one) for one in items(document, "spec", "triggers") if text(one, "type") != "ConfigChange"]
    kept = [one for one in there if _same(one) in map(_same, wanted)]
    added: list[Object] = []
    for policy in wanted:
        if _same(policy) not in map(_same, [*kept, *added]):
            added.append(policy)
    return {**document, "spec": {**(document.get("spec") or {}), "triggers": [*kept, *added]}}


def _same(policy: Object) -> Any:
    """Return what makes two triggers equal: fields that are left out have their empty value."""
    params = policy.get("imageChangeParams")
    if not isinstance(params, dict):
        return text(policy, "type"), None
    return (
        text(policy, "type"),
        params.get("automatic") is True,
        tuple(params.get("containerNames") or ()),
        tuple(text(params, "from", name) for name in _REFERENCE),
        text(params, "lastTriggeredImage"),
    )
