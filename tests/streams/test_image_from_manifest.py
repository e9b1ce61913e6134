"""The images that the recorded stack imported, described from the same bytes, read as recorded."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from imagestreams.api import codec
from imagestreams.api.image import Image
from imagestreams.streams.image_from_manifest import (
    LISTS,
    OCI_MANIFEST,
    UnreadableManifest,
    config_digest,
    digest_of,
    image_from_manifest,
)

CONTRACT = Path(__file__).parent.parent / "contract"
NOW = "2026-11-24T02:19:04Z"


def upstream_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("upstream", CONTRACT / "upstream.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pushed() -> tuple[dict[str, bytes], dict[str, tuple[bytes, str]]]:
    """The blobs and the manifests (with media type) that fill the upstream registry, by digest."""
    upstream = upstream_module()
    blobs: dict[str, bytes] = {}
    manifests: dict[str, tuple[bytes, str]] = {}

    class Recorder(upstream.Registry):  # type: ignore[name-defined,misc]  # a class of a module loaded by path
        def blob(self, repo: str, data: bytes) -> str:
            blobs[digest_of(data)] = data
            return digest_of(data)

        def manifest(self, repo: str, tag: str | None, body: dict[str, Any]) -> tuple[str, int, str]:
            data = upstream.compact(body)
            manifests[digest_of(data)] = (data, body["mediaType"])
            return digest_of(data), len(data), body["mediaType"]

    upstream.Registry = Recorder
    upstream.main("http://unused.invalid")
    return blobs, manifests


def recorded_images() -> list[Any]:
    found: dict[str, dict[str, Any]] = {}

    def collect(value: Any) -> None:
        if isinstance(value, dict):
            if "dockerImageManifestMediaType" in value and value.get("dockerImageReference"):
                found.setdefault(value["metadata"]["name"], value)
            for inner in value.values():
                collect(inner)
        elif isinstance(value, list):
            for inner in value:
                collect(inner)

    for path in sorted((CONTRACT / "transcripts").glob("*.json")):
        for step in json.loads(path.read_text())["steps"]:
            if "http" in step:
                collect(step["answer"]["body"])
    return [pytest.param(image, id=name[7:19]) for name, image in found.items()]


@pytest.mark.parametrize("recorded", recorded_images())
def test_an_image_is_described_as_the_real_server_describes_it(
    recorded: dict[str, Any], pushed: tuple[dict[str, bytes], dict[str, tuple[bytes, str]]]
) -> None:
    blobs, manifests = pushed
    manifest, media_type = manifests[recorded["metadata"]["name"]]
    config = None if media_type in LISTS else blobs[config_digest(manifest)]
    created = recorded["dockerImageMetadata"]["Created"]

    made = codec.to_dict(image_from_manifest(recorded["dockerImageReference"], manifest, media_type, config, created))

    for server_made in ("uid", "resourceVersion", "creationTimestamp"):
        recorded["metadata"].pop(server_made, None)
    shown_on_request = ("dockerImageManifest", "dockerImageConfig")
    assert made == {field: value for field, value in recorded.items() if field not in shown_on_request}


def test_an_artifact_has_its_layers_and_no_invented_metadata() -> None:
    empty = {"mediaType": "application/vnd.oci.empty.v1+json", "digest": digest_of(b"{}"), "size": 2}
    layer = {"mediaType": "application/vnd.example+json", "digest": digest_of(b"data"), "size": 4}
    manifest = json.dumps({"schemaVersion": 2, "config": empty, "layers": [layer]}).encode()

    image: Image = image_from_manifest("reg/x", manifest, OCI_MANIFEST, b"{}", NOW)

    metadata = image.docker_image_metadata
    assert metadata is not None and metadata["Id"] == digest_of(b"{}")
    assert metadata["Created"] is None and "Architecture" not in metadata
    assert [one.media_type for one in image.docker_image_layers or []] == ["application/vnd.example+json"]


@pytest.mark.parametrize("broken", [b"", b"[]", b"{}", b'{"config": 1, "layers": []}'])
def test_a_broken_manifest_is_refused(broken: bytes) -> None:
    with pytest.raises(UnreadableManifest, match="unreadable manifest"):
        image_from_manifest("reg/x", broken, OCI_MANIFEST, b"{}", NOW)
