"""BuildConfigs: triggers are fields of theirs; one without a source follows the image that the strategy begins with."""

from collections.abc import Mapping
from typing import Any, Final

from imagestreams.cli.triggers.definition import (
    WEB_HOOKS,
    Definition,
    ImageTrigger,
    Object,
    WebHook,
    default_namespace,
)
from imagestreams.triggers.build_configs import strategy_source
from imagestreams.triggers.documents import items, mapping, text

_TYPES: Final[dict[WebHook, str]] = {
    "generic": "Generic",
    "github": "GitHub",
    "gitlab": "GitLab",
    "bitbucket": "Bitbucket",
}
_REFERENCE: Final = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
_HOOK_FIELDS: Final = ("secret", "secretReference", "allowEnv")


def read(document: Object) -> Definition:
    """Return the triggers of a build config; the strategy's image is always among them, automatic or not."""
    config_change, images, hooks = False, list[ImageTrigger](), dict[WebHook, tuple[Object, ...]]()
    own, strategy, by_strategy = text(document, "metadata", "namespace"), _strategy_trigger(document), False
    kinds = {name: kind for kind, name in _TYPES.items()}
    for policy in items(document, "spec", "triggers"):
        named = text(policy, "type")
        if named == "ConfigChange":
            config_change = True
        elif named in kinds:
            kind = kinds[named]
            hook = mapping(policy, kind)
            kept = {name: hook[name] for name in _HOOK_FIELDS if hook.get(name)}
            hooks[kind] = (*hooks.get(kind, ()), kept)
        elif named == "ImageChange":
            source = mapping(policy, "imageChange", "from")
            paused = mapping(policy, "imageChange").get("paused") is True
            if source:
                namespace = default_namespace(text(source, "namespace"), own)
                images.append(ImageTrigger(text(source, "name"), namespace, (), True, paused))
            elif strategy is not None:
                by_strategy = True
                images.append(ImageTrigger(strategy.source, strategy.namespace, (), True, paused))
    if strategy is not None and not by_strategy:
        images.append(strategy)
    return Definition(config_change, tuple(images), hooks)


def write(document: Object, triggers: Definition) -> Object:
    """Return a build config with these triggers; those that it has keep what else they hold."""
    document = _own_namespace_left_out(document)
    wanted: list[Object] = [{"type": "ConfigChange"}] if triggers.config_change else []
    for kind in WEB_HOOKS:
        wanted += [{"type": _TYPES[kind], kind: hook} for hook in triggers.hooks(kind)]
    there = [dict(one) for one in items(document, "spec", "triggers")]
    strategy = _strategy_trigger(document)
    for one in triggers.images:
        if not one.auto:
            there = [known for known in there if not _means(known, one, strategy)]
            continue
        if not one.paused:
            there = [_resumed(known) if _means(known, one, strategy) else known for known in there]
        canonical = strategy is not None and one == ImageTrigger(strategy.source, strategy.namespace, (), one.auto)
        source = {"kind": "ImageStreamTag", "name": one.source}
        if one.namespace:
            source["namespace"] = one.namespace
        wanted.append({"type": "ImageChange", "imageChange": {} if canonical else {"from": source}})
    kept = [one for one in there if _same(one) in map(_same, wanted)]
    added: list[Object] = []
    for policy in wanted:
        if _same(policy) not in map(_same, [*kept, *added]):
            added.append(policy)
    spec = {name: value for name, value in (document.get("spec") or {}).items() if name != "triggers"}
    if kept or added:
        spec["triggers"] = [*kept, *added]
    return {**document, "spec": spec}


def _strategy_trigger(document: Mapping[str, Any]) -> ImageTrigger | None:
    """Return the trigger that the strategy's image could have, `None` when it is no tag."""
    source = strategy_source(document)
    if text(source, "kind") != "ImageStreamTag":
        return None
    own = text(document, "metadata", "namespace")
    return ImageTrigger(text(source, "name"), default_namespace(text(source, "namespace"), own))


def _own_namespace_left_out(document: Object) -> Object:
    """Return the document with references to its own namespace as oc writes them: without it."""
    own, spec = text(document, "metadata", "namespace"), dict(document.get("spec") or {})
    strategy = dict(spec.get("strategy") or {})
    for name, one in strategy.items():
        if isinstance(one, dict) and text(one, "from", "kind") == "ImageStreamTag":
            strategy[name] = {**one, "from": _without(one["from"], own)}
    if strategy:
        spec["strategy"] = strategy
    policies = spec.get("triggers")
    if isinstance(policies, list):
        spec["triggers"] = [
            {**one, "imageChange": {**one["imageChange"], "from": _without(one["imageChange"]["from"], own)}}
            if mapping(one, "imageChange", "from")
            else one
            for one in policies
        ]
    return {**document, "spec": spec}


def _without(source: Object, own: str) -> Object:
    return {name: value for name, value in source.items() if name != "namespace" or value != own}


def _means(policy: Object, trigger: ImageTrigger, strategy: ImageTrigger | None) -> bool:
    """Return whether a trigger of the object is that for an image."""
    change = policy.get("imageChange")
    if not isinstance(change, dict):
        return False
    place = trigger.source, trigger.namespace
    source = mapping(change, "from")
    if not source:
        return strategy is not None and (strategy.source, strategy.namespace) == place
    namespace = text(source, "namespace")
    if strategy is not None:
        namespace = default_namespace(namespace, strategy.namespace)
    return (text(source, "name"), namespace) == place


def _resumed(policy: Object) -> Object:
    change = {name: value for name, value in policy["imageChange"].items() if name != "paused"}
    return {**policy, "imageChange": change}


def _same(policy: Object) -> Any:
    """Return what makes two triggers equal; of an image trigger only the source counts."""
    change = policy.get("imageChange")
    source = mapping(change, "from")
    image = (bool(source), tuple(text(source, name) for name in _REFERENCE)) if isinstance(change, dict) else None
    hooks = tuple(_hook(policy.get(kind)) for kind in WEB_HOOKS)
    return text(policy, "type"), image, hooks


def _hook(hook: Any) -> Any:
    if not isinstance(hook, dict):
        return None
    return text(hook, "secret"), text(hook, "secretReference", "name"), hook.get("allowEnv") is True
