"""The verbs of a foreign cluster, and as whom it is asked."""

import asyncio
import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from imagestreams.targets.cluster import Notice, ObjectKind
from imagestreams.targets.error import ClusterError, Refused, StaleDocument
from imagestreams.targets.login import log_in
from imagestreams.targets.target import Target

DEPLOYMENTS = ObjectKind("apps", "v1", "deployments", "Deployment")
BUILD_CONFIGS = ObjectKind("build.openshift.io", "v1", "buildconfigs", "BuildConfig", whole=True)
APP = "/apis/apps/v1/namespaces/shop/deployments/app"
DOCUMENT = {"metadata": {"name": "app", "namespace": "shop", "uid": "u", "resourceVersion": "5"}, "spec": {"a": 1}}


async def test_the_usual_kinds_are_found_and_named_ones_too(kubernetes: Any, foreign: Callable[..., Any]) -> None:
    usual = await (await foreign()).kinds()
    named = await (await foreign(resources=("rollouts.argoproj.io",))).kinds()

    assert usual == [DEPLOYMENTS, BUILD_CONFIGS]
    assert named == [*usual, ObjectKind("argoproj.io", "v1alpha1", "rollouts", "Rollout")]


async def test_a_resource_that_is_not_there_is_told(
    kubernetes: Any, foreign: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    cluster = await foreign(resources=("things.example.com",))

    for _ in range(3):
        assert await cluster.kinds() == [DEPLOYMENTS, BUILD_CONFIGS]

    (told,) = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert told == "target prod: things.example.com: the cluster has no such resource; it is tried again"
    assert not cluster.health.is_well


async def test_an_object_is_read_and_replaced(kubernetes: Any, foreign: Callable[..., Any]) -> None:
    kubernetes.answers["GET", APP] = DOCUMENT
    kubernetes.answers["PUT", APP] = lambda asked: {**asked.body, "status": {}}
    cluster = await foreign()

    read = await cluster.get(DEPLOYMENTS, "shop", "app")
    written = await cluster.replace(DEPLOYMENTS, read)

    assert read == DOCUMENT
    assert written == {**DOCUMENT, "status": {}}
    put = kubernetes.asked[-1]
    assert put.query == {"fieldManager": "image-trigger-controller"}
    assert put.headers["Authorization"] == "Bearer t"


async def test_an_object_that_is_not_there_is_none(
    kubernetes: Any, foreign: Callable[..., Any], failure: Callable[..., Any]
) -> None:
    kubernetes.answers["GET", APP] = failure("not found", 404)

    assert await (await foreign()).get(DEPLOYMENTS, "shop", "app") is None


@pytest.mark.parametrize(
    "code, error", [(409, StaleDocument), (404, StaleDocument), (403, Refused), (422, Refused), (500, Refused)]
)
async def test_a_write_that_fails_says_how(
    kubernetes: Any, foreign: Callable[..., Any], failure: Callable[..., Any], code: int, error: type[Exception]
) -> None:
    kubernetes.answers["PUT", APP] = failure("because", code)

    with pytest.raises(error, match="because"):
        await (await foreign()).replace(DEPLOYMENTS, DOCUMENT)


async def test_a_build_is_asked_for(kubernetes: Any, foreign: Callable[..., Any]) -> None:
    path = "/apis/build.openshift.io/v1/namespaces/shop/buildconfigs/app/instantiate"
    kubernetes.answers["POST", path] = {"kind": "Build", "metadata": {"name": "app-1"}}

    built = await (await foreign()).create_subresource(
        BUILD_CONFIGS, "shop", "app", "instantiate", {"kind": "BuildRequest"}
    )

    assert built["metadata"]["name"] == "app-1"
    assert kubernetes.asked[-1].body == {"kind": "BuildRequest"}


async def test_an_event_has_the_name_of_what_it_says_and_may_fail(
    kubernetes: Any, foreign: Callable[..., Any], failure: Callable[..., Any]
) -> None:
    kubernetes.answers["POST", "/api/v1/namespaces/shop/events"] = failure("exists", 409)
    cluster, notice = await foreign(), Notice("Normal", "WaitingForImage", "waiting for image stream tag a/b:c")

    for _ in range(2):
        await cluster.tell(DEPLOYMENTS, DOCUMENT, notice)

    first, second = (one.body for one in kubernetes.asked)
    assert first == second
    assert first["metadata"]["name"].startswith("app.")
    assert first["involvedObject"]["kind"] == "Deployment"
    assert (first["reason"], first["message"]) == (notice.reason, notice.message)


async def test_nobody_listening_is_one_line(foreign: Callable[..., Any], kubeconfig: Callable[..., Path]) -> None:
    cluster = await foreign(kubeconfig("http://127.0.0.1:1", token="s3cret"))

    with pytest.raises(ClusterError, match=r"127\.0\.0\.1:1: .*refused"):
        await cluster.get(DEPLOYMENTS, "shop", "app")
    with pytest.raises(ClusterError, match="was refused"):
        await cluster.kinds()
    assert not cluster.health.is_well


async def test_a_kubeconfig_may_come_later(
    kubernetes: Any, foreign: Callable[..., Any], kubeconfig: Callable[..., Path], tmp_path: Path
) -> None:
    cluster = await foreign(tmp_path / "later")
    with pytest.raises(ClusterError, match="no such file or directory"):
        await cluster.kinds()

    kubeconfig(kubernetes.url, token="t").rename(tmp_path / "later")

    assert DEPLOYMENTS in await cluster.kinds()
    assert cluster.health.is_well


async def test_a_token_that_is_no_longer_taken_is_read_again(
    kubernetes: Any, foreign: Callable[..., Any], kubeconfig: Callable[..., Path]
) -> None:
    kubernetes.answers["GET", APP] = DOCUMENT
    kubernetes.token = "old"
    cluster = await foreign(kubeconfig(kubernetes.url, token="old"))
    await cluster.get(DEPLOYMENTS, "shop", "app")

    kubernetes.token = "new"
    with pytest.raises(Refused, match="Unauthorized"):
        await cluster.get(DEPLOYMENTS, "shop", "app")
    kubeconfig(kubernetes.url, token="new")

    assert await cluster.get(DEPLOYMENTS, "shop", "app") == DOCUMENT


async def test_no_credential_is_printed_by_accident(kubeconfig: Callable[..., Path]) -> None:
    login = await log_in(Target("prod", kubeconfig("http://127.0.0.1:1", token="s3cret")), {})

    assert login.headers["Authorization"] == "Bearer s3cret"
    assert "s3cret" not in repr(login)


async def test_a_file_that_is_no_kubeconfig_is_named(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text("some: settings\n")

    with pytest.raises(ClusterError, match=r"^/.*/other\.yaml names no cluster$"):
        await log_in(Target("prod", tmp_path / "other.yaml"), {})


async def test_a_cluster_that_moved_is_found_again(
    kubernetes: Any, foreign: Callable[..., Any], kubeconfig: Callable[..., Path]
) -> None:
    kubernetes.answers["GET", APP] = DOCUMENT
    cluster = await foreign(kubeconfig("http://127.0.0.1:1", token="t"))
    with pytest.raises(ClusterError):
        await cluster.get(DEPLOYMENTS, "shop", "app")

    kubeconfig(kubernetes.url, token="t")

    assert await cluster.get(DEPLOYMENTS, "shop", "app") == DOCUMENT


async def test_an_exec_plugin_proves_who_we_are(
    kubernetes: Any, foreign: Callable[..., Any], kubeconfig: Callable[..., Path], tmp_path: Path
) -> None:
    printed = {"kind": "ExecCredential", "status": {"token": "from-plugin"}}
    plugin = tmp_path / "plugin.py"
    plugin.write_text(f"print({json.dumps(json.dumps(printed))})")
    command = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": sys.executable,
        "args": [str(plugin)],
        "interactiveMode": "Always",
    }
    kubernetes.answers["GET", APP] = DOCUMENT
    kubernetes.token = "from-plugin"
    config = kubeconfig(kubernetes.url, **{"exec": command, "as": "robot", "as-groups": ["a", "b"]})

    assert await (await foreign(config)).get(DEPLOYMENTS, "shop", "app") == DOCUMENT
    assert kubernetes.asked[-1].headers["Impersonate-User"] == "robot"


async def test_a_token_in_a_file_is_read_again_before_it_ends(
    kubernetes: Any,
    foreign: Callable[..., Any],
    kubeconfig: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("imagestreams.targets.login.TOKEN_FILE_S", 0.0)
    kubernetes.answers["GET", APP] = DOCUMENT
    (tmp_path / "token").write_text("first\n")
    cluster = await foreign(kubeconfig(kubernetes.url, tokenFile="token"))

    for token in ("first", "second"):
        (tmp_path / "token").write_text(f"{token}\n")
        await cluster.get(DEPLOYMENTS, "shop", "app")

    assert [one.headers["Authorization"] for one in kubernetes.asked] == ["Bearer first", "Bearer second"]


async def test_many_at_once_log_in_once(
    kubernetes: Any, foreign: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from imagestreams.targets import connection

    kubernetes.answers["GET", APP] = DOCUMENT
    logins = 0
    real = connection.log_in

    async def counted(*arguments: Any) -> Any:
        nonlocal logins
        logins += 1
        return await real(*arguments)

    monkeypatch.setattr(connection, "log_in", counted)
    cluster = await foreign()

    await asyncio.gather(*(cluster.get(DEPLOYMENTS, "shop", "app") for _ in range(20)))

    assert logins == 1


async def test_an_answer_that_is_too_large_is_not_read(
    kubernetes: Any, foreign: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imagestreams.targets.connection.ANSWER_BYTES", 1000)
    kubernetes.answers["GET", APP] = {"metadata": {}, "spec": "x" * 5000}

    with pytest.raises(ClusterError, match="larger than 1000 bytes"):
        await (await foreign()).get(DEPLOYMENTS, "shop", "app")
