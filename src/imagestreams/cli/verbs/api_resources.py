"""`isctl api-resources` and `isctl api-versions`: what the server has."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from imagestreams.cli.command import verb
from imagestreams.cli.errors import CliError, usage_error
from imagestreams.cli.flags import flag, list_flag, switch
from imagestreams.cli.session import Session
from imagestreams.client.errors import ClientError

if TYPE_CHECKING:
    from imagestreams.client.discovery import ResourceType

_FORMATS = ("json", "name", "wide", "yaml")
_HEADERS = ("NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND")
_WIDE_HEADERS = (*_HEADERS, "VERBS", "CATEGORIES")
_PADDING = 3
_LEAST_WIDTH = 6


@verb("api-resources", help="List the server's resources.")
@flag("--api-group", help="Only resources of this group; an empty one is the core group.")
@switch("--namespaced", default=None, help="Only resources with a namespace; =false, only those without.")
@list_flag("--verbs", split=True, help="Only resources with all of these verbs.")
@list_flag("--categories", split=True, help="Only resources in all of these categories.")
@flag("--sort-by", default="", help="Sort by name or kind rather than by group.")
@switch("--cached", help="Kept for scripts written for oc; nothing is cached.")
@switch("--no-headers", help="Leave the headers out.")
@flag("-o", "--output", default="", help="One of wide, name, json or yaml.")
@click.argument("arguments", nargs=-1)
@click.pass_obj
def api_resources(
    session: Session,
    api_group: str | None,
    namespaced: bool | None,
    verbs: tuple[str, ...],
    categories: tuple[str, ...],
    sort_by: str,
    cached: bool,
    no_headers: bool,
    output: str,
    arguments: tuple[str, ...],
) -> None:
    if arguments:
        raise usage_error(f"unexpected arguments: [{' '.join(arguments)}]", "isctl api-resources")
    if output and output not in _FORMATS:
        formats = ",".join(_FORMATS)
        text = f'unable to match a printer suitable for the output format "{output}", allowed formats are: {formats}'
        raise CliError(text)
    if sort_by not in _ORDERS:
        raise CliError("--sort-by accepts only name or kind")

    found = [
        resource
        for resource in session.discovery.resources()
        if resource.verbs
        and (api_group is None or resource.group == api_group)
        and (namespaced is None or resource.namespaced is namespaced)
        and set(verbs) <= set(resource.verbs)
        and set(categories) <= set(resource.categories)
    ]
    found.sort(key=lambda resource: (_ORDERS[sort_by](resource), resource.plural))
    session.out.write(_print(found, output, headers=not no_headers))
    missing = [
        f"{group.name}/{version}: the server is currently unable to handle the request"
        for group in session.discovery.groups()
        for version in group.uncertain
    ]
    if missing:
        raise CliError(f"unable to retrieve the complete list of server APIs: {', '.join(missing)}")


@verb("api-versions", help="List the server's groups and versions.")
@click.argument("arguments", nargs=-1)
@click.pass_obj
def api_versions(session: Session, arguments: tuple[str, ...]) -> None:
    if arguments:
        raise usage_error(f"unexpected arguments: [{' '.join(arguments)}]", "isctl api-versions")
    try:
        groups = session.discovery.groups()
    except ClientError as error:
        raise CliError(f"couldn't get available api versions from server: {error.message}") from error
    for text in sorted(f"{group.name}/{v}" if group.name else v for group in groups for v in group.versions):
        session.say(text)


_ORDERS: "dict[str, Callable[[ResourceType], str]]" = {
    "": lambda resource: resource.group,
    "name": lambda resource: resource.plural,
    "kind": lambda resource: resource.kind,
}


def _print(resources: "list[ResourceType]", output: str, *, headers: bool) -> str:
    if output == "name":
        return "".join(f"{resource.qualified}\n" for resource in resources)
    if output in ("json", "yaml"):
        document = {
            "kind": "APIResourceList",
            "apiVersion": "v1",
            "groupVersion": "",
            "resources": [_document(resource) for resource in resources],
        }
        if output == "json":
            return json.dumps(document, indent=4) + "\n"
        from imagestreams.cli.printers.documents import yaml_text

        return yaml_text(_sorted(document))
    rows = [_WIDE_HEADERS if output == "wide" else _HEADERS] if headers else []
    return _table([*rows, *(_row(resource, wide=output == "wide") for resource in resources)])


def _row(resource: "ResourceType", *, wide: bool) -> tuple[str, ...]:
    cells = (
        resource.plural,
        ",".join(resource.short_names),
        resource.api_version,
        "true" if resource.namespaced else "false",
        resource.kind,
    )
    return (*cells, ",".join(resource.verbs), ",".join(resource.categories)) if wide else cells


def _document(resource: "ResourceType") -> dict[str, Any]:
    optional = {
        "shortNames": list(resource.short_names),
        "categories": list(resource.categories),
    }
    return {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        **({"group": resource.group} if resource.group else {}),
        "version": resource.version,
        "kind": resource.kind,
        "verbs": list(resource.verbs),
        **{key: value for key, value in optional.items() if value},
    }


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(element) for element in value] if isinstance(value, list) else value


def _table(rows: list[tuple[str, ...]]) -> str:
    widths = [max(_LEAST_WIDTH, _PADDING + max(map(len, column))) for column in zip(*rows, strict=True)]
    lines = (
        "".join(cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=False)) + row[-1] for row in rows
    )
    return "".join(f"{line}\n" for line in lines)
