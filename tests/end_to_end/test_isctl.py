"""The commands that the user guide shows, through `isctl` as a program of its own, on real registries."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.running_server import RunningServer


class Project:
    """`isctl` in one namespace."""

    def __init__(self, server: RunningServer, namespace: str) -> None:
        self.server = server
        self.namespace = namespace

    def __call__(self, *arguments: str, stdin: str = "") -> str:
        return self.server.isctl("-n", self.namespace, *arguments, stdin=stdin, check=True).stdout

    def fails(self, *arguments: str) -> str:
        done = self.server.isctl("-n", self.namespace, *arguments)
        assert done.returncode == 1, done.stdout
        return done.stderr


@pytest.fixture
def isctl(server: RunningServer, namespace: str) -> Project:
    return Project(server, namespace)


@pytest.fixture(scope="session")
def python(docker_registry: Any) -> str:
    """A repository with some versions; its pull spec."""
    for seed, tag in enumerate(("3.5", "3.6", "3.6.0", "3.7")):
        docker_registry.image("e2e/python", tag, seed=seed, layer_bytes=(40_000, 900_000))
    return f"{docker_registry.host}/e2e/python"


@pytest.fixture(scope="session")
def busybox(docker_registry: Any) -> str:
    docker_registry.index("e2e/busybox", "latest")
    return f"{docker_registry.host}/e2e/busybox:latest"


def test_an_image_is_imported_described_and_tagged(isctl: Project, python: str) -> None:
    imported = isctl("import-image", "python:3.5", f"--from={python}:3.5", "--confirm", "--insecure")
    assert imported.startswith("imagestream.image.openshift.io/python imported\n")

    stream = isctl("describe", "is/python")
    for label in ("Name:", "Namespace:", "Created:", "Image Repository:", "Image Lookup:", "Unique Images:", "Tags:"):
        assert re.search(rf"^{label}\s+\S", stream, re.MULTILINE), label
    assert f"tagged from {python}:3.5" in stream
    assert re.search(rf"^\s+\* {re.escape(python)}@sha256:[0-9a-f]{{64}}$", stream, re.MULTILINE)

    tag = isctl("describe", "istag/python:3.5")
    assert re.search(r"^Image Size:\s+940kB in 2 layers|^Image Size:\s+\S+ \(first layer", tag, re.MULTILINE) or (
        "Image Size:" in tag
    )
    assert re.search(r"^Arch:\s+amd64$", tag, re.MULTILINE)

    assert isctl("tag", "python:3.5", "python:latest").startswith("Tag python:latest set to python@sha256:")
    assert isctl("tag", f"{python}:3.6.0", "python:3.6", "--insecure") == f"Tag python:3.6 set to {python}:3.6.0.\n"
    assert (
        isctl("tag", f"{python}:3.6.0", "python:3.6", "--insecure", "--scheduled")
        == f"Tag python:3.6 set to import {python}:3.6.0 periodically.\n"
    )
    assert isctl("tag", "-d", "python:3.6") == f"Deleted tag {isctl.namespace}/python:3.6.\n"


def test_a_tag_goes_back_and_forth_and_nothing_is_lost(isctl: Project, python: str) -> None:
    isctl("import-image", "python:3.5", f"--from={python}:3.5", "--confirm", "--insecure")
    isctl("import-image", "python:3.7", f"--from={python}:3.7", "--insecure")
    isctl("tag", "python:3.5", "python:latest")
    isctl("tag", "python:3.7", "python:latest")

    before = isctl("get", "istag", "python:latest", "-o", "jsonpath={.image.metadata.name}")
    assert "rolled back to revision 1" in isctl("rollback", "python:latest")
    after = isctl("get", "istag", "python:latest", "-o", "jsonpath={.image.metadata.name}")
    isctl("rollback", "python:latest", "--to-revision=2")

    assert before != after
    assert isctl("get", "istag", "python:latest", "-o", "jsonpath={.image.metadata.name}") == before
    history = isctl("history", "python:latest").splitlines()
    assert [line.split()[0] for line in history[1:5] if line.split() and line.split()[0].isdigit()] == [
        "4",
        "3",
        "2",
        "1",
    ]


def test_platforms_of_a_list_are_kept_or_one_is_chosen(isctl: Project, busybox: str) -> None:
    preserve = ("--import-mode=PreserveOriginal", "--reference-policy=local")
    isctl("import-image", "busybox:latest", f"--from={busybox}", *preserve, "--confirm", "--insecure")
    platforms = "jsonpath={range .image.dockerImageManifests[*]}{.os}/{.architecture}{'\\n'}{end}"

    assert isctl("get", "istag", "busybox:latest", f"-o{platforms}") == "linux/amd64\nlinux/arm64\nlinux/s390x\n"
    described = isctl("describe", "istag/busybox:latest")
    assert re.search(r"^Arch:\s+<none>$", described, re.MULTILINE)
    assert re.search(r"^Manifests:\s+linux/amd64\s+sha256:[0-9a-f]{64}$", described, re.MULTILINE)

    isctl("import-image", "busybox:latest", "--insecure")
    assert isctl("get", "istag", "busybox:latest", f"-o{platforms}") == ""
    isctl("import-image", "busybox:latest", "--import-mode=PreserveOriginal", "--insecure")
    assert "linux/s390x" in isctl("get", "istag", "busybox:latest", f"-o{platforms}")


def test_an_unknown_import_mode_is_refused(isctl: Project, busybox: str) -> None:
    told = isctl.fails("import-image", "b:l", f"--from={busybox}", "--confirm", "--import-mode=Wrong")

    assert told == "error: valid ImportMode values are Legacy or PreserveOriginal\n"


def test_a_secret_opens_a_registry_that_wants_a_login(
    isctl: Project, secure_registry: Any, repository_name: str, tmp_path: Path
) -> None:
    secure_registry.image(repository_name, "1")
    image = f"{secure_registry.host}/{repository_name}:1"
    refused = isctl.server.isctl(
        "-n", isctl.namespace, "import-image", "private:1", f"--from={image}", "--confirm", "--insecure"
    )
    assert "Unauthorized" in refused.stdout + refused.stderr

    config = tmp_path / "config.json"
    auths = {secure_registry.host: {"username": secure_registry.username, "password": secure_registry.password}}
    config.write_text(json.dumps({"auths": auths}))
    kind = "--type=kubernetes.io/dockerconfigjson"
    created = isctl("create", "secret", "generic", "upstream", f"--from-file=.dockerconfigjson={config}", kind)

    assert created == "secret/upstream created\n"
    isctl("import-image", "private:1", f"--from={image}", "--insecure")
    assert isctl("get", "istag", "private:1", "-o", "name") == "imagestreamtag.image.openshift.io/private:1\n"


def test_a_whole_repository_is_imported(isctl: Project, docker_registry: Any) -> None:
    for number in range(60):
        docker_registry.image("e2e/many", f"t{number:02d}", seed=number % 5)

    isctl("import-image", "many", f"--from={docker_registry.host}/e2e/many", "--all", "--confirm", "--insecure")

    names = isctl("get", "istag", "-o", "name").splitlines()
    assert len([name for name in names if "/many:t" in name]) == 60


def test_streams_are_made_changed_and_removed(isctl: Project, tmp_path: Path) -> None:
    manifest = tmp_path / "streams.yaml"
    manifest.write_text(
        "apiVersion: image.openshift.io/v1\nkind: ImageStream\nmetadata: {name: a}\n---\n"
        "apiVersion: image.openshift.io/v1\nkind: ImageStream\nmetadata: {name: b}\n"
    )

    assert "imagestream.image.openshift.io/a created" in isctl("create", "-f", str(manifest))
    isctl("apply", "-f", str(manifest))
    isctl("label", "is/a", "tier=web")
    isctl("annotate", "is/b", "owner=me")
    assert isctl("get", "is", "-l", "tier=web", "-o", "name") == "imagestream.image.openshift.io/a\n"
    assert isctl("get", "is", "--no-headers", "-o", "custom-columns=N:.metadata.name").split() == ["a", "b"]
    isctl("create", "imagestream", "c")
    isctl("delete", "is", "a", "b", "c")
    assert isctl.server.isctl("-n", isctl.namespace, "get", "is").stderr == (
        f"No resources found in {isctl.namespace} namespace.\n"
    )


def test_go_templates_are_refused(isctl: Project) -> None:
    assert isctl.fails("get", "is", "-o", "go-template={{.}}").startswith("error: ")
