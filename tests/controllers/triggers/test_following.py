"""Objects of a cluster follow the tags of streams."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from imagestreams.controllers.triggers.observer import Result
from imagestreams.targets.cluster import Notice, ObjectKind
from imagestreams.targets.error import ClusterError, Refused, StaleDocument

Make = Callable[..., dict[str, Any]]


async def test_an_object_gets_the_image_that_the_tag_has(room: Any, deployment: Make) -> None:
    await room.point("3", "python@1")

    async with room.running():
        room.cluster.put(deployment())

        await room.until(lambda: room.cluster.image() == "python@1")


async def test_a_tag_that_moves_moves_its_followers_and_nobody_else(room: Any, deployment: Make) -> None:
    await room.point("3", "python@1")
    await room.point("4", "python@4")
    room.cluster.put(deployment("app", image="python@1"))
    room.cluster.put(deployment("other", "python:4", image="python@4"))

    async with room.running():
        await room.settled()
        reads = room.cluster.reads.copy()
        await room.point("3", "python@2")
        await room.until(lambda: room.cluster.image() == "python@2")
        await room.settled()

    assert room.cluster.writes == {"app": 1}
    assert room.cluster.reads["other"] == reads["other"]
    assert len(room.counts.lags) == 1


async def test_a_rollback_of_the_tag_is_followed_too(room: Any, deployment: Make) -> None:
    await room.point("3", "python@1")
    room.cluster.put(deployment())

    async with room.running():
        for image in ("python@2", "python@1"):
            await room.point("3", image)
            await room.until(lambda image=image: room.cluster.image() == image)


async def test_an_object_that_has_the_image_is_not_written(room: Any, deployment: Make) -> None:
    await room.point("3", "python@1")
    room.cluster.put(deployment(image="python@1"))

    async with room.running():
        await room.settled()
        await room.point("other", "python@9")
        await room.settled()

    assert not room.cluster.writes


async def test_our_own_change_is_not_looked_at_again(room: Any, deployment: Make) -> None:
    await room.point("3", "python@1")
    room.cluster.put(deployment())

    async with room.running():
        await room.until(lambda: room.cluster.image() == "python@1")
        await room.settled()

    assert room.cluster.reads["app"] == 1
    assert room.cluster.writes["app"] == 1


async def test_a_change_of_somebody_else_during_our_own_is_looked_at(room: Any, deployment: Make) -> None:
    await room.point("3", "python@1")
    await room.point("4", "python@4")
    room.cluster.put(deployment())
    # What was written is answered late: the watch has told of it by then, and of another change after it.
    room.cluster.after_write = lambda: room.cluster.put(deployment(tag="python:4", image="python@1"))

    async with room.running():
        await room.until(lambda: room.cluster.image() == "python@4")


async def test_an_image_that_somebody_set_by_hand_is_put_back(room: Any, deployment: Make) -> None:
    await room.point("3", "python@1")
    room.cluster.put(deployment())

    async with room.running():
        await room.until(lambda: room.cluster.image() == "python@1")
        room.cluster.put(deployment(image="by-hand"))
        await room.until(lambda: room.cluster.image() == "python@1")


async def test_a_paused_trigger_waits_until_it_goes_on(room: Any, deployment: Make) -> None:
    await room.point("3", "python@1")
    room.cluster.put(deployment(paused=True))

    async with room.running():
        await room.settled()
        assert not room.cluster.writes

        room.cluster.put(deployment())
        await room.until(lambda: room.cluster.image() == "python@1")


async def test_a_hundred_flaps_end_at_the_last_image(room: Any, deployment: Make) -> None:
    await room.point("3", "python@start")
    room.cluster.put(deployment())

    # So long that they all come within a moment, also on a machine that has much to do.
    async with room.running(settle_s=0.5):
        await room.until(lambda: room.cluster.image() == "python@start")
        for number in range(100):
            await room.point("3", f"python@{number}")
        await room.until(lambda: room.cluster.image() == "python@99")

    assert room.cluster.writes["app"] < 30


async def test_a_tag_that_comes_back_while_its_followers_are_read_is_followed(room: Any, deployment: Make) -> None:
    await room.point("3", "python@1")
    room.cluster.put(deployment(image="python@1"))

    # So long that the tag is back before the stream is looked at again.
    async with room.running(settle_s=0.5):
        await room.settled()
        reads = room.cluster.reads["app"]
        room.cluster.before_read = lambda: room.point("3", "python@1")
        await room.point("3", "python@2")
        await room.until(lambda: room.cluster.reads["app"] > reads)
        await room.point("3", "python@2")

        await room.until(lambda: room.cluster.image() == "python@2")

    assert room.cluster.writes == {"app": 1}


async def test_a_tag_that_is_not_there_is_waited_for_and_told_once(room: Any, deployment: Make) -> None:
    room.cluster.put(deployment())

    async with room.running():
        await room.until(lambda: room.followers.waiting == 1)
        room.cluster.put({**deployment(), "spec": {**deployment()["spec"], "replicas": 2}})
        await room.settled()
        assert room.cluster.notices == [
            ("app", Notice("Normal", "WaitingForImage", "waiting for image stream tag shop/python:3"))
        ]

        await room.point("3", "python@1")
        await room.until(lambda: room.cluster.image() == "python@1")
        assert room.followers.waiting == 0


async def test_a_stream_that_is_deleted_leaves_its_followers_as_they_are(room: Any, deployment: Make) -> None:
    await room.point("3", "python@1")
    room.cluster.put(deployment())

    async with room.running():
        await room.until(lambda: room.cluster.image() == "python@1")
        await room.delete_stream()
        await room.until(lambda: room.followers.waiting == 1)

    assert room.cluster.image() == "python@1"


async def test_what_changes_under_our_hands_is_read_and_decided_again(room: Any, deployment: Make) -> None:
    await room.point("3", "python@1")
    scaled = deployment()
    scaled["spec"]["replicas"] = 5
    room.cluster.before_write = lambda document: room.cluster.put(scaled)
    room.cluster.put(deployment())

    async with room.running():
        await room.until(lambda: room.cluster.image() == "python@1")

    assert room.cluster.objects["deployments", "shop", "app"]["spec"]["replicas"] == 5
    assert room.counts.results[Result.CONFLICT] == 1


async def test_conflicts_without_end_are_waited_for(room: Any, deployment: Make) -> None:
    await room.point("3", "python@1")
    room.cluster.failures = [StaleDocument("again")] * 12
    room.cluster.put(deployment())

    async with room.running():
        await room.until(lambda: room.cluster.image() == "python@1")


async def test_a_refusal_is_told_and_tried_again(room: Any, deployment: Make) -> None:
    await room.point("3", "python@1")
    room.cluster.failures = [Refused("no, never", 403), ClusterError("no answer")]
    room.cluster.put(deployment())

    async with room.running():
        await room.until(lambda: room.cluster.image() == "python@1")

    told = "the image of a tag could not be applied: no, never"
    assert room.cluster.notices == [("app", Notice("Warning", "TriggerFailed", told))]
    assert room.counts.results[Result.REFUSED] == 1
    assert room.counts.results[Result.UNREACHABLE] == 1


async def test_an_event_holds_no_whole_object(room: Any, deployment: Make) -> None:
    await room.point("3", "python@1")
    told = 'Job.batch "app" is invalid: spec.template: Invalid value: {"env":[{"value":"s3cret"}]}: field is immutable'
    room.cluster.failures = [Refused(told, 422), Refused("x" * 5000, 422)]
    room.cluster.put(deployment())

    async with room.running():
        await room.until(lambda: room.cluster.image() == "python@1")

    first, second = (notice.message for _, notice in room.cluster.notices)
    assert first.endswith('Job.batch "app" is invalid: spec.template: Invalid value: field is immutable')
    assert len(second) < 1000


async def test_an_annotation_that_can_not_be_read_is_told_and_leaves_the_object_alone(
    room: Any, deployment: Make
) -> None:
    broken = deployment()
    broken["metadata"]["annotations"]["image.openshift.io/triggers"] = "[{"
    room.cluster.put(broken)

    async with room.running():
        await room.until(lambda: room.cluster.notices)
        room.cluster.put(json.loads(json.dumps(broken)))
        await room.settled()

    assert [notice.reason for _, notice in room.cluster.notices] == ["InvalidTriggers"]
    assert not room.cluster.reads


async def test_one_object_that_makes_trouble_does_not_keep_the_others_from_following(
    room: Any, deployment: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def trouble(*about: Any) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(room.cluster, "tell", trouble)
    await room.point("3", "python@1")
    broken = deployment("broken")
    broken["metadata"]["annotations"]["image.openshift.io/triggers"] = "[{"
    room.cluster.put(broken)
    room.cluster.put(deployment())

    async with room.running():
        await room.until(lambda: room.cluster.image() == "python@1")


async def test_a_container_that_is_not_there_is_told(room: Any, deployment: Make) -> None:
    await room.point("3", "python@1")
    path = "spec.template.spec.containers[7].image"
    room.cluster.put(deployment(fieldPath=path))

    async with room.running():
        await room.until(lambda: room.cluster.notices)

    assert room.cluster.notices[0][1] == Notice("Warning", "InvalidTriggers", f"no such container: {path}")


async def test_an_object_that_another_one_made_keeps_its_image(room: Any, deployment: Make) -> None:
    await room.point("3", "python@1")
    replica_set = deployment()
    replica_set["metadata"]["ownerReferences"] = [{"kind": "Deployment", "name": "app", "controller": True}]
    room.cluster.put(replica_set)

    async with room.running():
        await room.settled()

    assert not room.cluster.reads
    assert not room.cluster.writes


async def test_who_no_longer_follows_is_left_alone(room: Any, deployment: Make) -> None:
    await room.point("3", "python@1")
    room.cluster.put(deployment())

    async with room.running():
        await room.until(lambda: room.cluster.image() == "python@1")
        free = deployment(image="python@1")
        free["metadata"]["annotations"] = {}
        room.cluster.put(free)
        await room.until(lambda: len(room.followers.index) == 0)
        await room.point("3", "python@2")
        await room.settled()

    assert room.cluster.writes["app"] == 1


async def test_a_removal_that_was_missed_is_found_by_the_next_listing(room: Any, deployment: Make) -> None:
    room.cluster.put(deployment("gone"))
    room.cluster.put(deployment("there"))

    async with room.running():
        await room.until(lambda: len(room.followers.index) == 2)
        room.cluster.forget_silently("gone")
        room.cluster.relist()
        await room.until(lambda: len(room.followers.index) == 1)

    assert [one.name for one in room.followers.index] == ["there"]


async def test_what_happened_while_nobody_looked_is_made_up_for(room: Any, deployment: Make) -> None:
    await room.point("3", "python@1")
    room.cluster.put(deployment())
    async with room.running():
        await room.until(lambda: room.cluster.image() == "python@1")
    await room.point("3", "python@2")
    assert room.cluster.image() == "python@1"

    async with room.running():
        await room.until(lambda: room.cluster.image() == "python@2")

    assert room.cluster.writes["app"] == 2


async def test_only_so_many_objects_of_a_cluster_are_written_at_a_time(room: Any, deployment: Make) -> None:
    await room.point("3", "python@1")
    for number in range(100):
        room.cluster.put(deployment(f"app-{number}"))

    async with room.running():
        await room.until(lambda: sum(room.cluster.writes.values()) == 100)
        await room.settled()

    assert room.cluster.writing_most == 4
    assert set(room.cluster.writes.values()) == {1}


async def test_a_cluster_that_is_not_reached_at_first_is_tried_again(room: Any, deployment: Make) -> None:
    await room.point("3", "python@1")
    room.cluster.put(deployment())
    room.cluster.unreachable = True

    async with room.running():
        await room.settled()
        assert not room.cluster.writes

        room.cluster.unreachable = False
        await room.until(lambda: room.cluster.image() == "python@1")


async def test_kinds_come_and_go(room: Any, deployment: Make) -> None:
    await room.point("3", "python@1")
    room.cluster.put(deployment())
    served = room.cluster.served
    room.cluster.served = ()

    async with room.running():
        await room.settled()
        assert len(room.followers.index) == 0

        room.cluster.served = served
        await room.until(lambda: room.cluster.image() == "python@1")
        room.cluster.served = ()
        await room.until(lambda: len(room.followers.index) == 0)


async def test_one_image_is_one_build_also_after_a_restart(
    room: Any, build_config: Make, build_configs: ObjectKind
) -> None:
    await room.point("3", "python@1")
    room.cluster.put(build_config(), build_configs)

    for _ in range(2):
        async with room.running():
            await room.until(lambda: room.cluster.requests)
            await room.settled()
            await room.point("unrelated", "x")
            await room.settled()

    (request,) = room.cluster.requests
    assert request["triggeredByImage"] == {"kind": "DockerImage", "name": "python@1"}
    assert room.counts.results[Result.INSTANTIATED] == 1


async def test_a_build_that_is_refused_is_told_in_the_words_of_openshift(
    room: Any, build_config: Make, build_configs: ObjectKind
) -> None:
    await room.point("3", "python@1")
    room.cluster.failures = [Refused("out of quota", 403)]
    room.cluster.put(build_config(), build_configs)

    async with room.running():
        await room.until(lambda: room.cluster.requests)

    told = "error triggering Build for BuildConfig shop/app: out of quota"
    assert room.cluster.notices == [("app", Notice("Warning", "BuildConfigTriggerFailed", told))]
