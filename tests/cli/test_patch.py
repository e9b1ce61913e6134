"""What `isctl patch` does beyond what kubectl can be asked to do beside it."""

from pathlib import Path
from typing import Any

import pytest

STREAM = """apiVersion: image.openshift.io/v1
kind: ImageStream
metadata: {name: python}
spec:
  tags:
  - name: "1"
    from: {kind: DockerImage, name: quay.io/a/b:1}
  - name: "2"
    from: {kind: DockerImage, name: quay.io/a/b:2}
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "stream.yaml"
    path.write_text(STREAM)
    return str(path)


def test_the_tags_of_a_stream_are_merged_by_name_without_a_server(api: Any, file: str) -> None:
    change = '{"spec": {"tags": [{"name": "2", "reference": true}]}}'

    told = api.run("patch", "--local", "-f", file, "-p", change, "-o", "jsonpath={.spec.tags[*].name} {.spec.tags}")

    assert told.code == 0, told.stderr
    assert told.stdout.startswith("2 1 ") or told.stdout.startswith("1 2 ")
    assert '"reference":true' in told.stdout and "quay.io/a/b:1" in told.stdout
    assert api.requests == []


def test_a_merge_patch_replaces_them(api: Any, file: str) -> None:
    change = '{"spec": {"tags": [{"name": "2"}]}}'

    told = api.run("patch", "--local", "--type=merge", "-f", file, "-p", change, "-o", "jsonpath={.spec.tags[*].name}")

    assert told.stdout == "2"


def test_subresource_field_manager_and_dry_run_are_asked_for(api: Any) -> None:
    path = "/apis/image.openshift.io/v1/namespaces/default/imagestreams/python/status"
    stream = api.stream("python")
    api.answers["GET", path] = api.answers["PATCH", path] = (200, stream)

    told = api.run("patch", "is/python", "--subresource=status", "--dry-run=server", "--field-manager=me", "-p", "{}")

    assert told.stdout == "imagestream.image.openshift.io/python patched (no change)\n"
    assert api.asked("PATCH") == [(path, {"dryRun": "All", "fieldManager": "me"}, {})]


def test_a_kind_of_patch_that_the_server_does_not_know(api: Any) -> None:
    path = "/apis/image.openshift.io/v1/namespaces/default/imagestreams/python"
    api.stream("python")
    status = {"kind": "Status", "status": "Failure", "reason": "UnsupportedMediaType", "code": 415, "message": "no"}
    api.answers["PATCH", path] = (415, status)

    told = api.run("patch", "is", "python", "-p", "{}")

    media_type, kind = "application/strategic-merge-patch+json", "image.openshift.io/v1, Kind=ImageStream"
    assert told.stderr == f"error: {media_type} is not supported by {kind}: no\n"


def test_what_goes_wrong_with_one_object_does_not_stop_the_others(api: Any) -> None:
    api.stream("python")

    told = api.run("patch", "is", "ruby", "python", "-p", '{"metadata":{"labels":{"a":"b"}}}')

    assert told.code == 1
    assert told.stdout == "imagestream.image.openshift.io/python patched\n"
    assert "not found" in told.stderr


def test_a_patch_that_is_no_json_is_refused_here(api: Any) -> None:
    api.stream("python")

    told = api.run("patch", "is", "python", "-p", '{"spec":')

    assert told.code == 1
    assert told.stderr.startswith('error: unable to parse "{\\"spec\\":": yaml: ')
    assert api.asked("PATCH") == []
