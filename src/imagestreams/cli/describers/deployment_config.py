"""`describe dc/NAME`, as `oc` prints it: what should run, what rolls it out, and its rollouts."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from imagestreams.api.ages import relative_time
from imagestreams.cli.describers import metadata
from imagestreams.cli.describers.build_parts import Object, write_metadata
from imagestreams.cli.describers.events import by_time, write_events
from imagestreams.cli.describers.pod_template import pod_template_text
from imagestreams.cli.describers.workloads import PodCounts
from imagestreams.cli.texts.tab_stops import TabbedText

_ROLLOUTS_SHOWN: Final = 3
_EVENTS_SHOWN: Final = 8
_VERSION: Final = "openshift.io/deployment-config.latest-version"
_PHASE: Final = "openshift.io/deployment.phase"


def describe_deployment_config(
    config: Object,
    rollouts: Sequence[Object],
    pods: Mapping[str, PodCounts],
    events: Iterable[Object] | None,
    now: datetime,
) -> str:
    """Return the description of a DeploymentConfig; `pods` are counted by the name of their rollout."""
    text = metadata.oc_text()
    meta, spec, status = config.get("metadata") or {}, config.get("spec") or {}, config.get("status") or {}
    write_metadata(text, meta, now)
    version = status.get("latestVersion") or 0
    text.line("Latest Version", str(version or "Not deployed"))
    _spec(text, spec)
    text.write("\n")
    succeeded = [one for one in rollouts if _annotation(one, _PHASE) == "Complete"]
    active = max(succeeded, key=_version_of, default=None)
    latest = next((one for one in rollouts if _version_of(one) == version), None)
    if latest is None:
        text.line("Latest Deployment", "")
    else:
        in_full = latest is active or len(rollouts) == 1
        _rollout(text, latest, f"Deployment #{version} (latest)", pods if in_full else None, now)
        others = sorted((one for one in rollouts if one is not latest), key=_age_key, reverse=True)
        for one in others[: _ROLLOUTS_SHOWN - 1]:
            _rollout(text, one, f"Deployment #{_version_of(one)}", pods if one is active else None, now)
    if events is not None:
        text.write("\n")
        write_events(text, by_time(events)[-_EVENTS_SHOWN:], now)
    return text.text()


def _spec(text: TabbedText, spec: Object) -> None:
    text.line("Selector", _joined(spec.get("selector")))
    test = " (test, will be scaled down between deployments)" if spec.get("test") else ""
    text.line("Replicas", f"{spec.get('replicas', 0)}{test}")
    if spec.get("paused"):
        text.line("Paused", "yes")
    text.line("Triggers", ", ".join(_triggers(spec.get("triggers") or [])))
    strategy = spec.get("strategy") or {}
    text.line("Strategy", strategy.get("type", ""))
    _strategy(text, strategy)
    if ready := spec.get("minReadySeconds"):
        text.line("MinReadySeconds", str(ready))
    text.write("Template:\n" + pod_template_text(spec.get("template")))


def _triggers(triggers: Sequence[Object]) -> list[str]:
    shown = []
    for trigger in triggers:
        params = trigger.get("imageChangeParams") or {}
        name = (params.get("from") or {}).get("name")
        if trigger.get("type") == "ConfigChange":
            shown.append("Config")
        elif trigger.get("type") == "ImageChange" and name:
            stream, _, tag = name.partition(":")
            shown.append(f"Image({stream}@{tag}, auto={str(bool(params.get('automatic'))).lower()})")
    return shown


def _strategy(text: TabbedText, strategy: Object) -> None:
    if (custom := strategy.get("customParams")) is not None:
        text.write(f"  Image:\t{custom.get('image') or '<default>'}\n")
        if environment := custom.get("environment"):
            text.write(f"  Environment:\t{_variables(environment)}\n")
        if command := custom.get("command"):
            text.write(f"  Command:\t{_words(command)}\n")
    for params in (strategy.get("recreateParams") or {}, strategy.get("rollingParams") or {}):
        for name in ("pre", "mid", "post"):
            if (hook := params.get(name)) is not None:
                _hook(text, f"{name.capitalize()}-deployment", hook)


def _hook(text: TabbedText, label: str, hook: Object) -> None:
    policy = hook.get("failurePolicy", "")
    if (command := hook.get("execNewPod")) is not None:
        text.write(f"  {label} hook (pod type, failure policy: {policy}):\n")
        text.write(f"    Container:\t{command.get('containerName', '')}\n")
        text.write(f"    Command:\t{_words(command.get('command') or [])}\n")
        if environment := command.get("env"):
            text.write(f"    Env:\t{_variables(environment)}\n")
    if images := hook.get("tagImages"):
        text.write(f"  {label} hook (tag images, failure policy: {policy}):\n")
        for image in images:
            to = image.get("to") or {}
            place = f"{to.get('kind', '')} {to.get('name', '')} {to.get('namespace', '')}"
            text.write(f"    Tag:\tcontainer {image.get('containerName', '')} to {place}\n")


def _rollout(
    text: TabbedText, rollout: Object, header: str, pods: Mapping[str, PodCounts] | None, now: datetime
) -> None:
    """Write one rollout: briefly, or with its pods."""
    meta, spec, status = rollout.get("metadata") or {}, rollout.get("spec") or {}, rollout.get("status") or {}
    text.write(f"{header}:\n")
    if pods is not None:
        text.write(f"\tName:\t{meta.get('name', '')}\n")
    text.write(f"\tCreated:\t{relative_time(meta.get('creationTimestamp'), now).lower()} ago\n")
    text.write(f"\tStatus:\t{_annotation(rollout, _PHASE)}\n")
    text.write(f"\tReplicas:\t{status.get('replicas', 0)} current / {spec.get('replicas', 0)} desired\n")
    if pods is not None:
        text.write(f"\tSelector:\t{_joined(spec.get('selector'))}\n\tLabels:\t{_joined(meta.get('labels'))}\n")
        text.write(f"\tPods Status:\t{pods.get(str(meta.get('name')), PodCounts())}\n")


def _annotation(rollout: Object, key: str) -> str:
    return str(((rollout.get("metadata") or {}).get("annotations") or {}).get(key, ""))


def _version_of(rollout: Object) -> int:
    text = _annotation(rollout, _VERSION)
    return int(text) if text.isdecimal() else -1


def _age_key(rollout: Object) -> tuple[str, str]:
    meta: dict[str, Any] = rollout.get("metadata") or {}
    return str(meta.get("creationTimestamp") or ""), str(meta.get("name") or "")


def _joined(labels: Mapping[str, str] | None) -> str:
    return ",".join(sorted(f"{key}={value}" for key, value in (labels or {}).items()))


def _variables(variables: Sequence[Object]) -> str:
    return _joined({str(one.get("name")): str(one.get("value", "")) for one in variables})


def _words(words: Sequence[str]) -> str:
    """Return a command, its longer words on lines of their own."""
    shown = [word.removesuffix("\n") for word in words]
    return " ".join("\n\t  " + word.replace("\n", "\n\t  ") if "\n" in word else word for word in shown)
