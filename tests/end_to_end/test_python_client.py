"""The Python client of Kubernetes works unchanged."""

from collections.abc import Iterator

import pytest
from kubernetes import client, config, watch
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic import DynamicClient

from tests.running_server import RunningServer


@pytest.fixture
def api(server: RunningServer) -> Iterator[client.ApiClient]:
    with config.new_client_from_config(str(server.kubeconfig)) as made:
        yield made


def test_streams_are_made_listed_patched_and_watched_by_the_dynamic_client(
    api: client.ApiClient, namespace: str
) -> None:
    streams = DynamicClient(api).resources.get(api_version="image.openshift.io/v1", kind="ImageStream")
    body = {"apiVersion": "image.openshift.io/v1", "kind": "ImageStream", "metadata": {"name": "a"}}

    made = streams.create(body=body, namespace=namespace)
    streams.patch(
        body={"metadata": {"labels": {"x": "y"}}},
        name="a",
        namespace=namespace,
        content_type="application/merge-patch+json",
    )

    assert made.metadata.generation == 1
    assert [one.metadata.name for one in streams.get(namespace=namespace, label_selector="x=y").items] == ["a"]
    events = streams.watch(namespace=namespace, resource_version=made.metadata.resourceVersion, timeout=10)
    assert next(iter(events))["type"] == "MODIFIED"


def test_typed_clients_of_the_core_group_work(api: client.ApiClient, namespace: str) -> None:
    core = client.CoreV1Api(api)

    core.create_namespaced_secret(namespace, client.V1Secret(metadata={"name": "s"}, string_data={"k": "v"}))
    core.create_namespaced_config_map(namespace, client.V1ConfigMap(metadata={"name": "c"}, data={"k": "v"}))

    assert core.read_namespaced_secret("s", namespace).data == {"k": "dg=="}
    assert namespace in [one.metadata.name for one in core.list_namespace().items]
    with pytest.raises(ApiException) as failure:
        core.read_namespaced_secret("none", namespace)
    assert failure.value.status == 404


def test_a_watch_begins_with_what_is_there(api: client.ApiClient, namespace: str) -> None:
    core = client.CoreV1Api(api)
    core.create_namespaced_config_map(namespace, client.V1ConfigMap(metadata={"name": "c"}, data={}))
    events = watch.Watch().stream(core.list_namespaced_config_map, namespace, timeout_seconds=5)

    first = next(iter(events))

    assert (first["type"], first["object"].metadata.name) == ("ADDED", "c")
