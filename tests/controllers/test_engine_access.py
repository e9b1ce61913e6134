"""Engines ask registries as imports do: where the settings say, with the logins that fit."""

import base64
import json

from imagestreams.api.core import Secret
from imagestreams.api.meta import ObjectMeta
from imagestreams.controllers.engine_access import auth_file, sources, with_other_places
from imagestreams.registries.credentials import DOCKER_CONFIG_JSON, Keyring
from imagestreams.registries.policy import Mirror, MirrorRule, RegistryEntry, RegistryPolicy
from imagestreams.runners.registries_conf import RegistrySource

APP = "quay.io/org/app:1"
MIRRORS = MirrorRule("quay.io/org", (Mirror("mirror.lab/quay", insecure=True),))


def keyring(**passwords: str) -> Keyring:
    hosts = {host.replace("_", "."): {"username": "u", "password": password} for host, password in passwords.items()}
    value = base64.b64encode(json.dumps({"auths": hosts}).encode()).decode()
    secret = Secret(metadata=ObjectMeta(name="pull"), type=DOCKER_CONFIG_JSON, data={".dockerconfigjson": value})
    return Keyring.from_secrets([secret])


def test_an_image_is_asked_for_under_its_name() -> None:
    assert sources(RegistryPolicy(), [APP]) == [RegistrySource("quay.io/org/app", "quay.io/org/app")]


def test_mirrors_come_before_the_source() -> None:
    [source] = sources(RegistryPolicy(mirrors=(MIRRORS,), insecure=("quay.io",)), [APP])

    assert (source.location, source.insecure, source.blocked) == ("quay.io/org/app", True, False)
    assert source.mirrors == (("mirror.lab/quay/app", True),)


def test_a_source_that_is_never_to_be_contacted_is_blocked() -> None:
    kept = MirrorRule("quay.io/org", (Mirror("mirror.lab/quay"),), contacts_source=False)

    [source] = sources(RegistryPolicy(mirrors=(kept,)), [APP])

    assert source == RegistrySource("quay.io/org/app", "quay.io/org/app", blocked=True, mirrors=source.mirrors)
    assert source.mirrors == (("mirror.lab/quay/app", False),)


def test_a_repository_that_is_elsewhere_is_not_blocked_for_that() -> None:
    moved = RegistryPolicy(entries=(RegistryEntry("quay.io", "cache.lab/quay", True, False),))

    assert sources(moved, [APP]) == [RegistrySource("quay.io/org/app", "cache.lab/quay/org/app", insecure=True)]


def test_mirrors_get_the_logins_that_are_meant_for_them() -> None:
    asked = with_other_places(RegistryPolicy(mirrors=(MIRRORS,)), [APP])

    auths = json.loads(auth_file(keyring(quay_io="q", mirror_lab="m", other_lab="o"), asked))["auths"]

    assert {name: base64.b64decode(entry["auth"]).decode() for name, entry in auths.items()} == {
        "quay.io/org/app": "u:q",
        "mirror.lab/quay/app": "u:m",
    }
