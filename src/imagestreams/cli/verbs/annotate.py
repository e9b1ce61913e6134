"""`isctl annotate`: change the annotations of objects."""

from typing import Any

import click

from imagestreams.cli.command import verb
from imagestreams.cli.errors import CliError
from imagestreams.cli.objects.pairs import PairEditor, check, pair_flags, read_flags, split_arguments
from imagestreams.cli.objects.selection import Object
from imagestreams.cli.session import Session

_CHANGE_CAUSE = "kubernetes.io/change-cause"


@verb("annotate", help="Change annotations: 'isctl annotate is/python note=\"for tests\" old-'.")
@pair_flags("Annotations", "kubectl-annotate")
@click.pass_obj
def annotate(session: Session, /, arguments: tuple[str, ...], output: str, **flags: Any) -> None:
    options, reporter = read_flags(session, "annotations", output, flags)
    named, pairs = split_arguments(arguments, "annotation")
    new, removed = parse_annotations(pairs)
    check(options, named, len(pairs), output, "annotation")
    both = [key for key in removed if key in new]
    if both:
        raise CliError(
            f"can not both modify and remove the following annotation(s) in the same command: {', '.join(both)}"
        )
    _Annotations(session, options, reporter).run(named, new, removed)


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
