"""Builds go through their phases, push, and tell of themselves; they survive what may happen to the server."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from imagestreams.api.codec import copy
from imagestreams.store.kv import StoreError

Make = Callable[..., dict[str, Any]]

WAITS = "echo waiting; while ! test -e /proc/self/x; do sleep 0.05; done\n"


def manifest_digest(registry: Any, repository: str) -> str:
    accept = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
    answer = registry.send("HEAD", f"/v2/{repository}/manifests/1", Accept=accept)
    digest: str = answer.headers["Docker-Content-Digest"]
    return digest


async def test_a_build_becomes_an_image_and_tells_of_its_stages(
    room: Any, build: Make, git: Callable[[str], str], docker_registry: Any, repository_name: str
) -> None:
    document = build()
    commit = git(document["spec"]["source"]["git"]["uri"].removeprefix("file://"))

    await room.create(document)
    status = await room.until_phase("web-1", "Complete")

    digest = manifest_digest(docker_registry, repository_name)
    assert status["output"]["to"]["imageDigest"] == digest
    assert status["outputDockerImageReference"] == document["spec"]["output"]["to"]["name"]
    assert [stage["name"] for stage in status["stages"]] == ["FetchInputs", "Build", "PushImage"]
    assert status["stages"][1]["steps"][0]["name"] == "DockerBuild"
    assert status["startTimestamp"] < status["completionTimestamp"]
    assert status["duration"] > 0
    conditions = {one["type"]: one["status"] for one in status["conditions"]}
    assert conditions == {"New": "False", "Pending": "False", "Running": "False", "Complete": "True"}
    revision = room.build("web-1")["spec"]["revision"]
    assert (revision["git"]["commit"], revision["git"]["author"]["name"]) == (commit, "Ann")
    assert room.build("web-1")["metadata"]["annotations"]["openshift.io/build.pod-name"] == "web-1-build"
    assert "done\n" in room.log("web-1") and room.log("web-1").endswith("Push successful\n")
    assert room.pushed == [(document["spec"]["output"]["to"]["name"], digest)]
    await room.until(lambda: len(room.events) == 2)
    assert room.events == [
        ("BuildStarted", "Build shop/web-1 is now running"),
        ("BuildCompleted", "Build shop/web-1 completed successfully"),
    ]


async def test_a_build_that_fails_says_where_and_shows_the_end_of_its_log(room: Any, build: Make) -> None:
    await room.create(build(script="echo all is lost; exit 3\n"))

    status = await room.until_phase("web-1", "Failed")

    assert (status["reason"], status["message"]) == ("DockerBuildFailed", "Dockerfile build strategy has failed.")
    assert "exit status 3" in status["logSnippet"]
    assert "all is lost" in room.log("web-1")
    assert not room.pushed


@pytest.mark.parametrize(
    ("strategy", "message"),
    [
        ({"type": "Source", "sourceStrategy": {"from": {"kind": "DockerImage", "name": "r/s2i:1"}}}, "Source"),
        ({"type": "Custom", "customStrategy": {"from": {"kind": "DockerImage", "name": "r/c:1"}}}, "Custom"),
        ({"type": "JenkinsPipeline", "jenkinsPipelineStrategy": {}}, "JenkinsPipeline"),
    ],
)
async def test_a_strategy_that_can_not_be_carried_out_is_told_so(
    room: Any, build: Make, strategy: dict[str, Any], message: str
) -> None:
    await room.create(build(strategy=strategy))

    status = await room.until_phase("web-1", "Error")

    assert status["message"] == f"this server can't carry out the build strategy {message}"


async def test_without_a_builder_a_build_stays_new_and_says_why(open_room: Any, build: Make) -> None:
    room = await open_room(builder=None)
    await room.create(build())

    await room.until(lambda: room.status("web-1").get("reason"))

    assert room.status("web-1")["phase"] == "New"
    assert room.status("web-1")["reason"] == "NoBuilder"
    (condition,) = room.status("web-1")["conditions"]
    assert condition["message"] == "No builder is set up on this server."


async def test_a_build_that_is_cancelled_ends(room: Any, build: Make) -> None:
    await room.create(build(script=WAITS))
    await room.until(lambda: "waiting\n" in room.log("web-1"))

    await room.cancel("web-1")
    status = await room.until_phase("web-1", "Cancelled")

    assert (status["reason"], status["message"]) == ("CancelledBuild", "The build was cancelled by the user.")
    await room.until(lambda: room.loop.is_idle)
    assert not room.pushed and room.events[-1][0] == "BuildCancelled"


async def test_a_new_build_that_is_cancelled_never_runs(open_room: Any, build: Make) -> None:
    room = await open_room(builder=None)
    await room.create(build())

    await room.cancel("web-1")

    assert (await room.until_phase("web-1", "Cancelled"))["reason"] == "CancelledBuild"


async def test_a_build_that_is_deleted_ends_and_leaves_no_log(room: Any, build: Make) -> None:
    await room.create(build(script=WAITS))
    await room.until(lambda: "waiting\n" in room.log("web-1"))

    await room.delete("Build", "web-1")
    await room.until(lambda: room.loop.is_idle)

    assert room.group.logs.uids() == []
    assert not os.listdir(room.directory / "work")


async def test_no_more_builds_run_at_once_than_may(room: Any, build: Make) -> None:
    await room.create(build("web-1", script=WAITS))
    await room.until(lambda: "waiting\n" in room.log("web-1"))
    await room.create(build("web-2"))
    await asyncio.sleep(0.2)
    assert room.status("web-2")["phase"] == "New"

    await room.cancel("web-1")

    await room.until_phase("web-2", "Complete")


async def test_serial_builds_of_a_config_run_one_after_the_other_and_the_latest_only(room: Any, build: Make) -> None:
    await room.end()
    room.concurrent = 3
    room.begin()
    labels = {"openshift.io/build-config.name": "web", "openshift.io/build.start-policy": "SerialLatestOnly"}
    for number, script in ((1, WAITS), (2, "echo done\n"), (3, "echo done\n")):
        document = build(f"web-{number}", script=script)
        annotations = {"openshift.io/build-config.name": "web", "openshift.io/build.number": str(number)}
        document["metadata"] |= {"labels": labels, "annotations": annotations}
        await room.create(document)
        if number == 1:
            await room.until(lambda: "waiting\n" in room.log("web-1"))

    await room.until_phase("web-2", "Cancelled")
    assert room.status("web-3")["phase"] == "New"
    await room.cancel("web-1")

    await room.until_phase("web-3", "Complete")


async def test_a_build_that_a_dead_server_left_is_done_again(room: Any, build: Make) -> None:
    document = build(script=WAITS)
    await room.create(document)
    await room.until(lambda: "waiting\n" in room.log("web-1"))

    await room.end()
    assert room.status("web-1")["phase"] == "Running"
    directory = Path(document["spec"]["source"]["git"]["uri"].removeprefix("file://"))
    rewrite(directory / "script", "echo done now\n")
    room.begin()
    await room.until_phase("web-1", "Complete")

    assert "done now\n" in room.log("web-1") and "waiting\n" not in room.log("web-1")
    assert len(room.pushed) == 1


async def test_a_build_that_a_dead_server_left_waits_for_a_place_that_another_one_took(room: Any, build: Make) -> None:
    document = build("web-2", script=WAITS)
    await room.create(document)
    await room.until(lambda: "waiting\n" in room.log("web-2"))
    await room.end()
    directory = Path(document["spec"]["source"]["git"]["uri"].removeprefix("file://"))
    rewrite(directory / "script", "echo done now\n")

    await room.create(build("web-1"))
    room.begin()

    await room.until_phase("web-1", "Complete")
    await room.until_phase("web-2", "Complete")


async def test_a_build_that_had_pushed_before_the_server_died_is_not_done_again(
    room: Any, build: Make, docker_registry: Any, repository_name: str
) -> None:
    document = build()
    await room.create(document)
    await room.until_phase("web-1", "Complete")
    digest, uid = manifest_digest(docker_registry, repository_name), room.build("web-1")["metadata"]["uid"]
    await room.until(lambda: room.loop.is_idle)
    await room.end()
    # As if the server had died after the push, before it could write that down.
    entry = room.group.builds.storage.get("shop", "web-1")
    undone = type(entry.value)(kind="Build", api_version=entry.value.api_version, metadata=entry.value.metadata)
    undone.spec, undone.status.phase = entry.value.spec, "Running"
    await room.group.builds.storage.replace(entry, undone)
    left(room.directory / "work" / uid, digest)

    room.begin()
    status = await room.until_phase("web-1", "Complete")

    assert status["output"]["to"]["imageDigest"] == digest
    assert manifest_digest(docker_registry, repository_name) == digest
    assert room.pushed[1:] == [(document["spec"]["output"]["to"]["name"], digest)]


async def test_a_build_that_can_not_be_noted_is_not_begun_again_and_again(
    room: Any, build: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    await room.end()
    room.retry_s = 1000.0
    room.begin()
    writes = 0

    async def refuse(*arguments: Any) -> None:
        nonlocal writes
        writes += 1
        raise StoreError("the disk is full")

    monkeypatch.setattr(room.group.builds.storage, "replace", refuse)
    await room.create(build())
    await room.until(lambda: writes and room.loop.is_idle)
    for _ in range(50):
        await asyncio.sleep(0.01)

    # That it is begun, and that it failed.
    assert writes == 2


async def test_a_build_that_takes_the_name_of_one_under_way_ends_that(room: Any, build: Make) -> None:
    document = build(script=WAITS)
    await room.create(document)
    await room.until(lambda: "waiting\n" in room.log("web-1"))
    entry = room.group.builds.storage.get("shop", "web-1")

    # As if the deletion and the new build had come at once.
    new = copy(entry.value)
    new.metadata.uid, new.status = "another", type(new.status)(phase="New")
    directory = Path(document["spec"]["source"]["git"]["uri"].removeprefix("file://"))
    rewrite(directory / "script", "echo done now\n")
    await room.group.builds.storage.replace(entry, new)

    await room.until_phase("web-1", "Complete")
    assert "done now\n" in room.log("web-1")


async def test_an_image_that_is_not_there_yet_is_waited_for(room: Any, build: Make) -> None:
    output = {"to": {"kind": "ImageStreamTag", "name": "web:1"}}
    await room.create(build(output=output))
    await room.until(lambda: room.status("web-1").get("reason") == "InvalidOutputReference")
    assert room.status("web-1")["phase"] == "New"
    assert room.status("web-1")["message"] == "Output image could not be resolved."

    target = build()["spec"]["output"]["to"]["name"]
    tag = {"name": "1", "from": {"kind": "DockerImage", "name": target}}
    stream = {"kind": "ImageStream", "apiVersion": "image.openshift.io/v1", "metadata": {"name": "web"}}
    await room.create({**stream, "spec": {"tags": [tag]}})

    status = await room.until_phase("web-1", "Complete")
    assert status["outputDockerImageReference"] == target
    assert "reason" not in status


async def test_a_secret_that_is_missing_is_waited_for(room: Any, build: Make) -> None:
    document = build()
    document["spec"]["output"]["pushSecret"] = {"name": "push"}
    await room.create(document)
    await room.until(lambda: room.status("web-1").get("reason") == "MissingPushSecret")
    assert room.status("web-1")["phase"] == "Pending"

    await room.create({"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "push"}})

    await room.until_phase("web-1", "Complete")


async def test_values_of_secrets_and_config_maps_reach_the_build(room: Any, build: Make) -> None:
    await room.create({"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "s"}, "data": {"k": "c2VjcmV0"}})
    await room.create({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "c"}, "data": {"k": "plain"}})
    strategy = {
        "env": [
            {"name": "FROM_MAP", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}},
            {"name": "BOTH", "value": "$(FROM_MAP)-$(UNKNOWN)"},
        ],
        "buildArgs": [{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
    }
    text = (
        f"FROM {await base_image(room, build)}\nARG TOKEN\nCOPY k /k\n"
        'RUN test "$TOKEN" = secret && echo "$BOTH" && echo $(cat /k)\n'
    )
    source = {"type": "Dockerfile", "dockerfile": text, "configMaps": [{"configMap": {"name": "c"}}]}

    await room.create(build("web-2", source=source, strategy={"type": "Docker", "dockerStrategy": strategy}))
    await room.until_phase("web-2", "Complete")

    assert "\nplain-$(UNKNOWN)\nplain\n" in room.log("web-2")


async def test_a_variable_that_can_not_be_resolved_is_an_error(room: Any, build: Make) -> None:
    missing = {"name": "A", "valueFrom": {"secretKeyRef": {"name": "nowhere", "key": "k"}}}

    await room.create(build(strategy={"type": "Docker", "dockerStrategy": {"env": [missing]}}))

    assert (await room.until_phase("web-1", "Error"))["reason"] == "UnresolvableEnvironmentVariable"


async def test_a_private_registry_is_pushed_to_with_the_login_of_the_namespace(
    room: Any, build: Make, secure_registry: Any, repository_name: str
) -> None:
    await room.create(
        {
            "kind": "Secret",
            "apiVersion": "v1",
            "metadata": {"name": "login"},
            "type": "kubernetes.io/dockerconfigjson",
            "data": {".dockerconfigjson": secure_registry.docker_config()},
        }
    )
    room.authorities[secure_registry.host] = secure_registry.ca_file.read_text()
    output = {"to": {"kind": "DockerImage", "name": f"{secure_registry.host}/{repository_name}:1"}}

    await room.create(build(output=output))

    status = await room.until_phase("web-1", "Complete")
    assert status["output"]["to"]["imageDigest"].startswith("sha256:")
    assert "s3cret" not in room.log("web-1")


async def base_image(room: Any, build: Make) -> str:
    """Build an image with a shell; return its name."""
    document = build("base-1")
    document["spec"]["output"]["to"]["name"] = document["spec"]["output"]["to"]["name"].replace(":1", ":base")
    await room.create(document)
    await room.until_phase("base-1", "Complete")
    name: str = document["spec"]["output"]["to"]["name"]
    return name


def rewrite(path: Path, text: str) -> None:
    path.write_text(text)


def left(directory: Path, digest: str) -> None:
    directory.mkdir(parents=True)
    (directory / "pushed-digest").write_text(digest)
