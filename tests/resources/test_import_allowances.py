"""Who may import from which registry, at a real registry: users from allowed ones, the server what streams have."""

from typing import Any

import pytest

from imagestreams.access.authorization import Attributes
from imagestreams.api.config import RegistryLocation
from imagestreams.api.errors import ApiError
from imagestreams.controllers.imports.due import due_import
from imagestreams.importing.importer import Importer
from imagestreams.resources.images.image_rules import ImageRules
from imagestreams.resources.images.imagestreamimports import ImageStreamImports
from imagestreams.streams.allowed_registries import AllowedRegistries

NOW = "2026-01-01T00:00:00Z"
OWN = "our.registry:5000"
QUAY_ONLY = AllowedRegistries.listed([RegistryLocation("quay.io")], OWN)


class Grants:
    """Allows `create` of what is granted."""

    def __init__(self, *resources: str) -> None:
        self.resources = resources

    async def allows(self, attributes: Attributes) -> bool:
        return attributes.verb == "create" and not attributes.namespace and attributes.resource in self.resources


def limit(room: Any, *granted: str) -> None:
    rooms = room.streams, room.images, room.secrets
    rules = ImageRules(lambda: QUAY_ONLY)
    room.imports = ImageStreamImports(
        Importer(room.client), *rooms, lambda namespace: None, authorizer=Grants(*granted), rules=rules
    )


def image(source: str, tag: str, **policy: Any) -> dict[str, Any]:
    return {"from": {"kind": "DockerImage", "name": source}, "to": {"name": tag}, "importPolicy": policy}


async def refusal(room: Any, spec: dict[str, Any]) -> ApiError:
    with pytest.raises(ApiError) as refused:
        await room.run(spec)
    return refused.value


async def test_an_import_from_elsewhere_is_refused_before_anybody_is_asked(
    import_room: Any, docker_registry: Any
) -> None:
    limit(import_room)
    host, mark = docker_registry.host, docker_registry.mark()
    repository = {"from": {"kind": "DockerImage", "name": f"{host}/x"}, "importPolicy": {"insecure": True}}
    images = [image("python:3.12", "a"), image("docker.io/library/python", "b"), image("quay.io/x", "c")]

    error = await refusal(import_room, {"images": images, "repository": repository})

    listed = f'not allowed by whitelist: "{OWN}", "quay.io:443"'
    hub, hub_v2 = "docker.io:443", "registry-1.docker.io:443"
    assert (error.status.code, error.status.reason) == (422, "Invalid")
    assert error.status.message == (
        'ImageStreamImport.image.openshift.io "s" is invalid: ['
        f'spec.repository.from.name: Forbidden: importing images from registry "{host}" is forbidden: '
        f'registry "{host}" {listed}, '
        f'spec.images[0].from.name: Forbidden: importing images from registry "{hub}" is forbidden: '
        f'registry "{hub}" {listed}, '
        f'spec.images[1].from.name: Forbidden: importing images from registry "{hub_v2}" is forbidden: '
        f'registry "{hub_v2}" {listed}]'
    )
    assert docker_registry.requests(mark) == []


@pytest.mark.parametrize("granted", ["images", "imagestreammapping"])
async def test_who_may_make_images_may_import_into_streams_that_have_the_repository(
    import_room: Any, docker_registry: Any, repository_name: str, granted: str
) -> None:
    docker_registry.image(repository_name, "1")
    docker_registry.image(repository_name, "2")
    source = f"{docker_registry.host}/{repository_name}"
    await import_room.run({"images": [image(f"{source}:1", "a", insecure=True)]})
    limit(import_room, granted)

    known = await import_room.run({"images": [image(f"{source}:2", "b", insecure=True)]})
    with pytest.raises(ApiError) as refused:
        await import_room.run({"images": [image(f"{source}:2", "b", insecure=True)]}, name="new")

    assert known["status"]["images"][0]["status"]["status"] == "Success"
    assert refused.value.status.message.startswith('ImageStream.image.openshift.io "new" is invalid: [')
    assert "spec.tags[b].from.name: Forbidden: registry" in refused.value.status.message
    assert "status.tags[b].items[0].dockerImageReference: Forbidden: registry" in refused.value.status.message
    assert import_room.streams.find("ns", "new") is None


async def test_what_a_stream_wants_is_imported_whatever_the_list_says_now(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    pushed = docker_registry.image(repository_name, "1")
    wish = {"name": "a", **image(f"{docker_registry.host}/{repository_name}:1", "a", insecure=True)}
    del wish["to"]
    await import_room.add_stream({"tags": [wish]})
    limit(import_room)

    request = due_import(import_room.streams.get("ns", "s").value)
    assert request is not None
    await import_room.imports.perform(request, NOW, strict=True)

    [history] = import_room.stream()["status"]["tags"]
    assert [item["image"] for item in history["items"]] == [pushed.digest]
