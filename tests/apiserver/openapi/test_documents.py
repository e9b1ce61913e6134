"""The documents as a whole: where they are, that v3 is v2 in parts, that older clients read the same."""

import json
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from imagestreams.apiserver.openapi import OpenApi, protobuf
from imagestreams.resources.resource import ResourceInfo


def test_the_index_lists_each_group_version_with_a_hash_of_its_document(
    openapi: OpenApi, infos: list[ResourceInfo]
) -> None:
    paths = json.loads(openapi.v3_index())["paths"]

    assert {"api", "api/v1", "apis", "apis/image.openshift.io", "apis/image.openshift.io/v1", "version"} <= paths.keys()
    for path, place in paths.items():
        address, _, digest = place["serverRelativeURL"].partition("?hash=")
        assert address == f"/openapi/v3/{path}"
        assert len(digest) == 128

    fewer = json.loads(OpenApi([info for info in infos if info.plural != "imagetags"]).v3_index())["paths"]
    assert fewer["apis/image.openshift.io/v1"] != paths["apis/image.openshift.io/v1"]
    assert fewer["api/v1"] == paths["api/v1"]


@pytest.mark.parametrize("path", ["", "apis/apps/v1", "api/v2", "apis/image.openshift.io/v1/", "../v2"])
def test_what_is_not_served_has_no_document(openapi: OpenApi, path: str) -> None:
    assert openapi.v3(path) is None


def test_version_3_has_the_same_paths_and_schemas_as_version_2(
    v2: dict[str, Any], v3: dict[str, dict[str, Any]]
) -> None:
    paths = [path for document in v3.values() for path in document["paths"]]
    schemas = {name for document in v3.values() for name in document["components"]["schemas"]}

    assert sorted(paths) == sorted(v2["paths"])
    assert schemas == v2["definitions"].keys()


def test_version_3_documents_hold_only_what_they_need(v3: dict[str, dict[str, Any]]) -> None:
    assert list(v3["version"]["components"]["schemas"]) == ["io.k8s.apimachinery.pkg.version.Info"]
    assert not any(".image.v1." in name for name in v3["api/v1"]["components"]["schemas"])


def test_references_of_version_3_stand_alone(v3: dict[str, dict[str, Any]]) -> None:
    def lone(value: Any) -> bool:
        if isinstance(value, dict):
            return ("$ref" not in value or len(value) == 1) and all(lone(element) for element in value.values())
        return not isinstance(value, list) or all(lone(element) for element in value)

    assert all(lone(document) for document in v3.values())


# gnostic's message openapi.v2.Document, as far as it is used: number → (key, type), "*" an entry of a map, "^" what
# stands for the message around it.
MESSAGES: dict[str, dict[int, tuple[str, str]]] = {
    "Document": {
        1: ("swagger", "string"),
        2: ("info", "Info"),
        8: ("paths", "Paths"),
        9: ("definitions", "Schemas"),
        12: ("security[]", "SecurityRequirement"),
        13: ("securityDefinitions", "SecurityDefinitions"),
    },
    "Info": {1: ("title", "string"), 2: ("version", "string")},
    "Paths": {2: ("*", "PathItem")},
    "PathItem": {
        2: ("get", "Operation"),
        3: ("put", "Operation"),
        4: ("post", "Operation"),
        5: ("delete", "Operation"),
        8: ("patch", "Operation"),
        9: ("parameters[]", "ParametersItem"),
    },
    "Operation": {
        1: ("tags[]", "string"),
        3: ("description", "string"),
        5: ("operationId", "string"),
        6: ("produces[]", "string"),
        7: ("consumes[]", "string"),
        8: ("parameters[]", "ParametersItem"),
        9: ("responses", "Responses"),
        10: ("schemes[]", "string"),
        13: ("*", "Any"),
    },
    "ParametersItem": {1: ("^", "Parameter")},
    "Parameter": {1: ("^", "BodyParameter"), 2: ("^", "NonBodyParameter")},
    "BodyParameter": {
        1: ("description", "string"),
        2: ("name", "string"),
        3: ("in", "string"),
        4: ("required", "bool"),
        5: ("schema", "Schema"),
    },
    "NonBodyParameter": {3: ("^", "QueryParameterSubSchema"), 4: ("^", "PathParameterSubSchema")},
    "QueryParameterSubSchema": {
        1: ("required", "bool"),
        2: ("in", "string"),
        3: ("description", "string"),
        4: ("name", "string"),
        6: ("type", "string"),
        20: ("uniqueItems", "bool"),
    },
    "PathParameterSubSchema": {
        1: ("required", "bool"),
        2: ("in", "string"),
        3: ("description", "string"),
        4: ("name", "string"),
        5: ("type", "string"),
        19: ("uniqueItems", "bool"),
    },
    "Responses": {1: ("*", "ResponseValue")},
    "ResponseValue": {1: ("^", "Response")},
    "Response": {1: ("description", "string"), 2: ("schema", "SchemaItem")},
    "SchemaItem": {1: ("^", "Schema")},
    "Schemas": {1: ("*", "Schema")},
    "Schema": {
        1: ("$ref", "string"),
        2: ("format", "string"),
        4: ("description", "string"),
        5: ("default", "Any"),
        19: ("required[]", "string"),
        20: ("enum[]", "Any"),
        21: ("additionalProperties", "AdditionalPropertiesItem"),
        22: ("type", "TypeItem"),
        23: ("items", "ItemsItem"),
        25: ("properties", "Schemas"),
        31: ("*", "Any"),
    },
    "AdditionalPropertiesItem": {1: ("^", "Schema"), 2: ("^", "bool")},
    "TypeItem": {1: ("^", "string")},
    "ItemsItem": {1: ("^", "Schema")},
    "SecurityRequirement": {1: ("*", "StringArray")},
    "StringArray": {1: ("[]", "string")},
    "SecurityDefinitions": {1: ("*", "SecurityDefinitionsItem")},
    "SecurityDefinitionsItem": {2: ("^", "ApiKeySecurity")},
    "ApiKeySecurity": {
        1: ("type", "string"),
        2: ("name", "string"),
        3: ("in", "string"),
        4: ("description", "string"),
    },
}


def fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        key = varint()
        match key & 7:
            case 0:
                yield key >> 3, varint()
            case 1:
                at += 8
                yield key >> 3, struct.unpack_from("<Q", data, at - 8)[0]
            case 2:
                length = varint()
                assert at + length <= len(data)
                at += length
                yield key >> 3, data[at - length : at]
            case wire:
                raise AssertionError(f"wire type {wire}")


def decoded(data: Any, kind: str) -> Any:
    if kind == "string":
        return data.decode()
    if kind == "bool":
        return bool(data)
    if kind == "Any":
        return yaml.safe_load(dict(fields(data))[2])
    value: Any = [] if kind == "StringArray" else {}
    for number, content in fields(data):
        key, below = MESSAGES[kind][number]
        if key == "^":
            value = decoded(content, below)
        elif key == "[]":
            value.append(decoded(content, below))
        elif key == "*":
            entry = dict(fields(content))
            value[entry[1].decode()] = decoded(entry.get(2, b""), below)
        elif key.endswith("[]"):
            value.setdefault(key[:-2], []).append(decoded(content, below))
        else:
            value[key] = decoded(content, below)
    return value


def without_empty_lists(value: Any) -> Any:
    """Protobuf has no empty list: it is the same as none."""
    if isinstance(value, dict):
        return {key: without_empty_lists(element) for key, element in value.items() if element != []}
    return [without_empty_lists(element) for element in value] if isinstance(value, list) else value


def test_the_protobuf_form_says_the_same_as_the_json(openapi: OpenApi, v2: dict[str, Any]) -> None:
    read = decoded(openapi.v2_protobuf(), "Document")

    security = read.pop("security")
    assert security == [{"BearerToken": []}]
    assert without_empty_lists(read) == without_empty_lists({k: v for k, v in v2.items() if k != "security"})


def test_what_protobuf_has_no_field_for_is_refused() -> None:
    with pytest.raises(ValueError, match="the message Schema has no field for oneOf"):
        protobuf.document({"definitions": {"A": {"oneOf": []}}})


def kubectl(kubeconfig: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["kubectl", "--kubeconfig", str(kubeconfig), "--cache-dir", str(kubeconfig.parent / "cache"), *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_kubectl_explains_a_field_with_all_below_it(kubeconfig: Path) -> None:
    told = kubectl(kubeconfig, "explain", "imagestream.spec.tags.importPolicy", "--recursive")

    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith("GROUP:      image.openshift.io\nKIND:       ImageStream\nVERSION:    v1\n\n")
    assert "\nFIELD: importPolicy <TagImportPolicy>\n" in told.stdout
    assert told.stdout.endswith("FIELDS:\n  importMode\t<string>\n  insecure\t<boolean>\n  scheduled\t<boolean>\n\n")


def test_kubectl_explains_every_resource_from_both_versions(kubeconfig: Path, infos: list[ResourceInfo]) -> None:
    for info in infos:
        if not info.subresource:
            for output in ("plaintext", "plaintext-openapiv2"):
                told = kubectl(kubeconfig, "explain", info.plural, "-o", output)
                assert told.returncode == 0, told.stderr
                assert f" {info.kind}\n" in told.stdout


IMPORT = {
    "apiVersion": "image.openshift.io/v1",
    "kind": "ImageStreamImport",
    "metadata": {"name": "s"},
    "spec": {"import": True, "images": [{"from": {"kind": "DockerImage", "name": "quay.io/a/b:1"}}]},
    "status": {},
}


def create(kubeconfig: Path, body: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    return kubectl(kubeconfig, "create", "--dry-run=client", "--validate=true", "-f", "-", stdin=json.dumps(body))


def test_kubectl_accepts_a_kind_that_cannot_be_patched(kubeconfig: Path) -> None:
    told = create(kubeconfig, IMPORT)

    assert told.returncode == 0, told.stderr
    assert told.stdout == "imagestreamimport.image.openshift.io/s created (dry run)\n"


def test_kubectl_finds_mistakes_in_such_a_kind_by_its_schema(kubeconfig: Path) -> None:
    told = create(kubeconfig, {**IMPORT, "spec": {"import": "yes", "imagess": []}})

    assert told.returncode == 1
    assert 'unknown field "imagess"' in told.stderr
    assert 'got "string", expected "boolean"' in told.stderr


def test_kubectl_leaves_the_check_of_other_kinds_to_the_server(kubeconfig: Path) -> None:
    stream = {"apiVersion": "image.openshift.io/v1", "kind": "ImageStream", "metadata": {"name": "s"}, "spek": {}}

    assert create(kubeconfig, stream).returncode == 0
    assert create(kubeconfig, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}}).returncode == 0


def test_kubectl_merges_tags_by_name_when_it_applies(kubeconfig: Path, objects: Any) -> None:
    def stream(*tags: tuple[str, str]) -> dict[str, Any]:
        return {
            "apiVersion": "image.openshift.io/v1",
            "kind": "ImageStream",
            "metadata": {"name": "python", "namespace": "default"},
            "spec": {"tags": [{"name": name, "from": {"kind": "DockerImage", "name": image}} for name, image in tags]},
        }

    given = stream(("3.5", "python:3.5"), ("3.6", "python:3.6"))
    stored = stream(("3.5", "python:3.5"), ("3.6", "python:3.6"), ("others", "python:edge"))
    stored["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(given)}
    objects.stored["/apis/image.openshift.io/v1/namespaces/default/imagestreams/python"] = stored

    told = kubectl(kubeconfig, "apply", "-f", "-", stdin=json.dumps(stream(("3.6", "python:3.6.1"))))

    assert told.returncode == 0, told.stderr
    ((media_type, patch),) = objects.patches
    assert media_type == "application/strategic-merge-patch+json"
    assert patch["spec"] == {
        "$setElementOrder/tags": [{"name": "3.6"}],
        "tags": [{"name": "3.6", "from": {"name": "python:3.6.1"}}, {"$patch": "delete", "name": "3.5"}],
    }
