"""`isctl create deploymentconfig`."""

from typing import Any

import click

from imagestreams.cli.command import name_and_command, verb
from imagestreams.cli.errors import flag_required
from imagestreams.cli.flags import flag
from imagestreams.cli.objects.creation import Creation, creation_flags
from imagestreams.cli.session import Session
from imagestreams.cli.verbs.rollout_configs import CONFIGS

_STATUS_COUNTS = (
    "latestVersion",
    "observedGeneration",
    "replicas",
    "updatedReplicas",
    "availableReplicas",
    "unavailableReplicas",
)


@verb(
    "deploymentconfig",
    help="Create a deployment config: 'isctl create deploymentconfig web --image=nginx -- COMMAND'.",
)
@creation_flags
@flag("--image", default="", help="The image.")
@click.argument("arguments", nargs=-1, metavar="NAME [-- COMMAND [ARGUMENT…]]")
@click.pass_obj
def deploymentconfig(session: Session, /, arguments: tuple[str, ...], image: str, **given: Any) -> None:
    if not image:
        raise flag_required("image")
    name, command = name_and_command(arguments)
    creation = Creation(session, **given)
    labels = {"deployment-config.name": name}
    container = {"name": "default-container", "image": image, **({"command": command} if command else {})}
    template = {
        "metadata": {"creationTimestamp": None, "labels": labels},
        "spec": {"containers": [{**container, "resources": {}}]},
    }
    spec: dict[str, Any] = {
        "strategy": {"resources": {}},
        "triggers": None,
        "replicas": 1,
        "test": False,
        "selector": labels,
        "template": template,
    }
    namespace, value = creation.object(CONFIGS, name, spec=spec, status=dict.fromkeys(_STATUS_COUNTS, 0))
    value["metadata"]["creationTimestamp"] = None
    creation.create(CONFIGS, namespace, value)
