"""Following one object: what it is now, and every change, until it is enough or the time is over."""

import math
import time
from collections.abc import Iterator
from typing import Final

from imagestreams.cli.objects.selection import Object, Target, items_of
from imagestreams.cli.objects.watching import read_event
from imagestreams.cli.session import Session
from imagestreams.client.errors import ClientError

MISSING: Final = "MISSING"
_LONGEST_WATCH_S: Final = 600


class OutOfTime(Exception):
    """The time to wait is over."""


def follow_object(session: Session, target: Target, timeout_s: float | None) -> Iterator[tuple[str, Object]]:
    """Yield `ADDED` with the object, or `MISSING` with nothing, then `MODIFIED` and `DELETED` as they come.

    After a break of the connection to what is there it begins again. Without a time it never ends.

    Raises:
        OutOfTime: the time is over.
        ClientError: the server can't be reached, or refuses.
    """
    ends = None if timeout_s is None else time.monotonic() + timeout_s
    resources = session.resources(target.type, target.namespace)
    field_selector = f"metadata.name={target.name}"
    last = None
    while True:
        answer = resources.list(field_selector=field_selector)
        items = items_of(answer, target.type)
        state = _version_of(items[0]) if items else ""
        if state != last:
            yield ("ADDED" if last is None else "MODIFIED", items[0]) if items else (MISSING, {})
        last = state
        version = str((answer.get("metadata") or {}).get("resourceVersion", ""))
        left_s = _LONGEST_WATCH_S if ends is None else ends - time.monotonic()
        if left_s <= 0:
            raise OutOfTime
        query = {"field_selector": field_selector, "resource_version": version}
        query["timeout_seconds"] = str(math.ceil(min(left_s, _LONGEST_WATCH_S)))
        try:
            with resources.watch(**query) as lines:
                for line in lines:
                    event, value = read_event(line)
                    if ends is not None and time.monotonic() >= ends:
                        raise OutOfTime
                    if event != "BOOKMARK":
                        last = "" if event == "DELETED" else _version_of(value)
                        yield event, value
        except ClientError as error:
            # A watch that broke off is begun anew; whether there still is a server, the next list will tell.
            if error.status is not None and error.reason not in ("Expired", "Gone"):
                raise


def reference(target: Target) -> str:
    """Return how messages about waiting name an object: `deployments/web`."""
    return f"{target.type.plural}/{target.name}"


def _version_of(value: Object) -> str:
    return str((value.get("metadata") or {}).get("resourceVersion", ""))
