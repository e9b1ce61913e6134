"""What a build writes, on the screen, and its end."""

import codecs
from typing import Any, Final

from imagestreams.cli.errors import CliError
from imagestreams.cli.objects.watching import read_event
from imagestreams.cli.printers.go_text import quoted
from imagestreams.cli.session import Session
from imagestreams.client.resources import BUILDS

_FAILED: Final = ("Failed", "Cancelled", "Error")


def show_log(session: Session, build: str, **options: str) -> None:
    """Write a build's log to standard output, as it comes.

    Raises:
        ClientError: there is none, or the connection broke.
    """
    resources = session.resources(BUILDS)
    query = {name: value for name, value in options.items() if value}
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    with session.client.text(resources.path(build, "log"), query=query) as pieces:
        for piece in pieces:
            session.out.write(decoder.decode(piece))
            session.out.flush()
    session.out.write(decoder.decode(b"", final=True))


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
    return bool(phase == "Complete")
