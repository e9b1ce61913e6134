"""Rollouts of deployment configs: what they remember, when there is a new one, and what is told of them."""

from typing import Any

import pytest

from imagestreams.api.apps.types import ReplicationController
from imagestreams.api.codec import copy, from_dict, to_dict
from imagestreams.api.core import ObjectReference
from imagestreams.api.openshift_apps.defaulting import default_deployment_config
from imagestreams.api.openshift_apps.types import DeploymentConfig, DeploymentConfigRollbackSpec
from imagestreams.resources.openshift_apps import rollouts
from imagestreams.resources.openshift_apps.requests import rolled_back
from imagestreams.resources.openshift_apps.rollouts import NoConfig, make_rollout, remembered_config, superfluous
from imagestreams.resources.openshift_apps.status import max_unavailable, status_of
from imagestreams.resources.openshift_apps.tables import triggers_in_words
from imagestreams.resources.openshift_apps.triggers import UnresolvedImages, follow_tags, request_causes, rollout_due

NOW, LATER = "2026-11-25T03:00:00Z", "2026-11-25T03:01:00Z"


def image_change(name: str = "web:1", *, automatic: bool = True, last: str = "", container: str = "web") -> Any:
    params = {"automatic": automatic, "containerNames": [container], "from": {"name": name}, "lastTriggeredImage": last}
    return {"type": "ImageChange", "imageChangeParams": params}


def config(version: int = 0, **spec: Any) -> DeploymentConfig:
    template = {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "web", "image": "web@1"}]},
    }
    value = from_dict(
        {
            "kind": "DeploymentConfig",
            "apiVersion": "apps.openshift.io/v1",
            "metadata": {"name": "web", "namespace": "here", "uid": "u-1", "labels": {"team": "a"}, "generation": 4},
            "spec": {"replicas": 4, "template": template, **spec},
            "status": {"latestVersion": version},
        },
        DeploymentConfig,
    )
    default_deployment_config(value)
    return value


def rollout(value: DeploymentConfig, phase: str = "Complete", **status: int) -> ReplicationController:
    made = make_rollout(value)
    assert made.metadata.annotations is not None
    made.metadata.annotations[rollouts.PHASE] = phase
    return from_dict({**to_dict(made), "status": {"replicas": 0, **status}}, ReplicationController)


def with_image(value: DeploymentConfig, image: str) -> DeploymentConfig:
    changed = copy(value)
    assert changed.spec.template is not None and changed.spec.template.spec.containers
    changed.spec.template.spec.containers[0].image = image
    return changed


def test_a_rollout_bears_the_names_that_oc_looks_for() -> None:
    made = make_rollout(config(3))

    assert made.metadata.name == "web-3"
    assert made.metadata.labels == {"team": "a", "openshift.io/deployment-config.name": "web"}
    annotations = dict(made.metadata.annotations or {})
    annotations.pop("openshift.io/encoded-deployment-config")
    assert annotations == {
        "openshift.io/deployment-config.name": "web",
        "openshift.io/deployment.phase": "New",
        "openshift.io/deployment-config.latest-version": "3",
        "kubectl.kubernetes.io/desired-replicas": "4",
        "openshift.io/deployment.replicas": "0",
    }
    assert made.spec.selector == {"app": "web", "deploymentconfig": "web", "deployment": "web-3"}
    assert made.spec.replicas == 0
    assert made.spec.template is not None
    assert made.spec.template.metadata.labels == made.spec.selector
    owner = (made.metadata.owner_references or [])[0]
    assert (owner.kind, owner.uid, owner.controller, owner.block_owner_deletion) == (
        "DeploymentConfig",
        "u-1",
        True,
        True,
    )


def test_a_rollout_remembers_its_config() -> None:
    value = config(3)

    assert remembered_config(make_rollout(value)) == value
    with pytest.raises(NoConfig, match="object web-1 does not have encoded deployment config annotation"):
        remembered_config(from_dict({"metadata": {"name": "web-1"}}, ReplicationController))


def test_the_first_rollout_comes_with_the_config_or_with_its_images() -> None:
    follows = config(triggers=[image_change()])
    resolved = config(triggers=[image_change(last="web@1")])

    assert (due := rollout_due(config(), None)).details is not None and due.details.message == "config change"
    assert rollout_due(follows, None).waits
    assert rollout_due(resolved, None).details is not None
    assert rollout_due(config(triggers=[]), None).details is None
    assert rollout_due(config(paused=True), None).details is None


def test_a_change_of_the_template_is_rolled_out_once() -> None:
    value = config(1)
    last = rollout(value)

    assert rollout_due(value, last).details is None
    due = rollout_due(with_image(value, "web@2"), last)
    assert due.details is not None and [cause.type for cause in due.details.causes or []] == ["ConfigChange"]
    more = copy(value)
    more.spec.replicas = 9
    assert rollout_due(more, last).details is None


def test_a_change_of_an_image_is_told_as_such_where_a_tag_is_followed() -> None:
    value = config(1, triggers=[image_change(last="web@1")])

    due = rollout_due(with_image(value, "web@2"), rollout(value))

    assert due.details is not None
    assert to_dict(due.details) == {
        "message": "image change",
        "causes": [{"type": "ImageChange", "imageTrigger": {"from": {"kind": "DockerImage", "name": "web@2"}}}],
    }


def tags(**images: str) -> Any:
    return lambda reference: images.get(reference.name.partition(":")[0])


def image_of(value: DeploymentConfig) -> str:
    assert value.spec.template is not None and value.spec.template.spec.containers
    return value.spec.template.spec.containers[0].image


def test_a_request_gives_containers_the_images_of_their_tags() -> None:
    value = config(triggers=[image_change()])

    follow_tags(value, tags(web="web@2"), force=False, excluded=())

    assert image_of(value) == "web@2"
    params = (value.spec.triggers or [])[0].image_change_params
    assert params is not None and params.last_triggered_image == "web@2"


@pytest.mark.parametrize(
    ("spec", "asked", "followed"),
    [
        ({"triggers": [image_change(automatic=False)]}, {"force": False, "excluded": ()}, False),
        ({"triggers": [image_change(automatic=False)]}, {"force": True, "excluded": ()}, True),
        ({"triggers": [image_change()]}, {"force": True, "excluded": ("ImageChange",)}, False),
        ({"triggers": [image_change("other:1")]}, {"force": True, "excluded": ()}, False),
        ({"triggers": [image_change(container="side")]}, {"force": True, "excluded": ()}, False),
    ],
)
def test_which_tags_a_request_follows(spec: Any, asked: Any, followed: bool) -> None:
    value = config(**spec)

    follow_tags(value, tags(web="web@2"), **asked)

    assert (image_of(value) == "web@2") is followed


def causes(value: DeploymentConfig, previous: DeploymentConfig, *, force: bool = False) -> list[str]:
    return [cause.type for cause in request_causes(value, previous, force=force)]


def test_a_request_rolls_out_what_has_changed() -> None:
    before = config(1, triggers=[{"type": "ConfigChange"}, image_change(last="web@1")])
    other_image = config(1, triggers=[{"type": "ConfigChange"}, image_change(last="web@2")])
    other_tag = config(1, triggers=[{"type": "ConfigChange"}, image_change("other:1", last="web@1")])

    assert causes(before, before) == []
    assert causes(before, before, force=True) == ["Manual"]
    assert causes(with_image(before, "web@2"), before) == ["ConfigChange"]
    assert causes(other_image, before) == ["ImageChange"]
    assert causes(other_tag, before) == ["ImageChange"]


def test_a_request_waits_for_images() -> None:
    value = config(triggers=[image_change()])

    with pytest.raises(UnresolvedImages):
        request_causes(value, value, force=True)


def test_the_status_counts_all_rollouts() -> None:
    value = config(2)
    old = rollout(config(1), replicas=1, availableReplicas=1, readyReplicas=1)
    new = rollout(value, "Running", replicas=3, availableReplicas=2, readyReplicas=2)
    old.spec.replicas, new.spec.replicas = 1, 4

    status = status_of(value, [old, new], NOW)

    assert (status.replicas, status.updated_replicas, status.available_replicas) == (4, 3, 3)
    assert (status.unavailable_replicas, status.ready_replicas, status.observed_generation) == (2, 3, 4)
    assert [(one.type, one.status, one.reason) for one in status.conditions or []] == [
        ("Available", "True", ""),
        ("Progressing", "True", "ReplicationControllerUpdated"),
    ]


@pytest.mark.parametrize(
    ("phase", "cancelled", "told"),
    [
        ("Pending", "", ("Unknown", "", 'replication controller "web-1" is waiting for pod "web-1-deploy" to run')),
        (
            "Complete",
            "",
            ("True", "NewReplicationControllerAvailable", 'replication controller "web-1" successfully rolled out'),
        ),
        (
            "Failed",
            "",
            ("False", "ProgressDeadlineExceeded", 'replication controller "web-1" has failed progressing'),
        ),
        (
            "Failed",
            "true",
            ("False", "RolloutCancelled", 'rollout of replication controller "web-1" was cancelled'),
        ),
    ],
)
def test_how_a_rollout_goes_on_is_a_condition(phase: str, cancelled: str, told: tuple[str, str, str]) -> None:
    value = config(1)
    last = rollout(value, phase)
    if cancelled:
        assert last.metadata.annotations is not None
        last.metadata.annotations[rollouts.CANCELLED] = cancelled

    progress = (status_of(value, [last], NOW).conditions or [])[1]

    assert (progress.status, progress.reason, progress.message) == told


def test_a_condition_that_says_the_same_keeps_its_time() -> None:
    value = config(1)
    value.status = status_of(value, [rollout(value)], NOW)

    assert status_of(value, [rollout(value)], LATER) == value.status
    failed = status_of(value, [rollout(value, "Failed")], LATER)
    assert [one.last_transition_time for one in failed.conditions or []] == [NOW, LATER]


@pytest.mark.parametrize(
    ("params", "missing"),
    [({}, 1), ({"maxUnavailable": "50%"}, 2), ({"maxUnavailable": 3}, 3), ({"maxUnavailable": "1%", "maxSurge": 0}, 1)],
)
def test_how_many_pods_may_be_missing(params: Any, missing: int) -> None:
    assert max_unavailable(config(strategy={"rollingParams": params})) == missing
    assert max_unavailable(config(strategy={"type": "Recreate"})) == 0


def test_the_oldest_rollouts_are_forgotten_unless_they_run_pods() -> None:
    value = config(6, revisionHistoryLimit=1)
    made = [rollout(config(version), "Complete" if version < 5 else "Failed") for version in range(1, 7)]
    made[1].spec.replicas = 2

    assert [one.metadata.name for one in superfluous(value, made)] == ["web-1"]
    value.spec.revision_history_limit = None
    assert superfluous(value, made) == []


def test_before_anything_succeeded_only_the_latest_rollout_counts() -> None:
    made = [rollout(config(version), "Failed") for version in (1, 2, 3)]

    assert [one.metadata.name for one in superfluous(config(3, revisionHistoryLimit=1), made)] == ["web-1"]


def test_the_way_back_takes_what_is_wished_and_stops_following_tags() -> None:
    now = config(3, replicas=9, triggers=[{"type": "ConfigChange"}, image_change(last="web@3")])
    target = with_image(config(1, replicas=1), "web@1")
    current = with_image(now, "web@3")

    rolled_back(current, target, DeploymentConfigRollbackSpec(include_template=True))

    assert (image_of(current), current.spec.replicas, current.status.latest_version) == ("web@1", 9, 4)
    params = (current.spec.triggers or [])[1].image_change_params
    assert params is not None and not params.automatic


@pytest.mark.parametrize(
    ("triggers", "words"),
    [
        (None, "config"),
        ([], ""),
        ([image_change()], "image(web:1)"),
        ([image_change(automatic=False)], ""),
        ([{"type": "ConfigChange"}, image_change(), image_change("app:2")], "config,image(app:2),image(web:1)"),
    ],
)
def test_triggers_are_shown_in_words(triggers: Any, words: str) -> None:
    assert triggers_in_words(config(triggers=triggers)) == words


def test_pull_specs_are_asked_for_by_reference() -> None:
    asked: list[ObjectReference] = []

    def pull_spec_of(reference: ObjectReference) -> None:
        asked.append(reference)

    follow_tags(config(triggers=[image_change()]), pull_spec_of, force=False, excluded=())

    assert [(one.namespace, one.name) for one in asked] == [("here", "web:1")]
