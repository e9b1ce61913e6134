"""`isctl explain`: what the server's OpenAPI documents say about a resource and its fields."""

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from imagestreams.cli.command import verb
from imagestreams.cli.errors import CliError
from imagestreams.cli.flags import flag, switch
from imagestreams.cli.session import Session
from imagestreams.client.errors import ClientError

if TYPE_CHECKING:
    from imagestreams.client.discovery import ResourceType

_PLAIN = "plaintext"
_PLAIN_V2 = "plaintext-openapiv2"
_FIELD = re.compile(r"[^.\[\]{}()'\"\s]+")


@verb("explain", help="Explain the fields of a resource: RESOURCE[.FIELD…].")
@switch("-R", "--recursive", help="Print the fields of fields.")
@flag("--api-version", default="", help="Explain the resource of this group and version.")
@flag("-o", "--output", default=_PLAIN, help=f"{_PLAIN}, or {_PLAIN_V2} for the older layout.")
@flag("--max-depth", default=0, help="How deep --recursive goes; 0 is all the way.")
@click.argument("arguments", nargs=-1)
@click.pass_obj
def explain(
    session: Session, recursive: bool, api_version: str, output: str, max_depth: int, arguments: tuple[str, ...]
) -> None:
    if not arguments:
        hint = 'Use "isctl api-resources" for a complete list of supported resources.'
        raise CliError(f"You must specify the type of resource to explain. {hint}\n")
    if len(arguments) > 1:
        raise CliError("We accept only this format: explain RESOURCE\n")
    if max_depth > 0 and not recursive:
        raise CliError("--max-depth requires --recursive")
    if max_depth < 0:
        raise CliError("--max-depth must be non-negative")

    resource, fields = _parse(session, arguments[0], whole=not api_version)
    group, version = resource.group, resource.version
    if api_version:
        group, version = _group_version(api_version)
    addresses = None if output == _PLAIN_V2 else _addresses(session)
    if addresses is None:
        from imagestreams.cli.texts.schema_text_v2 import SchemaTextV2

        document = session.client.request("GET", "/openapi/v2").json()
        older = SchemaTextV2(document, recursive=recursive, max_depth=max_depth)
        session.out.write(older.explain(group, version, resource.kind, fields))
        return

    from imagestreams.cli.texts.schema_text import SchemaText

    shown = f"{group}/{version}, Resource={resource.plural}"
    path = f"apis/{group}/{version}" if group else f"api/{version}"
    if path not in addresses:
        raise CliError(f'couldn\'t find resource for "{shown}"')
    document = session.client.request("GET", addresses[path]).json()
    if output != _PLAIN:
        raise CliError(f"unrecognized format: {output}")
    text = SchemaText(document, recursive=recursive, max_depth=max_depth)
    kind = text.kind_of(group, version, resource.plural)
    if kind is None:
        raise CliError(f"GVR ({shown}) not found in OpenAPI schema")
    if kind.get("group"):
        session.say(f"GROUP:      {kind['group']}")
    session.say(f"KIND:       {kind['kind']}\nVERSION:    {kind['version']}\n")
    session.say(text.explain(kind, fields))


def _parse(session: Session, text: str, *, whole: bool) -> "tuple[ResourceType, list[str]]":
    """Tell the resource from the fields behind it; with `whole` the resource may carry its group."""
    head, *rest = text.removesuffix(".").split(".")
    if not _FIELD.fullmatch(head):
        raise CliError("invalid jsonpath syntax, first node must be field node")
    resource = session.discovery.find(head)
    if resource is None:
        raise CliError(f'the server doesn\'t have a resource type "{head}"', plain=True)
    for candidate in session.discovery.resources() if whole else ():
        if candidate.plural == resource.plural and candidate.group and f"{text}.".startswith(f"{candidate.qualified}."):
            behind = text.removeprefix(candidate.qualified).strip(".")
            resource, rest = candidate, behind.split(".") if behind else []
            break
    if not all(_FIELD.fullmatch(name) for name in rest):
        which = "first node must be field node" if whole else "all nodes must be field nodes"
        raise CliError(f"invalid jsonpath syntax, {which}")
    return resource, rest


def _group_version(text: str) -> tuple[str, str]:
    group, slash, version = text.rpartition("/")
    if "/" in group or (slash and not (group and version)):
        raise CliError(f"unexpected GroupVersion string: {text}")
    return group, version


def _addresses(session: Session) -> dict[str, str] | None:
    """Return where the version 3 documents are; `None` when the server has none."""
    try:
        index = session.client.request("GET", "/openapi/v3").json()
    except ClientError as error:
        if error.code in (404, 406):
            return None
        raise
    paths: Any = index.get("paths")
    found = {}
    for path, place in paths.items() if isinstance(paths, dict) else ():
        address = place.get("serverRelativeURL") if isinstance(place, dict) else None
        found[str(path)] = address if isinstance(address, str) else f"/openapi/v3/{quote(str(path))}"
    return found
