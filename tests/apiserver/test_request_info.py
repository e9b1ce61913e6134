"""What paths mean."""

import pytest

from imagestreams.apiserver.request_info import RequestInfo, parse_request, selected_name

GROUP = "/apis/image.openshift.io/v1"


@pytest.mark.parametrize(
    ("method", "path", "meaning"),
    [
        ("GET", "/imagestreams", ("list", "", "imagestreams", "", "")),
        ("GET", "/namespaces/ns/imagestreams", ("list", "ns", "imagestreams", "", "")),
        ("GET", "/namespaces/ns/imagestreams?watch=1", ("watch", "ns", "imagestreams", "", "")),
        ("GET", "/namespaces/ns/imagestreams?watch=false", ("list", "ns", "imagestreams", "", "")),
        ("GET", "/watch/namespaces/ns/imagestreams", ("watch", "ns", "imagestreams", "", "")),
        ("GET", "/namespaces/ns/imagestreamtags/s:1", ("get", "ns", "imagestreamtags", "s:1", "")),
        ("PUT", "/namespaces/ns/imagestreams/s/status", ("update", "ns", "imagestreams", "s", "status")),
        ("DELETE", "/images", ("deletecollection", "", "images", "", "")),
        ("DELETE", "/images/sha256:aa", ("delete", "", "images", "sha256:aa", "")),
        ("POST", "/namespaces/ns/imagestreamimports", ("create", "ns", "imagestreamimports", "", "")),
        ("HEAD", "/namespaces/ns/imagestreams", ("list", "ns", "imagestreams", "", "")),
    ],
)
def test_a_path_of_a_resource(method: str, path: str, meaning: tuple[str, ...]) -> None:
    path, _, query = path.partition("?")

    info = parse_request(method, GROUP + path, dict([query.split("=")]) if query else {})

    assert (info.verb, info.namespace, info.resource, info.name, info.subresource) == meaning
    assert (info.group, info.version, info.is_resource) == ("image.openshift.io", "v1", True)


def test_a_namespace_is_a_resource_of_its_own() -> None:
    one = parse_request("GET", "/api/v1/namespaces/ns", {})
    below = parse_request("GET", "/api/v1/namespaces/ns/secrets", {})

    assert one == RequestInfo("get", "", "v1", "ns", "namespaces", "ns", "", True)
    assert below == RequestInfo("list", "", "v1", "ns", "secrets", "", "", True)


@pytest.mark.parametrize("path", ["/", "/healthz", "/api", "/api/v1", "/apis", "/apis/g", "/apis/g/v1", "/apis/g/v1/"])
def test_all_else_is_only_a_path(path: str) -> None:
    assert parse_request("GET", path, {}) == RequestInfo("get")


@pytest.mark.parametrize(
    ("selector", "name"),
    [
        ("metadata.name=a", "a"),
        ("metadata.namespace=ns,metadata.name==a", "a"),
        ("metadata.name!=a", ""),
        ("metadata.name=", ""),
        ("metadata.name=a/b", ""),
        ("metadata.namespace=a", ""),
    ],
)
def test_a_selection_of_one_name_is_about_that_name(selector: str, name: str) -> None:
    assert selected_name({"fieldSelector": selector}) == name
    assert selected_name({}) == ""
