"""`isctl watch`: follow a tag, and run a command for each change."""

import os
import queue
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import click

from imagestreams.cli.command import verb
from imagestreams.cli.errors import CliError
from imagestreams.cli.flags import flag, switch
from imagestreams.cli.session import Session
from imagestreams.cli.streams.tag_changes import TagChange, follow_tag
from imagestreams.cli.streams.tag_revisions import TagName, tag_name
from imagestreams.cli.texts.durations import parse_duration_s

TIMED_OUT: Final = 124
"""The exit code of a time that is over, as `timeout` has it."""
_SHELL: Final = "/bin/sh"


@verb(
    "watch",
    help="""Follow a tag: print a line for each change, or run a command for it.

\b
  isctl watch app:prod
  isctl watch app:prod --exec 'kubectl set image deploy/app app="$IMAGESTREAMS_PULL_SPEC"'
  isctl watch app:prod --once --timeout=10m && ./deploy.sh
  isctl watch app:prod --initial --exec ./sync.sh

The command is run by /bin/sh, with IMAGESTREAMS_TAG, _STREAM, _NAMESPACE, _IMAGE, _DIGEST, _PULL_SPEC,
_PREVIOUS_IMAGE, _CREATED and _EVENT ('changed' or 'initial') in its environment. Changes that come while it runs are
one: it is run again for the newest. After a break of the connection nothing is missed.

With --once the exit code is that of the command, and 124 when --timeout is over before there was a change. Without it
a failed command is told and the watch goes on; when --timeout is over it ends with 0, or with 1 if the last command
failed.
""",
)
@flag("--exec", "command", default="", help="Command line to run for each change.")
@switch("--once", help="End after the first change.")
@switch("--initial", help="Begin with what the tag points to now, as if that were a change.")
@flag("--timeout", default="0s", help="How long to watch, such as 10m; 0 is for ever.")
@click.argument("arguments", nargs=-1, metavar="IMAGESTREAM:TAG")
@click.pass_obj
def watch(
    session: Session, /, arguments: tuple[str, ...], command: str, once: bool, initial: bool, timeout: str
) -> int:
    if len(arguments) != 1:
        raise CliError("exactly one tag of an image stream is required")
    name, timeout_s = tag_name(arguments[0]), parse_duration_s(timeout)
    code = 0
    for change in _changes(session, name, timeout_s, initial=initial, newest_only=bool(command)):
        if change.is_deletion:
            # There is no image to act on: it is told, and ends no `--once`.
            session.note(f"imagestreamtag {name} was deleted")
            continue
        if not command:
            session.say(change.line())
            session.out.flush()
        else:
            code = _run(session, command, change)
        if once:
            return code
        if code:
            session.note(f"the command for {change.image or change.pull_spec} ended with exit code {code}")
    if once:
        raise CliError(f"timed out waiting for a change of {name}", exit_code=TIMED_OUT)
    return 1 if code else 0


def _changes(
    session: Session, name: TagName, timeout_s: float, *, initial: bool, newest_only: bool
) -> Iterator[TagChange]:
    """Yield changes until the time is over; they are received while the last one is worked on."""
    ends = time.monotonic() + timeout_s if timeout_s else None
    received: queue.SimpleQueue[TagChange | Exception] = queue.SimpleQueue()

    def receive() -> None:
        try:
            for change in follow_tag(session, name, _now):
                if initial or not change.is_initial:
                    received.put(change)
        except Exception as error:
            received.put(error)

    threading.Thread(target=receive, daemon=True).start()
    while True:
        try:
            taken = received.get(timeout=None if ends is None else max(0.0, ends - time.monotonic()))
            while newest_only and not isinstance(taken, Exception) and not received.empty():
                taken = received.get()
        except queue.Empty:
            return
        if isinstance(taken, Exception):
            raise taken
        yield taken


def _run(session: Session, command: str, change: TagChange) -> int:
    """Run a command line of the user's; return its exit code, 128 and the signal's number if one ended it."""
    session.out.flush()
    done = subprocess.run(
        [_SHELL, "-c", command],
        stdin=subprocess.DEVNULL,
        env={**os.environ, **change.environment()},
        check=False,
    )
    return done.returncode if done.returncode >= 0 else 128 - done.returncode


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
