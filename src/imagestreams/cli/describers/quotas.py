"""Quotas and limit ranges inside the description of a namespace or project."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from imagestreams.cli.texts.tab_stops import TabbedText

Object = Mapping[str, Any]

_LIMIT_HEADER: Final = "Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio\n"
_LIMIT_RULE: Final = "----\t--------\t---\t---\t---------------\t-------------\t-----------------------\n"
_LIMIT_FIELDS: Final = ("min", "max", "defaultRequest", "default", "maxLimitRequestRatio")


def write_quotas(text: TabbedText, quotas: Sequence[Object]) -> None:
    """Write the section that kubectl prints for a namespace's resource quotas."""
    if not quotas:
        text.write("No resource quota.\n")
        return
    text.write("Resource Quotas\n")
    for quota in sorted(quotas, key=lambda one: str((one.get("metadata") or {}).get("name", ""))):
        text.write(f"  Name:\t{(quota.get('metadata') or {}).get('name', '')}\n")
        scopes = sorted((quota.get("spec") or {}).get("scopes") or [])
        if scopes:
            text.write(f"  Scopes:\t{', '.join(scopes)}\n")
        text.write("  Resource\tUsed\tHard\n  --------\t---\t---\n")
        for resource, used, hard in _amounts(quota):
            text.write(f"  {resource}\t{used}\t{hard}\n")


def write_limit_ranges(text: TabbedText, limit_ranges: Sequence[Object]) -> None:
    """Write the section that kubectl prints for a namespace's limit ranges."""
    if not limit_ranges:
        text.write("No LimitRange resource.\n")
        return
    text.write(f"Resource Limits\n {_LIMIT_HEADER} {_LIMIT_RULE}")
    for limit_range in limit_ranges:
        for cells in _limits(limit_range):
            text.write(" " + "\t".join(cells) + "\n")


def write_project_quotas(text: TabbedText, quotas: Sequence[Object]) -> None:
    """Write the section that `oc` prints for a project's resource quotas."""
    if not quotas:
        text.line("Quota", "")
        return
    text.write("Quota:\n")
    for quota in quotas:
        text.write(f"\tName:\t{(quota.get('metadata') or {}).get('name', '')}\n")
        text.write("\tResource\tUsed\tHard\n\t--------\t----\t----\n")
        for resource, used, hard in _amounts(quota):
            text.write(f"\t{resource}\t{used}\t{hard}\n")


def write_project_limit_ranges(text: TabbedText, limit_ranges: Sequence[Object]) -> None:
    """Write the section that `oc` prints for a project's limit ranges."""
    if not limit_ranges:
        text.line("Resource limits", "")
        return
    text.write("Resource limits:\n")
    for limit_range in limit_ranges:
        text.write(f"\tName:\t{(limit_range.get('metadata') or {}).get('name', '')}\n\t{_LIMIT_HEADER}\t{_LIMIT_RULE}")
        for cells in _limits(limit_range):
            text.write("\t" + "\t".join(cells) + "\n")


def _amounts(quota: Object) -> Iterator[tuple[str, str, str]]:
    status = quota.get("status") or {}
    hard, used = status.get("hard") or {}, status.get("used") or {}
    for resource in sorted(hard):
        yield resource, str(used.get(resource, "0")), str(hard[resource])


def _limits(limit_range: Object) -> Iterator[list[str]]:
    for item in (limit_range.get("spec") or {}).get("limits") or []:
        columns = [item.get(field) or {} for field in _LIMIT_FIELDS]
        for resource in sorted(set().union(*columns)):
            yield [item.get("type", ""), resource, *(str(column.get(resource, "-")) for column in columns)]
