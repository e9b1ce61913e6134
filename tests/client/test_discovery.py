"""Which resource a word means, with both forms of discovery."""

from typing import Any

import pytest

from imagestreams.client.discovery import Discovery
from imagestreams.client.errors import ClientError
from imagestreams.client.kubeconfig import ClientConfig
from imagestreams.client.resources import Resources
from imagestreams.client.rest import RestClient


def _entry(plural: str, kind: str, *short: str, namespaced: bool = True) -> dict[str, Any]:
    return {
        "resource": plural,
        "responseKind": {"group": "", "version": "", "kind": kind},
        "scope": "Namespaced" if namespaced else "Cluster",
        "singularResource": kind.lower(),
        "shortNames": list(short),
        "verbs": ["get", "list"],
        "subresources": [{"subresource": "status"}],
    }


def _group(name: str, **versions: list[dict[str, Any]]) -> dict[str, Any]:
    listed = [{"version": version, "resources": entries} for version, entries in versions.items()]
    return {"metadata": {"name": name}, "versions": listed}


@pytest.fixture
def discovery(script: Any, answer: Any) -> Discovery:
    core = _group("", v1=[_entry("secrets", "Secret"), _entry("namespaces", "Namespace", "ns", namespaced=False)])
    image = _group("image.openshift.io", v1=[_entry("imagestreams", "ImageStream", "is")])
    other = _group("other.io", v2=[_entry("secrets", "Secret"), _entry("things", "Thing")], v1=[_entry("olds", "Old")])
    script.answer("GET", "/api", answer(200, {"kind": "APIGroupDiscoveryList", "items": [core]}))
    script.answer("GET", "/apis", answer(200, {"kind": "APIGroupDiscoveryList", "items": [image, other]}))
    return Discovery(RestClient(ClientConfig(script.url)))


@pytest.mark.parametrize(
    "word",
    ["is", "imagestreams", "imagestream", "ImageStream", "imagestreams.image.openshift.io", "is.image.openshift.io",
     "imagestreams.v1.image.openshift.io", "imagestreams.image"],
)  # fmt: skip
def test_a_resource_has_many_names(discovery: Discovery, word: str) -> None:
    found = discovery.resolve(word)

    assert (found.plural, found.api_version) == ("imagestreams", "image.openshift.io/v1")


def test_the_first_group_wins_and_a_group_can_be_named(discovery: Discovery) -> None:
    assert discovery.resolve("secrets").group == ""
    assert discovery.resolve("secrets.other.io").group == "other.io"


def test_a_resource_of_an_older_version_is_found(discovery: Discovery) -> None:
    assert discovery.resolve("olds").version == "v1"


@pytest.mark.parametrize(
    ("word", "told"), [("nope", "nope"), ("nope.group.io", "nope"), ("secrets.v9.other.io", "secrets")]
)
def test_an_unknown_word_is_refused(discovery: Discovery, word: str, told: str) -> None:
    with pytest.raises(ClientError) as caught:
        discovery.resolve(word)

    assert str(caught.value) == f'the server doesn\'t have a resource type "{told}"'


def test_a_kind_must_be_served_in_its_version(discovery: Discovery) -> None:
    assert discovery.for_kind("v1", "Namespace").namespaced is False
    with pytest.raises(ClientError, match='no matches for kind "Secret" in version "v2"'):
        discovery.for_kind("v2", "Secret")


def test_servers_without_aggregated_discovery_are_asked_group_by_group(script: Any, answer: Any) -> None:
    script.answer("GET", "/api", answer(200, {"kind": "APIVersions", "versions": ["v1"]}))
    resources = [
        {"name": "secrets", "singularName": "secret", "namespaced": True, "kind": "Secret", "verbs": ["get"]},
        {"name": "secrets/status", "namespaced": True, "kind": "Secret", "verbs": ["get"]},
    ]
    script.answer("GET", "/api/v1", answer(200, {"kind": "APIResourceList", "resources": resources}))
    group = {
        "name": "g.io",
        "versions": [{"version": "v1"}, {"version": "v2"}],
        "preferredVersion": {"version": "v2"},
    }
    script.answer("GET", "/apis", answer(200, {"kind": "APIGroupList", "groups": [group]}))
    script.answer("GET", "/apis/g.io/v1", answer(200, {"resources": [{"name": "as", "kind": "A", "namespaced": True}]}))
    script.answer("GET", "/apis/g.io/v2", answer(200, {"resources": [{"name": "as", "kind": "A", "namespaced": True}]}))
    discovery = Discovery(RestClient(ClientConfig(script.url)))

    assert discovery.resolve("secret").subresources == ("status",)
    assert discovery.resolve("as").version == "v2"


def test_paths_and_pages(discovery: Discovery, script: Any, answer: Any) -> None:
    streams = Resources(RestClient(ClientConfig(script.url)), discovery.resolve("is"), "ns")
    path = "/apis/image.openshift.io/v1/namespaces/ns/imagestreams"
    pages = [{"metadata": {"continue": "token"}, "items": [{"a": 1}]}, {"metadata": {}, "items": [{"a": 2}]}]
    script.answer("GET", path, *(answer(200, page) for page in pages))

    whole = streams.list(chunk_size=1, label_selector="x=y")

    assert streams.path("a:b", "status") == f"{path}/a:b/status"
    assert [item["a"] for item in whole["items"]] == [1, 2]
    asked = [request[1] for request in script.requests if request[1].startswith(path)]
    assert asked == [f"{path}?labelSelector=x%3Dy&limit=1", f"{path}?labelSelector=x%3Dy&limit=1&continue=token"]


@pytest.mark.parametrize("name", ["a/b", "..", "a%b"])
def test_names_can_not_leave_their_place_in_a_path(discovery: Discovery, script: Any, name: str) -> None:
    with pytest.raises(ClientError, match="invalid resource name"):
        Resources(RestClient(ClientConfig(script.url)), discovery.resolve("is"), "ns").path(name)
