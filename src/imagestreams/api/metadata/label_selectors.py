"""What label selectors select, and how they are written in one line."""

from collections.abc import Mapping

from imagestreams.api.meta import LabelSelector, LabelSelectorRequirement

NONE_SHOWN = "<none>"
_OPERATORS = frozenset({"In", "NotIn", "Exists", "DoesNotExist"})


def is_empty(selector: LabelSelector) -> bool:
    """Return whether a selector has no condition: it then selects everything."""
    return not selector.match_labels and not selector.match_expressions


def is_readable(selector: LabelSelector) -> bool:
    """Return whether all operators are known."""
    return all(each.operator in _OPERATORS for each in selector.match_expressions or [])


def selects(selector: LabelSelector | None, labels: Mapping[str, str] | None) -> bool:
    """Return whether labels fit a selector; no selector selects nothing."""
    if selector is None:
        return False
    labels = labels or {}
    wanted = (selector.match_labels or {}).items()
    return all(labels.get(key) == value for key, value in wanted) and all(
        _holds(each, labels) for each in selector.match_expressions or []
    )


def _holds(requirement: LabelSelectorRequirement, labels: Mapping[str, str]) -> bool:
    key, values = requirement.key, requirement.values or []
    match requirement.operator:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
    return False


def selector_text(selector: LabelSelector | None) -> str:
    """Write a selector as a query: `app=web,tier in (a,b)`; empty when it has no conditions."""
    if selector is None:
        return ""
    parts = [(key, f"{key}={value}") for key, value in (selector.match_labels or {}).items()]
    parts += [(each.key, _text(each)) for each in selector.match_expressions or []]
    return ",".join(text for _, text in sorted(parts, key=lambda part: part[0]))


def shown_selector(selector: LabelSelector | None) -> str:
    """Write a selector as tables do, with `<none>` for one without conditions and for none."""
    return selector_text(selector) or NONE_SHOWN


def shown_labels(labels: Mapping[str, str] | None) -> str:
    """Write labels as tables do: in order of what is written, so that `a-b=1` comes before `a=1`."""
    return ",".join(sorted(f"{key}={value}" for key, value in (labels or {}).items())) or NONE_SHOWN


def _text(requirement: LabelSelectorRequirement) -> str:
    key, values = requirement.key, ",".join(sorted(requirement.values or []))
    match requirement.operator:
        case "In":
            return f"{key} in ({values})"
        case "NotIn":
            return f"{key} notin ({values})"
        case "DoesNotExist":
            return f"!{key}"
    return key
