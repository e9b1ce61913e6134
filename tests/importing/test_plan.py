"""How a request is grouped before anybody is asked."""

from typing import Any

from imagestreams.api.codec import from_dict
from imagestreams.api.image import ImageImportSpec, ImageStream
from imagestreams.importing.plan import plan_images, plan_tags
from imagestreams.reference import parse
from imagestreams.streams.platform import Platform

SERVER = Platform("linux", "arm64")
DIGEST = "sha256:" + "a" * 64


def entry(source: str, to: str | None = None, **more: Any) -> ImageImportSpec:
    target = {} if to is None else {"to": {"name": to}}
    policy = {"importMode": "Legacy", **more.pop("policy", {})}
    return from_dict(
        {"from": {"kind": "DockerImage", "name": source}, "importPolicy": policy, **target, **more}, ImageImportSpec
    )


def stream(tag: str, pull_spec: str, annotations: dict[str, str] | None = None) -> ImageStream:
    image = pull_spec.partition("@")[2]
    return from_dict(
        {
            "spec": {"tags": [{"name": tag, "annotations": annotations}]},
            "status": {"tags": [{"tag": tag, "items": [{"image": image, "dockerImageReference": pull_spec}]}]},
        },
        ImageStream,
    )


def test_a_repository_is_asked_once_however_it_is_written() -> None:
    sources = ["python:3", "docker.io/library/python:3", "index.docker.io/library/python", "quay.io/a/python:3"]

    plan = plan_images([entry(source) for source in sources], True, None, SERVER)

    assert [str(one.repository) for one in plan.repositories] == ["python", "quay.io/a/python"]
    hub, quay = plan.repositories
    assert {(one.reference, tuple(numbers)) for one, numbers in hub.wanted.items()} == {("3", (0, 1)), ("latest", (2,))}
    assert list(quay.wanted.values()) == [[3]]


def test_one_tag_in_two_modes_or_for_two_platforms_is_two_wishes() -> None:
    wishes = [entry("x:1", "a"), entry("x:1", "b"), entry("x:1", "c", policy={"importMode": "PreserveOriginal"})]
    of = stream("b", f"r.io/y@{DIGEST}", {"importer.image.openshift.io/prefer-arch": "s390x"})

    [repository] = plan_images(wishes, True, of, SERVER).repositories

    assert [(one.import_mode, one.platform.architecture) for one in repository.wanted] == [
        ("Legacy", "arm64"),
        ("Legacy", "s390x"),
        ("PreserveOriginal", "arm64"),
    ]


def test_a_digest_wins_over_a_tag_and_over_annotations() -> None:
    [repository] = plan_images([entry(f"x:1@{DIGEST}", "a")], True, None, SERVER).repositories

    [wanted] = repository.wanted
    assert (wanted.reference, wanted.is_digest, str(repository.repository)) == (DIGEST, True, "x")


def test_what_the_stream_had_from_there_is_asked_for_by_its_digest_first() -> None:
    of = stream("a", f"docker.io/library/x@{DIGEST}")

    [same] = plan_images([entry("x:1", "a"), entry("x:2", "b")], True, of, SERVER).repositories
    [other] = plan_images([entry("quay.io/x:1", "a")], True, of, SERVER).repositories

    assert [one.reference for one in same.probed] == ["1"]
    assert same.vouched == {DIGEST}
    assert (other.probed, other.vouched) == (set(), frozenset())


def test_bytes_are_kept_only_where_they_are_shown() -> None:
    entries = [entry("x:1", "a", includeManifest=True), entry("x:2", includeManifest=True), entry("x:3", "a")]

    [stored] = plan_images(entries, True, None, SERVER).repositories
    [shown] = plan_images(entries, False, None, SERVER).repositories

    assert {one.reference for one in stored.raw} == {"2"}
    assert {one.reference for one in shown.raw} == {"1", "2"}


def test_what_can_not_be_asked_for_is_named_with_the_reason() -> None:
    plan = plan_images([entry("*"), entry("x:1")], True, None, SERVER)

    assert plan.unusable == {0: "unable to parse docker reference *:latest: invalid reference format"}
    assert [list(one.wanted.values()) for one in plan.repositories] == [[[1]]]


def test_the_tags_of_a_repository_become_tags_of_the_same_name() -> None:
    of = stream("2", f"quay.io/a/x@{DIGEST}")

    plan = plan_tags(parse("quay.io/a/x"), True, ["1", "2"], "Legacy", of, SERVER)

    assert [one.reference for one in plan.wanted] == ["1", "2"]
    assert [one.reference for one in plan.probed] == ["2"]
