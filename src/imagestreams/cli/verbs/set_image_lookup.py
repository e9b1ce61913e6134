"""`isctl set image-lookup`: let workloads name the tags of image streams."""

import copy
from typing import Any, Final

import click

from imagestreams.cli.command import verb
from imagestreams.cli.errors import CliError, raise_failures
from imagestreams.cli.flags import flag, switch
from imagestreams.cli.objects.changes import Reporter, dry_run_flag, dry_run_strategy, file_flags, output_flags
from imagestreams.cli.objects.merge_patch import merge_diff
from imagestreams.cli.objects.selection import Files, Object, Selectors, Target, read_all, select, target_of
from imagestreams.cli.session import Session
from imagestreams.cli.texts.tab_stops import TabbedText
from imagestreams.client.errors import ClientError
from imagestreams.client.resources import IMAGE_STREAMS
from imagestreams.streams.image_lookup import EVERYTHING, RESOLVE_NAMES
from imagestreams.streams.workload_images import resolves_all, template_path

Found = list[tuple[Target, Object]]
_STREAM: Final = "ImageStream"


@verb(
    "image-lookup",
    help="""Let workloads name the tags of an image stream, or show which ones may.

With lookup enabled for a stream 'mysql', a workload of its namespace that has the image 'mysql:8' gets the pull spec of
that tag when it is written. For an object in place of a stream an annotation is set, by which all of its images are
looked up, whatever the streams allow. Nothing is looked up in 'default' and other namespaces of the platform.

\b
  isctl set image-lookup
  isctl set image-lookup mysql
  isctl set image-lookup deploy/mysql
  isctl set image-lookup deploy/mysql --list
  isctl set image-lookup mysql --enabled=false
  isctl set image-lookup --all
""",
)
@file_flags
@output_flags
@dry_run_flag
@flag("-l", "--selector", default="", help="Labels that the objects must have.")
@switch("--all", "everything", help="All objects of the types in the namespace.")
@switch("--list", "list_only", help="Show the present state.")
@switch("--enabled", default=True, help="Whether tags are looked up.")
@switch("--local", help="Change files only; ask no server.")
@flag("--field-manager", default="kubectl-set", help="The name under which fields are managed.")
@click.argument("arguments", nargs=-1, metavar="STREAM… | TYPE/NAME…")
@click.pass_obj
def image_lookup(
    session: Session,
    /,
    arguments: tuple[str, ...],
    filename: tuple[str, ...],
    recursive: bool,
    kustomize: str,
    selector: str,
    everything: bool,
    list_only: bool,
    enabled: bool,
    local: bool,
    field_manager: str,
    dry_run: str,
    output: str,
    **printing: Any,
) -> None:
    strategy = dry_run_strategy(session, dry_run)
    if local and arguments:
        raise CliError("pass files with -f when using --local")
    if local and strategy == "server":
        raise CliError("cannot specify --local and --dry-run=server - did you mean --dry-run=client?")
    files = Files(filename, recursive, kustomize)
    found = _found(session, arguments, files, Selectors(selector, everything=everything), local, list_only)
    if list_only or (not output and not arguments and not everything):
        _show(session, found)
        return
    reporter = Reporter(session, output, strategy, **printing)
    failures: list[CliError | ClientError] = []
    for target, value in found:
        wanted = with_lookup(value, enabled)
        patch = merge_diff(value, wanted)
        if not patch:
            continue
        if not local and strategy != "client":
            try:
                wanted = session.resources(target.type, target.namespace).patch(
                    target.name, patch, field_manager=field_manager, dry_run="All" if strategy == "server" else ""
                )
            except ClientError as error:
                if error.connection:
                    raise
                failures.append(CliError(f"failed to patch image lookup: {error.message}\n"))
                continue
        reporter.report(wanted, "image lookup updated")
    raise_failures(failures)


def with_lookup(value: Object, enabled: bool) -> Object:
    """Return an object whose images are looked up, or no longer: a stream by its policy, others by an annotation."""
    wanted = copy.deepcopy(value)
    if wanted.get("kind") == _STREAM:
        wanted.setdefault("spec", {}).setdefault("lookupPolicy", {})["local"] = enabled
        return wanted
    place = _template(wanted) or wanted
    metadata = place.get("metadata") or {}
    annotations = dict(metadata.get("annotations") or {})
    if enabled:
        annotations[RESOLVE_NAMES] = EVERYTHING
    elif RESOLVE_NAMES in annotations:
        del annotations[RESOLVE_NAMES]
    else:
        return wanted
    place["metadata"] = {**metadata, "annotations": annotations}
    return wanted


def _template(value: Object) -> Object | None:
    place: Any = value
    path = template_path(str(value.get("kind", "")))
    for step in path:
        place = place.get(step) if isinstance(place, dict) else None
    return place if path and isinstance(place, dict) else None


def _found(
    session: Session,
    arguments: tuple[str, ...],
    files: Files,
    selectors: Selectors,
    local: bool,
    list_only: bool,
) -> Found:
    if local:
        from imagestreams.cli.objects.manifests import read_manifests

        read = read_manifests(files.names, files.recursive, files.kustomize)
        return [(target_of(session, each, enforce_namespace=False), each.object) for each in read]
    if files:
        return read_all(session, select(session, arguments, files=files))
    if not arguments:
        streams = (f"{IMAGE_STREAMS.plural}.{IMAGE_STREAMS.group}",)
        return read_all(session, select(session, streams, selectors=selectors, whole_collections=True))
    if list_only:
        return read_all(session, select(session, arguments, selectors=selectors))
    if selectors.labels or selectors.everything:
        raise CliError("selectors and the all flag cannot be used when passing resource/name arguments")
    named = tuple(text if "/" in text else f"{IMAGE_STREAMS.plural}/{text}" for text in arguments)
    return read_all(session, select(session, named))


def _show(session: Session, found: Found) -> None:
    table = TabbedText()
    table.write("NAME\tLOCAL\n")
    for target, value in found:
        if value.get("kind") == _STREAM:
            local = bool(((value.get("spec") or {}).get("lookupPolicy") or {}).get("local"))
            table.write(f"{target.name}\t{str(local).lower()}\n")
        else:
            asked = resolves_all(str(value.get("kind", "")), value)
            table.write(f"{target.type.plural}/{target.name}\t{str(asked).lower()}\n")
    session.out.write(table.text())
