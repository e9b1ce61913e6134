"""The descriptions of the core kinds, as kubectl prints them: namespaces, secrets, config maps, service accounts."""

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from imagestreams.cli.describers import metadata
from imagestreams.cli.describers.events import write_events
from imagestreams.cli.describers.quotas import write_limit_ranges, write_quotas
from imagestreams.cli.texts.tab_stops import TabbedText

Object = Mapping[str, Any]

_TOKEN_TYPE: Final = "kubernetes.io/service-account-token"
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def describe_namespace(
    namespace: Object, quotas: Sequence[Object] | None, limit_ranges: Sequence[Object] | None
) -> str:
    """Return the description of a Namespace; lists that the server doesn't keep are `None` and left out."""
    text = TabbedText()
    meta, status = namespace.get("metadata") or {}, namespace.get("status") or {}
    text.write(f"Name:\t{meta.get('name', '')}\n")
    metadata.kubectl_labels(text, meta)
    metadata.kubectl_annotations(text, meta)
    text.write(f"Status:\t{status.get('phase', '')}\n")
    if conditions := status.get("conditions"):
        text.write("Conditions:\n  Type\tStatus\tLastTransitionTime\tReason\tMessage\n")
        text.write("  ----\t------\t------------------\t------\t-------\n")
        for one in conditions:
            moved = mail_date(one.get("lastTransitionTime"))
            text.write(
                f"  {one.get('type', '')}\t{one.get('status', '')}\t{moved}"
                f"\t{one.get('reason', '')}\t{one.get('message', '')}\n"
            )
    if quotas is not None:
        text.write("\n")
        write_quotas(text, quotas)
    if limit_ranges is not None:
        text.write("\n")
        write_limit_ranges(text, limit_ranges)
    return text.text()


def describe_secret(secret: Object) -> str:
    """Return the description of a Secret: how long its values are, and of them only a service account's token."""
    text = _start(secret)
    kind = secret.get("type", "")
    text.write(f"\nType:\t{kind}\n\nData\n====\n")
    for key, encoded in sorted((secret.get("data") or {}).items()):
        value = _decoded(encoded)
        if key == "token" and kind == _TOKEN_TYPE:
            text.write(f"{key}:\t{value.decode(errors='replace')}\n")
        else:
            text.write(f"{key}:\t{len(value)} bytes\n")
    return text.text()


def describe_config_map(config_map: Object, events: Iterable[Object] | None, now: datetime) -> str:
    """Return the description of a ConfigMap."""
    text = _start(config_map)
    text.write("\nData\n====\n")
    for key, value in sorted((config_map.get("data") or {}).items()):
        text.write(f"{key}:\n----\n{value}\n\n")
    text.write("\nBinaryData\n====\n")
    for key, encoded in sorted((config_map.get("binaryData") or {}).items()):
        text.write(f"{key}: {len(_decoded(encoded))} bytes\n")
    text.write("\n")
    write_events(text, events, now)
    return text.text()


def describe_service_account(account: Object, events: Iterable[Object] | None, now: datetime) -> str:
    """Return the description of a ServiceAccount."""
    text = _start(account)
    header = "Image pull secrets:"
    names = [secret.get("name", "") for secret in account.get("imagePullSecrets") or []]
    for number, name in enumerate(names or ["<none>"]):
        text.write(f"{header if number == 0 else ' ' * len(header)}\t{name}\n")
    write_events(text, events, now)
    return text.text()


def _start(obj: Object) -> TabbedText:
    text = TabbedText()
    meta = obj.get("metadata") or {}
    text.write(f"Name:\t{meta.get('name', '')}\nNamespace:\t{meta.get('namespace', '')}\n")
    metadata.kubectl_labels(text, meta)
    metadata.kubectl_annotations(text, meta)
    return text


def _decoded(encoded: str | None) -> bytes:
    try:
        return base64.b64decode(encoded or "", validate=False)
    except binascii.Error:
        return b""


def mail_date(time: str | None) -> str:
    """Print a time as mails do, in UTC: `Mon, 02 Jan 2006 15:04:05 +0000`."""
    moment = datetime.fromisoformat(time or "0001-01-01T00:00:00Z")
    day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
    return f"{day}, {moment.day:02} {month} {moment.year:04} {moment:%H:%M:%S} +0000"
