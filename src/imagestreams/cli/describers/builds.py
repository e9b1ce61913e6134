"""`describe build/NAME` and `describe bc/NAME`, as `oc` prints them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from imagestreams.api.ages import parse_time
from imagestreams.api.durations import go_duration
from imagestreams.cli.describers import metadata
from imagestreams.cli.describers.build_parts import Object, write_commit, write_common_spec, write_metadata
from imagestreams.cli.describers.core import mail_date
from imagestreams.cli.describers.events import write_events
from imagestreams.cli.texts.tab_stops import TabbedText

Events = Iterable[Mapping[str, Any]] | None

_BUILDS_SHOWN: Final = 10
_FAILED: Final = ("Cancelled", "Failed", "Error")
_WEBHOOKS: Final = {"GitHub": "github", "Generic": "generic", "GitLab": "gitlab", "Bitbucket": "bitbucket"}
_CAUSES: Final = ("githubWebHook", "gitlabWebHook", "bitbucketWebHook", "genericWebHook")
_SECOND_NS: Final = 1_000_000_000


def describe_build(build: Object, events: Events, now: datetime) -> str:
    """Return the description of a Build."""
    text = metadata.oc_text()
    meta, spec, status = build.get("metadata") or {}, build.get("spec") or {}, build.get("status") or {}
    write_metadata(text, meta, now)
    text.write("\n")
    phase, message = status.get("phase", ""), status.get("message")
    text.line("Status", f"{phase} ({message})" if message else phase)
    if parse_time(status.get("startTimestamp")) is not None:
        text.line("Started", mail_date(status["startTimestamp"]))
    text.line("Duration", build_duration(build, now))
    for stage in status.get("stages") or []:
        seconds = round(stage.get("durationMilliseconds", 0) / 1000)
        text.line(f"  {stage.get('name', '')}", f"  {go_duration(seconds * _SECOND_NS)}")
    text.write("\n")
    if config := status.get("config"):
        text.line("Build Config", config.get("name", ""))
    text.line("Build Pod", f"{meta.get('name', '')}-build")
    if digest := ((status.get("output") or {}).get("to") or {}).get("imageDigest"):
        text.line("Image Digest", digest)
    write_common_spec(text, spec)
    _causes(text, spec.get("triggeredBy"))
    if snippet := status.get("logSnippet"):
        text.line("Log Tail", snippet)
    write_events(text, events, now)
    return text.text()


def build_duration(build: Object, now: datetime) -> str:
    """Say how long a build took, has run, or has waited."""
    status = build.get("status") or {}
    created = parse_time((build.get("metadata") or {}).get("creationTimestamp"))
    started, ended = parse_time(status.get("startTimestamp")), parse_time(status.get("completionTimestamp"))
    phase = status.get("phase")
    if started is None and ended is not None and phase in _FAILED:
        return f"waited for {_between(created, ended)}"
    if started is None and phase != "Cancelled":
        return f"waiting for {_between(created, now)}"
    if started is not None and ended is None:
        return f"running for {_between(started, now)}"
    return _between(started, ended) if started is not None else "<none>"


def _between(start: datetime | None, end: datetime | None) -> str:
    seconds = int(end.timestamp()) - int(start.timestamp()) if start is not None and end is not None else 0
    return go_duration(seconds * _SECOND_NS)


def _causes(text: TabbedText, causes: Sequence[Object] | None) -> None:
    if causes is None:
        text.line("\nBuild trigger cause", "<unknown>")
    for cause in causes or []:
        text.line("\nBuild trigger cause", cause.get("message", ""))
        if hook := next((cause[field] for field in _CAUSES if cause.get(field) is not None), None):
            write_commit(text, hook.get("revision"))
            text.line("Secret", hook.get("secret", ""))
        elif image := cause.get("imageChangeBuild"):
            tag = image.get("fromRef") or {}
            text.line("Image ID", image.get("imageID", ""))
            text.line("Image Name/Kind", f"{tag.get('name', '')} / {tag.get('kind', '')}")
    text.write("\n")


def describe_build_config(
    config: Object, builds: Sequence[Object], webhooks: str, events: Events, now: datetime
) -> str:
    """Return the description of a BuildConfig; `webhooks` is the address below which its webhooks are called."""
    text = metadata.oc_text()
    meta, spec, status = config.get("metadata") or {}, config.get("spec") or {}, config.get("status") or {}
    write_metadata(text, meta, now)
    text.line("Latest Version", str(status.get("lastVersion") or "Never built"))
    write_common_spec(text, spec)
    text.line("\nBuild Run Policy", spec.get("runPolicy", ""))
    _triggers(text, spec.get("triggers") or [], webhooks)
    limits = [(name, spec.get(f"{name.lower()}BuildsHistoryLimit")) for name in ("Successful", "Failed")]
    if any(limit is not None for _, limit in limits):
        text.write("Builds History Limit:\n")
        text.write("".join(f"\t{name}:\t{limit}\n" for name, limit in limits if limit is not None))
    _builds(text, builds, now)
    if events is not None:
        text.write("\n")
        write_events(text, events, now)
    return text.text()


def _builds(text: TabbedText, builds: Sequence[Object], now: datetime) -> None:
    if not builds:
        return
    text.write("\nBuild\tStatus\tDuration\tCreation Time\n")
    newest_first = sorted(builds, key=_created, reverse=True)
    for build in newest_first[:_BUILDS_SHOWN]:
        created = parse_time(_created(build))
        when = created.strftime("%Y-%m-%d %H:%M:%S +0000 UTC") if created is not None else ""
        name, phase = (build.get("metadata") or {}).get("name", ""), (build.get("status") or {}).get("phase", "")
        text.write(f"{name} \t{phase.lower()} \t{build_duration(build, now)} \t{when}\n")


def _created(build: Object) -> str:
    return str((build.get("metadata") or {}).get("creationTimestamp") or "")


def _triggers(text: TabbedText, triggers: Sequence[Object], webhooks: str) -> None:
    if not triggers:
        text.line("Triggered by", "")
        return
    labels = []
    for trigger in triggers:
        kind = trigger.get("type")
        tag = (trigger.get("imageChange") or {}).get("from") or {}
        if kind in _WEBHOOKS:
            continue
        if kind == "ConfigChange":
            labels.append("Config")
        elif kind == "ImageChange" and tag.get("name"):
            labels.append(f"Image({tag.get('kind', '')} {tag['name']})")
        else:
            labels.append(str(kind or "<unknown>"))
    text.line("Triggered by", ", ".join(labels))
    for kind, end in _WEBHOOKS.items():
        hooks = [trigger for trigger in triggers if trigger.get("type") == kind]
        if not hooks:
            continue
        text.write(f"Webhook {kind}:\n")
        # The addresses differ only in their secrets, which are not shown.
        for hook in hooks if kind == "Generic" else hooks[:1]:
            text.write(f"\tURL:\t{webhooks}/<secret>/{end}\n")
            if kind == "Generic":
                allows = bool((hook.get("generic") or {}).get("allowEnv"))
                text.write(f"\tAllowEnv:\t{str(allows).lower()}\n")
