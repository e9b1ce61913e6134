"""What the documents say can be requested."""

from typing import Any

import pytest

from imagestreams.apiserver.request_info import parse_request
from imagestreams.resources.resource import ResourceInfo

IMAGE = "/apis/image.openshift.io/v1"
METHODS = {"get", "put", "post", "delete", "patch"}


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    ]


def test_every_verb_of_every_resource_has_an_operation_and_no_other(
    v2: dict[str, Any], infos: list[ResourceInfo]
) -> None:
    served = {
        (info.group, info.plural, info.subresource, verb) for info in infos for verb in info.verbs if verb != "watch"
    }

    documented = set()
    for path, method, operation in operations(v2):
        if "x-kubernetes-action" in operation:
            request = parse_request(method.upper(), path.replace("{", "").replace("}", ""), {})
            documented.add((request.group, request.resource, request.subresource, request.verb))
            assert request.is_resource

    assert documented == served


def test_operation_ids_are_unique_and_those_of_the_real_server(v2: dict[str, Any]) -> None:
    ids = {(path, method): operation["operationId"] for path, method, operation in operations(v2)}
    stream = f"{IMAGE}/namespaces/{{namespace}}/imagestreams"

    assert len(set(ids.values())) == len(ids)
    assert ids[stream, "get"] == "listImageOpenshiftIoV1NamespacedImageStream"
    assert ids[stream, "post"] == "createImageOpenshiftIoV1NamespacedImageStream"
    assert ids[stream, "delete"] == "deleteImageOpenshiftIoV1CollectionNamespacedImageStream"
    assert ids[f"{stream}/{{name}}", "put"] == "replaceImageOpenshiftIoV1NamespacedImageStream"
    assert ids[f"{stream}/{{name}}/secrets", "get"] == "readImageOpenshiftIoV1NamespacedImageStreamSecrets"
    assert ids[f"{stream}/{{name}}/status", "patch"] == "patchImageOpenshiftIoV1NamespacedImageStreamStatus"
    assert ids[f"{IMAGE}/imagestreams", "get"] == "listImageOpenshiftIoV1ImageStreamForAllNamespaces"
    assert ids["/api/v1/namespaces/{namespace}/secrets/{name}", "get"] == "readCoreV1NamespacedSecret"
    assert ids["/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "post"] == (
        "createAuthorizationV1SelfSubjectAccessReview"
    )
    assert ids["/apis/", "get"] == "getAPIVersions"
    assert ids[f"{IMAGE}/", "get"] == "getImageOpenshiftIoV1APIResources"


def test_every_part_of_a_path_is_a_parameter(v2: dict[str, Any]) -> None:
    for path, item in v2["paths"].items():
        parts = [part[1:-1] for part in path.split("/") if part.startswith("{")]
        described = [each["name"] for each in item.get("parameters", []) if each["in"] == "path"]
        assert sorted(parts) == sorted(described), path


def test_a_patch_names_its_formats_and_the_checks_that_clients_look_for(
    v2: dict[str, Any], v3: dict[str, dict[str, Any]]
) -> None:
    path = f"{IMAGE}/namespaces/{{namespace}}/imagestreams/{{name}}"
    old, new = v2["paths"][path]["patch"], v3["apis/image.openshift.io/v1"]["paths"][path]["patch"]

    assert old["consumes"] == list(new["requestBody"]["content"])
    assert "application/strategic-merge-patch+json" in old["consumes"]
    for operation in (old, new):
        queries = {each["name"] for each in operation["parameters"] if each["in"] == "query"}
        assert queries == {"dryRun", "fieldManager", "fieldValidation", "force"}
        assert operation["x-kubernetes-group-version-kind"]["kind"] == "ImageStream"


@pytest.mark.parametrize(
    ("path", "method", "kind"),
    [
        ("namespaces/{namespace}/imagestreams", "get", "ImageStreamList"),
        ("namespaces/{namespace}/imagestreams", "post", "ImageStream"),
        ("namespaces/{namespace}/imagestreams/{name}/layers", "get", "ImageStreamLayers"),
        ("namespaces/{namespace}/imagestreams/{name}/secrets", "get", "SecretList"),
        ("namespaces/{namespace}/imagestreammappings", "post", "Status"),
        ("namespaces/{namespace}/imagestreamtags/{name}", "delete", "Status"),
    ],
)
def test_answers_are_what_the_server_answers(v2: dict[str, Any], path: str, method: str, kind: str) -> None:
    answers = v2["paths"][f"{IMAGE}/{path}"][method]["responses"]

    kinds = {answer["schema"]["$ref"].rpartition(".")[2] for code, answer in answers.items() if code != "401"}
    assert kinds == {kind}


def test_a_request_for_a_project_is_answered_with_the_project_where_projects_are_served(v2: dict[str, Any]) -> None:
    created = v2["paths"]["/apis/project.openshift.io/v1/projectrequests"]["post"]["responses"]["201"]

    assert created["schema"]["$ref"].endswith(".project.v1.Project")


def test_only_what_can_be_watched_takes_a_watch(v2: dict[str, Any]) -> None:
    def queries(plural: str) -> set[str]:
        return {each["name"] for each in v2["paths"][f"{IMAGE}/{plural}"]["get"]["parameters"]}

    assert "watch" in queries("imagestreams")
    assert "watch" not in queries("imagestreamtags")


def test_bodies_stand_apart_in_version_3(v3: dict[str, dict[str, Any]]) -> None:
    for document in v3.values():
        for _, _, operation in operations(document):
            assert {each["in"] for each in operation.get("parameters", [])} <= {"query"}
            assert "schema" not in operation["responses"]["200"]
            assert operation["responses"]["200"]["content"]
