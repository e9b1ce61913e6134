"""What a pull spec means: registry, namespace, name, tag and digest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagestreams.reference import ImageReference, InvalidReference, is_digest, is_tag, parse

DIGEST = "sha256:" + "ab" * 32


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("python", ImageReference(name="python")),
        ("python:3.6", ImageReference(name="python", tag="3.6")),
        ("org/app", ImageReference(namespace="org", name="app")),
        ("docker.io/python:3.6.0", ImageReference("docker.io", "", "python", "3.6.0")),
        ("127.0.0.1:5001/org/deep/app:1.0", ImageReference("127.0.0.1:5001", "org", "deep/app", "1.0")),
        ("localhost/app", ImageReference("localhost", "", "app")),
        (f"quay.io/org/app:1@{DIGEST}", ImageReference("quay.io", "org", "app", "1", DIGEST)),
    ],
)
def test_a_pull_spec_is_split_into_its_parts(text: str, parts: ImageReference) -> None:
    assert parse(text) == parts


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("::::", "invalid reference format"),
        ("Bad Ref!!", "invalid reference format"),
        ("Python", "repository name must be lowercase"),
        ("", "repository name must have at least one component"),
        ("a" * 256, "repository name must not be more than 255 characters"),
        ("x@sha256:" + "a" * 32, "invalid checksum digest length"),
        ("x@other:" + "a" * 64, "unsupported digest algorithm"),
    ],
)
def test_what_is_no_pull_spec_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(InvalidReference, match=f"^{why}$"):
        parse(text)


def test_container_tools_assume_docker_hub_its_library_and_latest() -> None:
    assert str(parse("python").docker_client_defaults()) == "docker.io/library/python:latest"
    assert str(parse("quay.io/app").docker_client_defaults()) == "quay.io/app:latest"
    assert str(parse(f"org/app@{DIGEST}").docker_client_defaults()) == f"docker.io/org/app@{DIGEST}"


def test_an_exact_reference_prefers_the_digest() -> None:
    assert parse(f"a.b/c:1@{DIGEST}").exact() == f"a.b/c@{DIGEST}"
    assert parse("a.b/c:1").exact() == "a.b/c:1"
    assert str(parse("a.b/n/c:1").as_repository()) == "a.b/n/c"


def test_an_id_that_is_no_digest_stands_as_a_tag() -> None:
    assert ImageReference("a.b", "n", "c", id="layer7").exact() == "a.b/n/c:layer7"
    assert ImageReference("a.b", id=DIGEST).exact() == ""


component = st.from_regex(r"[a-z0-9]{1,8}(?:[._-][a-z0-9]{1,4})?", fullmatch=True)
registry = st.sampled_from(["", "docker.io", "127.0.0.1:5001", "localhost:5000", "localhost"])
tag = st.from_regex(r"(?:[A-Za-z0-9_][A-Za-z0-9_.-]{0,20})?", fullmatch=True)
plain = st.from_regex(r"[a-z][a-z0-9]{0,7}", fullmatch=True).filter(lambda name: not name.startswith("localhost"))


@given(registry, st.one_of(st.just(""), plain), component, tag, st.sampled_from(["", DIGEST]))
def test_printing_and_parsing_give_the_same_reference(
    registry: str, namespace: str, name: str, tag: str, digest: str
) -> None:
    reference = ImageReference(registry, namespace, name, tag, digest)

    assert parse(str(reference)) == reference


@given(st.text(max_size=60))
def test_any_text_is_parsed_or_refused_and_what_is_parsed_prints_as_it_was(text: str) -> None:
    try:
        reference = parse(text)
    except InvalidReference:
        return

    assert str(reference) == text


def test_tags_and_digests_are_recognised() -> None:
    assert is_tag("v1.0-rc_1") and not is_tag("bad%tag") and not is_tag("-x") and not is_tag("x" * 129)
    assert is_digest(DIGEST) and not is_digest("sha256:zz") and not is_digest("nonsense")
