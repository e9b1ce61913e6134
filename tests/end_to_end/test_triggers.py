"""Real servers let real objects follow tags: many at once, through flaps and crashes, and in another cluster."""

import json
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml

from tests.running_server import RunningServer

WAIT_S = 60
FOLLOWERS = 1000


def until(look: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + WAIT_S
    while not (found := look()):
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.05)
    return found


def image(number: int) -> str:
    return f"registry.example.com/base@sha256:{number:064x}"


class Project:
    """A namespace of a server, with a stream `base` whose tag `stable` is moved."""

    def __init__(self, server: RunningServer, namespace: str) -> None:
        self.server = server
        self.namespace = namespace
        self._apps = f"/apis/apps/v1/namespaces/{namespace}/deployments"
        self._streams = f"/apis/image.openshift.io/v1/namespaces/{namespace}/imagestreams"
        self._builds = f"/apis/build.openshift.io/v1/namespaces/{namespace}"

    def point(self, number: int) -> None:
        """Point the tag to an image, as an import does."""
        tag = {"name": "stable", "reference": True, "from": {"kind": "DockerImage", "name": image(number)}}
        sent = {"Content-Type": "application/merge-patch+json"}
        code, _ = self.server.request("PATCH", f"{self._streams}/base", {"spec": {"tags": [tag]}}, sent)
        if code == 404:
            body = {"metadata": {"name": "base"}, "spec": {"tags": [tag]}}
            code, _ = self.server.request("POST", self._streams, body)
        assert code in (200, 201)

    def deploy(self, name: str, **trigger: Any) -> None:
        followed = {
            "from": {"kind": "ImageStreamTag", "name": "base:stable"},
            "fieldPath": 'spec.template.spec.containers[?(@.name=="web")].image',
            **trigger,
        }
        body = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name, "annotations": {"image.openshift.io/triggers": json.dumps([followed])}},
            "spec": {
                "selector": {"matchLabels": {"app": name}},
                "template": {
                    "metadata": {"labels": {"app": name}},
                    "spec": {"containers": [{"name": "web", "image": " "}]},
                },
            },
        }
        code, answer = self.server.request("POST", self._apps, body)
        assert code == 201, answer

    def deployment(self, name: str) -> Any:
        return self.server.request("GET", f"{self._apps}/{name}")[1]

    def deployments(self) -> list[Any]:
        found: list[Any] = self.server.request("GET", self._apps)[1]["items"]
        return found

    def image_of(self, name: str = "app") -> str:
        found: str = self.deployment(name)["spec"]["template"]["spec"]["containers"][0]["image"]
        return found

    def generation_of(self, name: str = "app") -> int:
        found: int = self.deployment(name)["metadata"]["generation"]
        return found

    def builds(self) -> list[Any]:
        found: list[Any] = self.server.request("GET", f"{self._builds}/builds")[1]["items"]
        return found

    def create_build_config(self, **source: str) -> None:
        source = {"kind": "ImageStreamTag", "name": "base:stable", **source}
        body = {
            "apiVersion": "build.openshift.io/v1",
            "kind": "BuildConfig",
            "metadata": {"name": "app"},
            "spec": {
                "source": {"dockerfile": "FROM scratch"},
                "strategy": {"dockerStrategy": {"from": source}},
                "output": {"to": {"kind": "DockerImage", "name": "registry.example.com/app:latest"}},
                "triggers": [{"type": "ImageChange", "imageChange": {}}],
            },
        }
        code, answer = self.server.request("POST", f"{self._builds}/buildconfigs", body)
        assert code == 201, answer


def metric(server: RunningServer, name: str) -> float:
    text = server.request("GET", "/metrics", headers={"Accept": "text/plain"})[1]
    return float(next((line.split()[-1] for line in text.splitlines() if line.startswith(name)), "nan"))


def test_a_thousand_deployments_follow_a_tag_each_written_once(server: RunningServer, namespace: str) -> None:
    project = Project(server, namespace)
    project.point(1)
    with ThreadPoolExecutor(8) as workers:
        list(workers.map(lambda number: project.deploy(f"app-{number:04d}"), range(FOLLOWERS)))
    until(
        lambda: all(
            one["spec"]["template"]["spec"]["containers"][0]["image"] == image(1) for one in project.deployments()
        )
    )
    before = {one["metadata"]["name"]: one["metadata"]["generation"] for one in project.deployments()}
    updated = metric(server, 'imagestreams_triggers_fired_total{cluster="local",kind="deployments",result="updated"}')

    project.point(2)
    until(
        lambda: all(
            one["spec"]["template"]["spec"]["containers"][0]["image"] == image(2) for one in project.deployments()
        )
    )
    until(lambda: metric(server, 'imagestreams_trigger_queue_depth{cluster="local"}') == 0)

    after = {one["metadata"]["name"]: one["metadata"]["generation"] for one in project.deployments()}
    assert after == {name: generation + 1 for name, generation in before.items()}
    fired = metric(server, 'imagestreams_triggers_fired_total{cluster="local",kind="deployments",result="updated"}')
    assert fired - updated == FOLLOWERS


def test_a_tag_that_flaps_a_hundred_times_ends_at_its_last_image(server: RunningServer, namespace: str) -> None:
    project = Project(server, namespace)
    project.point(0)
    project.deploy("app")
    until(lambda: project.image_of() == image(0))
    before, began = project.generation_of(), time.monotonic()

    for number in range(1, 101):
        project.point(number)

    took_s = time.monotonic() - began
    until(lambda: project.image_of() == image(100))
    # A stream is looked at five times a second: a machine that is slow to send a hundred requests has more to follow.
    assert project.generation_of() - before <= took_s * 5 + 2


def test_a_rollback_is_followed(server: RunningServer, namespace: str) -> None:
    project = Project(server, namespace)
    project.point(1)
    project.deploy("app")
    until(lambda: project.image_of() == image(1))
    project.point(2)
    until(lambda: project.image_of() == image(2))

    server.isctl("tag", "-n", namespace, "--source=docker", "--reference", image(1), "base:stable", check=True)

    until(lambda: project.image_of() == image(1))


def test_a_missing_tag_is_an_event_and_no_error(server: RunningServer, namespace: str) -> None:
    project = Project(server, namespace)
    project.deploy("app")

    def told() -> Any:
        events = server.request("GET", f"/api/v1/namespaces/{namespace}/events")[1]["items"]
        return [one for one in events if one["reason"] == "WaitingForImage"]

    (event,) = until(told)
    assert event["message"] == f"waiting for image stream tag {namespace}/base:stable"
    assert event["involvedObject"]["kind"] == "Deployment"
    assert event["source"] == {"component": "image-trigger-controller"}
    listed = server.isctl("set", "triggers", "-n", namespace, "deployment/app")
    assert listed.stdout == (
        "NAME             TYPE    VALUE              AUTO\n"
        "deployments/app  config                     true\n"
        "deployments/app  image   base:stable (web)  true\n"
    )
    assert listed.stderr == f"deployments/app is waiting for image stream tag {namespace}/base:stable\n"

    project.point(1)
    until(lambda: project.image_of() == image(1))
    assert server.isctl("set", "triggers", "-n", namespace, "deployment/app").stderr == ""


def test_triggers_are_set_paused_and_removed(server: RunningServer, namespace: str) -> None:
    project = Project(server, namespace)
    project.point(1)
    server.kubectl("create", "deployment", "app", "--image=by-hand", "-n", namespace, check=True)

    def set_triggers(*flags: str) -> str:
        return server.isctl("set", "triggers", "-n", namespace, "deployment/app", *flags, check=True).stdout

    assert set_triggers("--from-image=base:stable", "-c", "by-hand") == "deployment.apps/app triggers updated\n"
    until(lambda: project.image_of() == image(1))

    set_triggers("--manual")
    assert project.deployment("app")["spec"]["paused"] is True
    project.point(2)
    assert set_triggers().splitlines()[-1].split() == ["deployments/app", "image", "base:stable", "(by-hand)", "false"]
    assert project.image_of() == image(1)

    set_triggers("--auto")
    until(lambda: project.image_of() == image(2))
    assert "paused" not in project.deployment("app")["spec"]

    set_triggers("--remove-all")
    assert project.deployment("app")["metadata"]["annotations"]["image.openshift.io/triggers"] == "null"
    project.point(3)
    refused = server.isctl("set", "triggers", "-n", namespace, "deployment/app", "--from-image=base:stable")
    assert (refused.returncode, refused.stderr) == (
        1,
        "error: deployments/app you must specify --containers when setting --from-image\n",
    )
    assert project.image_of() == image(2)


def test_a_deployment_config_is_deployed_anew(server: RunningServer, namespace: str) -> None:
    project = Project(server, namespace)
    path = f"/apis/apps.openshift.io/v1/namespaces/{namespace}/deploymentconfigs"
    source = {"kind": "ImageStreamTag", "name": "base:stable"}
    params = {"automatic": True, "containerNames": ["web"], "from": source}
    body = {
        "apiVersion": "apps.openshift.io/v1",
        "kind": "DeploymentConfig",
        "metadata": {"name": "app"},
        "spec": {
            "replicas": 1,
            "selector": {"app": "app"},
            "template": {
                "metadata": {"labels": {"app": "app"}},
                "spec": {"containers": [{"name": "web", "image": " "}]},
            },
            "triggers": [{"type": "ImageChange", "imageChangeParams": params}],
        },
    }
    assert server.request("POST", path, body)[0] == 201

    def deployed(number: int) -> Any:
        config = server.request("GET", f"{path}/app")[1]
        return config if config["status"].get("latestVersion") == number else None

    for number in (1, 2):
        project.point(number)
        config = until(lambda number=number: deployed(number))
        assert config["spec"]["triggers"][0]["imageChangeParams"]["lastTriggeredImage"] == image(number)
    listed = server.isctl("set", "triggers", "-n", namespace, "dc/app", check=True).stdout
    assert listed.splitlines()[1:] == [
        "deploymentconfigs/app  config                     false",
        "deploymentconfigs/app  image   base:stable (web)  true",
    ]


def test_a_build_follows_a_tag_of_another_namespace(
    server: RunningServer, namespace: str, new_namespace: Callable[[], str]
) -> None:
    other = Project(server, new_namespace())
    other.point(1)
    project = Project(server, namespace)
    project.create_build_config(namespace=other.namespace)

    (build,) = until(project.builds)

    (cause,) = build["spec"]["triggeredBy"]
    assert cause["message"] == "Image change"
    assert cause["imageChangeBuild"]["imageID"] == image(1)
    other.point(2)
    until(lambda: len(project.builds()) == 2)


def test_describe_shows_who_follows_a_tag(server: RunningServer, namespace: str) -> None:
    project = Project(server, namespace)
    project.point(1)
    assert "Followers" not in server.isctl("describe", "-n", namespace, "is/base", check=True).stdout
    project.deploy("app")
    project.deploy("paused", paused=True)
    project.create_build_config()
    until(lambda: project.image_of() == image(1))

    described = server.isctl("describe", "-n", namespace, "is/base", check=True).stdout

    assert described.partition("\nFollowers:\n")[2] == (
        "  Tag     Object              Containers  Automatic\n"
        "  ---     ------              ----------  ---------\n"
        "  stable  buildconfigs/app    <none>      true\n"
        "  stable  deployments/app     web         true\n"
        "  stable  deployments/paused  web         false\n"
    )


def test_an_import_moves_followers_and_the_tag_tells_of_them(
    server: RunningServer, namespace: str, docker_registry: Any, repository_name: str
) -> None:
    project = Project(server, namespace)
    project.deploy("app")
    source = f"{docker_registry.host}/{repository_name}:1"
    for seed in (1, 2):
        pushed = docker_registry.image(repository_name, "1", seed=seed)
        imported = ("import-image", "-n", namespace, "base:stable", f"--from={source}", "--insecure", "--confirm")
        server.isctl(*imported, check=True)

        pull_spec = f"{docker_registry.host}/{repository_name}@{pushed.digest}"
        until(lambda pull_spec=pull_spec: project.image_of() == pull_spec)

    described = server.isctl("describe", "-n", namespace, "istag/base:stable", check=True).stdout
    assert described.endswith(
        "\nFollowers:\n"
        "  Object           Containers  Automatic\n"
        "  ------           ----------  ---------\n"
        "  deployments/app  web         true\n"
    )


def test_what_a_crash_interrupts_is_done_once_after_the_restart(tmp_path: Path) -> None:
    data = tmp_path / "data"
    server = RunningServer(data)
    project = Project(server, "default")
    project.point(1)
    project.deploy("app")
    project.create_build_config()
    until(lambda: project.image_of() == image(1))
    until(lambda: len(project.builds()) == 1)
    generation = project.generation_of()

    project.point(2)
    server.kill()

    with RunningServer(data) as again:
        project = Project(again, "default")
        until(lambda: project.image_of() == image(2))
        until(lambda: len(project.builds()) == 2)
        until(lambda: metric(again, 'imagestreams_trigger_queue_depth{cluster="local"}') == 0)
        assert project.generation_of() == generation + 1
    # Nothing is done anew when nothing has changed.
    with RunningServer(data) as once_more:
        project = Project(once_more, "default")
        until(lambda: metric(once_more, "imagestreams_triggers_fired_total") > 0)
        until(lambda: metric(once_more, 'imagestreams_trigger_queue_depth{cluster="local"}') == 0)
        assert project.generation_of() == generation + 1
        assert len(project.builds()) == 2


def test_objects_of_another_cluster_follow_and_it_may_come_later(tmp_path: Path) -> None:
    config = tmp_path / "settings.yaml"
    target = {"name": "other", "kubeconfig": str(tmp_path / "other" / "admin.kubeconfig"), "namespaces": ["default"]}
    config.write_text(yaml.safe_dump({"targets": [target]}))

    with RunningServer(tmp_path / "data", "--config", str(config)) as server:
        ours = Project(server, "default")
        ours.point(1)
        assert metric(server, 'imagestreams_target_up{target="other"}') == 0
        with RunningServer(tmp_path / "other") as other:
            theirs = Project(other, "default")
            theirs.deploy("app")
            until(lambda: theirs.image_of() == image(1))
            assert metric(server, 'imagestreams_target_up{target="other"}') == 1
            generation = theirs.generation_of()

            ours.point(2)
            until(lambda: theirs.image_of() == image(2))
            assert theirs.generation_of() == generation + 1

            theirs.deploy("waits", **{"from": {"kind": "ImageStreamTag", "name": "base:none"}})
            (event,) = until(
                lambda: [
                    one
                    for one in other.request("GET", "/api/v1/namespaces/default/events")[1]["items"]
                    if one["reason"] == "WaitingForImage" and "base:none" in one["message"]
                ]
            )
            assert event["count"] == 1
        until(lambda: metric(server, 'imagestreams_target_up{target="other"}') == 0)
        ours.point(3)
        # It comes again at another address, which its kubeconfig tells.
        with RunningServer(tmp_path / "other") as other:
            theirs = Project(other, "default")
            until(lambda: theirs.image_of() == image(3))
            until(lambda: metric(server, 'imagestreams_target_up{target="other"}') == 1)
    told = (tmp_path / "data.log").read_text()
    assert told.count("target other: stat ") == 1
    assert "Traceback" not in told


def test_a_cluster_that_never_answers_holds_nothing_up(tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        server_url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        kubeconfig = {
            "clusters": [{"name": "c", "cluster": {"server": server_url}}],
            "contexts": [{"name": "k", "context": {"cluster": "c"}}],
            "current-context": "k",
        }
        (tmp_path / "silent.kubeconfig").write_text(yaml.safe_dump(kubeconfig))
        target = {"name": "silent", "kubeconfig": str(tmp_path / "silent.kubeconfig")}
        config = tmp_path / "settings.yaml"
        config.write_text(yaml.safe_dump({"targets": [target]}))
        server = RunningServer(tmp_path / "data", "--config", str(config))
        silent.accept()
        project = Project(server, "default")
        project.point(1)
        project.deploy("app")
        until(lambda: project.image_of() == image(1))

        # It has ten seconds for that.
        assert server.stop() == 0
