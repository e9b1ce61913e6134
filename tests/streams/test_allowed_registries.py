"""Which registries fit a list of allowed ones: hosts, ports, wildcards, and the texts of refusals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagestreams.api.config import RegistryLocation
from imagestreams.reference import ImageReference, parse
from imagestreams.streams.allowed_registries import (
    AllowedRegistries,
    InvalidPattern,
    Transport,
    read_pattern,
    read_patterns,
    wildcard_match,
)

SECURE, ANY = Transport.SECURE, Transport.ANY
LISTED = ("localhost:5000", "docker.io", "example.com:*", "registry.com:80")
MORE = (*LISTED, "*.foo.com", "*domain.ltd")


def allowed(*names: str, insecure: bool = False, own: str = "") -> AllowedRegistries:
    return AllowedRegistries(read_patterns([RegistryLocation(name, insecure) for name in names], own))


def refusal(of: AllowedRegistries, registry: str, transport: Transport = SECURE) -> str | None:
    return of.refusal(ImageReference(registry), transport)


def test_without_a_list_everything_is_allowed() -> None:
    assert AllowedRegistries().refusal(parse("anything.example/a/b"), SECURE) is None
    assert AllowedRegistries.listed([], "127.0.0.1:5000").refusal(parse("anything.example/a/b"), SECURE) is None


@pytest.mark.parametrize(
    ("names", "insecure", "transport", "fit", "refused"),
    [
        (["*"], False, SECURE, ["docker.io", "example.com", "localhost:443", ""], ["localhost:5000", "localhost:80"]),
        (["*"], True, ANY, ["docker.io", "localhost:80", "localhost"], ["localhost:443", "localhost:5000"]),
        (["*:*"], False, SECURE, ["docker.io", "localhost:443", "localhost:5000", "localhost:80", "e.com"], []),
        (
            LISTED,
            False,
            SECURE,
            [
                "example.com:5000",
                "example.com",
                "localhost:5000",
                "registry-1.docker.io:443",
                "index.docker.io",
                "docker.io",
                "",
                "registry.com:80",
            ],
            ["localhost:443", "registry.com:443", "registry.com", "registry.example.com"],
        ),
        (
            MORE,
            True,
            ANY,
            [
                "a.b.c.d.foo.com:80",
                "domain.ltd",
                "index.docker.io",
                "my.domain.ltd",
                "mydomain.ltd",
                "registry.foo.com",
            ],
            ["foo.com", "ffoo.com", "my.domain.ltd:443", "registry.com:443"],
        ),
        (MORE, False, ANY, ["my.domain.ltd:443", "registry.com", "domain.ltd", ""], ["a.b.foo.com:80", "foo.com"]),
        (["re?istry.com"], False, SECURE, ["registry.com", "rexistry.com"], ["reistry.com"]),
    ],
)
def test_hosts_and_ports_with_wildcards(
    names: list[str], insecure: bool, transport: Transport, fit: list[str], refused: list[str]
) -> None:
    registries = allowed(*names, insecure=insecure)

    assert [one for one in fit if refusal(registries, one, transport)] == []
    assert [one for one in refused if not refusal(registries, one, transport)] == []


def test_the_refusal_names_the_list_and_at_most_five_of_it() -> None:
    few, many = allowed(*LISTED), allowed(*MORE, insecure=True)

    assert refusal(few, "localhost:443") == (
        'registry "localhost:443" not allowed by whitelist: '
        '"localhost:5000", "docker.io:443", "example.com:*", "registry.com:80"'
    )
    assert refusal(many, "foo.com", ANY) == (
        'registry "foo.com" not allowed by whitelist: '
        '"localhost:5000", "docker.io:80", "example.com:*", "registry.com:80", and 2 more ...'
    )
    assert refusal(allowed("quay.io"), "") == 'registry "docker.io:443" not allowed by whitelist: "quay.io:443"'
    assert refusal(allowed(), "quay.io") == 'registry "quay.io" not allowed by empty whitelist'


def test_our_own_registry_is_always_allowed_and_named_first() -> None:
    registries = allowed("quay.io", own="127.0.0.1:5000")

    assert refusal(registries, "127.0.0.1:5000") is None
    assert refusal(registries, "a.io") == 'registry "a.io" not allowed by whitelist: "127.0.0.1:5000", "quay.io:443"'


def test_a_repository_that_is_known_is_allowed_in_every_spelling() -> None:
    known = allowed("quay.io").with_repositories(
        ["busybox:glibc", "not a reference", "a.io:5000/x/y@sha256:" + "0" * 64]
    )

    assert known.refusal(parse("docker.io/library/busybox:1"), SECURE) is None
    assert known.refusal(parse("a.io:5000/x/y:other"), SECURE) is None
    assert known.refusal(parse("docker.io/library/alpine"), SECURE)


def test_an_entry_that_can_not_be_read_allows_nothing() -> None:
    with pytest.raises(InvalidPattern, match='failed to parse allowed registry "0:1:2:3": too many colons'):
        read_pattern("0:1:2:3")

    odd = AllowedRegistries.listed([RegistryLocation("0:1:2:3")])
    assert refusal(odd, "0") == 'registry "0" not allowed by empty whitelist'


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=8))
def test_wildcards_match_as_the_textbook_says(pattern: str, text: str) -> None:
    def slow(pattern: str, text: str) -> bool:
        if not pattern:
            return not text
        if pattern[0] == "*":
            return any(slow(pattern[1:], text[skipped:]) for skipped in range(len(text) + 1))
        return bool(text) and pattern[0] in ("?", text[0]) and slow(pattern[1:], text[1:])

    assert wildcard_match(pattern, text) == slow(pattern, text)
