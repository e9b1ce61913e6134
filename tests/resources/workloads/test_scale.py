"""The size of workloads, written through `scale`."""

from typing import Any

import pytest

from imagestreams.api.errors import ApiError

Document = dict[str, Any]


async def test_the_size_is_read_and_written_by_itself(room: Any, web: Document) -> None:
    made = await room.create("deployments", web)

    scale = await room.read("deployments/scale", "web")
    await room.change("deployments/scale", "web", lambda it: it["spec"].update(replicas=4))

    assert (scale["kind"], scale["apiVersion"]) == ("Scale", "autoscaling/v1")
    assert (scale["spec"], scale["status"]) == ({"replicas": 1}, {"replicas": 0, "selector": "app=web"})
    assert scale["metadata"]["uid"] == made["metadata"]["uid"]
    scaled = await room.read("deployments", "web")
    assert (scaled["spec"]["replicas"], scaled["metadata"]["generation"]) == (4, 2)


async def test_a_negative_size_is_refused_in_the_name_of_the_scale(room: Any, web: Document) -> None:
    await room.create("deployments", web)

    with pytest.raises(ApiError) as refused:
        await room.change("deployments/scale", "web", lambda it: it["spec"].update(replicas=-1))

    told = 'Scale.autoscaling "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0'
    assert refused.value.status.message == told


async def test_a_size_that_somebody_else_changed_is_a_conflict(room: Any, web: Document) -> None:
    await room.create("deployments", web)

    with pytest.raises(ApiError) as refused:
        await room.change("deployments/scale", "web", lambda it: it["metadata"].update(resourceVersion="1"))

    assert refused.value.status.reason == "Conflict"


async def test_who_scales_owns_the_number_of_replicas(room: Any, web: Document) -> None:
    own = {"f:spec": {"f:replicas": {}, "f:selector": {}}}
    entry = {"manager": "maker", "operation": "Update", "apiVersion": "apps/v1", "fieldsType": "FieldsV1"}
    web["metadata"]["managedFields"] = [{**entry, "time": "2026-11-25T11:00:00Z", "fieldsV1": own}]
    await room.create("deployments", web)

    await room.change("deployments/scale", "web", lambda it: it["spec"].update(replicas=4))

    fields = (await room.read("deployments", "web"))["metadata"]["managedFields"]
    owned = {(each["manager"], each.get("subresource", "")): each["fieldsV1"] for each in fields}
    assert owned == {
        ("maker", ""): {"f:spec": {"f:selector": {}}},
        ("unknown", "scale"): {"f:spec": {"f:replicas": {}}},
    }


async def test_what_has_no_size_has_no_scale(room: Any) -> None:
    served = {each.info.name for each in room.group.resources}

    scaled = ("deployments", "replicasets", "replicationcontrollers", "statefulsets")
    assert {name for name in served if name.endswith("/scale")} == {f"{name}/scale" for name in scaled}
