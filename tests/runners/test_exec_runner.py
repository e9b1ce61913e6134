"""A command of the operator's is told of changes by standard input and environment."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from imagestreams.runners.engine import RunnerError
from imagestreams.runners.exec_runner import ExecRunner
from imagestreams.runners.runner import Observation, Workload

IMAGE = "registry.example.com/shop/web@sha256:" + "a" * 64


def told(tmp_path: Path, text: str, timeout_s: float = 20) -> ExecRunner:
    program = tmp_path / "on-change"
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o700)
    return ExecRunner("local", (str(program), "fixed"), {"PATH": os.environ["PATH"]}, timeout_s)


async def test_the_change_is_on_standard_input_and_in_the_environment(
    tmp_path: Path, workload: Callable[..., Workload]
) -> None:
    runner = told(tmp_path, f"echo $1 > {tmp_path}/argument; cat > {tmp_path}/stdin; env > {tmp_path}/env")

    seen = await runner.roll_out(workload(replicas=2))

    assert seen == Observation(replicas=2, ready=2)
    change = json.loads((tmp_path / "stdin").read_text())
    assert change["template"]["spec"]["containers"][0]["image"] == IMAGE
    del change["template"]
    assert change == {
        "action": "apply",
        "changeID": "u-1-3",
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "namespace": "shop",
        "name": "web",
        "uid": "u-1",
        "generation": 3,
        "replicas": 2,
        "images": {"app": IMAGE},
    }
    lines = (tmp_path / "env").read_text().splitlines()
    assert {line for line in lines if line.startswith("IMAGESTREAMS_")} == {
        "IMAGESTREAMS_ACTION=apply",
        "IMAGESTREAMS_CHANGE_ID=u-1-3",
        "IMAGESTREAMS_API_VERSION=apps/v1",
        "IMAGESTREAMS_KIND=Deployment",
        "IMAGESTREAMS_NAMESPACE=shop",
        "IMAGESTREAMS_NAME=web",
        "IMAGESTREAMS_UID=u-1",
        "IMAGESTREAMS_GENERATION=3",
        "IMAGESTREAMS_REPLICAS=2",
        f"IMAGESTREAMS_IMAGE={IMAGE}",
        f"IMAGESTREAMS_IMAGES=app={IMAGE}",
    }
    assert (tmp_path / "argument").read_text() == "fixed\n"


async def test_what_is_too_long_for_the_environment_is_on_standard_input_alone(
    tmp_path: Path, workload: Callable[..., Workload]
) -> None:
    runner = told(tmp_path, f"cat > {tmp_path}/stdin; env > {tmp_path}/env")
    images = {f"app-{number}": f"registry.example.com/{'a' * 200}:{number}" for number in range(900)}

    await runner.roll_out(workload({"containers": [{"name": name, "image": image} for name, image in images.items()]}))

    assert json.loads((tmp_path / "stdin").read_text())["images"] == images
    environment = (tmp_path / "env").read_text()
    assert f"IMAGESTREAMS_IMAGE={images['app-0']}\n" in environment
    assert "IMAGESTREAMS_IMAGES=" not in environment


async def test_a_removal_is_told_of_too(tmp_path: Path, workload: Callable[..., Workload]) -> None:
    runner = told(tmp_path, f'echo "$IMAGESTREAMS_ACTION $IMAGESTREAMS_NAME" > {tmp_path}/said')

    await runner.remove(workload())

    assert (tmp_path / "said").read_text() == "remove web\n"


async def test_a_job_that_the_command_did_is_done(tmp_path: Path, workload: Callable[..., Workload]) -> None:
    seen = await told(tmp_path, "exit 0").roll_out(workload(kind="Job"))

    assert seen == Observation(replicas=1, ready=0, succeeded=1)


async def test_a_failure_is_what_the_command_said(tmp_path: Path, workload: Callable[..., Workload]) -> None:
    runner = told(tmp_path, "echo 'no route to the host' >&2; exit 7")

    with pytest.raises(RunnerError, match=r"on-change: no route to the host$"):
        await runner.roll_out(workload())


async def test_a_command_that_hangs_is_ended(tmp_path: Path, workload: Callable[..., Workload]) -> None:
    runner = told(tmp_path, "sleep 100", timeout_s=0.3)

    with pytest.raises(RunnerError, match=r"ended because it took too long after 0\.3 s$"):
        await runner.roll_out(workload())
