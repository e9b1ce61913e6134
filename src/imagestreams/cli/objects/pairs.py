"""`KEY=VALUE` and `KEY-` arguments of `label` and `annotate`, and what they share when they change objects."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from imagestreams.cli.errors import CliError, raise_failures
from imagestreams.cli.flags import flag, switch
from imagestreams.cli.objects.changes import (
    Reporter,
    dry_run_flag,
    dry_run_strategy,
    file_flags,
    output_flags,
    with_source,
)
from imagestreams.cli.objects.merge_patch import merge_diff
from imagestreams.cli.objects.selection import Files, Object, Selectors, Target, read_all, select, target_of
from imagestreams.cli.session import Session
from imagestreams.client.errors import ClientError

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class PairOptions:
    """The flags that `label` and `annotate` share; `kind` is `labels` or `annotations`."""

    kind: str
    files: Files
    selectors: Selectors
    all_namespaces: bool
    overwrite: bool
    list_only: bool
    local: bool
    resource_version: str
    strategy: str
    field_manager: str


def pair_flags(kind: str, field_manager: str) -> Callable[[F], F]:
    """Add the flags and arguments of a verb that changes `Labels` or `Annotations`."""

    def decorate(function: F) -> F:
        for add in (
            click.argument("arguments", nargs=-1, metavar="(TYPE NAME… | TYPE/NAME…) KEY=VALUE… KEY-…"),
            flag("--field-manager", default=field_manager, help="The name under which fields are managed."),
            flag("--resource-version", default="", help="Change the object only if it has this version."),
            flag("--field-selector", default="", help="Fields of the objects to change."),
            flag("-l", "--selector", default="", help="Labels of the objects to change."),
            switch("-A", "--all-namespaces", help="Look into all namespaces."),
            switch("--all", "everything", help="Change all objects of the types."),
            switch("--local", help="Change files only; ask no server."),
            switch("--list", "list_only", help=f"Show the {kind.lower()}."),
            switch("--overwrite", help=f"{kind} that are there may change."),
            dry_run_flag,
            output_flags,
            file_flags,
        ):
            function = add(function)
        return function

    return decorate


def read_flags(session: Session, kind: str, output: str, flags: dict[str, Any]) -> tuple[PairOptions, Reporter]:
    """Return what the flags of `pair_flags` say; `kind` is `labels` or `annotations`.

    Raises:
        CliError: a flag has no such value.
    """
    given = dict(flags)
    printing = {name: given.pop(name) for name in ("show_managed_fields", "allow_missing_template_keys", "template")}
    strategy = dry_run_strategy(session, given.pop("dry_run"))
    files = Files(given.pop("filename"), given.pop("recursive"), given.pop("kustomize"))
    selectors = Selectors(given.pop("selector"), given.pop("field_selector"), given.pop("everything"))
    options = PairOptions(kind=kind, files=files, selectors=selectors, strategy=strategy, **given)
    return options, Reporter(session, output, strategy, **printing)


def split_arguments(arguments: tuple[str, ...], word: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the arguments that name objects, and the pairs behind them.

    Raises:
        CliError: an object is named after the first pair.
    """
    named: list[str] = []
    pairs: list[str] = []
    for argument in arguments:
        if ("=" in argument and not argument.startswith("=")) or (argument.endswith("-") and argument != "-"):
            pairs.append(argument)
        elif pairs:
            raise CliError(f"all resources must be specified before {word} changes: {argument}")
        else:
            named.append(argument)
    return tuple(named), tuple(pairs)


def check(options: PairOptions, named: tuple[str, ...], changes: int, output: str, word: str) -> None:
    """Refuse flags that contradict each other.

    Raises:
        CliError: they do.
    """
    if options.list_only and output:
        raise CliError("--list and --output may not be specified together")
    if options.selectors.everything and options.selectors.labels:
        raise CliError("cannot set --all and --selector at the same time")
    if options.selectors.everything and options.selectors.fields:
        raise CliError("cannot set --all and --field-selector at the same time")
    if options.local:
        if options.strategy == "server":
            raise CliError("cannot specify --local and --dry-run=server - did you mean --dry-run=client?")
        if named:
            raise CliError("can only use local files by -f rsrc.yaml or --filename=rsrc.json when --local=true is set")
        if not options.files:
            raise CliError("one or more files must be specified as -f rsrc.yaml or --filename=rsrc.json")
    elif not named and not options.files:
        raise CliError("one or more resources must be specified as <resource> <name> or <resource>/<name>")
    if not changes and not options.list_only:
        raise CliError(f"at least one {word} update is required")


class PairEditor:
    """Changes labels or annotations of objects, one after the other; a failure does not stop the rest."""

    def __init__(self, session: Session, options: PairOptions, reporter: Reporter) -> None:
        self.session = session
        self.options = options
        self.reporter = reporter

    def run(self, named: tuple[str, ...], new: dict[str, str], removed: tuple[str, ...]) -> None:
        """Change the objects that the arguments name.

        Raises:
            CliError, ClientError, Failures: what could not be changed.
        """
        objects, single = self._objects(named)
        if self.options.resource_version and not single:
            raise CliError("--resource-version may only be used with a single resource")
        failures: list[CliError | ClientError] = []
        for target, value in objects:
            try:
                if self.options.list_only:
                    self._show(value, single)
                else:
                    self._change(target, value, new, removed)
            except (CliError, ClientError) as error:
                failures.append(error)
        raise_failures(failures)

    def refuse_overwriting(self, there: dict[str, str], new: dict[str, str]) -> None:
        """Raise when `--overwrite` is needed and not given."""
        raise NotImplementedError

    def operation(self, old: Object, new: Object) -> str:
        """Say what was done."""
        raise NotImplementedError

    def _objects(self, named: tuple[str, ...]) -> tuple[list[tuple[Target, Object]], bool]:
        options = self.options
        if options.local:
            from imagestreams.cli.objects.manifests import read_manifests

            files = options.files
            read = read_manifests(files.names, files.recursive, files.kustomize)
            found = [(target_of(self.session, one, enforce_namespace=False), one.object) for one in read]
            return found, len(found) == 1
        selection = select(
            self.session,
            named,
            files=options.files,
            selectors=options.selectors,
            all_namespaces=options.all_namespaces,
        )
        return read_all(self.session, selection), selection.single

    def _show(self, value: Object, single: bool) -> None:
        metadata = value.get("metadata") or {}
        indent = ""
        if not single:
            indent = " "
            group = str(value.get("apiVersion", "")).rpartition("/")[0]
            kind = f"{value.get('kind', '')}.{group}/{metadata.get('name', '')}"
            self.session.say(f"Listing {self.options.kind} for {kind}:")
        pairs = metadata.get(self.options.kind) or {}
        for key in sorted(pairs):
            self.session.say(f"{indent}{key}={pairs[key]}")

    def _change(self, target: Target, value: Object, new: dict[str, str], removed: tuple[str, ...]) -> None:
        options = self.options
        changed: dict[str, Any] = copy.deepcopy(value)
        metadata = changed.setdefault("metadata", {})
        there: dict[str, str] = metadata.get(options.kind) or {}
        if not options.overwrite:
            self.refuse_overwriting(there, new)
        if options.kind == "labels" and not options.local and options.strategy != "client":
            for key in removed:
                if key not in there:
                    self.session.say(f'label "{key}" not found.')
        kept = {key: text for key, text in {**there, **new}.items() if key not in removed}
        if kept or options.kind in metadata:
            metadata[options.kind] = kept
        if not kept and not there:
            metadata.pop(options.kind, None)
        operation = self.operation(value, changed)
        if not options.local and options.strategy != "client":
            patch = merge_diff(value, changed)
            if options.resource_version:
                patch.setdefault("metadata", {})["resourceVersion"] = options.resource_version
            try:
                answer = self.session.resources(target.type, target.namespace).patch(
                    target.name,
                    patch,
                    dry_run="All" if options.strategy == "server" else "",
                    field_manager=options.field_manager,
                )
            except ClientError as error:
                raise (with_source(error, "patching", target.source) if target.source else error) from error
            # A labelled object is printed as it was sent, an annotated one as it came back.
            changed = answer if options.kind == "annotations" else changed
            self.reporter.report(changed, operation)
            return
        self.reporter.report(changed, operation)
