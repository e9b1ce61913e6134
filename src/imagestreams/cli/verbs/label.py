"""`isctl label`: change the labels of objects."""

import re
from typing import Any

import click

from imagestreams.cli.command import verb
from imagestreams.cli.errors import CliError, Failures
from imagestreams.cli.objects.pairs import PairEditor, check, pair_flags, read_flags, split_arguments
from imagestreams.cli.objects.selection import Object
from imagestreams.cli.printers.go_text import json_text, quoted
from imagestreams.cli.session import Session

_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
_VALUE_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and"
    " end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is"
    " '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)


@verb("label", help="Change labels: 'isctl label is/python app=web tier-' sets one and removes another.")
@pair_flags("Labels", "kubectl-label")
@click.pass_obj
def label(session: Session, /, arguments: tuple[str, ...], output: str, **flags: Any) -> None:
    options, reporter = read_flags(session, "labels", output, flags)
    named, pairs = split_arguments(arguments, "label")
    new, removed = parse_labels(pairs)
    check(options, named, len(pairs), output, "label")
    _Labels(session, options, reporter).run(named, new, removed)


class _Labels(PairEditor):
    def refuse_overwriting(self, there: dict[str, str], new: dict[str, str]) -> None:
        refused: list[Any] = [
            CliError(f"'{key}' already has a value ({there[key]}), and --overwrite is false")
            for key, value in new.items()
            if key in there and there[key] != value
        ]
        if len(refused) == 1:
            raise refused[0]
        if refused:
            raise CliError("[" + ", ".join(str(one) for one in Failures(refused).failures) + "]")

    def operation(self, old: Object, new: Object) -> str:
        before, after = json_text(old), json_text(new)
        if before == after:
            return "not labeled"
        return "unlabeled" if not self.options.overwrite and len(after) < len(before) else "labeled"


def parse_labels(pairs: tuple[str, ...]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the labels to set and those to remove.

    Raises:
        CliError: a malformed pair, or a label that is both set and removed.
    """
    new: dict[str, str] = {}
    removed: list[str] = []
    for pair in pairs:
        if "=" in pair:
            parts = pair.split("=")
            if len(parts) != 2:
                raise CliError(f"invalid label spec: {pair}")
            problems = [] if len(parts[1]) <= 63 else ["must be no more than 63 bytes"]
            if not _VALUE.fullmatch(parts[1]):
                problems.append(_VALUE_RULE)
            if problems:
                raise CliError(f"invalid label value: {quoted(pair)}: {';'.join(problems)}")
            new[parts[0]] = parts[1]
        elif pair.endswith("-"):
            removed.append(pair[:-1])
        else:
            raise CliError(f"unknown label spec: {pair}")
    if any(key in new for key in removed):
        raise CliError("can not both modify and remove a label in the same command")
    return new, tuple(removed)
