"""The real podman is called; where the kernel forbids containers, its own error is what a user sees."""

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from imagestreams.runners.engine import RunnerError
from imagestreams.runners.podman import PodmanRunner
from imagestreams.runners.runner import Observation, Workload

Make = Callable[..., Workload]


@pytest.fixture
def podman(storage: tuple[str, ...], environment: dict[str, str], tmp_path: Path) -> PodmanRunner:
    command = ("podman", *storage, "--network-config-dir", str(tmp_path / "networks"))
    return PodmanRunner("local", "server-1", environment, command, timeout_s=60)


@pytest.fixture
def image(storage: tuple[str, ...], tmp_path: Path) -> str:
    """An image in podman's own storage that needs nothing pulled."""
    (tmp_path / "image").mkdir()
    (tmp_path / "image" / "Dockerfile").write_text('FROM scratch\nCOPY Dockerfile /\nCMD ["/nothing"]\n')
    command = ["buildah", *storage, "bud", "--isolation", "chroot", "-t", "localhost/tiny:1", str(tmp_path / "image")]
    subprocess.run(command, check=True, capture_output=True)
    return "localhost/tiny:1"


def recording(podman: PodmanRunner, tmp_path: Path) -> PodmanRunner:
    """The real podman, behind a program that writes down how it is called and what it is told."""
    program = tmp_path / "podman"
    program.write_text(
        "#!/bin/sh\n"
        f'echo "$*" >> {tmp_path}/calls\n'
        f'case "$*" in *" -") tee -a {tmp_path}/stdin | podman "$@" ;; *) exec podman "$@" ;; esac\n'
    )
    program.chmod(0o700)
    return replace(podman, command=(str(program), *podman.command[1:]))


def is_there(path: str) -> bool:
    return os.path.exists(path)


async def settle(podman: PodmanRunner, workload: Workload) -> str:
    """Roll out where that may or may not be possible; return the error, empty where it is possible."""
    try:
        await podman.roll_out(workload)
    except RunnerError as error:
        return str(error)
    return ""


async def test_podman_plays_the_document_and_its_own_error_is_told(
    podman: PodmanRunner, workload: Make, image: str, tmp_path: Path
) -> None:
    given = workload({"containers": [{"name": "app", "image": image}]}, replicas=2)

    error = await settle(recording(podman, tmp_path), given)

    calls = (tmp_path / "calls").read_text().splitlines()
    assert next(call for call in calls if "kube play" in call).endswith("kube play --replace -")
    documents = [json.loads(part) for part in (tmp_path / "stdin").read_text().split("\n---\n")]
    assert [one["metadata"]["name"] for one in documents] == ["shop_deployment_web_0", "shop_deployment_web_1"]
    # A machine where containers start has started them; this error is podman's, and names its cause.
    assert not error or error.startswith("podman kube play: "), error
    if error:
        assert "Error: " in error


async def test_what_podman_holds_of_a_workload_goes_with_it(podman: PodmanRunner, workload: Make, image: str) -> None:
    spec: dict[str, Any] = {
        "containers": [
            {
                "name": "app",
                "image": image,
                "env": [{"name": "P", "valueFrom": {"secretKeyRef": {"name": "login", "key": "password"}}}],
                "envFrom": [{"configMapRef": {"name": "settings"}}],
                "volumeMounts": [{"name": name, "mountPath": f"/{name}"} for name in ("keys", "page", "free", "disk")],
            }
        ],
        "volumes": [
            {"name": "keys", "secret": {"secretName": "login"}},
            {"name": "page", "configMap": {"name": "settings"}},
            {"name": "free", "emptyDir": {}},
            {"name": "disk", "persistentVolumeClaim": {"claimName": "disk"}},
        ],
    }
    given = workload(
        spec,
        secrets=({"metadata": {"name": "login"}, "data": {"password": "cHc="}},),
        config_maps=({"metadata": {"name": "settings"}, "data": {"mode": "fast"}},),
    )

    await settle(podman, given)

    def listed(kind: str) -> set[str]:
        argv = [*podman.command, kind, "ls", "--format", "{{.Name}}"]
        return set(subprocess.run(argv, check=True, capture_output=True, text=True).stdout.split())

    def pods() -> list[Any]:
        argv = [*podman.command, "pod", "ps", "--format", "json"]
        found: list[Any] = json.loads(subprocess.run(argv, check=True, capture_output=True).stdout)
        return found

    assert listed("secret") == {"shop_deployment_web_login.env", "shop_deployment_web_login.files"}
    assert {"shop_disk", "shop_deployment_web_settings"} <= listed("volume")
    assert [pod["Name"] for pod in pods()] == ["shop_deployment_web_0"]

    # Played again with another state of the secret: names are taken again, nothing is left twice.
    await settle(podman, replace(given, change_id="u-1-4"))
    assert [pod["Labels"]["imagestreams.dev/change-id"] for pod in pods()] == ["u-1-4"]

    await podman.remove(given)
    assert not pods()
    assert not listed("secret")
    assert listed("volume") == {"shop_disk"}


async def test_pods_that_do_not_run_are_seen_and_not_called_ready(
    podman: PodmanRunner, workload: Make, image: str
) -> None:
    given = workload({"containers": [{"name": "app", "image": image}]})

    error = await settle(podman, given)

    seen = (await podman.observe()).get("u-1", Observation())
    if error:
        assert seen.ready == 0
    assert await replace(podman, server="another").observe() == {}


async def test_an_image_that_is_not_there_is_told_of_in_podmans_words(
    podman: PodmanRunner, workload: Make, docker_registry: Any
) -> None:
    missing = f"{docker_registry.host}/never/pushed:1"
    given = workload({"containers": [{"name": "app", "image": missing}]}, insecure=frozenset({docker_registry.host}))

    with pytest.raises(RunnerError, match="manifest unknown"):
        await podman.roll_out(given)


async def test_a_machine_without_podman_is_told_of(workload: Make) -> None:
    podman = PodmanRunner("local", "server-1", {"PATH": "/nowhere"}, command=("/nowhere/podman",))

    with pytest.raises(RunnerError, match="/nowhere/podman is not installed"):
        await podman.roll_out(workload())


async def test_no_secret_is_an_argument(podman: PodmanRunner, workload: Make, image: str, tmp_path: Path) -> None:
    secret = {"metadata": {"name": "login"}, "data": {"password": "dmVyeS1wcml2YXRl"}}
    given = workload({"containers": [{"name": "app", "image": image}]}, secrets=(secret,), logins=b'{"auths": {}}')

    await settle(recording(podman, tmp_path), given)

    calls = (tmp_path / "calls").read_text()
    assert "dmVyeS1wcml2YXRl" not in calls and "very-private" not in calls
    assert "--authfile" in calls
    assert "dmVyeS1wcml2YXRl" in (tmp_path / "stdin").read_text()
    assert not is_there(next(word for word in calls.split() if word.endswith("/auth.json")))
