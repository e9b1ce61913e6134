"""How the containers of a pod are, as kubectl describes them, and what of a pod its variables tell."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from imagestreams.cli.describers.core import mail_date

Object = Mapping[str, Any]

_SHOWN: Final = frozenset({"metadata.name", "metadata.namespace"})


def state_text(status: Object) -> Iterator[str]:
    """Return the lines about a container's state."""
    yield from _state("State", status.get("state") or {})
    last = status.get("lastState") or {}
    if last.get("terminated") is not None:
        yield from _state("Last State", last)
    yield f"    Ready:\t{status.get('ready', False)}\n    Restart Count:\t{status.get('restartCount', 0)}\n"


def _state(title: str, state: Object) -> Iterator[str]:
    if (running := state.get("running")) is not None:
        yield f"    {title}:\tRunning\n      Started:\t{mail_date(running.get('startedAt'))}\n"
    elif (ended := state.get("terminated")) is not None:
        yield f"    {title}:\tTerminated\n"
        for label, field in (("Reason", "reason"), ("Message", "message")):
            if ended.get(field):
                yield f"      {label}:\t{ended[field]}\n"
        yield f"      Exit Code:\t{ended.get('exitCode', 0)}\n"
        if ended.get("signal"):
            yield f"      Signal:\t{ended['signal']}\n"
        for label, field in (("Started", "startedAt"), ("Finished", "finishedAt")):
            yield f"      {label}:\t{mail_date(ended.get(field))}\n"
    else:
        yield f"    {title}:\tWaiting\n"
        if reason := (state.get("waiting") or {}).get("reason"):
            yield f"      Reason:\t{reason}\n"


def field_of(pod: Object, path: str) -> str:
    """Return the value of a field of a pod that a variable names, where kubectl shows it: of the plain metadata."""
    value = (pod.get("metadata") or {}).get(path.removeprefix("metadata.")) if path in _SHOWN else ""
    return value if isinstance(value, str) else ""
