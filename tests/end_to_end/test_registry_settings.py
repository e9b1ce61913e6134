"""The settings for registries, written with kubectl as on OpenShift, and what the next import makes of them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.running_server import RunningServer

IMPORTS = "/apis/image.openshift.io/v1/namespaces/default/imagestreamimports"
IMAGES = "/apis/config.openshift.io/v1/images"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("settings") / "data") as running:
        yield running


@pytest.fixture(autouse=True)
def clean(server: RunningServer) -> Iterator[None]:
    yield
    server.kubectl("delete", "idms,itms,imagecontentsourcepolicies", "--all", check=True)
    server.kubectl("patch", "images.config.openshift.io", "cluster", "--type=json", "-p", _EMPTY_SPEC, check=True)


_EMPTY_SPEC = json.dumps([{"op": "replace", "path": "/spec", "value": {}}])


def outcome(server: RunningServer, source: str) -> dict[str, Any]:
    """Import one image into a tag, with no word about security; return the outcome's status."""
    image = {"from": {"kind": "DockerImage", "name": source}, "to": {"name": "a"}}
    body = {"metadata": {"name": "s"}, "spec": {"import": True, "images": [image]}}
    code, answer = server.request("POST", IMPORTS, body)
    assert code == 201, answer
    found: dict[str, Any] = answer["status"]["images"][0]["status"]
    return found


def set_spec(server: RunningServer, spec: dict[str, Any]) -> None:
    body = json.dumps({"spec": spec})
    server.kubectl("patch", "image.config.openshift.io/cluster", "--type=merge", "-p", body, check=True)


def test_the_settings_are_there_from_the_start_and_stay(server: RunningServer) -> None:
    shown = json.loads(server.kubectl("get", "image.config.openshift.io/cluster", "-o", "json", check=True).stdout)
    deleted = server.kubectl("delete", "images.config.openshift.io", "cluster")

    assert (shown["apiVersion"], shown["kind"], shown["spec"]) == ("config.openshift.io/v1", "Image", {})
    assert "deleting required images.config.openshift.io resource, named cluster, is not allowed" in deleted.stderr
    assert server.kubectl("get", "namespace", "openshift-config", check=True).stdout


def test_images_without_a_group_are_still_those_of_streams(server: RunningServer) -> None:
    assert "No resources found" in server.kubectl("get", "images", check=True).stderr


def test_insecure_and_blocked_registries_count_from_the_next_import_on(
    server: RunningServer, docker_registry: Any, repository_name: str
) -> None:
    docker_registry.image(repository_name, "1")
    source, host = f"{docker_registry.host}/{repository_name}:1", docker_registry.host

    before = outcome(server, source)
    set_spec(server, {"registrySources": {"insecureRegistries": [host]}})
    insecure = outcome(server, source)
    set_spec(server, {"registrySources": {"insecureRegistries": [host], "blockedRegistries": [host]}})
    blocked = outcome(server, source)
    set_spec(server, {"registrySources": {"blockedRegistries": None}})
    after = outcome(server, source)

    assert "server gave HTTP response to HTTPS client" in before["message"]
    assert insecure["status"] == after["status"] == "Success"
    assert (blocked["reason"], blocked["message"]) == ("Forbidden", f"forbidden: registry {host} blocked")


def test_allowed_registries_of_container_runtimes_stop_no_import(
    server: RunningServer, docker_registry: Any, repository_name: str
) -> None:
    docker_registry.image(repository_name, "1")
    allowed = {"allowedRegistries": ["quay.io"], "insecureRegistries": [docker_registry.host]}
    set_spec(server, {"registrySources": allowed})

    assert outcome(server, f"{docker_registry.host}/{repository_name}:1")["status"] == "Success"


def test_the_list_of_the_cluster_is_kept_and_stops_nothing(
    server: RunningServer, docker_registry: Any, repository_name: str
) -> None:
    docker_registry.image(repository_name, "1")
    entries = [{"domainName": "quay.io"}, {"domainName": "a:1:2"}]
    set_spec(server, {"allowedRegistriesForImport": entries})

    source = f"{docker_registry.host}/{repository_name}:1"
    made = server.isctl("import-image", "free:1", f"--from={source}", "--confirm", "--insecure")
    _, shown = server.request("GET", f"{IMAGES}/cluster")

    assert made.returncode == 0, made.stderr
    assert [one["domainName"] for one in shown["spec"]["allowedRegistriesForImport"]] == ["quay.io", "a:1:2"]


@pytest.fixture
def bound(tmp_path: Path) -> Iterator[RunningServer]:
    """Give a server that goes by the list of the cluster."""
    file = tmp_path / "settings.yaml"
    file.write_text("allowedRegistriesForImport: cluster\n")
    with RunningServer(tmp_path / "data", "--config", str(file)) as running:
        yield running


def test_by_the_list_of_the_cluster_only_allowed_registries_are_imported_from(
    bound: RunningServer, docker_registry: Any, repository_name: str
) -> None:
    docker_registry.image(repository_name, "1")
    docker_registry.image(repository_name, "2")
    source, host = f"{docker_registry.host}/{repository_name}", docker_registry.host
    before = bound.isctl("tag", f"{source}:1", "kept:1", "--insecure", "--scheduled")
    set_spec(bound, {"allowedRegistriesForImport": [{"domainName": "quay.io"}]})

    refused = bound.isctl("import-image", "fresh:1", f"--from={source}:1", "--confirm", "--insecure")
    tagged = bound.isctl("tag", f"{source}:2", "fresh:2", "--insecure")
    again = bound.isctl("import-image", "kept:1")
    more = bound.kubectl("patch", "is", "kept", "--type=merge", "-p", json.dumps(_tags(f"{source}:1", f"{source}:2")))
    set_spec(bound, {"allowedRegistriesForImport": [{"domainName": host.partition(":")[0] + ":*"}]})
    allowed = bound.isctl("import-image", "fresh:1", f"--from={source}:1", "--confirm", "--insecure")
    set_spec(bound, {"allowedRegistriesForImport": [{"domainName": f"{host}:2"}]})
    unread = bound.isctl("tag", f"{source}:2", "other:2", "--insecure")

    why = f'registry "{host}" not allowed by whitelist: "{_own(bound)}", "quay.io:443"'
    assert before.returncode == again.returncode == more.returncode == allowed.returncode == 0, again.stderr
    assert refused.returncode == tagged.returncode == 1
    assert f"spec.tags[1].from.name: Forbidden: {why}" in refused.stderr
    assert f"tag.from.name: Forbidden: {why}" in tagged.stderr
    assert f'registry "{host}" not allowed by whitelist: "{_own(bound)}"' in unread.stderr


def _own(server: RunningServer) -> str:
    return server.urls["http"].removeprefix("http://")


def _tags(*sources: str) -> dict[str, Any]:
    policy = {"insecure": True}
    tags = [
        {"name": source[-1], "from": {"kind": "DockerImage", "name": source}, "importPolicy": policy}
        for source in sources
    ]
    return {"spec": {"tags": tags}}


def test_a_list_in_the_settings_file_is_the_only_one(
    tmp_path: Path, docker_registry: Any, repository_name: str
) -> None:
    docker_registry.image(repository_name, "1")
    source = f"{docker_registry.host}/{repository_name}:1"
    file = tmp_path / "settings.yaml"
    file.write_text("allowedRegistriesForImport: [{domainName: quay.io}, {domainName: 'b.io'}]\n")
    with RunningServer(tmp_path / "data", "--config", str(file)) as server:
        refused = server.isctl("import-image", "s:1", f"--from={source}", "--confirm", "--insecure")
        set_spec(server, {"allowedRegistriesForImport": [{"domainName": "*:*"}]})
        still = server.isctl("import-image", "s:1", f"--from={source}", "--confirm", "--insecure")

    why = f'registry "{docker_registry.host}" not allowed by whitelist: "{_own(server)}", "quay.io:443", "b.io:443"'
    assert why in refused.stderr
    assert why in still.stderr


def test_streams_show_by_which_name_others_reach_our_registry(server: RunningServer) -> None:
    server.isctl("create", "is", "outer")

    def public() -> str:
        found = server.kubectl("get", "is", "outer", "-o", "jsonpath={.status.publicDockerImageRepository}", check=True)
        return str(found.stdout)

    before = public()
    version = server.kubectl("get", "is", "outer", "-o", "jsonpath={.metadata.resourceVersion}", check=True).stdout
    set_spec(server, {"externalRegistryHostnames": ["registry.example.com", "other.example.com"]})
    after, listed = public(), server.kubectl("get", "is", "outer", check=True).stdout
    same = server.kubectl("get", "is", "outer", "-o", "jsonpath={.metadata.resourceVersion}", check=True).stdout
    set_spec(server, {"externalRegistryHostnames": None})

    assert (before, after, public()) == ("", "registry.example.com/default/outer", "")
    assert "registry.example.com/default/outer" in listed
    assert version == same


def test_tags_without_a_mode_are_imported_as_the_settings_say(
    server: RunningServer, docker_registry: Any, repository_name: str
) -> None:
    docker_registry.image(repository_name, "1")
    source = f"{docker_registry.host}/{repository_name}:1"
    set_spec(server, {"imageStreamImportMode": "PreserveOriginal"})

    server.isctl("tag", source, "modes:a", "--insecure")
    server.isctl("import-image", "modes:b", f"--from={source}", "--confirm", "--insecure")
    server.isctl("import-image", "modes:c", f"--from={source}", "--confirm", "--insecure", "--import-mode=Legacy")
    made = server.kubectl("create", "-f", "-", stdin=json.dumps(_stream("plain", source)))
    found = json.loads(server.kubectl("get", "is", "modes", "plain", "-o", "json", check=True).stdout)

    assert made.returncode == 0, made.stderr
    modes = [tag["importPolicy"]["importMode"] for one in found["items"] for tag in one["spec"]["tags"]]
    assert modes == ["PreserveOriginal", "PreserveOriginal", "Legacy", "PreserveOriginal"]


def _stream(name: str, source: str) -> dict[str, Any]:
    kind = {"apiVersion": "image.openshift.io/v1", "kind": "ImageStream", "metadata": {"name": name}}
    return {**kind, **_tags(source)}


MIRRORS = """
apiVersion: config.openshift.io/v1
kind: ImageTagMirrorSet
metadata: {{name: tags}}
spec:
  imageTagMirrors:
  - source: quay.invalid/org
    mirrors: [{first}/copy, {second}/copy]
    mirrorSourcePolicy: NeverContactSource
---
apiVersion: config.openshift.io/v1
kind: ImageDigestMirrorSet
metadata: {{name: digests}}
spec:
  imageDigestMirrors:
  - source: "*.invalid"
    mirrors: [{second}/org]
---
apiVersion: operator.openshift.io/v1alpha1
kind: ImageContentSourcePolicy
metadata: {{name: older}}
spec:
  repositoryDigestMirrors:
  - source: registry.invalid/product
    mirrors: [{first}/product]
"""


def test_mirror_sets_are_used_in_their_order(server: RunningServer, docker_registry: Any, start_registry: Any) -> None:
    second = start_registry()
    by_tag, by_digest = second.image("copy/app", "1"), second.image("org/app/deep", "1")
    older = docker_registry.image("product/thing", "1")
    set_spec(server, {"registrySources": {"insecureRegistries": [docker_registry.host, second.host]}})
    text = MIRRORS.format(first=docker_registry.host, second=second.host)
    server.kubectl("apply", "-f", "-", stdin=text, check=True)
    mark = docker_registry.mark()

    assert outcome(server, "quay.invalid/org/app:1")["status"] == "Success"
    assert outcome(server, f"a.b.invalid/app/deep@{by_digest.digest}")["status"] == "Success"
    assert outcome(server, f"registry.invalid/product/thing@{older.digest}")["status"] == "Success"

    asked = [(method, path, status) for method, path, status in docker_registry.requests(mark) if path != "/v2/"]
    assert asked[0] == ("HEAD", "/v2/copy/app/manifests/1", 404)
    _, stream = server.request("GET", "/apis/image.openshift.io/v1/namespaces/default/imagestreams/s")
    history = [item["dockerImageReference"] for item in stream["status"]["tags"][0]["items"]]
    assert history[:3] == [
        f"registry.invalid/product/thing@{older.digest}",
        f"a.b.invalid/app/deep@{by_digest.digest}",
        f"quay.invalid/org/app@{by_tag.digest}",
    ]
    assert "tags" in server.kubectl("get", "itms", check=True).stdout
    assert "digests" in server.kubectl("get", "imagedigestmirrorset", check=True).stdout


def test_a_config_map_gives_the_authority_of_one_registry(
    server: RunningServer, secure_registry: Any, repository_name: str
) -> None:
    secure_registry.image(repository_name, "1")
    login = {".dockerconfigjson": secure_registry.docker_config()}
    secret = {"metadata": {"name": "pull"}, "type": "kubernetes.io/dockerconfigjson", "data": login}
    server.request("POST", "/api/v1/namespaces/default/secrets", secret)
    source = f"{secure_registry.host}/{repository_name}:1"
    key = secure_registry.host.replace(":", "..")
    authority = f"--from-file={key}={secure_registry.ca_file}"

    before = outcome(server, source)
    server.kubectl("create", "configmap", "registry-cas", "-n", "openshift-config", authority, check=True)
    set_spec(server, {"additionalTrustedCA": {"name": "registry-cas"}})
    trusted = outcome(server, source)
    set_spec(server, {"additionalTrustedCA": None})
    after = outcome(server, source)

    unknown = "x509: certificate signed by unknown authority"
    assert unknown in before["message"] and unknown in after["message"]
    assert trusted["status"] == "Success"


@pytest.mark.parametrize(
    ("sources", "told"),
    [
        (
            {"blockedRegistries": ["a.io"], "allowedRegistries": ["b.io"]},
            'spec.registrySources: Invalid value: "object": '
            "Only one of blockedRegistries or allowedRegistries may be set",
        ),
        (
            {"blockedRegistries": ["registry.io/myrepo:latest"]},
            'spec.registrySources.blockedRegistries[0]: Invalid value: "string": each registry must be a valid '
            "hostname[:port][/path] or wildcard *.hostname format without tags or digests",
        ),
        (
            {"insecureRegistries": [""]},
            'spec.registrySources.insecureRegistries[0]: Invalid value: "": '
            "spec.registrySources.insecureRegistries[0] in body should be at least 1 chars long",
        ),
    ],
)
def test_settings_that_mean_nothing_are_refused(server: RunningServer, sources: dict[str, Any], told: str) -> None:
    path = f"{IMAGES}/cluster"
    merge = {"Content-Type": "application/merge-patch+json"}

    code, answer = server.request("PATCH", path, {"spec": {"registrySources": sources}}, merge)

    assert code == 422
    assert answer["message"] == f'Image.config.openshift.io "cluster" is invalid: {told}'


@pytest.mark.parametrize(
    ("mirrors", "told"),
    [
        ({"mirrors": ["a.io"]}, "spec.imageDigestMirrors[0].source: Required value"),
        ({"source": "a.io:tag"}, 'spec.imageDigestMirrors[0].source: Invalid value: "a.io:tag": '),
        ({"source": "a.io", "mirrors": ["*.b.io"]}, 'spec.imageDigestMirrors[0].mirrors[0]: Invalid value: "*.b.io"'),
        ({"source": "a.io", "mirrors": ["b.io", "b.io"]}, '.mirrors[1]: Duplicate value: "b.io"'),
        (
            {"source": "a.io", "mirrorSourcePolicy": "Maybe"},
            '.mirrorSourcePolicy: Unsupported value: "Maybe": '
            'supported values: "NeverContactSource", "AllowContactingSource"',
        ),
    ],
)
def test_mirrors_that_mean_nothing_are_refused(server: RunningServer, mirrors: dict[str, Any], told: str) -> None:
    body = {"metadata": {"name": "m"}, "spec": {"imageDigestMirrors": [mirrors]}}

    code, answer = server.request("POST", "/apis/config.openshift.io/v1/imagedigestmirrorsets", body)

    assert code == 422
    assert told in answer["message"]


def test_status_and_spec_are_written_apart(server: RunningServer) -> None:
    merge = {"Content-Type": "application/merge-patch+json"}
    status = {"status": {"externalRegistryHostnames": ["registry.example.com"]}}

    _, ignored = server.request("PATCH", f"{IMAGES}/cluster", status, merge)
    _, written = server.request("PATCH", f"{IMAGES}/cluster/status", status, merge)

    assert "status" not in ignored
    assert written["status"] == status["status"]
    assert written["metadata"]["generation"] == ignored["metadata"]["generation"]


def test_the_settings_are_explained(server: RunningServer) -> None:
    told = server.kubectl("explain", "imagedigestmirrorsets.spec.imageDigestMirrors", check=True).stdout

    assert "mirrorSourcePolicy" in told and "source" in told


def test_a_registries_conf_is_read_again_when_it_changes(
    tmp_path: Path, docker_registry: Any, repository_name: str
) -> None:
    docker_registry.image(f"mirror/{repository_name}", "1")
    conf = tmp_path / "registries.conf"
    conf.write_text('[[registry]]\nlocation = "quay.invalid"\nblocked = true\n')
    source = f"quay.invalid/{repository_name}:1"

    with RunningServer(tmp_path / "data", "--registries-conf-file", str(conf)) as server:
        blocked = outcome(server, source)
        conf.write_text(
            '[[registry]]\nlocation = "quay.invalid"\n'
            f'[[registry.mirror]]\nlocation = "{docker_registry.host}/mirror"\ninsecure = true\n'
        )
        mirrored = outcome(server, source)

    assert blocked["message"] == "forbidden: registry quay.invalid blocked"
    assert mirrored["status"] == "Success"


def test_a_server_does_not_start_with_a_registries_conf_that_it_can_not_read(tmp_path: Path) -> None:
    (tmp_path / "registries.conf").write_text("[[registry")

    with pytest.raises(RuntimeError, match="registriesConfFile can't be used"):
        RunningServer(tmp_path / "data", "--registries-conf-file", str(tmp_path / "registries.conf"))
