"""The real buildah builds from real repositories, and pushes to a real registry."""

import asyncio
import json
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from imagestreams.runners.builds import pipeline
from imagestreams.runners.builds.images import Engine, Images, RegistryAccess
from imagestreams.runners.builds.pipeline import Builder
from imagestreams.runners.builds.plan import (
    BuildFailure,
    BuildPlan,
    BuildResult,
    GitSource,
    InputFiles,
    InputImage,
    PostCommit,
)
from imagestreams.runners.registries_conf import RegistrySource


@pytest.fixture
def plan(docker_registry: Any, repository_name: str) -> Callable[..., BuildPlan]:
    def make(**fields: Any) -> BuildPlan:
        target = f"{docker_registry.host}/{repository_name}:1"
        return replace(BuildPlan("shop", "web-1", "build-1", push_to=target, timeout_s=60), **fields)

    return make


def config_of(registry: Any, repository: str, digest: str) -> dict[str, Any]:
    """The configuration of an image in a registry."""
    accept = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
    manifest = json.loads(registry.send("GET", f"/v2/{repository}/manifests/{digest}", Accept=accept).read())
    found: dict[str, Any] = json.loads(
        registry.send("GET", f"/v2/{repository}/blobs/{manifest['config']['digest']}").read()
    )
    return found["config"]


async def test_a_repository_becomes_an_image_in_the_registry(
    workshop: Any,
    repository: Any,
    plan: Callable[..., BuildPlan],
    access: RegistryAccess,
    shell_image: str,
    docker_registry: Any,
    repository_name: str,
) -> None:
    commit = repository.commit("start", app__Dockerfile="FROM wrong\nARG WORD\nRUN echo $WORD > /word && cat /word\n")
    wanted = plan(
        git=GitSource(f"file://{repository.path}", ref="main"),
        context_dir="app",
        base=shell_image,
        env=(("MODE", "fast"),),
        build_args=(("WORD", "said-in-the-build"),),
        labels=(("team", "web"),),
    )

    result = await workshop.build(wanted, access)

    config = config_of(docker_registry, repository_name, result.digest)
    assert {"MODE=fast", "OPENSHIFT_BUILD_NAME=web-1", f"OPENSHIFT_BUILD_COMMIT={commit}"} <= set(config["Env"])
    assert config["Labels"]["team"] == "web"
    assert config["Labels"]["io.openshift.build.commit.id"] == commit
    assert "said-in-the-build\n" in workshop.log
    assert f'Cloning "file://{repository.path}" ...' in workshop.log
    assert f"\tCommit:\t{commit} (start)" in workshop.log
    assert workshop.log.endswith("Push successful\n")
    assert workshop.progress.commit.id == commit
    assert workshop.steps == [
        ("FetchInputs", "FetchGitSource"),
        ("PullImages", "PullBaseImage"),
        ("Build", "DockerBuild"),
        ("PushImage", "PushDockerImage"),
    ]
    assert workshop.builder.pushed("build-1") == result.digest


async def test_podman_builds_and_pushes_too(
    workshop: Any,
    plan: Callable[..., BuildPlan],
    access: RegistryAccess,
    shell_image: str,
    docker_registry: Any,
    repository_name: str,
) -> None:
    engine = replace(workshop.builder.engine, command=["podman"], kind="podman")
    workshop.builder = replace(workshop.builder, engine=engine)
    image = InputImage(shell_image, paths=(("/bin/sh", "taken"),))

    result = await workshop.build(plan(dockerfile=f"FROM {shell_image}\nCOPY taken /taken\n", images=(image,)), access)

    assert config_of(docker_registry, repository_name, result.digest)["Labels"]["io.openshift.build.name"] == "web-1"


async def test_a_directory_of_this_machine_is_built_and_stays_as_it_is(
    workshop: Any, plan: Callable[..., BuildPlan], tmp_path: Path, docker_registry: Any, access: RegistryAccess
) -> None:
    directory = tmp_path / "sources" / "plain"
    directory.mkdir(parents=True)
    (directory / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")

    result = await workshop.build(plan(git=GitSource(f"file://{directory}")), access)

    assert result.digest.startswith("sha256:")
    assert (directory / "Dockerfile").read_text() == "FROM scratch\nCOPY Dockerfile /\n"
    assert workshop.progress.commit is None


async def test_a_dockerfile_values_and_files_of_images_go_in(
    workshop: Any, plan: Callable[..., BuildPlan], access: RegistryAccess, shell_image: str
) -> None:
    text = (
        "FROM shell\nCOPY . /in\nRUN cat /in/settings/mode /in/taken/data/hello /in/flat/hello\n"
        "RUN test ! -e /in/taken/hello\n"
    )
    made = f"FROM {shell_image}\nRUN mkdir /data && echo from-the-image > /data/hello\n"
    source = plan(uid="source-1", dockerfile=made)
    await workshop.build(source, access)
    image = InputImage(source.push_to, paths=(("/data", "taken"), ("/data/.", "flat")))
    files = InputFiles("settings", {"mode": b"quick\n"})
    named = InputImage(shell_image, names=("shell",))

    await workshop.build(plan(dockerfile=text, images=(image, named), files=(files,), push_to=""), access)

    assert "quick\nfrom-the-image\nfrom-the-image\n" in workshop.log
    assert workshop.log.endswith("Build complete, no image push requested\n")


@pytest.mark.parametrize(
    ("fields", "reason", "message", "said"),
    [
        (
            {"git": GitSource("file:///nowhere/at/all")},
            "FetchSourceFailed",
            "Failed to fetch the input source.",
            "error: file:///nowhere/at/all is on this machine, and in none of the directories",
        ),
        ({"context_dir": "sub"}, "InvalidContextDirectory", "The supplied context directory does not exist.", ""),
        (
            {"dockerfile": None},
            "ManageDockerfileFailed",
            "Failed to prepare the dockerfile for the build.",
            "No such file or directory",
        ),
        (
            {"dockerfile": "FROM {host}/never/pushed:1\n"},
            "PullBuilderImageFailed",
            "Failed pulling builder image.",
            "manifest unknown",
        ),
        (
            {"dockerfile": "FROM {shell}\nRUN echo broken >&2; exit 7\n"},
            "DockerBuildFailed",
            "Dockerfile build strategy has failed.",
            "broken",
        ),
        (
            {"dockerfile": "FROM {shell}\n", "post_commit": PostCommit(script="echo checked; exit 3")},
            "PostCommitHookFailed",
            "Build failed because of post commit hook.",
            "checked",
        ),
        (
            {"push_to": "127.0.0.1:1/no/registry:1"},
            "PushImageToRegistryFailed",
            "Failed to push the image to the registry.",
            "connection refused",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isalpha() else "",
)
async def test_a_failure_has_the_reason_of_its_stage_and_the_log_the_engines_words(
    workshop: Any,
    plan: Callable[..., BuildPlan],
    access: RegistryAccess,
    docker_registry: Any,
    shell_image: str,
    fields: dict[str, Any],
    reason: str,
    message: str,
    said: str,
) -> None:
    wanted = plan(**{"dockerfile": "FROM scratch\nCOPY Dockerfile /\n", **fields})
    if wanted.dockerfile is not None:
        text = wanted.dockerfile.replace("{host}", docker_registry.host).replace("{shell}", shell_image)
        wanted = replace(wanted, dockerfile=text)

    with pytest.raises(BuildFailure) as failure:
        await workshop.build(wanted, access)

    assert (failure.value.phase, failure.value.reason, str(failure.value)) == ("Failed", reason, message)
    assert said in workshop.log


async def test_a_hook_that_succeeds_lets_the_image_be_pushed(
    workshop: Any, plan: Callable[..., BuildPlan], access: RegistryAccess, shell_image: str
) -> None:
    hook = PostCommit(command=("/bin/sh",), arguments=("-c", "echo all is well"))

    result = await workshop.build(plan(dockerfile=f"FROM {shell_image}\n", post_commit=hook), access)

    assert result.digest
    assert "all is well\n" in workshop.log
    assert ("PostCommit", "RunPostCommitHook") in workshop.steps


async def test_a_private_registry_takes_the_login_and_the_certificate_of_the_build_only(
    workshop: Any, plan: Callable[..., BuildPlan], secure_registry: Any, repository_name: str
) -> None:
    target = f"{secure_registry.host}/{repository_name}:1"
    auth = {"auths": {f"{secure_registry.host}/{repository_name}": {"auth": "cHVsbGVyOnMzY3JldA=="}}}
    trusted = secure_registry.ca_file.read_text()
    wanted = plan(dockerfile="FROM scratch\nCOPY Dockerfile /\n", push_to=target)

    result = await workshop.build(wanted, RegistryAccess(json.dumps(auth).encode(), certificates=[trusted]))
    assert result.digest

    with pytest.raises(BuildFailure, match="Failed to push"):
        await workshop.build(wanted, RegistryAccess(certificates=[trusted]))
    assert "s3cret" not in workshop.log


async def test_a_mirror_is_asked_for_the_base_image(
    workshop: Any, plan: Callable[..., BuildPlan], docker_registry: Any, shell_image: str
) -> None:
    mirror = f"{docker_registry.host}/base"
    source = RegistrySource("registry.invalid/base", "registry.invalid/base", mirrors=[(mirror, True)])
    wanted = plan(dockerfile="FROM registry.invalid/base/shell:1\n", push_to="")

    assert await workshop.build(wanted, RegistryAccess(sources=[source])) == BuildResult()


async def test_base_images_stay_for_the_next_build_but_not_all_for_ever(
    workshop: Any,
    plan: Callable[..., BuildPlan],
    access: RegistryAccess,
    shell_image: str,
    docker_registry: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pipeline, "BASE_IMAGES_MAX", 1)
    await workshop.build(plan(dockerfile=f"FROM {shell_image}\n"), access)
    assert stored(workshop) == {shell_image}

    other = plan(uid="other", dockerfile="FROM scratch\nCOPY Dockerfile /\n")
    await workshop.build(other, access)
    assert stored(workshop) == {shell_image}

    await workshop.build(plan(uid="third", dockerfile=f"FROM {other.push_to}\n"), access)
    assert stored(workshop) == {other.push_to}


async def test_an_image_that_is_none_is_not_left_to_the_engine(
    workshop: Any, plan: Callable[..., BuildPlan], access: RegistryAccess, tmp_path: Path
) -> None:
    with pytest.raises(BuildFailure, match="Failed pulling builder image"):
        await workshop.build(plan(dockerfile=f"FROM dir:{tmp_path}\n"), access)

    assert f"error: 'dir:{tmp_path}' is no image: invalid reference format" in workshop.log


@pytest.mark.parametrize("image", ["dir:{}", "registry.example.com/app\nCOPY Dockerfile /0/stolen\n#"])
async def test_files_are_taken_out_of_images_of_registries_only(
    workshop: Any, plan: Callable[..., BuildPlan], access: RegistryAccess, tmp_path: Path, image: str
) -> None:
    files = InputImage(image.format(tmp_path), [("/etc", "etc")])

    with pytest.raises(BuildFailure, match="Failed to extract image content"):
        await workshop.build(plan(dockerfile="FROM scratch\nCOPY Dockerfile /\n", images=[files]), access)

    assert "is no image: invalid reference format" in workshop.log


@pytest.mark.parametrize(
    "text",
    [
        # Dockerfiles that older engines read otherwise than newer ones, and names that only the engine works out.
        "FROM scratch\nCOPY Dockerfile /\nRUN <<LABEL\nFROM dir:{}\nLABEL a=b\n",
        "ARG OTHER\nFROM ${{OTHER:+x}}dir:{}\nCOPY --from={} /bin/busybox /\n",
    ],
)
async def test_the_engine_itself_takes_images_of_registries_only(
    workshop: Any, plan: Callable[..., BuildPlan], access: RegistryAccess, shell_image: str, tmp_path: Path, text: str
) -> None:
    here = tmp_path / "image-of-this-machine"
    run("skopeo", "copy", "--quiet", "--src-tls-verify=false", f"docker://{shell_image}", f"dir:{here}")

    with pytest.raises(BuildFailure):
        await workshop.build(plan(dockerfile=text.format(here, f"dir:{here}", shell=shell_image)), access)

    assert not stored(workshop) - {shell_image}
    refusals = ("rejected by policy", "is no image", "known flags", "unterminated heredoc")
    assert any(refusal in workshop.log.lower() for refusal in refusals)


async def test_a_build_that_is_cancelled_ends_what_it_runs(
    workshop: Any, plan: Callable[..., BuildPlan], access: RegistryAccess, shell_image: str, tmp_path: Path
) -> None:
    text = f"FROM {shell_image}\nRUN echo sleeping; sleep 1000.0321\n"
    building = asyncio.create_task(workshop.build(plan(dockerfile=text), access))
    await until(lambda: "\nsleeping\n" in workshop.log)

    building.cancel()
    await asyncio.wait([building])

    assert building.cancelled()
    await until(lambda: not running("1000.0321"))
    assert not noted(workshop)

    # What it left in the storage goes with the next build.
    await workshop.build(plan(uid="next", dockerfile="FROM scratch\nCOPY Dockerfile /\n"), access)
    assert stored(workshop) == set() and not working_containers(workshop)


async def test_a_build_that_was_interrupted_while_it_pushed_pushes_the_same_image_again(
    workshop: Any,
    repository: Any,
    plan: Callable[..., BuildPlan],
    access: RegistryAccess,
    shell_image: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    commit = repository.commit("start", Dockerfile=f"FROM {shell_image}\nRUN echo built\n")
    wanted = plan(git=GitSource(str(repository.path)))
    real, digests = Images.push, list[str]()

    async def pushed_and_killed(*arguments: Any) -> str:
        digests.append(await real(*arguments))
        arguments[3].unlink()
        raise asyncio.CancelledError

    monkeypatch.setattr(Images, "push", pushed_and_killed)
    with pytest.raises(asyncio.CancelledError):
        await workshop.build(wanted, access)
    monkeypatch.undo()
    assert "built\n" in workshop.log
    workshop.said.clear()
    # The next server knows nothing of the storage, and has another build to do first.
    workshop.builder = replace(workshop.builder)
    await workshop.build(plan(uid="other", dockerfile="FROM scratch\nCOPY Dockerfile /\n", push_to=""), access)

    result = await workshop.build(wanted, access)

    assert result.digest == digests[0]
    assert "built\n" not in workshop.log
    assert "The image was built before the server stopped.\n" in workshop.log
    assert workshop.progress.commit.id == commit


async def test_a_build_takes_no_longer_than_it_may(
    workshop: Any, plan: Callable[..., BuildPlan], access: RegistryAccess, shell_image: str
) -> None:
    text = f"FROM {shell_image}\nRUN sleep 1000.0322\n"

    with pytest.raises(BuildFailure, match="Generic Build failure"):
        await workshop.build(plan(dockerfile=text, timeout_s=3), access)

    assert "error: the build took longer than 3 s" in workshop.log
    await until(lambda: not running("1000.0322"))


async def test_what_a_killed_server_left_behind_is_ended(
    workshop: Any, plan: Callable[..., BuildPlan], access: RegistryAccess, shell_image: str
) -> None:
    text = f"FROM {shell_image}\nRUN echo sleeping; sleep 1000.0323\n"
    building = asyncio.create_task(workshop.build(plan(dockerfile=text), access))
    await until(lambda: "\nsleeping\n" in workshop.log)

    # What the next server does first; this one is not asked to let go.
    forgotten = workshop.builder.work / "a-build-of-before"
    forgotten.mkdir()
    assert await workshop.builder.begin({"build-1"}) == 1
    assert [path.name for path in workshop.builder.work.iterdir()] == ["build-1"]

    with pytest.raises(BuildFailure):
        await building
    await until(lambda: not running("1000.0323"))


async def test_a_machine_without_the_engine_is_told_of(
    workshop: Any, plan: Callable[..., BuildPlan], environment: dict[str, str], tmp_path: Path
) -> None:
    engine = Engine(["/nowhere/buildah"], environment, tmp_path / "images", tmp_path / "run")
    builder = Builder(engine, tmp_path / "work", workshop.builder.leftovers, environment)
    workshop.builder = builder

    with pytest.raises(BuildFailure):
        await workshop.build(plan(dockerfile="FROM scratch\nCOPY Dockerfile /\n"))

    assert "error: /nowhere/buildah is not installed: No such file or directory" in workshop.log


async def test_no_secret_is_an_argument(
    workshop: Any,
    plan: Callable[..., BuildPlan],
    access: RegistryAccess,
    shell_image: str,
    tmp_path: Path,
) -> None:
    program = tmp_path / "recorded-buildah"
    program.write_text(f'#!/bin/sh\necho "$*" >> {tmp_path}/calls\nexec buildah "$@"\n')
    program.chmod(0o700)
    workshop.builder = replace(workshop.builder, engine=replace(workshop.builder.engine, command=[str(program)]))
    text = f'FROM {shell_image}\nARG TOKEN\nRUN test "$TOKEN" = v3ry-pr1vate\n'
    files = InputFiles("", {"key": b"als0-pr1vate"})

    await workshop.build(plan(dockerfile=text, build_args=(("TOKEN", "v3ry-pr1vate"),), files=(files,)), access)

    calls = read(tmp_path / "calls")
    assert " build " in calls and "pr1vate" not in calls


def stored(workshop: Any) -> set[str]:
    """The images in the engine's storage."""
    argv = [*workshop.builder.engine.argv, "images", "--format", "{{.Name}}:{{.Tag}}"]
    return set(subprocess.run(argv, check=True, capture_output=True, text=True).stdout.split())


def working_containers(workshop: Any) -> list[str]:
    """The containers that builds left in the engine's storage."""
    argv = [*workshop.builder.engine.argv, "containers", "--quiet"]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.split()


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def read(path: Path) -> str:
    return path.read_text()


def noted(workshop: Any) -> list[Path]:
    return list(workshop.builder.leftovers.directory.glob("*"))


def running(words: str) -> bool:
    """Whether a process has these words on its command line."""
    for entry in os.listdir("/proc"):
        try:
            line = Path("/proc", entry, "cmdline").read_bytes()
        except OSError:
            continue
        if words.encode() in line and b"sleep" in line:
            return True
    return False


async def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, "it does not come"
        await asyncio.sleep(0.02)
