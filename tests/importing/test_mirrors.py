"""Imports through mirrors: the access logs of real registries tell who was asked, and in which order."""

from typing import Any

from imagestreams.registries.policy import Mirror, MirrorRule, Pulls, RegistryPolicy


def wanted(source: str, to: str = "a", mode: str = "Legacy", insecure: bool = True) -> dict[str, Any]:
    policy = {"insecure": insecure, "importMode": mode}
    return {"from": {"kind": "DockerImage", "name": source}, "to": {"name": to}, "importPolicy": policy}


def rule(source: str, *mirrors: Any, pulls: Pulls = Pulls.ALL, contacts_source: bool = True) -> MirrorRule:
    return MirrorRule(source, tuple(Mirror(f"{one.host}/copy") for one in mirrors), pulls, contacts_source)


def asked(registry: Any, since: int) -> list[tuple[str, str, int]]:
    return [
        (method, path.split("/")[-2], status) for method, path, status in registry.requests(since) if path != "/v2/"
    ]


def fetched(registry: Any, since: int) -> set[tuple[str, str, int]]:
    return {one for one in asked(registry, since) if one[0] == "GET"}


def condition(room: Any) -> dict[str, Any]:
    found: dict[str, Any] = room.stream()["status"]["tags"][0]["conditions"][0]
    return found


async def test_the_first_mirror_that_has_the_image_gives_it_under_the_name_asked_for(
    import_room: Any, docker_registry: Any, start_registry: Any
) -> None:
    empty, full, never_asked = start_registry(), start_registry(), start_registry()
    pushed = full.image("copy/app", "1", seed=1)
    never_asked.image("copy/app", "1", seed=2)
    import_room.policy = RegistryPolicy(mirrors=(rule("quay.invalid/org", empty, full, never_asked),))
    marks = [one.mark() for one in (empty, full, never_asked)]

    answer = await import_room.run({"images": [wanted("quay.invalid/org/app:1")]})

    image = answer["status"]["images"][0]["image"]
    assert image["metadata"]["name"] == pushed.digest
    assert image["dockerImageReference"] == f"quay.invalid/org/app@{pushed.digest}"
    event = import_room.stream()["status"]["tags"][0]["items"][0]
    assert event["dockerImageReference"] == f"quay.invalid/org/app@{pushed.digest}"
    assert fetched(empty, marks[0]) <= {("GET", "manifests", 404)}
    assert {status for _, _, status in asked(empty, marks[0])} == {404}
    assert fetched(full, marks[1]) == {("GET", "manifests", 200), ("GET", "blobs", 200)}
    assert asked(never_asked, marks[2]) == []


async def test_the_source_is_asked_after_its_mirrors(
    import_room: Any, docker_registry: Any, start_registry: Any, repository_name: str
) -> None:
    mirror = start_registry()
    pushed = docker_registry.image(repository_name, "1")
    import_room.policy = RegistryPolicy(mirrors=(rule(docker_registry.host, mirror),))
    mark, mirror_mark = docker_registry.mark(), mirror.mark()

    await import_room.run({"images": [wanted(f"{docker_registry.host}/{repository_name}:1")]})

    assert import_room.stream()["status"]["tags"][0]["items"][0]["image"] == pushed.digest
    assert {(kind, status) for _, kind, status in asked(mirror, mirror_mark)} == {("manifests", 404)}
    assert ("GET", "manifests", 200) in asked(docker_registry, mark)


async def test_a_source_that_is_never_contacted_gets_no_request_and_the_mirror_tells_why(
    import_room: Any, docker_registry: Any, start_registry: Any, repository_name: str
) -> None:
    mirror = start_registry()
    docker_registry.image(repository_name, "1")
    only = rule(docker_registry.host, mirror, contacts_source=False)
    import_room.policy = RegistryPolicy(mirrors=(only,))
    mark = docker_registry.mark()

    await import_room.run({"images": [wanted(f"{docker_registry.host}/{repository_name}:1")]})

    assert docker_registry.requests(mark) == []
    assert condition(import_room)["reason"] == "NotFound"
    assert f'dockerimage.image.openshift.io "{mirror.host}/copy/' in condition(import_room)["message"]


async def test_when_all_places_fail_each_is_named_with_its_reason(
    import_room: Any, docker_registry: Any, start_registry: Any, repository_name: str
) -> None:
    mirror = start_registry()
    import_room.policy = RegistryPolicy(mirrors=(rule(docker_registry.host, mirror),))

    await import_room.run({"images": [wanted(f"{docker_registry.host}/{repository_name}:1")]})

    assert condition(import_room)["reason"] == "InternalError"
    assert condition(import_room)["message"] == (
        "Internal error occurred: "
        f'[dockerimage.image.openshift.io "{mirror.host}/copy/{repository_name}:1" not found, '
        f'dockerimage.image.openshift.io "{docker_registry.host}/{repository_name}:1" not found]'
    )


async def test_a_list_from_a_tag_mirror_has_its_images_fetched_there(
    import_room: Any, docker_registry: Any, start_registry: Any
) -> None:
    mirror = start_registry()
    pushed = mirror.index("copy/app", "1")
    only = rule("quay.invalid/org", mirror, pulls=Pulls.BY_TAG, contacts_source=False)
    import_room.policy = RegistryPolicy(mirrors=(only,))

    answer = await import_room.run({"images": [wanted("quay.invalid/org/app:1", mode="PreserveOriginal")]})

    manifests = answer["status"]["images"][0]["manifests"]
    assert [one["metadata"]["name"] for one in manifests] == [child.digest for child in pushed.children]
    assert all(one["dockerImageReference"].startswith("quay.invalid/org/app@") for one in manifests)


async def test_digest_mirrors_are_not_asked_for_tags(import_room: Any, start_registry: Any) -> None:
    source, mirror = start_registry(), start_registry()
    same: dict[str, Any] = {"config": {"config": {}}}
    pushed = source.image("app", "1", **same)
    mirror.image("copy/app", "1", **same)
    import_room.policy = RegistryPolicy(mirrors=(rule(source.host, mirror, pulls=Pulls.BY_DIGEST),))
    mark = mirror.mark()

    await import_room.run({"images": [wanted(f"{source.host}/app:1", "by-tag")]})
    by_tag = asked(mirror, mark)
    await import_room.run({"images": [wanted(f"{source.host}/app@{pushed.digest}", "by-digest")]})

    assert by_tag == []
    assert asked(mirror, mark) == [("HEAD", "manifests", 200)]


async def test_an_unchanged_tag_of_a_mirror_costs_one_head_at_each_that_lacks_it(
    import_room: Any, start_registry: Any
) -> None:
    empty, full = start_registry(), start_registry()
    full.image("copy/app", "1")
    import_room.policy = RegistryPolicy(mirrors=(rule("quay.invalid/org", empty, full),))
    await import_room.run({"images": [wanted("quay.invalid/org/app:1")]})
    version = import_room.stream()["metadata"]["resourceVersion"]
    marks = empty.mark(), full.mark()

    await import_room.run({"images": [wanted("quay.invalid/org/app:1")]})

    assert asked(empty, marks[0]) == [("HEAD", "manifests", 404)]
    assert asked(full, marks[1]) == [("HEAD", "manifests", 200)]
    assert import_room.stream()["metadata"]["resourceVersion"] == version


async def test_a_dead_mirror_is_tried_once_for_all_images_of_an_import(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    for tag in "123":
        docker_registry.image(repository_name, tag, seed=int(tag))
    dead = (Mirror("mirror.invalid/copy"),)
    import_room.policy = RegistryPolicy(mirrors=(MirrorRule(docker_registry.host, dead),))
    source = f"{docker_registry.host}/{repository_name}"

    await import_room.run({"images": [wanted(f"{source}:{tag}", tag) for tag in "123"]})

    assert [len(tag["items"]) for tag in import_room.stream()["status"]["tags"]] == [1, 1, 1]


async def test_the_tags_of_a_repository_are_listed_at_its_mirror(import_room: Any, start_registry: Any) -> None:
    mirror = start_registry()
    for tag in ("1.0", "2.0"):
        mirror.image("copy/app", tag)
    import_room.policy = RegistryPolicy(mirrors=(rule("quay.invalid/org", mirror),))
    source = {"from": {"kind": "DockerImage", "name": "quay.invalid/org/app"}, "importPolicy": {"insecure": True}}

    answer = await import_room.run({"repository": source})

    assert sorted(one["tag"] for one in answer["status"]["repository"]["images"]) == ["1.0", "2.0"]


async def test_a_mirror_gets_the_login_that_is_meant_for_it(import_room: Any, secure_registry: Any) -> None:
    pushed = secure_registry.image("copy/app", "1")
    await import_room.add_secret(secure_registry.docker_config())
    import_room.policy = RegistryPolicy(mirrors=(rule("quay.invalid/org", secure_registry),))

    await import_room.run({"images": [wanted("quay.invalid/org/app:1", insecure=False)]})

    assert import_room.stream()["status"]["tags"][0]["items"][0]["image"] == pushed.digest


async def test_a_blocked_registry_is_refused_and_not_asked(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    docker_registry.image(repository_name, "1")
    import_room.policy = RegistryPolicy(blocked=(docker_registry.host,))
    mark = docker_registry.mark()

    answer = await import_room.run({"images": [wanted(f"{docker_registry.host}/{repository_name}:1")]})

    status = answer["status"]["images"][0]["status"]
    assert status == {
        "metadata": {},
        "status": "Failure",
        "message": f"forbidden: registry {docker_registry.host} blocked",
        "reason": "Forbidden",
        "details": {},
        "code": 403,
    }
    assert condition(import_room)["message"] == f"forbidden: registry {docker_registry.host} blocked"
    assert condition(import_room)["reason"] == "Forbidden"
    assert docker_registry.requests(mark) == []


async def test_a_registry_that_is_blocked_later_keeps_the_history(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    docker_registry.image(repository_name, "1")
    source = f"{docker_registry.host}/{repository_name}:1"
    await import_room.run({"images": [wanted(source)]})

    import_room.policy = RegistryPolicy(blocked=(docker_registry.host,))
    await import_room.run({"images": [wanted(source)]})

    assert len(import_room.stream()["status"]["tags"][0]["items"]) == 1
    assert condition(import_room)["reason"] == "Forbidden"


async def test_a_blocked_repository_import_is_refused(import_room: Any, docker_registry: Any) -> None:
    import_room.policy = RegistryPolicy(blocked=(docker_registry.host,))
    source = {"from": {"kind": "DockerImage", "name": f"{docker_registry.host}/any/thing"}}

    answer = await import_room.run({"repository": source})

    assert answer["status"]["repository"]["status"]["message"] == f"forbidden: registry {docker_registry.host} blocked"


async def test_an_insecure_registry_needs_no_word_from_the_import(
    import_room: Any, docker_registry: Any, repository_name: str
) -> None:
    pushed = docker_registry.image(repository_name, "1")
    source = f"{docker_registry.host}/{repository_name}:1"
    await import_room.run({"images": [wanted(source, insecure=False)]})
    refused = condition(import_room)["message"]

    import_room.policy = RegistryPolicy(insecure=(docker_registry.host,))
    await import_room.run({"images": [wanted(source, insecure=False)]})

    assert "server gave HTTP response to HTTPS client" in refused
    assert import_room.stream()["status"]["tags"][0]["items"][0]["image"] == pushed.digest
