"""The `Events:` section at the end of a description."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from imagestreams.api.ages import age, parse_time
from imagestreams.cli.texts.tab_stops import TabbedText


def write_events(text: TabbedText, events: Iterable[Mapping[str, Any]] | None, now: datetime) -> None:
    """Write what happened to an object, oldest first; nothing at all when events were not asked for."""
    if events is None:
        return
    ordered = by_time(events)
    if not ordered:
        text.write("Events:\t<none>\n")
        return
    text.new_columns()
    text.write("Events:\n  Type\tReason\tAge\tFrom\tMessage\n  ----\t------\t----\t----\t-------\n")
    for event in ordered:
        about = f"{event.get('type', '')}\t{event.get('reason', '')}\t{_when(event, now)}"
        text.write(f"  {about}\t{_source(event)}\t{_message(event)}\n")


def by_time(events: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return events with what happened last at the end."""
    return sorted(events, key=lambda event: str(event.get("lastTimestamp") or ""))


def events_section(events: Iterable[Mapping[str, Any]] | None, now: datetime) -> str:
    """Return the section as a text of its own, below an empty line."""
    text = TabbedText()
    write_events(text, events, now)
    section = text.text()
    return f"\n{section}" if section else ""


def _when(event: Mapping[str, Any], now: datetime) -> str:
    event_time = event.get("eventTime")
    first = age(event.get("firstTimestamp") if parse_time(event_time) is None else event_time, now)
    if series := event.get("series"):
        return f"{age(series.get('lastObservedTime'), now)} (x{series.get('count', 0)} over {first})"
    if (event.get("count") or 0) > 1:
        return f"{age(event.get('lastTimestamp'), now)} (x{event['count']} over {first})"
    return first


def _source(event: Mapping[str, Any]) -> str:
    return (event.get("source") or {}).get("component") or event.get("reportingComponent") or ""


def _message(event: Mapping[str, Any]) -> str:
    message = str(event.get("message") or "").strip()
    path = (event.get("involvedObject") or {}).get("fieldPath")
    return f"{path}: {message}" if path else message
