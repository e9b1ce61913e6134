"""A wrong login does not hide a public image, and the tag says whose login was refused."""

import base64
import json
from typing import Any
from urllib.parse import parse_qs

from imagestreams.api.codec import copy

ONE, TWO = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"


def wanted(source: str, to: str = "a") -> dict[str, Any]:
    return {"from": {"kind": "DockerImage", "name": source}, "to": {"name": to}, "importPolicy": {"insecure": True}}


def docker_config(host: str, **login: str) -> str:
    return base64.b64encode(json.dumps({"auths": {host: login}}).encode()).decode()


class PublicRegistry:
    """Gives tokens to everybody without a login, and to those whose login is in `good`."""

    pings = True

    def __init__(self, respond: Any, good_manifest: bytes) -> None:
        self._respond = respond
        self._manifest = good_manifest
        self.good: set[str] = set()
        self.config = b""

    async def __call__(self, asked: Any, writer: Any) -> None:
        if asked.path.startswith("/token"):
            login = asked.headers.get("authorization") or parse_qs(asked.body.decode()).get("refresh_token", [""])[0]
            good = not login or login in self.good
            writer.write(self._respond(200, b'{"token":"public"}') if good else self._respond(401))
        elif asked.headers.get("authorization") != "Bearer public":
            realm = f'Bearer realm="http://{asked.headers["host"]}/token",service="s"'
            writer.write(self._respond(401, b"", WWW_Authenticate=realm))
        elif "/blobs/" in asked.path:
            writer.write(self._respond(200, self.config))
        elif asked.path == "/v2/":
            writer.write(self._respond(200))
        else:
            writer.write(self._manifest)


async def started(lying_registry: Any, answer: PublicRegistry) -> Any:
    registry = await lying_registry(answer)
    answer.config = registry.config
    return registry


def condition(room: Any) -> dict[str, Any] | None:
    found: list[dict[str, Any]] = room.stream()["status"]["tags"][0].get("conditions") or []
    return found[0] if found else None


async def test_the_tag_of_a_public_image_names_the_secret_that_was_refused(
    import_room: Any, lying_registry: Any, respond: Any, good_manifest: bytes
) -> None:
    registry = await started(lying_registry, PublicRegistry(respond, good_manifest))
    await import_room.add_secret(docker_config(registry.host, username="u", password="wr0ng"), name="stale")

    answer = await import_room.run({"images": [wanted(f"{registry.host}/x:1")]}, now=ONE)

    assert answer["status"]["images"][0]["status"]["status"] == "Success"
    assert import_room.stream()["status"]["tags"][0]["items"][0]["image"] == registry.digest
    message = f'the login of secret "stale" was refused by {registry.host}, the image was imported without a login'
    assert condition(import_room) == {
        "type": "SecretAccepted",
        "status": "False",
        "lastTransitionTime": ONE,
        "reason": "Unauthorized",
        "message": message,
        "generation": 1,
    }
    assert "wr0ng" not in json.dumps(import_room.stream())


async def test_the_same_refusal_again_writes_nothing(
    import_room: Any, lying_registry: Any, respond: Any, good_manifest: bytes
) -> None:
    registry = await started(lying_registry, PublicRegistry(respond, good_manifest))
    await import_room.add_secret(docker_config(registry.host, username="u", password="p"))
    await import_room.run({"images": [wanted(f"{registry.host}/x:1")]}, now=ONE)
    first = import_room.stream()

    await import_room.run({"images": [wanted(f"{registry.host}/x:1")]}, now=TWO)

    assert import_room.stream() == first


async def test_a_login_that_is_good_again_takes_the_note_back(
    import_room: Any, lying_registry: Any, respond: Any, good_manifest: bytes
) -> None:
    answer = PublicRegistry(respond, good_manifest)
    registry = await started(lying_registry, answer)
    await import_room.add_secret(docker_config(registry.host, username="u", password="p"))
    await import_room.run({"images": [wanted(f"{registry.host}/x:1")]})
    noted = condition(import_room)

    answer.good.add("Basic " + base64.b64encode(b"u:p").decode())
    await import_room.run({"images": [wanted(f"{registry.host}/x:1")]})

    assert noted is not None
    assert condition(import_room) is None
    assert len(import_room.stream()["status"]["tags"][0]["items"]) == 1


async def test_a_second_candidate_that_fits_is_no_reason_to_complain(
    import_room: Any, lying_registry: Any, respond: Any, good_manifest: bytes
) -> None:
    answer = PublicRegistry(respond, good_manifest)
    registry = await started(lying_registry, answer)
    answer.good.add("Basic " + base64.b64encode(b"u:right").decode())
    await import_room.add_secret(docker_config(f"{registry.host}/x", username="u", password="wrong"), name="a")
    await import_room.add_secret(docker_config(registry.host, username="u", password="right"), name="b")

    await import_room.run({"images": [wanted(f"{registry.host}/x:1")]})

    assert condition(import_room) is None


async def test_all_refused_secrets_are_named(
    import_room: Any, lying_registry: Any, respond: Any, good_manifest: bytes
) -> None:
    registry = await started(lying_registry, PublicRegistry(respond, good_manifest))
    for name in ("one", "two"):
        await import_room.add_secret(docker_config(registry.host, username=name, password="p"), name=name)

    await import_room.run({"images": [wanted(f"{registry.host}/x:1")]})

    found = condition(import_room)
    assert found is not None
    assert found["message"].startswith('the logins of secrets "one", "two" were refused by ')


async def test_an_identity_token_is_exchanged_and_one_that_is_refused_is_noted(
    import_room: Any, lying_registry: Any, respond: Any, good_manifest: bytes
) -> None:
    answer = PublicRegistry(respond, good_manifest)
    registry = await started(lying_registry, answer)
    await import_room.add_secret(docker_config(registry.host, identitytoken="refresh-me"), name="token")
    await import_room.run({"images": [wanted(f"{registry.host}/x:1")]})
    refused = condition(import_room)

    answer.good.add("refresh-me")
    await import_room.run({"images": [wanted(f"{registry.host}/x:1")]})

    forms = [parse_qs(one.body.decode()) for one in registry.asked if one.method == "POST"]
    assert forms[-1]["grant_type"] == ["refresh_token"]
    assert refused is not None and '"token"' in refused["message"]
    assert condition(import_room) is None


async def test_a_registry_that_asks_for_no_login_never_refuses_one(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    docker_registry.image(repository_name, "1")
    await import_room.add_secret(docker_config(docker_registry.host, username="u", password="p"))

    await import_room.run({"images": [wanted(f"{docker_registry.host}/{repository_name}:1")]})

    assert condition(import_room) is None


async def test_a_failure_is_told_as_before(import_room: Any, secure_registry: Any, repository_name: str) -> None:
    secure_registry.image(repository_name, "1")
    await import_room.add_secret(secure_registry.docker_config(password="wrong"))

    await import_room.run({"images": [wanted(f"{secure_registry.host}/{repository_name}:1")]})

    found = condition(import_room)
    assert found is not None
    assert (found["type"], found["reason"]) == ("ImportSuccess", "Unauthorized")


async def test_the_tags_of_a_whole_repository_are_noted_too(
    import_room: Any, lying_registry: Any, respond: Any, good_manifest: bytes
) -> None:
    class Listing(PublicRegistry):
        async def __call__(self, asked: Any, writer: Any) -> None:
            if asked.path.endswith("/tags/list") and asked.headers.get("authorization") == "Bearer public":
                writer.write(respond(200, b'{"tags":["1"]}'))
            else:
                await super().__call__(asked, writer)

    registry = await started(lying_registry, Listing(respond, good_manifest))
    await import_room.add_secret(docker_config(registry.host, username="u", password="p"))
    source = {"kind": "DockerImage", "name": f"{registry.host}/x"}

    await import_room.run({"repository": {"from": source, "importPolicy": {"insecure": True}}})

    found = condition(import_room)
    assert found is not None and found["type"] == "SecretAccepted"


async def test_a_note_does_not_make_the_tag_due(
    import_room: Any, lying_registry: Any, respond: Any, good_manifest: bytes
) -> None:
    registry = await started(lying_registry, PublicRegistry(respond, good_manifest))
    await import_room.add_secret(docker_config(registry.host, username="u", password="p"))
    await import_room.run({"images": [wanted(f"{registry.host}/x:1")]})

    stream = copy(import_room.streams.get("ns", "s").value)

    assert stream.spec.tags[0].generation == stream.status.tags[0].items[0].generation
