"""`isctl apply`: bring objects into the state that files describe, merged here or by the server."""

from dataclasses import dataclass
from typing import Any

import click
import msgspec

from imagestreams.cli.command import verb
from imagestreams.cli.errors import CliError, raise_failures
from imagestreams.cli.flags import flag, switch
from imagestreams.cli.objects import manifests
from imagestreams.cli.objects.apply_migration import CLIENT_SIDE, REMEMBERING, SERVER_SIDE, is_remembered, migrated
from imagestreams.cli.objects.changes import (
    Reporter,
    dry_run_flag,
    dry_run_strategy,
    field_validation,
    file_flags,
    output_flags,
    validate_flag,
    with_source,
)
from imagestreams.cli.objects.merge_patch import merge_diff, three_way, touches_keyed_list
from imagestreams.cli.objects.selection import Object, Target, read_target, target_of
from imagestreams.cli.printers.choice import reference_of
from imagestreams.cli.printers.go_text import json_text
from imagestreams.cli.session import Session
from imagestreams.client.errors import ClientError
from imagestreams.client.resources import APPLY_PATCH, JSON_PATCH

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_RETRIES = 5
_CONFLICT_HINT = """
Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the `--force-conflicts` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts"""


@dataclass(frozen=True)
class Options:
    """How objects are applied."""

    strategy: str
    server_side: bool
    force_conflicts: bool
    field_manager: str
    validation: str
    subresource: str
    overwrite: bool

    @property
    def query(self) -> dict[str, str]:
        """The options that go with each request."""
        return {
            "field_manager": self.field_manager,
            "field_validation": self.validation,
            "dry_run": "All" if self.strategy == "server" else "",
        }


@verb("apply", help="Bring objects into the state that files describe: 'isctl apply -f stream.yaml'.")
@file_flags
@output_flags
@dry_run_flag
@validate_flag
@switch("--server-side", help="Let the server merge, and track who manages which field.")
@switch("--force-conflicts", help="Take over fields that others manage; with --server-side.")
@flag("--field-manager", default="", help="The name under which fields are managed.")
@switch("--overwrite", default=True, help="The files win over changes made elsewhere.")
@flag("-l", "--selector", default="", help="Apply only objects with these labels.")
@flag("--subresource", default="", help="Apply to a subresource; with --server-side.")
@switch("--prune", hidden=True)
@switch("--force", hidden=True)
@switch("--all", "everything", hidden=True)
@click.argument("arguments", nargs=-1)
@click.pass_obj
def apply(
    session: Session,
    /,
    arguments: tuple[str, ...],
    filename: tuple[str, ...],
    recursive: bool,
    kustomize: str,
    dry_run: str,
    server_side: bool,
    force_conflicts: bool,
    field_manager: str,
    validate: str,
    subresource: str,
    overwrite: bool,
    selector: str,
    prune: bool,
    force: bool,
    everything: bool,
    **printing: Any,
) -> None:
    if arguments:
        raise CliError(f"Unexpected args: [{' '.join(arguments)}]\nSee 'isctl apply -h' for help and examples")
    if prune:
        raise CliError("--prune is not supported; delete what is no longer wanted with 'isctl delete'")
    if force:
        raise CliError("--force is not supported; delete the object with 'isctl delete' and apply it again")
    options = Options(
        strategy=dry_run_strategy(session, dry_run),
        server_side=server_side,
        force_conflicts=force_conflicts,
        field_manager=field_manager or (SERVER_SIDE if server_side else CLIENT_SIDE),
        validation=field_validation(validate),
        subresource=subresource,
        overwrite=overwrite,
    )
    _check(options)
    reporter = _Reporter(session, options.strategy, printing)
    if not filename and not kustomize:
        raise CliError("must specify one of -f and -k")
    found = manifests.read_manifests(filename, recursive, kustomize, validate=options.validation != "Ignore")
    if selector.strip():
        from imagestreams.cli.objects.label_selection import matches

        found = [one for one in found if matches(selector, one.object)]
    if not found:
        raise CliError("no objects passed to apply")
    failures: list[CliError | ClientError] = []
    for manifest in found:
        try:
            target = target_of(session, manifest, enforce_namespace=session.config.namespace_given)
            _apply_one(session, target, options, reporter)
        except (ClientError, CliError) as error:
            if isinstance(error, ClientError) and error.connection:
                raise
            failures.append(error)
    raise_failures(failures)
    reporter.print_objects()


class _Reporter(Reporter):
    """Tells of each object at once; printed are all of them together at the end, several as one list, as by kubectl."""

    def __init__(self, session: Session, strategy: str, printing: dict[str, Any]) -> None:
        super().__init__(session, strategy=strategy, **printing)
        self._collects = self.prints_objects and printing["output"].lower() != "name"
        self._objects: list[Object] = []

    def report(self, value: Object, operation: str) -> None:
        """Print `kind/name configured`, or keep the object."""
        if self._collects:
            self._objects.append(value)
        else:
            super().report(value, operation)

    def print_objects(self) -> None:
        """Print what was kept."""
        if len(self._objects) == 1:
            super().report(self._objects[0], "")
        elif self._objects:
            super().report({"kind": "List", "apiVersion": "v1", "metadata": {}, "items": self._objects}, "")


def _check(options: Options) -> None:
    if options.force_conflicts and not options.server_side:
        raise CliError("--force-conflicts only works with --server-side")
    if options.strategy == "client" and options.server_side:
        raise CliError("--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)")
    if options.subresource and not options.server_side:
        raise CliError("--subresource can only be specified for --server-side")


def _apply_one(session: Session, target: Target, options: Options, reporter: Reporter) -> None:
    manifest = target.manifest or {}
    if not target.name:
        generated = (manifest.get("metadata") or {}).get("generateName")
        if generated:
            raise CliError(f"from {generated}: cannot use generate name with apply")
        raise CliError(f'error when applying "{target.source}": resource name may not be empty')
    if options.server_side:
        _apply_on_server(session, target, options, reporter)
        return
    modified = with_last_applied(manifest)
    try:
        current = read_target(session, target)
    except ClientError as error:
        if error.reason != "NotFound":
            raise with_source(
                error, f"retrieving current configuration of:\n{_described(target)}\nfrom server for:", target.source
            ) from error
        _create(session, target, modified, options, reporter)
        return
    if options.strategy == "client":
        reporter.report(three_way(_original(current), modified, current), "configured")
        return
    if LAST_APPLIED not in ((current.get("metadata") or {}).get("annotations") or {}):
        session.warn(
            f"resource {target.type.plural}/{target.name} is missing the {LAST_APPLIED} annotation which is required by"
            " isctl apply. isctl apply should only be used on resources created declaratively by either isctl create"
            " --save-config or isctl apply. The missing annotation will be patched automatically."
        )
    changed, patch = _patch(session, target, modified, current, options)
    if (changed.get("metadata") or {}).get("deletionTimestamp"):
        session.warn(f"Detected changes to resource {target.name} which is currently being deleted.")
    reporter.report(changed, "configured" if patch else "unchanged")


def _create(session: Session, target: Target, modified: Object, options: Options, reporter: Reporter) -> None:
    created = _without_nulls(modified)
    if options.strategy != "client":
        try:
            created = session.resources(target.type, target.namespace).create(created, **options.query)
        except ClientError as error:
            raise with_source(error, "creating", target.source) from error
    reporter.report(created, "created")


def _patch(
    session: Session, target: Target, modified: Object, current: Object, options: Options
) -> tuple[Object, Object]:
    resources = session.resources(target.type, target.namespace)
    for attempt in range(_RETRIES + 1):
        patch = merge_diff(current, three_way(_original(current), modified, current))
        if not patch:
            return current, patch
        if touches_keyed_list(patch, target.type.kind):
            # The list goes to the server as a whole: it must be the one that was read.
            patch.setdefault("metadata", {})["resourceVersion"] = (current.get("metadata") or {}).get("resourceVersion")
        try:
            return resources.patch(target.name, patch, **options.query), patch
        except ClientError as error:
            if error.reason == "Conflict" and attempt < _RETRIES:
                current = read_target(session, target)
                continue
            raise with_source(
                error, f"applying patch:\n{json_text(patch)}\nto:\n{_described(target)}\nfor:", target.source
            ) from error
    raise AssertionError("unreachable")


def _apply_on_server(session: Session, target: Target, options: Options, reporter: Reporter) -> None:
    applied = _server_side_patch(session, target, options)
    if options.field_manager == SERVER_SIDE and options.strategy == "none" and not options.subresource:
        remembering = _keep_last_applied(session, target, applied)
        if remembering is not None and _migrate(session, target, remembering, options):
            applied = _server_side_patch(session, target, options)
    reporter.report(applied, "serverside-applied")


def _server_side_patch(session: Session, target: Target, options: Options) -> Object:
    try:
        return session.resources(target.type, target.namespace).patch(
            target.name,
            target.manifest,
            kind=APPLY_PATCH,
            subresource=options.subresource,
            force="true" if options.force_conflicts else "false",
            **options.query,
        )
    except ClientError as error:
        if error.reason == "Conflict" and error.status is not None:
            raise CliError(f"{error.message}{_CONFLICT_HINT}") from error
        if error.code == 415:
            raise CliError(f"Server-side apply not available on the server: ({error.message})") from error
        raise


def _keep_last_applied(session: Session, target: Target, applied: Object) -> Object | None:
    """Let the annotation stay that remembers what was applied; return the object then, `None` after a failure."""
    metadata = applied.get("metadata") or {}
    text = (metadata.get("annotations") or {}).get(LAST_APPLIED)
    if text is None or is_remembered(metadata.get("managedFields") or []):
        return applied
    named = {key: metadata[key] for key in ("name", "namespace") if metadata.get(key)}
    body = {
        "apiVersion": applied.get("apiVersion"),
        "kind": applied.get("kind"),
        "metadata": {**named, "annotations": {LAST_APPLIED: text}},
    }
    try:
        resources = session.resources(target.type, target.namespace)
        return resources.patch(target.name, body, kind=APPLY_PATCH, field_manager=REMEMBERING)
    except ClientError as error:
        session.warn(
            f"failed to migrate {LAST_APPLIED} for Server-Side Apply. This is non-fatal and will be retried next time"
            f" you apply. Error: {error.message}"
        )
        return None


def _migrate(session: Session, target: Target, applied: Object, options: Options) -> bool:
    """Hand over what an earlier client-side apply owned; a failure is only warned of, the next apply tries again."""
    metadata = applied.get("metadata") or {}
    entries = migrated(metadata.get("managedFields") or [])
    if entries is None:
        return False
    patch = [
        {"op": "replace", "path": "/metadata/managedFields", "value": entries},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": metadata.get("resourceVersion")},
    ]
    try:
        resources = session.resources(target.type, target.namespace)
        resources.patch(target.name, patch, kind=JSON_PATCH, field_manager=options.field_manager)
    except ClientError as error:
        session.warn(
            "server rejected managed fields migration to Server-Side Apply. This is non-fatal and will be retried next"
            f" time you apply. Error: {error.message}"
        )
        return False
    return True


def with_last_applied(manifest: Object) -> Object:
    """Return the manifest with itself as its last-applied annotation."""
    metadata = dict(manifest.get("metadata") or {})
    annotations = {key: value for key, value in (metadata.get("annotations") or {}).items() if key != LAST_APPLIED}
    # The annotations are there even when they are empty: the same manifest then always gives the same text.
    plain = {**manifest, "metadata": {**metadata, "annotations": annotations}}
    return {
        **plain,
        "metadata": {**plain["metadata"], "annotations": {**annotations, LAST_APPLIED: json_text(plain) + "\n"}},
    }


def _original(current: Object) -> Object:
    text = ((current.get("metadata") or {}).get("annotations") or {}).get(LAST_APPLIED)
    if not text:
        return {}
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise CliError(f"the {LAST_APPLIED} annotation of {reference_of(current)} is not JSON") from error
    return value if isinstance(value, dict) else {}


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [_without_nulls(inner) for inner in value] if isinstance(value, list) else value


def _described(target: Target) -> str:
    kind = target.type
    return (
        f'Resource: "{kind.group}/{kind.version}, Resource={kind.plural}", GroupVersionKind:'
        f' "{kind.group}/{kind.version}, Kind={kind.kind}"\nName: "{target.name}", Namespace: "{target.namespace}"'
    )
