"""When a deployment config is to be rolled out anew, and with which images. Pure.

Two ways lead to a rollout: the loop that looks at every change of a config (`rollout_due`), and a request for one
(`follow_tags`, `request_causes`). Both come to the same answer for the same change.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from imagestreams.api.apps.types import ReplicationController
from imagestreams.api.core import ObjectReference
from imagestreams.api.openshift_apps.defaulting import CONFIG_CHANGE, IMAGE_CHANGE
from imagestreams.api.openshift_apps.types import (
    DeploymentCause,
    DeploymentCauseImageTrigger,
    DeploymentConfig,
    DeploymentDetails,
    DeploymentTriggerImageChangeParams,
)
from imagestreams.resources.openshift_apps.rollouts import remembered_config

MANUAL = "Manual"
_MESSAGES = {CONFIG_CHANGE: "config change", IMAGE_CHANGE: "image change", MANUAL: "manual change"}

PullSpecOf = Callable[[ObjectReference], str | None]
"""Returns what a tag points to now; `None` when it points to nothing."""


@dataclass(frozen=True, slots=True)
class Due:
    """Whether there is to be a new rollout, and why; `waits` when images are missing for one."""

    details: DeploymentDetails | None = None
    waits: bool = False


def image_changes(config: DeploymentConfig) -> list[DeploymentTriggerImageChangeParams]:
    """Return the tags that a config follows."""
    return [
        trigger.image_change_params
        for trigger in config.spec.triggers or []
        if trigger.type == IMAGE_CHANGE and trigger.image_change_params is not None
    ]


def has_config_trigger(config: DeploymentConfig) -> bool:
    """Return whether a change of the template is rolled out."""
    return any(trigger.type == CONFIG_CHANGE for trigger in config.spec.triggers or [])


def details_of(causes: Sequence[DeploymentCause]) -> DeploymentDetails:
    """Return what is told of a rollout with these causes; there is at least one."""
    return DeploymentDetails(message=_MESSAGES.get(causes[0].type, ""), causes=list(causes))


def rollout_due(config: DeploymentConfig, latest: ReplicationController | None) -> Due:
    """Say whether a config has changed since its latest rollout in what its triggers look at.

    Raises:
        NoConfig: the latest rollout does not remember its config.
    """
    followed, by_config = image_changes(config), has_config_trigger(config)
    if config.spec.paused or not (followed or by_config):
        return Due()
    changed = details_of([DeploymentCause(type=CONFIG_CHANGE)])
    if not config.status.latest_version:
        if followed and not all(params.last_triggered_image for params in followed):
            return Due(waits=True)
        return Due(changed)
    if latest is None:
        return Due()
    if followed and (images := _new_images(config, latest)):
        return Due(details_of([_image_cause(ObjectReference(kind="DockerImage", name=image)) for image in images]))
    if by_config and config.spec.template != remembered_config(latest).spec.template:
        return Due(changed)
    return Due()


def _new_images(config: DeploymentConfig, latest: ReplicationController) -> list[str]:
    template, before = config.spec.template, latest.spec.template
    if template is None or before is None:
        return []
    known = {container.image for container in before.spec.containers or []}
    return [container.image for container in template.spec.containers or [] if container.image not in known]


def _image_cause(reference: ObjectReference) -> DeploymentCause:
    return DeploymentCause(type=IMAGE_CHANGE, image_trigger=DeploymentCauseImageTrigger(from_=reference))


def follow_tags(config: DeploymentConfig, pull_spec_of: PullSpecOf, *, force: bool, excluded: Sequence[str]) -> None:
    """Give the containers of a config the images that the tags point to now; the config is changed in place.

    Without `force` only tags that are followed automatically count, and none while the config is paused.
    """
    template = config.spec.template
    if template is None or IMAGE_CHANGE in excluded:
        return
    for params in image_changes(config):
        if not force and (config.spec.paused or not params.automatic):
            continue
        image = pull_spec_of(params.from_)
        if not image or image == params.last_triggered_image:
            continue
        names = params.container_names or []
        for container in [*(template.spec.containers or []), *(template.spec.init_containers or [])]:
            if container.name in names:
                container.image = params.last_triggered_image = image


class UnresolvedImages(Exception):
    """A tag that a config follows was never resolved, so its containers have no images."""


def request_causes(config: DeploymentConfig, previous: DeploymentConfig, *, force: bool) -> list[DeploymentCause]:
    """Return why a requested rollout is worth making, empty when nothing has changed since `previous`.

    Raises:
        UnresolvedImages: some image is not known yet.
    """
    causes: list[DeploymentCause] = []
    followed = image_changes(config)
    first = not config.status.latest_version
    for params in followed:
        if not params.last_triggered_image or not params.automatic:
            continue
        if causes or first or _follows_others(config, previous) or _another_image(params, previous):
            tag = ObjectReference(kind="ImageStreamTag", name=params.from_.name, namespace=params.from_.namespace)
            causes.append(_image_cause(tag))
    if any(not params.last_triggered_image for params in followed):
        raise UnresolvedImages
    if force:
        return [DeploymentCause(type=MANUAL)]
    if not causes and has_config_trigger(config) and (first or config.spec.template != previous.spec.template):
        return [DeploymentCause(type=CONFIG_CHANGE)]
    return causes


def _tag(params: DeploymentTriggerImageChangeParams) -> tuple[str, str]:
    return params.from_.namespace, params.from_.name


def _follows_others(config: DeploymentConfig, previous: DeploymentConfig) -> bool:
    """Return whether a config follows a tag that it did not follow before."""
    return not {_tag(params) for params in image_changes(config)} <= {_tag(one) for one in image_changes(previous)}


def _another_image(params: DeploymentTriggerImageChangeParams, previous: DeploymentConfig) -> bool:
    """Return whether a tag has brought another image since then."""
    for before in image_changes(previous):
        if _tag(before) == _tag(params):
            return before.last_triggered_image != params.last_triggered_image
    return False
