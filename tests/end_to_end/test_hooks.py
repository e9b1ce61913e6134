"""A real registry tells a real server of pushes; no tag is scheduled, so nothing else can import them."""

import base64
import contextlib
import json
import shutil
import socket
import subprocess
import time
import urllib.error
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from tests.running_server import RunningServer

WAIT_S = 20
SECRET = "a-secret-that-must-not-show"


def free_host() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


@contextlib.contextmanager
def notifying(registry: Any, directory: Path, host: str, url: str, **headers: str) -> Iterator[Any]:
    """Run `docker-registry` on an address, with notifications sent to a URL."""
    program = shutil.which("docker-registry")
    assert program, "docker-registry is not installed (Debian package docker-registry)"
    sent = {name: [value] for name, value in headers.items()}
    endpoint = {
        "name": "imagestreams",
        "url": url,
        "headers": sent,
        "timeout": "5s",
        "threshold": 5,
        "backoff": "100ms",
    }
    config = {
        "version": 0.1,
        "log": {"level": "error"},
        "storage": {"filesystem": {"rootdirectory": str(directory / "blobs")}},
        "http": {"addr": host},
        "notifications": {"endpoints": [endpoint]},
    }
    (directory / "config.json").write_text(json.dumps(config))
    running = replace(registry, host=host, log=directory / "access.log")
    with running.log.open("wb") as log:
        process = subprocess.Popen(
            [program, "serve", str(directory / "config.json")],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        for _ in range(200):
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                running.send("GET", "/v2/")
                break
            assert process.poll() is None, running.log.read_text()[-2000:]
            time.sleep(0.05)
        yield running
    finally:
        process.terminate()
        process.wait(10)


def until(look: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + WAIT_S
    while not (found := look()):
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.05)
    return found


def new_stream(server: RunningServer, namespace: str, name: str, spec: dict[str, Any], **annotations: str) -> None:
    metadata = {"name": name, "annotations": annotations}
    body = {"apiVersion": "image.openshift.io/v1", "kind": "ImageStream", "metadata": metadata, "spec": spec}
    status, answer = server.request("POST", f"/apis/image.openshift.io/v1/namespaces/{namespace}/imagestreams", body)
    assert status == 201, answer


def history(server: RunningServer, namespace: str, name: str) -> dict[str, list[str]]:
    path = f"/apis/image.openshift.io/v1/namespaces/{namespace}/imagestreams/{name}"
    status, stream = server.request("GET", path)
    assert status == 200, stream
    return {one["tag"]: [item["image"] for item in one["items"] or []] for one in stream["status"].get("tags") or []}


def new_secret(server: RunningServer, namespace: str, value: str) -> None:
    data = {"secret": base64.b64encode(value.encode()).decode()}
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "proof"}, "data": data}
    assert server.request("POST", f"/api/v1/namespaces/{namespace}/secrets", body)[0] == 201


def new_hook(server: RunningServer, namespace: str, *flags: str) -> str:
    """Create a hook by `isctl`; return the path of its address."""
    done = server.isctl("-n", namespace, "hook", "create", "ci", *flags, "-o", "jsonpath={.status.path}", check=True)
    return done.stdout


def insecure(tag: str, source: str) -> dict[str, Any]:
    return {"name": tag, "from": {"kind": "DockerImage", "name": source}, "importPolicy": {"insecure": True}}


def test_a_push_is_imported_at_once(
    server: RunningServer, namespace: str, docker_registry: Any, tmp_path: Path
) -> None:
    host = free_host()
    new_secret(server, namespace, SECRET)
    path = new_hook(server, namespace, "--sender=distribution", f"--registry={host}", "--secret=proof")
    url, authorization = server.urls["http"] + path, f"Bearer {SECRET}"

    with notifying(docker_registry, tmp_path, host, url, Authorization=authorization) as registry:
        first = registry.image("org/app", "1", seed=1)
        spec = {"tags": [insecure("mine", f"{host}/org/app:1"), insecure("other", f"{host}/org/app:never")]}
        new_stream(server, namespace, "app", spec)
        whole = {"dockerImageRepository": f"{host}/org/app"}
        new_stream(server, namespace, "whole", whole, **{"openshift.io/image.insecureRepository": "true"})
        until(lambda: "mine" in history(server, namespace, "app"))
        until(lambda: "1" in history(server, namespace, "whole"))

        second = registry.image("org/app", "1", seed=2)
        until(lambda: history(server, namespace, "app")["mine"][0] == second.digest)
        third = registry.image("org/app", "2", seed=3)
        until(lambda: "2" in history(server, namespace, "whole"))

    assert history(server, namespace, "app")["mine"] == [second.digest, first.digest]
    assert history(server, namespace, "whole") == {"1": [second.digest, first.digest], "2": [third.digest]}

    called = until(lambda: "Imported" in server.isctl("-n", namespace, "hook", "list", check=True).stdout)
    log = server.log.read_text()
    assert called
    assert path.rpartition("/")[2] not in log
    assert SECRET not in log


def test_a_push_moves_the_tags_that_follow_a_version(
    server: RunningServer, namespace: str, docker_registry: Any, tmp_path: Path
) -> None:
    host = free_host()
    path = new_hook(server, namespace, "--sender=distribution", f"--registry={host}")

    with notifying(docker_registry, tmp_path, host, server.urls["http"] + path) as registry:
        first = registry.image("org/app", "3.6.0", seed=1)
        for tag, policy in (("stable", "semver:~3.6"), ("exact", "semver:=3.6.0")):
            flags = ("--insecure", f"--follow={policy}")
            server.isctl("-n", namespace, "tag", f"{host}/org/app:3.6.0", f"app:{tag}", *flags, check=True)
        until(lambda: set(history(server, namespace, "app")) == {"stable", "exact"})

        outside = registry.image("org/app", "4.0.0", seed=2)
        second = registry.image("org/app", "3.6.1", seed=3)
        until(lambda: history(server, namespace, "app")["stable"][0] == second.digest)

    assert history(server, namespace, "app") == {"exact": [first.digest], "stable": [second.digest, first.digest]}
    assert outside.digest not in history(server, namespace, "app")["stable"]
    told = server.isctl("-n", namespace, "history", "app:stable", check=True).stdout
    assert "3.6.1" in told and "semver:~3.6" in told


def test_the_address_begins_with_the_public_one_and_the_certificate_vouches_for_it(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "data", "--public-url", "https://images.example.com/base/") as server:
        said = server.isctl("hook", "create", "quay", "--sender=quay", check=True).stdout
        whole = server.isctl(
            "hook", "create", "hub", "--sender=dockerhub", "-o", "jsonpath={.status.url} {.status.path}", check=True
        )
        listed = server.kubectl("get", "registryhooks", "-o", "yaml", check=True).stdout
        certificate = (tmp_path / "data" / "tls" / "server.crt").read_bytes()

    url, path = whole.stdout.split()
    names = x509.load_pem_x509_certificate(certificate).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert "  https://images.example.com/base/hooks/registry/" in said
    assert url == f"https://images.example.com/base{path}"
    assert "images.example.com" not in listed
    assert "images.example.com" in names.value.get_values_for_type(x509.DNSName)


def test_a_push_of_a_stranger_imports_nothing(
    server: RunningServer, namespace: str, docker_registry: Any, repository_name: str
) -> None:
    docker_registry.image(repository_name, "1", seed=1)
    source = f"{docker_registry.host}/{repository_name}:1"
    new_stream(server, namespace, "app", {"tags": [insecure("mine", source)]})
    [first] = until(lambda: history(server, namespace, "app").get("mine"))
    new_secret(server, namespace, SECRET)
    path = new_hook(server, namespace, "--sender=distribution", f"--registry={docker_registry.host}", "--secret=proof")
    event = {"action": "push", "target": {"repository": repository_name, "tag": "1", "mediaType": "x"}}
    body, proof = {"events": [event]}, {"Authorization": SECRET}
    docker_registry.image(repository_name, "1", seed=2)

    refused = [
        server.request("POST", path, body, {"Authorization": "Bearer wrong"}),
        server.request("POST", path, body),
        server.request("POST", path + "0", body, proof),
        server.request("POST", "/hooks/registry/", body, proof),
    ]
    broken = [
        server.request("POST", path, {"some": "thing"}, proof),
        server.request("POST", path, b"\x00", proof),
        server.request("POST", path, b" " * (1024 * 1024 + 1), proof),
    ]
    elsewhere = {"events": [{"action": "push", "target": {"repository": "t/other", "tag": "1"}}]}
    deleted = {"events": [{**event, "action": "delete"}]}
    accepted = [server.request("POST", path, one, proof)[0] for one in (elsewhere, deleted)]
    time.sleep(1)
    before = history(server, namespace, "app")["mine"]
    taken = server.request("POST", path, body, proof)

    assert len({str(answer) for answer in refused}) == 1 and refused[0][0] == 404
    assert [status for status, _ in broken] == [400, 400, 400]
    assert accepted == [202, 202]
    assert before == [first]
    assert taken[0] == 202
    until(lambda: len(history(server, namespace, "app")["mine"]) == 2)
    assert SECRET not in server.log.read_text()


@pytest.mark.parametrize("everywhere", [False, True])
def test_a_hook_reaches_other_namespaces_only_if_it_says_so(
    server: RunningServer,
    new_namespace: Callable[[], str],
    docker_registry: Any,
    repository_name: str,
    everywhere: bool,
) -> None:
    here, there = new_namespace(), new_namespace()
    docker_registry.image(repository_name, "1", seed=1)
    for namespace in (here, there):
        source = f"{docker_registry.host}/{repository_name}:1"
        new_stream(server, namespace, "app", {"tags": [insecure("mine", source)]})
        until(lambda namespace=namespace: history(server, namespace, "app").get("mine"))
    flags = ["--all-namespaces"] if everywhere else []
    path = new_hook(server, here, "--sender=quay", f"--registry={docker_registry.host}", *flags)
    docker_registry.image(repository_name, "1", seed=2)

    told = {"repository": repository_name, "docker_url": "quay.io/x", "updated_tags": ["1"]}
    assert server.request("POST", path, told)[0] == 202
    until(lambda: len(history(server, here, "app")["mine"]) == 2)
    time.sleep(0.5)

    assert len(history(server, there, "app")["mine"]) == (2 if everywhere else 1)


def test_hooks_are_made_listed_and_deleted_by_isctl(server: RunningServer, namespace: str) -> None:
    where = ("-n", namespace, "hook")
    made = server.isctl(*where, "create", "ci", "--sender=HARBOR", "--registry=a.example.com,b.example.com:5000")
    listed = server.isctl(*where, "list")
    seen_by_kubectl = server.kubectl("-n", namespace, "get", "registryhooks", "ci", "-o", "yaml")
    deleted = server.isctl(*where, "delete", "ci")
    gone = server.isctl(*where, "delete", "ci")

    first, _, address = made.stdout.rstrip("\n").split("\n")
    token = address.rpartition("/")[2]
    assert (made.returncode, made.stderr) == (0, "")
    assert first == "registryhook.imagestreams.dev/ci created"
    assert address == f"  {server.urls['https']}/hooks/registry/{token}" and len(token) == 64
    assert "Harbor" in listed.stdout and "a.example.com,b.example.com:5000" in listed.stdout
    assert "tokenSHA256" in seen_by_kubectl.stdout
    assert token not in listed.stdout + seen_by_kubectl.stdout + server.log.read_text()
    assert deleted.stdout == f'registryhook.imagestreams.dev "ci" deleted from {namespace} namespace\n'
    assert gone.stderr == 'Error from server (NotFound): registryhooks.imagestreams.dev "ci" not found\n'


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("create", "--sender=quay"), "exactly one NAME is required"),
        (("create", "a"), "--sender is required; it must be one of cloudevents, distribution,"),
        (("create", "a", "--sender=gitlab"), 'unknown sender "gitlab"; it must be one of'),
        (("create", "a", "--sender=github"), 'The RegistryHook "a" is invalid: spec.secretRef: Required value'),
        (("delete",), "at least one NAME is required"),
    ],
)
def test_what_isctl_can_not_make_a_hook_of_is_told(
    server: RunningServer, arguments: tuple[str, ...], problem: str
) -> None:
    done = server.isctl("hook", *arguments)

    assert done.returncode == 1
    assert problem in done.stderr


@pytest.mark.parametrize("command", ["create -f -", "apply --server-side -f -"])
@pytest.mark.parametrize("program", ["isctl", "kubectl"])
def test_a_hook_from_a_file_shows_its_address_once(
    server: RunningServer, namespace: str, program: str, command: str
) -> None:
    hook = {
        "apiVersion": "imagestreams.dev/v1",
        "kind": "RegistryHook",
        "metadata": {"name": "ci"},
        "spec": {"sender": "Quay"},
    }
    client = getattr(server, program)
    shown = ("-n", namespace, *command.split(), "-o", "jsonpath={.status.path}")

    made = client(*shown, stdin=json.dumps(hook))
    again = client("-n", namespace, "apply", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps(hook))
    read = client("-n", namespace, "get", "registryhook", "ci", "-o", "jsonpath={.status.path}")

    assert (made.returncode, made.stderr) == (0, "")
    assert again.returncode == 0, again.stderr
    assert read.stdout == ""
    assert server.request("POST", made.stdout, {"repository": "org/app", "docker_url": "x"})[0] == 202


def test_a_hook_goes_with_its_namespace(server: RunningServer, new_namespace: Callable[[], str]) -> None:
    namespace = new_namespace()
    path = new_hook(server, namespace, "--sender=quay")
    told = {"repository": "org/app", "docker_url": "x"}
    assert server.request("POST", path, told)[0] == 202

    assert server.request("DELETE", f"/api/v1/namespaces/{namespace}")[0] == 200
    until(lambda: server.request("GET", f"/api/v1/namespaces/{namespace}")[0] == 404)

    assert server.request("POST", path, told)[0] == 404


def test_addresses_outlive_a_restart(tmp_path: Path) -> None:
    told = {"repository": "org/app", "docker_url": "x"}
    with RunningServer(tmp_path / "data") as first:
        path = new_hook(first, "default", "--sender=quay")

    with RunningServer(tmp_path / "data") as second:
        assert second.request("POST", path, told)[0] == 202
        assert second.request("POST", path[:-1], told)[0] == 404
