"""What the real server does with imports, fact by fact; numbers in brackets name the recorded step that showed it."""

from typing import Any

import pytest

from tests.contract.import_specs import image, images_of

CHECKED = "openshift.io/image.dockerRepositoryCheck"
MISSING = "sha256:" + "0" * 64

# What is written


def test_a_target_that_is_left_out_is_the_tag_that_is_written(project: Any, python: Any) -> None:
    project.imported("s", image(f"{python.repository}:3.6"))

    assert project.wish("s", "3.6")["from"]["name"] == f"{python.repository}:3.6"


@pytest.mark.parametrize("by", ["digest", "no tag"])
def test_without_a_target_an_image_is_only_shown(
    project: Any, python: Any, docker_registry: Any, repository_name: str, by: str
) -> None:
    docker_registry.image(repository_name, "latest", seed=3)
    source = f"{python.repository}@{python.old}" if by == "digest" else python.repository

    status = project.imported("s", image(source, includeManifest=True))

    [outcome] = status["images"]
    assert outcome["status"]["status"] == "Success"
    assert outcome["image"]["dockerImageManifest"] and outcome["image"]["dockerImageConfig"]
    assert "uid" not in outcome["image"]["metadata"]
    assert outcome.get("tag") == (None if by == "digest" else "latest")
    assert "tags" not in project.stream("s")["spec"]
    assert "tags" not in project.stream("s")["status"]


def test_a_trial_shows_the_image_and_writes_nothing(project: Any, python: Any) -> None:
    code, body = project.post_import(
        "s", {"import": False, "images": [image(f"{python.repository}:3.6", "a", includeManifest=True)]}
    )

    assert code == 201
    assert set(body["status"]) == {"images"}
    assert body["status"]["images"][0]["image"]["dockerImageManifest"]
    assert project.call("GET", "imagestreams/s")[0] == 404
    assert project.server.request("GET", f"/apis/image.openshift.io/v1/images/{python.old}")[0] == 404


def test_manifests_are_shown_only_when_asked_for_and_not_when_they_are_stored(project: Any, python: Any) -> None:
    asked = image(f"{python.repository}:3.6", "a", includeManifest=True)

    [stored] = project.imported("s", asked)["images"]
    _, plain = project.post_import("s", {"import": False, "images": [image(f"{python.repository}:3.7", "a")]})

    assert "dockerImageManifest" not in stored["image"] and "dockerImageConfig" not in stored["image"]
    assert "dockerImageManifest" not in plain["status"]["images"][0]["image"]


def test_two_entries_with_one_target_both_go_into_its_history(project: Any, python: Any) -> None:
    entries = image(f"{python.repository}:3.6", "a"), image(f"{python.repository}:3.7", "a")

    project.imported("s", *entries)

    assert images_of(project.history("s", "a")) == [python.new, python.old]
    assert project.wish("s", "a")["from"]["name"] == f"{python.repository}:3.7"


@pytest.mark.parametrize("name", ["bad/tag", "a b", "x" * 200])
def test_the_name_of_the_target_is_free(project: Any, python: Any, name: str) -> None:
    project.imported("s", image(f"{python.repository}:3.6", name))  # 034[19]

    assert images_of(project.history("s", name)) == [python.old]


def test_labels_annotations_and_the_uid_of_an_import_are_its_own(project: Any, python: Any) -> None:
    project.imported("s", image(f"{python.repository}:3.6", "a"), labels={"l": "1"}, annotations={"n": "1"})  # 034[43]
    project.imported("s", image(f"{python.repository}:3.7", "a"), uid="another")

    metadata = project.stream("s")["metadata"]
    assert "labels" not in metadata
    assert set(metadata["annotations"]) == {CHECKED}


def test_a_dry_run_writes_neither_stream_nor_image(project: Any, docker_registry: Any, repository_name: str) -> None:
    # The real server writes both (034[30], [31]), which cannot be what somebody wants who asks for a dry run.
    pushed = docker_registry.image(repository_name, "1", seed=77)
    code, body = project.post_import(
        "s", {"images": [image(f"{docker_registry.host}/{repository_name}:1", "a")]}, "?dryRun=All"
    )

    assert code == 201
    assert body["status"]["import"]["status"]["tags"][0]["items"][0]["image"] == pushed.digest
    assert project.call("GET", "imagestreams/s")[0] == 404
    assert project.server.request("GET", f"/apis/image.openshift.io/v1/images/{pushed.digest}")[0] == 404


# Generations and imports that change nothing


def test_an_import_that_changes_nothing_writes_nothing(project: Any, python: Any) -> None:
    project.imported("s", image(f"{python.repository}:3.6", "a"))
    before = project.stream("s")

    status = project.imported("s", image(f"{python.repository}:3.6", "a"))

    assert project.stream("s") == before  # 030[4] and [6]: not even the time of the check
    assert status["import"]["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]


def test_the_same_failure_again_writes_nothing(project: Any, python: Any) -> None:
    project.imported("s", image(f"{python.repository}:nope", "a"))
    before = project.stream("s")

    project.imported("s", image(f"{python.repository}:nope", "a"))

    assert project.stream("s") == before  # lastTransitionTime stays, too


def test_a_new_import_policy_is_noted_and_is_no_reason_to_import_again(project: Any, python: Any) -> None:
    project.imported("s", image(f"{python.repository}:3.6", "a"))

    project.imported("s", image(f"{python.repository}:3.6", "a", policy={"scheduled": True}))

    assert project.stream("s")["metadata"]["generation"] == 2
    assert project.wish("s", "a")["generation"] == 1
    assert project.wish("s", "a")["importPolicy"] == {"insecure": True, "scheduled": True, "importMode": "Legacy"}
    assert project.history("s", "a")[0]["generation"] == 1


def test_an_import_does_not_change_a_reference_policy_that_is_there(project: Any, python: Any) -> None:
    project.imported("s", image(f"{python.repository}:3.6", "a", referencePolicy={"type": "Local"}))

    project.imported("s", image(f"{python.repository}:3.7", "a", referencePolicy={"type": "Source"}))

    assert project.wish("s", "a")["referencePolicy"] == {"type": "Local"}


def test_another_mode_for_a_single_image_changes_only_the_wish(project: Any, python: Any) -> None:
    project.imported("s", image(f"{python.repository}:3.6", "a"))

    project.imported("s", image(f"{python.repository}:3.6", "a", policy={"importMode": "PreserveOriginal"}))

    stream = project.settled("s", lambda one: one["metadata"]["generation"] == 3)
    assert stream["spec"]["tags"][0]["importPolicy"]["importMode"] == "PreserveOriginal"
    # The controller answers the changed wish, and finds the image that is there.
    assert images_of(project.history("s", "a")) == [python.old]
    assert project.history("s", "a")[0]["generation"] == stream["spec"]["tags"][0]["generation"] == 3


def test_changing_modes_of_a_list_goes_back_and_forth_in_the_history(project: Any, busybox: Any) -> None:
    source, one, kept = f"{busybox.repository}:latest", busybox.index.children[0].digest, busybox.index.digest

    for mode in ("Legacy", "PreserveOriginal", "Legacy"):
        project.imported("s", image(source, "a", policy={"importMode": mode}))

    history = project.history("s", "a")
    assert images_of(history) == [one, kept, one]
    assert [event["generation"] for event in history] == [3, 2, 1]
    assert history[0]["dockerImageReference"] == f"{busybox.repository}@{one}"


# Failures


def test_a_failure_keeps_the_history_and_a_success_clears_it_up(project: Any, python: Any) -> None:
    project.imported("s", image(f"{python.repository}:3.6", "a"))

    project.imported("s", image(f"{python.repository}:nope", "a"))

    assert images_of(project.history("s", "a")) == [python.old]
    assert project.wish("s", "a")["from"]["name"] == f"{python.repository}:3.6"
    [condition] = project.conditions("s", "a")
    assert (condition["type"], condition["status"], condition["reason"]) == ("ImportSuccess", "False", "NotFound")
    assert condition["generation"] == project.wish("s", "a")["generation"] == 2

    project.imported("s", image(f"{python.repository}:3.7", "a"))

    assert images_of(project.history("s", "a")) == [python.new, python.old]
    assert project.conditions("s", "a") == []


def test_of_two_outcomes_for_one_target_the_last_decides_about_its_condition(project: Any, python: Any) -> None:
    good, bad = image(f"{python.repository}:3.6", "a"), image(f"{python.repository}:nope", "a")

    project.imported("failed-last", good, bad)
    project.imported("good-last", bad, good)

    assert len(project.conditions("failed-last", "a")) == 1
    assert project.conditions("good-last", "a") == []
    assert (
        images_of(project.history("failed-last", "a")) == images_of(project.history("good-last", "a")) == [python.old]
    )


@pytest.mark.parametrize("source", [":nope", f"@{MISSING}"])
def test_what_is_not_there_is_not_found(project: Any, python: Any, source: str) -> None:
    name = python.repository + source
    [outcome] = project.imported("s", image(name, "a"))["images"]

    assert outcome["status"] == {
        "metadata": {},
        "status": "Failure",
        "message": f'dockerimage.image.openshift.io "{name}" not found',
        "reason": "NotFound",
        "details": {"name": name, "group": "image.openshift.io", "kind": "dockerimage"},
        "code": 404,
    }
    assert project.stream("s")["status"]["tags"][0]["items"] is None
    assert project.call("GET", "imagestreamtags/s:a")[0] == 404


def test_the_first_image_of_a_repository_decides_whether_it_is_asked_without_tls(project: Any, python: Any) -> None:
    plain, strict = image(f"{python.repository}:3.6", "a"), image(f"{python.repository}:3.7", "b", insecure=False)

    plain_first = project.imported("plain-first", plain, strict)["images"]  # 034[3]
    strict_first = project.imported("strict-first", strict, plain)["images"]  # 052[2]

    assert [one["status"]["status"] for one in plain_first] == ["Success", "Success"]
    assert [one["status"]["reason"] for one in strict_first] == ["InternalError", "InternalError"]
    host = python.repository.partition("/")[0]
    refused = f'Get "https://{host}/v2/": http: server gave HTTP response to HTTPS client'
    told = f"{python.repository}:3.7: {refused}"
    assert strict_first[0]["status"]["message"] == f"Internal error occurred: {told}"
    assert strict_first[0]["status"]["details"] == {"causes": [{"message": told}]}


def test_nobody_there_is_an_internal_error(project: Any) -> None:
    unknown, closed = project.imported("s", image("nohost.invalid/x:1", "a"), image("127.0.0.1:1/x:1", "b"))["images"]

    assert unknown["status"]["reason"] == closed["status"]["reason"] == "InternalError"
    assert "dial tcp: lookup nohost.invalid: no such host" in unknown["status"]["message"]
    assert closed["status"]["message"].endswith("dial tcp 127.0.0.1:1: connect: connection refused")


# Logins


@pytest.fixture
def closed(secure_registry: Any, repository_name: str) -> str:
    """A repository that wants a login."""
    secure_registry.image(repository_name, "1", seed=5)
    return f"{secure_registry.host}/{repository_name}"


def test_any_docker_secret_of_the_namespace_is_tried(project: Any, secure_registry: Any, closed: str) -> None:
    project.add_login(secure_registry.docker_config("puller", "wrong"), "a-wrong-one")
    project.add_login(secure_registry.docker_config(), "the-right-one")

    assert project.imported("s", image(f"{closed}:1", "a"))["images"][0]["status"]["status"] == "Success"


@pytest.mark.parametrize("login", ["none", "wrong"])
def test_without_the_right_login_an_image_is_unauthorized(
    project: Any, secure_registry: Any, closed: str, login: str
) -> None:
    if login == "wrong":
        project.add_login(secure_registry.docker_config("puller", "wrong"))

    [outcome] = project.imported("s", image(f"{closed}:1", "a"))["images"]

    message = f'you may not have access to the container image "{closed}:1"'
    assert outcome["status"] == {
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": "Unauthorized",
        "code": 401,
    }
    [condition] = project.conditions("s", "a")
    assert (condition["reason"], condition["message"]) == ("Unauthorized", message)


def test_a_list_of_tags_tells_a_wrong_login_from_none(project: Any, secure_registry: Any, closed: str) -> None:
    without = project.imported_repository("s", image(closed))["repository"]["status"]
    project.add_login(secure_registry.docker_config("puller", "wrong"))
    wrong = project.imported_repository("s", image(closed))["repository"]["status"]

    path = closed.partition("/")[2]
    asked = f'Get "https://{secure_registry.host}/v2/{path}/tags/list": no basic auth credentials'
    assert (without["reason"], without["message"]) == ("InternalError", f"Internal error occurred: {asked}")
    assert (wrong["reason"], wrong["message"]) == (
        "Unauthorized",
        f'you may not have access to the container image "{closed}"',
    )


def test_a_wrong_login_does_not_hide_an_open_registry(project: Any, docker_registry: Any, python: Any) -> None:
    project.add_login(docker_registry.docker_config("nobody", "nothing"))

    outcome = project.imported("s", image(f"{python.repository}:3.6", "a"))["images"][0]  # 035[19]

    assert outcome["status"]["status"] == "Success"


# Repositories


def test_the_tags_of_a_repository_come_in_the_order_of_their_importance(
    project: Any, docker_registry: Any, repository_name: str
) -> None:
    for seed, tag in enumerate(["3.5", "3.6", "3.6.0", "3.10.1", "3.7", "latest", "b", "a", "v3.8"]):
        docker_registry.image(repository_name, tag, seed=seed)

    status = project.imported_repository("s", image(f"{docker_registry.host}/{repository_name}"))

    assert [one["tag"] for one in status["repository"]["images"]] == [
        *("latest", "v3.8", "3.7", "3.6", "3.5", "3.10.1", "3.6.0", "a", "b")
    ]
    assert [tag["name"] for tag in project.stream("s")["spec"]["tags"]] == sorted(
        ["3.5", "3.6", "3.6.0", "3.10.1", "3.7", "latest", "b", "a", "v3.8"]
    )


def test_a_repository_imported_again_writes_nothing(project: Any, python: Any) -> None:
    project.imported_repository("s", image(python.repository))
    before = project.stream("s")

    project.imported_repository("s", image(python.repository))

    assert project.stream("s") == before


def test_a_trial_of_a_repository_shows_bytes_where_they_are_asked_for(project: Any, busybox: Any) -> None:
    def shown(mode: str, *, include: bool) -> Any:
        repository = image(busybox.repository, policy={"importMode": mode}, includeManifest=include)
        [outcome] = project.imported_repository("s", repository, **{"import": False})["repository"]["images"]
        return outcome

    assert "dockerImageManifest" in shown("Legacy", include=True)["image"]
    assert "dockerImageManifest" not in shown("Legacy", include=False)["image"]
    # The parts of a list are always shown in full, the list never.
    for include in (True, False):
        kept = shown("PreserveOriginal", include=include)
        assert "dockerImageManifest" not in kept["image"]
        assert all("dockerImageManifest" in one for one in kept["manifests"])


def test_a_repository_that_is_not_there_makes_a_stream_without_tags(project: Any, docker_registry: Any) -> None:
    source = f"{docker_registry.host}/no/such/repository"

    status = project.imported_repository("s", image(source))

    assert status["repository"]["status"]["message"] == f'dockerimage.image.openshift.io "{source}" not found'
    assert "images" not in status["repository"]
    assert CHECKED in project.stream("s")["metadata"]["annotations"]
    assert "tags" not in project.stream("s")["spec"]


# What is refused


@pytest.mark.parametrize(
    ("spec", "cause"),
    [
        ({}, "spec.images: Invalid value: null: you must specify at least one image or a repository import"),
        (
            {"images": [{"from": {"kind": "ImageStreamTag", "name": "a:b"}}]},
            'spec.images[0].from.kind: Invalid value: "ImageStreamTag": only DockerImage is supported',
        ),
        ({"images": [image("x:1", "")]}, 'to.name: Invalid value: "": the name of the target tag must be specified'),
        ({"images": [image("Bad Ref!!", "a")]}, 'from.name: Invalid value: "Bad Ref!!": invalid reference format'),
        ({"images": [image("", "a")]}, "spec.images[0].from.name: Required value"),
        (
            {"images": [image("x:1", "a", policy={"importMode": "Both"})]},
            "\"Both\": invalid import mode, valid modes are '', 'Legacy', 'PreserveOriginal'",
        ),
        ({"repository": image("x:1")}, "you must specify an image repository, not a tag or ID"),
        ({"repository": image("")}, "from.name: Required value: container image references require a name"),
    ],
)
def test_a_request_that_makes_no_sense_is_invalid(project: Any, spec: dict[str, Any], cause: str) -> None:
    code, body = project.post_import("s", spec)

    assert (code, body["reason"], body["details"]["kind"]) == (422, "Invalid", "ImageStreamImport")
    assert cause in body["message"]
    assert project.call("GET", "imagestreams/s")[0] == 404


def test_a_stream_that_would_not_be_valid_is_not_written(project: Any, python: Any) -> None:
    code, body = project.post_import(
        "s", {"images": [image(f"{python.repository}:3.6", "a", referencePolicy={"type": "Nearest"})]}
    )

    assert (code, body["details"]["kind"]) == (422, "ImageStream")
    assert 'spec.tags[a].referencePolicy.type: Invalid value: "Nearest"' in body["message"]
    assert project.call("GET", "imagestreams/s")[0] == 404


def test_a_stream_that_was_changed_meanwhile_is_a_conflict(project: Any, python: Any) -> None:
    project.imported("s", image(f"{python.repository}:3.6", "a"))
    old = project.stream("s")["metadata"]["resourceVersion"]
    project.imported("s", image(f"{python.repository}:3.7", "a"))
    new = project.stream("s")["metadata"]["resourceVersion"]
    again = {"images": [image(f"{python.repository}:3.6", "a")]}

    code, body = project.post_import("s", again, resourceVersion=old)

    assert (code, body["reason"]) == (409, "Conflict")
    assert body["message"] == (
        f'Operation cannot be fulfilled on imagestream.image.openshift.io "s": '
        f'the image stream was updated from "{old}" to "{new}"'
    )
    assert project.post_import("s", again, resourceVersion=new)[0] == 201
    assert project.post_import("none", again, resourceVersion=new)[0] == 404


def test_imports_are_only_made_and_have_no_table(project: Any, python: Any) -> None:
    as_table = "application/json;as=Table;v=v1;g=meta.k8s.io"
    body = {"metadata": {"name": "s"}, "spec": {"import": True, "images": [image(f"{python.repository}:3.6", "a")]}}

    assert project.call("GET", "imagestreamimports")[0] == 405
    assert project.call("GET", "imagestreamimports/s")[0] == 404
    assert project.call("POST", "imagestreamimports", body, Accept=as_table)[0] == 406
    assert project.call("GET", "imagestreams/s")[0] == 404
