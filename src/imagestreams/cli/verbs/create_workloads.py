"""`isctl create deployment`, `job` and `cronjob`."""

import re
import secrets
from typing import Any, Final

import click

from imagestreams.cli.command import name_and_command, verb
from imagestreams.cli.errors import CliError, flag_required
from imagestreams.cli.flags import flag, list_flag
from imagestreams.cli.objects.creation import Creation, creation_flags
from imagestreams.cli.objects.selection import Object, read_all, select
from imagestreams.cli.session import Session
from imagestreams.client.discovery import ResourceType

DEPLOYMENTS: Final = ResourceType("apps", "v1", "deployments", "Deployment", "deployment")
JOBS: Final = ResourceType("batch", "v1", "jobs", "Job", "job")
CRON_JOBS: Final = ResourceType("batch", "v1", "cronjobs", "CronJob", "cronjob")

_SUFFIX_LETTERS: Final = "bcdfghjklmnpqrstvwxz2456789"


@verb("deployment", help="Create a deployment: 'isctl create deployment web --image=nginx --replicas=2 -- COMMAND'.")
@creation_flags
@list_flag("--image", "images", split=True, help="The image; of several each gets a container.")
@flag("--port", default=-1, help="The port that the first container listens on.")
@flag("-r", "--replicas", default=1, help="How many pods should run.")
@click.argument("arguments", nargs=-1, metavar="NAME [-- COMMAND [ARGUMENT…]]")
@click.pass_obj
def deployment(
    session: Session,
    /,
    arguments: tuple[str, ...],
    images: tuple[str, ...],
    port: int,
    replicas: int,
    **given: Any,
) -> None:
    if not images:
        raise flag_required("image")
    name, command = name_and_command(arguments)
    creation = Creation(session, **given)
    images = images if images != ("",) else ()
    if len(images) > 1 and command:
        raise CliError("cannot specify multiple --image options and command")
    containers = [_container(_container_name(image), image, command) for image in images]
    if port >= 0 and containers:
        containers[0]["ports"] = [{"containerPort": port}]
    labels = {"app": name}
    namespace, value = creation.object(
        DEPLOYMENTS,
        name,
        spec={
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "strategy": {},
            "template": {"metadata": _empty_metadata(labels=labels), "spec": {"containers": containers}},
        },
        status={},
    )
    value["metadata"] = _in_order(value["metadata"], labels)
    creation.create(DEPLOYMENTS, namespace, value, "failed to create deployment:")


@verb(
    "cronjob",
    help="Create a cron job: 'isctl create cronjob tidy --image=busybox --schedule=@daily -- COMMAND'.",
)
@creation_flags
@flag("--image", default="", help="The image.")
@flag("--schedule", default="", help="The timetable, as cron writes it.")
@flag("--restart", default="", help="What is done when the command fails: OnFailure or Never.")
@click.argument("arguments", nargs=-1, metavar="NAME [-- COMMAND [ARGUMENT…]]")
@click.pass_obj
def cronjob(
    session: Session, /, arguments: tuple[str, ...], image: str, schedule: str, restart: str, **given: Any
) -> None:
    missing = [name for name, text in (("image", image), ("schedule", schedule)) if not text]
    if missing:
        raise flag_required(*missing)
    name, command = name_and_command(arguments)
    creation = Creation(session, **given)
    pod = {"containers": [_container(name, image, command)], "restartPolicy": restart or "OnFailure"}
    template = {"metadata": _empty_metadata(), "spec": pod}
    job = {"metadata": _empty_metadata(name=name), "spec": {"template": template}}
    namespace, value = creation.object(CRON_JOBS, name, spec={"jobTemplate": job, "schedule": schedule}, status={})
    value["metadata"] = _in_order(value["metadata"])
    creation.create(CRON_JOBS, namespace, value, "failed to create cronjob:")


@verb("job", help="Create a job: 'isctl create job once --image=busybox -- COMMAND', or from a cron job with --from.")
@creation_flags
@flag("--image", default="", help="The image.")
@flag("--from", "source", default="", help="The cron job whose job is started: cronjob/NAME.")
@click.argument("arguments", nargs=-1, metavar="NAME [-- COMMAND [ARGUMENT…]]")
@click.pass_obj
def job(session: Session, /, arguments: tuple[str, ...], image: str, source: str, **given: Any) -> None:
    name, command = name_and_command(arguments)
    creation = Creation(session, **given)
    if bool(image) == bool(source):
        raise CliError("either --image or --from must be specified")
    if command and source:
        raise CliError("cannot specify --from and command")
    if source:
        spec, metadata = _from_cron_job(session, source)
    else:
        pod = {"containers": [_container(name, image, command)], "restartPolicy": "Never"}
        spec, metadata = {"template": {"metadata": _empty_metadata(), "spec": pod}}, {}
    namespace, value = creation.object(JOBS, name, spec=spec, status={})
    value["metadata"] = {**_in_order(value["metadata"]), **metadata}
    creation.create(JOBS, namespace, value, "failed to create job:")


def _from_cron_job(session: Session, source: str) -> tuple[Object, Object]:
    """Return the spec of a cron job's job, and the metadata that says where it comes from."""
    found = read_all(session, select(session, (source,)))
    if len(found) != 1:
        raise CliError("from must be an existing cronjob")
    target, value = found[0]
    if (target.type.group, target.type.kind) != ("batch", "CronJob"):
        raise CliError(f"unknown object type *{target.type.version}.{target.type.kind}")
    template = (value.get("spec") or {}).get("jobTemplate") or {}
    held, owner = template.get("metadata") or {}, value.get("metadata") or {}
    metadata: Object = {
        "annotations": {"cronjob.kubernetes.io/instantiate": "manual", **(held.get("annotations") or {})},
        "ownerReferences": [
            {
                "apiVersion": CRON_JOBS.api_version,
                "kind": CRON_JOBS.kind,
                "name": owner.get("name", ""),
                "uid": owner.get("uid", ""),
                "controller": True,
            }
        ],
    }
    if held.get("labels"):
        metadata["labels"] = held["labels"]
    return template.get("spec") or {}, metadata


def _container(name: str, image: str, command: list[str]) -> Object:
    container: Object = {"name": name, "image": image}
    if command:
        container["command"] = command
    container["resources"] = {}
    return container


def _container_name(image: str) -> str:
    """Return the last part of an image's name, changed where it can't name a container, and then made unique."""
    name = re.split("[:@]", image.rpartition("/")[2])[0]
    if not re.search(r"[._]", name):
        return name
    suffix = "".join(secrets.choice(_SUFFIX_LETTERS) for _ in range(5))
    return f"{re.sub('[._]', '-', name)}-{suffix}"


def _empty_metadata(**fields: Any) -> Object:
    return {**fields, "creationTimestamp": None}


def _in_order(metadata: Object, labels: dict[str, str] | None = None) -> Object:
    """Add what the metadata of a new object shows besides its name, as the type has it."""
    return {**metadata, "creationTimestamp": None, **({"labels": labels} if labels else {})}
