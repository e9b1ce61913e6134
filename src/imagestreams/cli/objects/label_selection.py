"""Label selectors applied on this side, to objects that come from files."""

import re
from typing import Any

from imagestreams.cli.errors import CliError

_REQUIREMENT = re.compile(
    r"\s*(?:(?P<absent>!)?\s*(?P<key>[\w./-]+))\s*"
    r"(?:(?P<set>in|notin)\s*\((?P<values>[^()]*)\)|(?P<equal>==|=|!=)\s*(?P<value>[\w.-]*))?\s*"
)


def matches(selector: str, value: dict[str, Any]) -> bool:
    """Tell whether an object's labels fit a selector such as `a=b,c!=d,e in (f,g),!h`.

    Raises:
        CliError: the selector is malformed.
    """
    labels = (value.get("metadata") or {}).get("labels") or {}
    return all(_fits(part, labels, selector) for part in re.split(r",(?![^()]*\))", selector))


def _fits(part: str, labels: dict[str, str], selector: str) -> bool:
    match = _REQUIREMENT.fullmatch(part)
    if match is None or (match["absent"] and (match["set"] or match["equal"])):
        raise CliError(f'the provided selector "{selector}" is not valid: unable to parse requirement: {part.strip()}')
    label = labels.get(match["key"])
    if match["set"]:
        among = label is not None and label in [one.strip() for one in match["values"].split(",")]
        return among if match["set"] == "in" else not among
    if match["equal"]:
        return (label == match["value"]) != (match["equal"] == "!=")
    return (label is None) == bool(match["absent"])
