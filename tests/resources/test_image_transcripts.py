"""The recorded answers of a real server, request by request; imports are done by hand from the images they show."""

import json
from pathlib import Path
from typing import Any

import pytest

TRANSCRIPTS = Path(__file__).parents[1] / "contract" / "transcripts"
REGISTRY = "registry.test:5000"


def steps_of(name: str) -> tuple[str, list[dict[str, Any]]]:
    transcript = json.loads((TRANSCRIPTS / f"{name}.json").read_text())
    return transcript["namespace"], transcript["steps"]


async def differences(room: Any, replay: Any, step: dict[str, Any]) -> list[str]:
    answer = await room.http(*step["http"], step.get("body"), step.get("headers"))
    got = {"code": answer.code, "type": answer.type, "body": answer.body}
    return list(replay.differences(replay.mask(step["answer"], None), replay.mask(got, REGISTRY)))


@pytest.mark.parametrize("name", ["stream-crud", "mapping", "validation", "discovery"])
async def test_every_answer_is_as_recorded(room: Any, replay: Any, name: str) -> None:
    namespace, steps = steps_of(name)
    room.namespaces.add(namespace)
    found = []
    for number, step in enumerate(steps):
        if step.get("http", ["", "/apis/image.openshift.io"])[1] == "/apis/image.openshift.io/v1":
            continue  # names imports too, which are made elsewhere
        if "http" in step:
            if (name, number) == ("stream-crud", 7):
                await room.import_tag(namespace, "b", "1", None)
            found += [f"step {number}: {text}" for text in await differences(room, replay, step)]

    assert found == []


async def test_the_life_of_a_tag_is_as_recorded(room: Any, replay: Any) -> None:
    namespace, steps = steps_of("istag-rest")
    room.namespaces.add(namespace)
    for number, step in enumerate(steps):
        if "sleep" in step:
            image = steps[number + 1]["answer"]["body"]["image"]
            await room.import_tag(namespace, "s", "1", without_tag(image))
        else:
            assert await differences(room, replay, step) == [], number


def without_tag(image: dict[str, Any]) -> dict[str, Any]:
    """Return an image as it is stored: without what the view of a tag adds to it."""
    annotations = {name: value for name, value in image["metadata"]["annotations"].items() if name != "a"}
    return {**image, "metadata": {"name": image["metadata"]["name"], "annotations": annotations}}


async def test_discovery_names_the_group_as_recorded(room: Any) -> None:
    _, steps = steps_of("discovery")
    (recorded,) = [s["answer"]["body"] for s in steps if s.get("http", [""])[-1] == "/apis/image.openshift.io/v1"]

    found = (await room.http("GET", "/apis/image.openshift.io/v1")).body

    recorded["resources"] = [one for one in recorded["resources"] if one["name"] != "imagestreamimports"]
    assert found == recorded
