"""Values of pod templates that do not fit are told in the words of Go's decoder."""

import json
from typing import Any

import pytest

from imagestreams.api.apps.types import Deployment
from imagestreams.api.errors import ApiError
from imagestreams.apiserver.bodies.objects import decode_object
from imagestreams.resources.resource import ResourceInfo

DEPLOYMENTS = ResourceInfo("apps", "v1", "deployments", "Deployment", Deployment, frozenset({"create"}), "deployment")
REFUSED = 'Deployment in version "v1" cannot be handled as a Deployment: '
QUANTITY_RULE = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"


def decoded(container: dict[str, Any], **spec: Any) -> Deployment:
    document = {
        "kind": "Deployment",
        "apiVersion": "apps/v1",
        "spec": {**spec, "template": {"spec": {"containers": [container]}}},
    }
    value = decode_object(json.dumps(document).encode(), "application/json", DEPLOYMENTS, "Strict").value
    assert isinstance(value, Deployment)
    return value


def refusal(container: dict[str, Any], **spec: Any) -> str:
    with pytest.raises(ApiError) as failure:
        decoded(container, **spec)
    assert failure.value.status.code == 400
    return failure.value.status.message.removeprefix(REFUSED)


@pytest.mark.parametrize("amount", ["lots", True, {}, [], "1 Gi"])
def test_what_is_no_amount(amount: Any) -> None:
    assert refusal({"resources": {"limits": {"cpu": amount}}}) == QUANTITY_RULE


def test_an_unknown_unit() -> None:
    assert refusal({"resources": {"limits": {"cpu": "1iK"}}}) == "unable to parse quantity's suffix"


@pytest.mark.parametrize("amount", [1, 0.5, "500m", " 1Gi ", None])
def test_an_amount_may_be_a_number(amount: Any) -> None:
    assert decoded({"resources": {"limits": {"cpu": amount}}}).spec.template.spec.containers


def test_a_port_is_a_number_or_a_name() -> None:
    def probing(port: Any) -> dict[str, Any]:
        return {"livenessProbe": {"tcpSocket": {"port": port}}}

    where = "Go struct field TCPSocketAction.spec.template.spec.containers.livenessProbe.tcpSocket.port of type int32"
    assert decoded(probing("http")) and decoded(probing(80))
    assert refusal(probing(True)) == f"json: cannot unmarshal bool into {where}"
    assert refusal(probing(1.5)) == f"json: cannot unmarshal number 1.5 into {where}"


def test_numbers_have_the_width_of_their_type() -> None:
    where = "Go struct field DeploymentSpec.spec.replicas of type int32"

    assert refusal({}, replicas=2**31) == f"json: cannot unmarshal number 2147483648 into {where}"
    assert refusal({}, replicas="two") == f"json: cannot unmarshal string into {where}"
    assert decoded({}, replicas=2**31 - 1).spec.replicas == 2**31 - 1


def test_unknown_fields_are_told_by_their_path() -> None:
    told = refusal({"name": "a", "imagePullpolicy": "Always", "ports": [{"containerport": 80}]})

    assert told == (
        'strict decoding error: unknown field "spec.template.spec.containers[0].imagePullpolicy", '
        'unknown field "spec.template.spec.containers[0].ports[0].containerport"'
    )
