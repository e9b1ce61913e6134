"""How deployment configs are shown as a table, as OpenShift does it."""

from collections.abc import Sequence
from typing import Any

from imagestreams.api.openshift_apps.defaulting import CONFIG_CHANGE, IMAGE_CHANGE
from imagestreams.api.openshift_apps.types import DeploymentConfig
from imagestreams.resources.resource import Column, TableView


def deployment_config_table() -> TableView:
    """Return how deployment configs are shown."""

    def cells(config: DeploymentConfig) -> Sequence[Any]:
        spec, status = config.spec, config.status
        desired = f"{spec.replicas} (during test)" if spec.test else str(spec.replicas)
        return config.metadata.name, status.latest_version, desired, status.updated_replicas, triggers_in_words(config)

    columns = (
        Column("Name", format="name", description="The name of the object."),
        Column("Revision", description="The number of the newest rollout."),
        Column("Desired", description="How many pods should run."),
        Column("Current", description="How many pods of the newest rollout there are."),
        Column("Triggered By", description="What rolls it out anew."),
    )
    return TableView(columns, cells)


def triggers_in_words(config: DeploymentConfig) -> str:
    """Name what rolls a config out by itself; a tag names its containers where it gives images to some only."""
    template = config.spec.template
    containers = {one.name for one in template.spec.containers or []} if template is not None else set()
    found: set[str] = set()
    for trigger in config.spec.triggers or []:
        params = trigger.image_change_params
        if trigger.type == CONFIG_CHANGE:
            found.add("config")
        elif trigger.type != IMAGE_CHANGE:
            found.add(trigger.type)
        elif params is not None and params.automatic:
            names = sorted(params.container_names or [])
            prefix = f"{','.join(names)}:" if len(containers) != 1 and not set(names) <= containers else ""
            kind = "image" if params.from_.kind == "ImageStreamTag" else params.from_.kind
            found.add(f"{kind}({prefix}{params.from_.name})")
    return ",".join(sorted(found))
