"""`isctl annotate`: change the annotations of objects."""

from typing import Any

import click

from imagestreams.cli.command import verb
from imagestreams.cli.errors import CliError
from imagestreams.cli.flags import flag, switch
from imagestreams.cli.objects.changes import Reporter, dry_run_flag, dry_run_strategy, file_flags, output_flags
from imagestreams.cli.objects.pairs import PairEditor, PairOptions, check, split_arguments
from imagestreams.cli.objects.selection import Files, Object, Selectors
from imagestreams.cli.session import Session

_CHANGE_CAUSE = "kubernetes.io/change-cause"


@verb("annotate", help="Change annotations: 'isctl annotate is/python note=\"for tests\" old-'.")
@file_flags
@output_flags
@dry_run_flag
@switch("--overwrite", help="Annotations that are there may change.")
@switch("--list", "list_only", help="Show the annotations.")
@switch("--local", help="Change files only; ask no server.")
@switch("--all", "everything", help="Change all objects of the types.")
@switch("-A", "--all-namespaces", help="Look into all namespaces.")
@flag("-l", "--selector", default="", help="Labels of the objects to change.")
@flag("--field-selector", default="", help="Fields of the objects to change.")
@flag("--resource-version", default="", help="Change the object only if it has this version.")
@flag("--field-manager", default="kubectl-annotate", help="The name under which fields are managed.")
@click.argument("arguments", nargs=-1, metavar="(TYPE NAME… | TYPE/NAME…) KEY=VALUE… KEY-…")
@click.pass_obj
def annotate(
    session: Session,
    /,
    arguments: tuple[str, ...],
    filename: tuple[str, ...],
    recursive: bool,
    kustomize: str,
    selector: str,
    field_selector: str,
    everything: bool,
    dry_run: str,
    output: str,
    **given: Any,
) -> None:
    printing = {name: given.pop(name) for name in ("show_managed_fields", "allow_missing_template_keys", "template")}
    strategy = dry_run_strategy(session, dry_run)
    named, pairs = split_arguments(arguments, "annotation")
    new, removed = parse_annotations(pairs)
    options = PairOptions(
        kind="annotations",
        files=Files(filename, recursive, kustomize),
        selectors=Selectors(selector, field_selector, everything),
        strategy=strategy,
        **given,
    )
    check(options, named, len(pairs), output, "annotation")
    both = [key for key in removed if key in new]
    if both:
        raise CliError(
            f"can not both modify and remove the following annotation(s) in the same command: {', '.join(both)}"
        )
    _Annotations(session, options, Reporter(session, output, strategy, **printing)).run(named, new, removed)


class _Annotations(PairEditor):
    def refuse_overwriting(self, there: dict[str, str], new: dict[str, str]) -> None:
        refused = "; ".join(
            f"'{key}' already has a value ({there[key]})" for key in new if key in there and key != _CHANGE_CAUSE
        )
        if refused:
            raise CliError(f"--overwrite is false but found the following declared annotation(s): {refused}")

    def operation(self, old: Object, new: Object) -> str:
        return "annotated"


def parse_annotations(pairs: tuple[str, ...]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the annotations to set and those to remove.

    Raises:
        CliError: a malformed pair.
    """
    new: dict[str, str] = {}
    removed: list[str] = []
    bad: list[str] = []
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if equals and key:
            new[key] = value
        elif pair.endswith("-") and pair != "-":
            removed.append(pair[:-1])
        else:
            bad.append(pair)
    if bad:
        raise CliError(f"invalid annotation format: {', '.join(bad)}")
    return new, tuple(removed)
