"""`isctl set image`: other images for the containers of workloads."""

import copy
from typing import Any, Final

import click

from imagestreams.cli.command import verb
from imagestreams.cli.errors import CliError, raise_failures
from imagestreams.cli.flags import flag, switch
from imagestreams.cli.objects.changes import Reporter, dry_run_flag, dry_run_strategy, file_flags, output_flags
from imagestreams.cli.objects.selection import Files, Object, Selection, Selectors, select, target_of
from imagestreams.cli.printers.go_text import quoted
from imagestreams.cli.session import Session
from imagestreams.cli.workloads.selection import Failure, Found, read_each
from imagestreams.client.errors import ClientError
from imagestreams.client.resources import STRATEGIC_PATCH

_EVERY: Final = "*"
_TEMPLATES: Final = {
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
    "Pod": ("spec",),
}
_TEMPLATE: Final = ("spec", "template", "spec")
_LISTS: Final = ("initContainers", "containers")


@verb("image", help="Change images: 'isctl set image deploy/web nginx=nginx:1.27 *=busybox'.")
@file_flags
@output_flags
@dry_run_flag
@switch("--all", "everything", help="All objects of the types.")
@switch("--local", help="Change files only; ask no server.")
@flag("-l", "--selector", default="", help="Labels that the objects must have.")
@flag("--field-manager", default="kubectl-set", help="The name under which fields are managed.")
@click.argument("arguments", nargs=-1, metavar="(TYPE NAME | TYPE/NAME) CONTAINER=IMAGE…")
@click.pass_obj
def image(
    session: Session,
    /,
    arguments: tuple[str, ...],
    filename: tuple[str, ...],
    recursive: bool,
    kustomize: str,
    everything: bool,
    local: bool,
    selector: str,
    field_manager: str,
    dry_run: str,
    **printing: Any,
) -> None:
    strategy = dry_run_strategy(session, dry_run)
    named, images = _images(arguments)
    files = Files(filename, recursive, kustomize)
    reporter = Reporter(session, strategy=strategy, typed=True, **printing)
    if local:
        if named:
            raise CliError("error: you must specify resources by --filename when --local is set.")
        found, failures = _from_files(session, files), list[Failure]()
    else:
        selection: Selection = select(session, named, files=files, selectors=Selectors(selector, everything=everything))
        found, failures = read_each(session, selection)
    _check(images, strategy, selector, everything=everything, local=local)
    for target, value in found:
        changed = copy.deepcopy(value)
        failures += _set(changed, images)
        patch = _patch(value, changed)
        if not patch:
            continue
        if not local and strategy != "client":
            try:
                changed = session.resources(target.type, target.namespace).patch(
                    target.name,
                    patch,
                    kind=STRATEGIC_PATCH,
                    field_manager=field_manager,
                    dry_run="All" if strategy == "server" else "",
                )
            except ClientError as error:
                if error.status is None:
                    raise
                failures.append(CliError(f"failed to patch image update to pod template: {error.message}"))
                continue
        reporter.report(changed, "image updated")
    raise_failures(failures)


def _from_files(session: Session, files: Files) -> list[Found]:
    from imagestreams.cli.objects.manifests import read_manifests

    read = read_manifests(files.names, files.recursive, files.kustomize)
    return [(target_of(session, each, enforce_namespace=False), each.object) for each in read]


def _images(arguments: tuple[str, ...]) -> tuple[tuple[str, ...], dict[str, str]]:
    """Tell the objects' names from the pairs of container and image."""
    at = next((number for number, text in enumerate(arguments) if "=" in text), len(arguments))
    images = {}
    for pair in arguments[at:]:
        name, equals, value = pair.partition("=")
        if not equals:
            raise CliError(f"all resources must be specified before image changes: {pair}")
        if not name or not value:
            raise CliError(f"unexpected image format: {pair}" if name else f"invalid image format: {pair}")
        images[name] = value
    return arguments[:at], images


def _check(
    images: dict[str, str],
    strategy: str,
    selector: str,
    *,
    everything: bool,
    local: bool,
) -> None:
    problems = []
    if everything and selector:
        problems.append("cannot set --all and --selector at the same time")
    if not images:
        problems.append("at least one image update is required")
    elif len(images) > 1 and _EVERY in images:
        what = "more than one container_name=container_image pairs"
        problems.append(f"all containers are already specified by *, but saw {what}")
    if local and strategy == "server":
        problems.append("cannot specify --local and --dry-run=server - did you mean --dry-run=client?")
    if problems:
        raise CliError(problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]")


def _set(value: Object, images: dict[str, str]) -> list[Failure]:
    """Change the images in an object; return what is wrong."""
    spec = _pod_spec(value)
    if spec is None:
        kind, name = str(value.get("kind", "")), (value.get("metadata") or {}).get("name", "")
        return [
            CliError(f"error: {kind.lower()}/{name} the object is not a pod or does not have a pod template: {kind}")
        ]
    failures: list[Failure] = []
    for name, wanted in images.items():
        meant = [
            container
            for field in _LISTS
            for container in spec.get(field) or []
            if name in (_EVERY, container.get("name"))
        ]
        for container in meant:
            container["image"] = wanted
        if not meant:
            failures.append(CliError(f"error: unable to find container named {quoted(name)}"))
    return failures


def _pod_spec(value: Object) -> Object | None:
    spec: Any = value
    for key in _TEMPLATES.get(str(value.get("kind", "")), _TEMPLATE):
        spec = spec.get(key) if isinstance(spec, dict) else None
    return spec if isinstance(spec, dict) else None


def _patch(old: Object, new: Object) -> Object | None:
    """Return the patch with the images that changed; containers are known by their names."""
    before, after = _pod_spec(old), _pod_spec(new)
    if before is None or after is None:
        return None
    changed: Object = {}
    for field in _LISTS:
        pairs = zip(before.get(field) or [], after.get(field) or [], strict=True)
        images = [
            {"name": b.get("name"), "image": b.get("image")} for a, b in pairs if a.get("image") != b.get("image")
        ]
        if images:
            changed[field] = images
    if not changed:
        return None
    for key in reversed(_TEMPLATES.get(str(old.get("kind", "")), _TEMPLATE)):
        changed = {key: changed}
    return changed
