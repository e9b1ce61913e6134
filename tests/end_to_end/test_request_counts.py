"""What an import costs a registry, counted in the registry's own access log."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.running_server import RunningServer

TAGS, IMAGES = 1000, 50


def counted(registry: Any, since: int) -> Counter[tuple[str, str]]:
    asked = [(method, path.split("/")[-2]) for method, path, _ in registry.requests(since) if path != "/v2/"]
    return Counter(asked)


def test_a_thousand_tags_of_fifty_images_cost_a_thousand_heads_and_each_image_once(
    server: RunningServer, namespace: str, start_registry: Callable[..., Any]
) -> None:
    registry = start_registry()
    pushed = [registry.image("many", seed=number) for number in range(IMAGES)]
    for number in range(TAGS):
        one = pushed[number % IMAGES]
        registry.send("PUT", f"/v2/many/manifests/t{number}", one.body, Content_Type=one.media_type)
    images = [
        {
            "from": {"kind": "DockerImage", "name": f"{registry.host}/many:t{number}"},
            "to": {"name": f"t{number}"},
            "importPolicy": {"insecure": True},
        }
        for number in range(TAGS)
    ]
    body = {"metadata": {"name": "s"}, "spec": {"import": True, "images": images}}
    path = f"/apis/image.openshift.io/v1/namespaces/{namespace}/imagestreamimports"

    marks, answers = [registry.mark()], []
    for _ in range(2):
        answers.append(server.request("POST", path, body))
        marks.append(registry.mark())

    for code, answer in answers:
        assert code == 201
        assert {one["status"]["status"] for one in answer["status"]["images"]} == {"Success"}
    heads = {("HEAD", "manifests"): TAGS}
    first = counted(registry, marks[0])
    first.subtract(counted(registry, marks[1]))
    assert +first == Counter({**heads, ("GET", "manifests"): IMAGES, ("GET", "blobs"): IMAGES})
    assert counted(registry, marks[1]) == Counter(heads)
    stream = server.request("GET", f"/apis/image.openshift.io/v1/namespaces/{namespace}/imagestreams/s")[1]
    named = {one["tag"]: one["items"][0]["image"] for one in stream["status"]["tags"]}
    assert named == {f"t{number}": pushed[number % IMAGES].digest for number in range(TAGS)}
