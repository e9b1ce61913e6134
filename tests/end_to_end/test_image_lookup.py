"""Workloads that name tags: in our own server, and by the webhook that other clusters ask."""

import base64
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from tests.running_server import RunningServer

DIGEST = "sha256:" + "a" * 64
PULL_SPEC = f"registry.example.com/app@{DIGEST}"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with the stream `app` in the project `team`, and the same in `default`."""
    with RunningServer(tmp_path_factory.mktemp("lookup") / "data") as server:
        server.isctl("create", "namespace", "team", check=True)
        for namespace in ("team", "default"):
            server.isctl("create", "imagestream", "app", "-n", namespace, check=True)
            body = {
                "kind": "ImageStreamMapping",
                "apiVersion": "image.openshift.io/v1",
                "metadata": {"name": "app", "namespace": namespace},
                "image": {
                    "metadata": {"name": DIGEST},
                    "dockerImageReference": PULL_SPEC,
                    "dockerImageMetadata": {"kind": "DockerImage", "apiVersion": "1.0"},
                },
                "tag": "prod",
            }
            path = f"/apis/image.openshift.io/v1/namespaces/{namespace}/imagestreammappings"
            assert server.request("POST", path, body)[0] == 201
        yield server


def image_of(server: RunningServer, name: str, namespace: str = "team") -> str:
    path = "jsonpath={.spec.template.spec.containers[0].image}"
    return server.isctl("get", "deployment", name, "-n", namespace, "-o", path, check=True).stdout


def test_streams_are_listed_enabled_and_disabled_as_by_oc(own: RunningServer) -> None:
    before = own.isctl("set", "image-lookup", "-n", "team", check=True).stdout
    on = own.isctl("set", "image-lookup", "app", "-n", "team", check=True).stdout
    again = own.isctl("set", "image-lookup", "app", "-n", "team", check=True).stdout
    shown = own.isctl("set", "image-lookup", "is/app", "-n", "team", "--list", check=True).stdout
    off = own.isctl("set", "image-lookup", "app", "-n", "team", "--enabled=false", check=True).stdout
    dry = own.isctl("set", "image-lookup", "--all", "-n", "team", "--dry-run=client", check=True).stdout

    assert before == "NAME  LOCAL\napp   false\n"
    assert on == off == "imagestream.image.openshift.io/app image lookup updated\n"
    assert again == ""
    assert shown == "NAME  LOCAL\napp   true\n"
    assert dry == "imagestream.image.openshift.io/app image lookup updated (dry run)\n"
    assert own.isctl("set", "image-lookup", "-n", "team", check=True).stdout == before


def test_a_workload_that_names_a_tag_gets_its_pull_spec(own: RunningServer) -> None:
    own.isctl("set", "image-lookup", "app", "-n", "team", check=True)

    own.isctl("create", "deployment", "web", "--image=app:prod", "-n", "team", check=True)
    own.isctl("create", "deployment", "other", "--image=nginx:1", "-n", "team", check=True)
    own.isctl("set", "image", "deploy/other", "nginx=app:prod", "-n", "team", check=True)
    own.isctl("create", "job", "once", "--image=app:prod", "-n", "team", check=True)
    own.kubectl("run", "bare", "--image=app:prod", "--restart=Never", "-n", "team", check=True)
    pod = own.kubectl("get", "pod", "bare", "-n", "team", "-o", "jsonpath={.spec.containers[0].image}", check=True)
    job = own.isctl("get", "job", "once", "-n", "team", "-o", "yaml", check=True).stdout

    assert image_of(own, "web") == PULL_SPEC
    assert image_of(own, "other") == PULL_SPEC
    assert pod.stdout == PULL_SPEC
    assert yaml.safe_load(job)["spec"]["template"]["spec"]["containers"][0]["image"] == PULL_SPEC


@pytest.mark.parametrize(("kind", "version"), [("Deployment", "apps/v1"), ("DeploymentConfig", "apps.openshift.io/v1")])
def test_applying_the_same_again_and_again_is_no_new_wish(own: RunningServer, kind: str, version: str) -> None:
    own.isctl("set", "image-lookup", "app", "-n", "team", check=True)
    labels = {"app": "same"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": "app:prod"}]}}
    selector: dict[str, Any] = {"matchLabels": labels} if kind == "Deployment" else labels
    spec = {"replicas": 1, "selector": selector, "template": template}
    manifest = json.dumps({"kind": kind, "apiVersion": version, "metadata": {"name": "same"}, "spec": spec})

    for _ in range(3):
        own.kubectl("apply", "-n", "team", "-f", "-", stdin=manifest, check=True)
    group = f"{kind.lower()}s.{version.split('/')[0]}"
    stored = json.loads(own.isctl("get", group, "same", "-n", "team", "-o", "json", check=True).stdout)

    assert stored["metadata"]["generation"] == 1
    assert stored["spec"]["template"]["spec"]["containers"][0]["image"] == PULL_SPEC


def test_the_default_namespace_is_left_alone(own: RunningServer) -> None:
    own.isctl("set", "image-lookup", "app", "-n", "default", check=True)

    own.isctl("create", "deployment", "web", "--image=app:prod", "-n", "default", check=True)

    assert image_of(own, "web", "default") == "app:prod"


def test_a_deployment_can_have_its_images_looked_up_whatever_the_stream_says(own: RunningServer) -> None:
    own.isctl("set", "image-lookup", "app", "-n", "team", "--enabled=false", check=True)
    own.isctl("create", "deployment", "forced", "--image=mirror.example.com/x/app:prod", "-n", "team", check=True)
    before = image_of(own, "forced")

    told = own.isctl("set", "image-lookup", "deploy/forced", "-n", "team", check=True).stdout
    listed = own.isctl("set", "image-lookup", "deploy/forced", "-n", "team", "--list", check=True).stdout

    assert before == "mirror.example.com/x/app:prod"
    assert image_of(own, "forced") == PULL_SPEC
    assert told == "deployment.apps/forced image lookup updated\n"
    assert listed == "NAME                LOCAL\ndeployments/forced  true\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("app", "--local"), "error: pass files with -f when using --local\n"),
        (("nothing",), 'Error from server (NotFound): imagestreams.image.openshift.io "nothing" not found\n'),
    ],
)
def test_what_can_not_be_done_is_told(own: RunningServer, arguments: tuple[str, ...], told: str) -> None:
    done = own.isctl("set", "image-lookup", *arguments, "-n", "team")

    assert (done.returncode, done.stderr) == (1, told)


def review(image: str) -> dict[str, Any]:
    request = {
        "uid": "1",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "namespace": "team",
        "operation": "CREATE",
        "object": {"spec": {"containers": [{"name": "web", "image": image}]}},
    }
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}


def test_the_manifest_leads_to_a_webhook_that_answers(own: RunningServer) -> None:
    own.isctl("set", "image-lookup", "app", "-n", "team", check=True)
    installed = yaml.safe_load(own.isctl("admission", "manifest", check=True).stdout)
    (webhook,) = installed["webhooks"]
    address = urlsplit(webhook["clientConfig"]["url"])

    status, answer = own.request("POST", address.path, review("app:prod"), scheme="https")
    (operation,) = json.loads(base64.b64decode(answer["response"]["patch"]))

    assert installed["kind"] == "MutatingWebhookConfiguration"
    assert f"{address.scheme}://{address.netloc}" == own.urls["https"]
    assert base64.b64decode(webhook["clientConfig"]["caBundle"]) == (own.data_dir / "tls" / "ca.crt").read_bytes()
    assert status == 200
    assert operation == {"op": "replace", "path": "/spec/containers/0/image", "value": PULL_SPEC}
    again = yaml.safe_load(own.isctl("admission", "manifest", check=True).stdout)
    assert again == installed


def test_a_new_token_ends_the_old_one(own: RunningServer) -> None:
    def path(*arguments: str) -> str:
        printed = own.isctl("admission", "manifest", *arguments, "-o", "json", check=True).stdout
        return urlsplit(json.loads(printed)["webhooks"][0]["clientConfig"]["url"]).path

    old = path()
    new = path("--rotate-token")

    assert own.request("POST", old, review("app:prod"))[0] == 404
    assert own.request("POST", new, review("app:prod"))[0] == 200
    assert own.request("POST", "/admission/images/", review("app:prod"))[0] == 404
    assert old.removeprefix("/admission/images/") not in own.log.read_text()


def test_a_manifest_that_no_cluster_takes_is_not_printed(own: RunningServer) -> None:
    plain = own.isctl("admission", "manifest", "--url=http://images.example.com")
    policy = own.isctl("admission", "manifest", "--failure-policy=Maybe")

    assert plain.stderr == "error: --url must be https://HOST[:PORT][/PATH]: API servers call webhooks by https only\n"
    assert policy.stderr == 'error: --failure-policy must be one of Ignore, Fail, not "Maybe"\n'
