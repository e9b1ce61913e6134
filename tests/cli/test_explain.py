"""`isctl explain` prints what kubectl prints from the same documents."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from imagestreams.api import core, image
from imagestreams.apiserver.openapi import OpenApi
from imagestreams.cli.errors import CliError
from imagestreams.cli.main import run
from imagestreams.cli.texts.schema_text import SchemaText
from imagestreams.cli.texts.word_wrap import indent, wrap
from imagestreams.resources.resource import ResourceInfo, Verb

ALL: frozenset[Verb] = frozenset({"get", "list", "create", "update", "patch", "delete"})
IMAGE = "image.openshift.io"
INFOS = [
    ResourceInfo("", "v1", "namespaces", "Namespace", core.Namespace, ALL, namespaced=False),
    ResourceInfo("", "v1", "secrets", "Secret", core.Secret, ALL),
    ResourceInfo("", "v1", "configmaps", "ConfigMap", core.ConfigMap, ALL),
    ResourceInfo(IMAGE, "v1", "images", "Image", image.Image, ALL, namespaced=False),
    ResourceInfo(IMAGE, "v1", "imagestreams", "ImageStream", image.ImageStream, ALL),
    ResourceInfo(IMAGE, "v1", "imagestreamtags", "ImageStreamTag", image.ImageStreamTag, ALL),
]


@dataclass(frozen=True)
class Told:
    """What isctl printed and how it ended."""

    code: int
    stdout: str
    stderr: str


@pytest.fixture
def isctl(api: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Told]:
    """Runs isctl against the API server, within this process."""
    monkeypatch.setenv("KUBECONFIG", api.kubeconfig)

    def told(*arguments: str) -> Told:
        code = run(list(arguments))
        return Told(code, *capsys.readouterr())

    return told


@pytest.fixture
def documented(api: Any) -> Any:
    """The API server with OpenAPI documents of its resources, version 2 as protobuf for kubectl."""
    openapi = OpenApi(INFOS)
    index = json.loads(openapi.v3_index())
    api.answers["GET", "/openapi/v3"] = (200, index)
    for path in index["paths"]:
        api.answers["GET", f"/openapi/v3/{path}"] = (200, json.loads(openapi.v3(path) or b""))
    api.answers["GET", "/openapi/v2"] = (200, openapi.v2_protobuf())
    return api


def test_a_field_is_explained_with_its_type_and_what_is_below_it(documented: Any, isctl: Callable[..., Told]) -> None:
    told = isctl("explain", "imagestream.spec.tags.importPolicy", "--recursive")

    assert told.code == 0, told.stderr
    assert told.stdout == (
        "GROUP:      image.openshift.io\n"
        "KIND:       ImageStream\n"
        "VERSION:    v1\n"
        "\n"
        "FIELD: importPolicy <TagImportPolicy>\n"
        "\n"
        "\n"
        "DESCRIPTION:\n"
        "    How the tag is imported.\n"
        "    How a tag with a source of kind DockerImage is imported. It has no effect on\n"
        "    other sources.\n"
        "    \n"
        "FIELDS:\n"
        "  importMode\t<string>\n"
        "  insecure\t<boolean>\n"
        "  scheduled\t<boolean>\n"
        "\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        "is",
        "istag --recursive",
        "imagestreams.image.openshift.io",
        "imagestreams.image.openshift.io.spec.tags.name",
        "images.dockerImageMetadata",
        "images.signatures.conditions",
        "ns.status.phase",
        "secrets.data",
        "is --api-version=image.openshift.io/v1",
        "is.spec --api-version=image.openshift.io/v1",
        # and what can't be explained
        "is.nope",
        "is.spec.tags.name.deeper",
        "nope.spec",
        "is.spec.tags[*].name",
        "is..spec",
        "is.spec[0] --api-version=image.openshift.io/v1",
        "is --api-version=v1",
        "is --api-version=image.openshift.io/v9",
        "is --api-version=a/b/c",
        "is --output=html",
        "",
        "is ns",
    ],
)
def test_it_prints_what_kubectl_prints(documented: Any, isctl: Callable[..., Told], arguments: str) -> None:
    wanted = documented.kubectl("explain", *arguments.split())

    told = isctl("explain", *arguments.split())

    assert (told.code, told.stdout) == (wanted.code, wanted.stdout)
    assert told.stderr == wanted.stderr.replace("kubectl", "isctl")


@pytest.mark.parametrize(
    "arguments",
    [
        "is",
        "is --recursive",
        "is.spec.tags",
        "is.spec.tags.annotations",
        "is.spec.tags.generation.deeper",
        "is.spec.nope",
        "images.dockerImageMetadata",
        "ns.metadata",
    ],
)
def test_it_prints_the_older_layout_as_kubectl_does(
    documented: Any, isctl: Callable[..., Told], arguments: str
) -> None:
    command = ["explain", *arguments.split(), "--output=plaintext-openapiv2"]
    wanted = documented.kubectl(*command)
    documented.answers["GET", "/openapi/v2"] = (200, json.loads(OpenApi(INFOS).v2_json()))

    told = isctl(*command)

    assert (told.code, told.stdout, told.stderr) == (wanted.code, wanted.stdout, wanted.stderr)


def test_a_server_without_version_3_is_read_in_version_2(documented: Any, isctl: Callable[..., Told]) -> None:
    del documented.answers["GET", "/openapi/v3"]
    documented.answers["GET", "/openapi/v2"] = (200, json.loads(OpenApi(INFOS).v2_json()))

    told = isctl("explain", "is.spec.lookupPolicy")

    assert told.stdout.startswith("KIND:     ImageStream\nVERSION:  image.openshift.io/v1\n\nRESOURCE: lookupPolicy <")


def test_depth_is_limited_on_request(documented: Any, isctl: Callable[..., Told]) -> None:
    shallow = isctl("explain", "is", "--recursive", "--max-depth=2").stdout

    assert "\n    tags\t<[]TagReference>\n" in shallow
    assert "importPolicy" not in shallow
    assert isctl("explain", "is", "--max-depth=2").stderr == "error: --max-depth requires --recursive\n"


def document(schema: dict[str, Any], **others: dict[str, Any]) -> SchemaText:
    mark = {"x-kubernetes-group-version-kind": [{"kind": "A"}]}
    schemas = {"A": {**schema, **mark}, **others}
    return SchemaText({"components": {"schemas": schemas}}, recursive=True, max_depth=0)


def test_types_are_named_as_in_go() -> None:
    text = document(
        {
            "properties": {
                "any": {},
                "free": {"type": "object"},
                "list": {"type": "array", "items": {"$ref": "#/components/schemas/x.y.Part"}},
                "map": {"type": "object", "additionalProperties": {"type": "integer"}},
                "time": {"allOf": [{"$ref": "#/components/schemas/x.y.Time"}]},
                "open": {"type": "object", "additionalProperties": True},
            }
        },
        **{"x.y.Part": {"type": "object"}, "x.y.Time": {"type": "string"}},
    ).explain({"kind": "A"}, [])

    assert text.partition("FIELDS:\n")[2] == (
        "  any\t<Object>\n"
        "  free\t<Object>\n"
        "  list\t<[]Part>\n"
        "  map\t<map[string]integer>\n"
        "  open\t<Object>\n"
        "  time\t<string>\n"
    )


def test_a_type_that_contains_itself_is_printed_once() -> None:
    text = document({"properties": {"next": {"$ref": "#/components/schemas/A"}, "name": {"type": "string"}}})

    assert text.explain({"kind": "A"}, []).partition("FIELDS:\n")[2] == (
        "  name\t<string>\n  next\t<A>\n    name\t<string>\n    next\t<A>\n"
    )


def test_four_of_many_values_are_shown_in_a_list_and_all_for_the_field_itself() -> None:
    text = document({"properties": {"size": {"type": "string", "enum": ["", "s", "m", "l", "xl"]}}})

    assert '  size\t<string>\n  enum: "", s, m, l, ....\n' in text.explain({"kind": "A"}, [])
    assert text.explain({"kind": "A"}, ["size"]).startswith(
        'FIELD: size <string>\nENUM:\n    ""\n    s\n    m\n    l\n    xl\n\n'
    )


def test_outside_documentation_is_pointed_to() -> None:
    docs = {"description": "Read more.", "url": "https://example.com"}
    text = document({"description": "It.", "externalDocs": docs}).explain({"kind": "A"}, [])

    assert text == ("DESCRIPTION:\n    It.\n    \n\nEXTERNAL DOCS:\n    Read more.\n    URL: https://example.com\n")


def test_a_missing_field_is_named_by_the_last_part_of_the_path() -> None:
    with pytest.raises(CliError, match='field "b" does not exist'):
        document({"properties": {"x": {}}}).explain({"kind": "A"}, ["a", "b"])


@pytest.mark.parametrize(
    ("text", "wrapped"),
    [
        ("one two three", "one two\nthree"),
        ("exactly8 a", "exactly8\na"),
        ("muchlongerthaneight a", "muchlongerthaneight\na"),
        ("a\n\nb", "a\n\nb"),
        ("a  b", "a  b"),
        ("ends here\n", "ends\nhere\n"),
        ("no\u00a0break here", "no\u00a0break\nhere"),
        ("", ""),
    ],
)
def test_lines_break_at_spaces(text: str, wrapped: str) -> None:
    assert wrap(text, 8) == wrapped


def test_indenting_moves_empty_lines_too() -> None:
    assert indent("a\n\nb\n", 2) == "  a\n  \n  b\n  "
