"""`describe project/NAME`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from imagestreams.api.ages import parse_time, relative_time
from imagestreams.cli.describers import metadata
from imagestreams.cli.describers.quotas import write_project_limit_ranges, write_project_quotas

Object = Mapping[str, Any]


def describe_project(project: Object, quotas: Sequence[Object], limit_ranges: Sequence[Object], now: datetime) -> str:
    """Return the description of a Project."""
    text = metadata.oc_text()
    meta = project.get("metadata") or {}
    annotations = meta.get("annotations") or {}
    text.line("Name", meta.get("name", ""))
    if parse_time(meta.get("creationTimestamp")) is not None:
        text.line("Created", f"{relative_time(meta['creationTimestamp'], now)} ago")
    metadata.pairs(text, "Labels", meta.get("labels"))
    metadata.description_and_annotations(text, meta)
    text.line("Display Name", annotations.get("openshift.io/display-name", ""))
    text.line("Description", annotations.get("openshift.io/description", ""))
    text.line("Status", (project.get("status") or {}).get("phase", ""))
    text.line("Node Selector", annotations.get("openshift.io/node-selector", ""))
    write_project_quotas(text, quotas)
    write_project_limit_ranges(text, limit_ranges)
    return text.text()
