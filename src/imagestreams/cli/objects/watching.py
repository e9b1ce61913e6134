"""`get --watch`: what is there, then every change, until the server or the user ends it."""

from collections.abc import Callable
from math import ceil
from typing import TYPE_CHECKING, Any

import msgspec

from imagestreams.cli.objects.selection import Object, Selectors, Target, items_of, read_collection, read_target
from imagestreams.cli.session import Session
from imagestreams.client.errors import ClientError, status_of
from imagestreams.client.resources import TABLE

if TYPE_CHECKING:
    from imagestreams.cli.verbs.get import Options


def watch_target(session: Session, target: Target, options: "Options", show: Callable[[str, Object], None]) -> None:
    """Show an object or a collection and then its changes.

    Raises:
        ClientError: the object isn't there, or the watch failed.
    """
    accept = TABLE if options.as_table and options.server_print else "application/json"
    resources = session.resources(target.type, target.namespace)
    labels, fields = options.selector.strip(), options.field_selector.strip()
    if target.name:
        shown: Any = [read_target(session, target, accept=accept)]
        fields = f"metadata.name={target.name}"
        version, skip = "0", 1
    else:
        selectors = Selectors(labels, fields)
        answer = read_collection(session, target, selectors, accept=accept, chunk_size=options.chunk_size)
        version, skip = str((answer.get("metadata") or {}).get("resourceVersion", "")), 0
        shown = [answer] if answer.get("kind") == "Table" else items_of(answer, target.type)
    if not options.watch_only:
        for value in shown:
            show("ADDED", value)
    # A watch is one request; the server ends it in time, so that it ends as one that is over.
    longest = str(ceil(session.request_timeout_s)) if session.request_timeout_s is not None else ""
    with resources.watch(
        accept=accept,
        label_selector=labels,
        field_selector=fields,
        resource_version=version,
        timeout_seconds=longest,
    ) as lines:
        for line in lines:
            event, value = read_event(line)
            if event == "BOOKMARK":
                continue
            # The watch of one object begins with the object itself, which was shown already (or is not wanted).
            if skip:
                skip -= 1
                continue
            show(event, value)


def read_event(line: bytes) -> tuple[str, Object]:
    """Read one event of a watch.

    Raises:
        ClientError: it is none, or it tells that the watch failed.
    """
    try:
        event = msgspec.json.decode(line)
        kind, value = event["type"], event["object"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ClientError("unable to decode an event from the watch stream") from error
    if not isinstance(kind, str) or not isinstance(value, dict):
        raise ClientError("unable to decode an event from the watch stream")
    if kind == "ERROR":
        raise ClientError.from_status(status_of(value))
    return kind, value
