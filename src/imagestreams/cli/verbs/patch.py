"""`isctl patch`: change fields of objects."""

from typing import Any, Final

import click

from imagestreams.cli.command import verb
from imagestreams.cli.errors import CliError, raise_failures
from imagestreams.cli.flags import flag, switch
from imagestreams.cli.objects.changes import Reporter, dry_run_flag, dry_run_strategy, file_flags, output_flags
from imagestreams.cli.objects.local_patch import patched_locally, read_patch
from imagestreams.cli.objects.manifests import read_manifests
from imagestreams.cli.objects.selection import Files, Object, Target, read_target, select
from imagestreams.cli.printers.go_text import quoted
from imagestreams.cli.session import Session
from imagestreams.client.errors import ClientError
from imagestreams.client.resources import JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH

_KINDS: Final = {"json": JSON_PATCH, "merge": MERGE_PATCH, "strategic": STRATEGIC_PATCH}


@verb("patch", help="Change fields of objects: isctl patch is/python -p 'spec: {lookupPolicy: {local: true}}'")
@file_flags
@output_flags
@dry_run_flag
@flag("-p", "--patch", "text", default="", help="The patch, in JSON or YAML.")
@flag("--patch-file", default="", help="A file with the patch.")
@flag("--type", "kind", default="strategic", help="What kind of patch it is: json, merge or strategic.")
@switch("--local", help="Change what files hold and print it; ask no server.")
@flag("--field-manager", default="kubectl-patch", help="The name under which fields are managed.")
@flag("--subresource", default="", help="Patch a subresource, such as status or scale.")
@click.argument("arguments", nargs=-1, metavar="(TYPE NAME… | TYPE/NAME… | -f FILE)")
@click.pass_obj
def patch(
    session: Session,
    /,
    arguments: tuple[str, ...],
    filename: tuple[str, ...],
    recursive: bool,
    kustomize: str,
    text: str,
    patch_file: str,
    kind: str,
    local: bool,
    field_manager: str,
    subresource: str,
    dry_run: str,
    output: str,
    **printing: Any,
) -> None:
    strategy = dry_run_strategy(session, dry_run)
    _check(text, patch_file, kind, arguments, local, strategy)
    change = read_patch(_text_of(patch_file) if patch_file else text, text)
    files = Files(filename, recursive, kustomize)
    # It does not say that it was a dry run, as kubectl's does not.
    reporter = Reporter(session, output, **printing)
    patching = _Patching(session, change, (kind or "strategic").lower(), strategy, field_manager, subresource)
    if local:
        patching.files(files, reporter)
    else:
        patching.objects(arguments, files, reporter)


class _Patching:
    """One patch for all objects that are named; a failure does not stop the rest."""

    def __init__(
        self, session: Session, change: Any, kind: str, strategy: str, field_manager: str, subresource: str
    ) -> None:
        self._session = session
        self._change = change
        self._kind = kind
        self._strategy = strategy
        self._field_manager = field_manager
        self._subresource = subresource

    def files(self, files: Files, reporter: Reporter) -> None:
        """Patch what files hold.

        Raises:
            CliError, Failures: it does not apply.
        """
        failures: list[CliError | ClientError] = []
        for manifest in read_manifests(files.names, files.recursive, files.kustomize):
            try:
                after = patched_locally(manifest.object, self._change, self._kind)
                reporter.report(after, _operation(manifest.object, after))
            except CliError as error:
                failures.append(error)
        raise_failures(failures)

    def objects(self, arguments: tuple[str, ...], files: Files, reporter: Reporter) -> None:
        """Patch objects on the server.

        Raises:
            CliError, ClientError, Failures: what could not be patched.
        """
        selection = select(self._session, arguments, files=files, subresource=self._subresource)
        failures: list[CliError | ClientError] = []
        for target in selection.targets:
            try:
                before, after = self._patched(target)
                reporter.report(after, _operation(before, after))
            except (CliError, ClientError) as error:
                failures.append(error)
        raise_failures(failures)

    def _patched(self, target: Target) -> tuple[Object, Object]:
        # What a file holds is compared with as it is, as kubectl does.
        before = target.manifest or read_target(self._session, target, subresource=self._subresource)
        if self._strategy == "client":
            return before, patched_locally(before, self._change, self._kind)
        media_type = _KINDS[self._kind]
        try:
            after = self._session.resources(target.type, target.namespace).patch(
                target.name,
                self._change,
                kind=media_type,
                subresource=self._subresource,
                dry_run="All" if self._strategy == "server" else "",
                field_manager=self._field_manager,
            )
        except ClientError as error:
            if error.reason != "UnsupportedMediaType":
                raise
            named = f"{target.type.api_version}, Kind={target.type.kind}"
            raise CliError(f"{media_type} is not supported by {named}: {error.message}") from error
        return before, after


def _check(text: str, patch_file: str, kind: str, arguments: tuple[str, ...], local: bool, strategy: str) -> None:
    if text and patch_file:
        raise CliError("cannot specify --patch and --patch-file together")
    if not text and not patch_file:
        raise CliError("must specify --patch or --patch-file containing the contents of the patch")
    if local and arguments:
        raise CliError("cannot specify --local and server resources")
    if local and strategy == "server":
        raise CliError("cannot specify --local and --dry-run=server - did you mean --dry-run=client?")
    if kind and kind.lower() not in _KINDS:
        raise CliError(f"--type must be one of [{' '.join(sorted(_KINDS))}], not {quoted(kind)}")


def _text_of(path: str) -> str:
    from imagestreams.cli.objects.manifests import LIMIT_BYTES

    try:
        with open(path, "rb") as file:
            data = file.read(LIMIT_BYTES + 1)
    except OSError as error:
        raise CliError(f"unable to read patch file: open {path}: {(error.strerror or str(error)).lower()}") from error
    if len(data) > LIMIT_BYTES:
        raise CliError(f"unable to read patch file: {path} is larger than {LIMIT_BYTES} bytes")
    return data.decode("utf-8-sig", errors="replace")


def _operation(before: Object, after: Object) -> str:
    return "patched" if before != after else "patched (no change)"
