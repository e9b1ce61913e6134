"""Deployment configs: the wire, what is filled in, and what is refused in which words."""

from typing import Any

import pytest

from imagestreams.api.codec import copy, from_dict, to_dict
from imagestreams.api.openshift_apps.defaulting import default_deployment_config
from imagestreams.api.openshift_apps.types import DeploymentConfig, DeploymentConfigRollback, DeploymentRequest
from imagestreams.api.openshift_apps.validation import (
    validate_deployment_config,
    validate_deployment_config_status,
    validate_deployment_request,
    validate_rollback,
)

POD = {
    "metadata": {"labels": {"app": "web"}},
    "spec": {"containers": [{"name": "web", "image": "registry.example.com/web:1"}]},
}
HOOK = {"failurePolicy": "Abort", "execNewPod": {"command": ["true"], "containerName": "web"}}


def config(**spec: Any) -> DeploymentConfig:
    """A config that is right but for what a test changes."""
    value = from_dict(
        {"metadata": {"name": "web", "namespace": "here"}, "spec": {"replicas": 1, "template": POD, **spec}},
        DeploymentConfig,
    )
    default_deployment_config(value)
    return value


def problems(**spec: Any) -> list[str]:
    return [str(error) for error in validate_deployment_config(config(**spec))]


EVERYTHING: dict[str, Any] = {
    "kind": "DeploymentConfig",
    "apiVersion": "apps.openshift.io/v1",
    "metadata": {"name": "web"},
    "spec": {
        "strategy": {
            "type": "Rolling",
            "customParams": {"image": "i", "environment": [{"name": "A", "value": "1"}], "command": ["c"]},
            "recreateParams": {"timeoutSeconds": 1, "pre": HOOK, "mid": HOOK, "post": HOOK},
            "rollingParams": {
                "updatePeriodSeconds": 1,
                "intervalSeconds": 2,
                "timeoutSeconds": 3,
                "maxUnavailable": "25%",
                "maxSurge": 1,
                "pre": {
                    "failurePolicy": "Ignore",
                    "tagImages": [{"containerName": "web", "to": {"kind": "ImageStreamTag", "name": "a:b"}}],
                },
                "post": HOOK,
            },
            "resources": {"limits": {"cpu": "1"}},
            "labels": {"a": "b"},
            "annotations": {"c": "d"},
            "activeDeadlineSeconds": 10,
        },
        "minReadySeconds": 1,
        "triggers": [
            {"type": "ConfigChange"},
            {
                "type": "ImageChange",
                "imageChangeParams": {
                    "automatic": True,
                    "containerNames": ["web"],
                    "from": {"kind": "ImageStreamTag", "namespace": "n", "name": "a:b"},
                    "lastTriggeredImage": "i",
                },
            },
        ],
        "replicas": 2,
        "revisionHistoryLimit": 3,
        "test": True,
        "paused": True,
        "selector": {"app": "web"},
    },
    "status": {
        "latestVersion": 1,
        "observedGeneration": 2,
        "replicas": 3,
        "updatedReplicas": 4,
        "availableReplicas": 5,
        "unavailableReplicas": 6,
        "details": {
            "message": "image change",
            "causes": [{"type": "ImageChange", "imageTrigger": {"from": {"kind": "DockerImage", "name": "i"}}}],
        },
        "conditions": [
            {
                "type": "Available",
                "status": "True",
                "lastUpdateTime": None,
                "lastTransitionTime": None,
                "reason": "r",
                "message": "m",
            }
        ],
        "readyReplicas": 7,
    },
}


def test_every_field_comes_back_as_it_was_sent() -> None:
    assert to_dict(from_dict(EVERYTHING, DeploymentConfig)) == EVERYTHING


def test_fields_that_go_always_writes_are_written() -> None:
    request = {"name": "", "latest": False, "force": False}
    rollback = {
        "from": {},
        "includeTriggers": False,
        "includeTemplate": False,
        "includeReplicationMeta": False,
        "includeStrategy": False,
    }

    assert to_dict(DeploymentConfig())["spec"] == {
        "strategy": {"resources": {}},
        "triggers": None,
        "replicas": 0,
        "test": False,
    }
    assert to_dict(DeploymentRequest()) == request
    assert to_dict(DeploymentConfigRollback()) == {"name": "", "spec": rollback}


def test_a_config_without_triggers_is_rolled_out_when_it_changes() -> None:
    assert [one.type for one in config().spec.triggers or []] == ["ConfigChange"]
    assert config(triggers=[]).spec.triggers == []


def test_the_strategy_is_filled_in() -> None:
    rolling = config().spec.strategy
    recreate = config(strategy={"type": "Recreate"}).spec.strategy

    assert (rolling.type, rolling.active_deadline_seconds) == ("Rolling", 21600)
    assert to_dict(rolling.rolling_params) == {
        "updatePeriodSeconds": 1,
        "intervalSeconds": 1,
        "timeoutSeconds": 600,
        "maxUnavailable": "25%",
        "maxSurge": "25%",
    }
    assert to_dict(recreate.recreate_params) == {"timeoutSeconds": 600}


@pytest.mark.parametrize(
    ("given", "filled"),
    [
        ({"maxSurge": 0}, ("25%", 0)),
        ({"maxUnavailable": "0%"}, ("0%", "25%")),
        ({"maxSurge": 2}, (0, 2)),
        ({"maxUnavailable": 1, "maxSurge": 2}, (1, 2)),
    ],
)
def test_bounds_of_a_rollout_that_are_left_out(given: Any, filled: Any) -> None:
    params = config(strategy={"rollingParams": given}).spec.strategy.rolling_params

    assert params is not None and (params.max_unavailable, params.max_surge) == filled


def test_the_selector_is_that_of_the_template_and_hooks_mean_its_only_container() -> None:
    hook = {"failurePolicy": "Abort", "execNewPod": {"command": ["true"]}}

    value = config(strategy={"rollingParams": {"pre": hook}})

    assert value.spec.selector == {"app": "web"}
    params = value.spec.strategy.rolling_params
    assert params is not None and params.pre is not None and params.pre.exec_new_pod is not None
    assert params.pre.exec_new_pod.container_name == "web"


def test_a_tag_is_looked_for_in_the_namespace_of_the_config() -> None:
    trigger = {"type": "ImageChange", "imageChangeParams": {"containerNames": ["web"], "from": {"name": "web:1"}}}
    older = {**trigger, "imageChangeParams": {"containerNames": ["web"], "from": {"kind": "ImageStream", "name": "a"}}}

    found = [one.image_change_params for one in config(triggers=[trigger, older]).spec.triggers or []]

    assert [(one.from_.kind, one.from_.namespace, one.from_.name) for one in found if one is not None] == [
        ("ImageStreamTag", "here", "web:1"),
        ("ImageStreamTag", "here", "a:latest"),
    ]


def test_a_good_config_has_no_problems() -> None:
    assert problems() == []


def image_change(**params: Any) -> dict[str, Any]:
    base: dict[str, Any] = {"containerNames": ["web"], "from": {"name": "web:1"}}
    return {"type": "ImageChange", "imageChangeParams": {**base, **params}}


def rolling(**params: Any) -> dict[str, Any]:
    return {"strategy": {"rollingParams": params}}


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"replicas": -1}, "spec.replicas: Invalid value: -1: replicas cannot be negative"),
        ({"template": None}, "spec.template: Required value"),
        (
            {"selector": {"app": "other"}},
            'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
        ),
        (
            {"minReadySeconds": 600},
            "spec.minReadySeconds: Invalid value: 600: must be less than the deployment timeout (600s)",
        ),
        (
            {"revisionHistoryLimit": -1},
            "spec.revisionHistoryLimit: Invalid value: -1: must be greater than or equal to 0",
        ),
        (
            {"strategy": {"type": "Odd"}},
            'spec.strategy.type: Invalid value: "Odd": unsupported strategy type, use "Custom" instead and specify '
            "your own strategy",
        ),
        ({"strategy": {"type": "Custom"}}, "spec.strategy.customParams: Required value"),
        (
            {"strategy": {"activeDeadlineSeconds": 600}},
            "spec.strategy.activeDeadlineSeconds: Invalid value: 600: activeDeadlineSeconds must be greater than "
            "timeoutSeconds",
        ),
        (
            rolling(maxSurge=0, maxUnavailable=0),
            "spec.strategy.rollingParams.maxUnavailable: Invalid value: 0: cannot be 0 when maxSurge is 0 as well",
        ),
        (
            rolling(maxUnavailable="101%"),
            'spec.strategy.rollingParams.maxUnavailable: Invalid value: "101%": should not be more than 100%',
        ),
        (
            rolling(maxUnavailable=f"{'9' * 5000}%"),
            f'spec.strategy.rollingParams.maxUnavailable: Invalid value: "{"9" * 5000}%": value should be int(5) or '
            "percentage(5%)",
        ),
        (
            rolling(maxSurge="x"),
            'spec.strategy.rollingParams.maxSurge: Invalid value: "x": value should be int(5) or percentage(5%)',
        ),
        (rolling(timeoutSeconds=0), "spec.strategy.rollingParams.timeoutSeconds: Invalid value: 0: must be >0"),
        (
            rolling(pre={"failurePolicy": "Abort"}),
            'spec.strategy.rollingParams.pre: Invalid value: "<empty>": One of execNewPod or tagImages must be '
            "specified",
        ),
        (
            rolling(post={"failurePolicy": "Abort", "tagImages": [{"containerName": "x", "to": {"name": "a:b"}}]}),
            'spec.strategy.rollingParams.post.tagImages[0].containerName: Invalid value: "x": no container "x" found',
        ),
        ({"triggers": [{}]}, "spec.triggers[0].type: Required value"),
        ({"triggers": [{"type": "ImageChange"}]}, "spec.triggers[0].imageChangeParams: Required value"),
        (
            {"triggers": [image_change(containerNames=[])]},
            "spec.triggers[0].imageChangeParams.containerNames: Required value",
        ),
        (
            {"triggers": [image_change(**{"from": {"name": "web"}})]},
            'spec.triggers[0].imageChangeParams.from.name: Invalid value: "web": must be in the form of <name>:<tag>',
        ),
        (
            {"triggers": [image_change(**{"from": {"kind": "DockerImage", "name": "web:1"}})]},
            'spec.triggers[0].imageChangeParams.from.kind: Invalid value: "DockerImage": kind must be an '
            "ImageStreamTag",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_is_told_in_the_words_of_openshift(spec: dict[str, Any], told: str) -> None:
    assert told in problems(**spec)


def test_a_container_may_wait_for_the_image_of_a_trigger() -> None:
    template = {**POD, "spec": {"containers": [{"name": "web"}, {"name": "other", "image": ""}]}}

    found = problems(template=template, triggers=[image_change()])

    assert found == ["spec.template.spec.containers[1].image: Required value"]


def test_counters_of_the_status_do_not_go_back() -> None:
    old = config()
    old.status.latest_version = old.status.observed_generation = 2
    new = copy(old)
    new.status.latest_version = new.status.observed_generation = 1

    assert [str(error) for error in validate_deployment_config_status(new, old)] == [
        "status.latestVersion: Invalid value: 1: latestVersion cannot be decremented",
        "status.observedGeneration: Invalid value: 1: observedGeneration cannot be decremented",
    ]


def test_a_paused_config_is_not_rolled_out_on_request() -> None:
    errors = validate_deployment_request(DeploymentRequest(name="web"), config(paused=True))

    told = 'deployment config "web" is paused - unpause to request a new deployment'
    assert [str(error) for error in errors] == [f"spec.paused: Invalid value: true: {told}"]


def test_a_rollback_names_a_config_and_a_revision() -> None:
    odd = from_dict({"name": "Web", "spec": {"revision": -1}}, DeploymentConfigRollback)

    assert [str(error) for error in validate_rollback(DeploymentConfigRollback())] == [
        "name: Required value: name of the deployment config is missing"
    ]
    assert [str(error) for error in validate_rollback(odd)] == [
        'name: Invalid value: "Web": name of the deployment config is invalid',
        "spec.revision: Invalid value: -1: must be non-negative",
    ]
