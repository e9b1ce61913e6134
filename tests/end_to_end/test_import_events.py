"""What a user sees of imports besides the stream: events on it, and the server's counts."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any

from tests.running_server import RunningServer


def import_tag(server: RunningServer, namespace: str, source: str, tag: str = "1", name: str = "app") -> Any:
    body = {
        "kind": "ImageStreamImport",
        "apiVersion": "image.openshift.io/v1",
        "metadata": {"name": name},
        "spec": {
            "import": True,
            "images": [
                {
                    "from": {"kind": "DockerImage", "name": source},
                    "to": {"name": tag},
                    "importPolicy": {"insecure": True},
                }
            ],
        },
    }
    path = f"/apis/image.openshift.io/v1/namespaces/{namespace}/imagestreamimports"
    status, answer = server.request("POST", path, body)
    assert status == 201, answer
    return answer


def events_of(server: RunningServer, namespace: str) -> list[Any]:
    items: list[Any] = server.request("GET", f"/api/v1/namespaces/{namespace}/events")[1]["items"]
    return items


def eventually(look: Callable[[], list[Any]]) -> list[Any]:
    for _ in range(500):
        if found := look():
            return found
        time.sleep(0.01)
    return []


def counted(server: RunningServer, name: str, **labels: str) -> float:
    text = server.request("GET", "/metrics")[1]
    wanted = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()))
    line = f"{name}{{{wanted}}} " if wanted else f"{name} "
    return sum(float(one.removeprefix(line)) for one in text.splitlines() if one.startswith(line))


def test_an_import_that_brings_an_image_is_an_event_of_its_stream(
    server: RunningServer, namespace: str, docker_registry: Any, repository_name: str
) -> None:
    pushed = docker_registry.image(repository_name, "1")
    source = f"{docker_registry.host}/{repository_name}:1"

    stream = import_tag(server, namespace, source)["status"]["import"]

    [event] = eventually(lambda: events_of(server, namespace))
    assert (event["type"], event["reason"], event["count"]) == ("Normal", "Imported", 1)
    assert event["message"] == f"Imported {pushed.digest} from {source} into tag 1"
    assert event["source"] == {"component": "image-import-controller"}
    assert event["reportingComponent"] == "image-import-controller"
    assert event["involvedObject"] == {
        "kind": "ImageStream",
        "namespace": namespace,
        "name": "app",
        "uid": stream["metadata"]["uid"],
        "apiVersion": "image.openshift.io/v1",
        "resourceVersion": stream["metadata"]["resourceVersion"],
    }


def test_an_import_that_changes_nothing_is_no_event(
    server: RunningServer, namespace: str, docker_registry: Any, repository_name: str
) -> None:
    docker_registry.image(repository_name, "1")
    source = f"{docker_registry.host}/{repository_name}:1"
    import_tag(server, namespace, source)
    before = eventually(lambda: events_of(server, namespace))

    import_tag(server, namespace, source)
    # Events are written in their order: this one shows that there was none of the repetition.
    import_tag(server, namespace, source, name="other")
    eventually(lambda: [one for one in events_of(server, namespace) if one["involvedObject"]["name"] == "other"])

    assert [one for one in events_of(server, namespace) if one["involvedObject"]["name"] == "app"] == before


def test_a_failure_that_repeats_stays_one_event(
    server: RunningServer, namespace: str, docker_registry: Any, repository_name: str
) -> None:
    docker_registry.image(repository_name, "1")
    source = f"{docker_registry.host}/{repository_name}:nope"

    for _ in range(3):
        import_tag(server, namespace, source)

    [event] = eventually(lambda: events_of(server, namespace))
    assert (event["type"], event["reason"]) == ("Warning", "ImportFailed")
    missing = f'dockerimage.image.openshift.io "{source}" not found'
    assert event["message"] == f"Failed to import tag 1 from {source}: NotFound: {missing}"


def test_a_version_policy_that_moves_a_tag_is_an_event_of_its_own(
    server: RunningServer, namespace: str, docker_registry: Any, repository_name: str
) -> None:
    docker_registry.image(repository_name, "3.6.0", seed=1)
    pushed = docker_registry.image(repository_name, "3.6.1", seed=2)
    source = f"{docker_registry.host}/{repository_name}"

    server.isctl("tag", source, "app:stable", "--follow=semver:~3.6", "--insecure", "-n", namespace, check=True)

    [event] = eventually(lambda: events_of(server, namespace))
    assert (event["type"], event["reason"]) == ("Normal", "Followed")
    assert event["message"].startswith("Tag stable now follows version 3.6.1 of ")
    assert event["message"].endswith(f": {pushed.digest}")


def test_a_blocked_registry_is_told_as_refused(
    server: RunningServer, namespace: str, docker_registry: Any, repository_name: str
) -> None:
    docker_registry.image(repository_name, "1")
    blocked = f"localhost:{docker_registry.host.partition(':')[2]}"
    settings = "/apis/config.openshift.io/v1/images/cluster"
    merge = {"Content-Type": "application/merge-patch+json"}

    def block(*registries: str) -> None:
        body = {"spec": {"registrySources": {"blockedRegistries": registries or None}}}
        assert server.request("PATCH", settings, body, merge)[0] == 200

    block(blocked)
    try:
        import_tag(server, namespace, f"{blocked}/{repository_name}:1")
    finally:
        block()

    [event] = eventually(lambda: events_of(server, namespace))
    assert (event["type"], event["reason"]) == ("Warning", "ImportRefused")
    assert event["message"].endswith(f"Forbidden: forbidden: registry {blocked} blocked")


def test_events_are_shown_by_kubectl_and_where_they_are_asked_for(
    server: RunningServer, namespace: str, docker_registry: Any, repository_name: str
) -> None:
    pushed = docker_registry.image(repository_name, "1")
    import_tag(server, namespace, f"{docker_registry.host}/{repository_name}:1")
    eventually(lambda: events_of(server, namespace))

    listed = server.kubectl("get", "events", "-n", namespace, check=True).stdout
    described = server.kubectl("describe", "imagestream/app", "-n", namespace, check=True).stdout
    asked = server.isctl("describe", "is/app", "-n", namespace, "--show-events", check=True).stdout
    plain = server.isctl("describe", "is/app", "-n", namespace, check=True).stdout

    assert "imagestream/app" in listed and "Imported" in listed
    assert "From" in described and "image-import-controller" in described
    assert "Events:" not in plain
    [line] = [line.split() for line in asked.partition("\nEvents:\n")[2].splitlines() if pushed.digest in line]
    assert line[:2] == ["Normal", "Imported"]


def test_imports_and_requests_are_counted(
    server: RunningServer, namespace: str, docker_registry: Any, repository_name: str
) -> None:
    docker_registry.image(repository_name, "1")
    source, registry = f"{docker_registry.host}/{repository_name}", docker_registry.host
    results = ("changed", "unchanged", "failed")
    before = [counted(server, "imagestreams_imports_total", registry=registry, result=one) for one in results]

    import_tag(server, namespace, f"{source}:1")
    import_tag(server, namespace, f"{source}:1")
    import_tag(server, namespace, f"{source}:nope")

    after = [counted(server, "imagestreams_imports_total", registry=registry, result=one) for one in results]
    assert [later - earlier for earlier, later in zip(before, after, strict=True)] == [1, 1, 1]
    requests = "imagestreams_registry_requests_total"
    assert counted(server, requests, registry=registry, method="HEAD", code="200") >= 1
    assert counted(server, requests, registry=registry, method="GET", code="404") >= 1
    assert counted(server, "imagestreams_import_queue_depth", queue="schedule") == 0
    assert counted(server, "imagestreams_schedule_lag_seconds") == 0


def test_what_users_name_makes_no_series(server: RunningServer, namespace: str) -> None:
    import_tag(server, namespace, "made-up-by-a-user.invalid/x:1")

    text = server.request("GET", "/metrics")[1]
    assert "made-up-by-a-user" not in text
    assert 'imagestreams_imports_total{registry="(other)",result="failed"}' in text


def test_no_output_holds_a_credential(
    server: RunningServer, namespace: str, secure_registry: Any, repository_name: str
) -> None:
    secure_registry.image(repository_name, "1")
    secrets = {"right": ("puller", "s3cret"), "wrong": ("somebody-else", "wr0ng-and-hidden")}
    said = []
    for name, (user, password) in secrets.items():
        config = secure_registry.docker_config(user, password)
        body = {
            "kind": "Secret",
            "apiVersion": "v1",
            "metadata": {"name": name},
            "type": "kubernetes.io/dockerconfigjson",
            "data": {".dockerconfigjson": config},
        }
        assert server.request("POST", f"/api/v1/namespaces/{namespace}/secrets", body)[0] == 201
        said.append(json.dumps(import_tag(server, namespace, f"{secure_registry.host}/{repository_name}:1", name=name)))
        path = f"/api/v1/namespaces/{namespace}/secrets/{name}"
        assert server.request("DELETE", path)[0] == 200

    said += [
        json.dumps(eventually(lambda: events_of(server, namespace))),
        server.request("GET", "/metrics")[1],
        server.isctl("describe", "is", "-n", namespace, "--show-events", check=True).stdout,
        server.log.read_text(),
    ]
    encoded = [secure_registry.docker_config(*login) for login in secrets.values()]
    encoded += [base64.b64encode(":".join(login).encode()).decode() for login in secrets.values()]
    for text in said:
        assert "wr0ng-and-hidden" not in text and "s3cret" not in text
        assert not any(one in text for one in encoded)
