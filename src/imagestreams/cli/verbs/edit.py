"""`isctl edit`: objects in the user's editor, and what was changed back to the server.

What the server refuses comes back into the editor with the reasons on top; what can't be saved stays in a file.
"""

import os
import shlex
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import click

from imagestreams.cli.command import verb
from imagestreams.cli.errors import AlreadyTold, CliError, standard_message
from imagestreams.cli.flags import flag, switch
from imagestreams.cli.objects import manifests
from imagestreams.cli.objects.changes import Reporter, file_flags, output_flags, validate_flag
from imagestreams.cli.objects.changes import field_validation as validation_of
from imagestreams.cli.objects.merge_patch import merge_diff
from imagestreams.cli.objects.selection import Files, Object, Target, read_all, select
from imagestreams.cli.printers.choice import without_managed_fields
from imagestreams.cli.session import Session
from imagestreams.client.errors import ClientError

_HEADER = """# Please edit the object below. Lines beginning with a '#' will be ignored,
# and an empty file will abort the edit. If an error occurs while saving this file will be
# reopened with the relevant failures.
#
"""


@dataclass
class Round:
    """One pass through the editor: what goes on top of the file, and what became of each object."""

    reasons: list[str] = field(default_factory=list)
    retry: bool = False
    conflict: bool = False
    missing: bool = False


@verb("edit", help="Change objects in an editor: 'isctl edit is/python'. $KUBE_EDITOR or $EDITOR names it.")
@file_flags
@output_flags
@validate_flag
@switch("--output-patch", help="Print the patches that are sent.")
@flag("--field-manager", default="kubectl-edit", help="The name under which fields are managed.")
@flag("--subresource", default="", help="Edit a subresource, such as status.")
@click.argument("arguments", nargs=-1, metavar="(TYPE NAME… | TYPE/NAME… | -f FILE)")
@click.pass_obj
def edit(
    session: Session,
    /,
    arguments: tuple[str, ...],
    filename: tuple[str, ...],
    recursive: bool,
    kustomize: str,
    output: str,
    validate: str,
    output_patch: bool,
    field_manager: str,
    subresource: str,
    **printing: Any,
) -> None:
    as_json = output == "json"
    reporter = Reporter(session, "" if output in ("", "yaml", "json") else output, **printing)
    selection = select(
        session, arguments, files=Files(filename, recursive, kustomize), whole_collections=True, subresource=subresource
    )
    objects = read_all(session, selection)
    if not objects:
        raise CliError("edit cancelled, no objects found")
    query = {"field_manager": field_manager, "field_validation": validation_of(validate), "subresource": subresource}
    editing = _Editing(session, objects, reporter, query, as_json, output_patch)
    editing.run(run_editor)


class _Editing:
    def __init__(
        self,
        session: Session,
        objects: list[tuple[Target, Object]],
        reporter: Reporter,
        query: dict[str, str],
        as_json: bool,
        output_patch: bool,
    ) -> None:
        self.session = session
        self.objects = objects
        self.reporter = reporter
        self.query = query
        self.as_json = as_json
        self.output_patch = output_patch
        self.path = ""

    def run(self, editor: Callable[[str], None]) -> None:
        """Edit until everything is saved or the user gives up."""
        original = self._document()
        text = original
        reasons: list[str] = []
        try:
            while True:
                before = text
                edited = self._through_editor(_on_top(reasons) + text, editor)
                if reasons and strip_comments(edited) == strip_comments(before):
                    raise self._preserved(CliError("Edit cancelled, no valid changes were saved."))
                if strip_comments(edited) == strip_comments(original):
                    self._discard()
                    self.session.note("Edit cancelled, no changes made.")
                    return
                if not strip_comments(edited).strip():
                    self._discard()
                    self.session.note("Edit cancelled, saved file was empty.")
                    return
                text = strip_comments(edited)
                outcome = self._save(text)
                if outcome.conflict:
                    self.session.note(f"You can run `isctl apply -f {self.path}` to try this update again.")
                    raise AlreadyTold
                if outcome.missing:
                    self.session.note(f'The edits you made on deleted resources have been saved to "{self.path}"')
                    raise AlreadyTold
                if not outcome.retry:
                    self._discard()
                    return
                reasons = outcome.reasons
        except (ClientError, OSError) as error:
            raise self._preserved(error) from error

    def _document(self) -> str:
        from imagestreams.cli.printers.documents import json_text, yaml_text

        shown = [without_managed_fields(value) for _, value in self.objects]
        whole = shown[0] if len(shown) == 1 else {"apiVersion": "v1", "kind": "List", "metadata": {}, "items": shown}
        return json_text(whole) if self.as_json else yaml_text(whole)

    def _through_editor(self, text: str, editor: Callable[[str], None]) -> str:
        self._discard()
        descriptor, self.path = tempfile.mkstemp(prefix="isctl-edit-", suffix=".json" if self.as_json else ".yaml")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        editor(self.path)
        with open(self.path, encoding="utf-8") as file:
            return file.read(manifests.LIMIT_BYTES)

    def _save(self, text: str) -> Round:
        outcome = Round()
        try:
            edited = [
                one
                for document in manifests.read_documents(text.encode(), "edited-file")
                for one in manifests.unfolded(document, "edited-file")
            ]
            pairs = [(target, value, self._counterpart(target, value, edited)) for target, value in self.objects]
        except CliError as error:
            outcome.retry = True
            outcome.reasons.append(f"The edited file had a syntax error: {error.message}")
            return outcome
        for target, value, new in pairs:
            self._send(target, without_managed_fields(value), new, outcome)
        return outcome

    def _counterpart(self, target: Target, value: Object, edited: list[Object]) -> Object:
        if len(self.objects) == 1 and len(edited) == 1:
            new = edited[0]
        else:
            found = [
                one for one in edited
                if one.get("kind") == target.type.kind and (one.get("metadata") or {}).get("name") == target.name
            ]  # fmt: skip
            new = found[0] if found else value
        same_name = (new.get("metadata") or {}).get("name") == (value.get("metadata") or {}).get("name")
        if not same_name or any(new.get(key) != value.get(key) for key in ("kind", "apiVersion")):
            raise CliError("At least one of apiVersion, kind and name was changed")
        return without_managed_fields(new)

    def _send(self, target: Target, old: Object, new: Object, outcome: Round) -> None:
        patch = merge_diff(old, new)
        if not patch:
            self.reporter.report(old, "skipped")
            return
        if self.output_patch:
            from imagestreams.cli.printers.go_text import json_text

            self.session.say(f"Patch: {json_text(patch)}")
        try:
            saved = self.session.resources(target.type, target.namespace).patch(target.name, patch, **self.query)
        except ClientError as error:
            if error.connection or error.status is None:
                raise
            self._refused(target, error, outcome)
            return
        self.reporter.report(saved, "edited")

    def _refused(self, target: Target, error: ClientError, outcome: Round) -> None:
        place = f'{target.type.plural} "{target.name}"'
        if error.reason in ("Invalid", "BadRequest"):
            outcome.retry = True
            outcome.reasons.append(f"{place} was not valid:")
            details = error.status.details if error.status else None
            causes = (details.causes if details else None) or []
            outcome.reasons += [f"* {cause.field}: {cause.message}" for cause in causes] or [f"* {error.message}"]
            self.session.note(f"error: {place} is invalid")
        elif error.reason == "NotFound":
            outcome.missing = True
            self.session.note(f"error: {place} could not be found on the server")
        else:
            outcome.conflict = True
            self.session.note(f"error: {place} could not be patched: {standard_message(error)}")

    def _preserved(self, error: Exception) -> CliError:
        if self.path and os.path.exists(self.path):
            self.session.note(f'A copy of your changes has been stored to "{self.path}"')
            self.path = ""
        if isinstance(error, CliError):
            return error
        text = standard_message(error) if isinstance(error, ClientError) else str(error)
        return CliError(text, plain=isinstance(error, ClientError) and bool(error.status or error.connection))

    def _discard(self) -> None:
        if self.path and os.path.exists(self.path):
            os.unlink(self.path)
        self.path = ""


def _on_top(reasons: list[str]) -> str:
    return _HEADER + "".join(f"# {line}\n" for reason in reasons for line in reason.splitlines()) + (
        "#\n" if reasons else ""
    )  # fmt: skip


def strip_comments(text: str) -> str:
    """Return the text without the lines that begin with `#`."""
    return "".join(line for line in text.splitlines(keepends=True) if not line.lstrip(" ").startswith("#"))


def run_editor(path: str) -> None:
    """Open a file in the user's editor and wait until it is closed.

    Raises:
        CliError: the editor can't be started or fails.
    """
    command = next((os.environ[name] for name in ("KUBE_EDITOR", "OC_EDITOR", "EDITOR") if os.environ.get(name)), "vi")
    try:
        words = shlex.split(command)
        code = subprocess.run([*words, path], check=False).returncode
    except (OSError, ValueError, IndexError) as error:
        raise CliError(f'unable to launch the editor "{command}"') from error
    if code:
        raise CliError(f'there was a problem with the editor "{command}"')
