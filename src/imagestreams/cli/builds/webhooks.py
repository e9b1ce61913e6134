"""Webhooks of build configs: the addresses that a config has, and the call of one, as somebody's Git hook makes it."""

import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urlsplit

from imagestreams.cli.builds.selection import Object
from imagestreams.cli.builds.sources import commit_of
from imagestreams.cli.errors import CliError
from imagestreams.cli.session import Session
from imagestreams.client.errors import ClientError
from imagestreams.client.resources import BUILD_CONFIGS

if TYPE_CHECKING:
    from imagestreams.client.kubeconfig import ClientConfig

_COMMIT: Final = re.compile("[0-9a-f]{4,64}")


def list_webhooks(session: Session, name: str, wanted: str) -> None:
    """Print the addresses of a config's webhooks: `all` of them, or those of one type."""
    resources = session.resources(BUILD_CONFIGS)
    config = resources.get(name)
    for trigger in (config.get("spec") or {}).get("triggers") or []:
        kind = str(trigger.get("type"))
        hook = trigger.get(kind.lower())
        if kind in ("ImageChange", "ConfigChange") or wanted not in ("all", kind.lower()) or hook is None:
            continue
        # The part that is secret is not shown.
        path = f"{resources.path(name, 'webhooks')}/<secret>/{kind.lower()}"
        address = session.config.server.rstrip("/") + path
        session.say(f"{kind} {address}" if wanted == "all" else address)


def call_webhook(session: Session, address: str, received: str, repository: str) -> Object | None:
    """Call a generic webhook; return the build that it made, `None` when it says nothing about one.

    `received` names the file with what Git's post-receive hook was told, `-` stands for standard input; what was pushed
    is looked up in `repository`. The secret in the address is in no message.

    Raises:
        CliError: it is no address, the file can't be read, or the other side refused.
        ClientError: it was not reached.
    """
    from imagestreams.client.rest import RestClient

    hook = _address(address)
    event = push_event(_lines(received), Path(repository or ".")) if received else None
    client = RestClient(_config(session, hook), warn=session.warn, timeout_s=session.request_timeout_s)
    path = hook.path + (f"?{hook.query}" if hook.query else "")
    try:
        answer = client.request("POST", path, body=b"" if event is None else event)
    except ClientError as error:
        if error.status is None:
            raise
        raise CliError(f"server rejected our request {error.status.code}\nremote: {error.status.message}") from error
    finally:
        client.close()
    return answer.json() if answer.body else None


def _address(text: str) -> SplitResult:
    try:
        hook = urlsplit(text)
        if hook.scheme in ("http", "https") and hook.hostname and hook.port != 0:
            return hook
    except ValueError:
        pass
    # What a parser complains of may be the secret; so nothing is told of it.
    raise CliError("the webhook is no http or https URL") from None


def push_event(lines: Iterable[str], repository: Path) -> Object | None:
    """Return what a generic webhook is told of a push, `None` when nothing was pushed.

    The lines are those of a post-receive hook, `OLD NEW REF`.
    """
    pushed = [words for line in lines if len(words := line.rstrip("\n").split(" ")) == 3]
    if not pushed:
        return None
    refs = [_reference(new, ref, repository) for old, new, ref in pushed if new and new != old]
    return {"git": {"uri": "", **({"refs": refs} if refs else {})}}


def _reference(commit: str, ref: str, repository: Path) -> Object:
    known = commit_of(repository, commit) if _COMMIT.fullmatch(commit) else {}
    told = {name.removeprefix("revision."): value for name, value in known.items()}
    who = {
        role: {field.lower(): told[role + field] for field in ("Name", "Email") if role + field in told}
        for role in ("author", "committer")
    }
    return {"uri": "", "ref": ref, "commit": commit, **who, "message": told.get("message", "")}


def _lines(received: str) -> Iterator[str]:
    if received == "-":
        yield from sys.stdin
        return
    try:
        with Path(received).open(errors="replace") as file:
            yield from file
    except OSError as error:
        why = f"open {received}: {(error.strerror or '').lower()}"
        raise CliError(f"unable to open --git-post-receive argument as a file: {why}") from error


def _config(session: Session, hook: SplitResult) -> "ClientConfig":
    """Return how the address is reached: as the present user if it is that of his server, else as nobody."""
    from imagestreams.client.kubeconfig import ClientConfig

    origin = f"{hook.scheme}://{hook.netloc}"
    try:
        config = session.config
    except ClientError:
        return ClientConfig(origin)
    if hook.scheme == "https" and _place(urlsplit(config.server)) == _place(hook):
        return replace(config, server=origin)
    return ClientConfig(origin)


def _place(url: SplitResult) -> tuple[str, str, int]:
    return url.scheme, url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
