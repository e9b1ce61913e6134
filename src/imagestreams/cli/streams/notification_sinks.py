"""What `isctl notify create` makes of its flags. Pure."""

from dataclasses import dataclass
from typing import Any, Final

from imagestreams.cli.errors import CliError
from imagestreams.client.resources import NOTIFICATION_SINKS

PRESETS: Final = ("CloudEvents", "Slack", "Mattermost", "GitHub", "Tekton", "Jenkins")
EVENTS: Final = (
    "TagChanged",
    "TagDeleted",
    "ImportFailed",
    "BuildCompleted",
    "BuildFailed",
    "RolloutCompleted",
    "RolloutFailed",
)
SECRET_URLS: Final = frozenset({"Slack", "Mattermost"})
"""The presets whose addresses let anybody who knows them write."""
SINK_LABEL: Final = "imagestreams.dev/notification-sink"
"""Label of a secret that holds the address of a sink and nothing else, with the sink's name."""
URL_KEY: Final = "url"

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SinkFlags:
    """What the flags say; `url` is the address unless a secret holds it."""

    name: str
    preset: str
    events: tuple[str, ...]
    url: str = ""
    url_secret: str = ""
    secret: str = ""
    headers: tuple[str, ...] = ()
    header_secrets: tuple[str, ...] = ()
    streams: tuple[str, ...] = ()
    all_namespaces: bool = False


def preset_named(text: str) -> str:
    """Return a preset by its name in any case.

    Raises:
        CliError: there is none.
    """
    known = {one.lower(): one for one in PRESETS}
    if text.lower() not in known:
        raise CliError(f'unknown preset "{text}"; it must be one of {", ".join(known)}')
    return known[text.lower()]


def flag_of(event: str) -> str:
    """Return how `--on` names an event: `tag-changed` for `TagChanged`."""
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in event).lstrip("-")


def event_named(text: str) -> str:
    """Return an event by its name, as `tag-changed` or `TagChanged`.

    Raises:
        CliError: there is none.
    """
    known = {flag_of(one): one for one in EVENTS} | {one: one for one in EVENTS}
    if text not in known:
        raise CliError(f'unknown event "{text}"; it must be one of {", ".join(map(flag_of, EVENTS))}')
    return known[text]


def wanted_sink(flags: SinkFlags) -> Object:
    """Return the sink that the flags ask for.

    Raises:
        CliError: a header has no value.
    """
    spec: Object = {"preset": flags.preset, "events": list(flags.events)}
    if flags.url_secret:
        spec["urlSecretRef"] = _reference(flags.url_secret)
    else:
        spec["url"] = flags.url
    if flags.secret:
        spec["secretRef"] = _reference(flags.secret)
    headers: list[Object] = [{"name": name, "value": value} for name, value in map(_pair, flags.headers)]
    headers += [{"name": name, "secretRef": _reference(value)} for name, value in map(_pair, flags.header_secrets)]
    if headers:
        spec["headers"] = headers
    if flags.streams:
        spec["imageStreams"] = list(flags.streams)
    if flags.all_namespaces:
        spec["allNamespaces"] = True
    return {
        "apiVersion": NOTIFICATION_SINKS.api_version,
        "kind": NOTIFICATION_SINKS.kind,
        "metadata": {"name": flags.name},
        "spec": spec,
    }


def url_secret(name: str, sink: str, url: str) -> Object:
    """Return the secret that holds the address of a sink."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "labels": {SINK_LABEL: sink}},
        "type": "Opaque",
        "stringData": {URL_KEY: url},
    }


def _reference(text: str) -> Object:
    name, _, key = text.partition("/")
    return {"name": name, **({"key": key} if key else {})}


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise CliError(f'"{name}" has no value: a header is NAME=VALUE')
    return name.strip(), value.strip()
