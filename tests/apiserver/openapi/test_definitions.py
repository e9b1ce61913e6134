"""Schemas of the served types: complete, closed, described, and true of what the real server answers."""

import importlib
import json
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from imagestreams.api import config, core, hooks, image, meta, notifications
from imagestreams.api import pods as pods_package
from imagestreams.api.apps import types as apps
from imagestreams.api.batch import types as batch
from imagestreams.api.build import types as build
from imagestreams.api.descriptions import describe_field, describe_type, described
from imagestreams.api.openshift_apps import types as openshift_apps
from imagestreams.resources.resource import ResourceInfo

IMAGE = "com.github.openshift.api.image.v1"
META = "io.k8s.apimachinery.pkg.apis.meta.v1"
CORE = "io.k8s.api.core.v1"
PODS = [
    importlib.import_module(f"{pods_package.__name__}.{module.name}")
    for module in pkgutil.iter_modules(pods_package.__path__)
    if module.name != "metadata"  # holds a double of ObjectMeta
]
TRANSCRIPTS = Path(__file__).parents[2] / "contract" / "transcripts"
REFERENCE = "#/definitions/"


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for element in value.values():
            yield from references(element)
    elif isinstance(value, list):
        for element in value:
            yield from references(element)


def misfits(value: Any, schema: dict[str, Any], definitions: dict[str, Any], path: str = "$") -> Iterator[str]:
    """Say where a JSON value does not fit a schema; null stands for an absent value, as Go writes it."""
    if "$ref" in schema:
        schema = definitions[schema["$ref"].removeprefix(REFERENCE)]
    if value is None:
        return
    match schema["type"]:
        case "object" if isinstance(value, dict):
            known, rest = schema.get("properties"), schema.get("additionalProperties")
            yield from (f"{path}.{name}: missing" for name in schema.get("required", []) if name not in value)
            for name, element in value.items():
                if known is not None and name not in known:
                    yield f"{path}.{name}: unknown"
                elif below := (known or {}).get(name, rest):
                    yield from misfits(element, below, definitions, f"{path}.{name}")
        case "array" if isinstance(value, list):
            for number, element in enumerate(value):
                yield from misfits(element, schema["items"], definitions, f"{path}[{number}]")
        case "string" if isinstance(value, str):
            if value not in schema.get("enum", [value]):
                yield f"{path}: {value} is not one of {schema['enum']}"
        case "boolean" if isinstance(value, bool):
            pass
        case "integer" if isinstance(value, int) and not isinstance(value, bool):
            pass
        case wanted:
            yield f"{path}: {value!r} is no {wanted}"


def structs() -> list[type[msgspec.Struct]]:
    return [
        kind
        for module in (meta, core, image, config, hooks, notifications, apps, batch, build, openshift_apps, *PODS)
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind.__module__ == module.__name__
    ]


def single(kind: type[msgspec.Struct]) -> bool:
    """Whether a type is described for itself: not a list, not the base of others, not another one's double."""
    is_list = kind.__name__.endswith("List") and kind is not image.NamedTagEventList
    return not is_list and kind not in (core.Stored, image.LocalTagReference)


def described_as(kind: type[msgspec.Struct]) -> str:
    """The name under which a type is described: with its module where two have one name."""
    own = f"{kind.__module__.split('.')[2]}.{kind.__name__}"
    return own if own in described() else kind.__name__


def test_every_served_kind_and_its_list_has_a_definition(v2: dict[str, Any], infos: list[ResourceInfo]) -> None:
    marks = [
        (mark["group"], mark["version"], mark["kind"])
        for definition in v2["definitions"].values()
        for mark in definition.get("x-kubernetes-group-version-kind", [])
    ]

    assert {(info.group, info.version, info.kind) for info in infos} <= set(marks)
    listed = {(info.group, info.version, f"{info.kind}List") for info in infos if "list" in info.verbs}
    assert listed <= set(marks)


def test_a_kind_is_marked_on_one_definition_only(v2: dict[str, Any]) -> None:
    marks = [
        tuple(mark.values())
        for name, definition in v2["definitions"].items()
        for mark in definition.get("x-kubernetes-group-version-kind", [])
    ]

    assert len(marks) == len(set(marks))


def test_every_reference_leads_to_a_definition(v2: dict[str, Any], v3: dict[str, dict[str, Any]]) -> None:
    assert {name.removeprefix(REFERENCE) for name in references(v2)} <= v2["definitions"].keys()
    for document in v3.values():
        schemas = document["components"]["schemas"]
        assert {name.removeprefix("#/components/schemas/") for name in references(document)} <= schemas.keys()


def test_every_definition_and_field_is_described(v2: dict[str, Any]) -> None:
    undescribed = [name for name, definition in v2["definitions"].items() if not definition.get("description")]
    for name, definition in v2["definitions"].items():
        fields = definition.get("properties", {})
        undescribed += [f"{name}.{field}" for field, schema in fields.items() if not schema.get("description")]

    assert undescribed == []


@pytest.mark.parametrize("kind", list(filter(single, structs())), ids=lambda kind: kind.__name__)
def test_every_type_is_described_whether_served_or_not(kind: type[msgspec.Struct]) -> None:
    assert describe_type(kind)
    assert [f.encode_name for f in msgspec.structs.fields(kind) if not describe_field(kind, f.encode_name)] == []


def test_nothing_is_described_that_does_not_exist() -> None:
    fields = {described_as(kind): {f.encode_name for f in msgspec.structs.fields(kind)} for kind in structs()}
    fields["List"] = fields["ImageStreamList"]

    assert {kind: names - fields[kind] for kind, names in described().items() if names - fields[kind]} == {}


def test_a_definition_names_only_fields_that_it_has_as_required(v2: dict[str, Any]) -> None:
    for name, definition in v2["definitions"].items():
        assert set(definition.get("required", [])) <= definition.get("properties", {}).keys(), name


@pytest.mark.parametrize(
    ("name", "required"),
    [
        (f"{IMAGE}.ImageStream", None),
        (f"{IMAGE}.TagReference", ["name"]),
        (f"{IMAGE}.TagReferencePolicy", ["type"]),
        (f"{IMAGE}.ImageStreamTag", ["tag", "generation", "lookupPolicy", "image"]),
        (f"{IMAGE}.NamedTagEventList", ["tag", "items"]),
        (f"{IMAGE}.ImageStreamImport", ["spec", "status"]),
        (f"{IMAGE}.ImageStreamMapping", ["image", "tag"]),
        (f"{IMAGE}.ImageStreamList", ["items"]),
        (f"{META}.OwnerReference", ["apiVersion", "kind", "name", "uid"]),
    ],
)
def test_required_fields_are_those_of_the_real_api(v2: dict[str, Any], name: str, required: list[str] | None) -> None:
    assert v2["definitions"][name].get("required") == required


def test_fields_have_the_formats_of_the_real_api(v2: dict[str, Any]) -> None:
    definitions = v2["definitions"]

    def field(kind: str, name: str) -> dict[str, Any]:
        schema = dict(definitions[kind]["properties"][name])
        del schema["description"]
        return schema

    assert field(f"{META}.ObjectMeta", "creationTimestamp") == {"$ref": f"{REFERENCE}{META}.Time"}
    assert definitions[f"{META}.Time"]["format"] == "date-time"
    assert field(f"{META}.Status", "code") == {"type": "integer", "format": "int32"}
    assert field(f"{IMAGE}.TagReference", "generation") == {"type": "integer", "format": "int64"}
    assert field(f"{CORE}.Secret", "data")["additionalProperties"] == {"type": "string", "format": "byte"}
    assert field(f"{CORE}.Secret", "stringData")["additionalProperties"] == {"type": "string", "default": ""}
    assert field(f"{IMAGE}.ImageSignature", "content") == {"type": "string", "format": "byte"}
    assert field(f"{IMAGE}.Image", "dockerImageMetadata") == {
        "$ref": f"{REFERENCE}io.k8s.apimachinery.pkg.runtime.RawExtension",
        "x-kubernetes-patch-strategy": "replace",
    }
    assert field(f"{IMAGE}.ImageImportSpec", "to") == {"$ref": f"{REFERENCE}{CORE}.LocalObjectReference"}
    assert field("com.github.openshift.api.project.v1.Project", "spec") == {
        "$ref": f"{REFERENCE}com.github.openshift.api.project.v1.ProjectSpec"
    }


def test_defaults_are_told_where_the_server_always_writes_them(v2: dict[str, Any]) -> None:
    def defaults(kind: str) -> dict[str, Any]:
        fields = v2["definitions"][f"{IMAGE}.{kind}"]["properties"]
        return {name: schema["default"] for name, schema in fields.items() if "default" in schema}

    assert defaults("ImageLookupPolicy") == {"local": False}
    assert defaults("TagReference") == {"name": ""}
    assert defaults("ImageLayer") == {"mediaType": "", "name": "", "size": 0}


def test_all_times_are_times(v2: dict[str, Any]) -> None:
    texts = [
        f"{name}.{field}"
        for name, definition in v2["definitions"].items()
        for field, schema in definition.get("properties", {}).items()
        if field.endswith(("Time", "Timestamp")) and "$ref" not in schema
    ]

    assert texts == []


def test_merge_keys_are_told_to_clients_that_merge_for_themselves(v2: dict[str, Any]) -> None:
    tags = v2["definitions"][f"{IMAGE}.ImageStreamSpec"]["properties"]["tags"]
    owners = v2["definitions"][f"{META}.ObjectMeta"]["properties"]["ownerReferences"]

    assert (tags["x-kubernetes-patch-strategy"], tags["x-kubernetes-patch-merge-key"]) == ("merge", "name")
    assert (owners["x-kubernetes-list-type"], owners["x-kubernetes-list-map-keys"]) == ("map", ["uid"])
    assert v2["definitions"][f"{CORE}.ObjectReference"]["x-kubernetes-map-type"] == "atomic"


def recorded_objects() -> Iterator[tuple[str, dict[str, Any]]]:
    for file in sorted(TRANSCRIPTS.glob("*.json")):
        for number, step in enumerate(json.loads(file.read_text())["steps"]):
            body = step["answer"].get("body") if "http" in step else None
            if isinstance(body, dict) and body.get("apiVersion") in ("v1", "image.openshift.io/v1"):
                yield f"{file.stem} step {number}", body


@pytest.mark.parametrize("body", [pytest.param(body, id=where) for where, body in recorded_objects()])
def test_what_the_real_server_answers_fits_the_schemas(v2: dict[str, Any], body: dict[str, Any]) -> None:
    group, _, version = body["apiVersion"].rpartition("/")
    mark = {"group": group, "kind": body["kind"], "version": version}
    names = {"APIGroup": f"{META}.APIGroup", "APIResourceList": f"{META}.APIResourceList"}
    schema = next(
        definition
        for name, definition in v2["definitions"].items()
        if mark in definition.get("x-kubernetes-group-version-kind", []) or name == names.get(body["kind"])
    )

    assert list(misfits(body, schema, v2["definitions"])) == []
