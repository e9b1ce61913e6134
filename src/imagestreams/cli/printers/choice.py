"""`-o FORMAT`: from the flag's value to the printer that it means."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from imagestreams.cli.errors import CliError
from imagestreams.cli.printers.go_text import json_text as compact_json
from imagestreams.cli.printers.go_text import quoted, syntax
from imagestreams.cli.session import Session

Object = dict[str, Any]
Render = Callable[[Object], str]

TEMPLATE_FORMATS = ("go-template", "go-template-file", "template", "templatefile")
FORMATS = ("json", "jsonpath", "jsonpath-as-json", "jsonpath-file", "name", "yaml")
TABLE_FORMATS = ("custom-columns", "custom-columns-file", "wide")
_FILE_LIMIT_BYTES = 16 * 1024 * 1024


def printer_for(
    output: str,
    *,
    formats: tuple[str, ...] = FORMATS,
    show_managed_fields: bool = False,
    allow_missing_keys: bool = True,
    no_headers: bool = False,
    template: str = "",
    typed: bool = False,
) -> Render:
    """Return the function that prints an object, a list or a watch event (`{"type", "object"}`) in a format.

    JSON has sorted keys; that of `typed` objects, made from flags, has the order of their type.

    Raises:
        CliError: an unknown format, or a template that can't be read.
    """
    name, _, argument = output.partition("=")
    argument = argument or template
    if name in TEMPLATE_FORMATS or (template and not output):
        raise CliError("Go templates are not supported; use -o jsonpath=… or -o custom-columns=… (see 'isctl get -h')")
    lowered = output.lower()
    if lowered == "json":
        return _json(show_managed_fields, typed)
    if lowered == "yaml":
        return _Yaml(show_managed_fields).render
    if lowered == "name":
        return names_of
    if name in formats and name.startswith("jsonpath"):
        return _jsonpath(name, argument, allow_missing_keys)
    if name in formats and name.startswith("custom-columns"):
        return _custom_columns(name, argument, no_headers)
    allowed = ",".join(sorted(formats + TEMPLATE_FORMATS))
    text = f"unable to match a printer suitable for the output format {quoted(output)}, allowed formats are: {allowed}"
    raise CliError(text)


def print_object(session: Session, output: str, value: Object | None) -> None:
    """Print one object in the format that `-o` names; None prints nothing.

    Raises:
        CliError: an unknown format.
    """
    render = printer_for(output)
    if value is not None:
        session.out.write(render(value))


def without_managed_fields(value: Object) -> Object:
    """Return the object, or the list, without its `managedFields`."""
    metadata = value.get("metadata")
    if isinstance(metadata, dict) and "managedFields" in metadata:
        value = {**value, "metadata": {key: part for key, part in metadata.items() if key != "managedFields"}}
    items = value.get("items")
    if isinstance(items, list) and str(value.get("kind", "")).endswith("List"):
        value = {**value, "items": [without_managed_fields(item) if isinstance(item, dict) else item for item in items]}
    return value


def names_of(value: Object) -> str:
    """Return `kind.group/name` of an object, or of each item of a list, a line each."""
    value = value["object"] if is_event(value) else value
    items = value.get("items")
    if isinstance(items, list) and str(value.get("kind", "")).endswith("List"):
        return "".join(names_of(item) for item in items)
    return reference_of(value) + "\n"


def reference_of(value: Object) -> str:
    """Return `kind.group/name` of an object."""
    group, slash, _ = str(value.get("apiVersion", "")).partition("/")
    kind = str(value.get("kind") or "<unknown>").lower()
    name = (value.get("metadata") or {}).get("name") or "<unknown>"
    return f"{kind}{'.' + group if slash else ''}/{name}"


def is_event(value: Object) -> bool:
    """Tell watch events from objects."""
    return set(value) == {"type", "object"}


def _pruned(value: Object, show_managed_fields: bool) -> Object:
    return value if show_managed_fields or is_event(value) else without_managed_fields(value)


def _json(show_managed_fields: bool, typed: bool) -> Render:
    from imagestreams.cli.printers.documents import json_text

    def render(value: Object) -> str:
        if is_event(value):
            return f'{{"type":{compact_json(value["type"])},"object":{compact_json(value["object"])}}}\n'
        if typed:
            from imagestreams.cli.printers.declared_order import in_declared_order

            return json_text(in_declared_order(_pruned(value, show_managed_fields)), as_it_stands=True)
        return json_text(_pruned(value, show_managed_fields))

    return render


class _Yaml:
    def __init__(self, show_managed_fields: bool) -> None:
        self._show_managed_fields = show_managed_fields
        self._first = True

    def render(self, value: Object) -> str:
        from imagestreams.cli.printers.documents import yaml_text

        separator, self._first = ("" if self._first else "---\n"), False
        return separator + yaml_text(_pruned(value, self._show_managed_fields))


def _jsonpath(name: str, template: str, allow_missing_keys: bool) -> Render:
    from imagestreams.cli.printers.jsonpath import JsonPath
    from imagestreams.cli.printers.jsonpath_syntax import JsonPathError

    if not template:
        raise CliError("template format specified but no template given")
    if name == "jsonpath-file":
        template = _file(template, "error reading --template")
    try:
        path = JsonPath(template, allow_missing_keys=allow_missing_keys)
    except JsonPathError as error:
        raise CliError(f"error parsing jsonpath {template}, {error}") from error

    def render(value: Object) -> str:
        try:
            return path.render_json(value) if name == "jsonpath-as-json" else path.render(value)
        except JsonPathError as error:
            raise CliError(
                f"error executing jsonpath {quoted(template)}: Error executing template: {error}. Printing more"
                f" information for debugging the template:\n\ttemplate was:\n\t\t{template}\n"
                f"\tobject given to jsonpath engine was:\n\t\t{syntax(value)}\n\n\n"
            ) from error

    return render


def _custom_columns(name: str, argument: str, no_headers: bool) -> Render:
    from imagestreams.cli.printers import custom_columns
    from imagestreams.cli.printers.jsonpath_syntax import JsonPathError

    try:
        if name == "custom-columns-file":
            if not argument:
                raise CliError("custom-columns format specified but no custom columns given")
            columns = custom_columns.columns_from_template(_file(argument, "error reading template"))
        else:
            columns = custom_columns.columns_from_spec(argument)
    except JsonPathError as error:
        raise CliError(str(error)) from error
    printer = custom_columns.CustomColumnsPrinter(columns, no_headers)

    def render(value: Object) -> str:
        try:
            return printer.render(value)
        except JsonPathError as error:
            raise CliError(str(error)) from error

    return render


def _file(path: str, problem: str) -> str:
    try:
        with Path(path).open(encoding="utf-8") as file:
            return file.read(_FILE_LIMIT_BYTES)
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror or "").lower() if isinstance(error, OSError) else "not UTF-8"
        raise CliError(f"{problem} {path}, open {path}: {reason}") from error
