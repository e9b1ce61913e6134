"""Build configs and builds as kubectl and plain requests see them, on a real server without a runner."""

import io
import json
import tarfile
import threading
import time
import urllib.error
import urllib.request
from typing import Any

import pytest

from tests.running_server import RunningServer

DIGEST = "sha256:" + "a" * 64
BASE = f"registry.example.com/base@{DIGEST}"
CONFIG = """
apiVersion: build.openshift.io/v1
kind: BuildConfig
metadata:
  name: web
spec:
  source:
    type: Git
    git: {uri: "https://git.example.com/web.git", ref: main}
  strategy:
    type: Docker
    dockerStrategy:
      from: {kind: ImageStreamTag, name: "base:1"}
  output:
    to: {kind: DockerImage, name: "registry.example.com/web:latest"}
"""


def builds(namespace: str) -> str:
    return f"/apis/build.openshift.io/v1/namespaces/{namespace}"


def push_base(server: RunningServer, namespace: str, digest: str = DIGEST) -> None:
    group = f"/apis/image.openshift.io/v1/namespaces/{namespace}"
    kinds = {"apiVersion": "image.openshift.io/v1"}
    server.request("POST", f"{group}/imagestreams", {**kinds, "kind": "ImageStream", "metadata": {"name": "base"}})
    image = {
        "metadata": {"name": digest},
        "dockerImageReference": f"registry.example.com/base@{digest}",
        "dockerImageMetadata": {"Id": digest},
    }
    mapping = {**kinds, "kind": "ImageStreamMapping", "metadata": {"name": "base"}, "tag": "1", "image": image}
    assert server.request("POST", f"{group}/imagestreammappings", mapping)[0] == 201


def move(server: RunningServer, namespace: str, name: str, phase: str) -> None:
    """Do what a runner does when a build goes on."""
    headers = {"Content-Type": "application/merge-patch+json"}
    assert (
        server.request("PATCH", f"{builds(namespace)}/builds/{name}", {"status": {"phase": phase}}, headers)[0] == 200
    )


def request_for(name: str, **fields: Any) -> dict[str, Any]:
    return {"kind": "BuildRequest", "apiVersion": "build.openshift.io/v1", "metadata": {"name": name}, **fields}


def instantiate(server: RunningServer, namespace: str, **fields: Any) -> tuple[int, Any]:
    path = f"{builds(namespace)}/buildconfigs/web/instantiate"
    return server.request("POST", path, request_for("web", **fields))


@pytest.fixture
def project(server: RunningServer, namespace: str) -> str:
    """A namespace with a base image and a config that builds on it."""
    push_base(server, namespace)
    server.kubectl("apply", "-n", namespace, "-f", "-", stdin=CONFIG, check=True)
    return namespace


def test_kubectl_applies_and_shows_a_build_config(server: RunningServer, namespace: str) -> None:
    first = server.kubectl("apply", "-n", namespace, "-f", "-", stdin=CONFIG, check=True).stdout
    again = server.kubectl("apply", "-n", namespace, "-f", "-", stdin=CONFIG, check=True).stdout
    table = server.kubectl("get", "bc", "-n", namespace, check=True).stdout
    described = server.kubectl("describe", "bc", "web", "-n", namespace, check=True).stdout

    assert first == "buildconfig.build.openshift.io/web created\n"
    assert again == "buildconfig.build.openshift.io/web unchanged\n"
    assert [line.split() for line in table.splitlines()] == [
        ["NAME", "TYPE", "FROM", "LATEST"],
        ["web", "Docker", "Git@main", "0"],
    ]
    assert "Run Policy:" in described and "Serial" in described


def test_a_build_is_made_on_request_with_its_base_image_fixed(server: RunningServer, project: str) -> None:
    code, build = instantiate(server, project)
    table = server.kubectl("get", "builds", "-n", project, check=True).stdout
    _, config = server.request("GET", f"{builds(project)}/buildconfigs/web")

    assert (code, build["kind"], build["metadata"]["name"]) == (201, "Build", "web-1")
    assert build["spec"]["strategy"]["dockerStrategy"]["from"] == {"kind": "DockerImage", "name": BASE}
    assert build["spec"]["triggeredBy"] == [{"message": "Manually triggered"}]
    assert build["metadata"]["labels"] == {
        "buildconfig": "web",
        "openshift.io/build-config.name": "web",
        "openshift.io/build.start-policy": "Serial",
    }
    assert build["metadata"]["annotations"] == {
        "openshift.io/build-config.name": "web",
        "openshift.io/build.number": "1",
    }
    assert build["status"]["phase"] == "New"
    assert table.splitlines()[1].startswith("web-1   Docker   Git@main   New")
    assert (config["status"]["lastVersion"], config["metadata"]["generation"]) == (1, 2)


def test_builds_are_counted_without_gaps_or_doubles(server: RunningServer, project: str) -> None:
    answers: list[tuple[int, Any]] = []
    threads = [threading.Thread(target=lambda: answers.append(instantiate(server, project))) for _ in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(body["metadata"].get("name", str(body)) for _, body in answers) == [
        f"web-{number}" for number in range(1, 9)
    ]


def test_a_request_that_comes_too_late_makes_no_build(server: RunningServer, project: str) -> None:
    instantiate(server, project)

    code, status = instantiate(server, project, lastVersion=0)

    assert (code, status["message"]) == (
        400,
        f"the LastVersion(1) on build config {project}/web does not match the build request LastVersion(0)",
    )


def test_an_image_that_is_missing_is_told_as_openshift_does(server: RunningServer, namespace: str) -> None:
    server.kubectl("apply", "-n", namespace, "-f", "-", stdin=CONFIG, check=True)

    code, status = instantiate(server, namespace)

    why = 'imagestreams.image.openshift.io "base" not found'
    assert (code, status["reason"]) == (422, "Invalid")
    assert status["message"] == f"Error resolving ImageStreamTag base:1 in namespace {namespace}: {why}"


def test_what_is_built_never_changes(server: RunningServer, project: str) -> None:
    instantiate(server, project)

    path = f"{builds(project)}/builds/web-1"
    patched = {"Content-Type": "application/merge-patch+json"}
    code, status = server.request("PATCH", path, {"spec": {"serviceAccount": "other"}}, patched)

    assert code == 422
    assert status["details"]["causes"][0]["message"].endswith(
        'spec is immutable, diff: {"spec":{"serviceAccount":"other"}}'
    )


def test_a_build_is_run_again_by_its_clone(server: RunningServer, project: str) -> None:
    instantiate(server, project)

    code, clone = server.request("POST", f"{builds(project)}/builds/web-1/clone", request_for("web-1"))

    assert (code, clone["metadata"]["name"]) == (201, "web-2")
    assert clone["metadata"]["annotations"]["openshift.io/build.clone-of"] == "web-1"


def test_the_log_of_a_build_that_does_not_start_is_empty_for_who_does_not_wait(
    server: RunningServer, project: str
) -> None:
    instantiate(server, project)

    assert server.request("GET", f"{builds(project)}/builds/web-1/log?nowait=true") == (200, "")


def test_a_log_is_followed_while_it_grows(server: RunningServer, project: str) -> None:
    _, build = instantiate(server, project)
    logs = server.data_dir / "builds" / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    stamp = "2026-11-25T03:00:00.000000000Z "
    (logs / f"{build['metadata']['uid']}.log").write_text("".join(f"{stamp}line {n}\n" for n in range(1000)))

    path = f"{builds(project)}/builds/web-1/log"
    assert server.request("GET", f"{path}?tailLines=2&follow=true") == (200, "line 998\nline 999\n")
    assert server.request("GET", f"{path}?tailLines=1&timestamps=true")[1] == f"{stamp}line 999\n"
    assert server.request("GET", f"{path}?limitBytes=8")[1] == "line 0\nl"
    assert server.request("GET", f"{path}?tailLines=-1")[0] == 422
    assert server.request("GET", f"{path}?tailLines=x")[0] == 400
    server.kubectl("delete", "build", "web-1", "-n", project, check=True)
    assert not (logs / f"{build['metadata']['uid']}.log").exists()


def test_a_source_is_uploaded_for_a_build(server: RunningServer, project: str) -> None:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        content = b"FROM scratch\n" + bytes(4 * 1024 * 1024)
        member = tarfile.TarInfo("Dockerfile")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))

    query = "?asFile=&revision.commit=abc&revision.message=hello"
    request = urllib.request.Request(
        server.urls["http"] + f"{builds(project)}/buildconfigs/web/instantiatebinary{query}",
        data=archive.getvalue(),
        headers={"Authorization": f"Bearer {server.token}", "Content-Type": "application/octet-stream"},
    )
    with urllib.request.urlopen(request) as answer:
        build = json.load(answer)

    assert (answer.status, build["spec"]["source"]) == (201, {"type": "Binary", "binary": {}})
    assert build["spec"]["revision"]["git"]["commit"] == "abc"
    kept = server.data_dir / "builds" / "uploads" / build["metadata"]["uid"]
    assert kept.read_bytes() == archive.getvalue()

    move(server, project, "web-1", "Complete")
    deadline = time.monotonic() + 20
    while kept.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_of_finished_builds_a_config_keeps_as_many_as_it_says(server: RunningServer, project: str) -> None:
    limits = {"spec": {"runPolicy": "Parallel", "successfulBuildsHistoryLimit": 1, "failedBuildsHistoryLimit": 0}}
    merge = {"Content-Type": "application/merge-patch+json"}
    assert server.request("PATCH", f"{builds(project)}/buildconfigs/web", limits, merge)[0] == 200
    for phase in ("Complete", "Failed", "Complete", "New"):
        name = instantiate(server, project)[1]["metadata"]["name"]
        move(server, project, name, phase)

    for gone in ("build/web-1", "build/web-2"):
        waited = server.kubectl("wait", gone, "-n", project, "--for=delete", "--timeout=20s", check=False)
        assert waited.returncode == 0, waited.stderr
    _, kept = server.request("GET", f"{builds(project)}/builds")
    assert [build["metadata"]["name"] for build in kept["items"]] == ["web-3", "web-4"]


def test_the_first_build_of_a_config_can_come_by_itself(server: RunningServer, namespace: str) -> None:
    push_base(server, namespace)
    config = CONFIG + "  triggers: [{type: ConfigChange}]\n"

    server.kubectl("apply", "-n", namespace, "-f", "-", stdin=config, check=True)
    made = server.kubectl(
        "wait", "build/web-1", "-n", namespace, "--for=jsonpath={.status.phase}=New", "--timeout=20s", check=False
    )

    assert made.returncode == 0, made.stderr
    _, build = server.request("GET", f"{builds(namespace)}/builds/web-1")
    assert build["spec"]["triggeredBy"] == [{"message": "Build configuration change"}]


def test_builds_go_with_their_config(server: RunningServer, project: str) -> None:
    instantiate(server, project)

    server.kubectl("delete", "bc", "web", "-n", project, check=True)
    gone = server.kubectl("wait", "build/web-1", "-n", project, "--for=delete", "--timeout=20s", check=False)

    assert gone.returncode == 0, gone.stderr


def hooked(server: RunningServer, namespace: str) -> None:
    push_base(server, namespace)
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "hook"},
        "stringData": {"WebHookSecretKey": "kept-apart"},
    }
    assert server.request("POST", f"/api/v1/namespaces/{namespace}/secrets", secret)[0] == 201
    triggers = """
  triggers:
  - {type: GitHub, github: {secret: hush}}
  - {type: Generic, generic: {secretReference: {name: hook}, allowEnv: true}}
"""
    server.kubectl("apply", "-n", namespace, "-f", "-", stdin=CONFIG.rstrip() + triggers, check=True)


def call(server: RunningServer, namespace: str, hook: str, event: Any, **headers: str) -> tuple[int, Any]:
    """Call a webhook as its sender does: without any login."""
    request = urllib.request.Request(
        server.urls["http"] + f"{builds(namespace)}/buildconfigs/web/webhooks/{hook}",
        data=json.dumps(event).encode(),
        headers={
            "Content-Type": "application/json",
            **{name.replace("_", "-"): text for name, text in headers.items()},
        },
        method="POST",
    )
    try:
        with urllib.request.urlopen(request) as answer:
            body = answer.read()
            return answer.status, json.loads(body) if body else None
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def test_a_push_to_github_makes_a_build(server: RunningServer, namespace: str) -> None:
    hooked(server, namespace)
    push = {"ref": "refs/heads/main", "head_commit": {"id": "abc", "message": "hello"}}

    ping = call(server, namespace, "hush/github", {}, X_GitHub_Event="ping")
    other = call(server, namespace, "hush/github", {**push, "ref": "refs/heads/dev"}, X_GitHub_Event="push")
    code, build = call(server, namespace, "hush/github", push, X_GitHub_Event="push")

    assert (ping, other) == ((200, None), (200, None))
    assert (code, build["metadata"]["name"]) == (200, "web-1")
    [cause] = build["spec"]["triggeredBy"]
    assert (cause["message"], cause["githubWebHook"]["secret"]) == ("GitHub WebHook", "<secret>")
    assert build["spec"]["revision"]["git"]["commit"] == "abc"
    assert "hush" not in json.dumps(build)


def test_a_generic_webhook_proves_the_value_of_a_secret(server: RunningServer, namespace: str) -> None:
    hooked(server, namespace)
    event = {"git": {"ref": "main", "commit": "abc"}, "env": [{"name": "A", "value": "1"}]}

    code, build = call(server, namespace, "kept-apart/generic", event)

    assert (code, build["spec"]["triggeredBy"][0]["message"]) == (200, "Generic WebHook")
    assert build["spec"]["strategy"]["dockerStrategy"]["env"] == [{"name": "A", "value": "1"}]


@pytest.mark.parametrize("hook", ["wrong/github", "hush/generic", "hush/gitlab"])
def test_a_webhook_tells_nothing_to_who_does_not_know_its_secret(
    server: RunningServer, namespace: str, hook: str
) -> None:
    hooked(server, namespace)

    code, status = call(server, namespace, hook, {}, X_GitHub_Event="ping", X_Gitlab_Event="Push Hook")

    kind = hook.partition("/")[2]
    assert (code, status["message"]) == (401, f'the webhook "{kind}" for "web" did not accept your secret')
    assert call(server, "nowhere", hook, {})[1]["message"] == status["message"]
    assert "hush" not in server.log.read_text()
