"""Import requests get the answers that were recorded on a real server, field by field."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from imagestreams.api.errors import ApiError

CONTRACT = Path(__file__).parents[1] / "contract"
RECORDED_HOST = "127.0.0.1:5001"


def loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, CONTRACT / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def recorded_content(docker_registry: Any) -> str:
    """The host of a registry with the images that the recordings were made from."""
    loaded("upstream").main(f"http://{docker_registry.host}")
    return str(docker_registry.host)


async def test_every_recorded_request_has_its_recorded_answer(import_room: Any, recorded_content: str) -> None:
    replay = loaded("replay")
    transcript = (CONTRACT / "transcripts" / "import-raw.json").read_text()
    steps = json.loads(transcript.replace(RECORDED_HOST, recorded_content))["steps"]
    compared = 0

    for step in steps:
        method, path = step["http"]
        if method == "POST":
            body = step["body"]
            try:
                answer = await import_room.run(
                    body["spec"], name=body["metadata"]["name"], namespace="c-import-raw", now="2026-11-24T00:00:00Z"
                )
            except ApiError as error:
                answer = {"message": error.status.message, "code": error.status.code}
                step["answer"]["body"] = {key: step["answer"]["body"][key] for key in answer}
        elif "/imagestreams/" in path:
            answer = import_room.stream(path.rpartition("/")[2], "c-import-raw")
        else:
            continue
        compared += 1
        want = replay.mask(step["answer"]["body"], "image-registry.openshift-image-registry.svc:5000")
        got = replay.mask(answer, "our.registry")
        assert list(replay.differences(want, got)) == [], path

    assert compared >= 9
