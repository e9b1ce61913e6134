"""What a build writes, on the screen, and its end."""

import codecs
from typing import Any, Final

from imagestreams.cli.errors import CliError, standard_message
from imagestreams.cli.objects.watching import read_event
from imagestreams.cli.printers.go_text import quoted
from imagestreams.cli.session import Session
from imagestreams.client.errors import ClientError
from imagestreams.client.resources import BUILDS

_FAILED: Final = ("Failed", "Cancelled", "Error")
_COMPLETE: Final = "Complete"


class LogCutOff(CliError):
    """A log that was followed came to its end before its build."""


def show_log(session: Session, build: str, **options: str) -> None:
    """Write a build's log to standard output, as it comes.

    Raises:
        ClientError: there is none, or the connection broke.
        LogCutOff: what is followed ended with the server, and not with the build.
    """
    resources = session.resources(BUILDS)
    query = {name: value for name, value in options.items() if value}
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    with session.client.text(resources.path(build, "log"), query=query) as pieces:
        for piece in pieces:
            session.out.write(decoder.decode(piece))
            session.out.flush()
    session.out.write(decoder.decode(b"", final=True))
    # Of the build before another one, and of the beginning of a log, the end says nothing.
    if query.get("follow") and not query.keys() & {"previous", "limitBytes"}:
        _require_over(session, build)


def _require_over(session: Session, build: str) -> None:
    """Look whether a build that was begun is over, as it is before its log ends.

    Raises:
        LogCutOff: it is not, or the server is gone.
    """
    cut_off = f"the log of build {session.resources(BUILDS).namespace}/{build} was cut off"
    try:
        status = session.resources(BUILDS).get(build).get("status") or {}
    except ClientError as error:
        if error.reason == "NotFound":
            return
        raise LogCutOff(f"{cut_off}: {standard_message(error)}") from error
    if status.get("startTimestamp") and status.get("phase") not in (_COMPLETE, *_FAILED):
        raise LogCutOff(f"{cut_off}: the build is not over, its phase is {status.get('phase')}")


def wait_for_end(session: Session, build: str) -> None:
    """Return when a build is complete.

    Raises:
        CliError: it came to another end, or is gone.
    """
    resources = session.resources(BUILDS)
    selector = f"metadata.name={build}"
    while True:
        page = resources.list(field_selector=selector)
        items: list[dict[str, Any]] = page.get("items") or []
        if not items:
            raise CliError(f"the build {resources.namespace}/{build} is gone")
        if _is_complete(items[0]):
            return
        version = str((page.get("metadata") or {}).get("resourceVersion") or "")
        with resources.watch(field_selector=selector, resource_version=version) as lines:
            for line in lines:
                event, value = read_event(line)
                if event == "DELETED":
                    break
                if event != "BOOKMARK" and _is_complete(value):
                    return


def _is_complete(build: dict[str, Any]) -> bool:
    phase = (build.get("status") or {}).get("phase")
    if phase in _FAILED:
        metadata = build.get("metadata") or {}
        raise CliError(f"the build {metadata.get('namespace')}/{metadata.get('name')} status is {quoted(str(phase))}")
    return bool(phase == _COMPLETE)
