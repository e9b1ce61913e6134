"""History and rollback: which revisions a tag has, what changed between them, and where a rollback goes."""

from datetime import UTC, datetime
from typing import Any

import pytest

from imagestreams.cli.errors import CliError
from imagestreams.cli.streams.image_changes import changes_between
from imagestreams.cli.streams.tag_revisions import revisions_of, rollback_target, rolled_back, tag_name
from imagestreams.cli.verbs.history import as_data, table

NAME = tag_name("python:3.6")
NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


def digest(letter: str) -> str:
    return "sha256:" + letter * 64


def item(letter: str, minute: int = 0) -> dict[str, Any]:
    pull_spec = f"r.io/python@{digest(letter)}" if letter else "r.io/python:3.6"
    image = digest(letter) if letter else ""
    return {"image": image, "dockerImageReference": pull_spec, "created": f"2026-11-24T11:{minute:02}:00Z"}


def a_stream(*letters: str, **wish: Any) -> dict[str, Any]:
    """A stream whose tag 3.6 pointed to these images, the newest first."""
    items = [item(letter, 50 - place) for place, letter in enumerate(letters)]
    return {
        "metadata": {"name": "python", "namespace": "ns", "resourceVersion": "7"},
        "spec": {"tags": [{"name": "3.6", **wish}] if wish else []},
        "status": {"tags": [{"tag": "3.6", "items": items}]},
    }


def an_image(letter: str, *layers: str, size: int = 1000, **config: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": digest(letter)},
        "dockerImageMetadata": {"Size": size, "Architecture": "amd64", "Config": config},
        "dockerImageLayers": [{"name": layer, "size": 1} for layer in layers],
    }


def a_list(letter: str, **platforms: str) -> dict[str, Any]:
    manifests = [{"os": "linux", "architecture": arch, "digest": digest(one)} for arch, one in platforms.items()]
    return {"metadata": {"name": digest(letter)}, "dockerImageManifests": manifests}


def refusal(stream: dict[str, Any], to_revision: int = 0) -> str:
    with pytest.raises(CliError) as caught:
        rollback_target(revisions_of(stream, NAME), NAME, to_revision)
    return caught.value.message


@pytest.mark.parametrize("text", ["python", "python:", ":3.6", "a:b:c", "a@b", "ns/python:3.6", ""])
def test_a_tag_is_named_with_its_stream(text: str) -> None:
    with pytest.raises(CliError) as caught:
        tag_name(text)

    assert caught.value.message == f'"{text}" must be of the form <stream_name>:<tag>'


def test_revisions_count_up_to_the_current_one() -> None:
    revisions = revisions_of(a_stream("c", "b", "a"), NAME)

    assert [(one.number, one.image[-1], one.current) for one in revisions] == [
        (3, "c", True),
        (2, "b", False),
        (1, "a", False),
    ]


def test_an_image_that_came_back_is_told() -> None:
    assert [one.same_as for one in revisions_of(a_stream("a", "b", "a"), NAME)] == [1, 0, 0]


def test_a_rollback_goes_to_the_image_before() -> None:
    assert rollback_target(revisions_of(a_stream("c", "b", "a"), NAME), NAME, 0).number == 2


def test_a_second_rollback_goes_forward_again() -> None:
    rolled_back_once = a_stream("a", "b", "a")

    assert rollback_target(revisions_of(rolled_back_once, NAME), NAME, 0).number == 2


def test_a_rollback_can_go_to_any_revision() -> None:
    assert rollback_target(revisions_of(a_stream("c", "b", "a"), NAME), NAME, 1).image == digest("a")


def test_a_rollback_skips_the_same_image_under_another_number() -> None:
    assert rollback_target(revisions_of(a_stream("b", "b", "a"), NAME), NAME, 0).number == 1


@pytest.mark.parametrize(
    ("letters", "to_revision", "text"),
    [
        (["a"], 0, 'tag "python:3.6" has only ever pointed to one image, there is nothing to roll back to'),
        (["a"], 2, 'unable to find revision 2 of tag "python:3.6": it has only revision 1'),
        (["b", "a"], 9, 'unable to find revision 9 of tag "python:3.6": it has revisions 1 to 2'),
        (["b", "a"], -1, "--to-revision must not be negative: -1"),
        (["b", "a"], 2, f'tag "python:3.6" already points to the image of revision 2 ({digest("b")})'),
        (["a", "b", "a"], 1, f'tag "python:3.6" already points to the image of revision 1 ({digest("a")})'),
        (
            ["a", ""],
            1,
            'revision 1 of tag "python:3.6" refers to "r.io/python:3.6", which was never imported; '
            "use the 'tag' command to refer to it again",
        ),
    ],
)
def test_where_a_rollback_cannot_go(letters: list[str], to_revision: int, text: str) -> None:
    assert refusal(a_stream(*letters), to_revision) == text


def test_a_tag_that_is_not_there_has_no_history() -> None:
    assert refusal({"spec": {}, "status": {}}) == 'the tag "3.6" does not exist on the image stream "python"'


def test_a_tag_that_failed_to_import_says_why_it_has_no_history() -> None:
    condition = {"type": "ImportSuccess", "status": "False", "reason": "NotFound", "message": "no such image"}
    status = {"tags": [{"tag": "3.6", "items": None, "conditions": [condition]}]}

    text = refusal({"spec": {"tags": [{"name": "3.6"}]}, "status": status})

    assert text == 'the tag "python:3.6" has never pointed to an image: import failed (NotFound): no such image'


def test_a_rollback_pins_the_tag_and_keeps_what_was_said_of_it() -> None:
    stream = a_stream(
        "b",
        "a",
        annotations={"description": "Py"},
        **{"from": {"kind": "DockerImage", "name": "r.io/python:3.6"}},
        importPolicy={"scheduled": True, "insecure": True, "importMode": "PreserveOriginal"},
        referencePolicy={"type": "Local"},
        generation=4,
    )

    body = rolled_back(stream, NAME, revisions_of(stream, NAME)[1])

    assert body["metadata"] == {
        "name": "python:3.6",
        "namespace": "ns",
        "resourceVersion": "7",
        "annotations": {"description": "Py"},
    }
    assert body["tag"] == {
        "name": "3.6",
        "annotations": {"description": "Py"},
        "from": {"kind": "ImageStreamImage", "name": f"python@{digest('a')}"},
        "importPolicy": {"importMode": "PreserveOriginal"},
        "referencePolicy": {"type": "Local"},
    }


def test_layers_and_size_are_compared() -> None:
    changes = changes_between(an_image("a", "base", "old"), an_image("b", "base", "new", "more", size=3500))

    assert (changes.new_layers, changes.shared_layers, changes.removed_layers) == (2, 1, 1)
    assert changes.summary() == "2 of 3 layers new, +2.5kB"
    assert changes.details() == "layers: 2 new, 1 shared, 1 gone, +2.5kB"


def test_a_layer_that_stands_twice_counts_twice() -> None:
    changes = changes_between(an_image("a", "empty"), an_image("b", "empty", "empty"))

    assert (changes.new_layers, changes.shared_layers) == (1, 1)


def test_the_configuration_is_compared() -> None:
    older = an_image("a", Env=["PATH=/bin", "OLD=1"], Entrypoint=["run"], Labels={"v": "1"}, User="root")
    newer = an_image(
        "b", Env=["PATH=/usr/bin", "NEW="], Entrypoint=["run", "-v"], Labels={"v": "1"}, ExposedPorts={"80/tcp": {}}
    )

    changes = changes_between(older, newer)

    assert changes.summary() == "entrypoint, user, ports, env"
    assert changes.details() == (
        "entrypoint: run → run -v, user removed, ports 80/tcp added, env NEW added, env OLD removed, "
        "env PATH: /bin → /usr/bin"
    )


def test_another_architecture_is_told() -> None:
    newer = an_image("b")
    newer["dockerImageMetadata"]["Architecture"] = "arm64"

    assert changes_between(an_image("a"), newer).details() == "arch: amd64 → arm64"


def test_lists_are_compared_by_platform() -> None:
    changes = changes_between(a_list("a", amd64="1", arm="2"), a_list("b", amd64="3", s390x="4"))

    assert changes.summary() == "platforms"
    assert changes.details() == (
        "platforms linux/amd64: 111111111111 → 333333333333, platforms linux/arm removed, "
        "platforms linux/s390x added: 444444444444"
    )


def test_a_change_between_a_list_and_a_single_image_is_told() -> None:
    assert changes_between(an_image("a"), a_list("b", amd64="1")).summary() == "now a list of platforms"
    assert changes_between(a_list("b", amd64="1"), an_image("a")).summary() == "now a single image"


def test_images_that_differ_in_nothing_visible_say_so() -> None:
    assert changes_between(an_image("a", "x"), an_image("b", "x")).summary() == "same contents"


def test_the_table_shows_the_newest_revision_first() -> None:
    revisions = revisions_of(a_stream("a", "c", "b", "a"), NAME)
    images = {digest("a"): an_image("a", "x"), digest("b"): an_image("b", "x", "y", size=3000)}

    text = table(revisions, images, NOW, wide=False, headers=True)

    def line(revision: str, age: str, letter: str, size: str, changes: str) -> str:
        cells = revision.ljust(11) + age.ljust(6) + (letter * 12).ljust(15) + size.ljust(12)
        return f"{cells}{changes.ljust(27)}r.io/python@{digest(letter)}\n"

    assert text == (
        "REVISION   AGE   IMAGE          SIZE        CHANGES                    PULL SPEC\n"
        + line("4 *", "10m", "a", "1kB", "same image as revision 1")
        + line("3", "11m", "c", "<unknown>", "image no longer there")
        + line("2", "12m", "b", "3kB", "1 of 2 layers new, +2kB")
        + line("1", "13m", "a", "1kB", "first image")
    )


def test_an_image_that_was_there_already_was_imported_again() -> None:
    text = table(revisions_of(a_stream("a", "a"), NAME), {digest("a"): an_image("a")}, NOW, wide=False, headers=False)

    assert "re-imported" in text.splitlines()[0]


def test_a_reference_has_no_image_to_compare() -> None:
    text = table(revisions_of(a_stream("a", ""), NAME), {digest("a"): an_image("a")}, NOW, wide=False, headers=False)

    newer, older = (line.split() for line in text.splitlines())
    assert newer[:7] == ["2", "*", "10m", "a" * 12, "1kB", "first", "image"]
    assert older == ["1", "11m", "<none>", "<none>", "reference,", "not", "imported", "r.io/python:3.6"]


def test_the_wide_table_shows_digests_and_changes_in_full() -> None:
    images = {digest("a"): an_image("a", User="1"), digest("b"): an_image("b", User="2")}

    text = table(revisions_of(a_stream("b", "a"), NAME), images, NOW, wide=True, headers=False)

    assert [line.split("   ")[2:5] for line in text.splitlines()] == [
        [digest("b"), "1kB", "user: 1 → 2"],
        [digest("a"), "1kB", "first image"],
    ]


def test_what_an_image_says_of_itself_cannot_break_the_table() -> None:
    images = {digest("a"): an_image("a"), digest("b"): an_image("b", User="x\ny\tz\x1b")}

    text = table(revisions_of(a_stream("b", "a"), NAME), images, NOW, wide=True, headers=False)

    assert len(text.splitlines()) == 2
    assert "user added: x y z^[" in text


def test_the_history_is_given_as_data() -> None:
    images = {digest("a"): an_image("a", "x"), digest("b"): an_image("b", "x", "y", size=3000, User="1")}

    data = as_data(NAME, "ns", revisions_of(a_stream("a", "c", "b", "a"), NAME), images)

    assert (data["namespace"], data["imageStream"], data["tag"]) == ("ns", "python", "3.6")
    newest, lost, changed, first = data["revisions"]
    assert (newest["revision"], newest["current"], newest["sameImageAsRevision"]) == (4, True, 1)
    assert (lost["imageMissing"], "size" in lost) == (True, False)
    assert changed["changes"] == {
        "layers": {"new": 1, "shared": 1, "removed": 0},
        "sizeDifference": 2000,
        "fields": [{"field": "user", "after": "1"}],
    }
    assert "changes" not in first
