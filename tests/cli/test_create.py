"""Objects made from flags: streams, tags, service accounts, and how they print."""

import json
from typing import Any

import pytest


def test_a_tag_is_made_from_an_image_with_its_import_policy(api: Any) -> None:
    done = api.run(
        "create", "istag", "web:1", "--from-image=quay.io/web:1", "--scheduled", "--insecure",
        "--reference-policy=local", "--annotation=tier=front",
    )  # fmt: skip

    assert done.stdout == "imagestreamtag.image.openshift.io/web:1 created\n"
    tag = api.asked("POST")[0][2]["tag"]
    assert tag["from"] == {"kind": "DockerImage", "name": "quay.io/web:1"}
    assert tag["importPolicy"] == {"insecure": True, "scheduled": True}
    assert tag["referencePolicy"] == {"type": "Local"}
    assert tag["annotations"] == {"tier": "front"}


@pytest.mark.parametrize(
    ("source", "origin"),
    [
        ("web:1", {"kind": "ImageStreamTag", "name": "web:1"}),
        (":1", {"kind": "ImageStreamTag", "name": "1"}),
        ("other/web:1", {"kind": "ImageStreamTag", "name": "web:1", "namespace": "other"}),
        (f"web@sha256:{'a' * 64}", {"kind": "ImageStreamImage", "name": f"web@sha256:{'a' * 64}"}),
    ],
)
def test_a_tag_points_to_a_tag_or_an_image_of_a_stream(api: Any, source: str, origin: dict[str, str]) -> None:
    api.run("create", "imagestreamtag", "web:2", f"--from={source}")

    assert api.asked("POST")[0][2]["tag"]["from"] == origin


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        (("--from=a:1", "--from-image=b"), "--from and --from-image may not be used together"),
        (("--from=quay.io/a:1",), "Invalid --from, registry may not be specified"),
        (
            ("--from=A",),
            "Invalid --from, must be a valid image stream tag or image stream image: repository name must be lowercase",
        ),
        (("--reference-policy=none",), "valid values for --reference-policy are: source, local"),
        (("--annotation=a",), 'annotations must be of the form key=value, but is "a"'),
        (("--annotation=a-",), "annotations must be of the form name=value"),
    ],
)
def test_a_tag_that_makes_no_sense_is_refused_before_the_server_is_asked(
    api: Any, flags: tuple[str, ...], problem: str
) -> None:
    done = api.run("create", "istag", "web:1", *flags)

    assert (done.code, done.stderr) == (1, f"error: {problem}\n")
    assert api.requests == []


def test_what_flags_make_prints_as_json_in_the_order_of_its_type(api: Any) -> None:
    printed = api.run("create", "istag", "web:1", "--from=:2", "--dry-run=client", "-o", "json").stdout

    made = json.loads(printed)
    assert list(made) == ["kind", "apiVersion", "metadata", "tag", "generation", "lookupPolicy", "image"]
    assert list(made["tag"]) == ["name", "annotations", "from", "generation", "importPolicy", "referencePolicy"]
    assert made["image"] == {"metadata": {}, "dockerImageMetadata": None}


def test_what_the_server_answers_prints_in_that_order_too(api: Any) -> None:
    printed = api.run("create", "secret", "generic", "s", "--from-literal=z=1", "--from-literal=a=2", "-o", "json")

    made = json.loads(printed.stdout)
    assert list(made)[:3] == ["kind", "apiVersion", "metadata"]
    assert next(iter(made["metadata"])) == "name"
    assert list(made["data"]) == ["a", "z"]


def test_what_a_file_says_prints_with_sorted_keys(api: Any) -> None:
    printed = api.run("create", "-f", "-", "-o", "json", stdin="kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\n")

    assert list(json.loads(printed.stdout))[:2] == ["apiVersion", "kind"]


def test_a_stream_from_flags_names_no_namespace_and_a_dry_run_sends_nothing(api: Any) -> None:
    done = api.run("-n", "default", "create", "is", "web", "--lookup-local", "--dry-run=client", "-o", "json")

    made = json.loads(done.stdout)
    assert made["metadata"] == {"name": "web"}
    assert made["spec"] == {"lookupPolicy": {"local": True}}
    assert api.asked("POST") == []


def test_a_key_that_is_not_the_certificates_makes_no_secret(api: Any, tmp_path: Any) -> None:
    (tmp_path / "text").write_text("no certificate")

    missing = api.run("create", "secret", "tls", "t", "--cert=/nope", "--key=/nope")
    wrong = api.run("create", "secret", "tls", "t", f"--cert={tmp_path}/text", f"--key={tmp_path}/text")

    assert missing.stderr == "error: Cannot read file /nope, open /nope: no such file or directory\n"
    assert wrong.stderr == "error: tls: failed to find any PEM data in certificate input\n"
