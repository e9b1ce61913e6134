"""`isctl set triggers`: show and change what lets objects follow tags."""

import base64
import secrets
from typing import Any, Final

import click

from imagestreams.cli.command import verb
from imagestreams.cli.errors import CliError, raise_failures
from imagestreams.cli.flags import flag, switch
from imagestreams.cli.objects.changes import Reporter, dry_run_flag, dry_run_strategy, file_flags, output_flags
from imagestreams.cli.objects.merge_patch import merge_diff
from imagestreams.cli.objects.selection import Files, Object, Selectors, Target, read_all, select
from imagestreams.cli.session import Session
from imagestreams.cli.texts.tab_stops import TabbedText
from imagestreams.cli.triggers.definition import Change, Definition, ImageTrigger, TriggerFlags, WebHook
from imagestreams.cli.triggers.kinds import form_of
from imagestreams.client.discovery import ResourceType
from imagestreams.client.errors import ClientError
from imagestreams.client.resources import IMAGE_STREAMS
from imagestreams.triggers.documents import items, mapping, text
from imagestreams.triggers.error import TriggerError

_SECRET_BYTES: Final = 15
_HOOK_ROWS: Final[tuple[tuple[str, WebHook], ...]] = (
    ("webhook", "generic"),
    ("github", "github"),
    ("gitlab", "gitlab"),
    ("bitbucket", "bitbucket"),
)


@verb(
    "triggers",
    help="""Show triggers, or change them.

\b
  isctl set triggers deployment/web
  isctl set triggers deployment/web --from-image=python:3.12 -c web
  isctl set triggers dc/web --manual
  isctl set triggers bc/web --from-github
  isctl set triggers deployment/web --from-image=python:3.12 --remove
""",
)
@file_flags
@output_flags
@dry_run_flag
@switch("--local", help="Change files only; ask no server.")
@switch("--all", "everything", help="Change all objects of the types.")
@flag("-l", "--selector", default="", help="Labels of the objects to change.")
@flag("--field-manager", default="kubectl-set", help="The name under which fields are managed.")
@switch("--auto", help="Let all triggers, or the named one, act by themselves.")
@switch("--manual", help="Let all triggers, or the named one, act no more by themselves.")
@switch("--remove", help="Remove the named trigger.")
@switch("--remove-all", help="Remove all triggers.")
@flag("--from-image", default="", help="A tag to follow: [NAMESPACE/]STREAM:TAG.")
@flag("-c", "--containers", default="", help="The containers that follow it, divided by commas.")
@switch("--from-config", help="Act when the configuration changes.")
@switch("--from-github", default=None, help="Act when GitHub tells; a secret is made.")
@switch("--from-webhook", default=None, help="Act when somebody tells who has a secret, which is made.")
@switch("--from-webhook-allow-env", default=None, help="The same; who tells may set environment variables.")
@switch("--from-gitlab", default=None, help="Act when GitLab tells; a secret is made.")
@switch("--from-bitbucket", default=None, help="Act when Bitbucket tells; a secret is made.")
@click.argument("arguments", nargs=-1, metavar="(TYPE NAME… | TYPE/NAME…)")
@click.pass_obj
def triggers(
    session: Session,
    /,
    arguments: tuple[str, ...],
    filename: tuple[str, ...],
    recursive: bool,
    kustomize: str,
    selector: str,
    everything: bool,
    local: bool,
    dry_run: str,
    output: str,
    field_manager: str,
    show_managed_fields: bool,
    allow_missing_template_keys: bool,
    template: str,
    **given: Any,
) -> None:
    flags = TriggerFlags(**given)
    change = Change(flags, _namespace(session, local=local) if flags.from_image else "", _new_secret)
    strategy = dry_run_strategy(session, dry_run)
    if local and strategy == "server":
        raise CliError("cannot specify --local and --dry-run=server - did you mean --dry-run=client?")
    files = Files(filename, recursive, kustomize)
    if local:
        found, single = _from_files(files)
    else:
        selection = select(session, arguments, files=files, selectors=Selectors(selector, everything=everything))
        found, single = read_all(session, selection), selection.single
    if flags.only_lists:
        _show(session, found, asks=not local)
        return
    reporter = Reporter(session, output, strategy, show_managed_fields, allow_missing_template_keys, template)
    _Changes(session, change, reporter, strategy, local, field_manager).run(found, single)


class _Changes:
    """Changes objects one after the other; a failure does not stop the rest."""

    def __init__(
        self, session: Session, change: Change, reporter: Reporter, strategy: str, local: bool, field_manager: str
    ) -> None:
        self._session = session
        self._change = change
        self._reporter = reporter
        self._strategy = strategy
        self._local = local
        self._field_manager = field_manager

    def run(self, found: list[tuple[Target, Object]], single: bool) -> None:
        changed, failures = 0, list[CliError | ClientError]()
        for target, value in found:
            form = form_of(value)
            if form is None:
                continue
            try:
                there = form.read(value)
            except TriggerError:
                continue
            changed += 1
            try:
                wanted = form.write(value, self._change(there))
            except CliError as error:
                failures.append(CliError(f"error: {_name(target)} {error.message}\n"))
                continue
            try:
                self._send(target, value, wanted)
            except CliError as error:
                failures.append(error)
        if single and not changed:
            raise CliError(f"{_name(found[0][0])} does not support triggers")
        raise_failures(failures)

    def _send(self, target: Target, value: Object, wanted: Object) -> None:
        patch = merge_diff(value, wanted)
        if not patch:
            return
        if not self._local and self._strategy != "client":
            try:
                wanted = self._session.resources(target.type, target.namespace).patch(
                    target.name,
                    patch,
                    dry_run="All" if self._strategy == "server" else "",
                    field_manager=self._field_manager,
                )
            except ClientError as error:
                if error.connection:
                    raise
                raise CliError(f"failed to patch build hook: {error.message}\n") from error
        self._reporter.report(wanted, "triggers updated")


def _from_files(files: Files) -> tuple[list[tuple[Target, Object]], bool]:
    """Read objects that are changed here, without asking a server what they are."""
    from imagestreams.cli.objects.manifests import read_manifests

    found = []
    for manifest in read_manifests(files.names, files.recursive, files.kustomize):
        value = manifest.object
        group, _, version = str(value.get("apiVersion", "")).rpartition("/")
        kind, metadata = str(value.get("kind", "")), mapping(value, "metadata")
        plural = ResourceType(group, version, f"{kind.lower()}s", kind)
        found.append((Target(plural, text(metadata, "namespace"), text(metadata, "name")), value))
    return found, len(found) == 1


def _namespace(session: Session, *, local: bool) -> str:
    """Return the namespace that a tag is compared with; without a server there may be none."""
    try:
        return session.namespace
    except ClientError:
        if local:
            return "default"
        raise


def _show(session: Session, found: list[tuple[Target, Object]], *, asks: bool) -> None:
    """Print the triggers of objects; which of their tags have no image yet is told beside."""
    table = TabbedText()
    table.write("NAME\tTYPE\tVALUE\tAUTO\n")
    waiting: list[tuple[str, str, ImageTrigger]] = []
    for target, value in found:
        form, name = form_of(value), _name(target)
        try:
            there = form.read(value) if form is not None else None
        except TriggerError:
            there = None
        if there is None:
            table.write(f"{name}\t<error>\t\tfalse\n")
            continue
        for row in _rows(there):
            table.write("\t".join((name, *row)) + "\n")
        waiting += [(name, one.namespace or target.namespace, one) for one in there.images if one.follows]
    session.out.write(table.text())
    if asks:
        _tell_of_waiting(session, waiting)


def _rows(triggers: Definition) -> list[tuple[str, str, str]]:
    rows = [("config", "", str(triggers.config_change).lower())]
    for one in triggers.images:
        value = f"{one.namespace}/{one.source}" if one.namespace else one.source
        value += f" ({', '.join(one.containers)})" if one.containers else ""
        rows.append(("image", value, str(one.follows).lower()))
    for shown, kind in _HOOK_ROWS:
        hooks = triggers.hooks(kind)
        rows += [(shown, "<secret>, allowenv" if hook.get("allowEnv") else "<secret>", "") for hook in hooks]
    return rows


def _tell_of_waiting(session: Session, waiting: list[tuple[str, str, ImageTrigger]]) -> None:
    if not waiting or session.discovery.find("imagestreams.image.openshift.io") is None:
        return
    known: dict[tuple[str, str], frozenset[str] | None] = {}
    for name, namespace, trigger in waiting:
        stream, _, tag = trigger.source.partition(":")
        if (namespace, stream) not in known:
            known[namespace, stream] = _tags_with_image(session, namespace, stream)
        tags = known[namespace, stream]
        if tags is not None and tag not in tags:
            session.note(f"{name} is waiting for image stream tag {namespace}/{trigger.source}")


def _tags_with_image(session: Session, namespace: str, stream: str) -> frozenset[str] | None:
    """Return the tags of a stream that point to an image, `None` when it can't be read."""
    try:
        found = session.resources(IMAGE_STREAMS, namespace).get(stream)
    except ClientError as error:
        if error.connection:
            raise
        return frozenset() if error.reason == "NotFound" else None
    return frozenset(text(one, "tag") for one in items(found, "status", "tags") if items(one, "items"))


def _name(target: Target) -> str:
    return f"{target.type.plural}/{target.name}"


def _new_secret() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
