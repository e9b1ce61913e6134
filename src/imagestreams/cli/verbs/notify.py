"""`isctl notify`: addresses that are told of what happens to tags, builds and rollouts."""

import secrets
import sys
import time
from datetime import UTC, datetime
from typing import Any, Final

import click

from imagestreams.cli.command import VerbGroup, verb
from imagestreams.cli.errors import CliError
from imagestreams.cli.flags import flag, list_flag, switch
from imagestreams.cli.printers.choice import printer_for, reference_of
from imagestreams.cli.session import Session
from imagestreams.cli.streams.notification_sinks import (
    SECRET_URLS,
    SINK_LABEL,
    SinkFlags,
    event_named,
    preset_named,
    url_secret,
    wanted_sink,
)
from imagestreams.cli.texts.durations import parse_duration_s
from imagestreams.cli.verbs.delete import delete as delete_verb
from imagestreams.cli.verbs.describe import describe as describe_verb
from imagestreams.cli.verbs.get import get as get_verb
from imagestreams.client.errors import ClientError
from imagestreams.client.resources import NOTIFICATION_SINKS, SECRETS

_TYPE: Final = "notificationsinks.imagestreams.dev"
_RETRY_REQUESTED: Final = "imagestreams.dev/retry-requested-at"
_TEST_REQUESTED: Final = "imagestreams.dev/test-requested-at"
_TEST: Final = "dev.imagestreams.test"
_BETWEEN_LOOKS_S: Final = 0.3

Object = dict[str, Any]


@click.group(
    "notify",
    cls=VerbGroup,
    help="""Tell others of what happens to tags, builds and rollouts.

A notification sink is an address that gets an event for each change, at least once: events wait in the server until
they are delivered. They are CloudEvents, or what Slack, Mattermost, GitHub, Tekton or Jenkins take.

\b
  isctl notify create https://ci.example.com/events --on tag-changed --secret ci-signature
  isctl notify create - --preset slack --on tag-changed,import-failed < slack-url.txt
  isctl notify create https://api.github.com/repos/org/app/dispatches --preset github --secret github-token
  isctl notify list
  isctl notify test cloudevents-x7k2p
  isctl notify retry cloudevents-x7k2p
""",
)
def notify() -> None:
    pass


@verb(
    "create",
    help="""Tell an address of what happens: 'notify create https://ci.example.com/events --on tag-changed'.

An address '-' is read from standard input and kept in a secret of its own, as all addresses for slack and mattermost
are: whoever knows them may write there.
""",
)
@flag("--name", default="", help="Name of the sink; the preset with some letters behind it if it is left out.")
@list_flag("--on", split=True, help="Event to tell of, such as tag-changed (the default); may be repeated.")
@flag("--preset", default="cloudevents", help="One of cloudevents, slack, mattermost, github, tekton, jenkins.")
@flag("--secret", default="", help="Secret to sign or log in with: NAME or NAME/KEY; the key is 'secret'.")
@flag("--url-secret", default="", help="Secret that holds the address, instead of URL: NAME or NAME/KEY.")
@list_flag("--header", help="Header to send along: NAME=VALUE; may be repeated.")
@list_flag("--header-secret", help="Header with its value in a secret: NAME=SECRET[/KEY]; the key is NAME.")
@list_flag("--stream", split=True, help="Image stream, or STREAM:TAG, to tell of; all if left out. May be repeated.")
@switch("--all-namespaces", help="Tell of all namespaces, not only of this one.")
@flag("-o", "--output", default="", help="json, yaml, name or jsonpath=….")
@click.argument("urls", nargs=-1, metavar="URL")
@click.pass_obj
def create(
    session: Session,
    /,
    urls: tuple[str, ...],
    name: str,
    on: tuple[str, ...],
    preset: str,
    secret: str,
    url_secret: str,
    header: tuple[str, ...],
    header_secret: tuple[str, ...],
    stream: tuple[str, ...],
    all_namespaces: bool,
    output: str,
) -> None:
    if len(urls) + bool(url_secret) != 1:
        raise CliError("exactly one URL is required, or --url-secret")
    preset = preset_named(preset)
    flags = SinkFlags(
        name=name or f"{preset.lower()}-{secrets.token_hex(3)}",
        preset=preset,
        events=tuple(map(event_named, on or ("tag-changed",))),
        url=urls[0] if urls else "",
        url_secret=url_secret,
        secret=secret,
        headers=header,
        header_secrets=header_secret,
        streams=stream,
        all_namespaces=all_namespaces,
    )
    render = printer_for(output) if output else None
    made = _create(session, flags)
    if render is not None:
        session.out.write(render(made))
    else:
        session.say(f"{reference_of(made)} created")


def _create(session: Session, flags: SinkFlags) -> Object:
    hidden = bool(flags.url) and (flags.url == "-" or flags.preset in SECRET_URLS)
    sinks = session.resources(NOTIFICATION_SINKS)
    if not hidden:
        return sinks.create(wanted_sink(flags))
    url = sys.stdin.readline().strip() if flags.url == "-" else flags.url
    if not url:
        raise CliError("no address was given on standard input")
    name = f"{flags.name}-url"
    kept = session.resources(SECRETS)
    kept.create(url_secret(name, flags.name, url))
    sink = wanted_sink(SinkFlags(**{**_fields(flags), "url": "", "url_secret": name}))
    try:
        return sinks.create(sink)
    except ClientError:
        kept.delete(name)
        raise


def _fields(flags: SinkFlags) -> dict[str, Any]:
    return {name: getattr(flags, name) for name in SinkFlags.__dataclass_fields__}


@verb("list", help="List the sinks, with what waits, what is dead, and the last delivery; addresses are not among it.")
@switch("-A", "--all-namespaces", help="Look into all namespaces.")
@flag("-o", "--output", default="", help="json, yaml, name, wide, jsonpath=…, custom-columns=….")
@click.pass_context
def list_sinks(ctx: click.Context, /, all_namespaces: bool, output: str) -> None:
    ctx.invoke(get_verb, arguments=(_TYPE,), all_namespaces=all_namespaces, output=output)


@verb("describe", help="Show a sink with its conditions and events.")
@click.argument("names", nargs=-1, metavar="NAME [NAME ...]")
@click.pass_context
def describe(ctx: click.Context, /, names: tuple[str, ...]) -> None:
    _some(names)
    ctx.invoke(describe_verb, arguments=(_TYPE, *names))


@verb("delete", help="Delete sinks, and the secrets that were made for their addresses; nothing more is told.")
@click.argument("names", nargs=-1, metavar="NAME [NAME ...]")
@click.pass_context
def delete(ctx: click.Context, /, names: tuple[str, ...]) -> None:
    _some(names)
    ctx.invoke(delete_verb, arguments=(_TYPE, *names))
    kept = ctx.find_object(Session)
    if kept is None:
        return
    for name in names:
        found = kept.resources(SECRETS).list(label_selector=f"{SINK_LABEL}={name}")
        for one in found.get("items") or []:
            kept.resources(SECRETS).delete(one["metadata"]["name"])


@verb("retry", help="Send the dead letters of sinks again.")
@click.argument("names", nargs=-1, metavar="NAME [NAME ...]")
@click.pass_obj
def retry(session: Session, /, names: tuple[str, ...]) -> None:
    _some(names)
    for name in names:
        dead = (_ask(session, name, _RETRY_REQUESTED, _token()).get("status") or {}).get("deadLetters", 0)
        session.say(f"notificationsink.imagestreams.dev/{name}: {dead} dead letter{'s' * (dead != 1)} sent again")


@verb("test", help="Send a sink an event that means nothing, and say whether it was delivered.")
@flag("--timeout", default="30s", help="How long to wait for the delivery.")
@click.argument("names", nargs=-1, metavar="NAME")
@click.pass_obj
def test(session: Session, /, names: tuple[str, ...], timeout: str) -> None:
    if len(names) != 1:
        raise CliError("exactly one NAME is required")
    (name,), ends = names, time.monotonic() + parse_duration_s(timeout)
    token = _token()
    before = _ask(session, name, _TEST_REQUESTED, token)
    known = ((before.get("status") or {}).get("lastDelivery") or {}).get("id", "")
    while time.monotonic() < ends:
        time.sleep(_BETWEEN_LOOKS_S)
        status = session.resources(NOTIFICATION_SINKS).get(name).get("status") or {}
        last = status.get("lastDelivery") or {}
        if status.get("handledTest") != token or last.get("type") != _TEST or last.get("id") == known:
            continue
        told = f"{reference_of(before)}: {last.get('message', '')}"
        if last.get("result") != "Delivered":
            raise CliError(told)
        session.say(told)
        return
    raise CliError(f"{reference_of(before)}: the test was not tried within {timeout}; it is sent when its turn comes")


def _some(names: tuple[str, ...]) -> None:
    if not names:
        raise CliError("at least one NAME is required")


def _token() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _ask(session: Session, name: str, annotation: str, token: str) -> Object:
    body = {"metadata": {"annotations": {annotation: token}}}
    return session.resources(NOTIFICATION_SINKS).patch(name, body)


notify.add_verb(create, "create")
notify.add_verb(list_sinks, "list", "ls")
notify.add_verb(describe, "describe")
notify.add_verb(delete, "delete")
notify.add_verb(test, "test")
notify.add_verb(retry, "retry")
