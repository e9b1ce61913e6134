"""The login of a repository is found in the namespace's secrets."""

import base64
import json

import pytest

from imagestreams.api.core import Secret
from imagestreams.registries.credentials import DOCKER_CFG, DOCKER_CONFIG_JSON, Keyring, Login


def encoded(value: object) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


def auth(user: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:s3:cret".encode()).decode()}


def keyring(servers: dict[str, str]) -> Keyring:
    auths = {server: auth(user) for server, user in servers.items()}
    secret = Secret(type=DOCKER_CONFIG_JSON, data={".dockerconfigjson": encoded({"auths": auths})})
    return Keyring.from_secrets([secret])


def users(ring: Keyring, registry: str, repository: str = "org/app") -> list[str]:
    return [login.username for login in ring.logins(registry, repository)]


def test_the_most_specific_path_comes_first() -> None:
    ring = keyring({"r.example.com": "all", "r.example.com/org": "org", "r.example.com/org/app": "app"})

    assert users(ring, "r.example.com") == ["app", "org", "all"]
    assert users(ring, "r.example.com", "organic/app") == ["all"]
    assert users(ring, "elsewhere.example.com") == []


def test_a_host_by_its_name_comes_before_one_by_a_wildcard_and_then_the_path_counts() -> None:
    ring = keyring({"*.example.com/org/app": "wide", "r.example.com": "named", "r.example.com/org": "part"})

    assert users(ring, "r.example.com") == ["part", "named", "wide"]
    assert users(ring, "q.example.com") == ["wide"]


def test_of_two_wildcards_the_one_that_leaves_less_open_comes_first() -> None:
    ring = keyring({"*.example.com": "wide", "team-*.example.com": "narrow", "*.*.com": "widest"})

    assert users(ring, "team-a.example.com") == ["narrow", "wide", "widest"]


@pytest.mark.parametrize("registry", ["r.example.com", "r.example.com:443", "r.example.com:80"])
def test_the_usual_ports_may_be_written_in_an_image_and_left_out_in_a_secret(registry: str) -> None:
    assert users(keyring({"r.example.com": "u"}), registry) == ["u"]
    assert users(keyring({"r.example.com:80": "u"}), registry) == ["u"]
    assert users(keyring({"r.example.com:5000": "u"}), registry) == []


def test_a_wildcard_host_may_have_a_port_and_a_path() -> None:
    ring = keyring({"*.example.com:5000/org": "u"})

    assert users(ring, "a.example.com:5000") == ["u"]
    assert users(ring, "a.example.com:5000", "other/app") == []
    assert users(ring, "a.example.com") == []


@pytest.mark.parametrize(
    "server", ["r.example.com:443", "https://r.example.com/v2/", "r.example.com:80", "R.example.com"]
)
def test_spellings_of_one_registry_are_the_same(server: str) -> None:
    assert users(keyring({server: "u"}), "r.example.com") == ["u"]


def test_docker_hub_is_known_by_all_its_names() -> None:
    assert users(keyring({"https://index.docker.io/v1/": "u"}), "docker.io", "library/python") == ["u"]


def test_a_wildcard_stands_for_one_part_of_the_host() -> None:
    ring = keyring({"*.example.com": "u"})

    assert users(ring, "a.example.com") == ["u"]
    assert users(ring, "a.b.example.com") == [] == users(ring, "example.com")


@pytest.mark.parametrize(
    ("pattern", "host", "fits"),
    [
        ("*-docker.pkg.dev", "europe-docker.pkg.dev", True),
        ("eu-*-docker-*.pkg.dev", "eu-west1-docker-two.pkg.dev", True),
        ("eu-*-docker-*.pkg.dev", "eu-docker-two.pkg.dev", False),
        ("a*b*c.example.com", "abc.example.com", True),
        ("a*b*c.example.com", "acb.example.com", False),
        ("ab*ba.example.com", "aba.example.com", False),
        ("*", "localhost", True),
        ("**.example.com", "a.example.com", True),
    ],
)
def test_several_wildcards_may_stand_in_one_part(pattern: str, host: str, fits: bool) -> None:
    assert users(keyring({pattern: "u"}), host) == (["u"] if fits else [])


@pytest.mark.parametrize("server", ["docker.io:443", "index.docker.io:443", "https://registry-1.docker.io:443/v2/"])
def test_docker_hub_may_be_written_with_its_port(server: str) -> None:
    assert users(keyring({server: "u"}), "docker.io", "library/python") == ["u"]


def test_the_older_file_format_is_read_too_and_a_colon_belongs_to_the_password() -> None:
    secret = Secret(type=DOCKER_CFG, data={".dockercfg": encoded({"127.0.0.1:5002": auth("puller")})})

    assert Keyring.from_secrets([secret]).logins("127.0.0.1:5002", "x") == [Login("puller", "s3:cret")]


@pytest.mark.parametrize(
    "data", ["", "%%%", encoded([]), encoded({"auths": 1}), encoded({"auths": {"r": {"auth": "%"}}})]
)
def test_a_secret_that_cannot_be_read_counts_as_empty(data: str) -> None:
    secret = Secret(type=DOCKER_CONFIG_JSON, data={".dockerconfigjson": data})

    assert Keyring.from_secrets([secret]).logins("r", "x") == []


@pytest.mark.parametrize(
    "server",
    ["[abc", "http://[::1", "//[x]/y", "\u2100.com", "http://\uff0f", "", "/", "https://", "a b", "x:y:z", "::"],
)
def test_a_key_that_is_no_address_does_not_spoil_the_others(server: str) -> None:
    assert users(keyring({server: "bad", "r.example.com": "good"}), "r.example.com") == ["good"]


@pytest.mark.parametrize(
    ("server", "fits"),
    [
        ("https://r.example.com/v2/org/?x=1#y", True),
        ("//r.example.com/org", True),
        ("r.example.com//org/", True),
        ("r.example.com/org//other", False),
    ],
)
def test_addresses_are_read_as_they_may_be_written(server: str, fits: bool) -> None:
    assert users(keyring({server: "u"}), "r.example.com", "org/app") == (["u"] if fits else [])


def test_null_is_as_good_as_nothing_and_lines_may_be_broken() -> None:
    login = base64.encodebytes(b"user:" + b"p" * 100).decode()
    values = {"auth": login, "username": None, "password": None, "identitytoken": None}
    secret = Secret(type=DOCKER_CONFIG_JSON, data={".dockerconfigjson": encoded({"auths": {"r": values}})})

    assert Keyring.from_secrets([secret]).logins("r", "x") == [Login("user", "p" * 100)]


def test_a_password_does_not_show_when_a_login_is_printed() -> None:
    assert "secret" not in repr(Login("u", "secret", "secret"))
