"""`isctl get`: objects as tables, documents or templates, once or as they change."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from imagestreams.cli.command import verb
from imagestreams.cli.errors import CliError, raise_failures, usage_error
from imagestreams.cli.flags import flag, list_flag, switch
from imagestreams.cli.objects.selection import (
    Files,
    Object,
    Selection,
    Selectors,
    Target,
    items_of,
    read_collection,
    read_target,
    select,
)
from imagestreams.cli.printers import choice
from imagestreams.cli.printers.columns import Columns
from imagestreams.cli.printers.tables import TableOptions, TablePrinter
from imagestreams.cli.session import Session
from imagestreams.client.discovery import ResourceType
from imagestreams.client.errors import ClientError
from imagestreams.client.resources import TABLE

_FORMATS = choice.FORMATS + choice.TABLE_FORMATS


@dataclass(frozen=True)
class Options:
    """The flags of `get`."""

    output: str
    watch: bool
    watch_only: bool
    output_watch_events: bool
    all_namespaces: bool
    selector: str
    field_selector: str
    sort_by: str
    show_labels: bool
    label_columns: tuple[str, ...]
    no_headers: bool
    show_kind: bool
    show_managed_fields: bool
    ignore_not_found: bool
    chunk_size: int
    subresource: str
    server_print: bool
    allow_missing_template_keys: bool
    template: str

    @property
    def as_table(self) -> bool:
        """Whether the output is meant for people."""
        return self.output in ("", "wide") and not self.template

    def render(self) -> choice.Render:
        """Return the printer of an output that is no table."""
        return choice.printer_for(
            self.output,
            formats=_FORMATS,
            show_managed_fields=self.show_managed_fields,
            allow_missing_keys=self.allow_missing_template_keys,
            no_headers=self.no_headers,
            template=self.template,
        )


@verb("get", help="Show objects: 'isctl get is', 'isctl get is/python -o yaml', 'isctl get is -l app=web -w'.")
@flag("-o", "--output", default="", help="json, yaml, name, wide, jsonpath=…, custom-columns=…, and their -file forms.")
@switch("-w", "--watch", help="Go on and show changes as they happen.")
@switch("--watch-only", help="Show changes only, not what is there.")
@switch("--output-watch-events", help="Say with each change what kind of change it is.")
@switch("-A", "--all-namespaces", help="Look into all namespaces.")
@flag("-l", "--selector", default="", help="Labels that the objects must have: a=b,c!=d,e in (f,g).")
@flag("--field-selector", default="", help="Fields that the objects must have: metadata.name=python.")
@flag("--sort-by", default="", help="Sort by a field: .metadata.name.")
@switch("--show-labels", help="Show all labels in a last column.")
@list_flag("-L", "--label-columns", split=True, help="Labels that get a column of their own.")
@switch("--no-headers", help="Leave out the header.")
@switch("--show-kind", help="Put the kind before each name.")
@switch("--show-managed-fields", help="Keep managedFields in JSON and YAML.")
@switch("--ignore-not-found", help="Missing objects are no failure.")
@flag("--chunk-size", default=500, help="How many objects one request may bring; 0 is all.")
@flag("--raw", default="", help="Print what the server answers for a path.")
@flag("--subresource", default="", help="Show a subresource of the objects, such as status.")
@switch("--server-print", default=True, help="Let the server choose a table's columns.")
@switch("--allow-missing-template-keys", default=True, help="Missing keys are no failure in templates.")
@flag("--template", default="", help="The template, when -o names only its format.")
@list_flag("-f", "--filename", split=True, help="Show the objects that a file, directory or URL names.")
@flag("-k", "--kustomize", default="", hidden=True)
@switch("-R", "--recursive", help="Look for files in folders below, too.")
@click.argument("arguments", nargs=-1, metavar="(TYPE [NAME…] | TYPE/NAME…)")
@click.pass_obj
def get(
    session: Session,
    /,
    arguments: tuple[str, ...],
    raw: str,
    filename: tuple[str, ...],
    kustomize: str,
    recursive: bool,
    **given: Any,
) -> None:
    options = Options(**given)
    files = Files(filename, recursive, kustomize)
    if raw:
        _raw(session, raw, arguments, options)
        return
    _check(options)
    if options.watch or options.watch_only:
        if options.sort_by:
            ignored = "--watch requested, --sort-by will be ignored for watch events received"
            if not options.watch:
                ignored = "--watch-only requested, --sort-by will be ignored"
            session.note(f"warning: {ignored}")
    elif not arguments and not files:
        session.note(
            "You must specify the type of resource to get. Use \"isctl api-resources\" for a complete list of supported"
            " resources.\n"
        )  # fmt: skip
        raise usage_error(
            'Required resource not specified.\nUse "isctl explain <resource>" for a detailed description of that'
            " resource (e.g. isctl explain imagestreams).",
            "isctl get",
        )
    selection = select(
        session,
        arguments,
        files=files,
        selectors=Selectors(options.selector, options.field_selector),
        all_namespaces=options.all_namespaces,
        whole_collections=True,
        subresource=options.subresource,
    )
    if options.watch or options.watch_only:
        _watch(session, selection, options)
    elif options.as_table:
        _print_tables(session, selection, options)
    else:
        _print_documents(session, selection, options)


def _check(options: Options) -> None:
    if options.show_labels and options.output not in ("", "wide"):
        raise CliError(f"--show-labels option cannot be used with {options.output} printer")
    if options.label_columns and options.output.startswith("custom-columns"):
        raise CliError(f"--label-columns option cannot be used with {options.output} printer")
    if options.output_watch_events and not (options.watch or options.watch_only):
        raise CliError("--output-watch-events option can only be used with --watch or --watch-only")
    if not options.as_table:
        options.render()


def _raw(session: Session, path: str, arguments: tuple[str, ...], options: Options) -> None:
    if arguments:
        raise CliError("arguments may not be passed when --raw is specified")
    if options.watch or options.watch_only or options.selector:
        raise CliError("--raw may not be specified with other flags that filter the server request or alter the output")
    if options.output:
        raise CliError("--raw and --output are mutually exclusive")
    if not path.startswith("/"):
        raise CliError(f'--raw must be a valid URL path: parse "{path}": invalid URI for request')
    answer = session.client.request("GET", path, accept="*/*")
    session.out.flush()
    sys.stdout.buffer.write(answer.body)


def _fetch(session: Session, selection: Selection, options: Options) -> tuple[list[tuple[Target, Object]], list[Any]]:
    """Ask for each target; what fails is collected, and ends a list of plain names as it does in kubectl."""
    accept = TABLE if options.as_table and options.server_print else "application/json"
    include = "Object" if accept == TABLE and options.sort_by else ""
    found: list[tuple[Target, Object]] = []
    failures: list[CliError | ClientError] = []
    for target in selection.targets:
        try:
            if target.name:
                answer = read_target(
                    session, target, accept=accept, subresource=options.subresource, include_object=include
                )
            else:
                answer = read_collection(
                    session,
                    target,
                    selection.selectors,
                    accept=accept,
                    chunk_size=0 if options.sort_by else options.chunk_size,
                    include_object=include,
                )
        except ClientError as error:
            if error.status is None:
                raise
            if not (options.ignore_not_found and error.reason == "NotFound"):
                failures.append(error)
            continue
        found.append((target, answer))
    return found, failures


def _print_tables(session: Session, selection: Selection, options: Options) -> None:
    found, failures = _fetch(session, selection, options)
    if options.sort_by and len(found) > 1:
        found = [found[position] for position in _order([answer for _, answer in found], options)]
    several = len({target.type for target, _ in found}) > 1
    columns, printer, last, written, ready = Columns(), None, None, False, False
    for target, answer in found:
        if printer is None or target.type != last:
            written, ready = _write(session, columns, written, ready)
            columns.forget_widths()
            ready = last is not None and not options.no_headers and written
            printer = TablePrinter(_table_options(options, target.type, several))
            last = target.type
        rows = _sorted_rows(answer, options)
        if rows is not None:
            printer.print(rows, columns)
    written, _ = _write(session, columns, written, ready)
    if not written and not failures and not options.ignore_not_found:
        namespaced = not options.all_namespaces and all(target.type.namespaced for target, _ in found)
        session.note(f"No resources found in {session.namespace} namespace." if namespaced else "No resources found")
    raise_failures(failures)


def _write(session: Session, columns: Columns, written: bool, separator: bool) -> tuple[bool, bool]:
    """Print what the columns hold, after an empty line where one is due."""
    text = columns.flush()
    if not text:
        return written, separator
    session.out.write(("\n" if separator else "") + text)
    return True, False


def _table_options(options: Options, kind: ResourceType, several: bool) -> TableOptions:
    return TableOptions(
        wide=options.output == "wide",
        no_headers=options.no_headers,
        with_namespace=options.all_namespaces and kind.namespaced,
        show_labels=options.show_labels,
        label_columns=options.label_columns,
        kind=kind.reference("")[:-1] if several or options.show_kind else "",
    )


def _sorted_rows(answer: Object, options: Options) -> Object | None:
    """Return a table with its rows in order; None, as kubectl shows nothing then, when no row has the field."""
    rows = answer.get("rows")
    if not options.sort_by or not isinstance(rows, list) or len(rows) < 2:
        return answer
    try:
        order = _order([row.get("object") or {} for row in rows], options)
    except CliError:
        return None
    return {**answer, "rows": [rows[position] for position in order]}


def _sorted_items(answer: Object, options: Options) -> Object:
    items = answer.get("items")
    if not options.sort_by or not isinstance(items, list):
        return answer
    return {**answer, "items": [items[position] for position in _order(items, options)]}


def _order(objects: list[Object], options: Options) -> list[int]:
    from imagestreams.cli.printers.jsonpath_syntax import JsonPathError
    from imagestreams.cli.printers.sorting import order_of

    try:
        return order_of(objects, options.sort_by)
    except JsonPathError as error:
        raise CliError(str(error)) from error


def _print_documents(session: Session, selection: Selection, options: Options) -> None:
    found, failures = _fetch(session, selection, options)
    if failures and selection.single:
        raise failures[0]
    objects: list[Object] = []
    for target, answer in found:
        objects += [answer] if target.name else items_of(answer, target.type)
    if objects or not options.ignore_not_found:
        value = objects[0] if selection.single and objects else _list_of(objects)
        session.out.write(options.render()(_sorted_items(value, options)))
    raise_failures(failures)


def _list_of(objects: list[Object]) -> Object:
    return {"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": objects}


def _watch(session: Session, selection: Selection, options: Options) -> None:
    from imagestreams.cli.objects.watching import watch_target

    if len(selection.targets) != 1:
        kinds = {target.type for target in selection.targets}
        if len(kinds) > 1:
            raise CliError("you may only specify a single resource type")
        raise CliError("watch is only supported on individual resources and resource collections")
    target = selection.targets[0]
    show = _event_printer(session, target, options)
    try:
        watch_target(session, target, options, show)
    except ClientError as error:
        if error.reason == "NotFound" and options.ignore_not_found:
            return
        raise


def _event_printer(session: Session, target: Target, options: Options) -> Callable[[str, Object], None]:
    columns, tables = Columns(), TablePrinter(_table_options(options, target.type, False))
    render = None if options.as_table else options.render()

    def show(event: str, value: Object) -> None:
        if render is None:
            tables.print(value, columns, event if options.output_watch_events else "")
            session.out.write(columns.flush())
        else:
            session.out.write(render({"type": event, "object": value} if options.output_watch_events else value))
        session.out.flush()

    return show
