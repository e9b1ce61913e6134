"""The containers `registries.conf` as we read it."""

import os
from pathlib import Path

import pytest

from imagestreams.reference import parse
from imagestreams.registries.policy import Mirror, MirrorRule, Pulls, RegistryEntry
from imagestreams.registries.registries_conf import RegistriesConfError, RegistriesConfFile, parse_registries_conf

EXAMPLE = """
unqualified-search-registries = ["docker.io"]
short-name-mode = "enforcing"

[[registry]]
location = "quay.io"
mirror-by-digest-only = true

[[registry.mirror]]
location = "mirror.local:5000/quay"
insecure = true

[[registry]]
prefix = "*.example.com"
blocked = true

[[registry]]
prefix = "docker.io/library"
location = "hub.local/library"
insecure = true

[[registry.mirror]]
location = "tags.local"
pull-from-mirror = "tag-only"

[[registry.mirror]]
location = "both.local"
"""


def test_registries_and_their_mirrors_are_read() -> None:
    policy = parse_registries_conf(EXAMPLE)

    assert policy.entries == (
        RegistryEntry("quay.io", "quay.io"),
        RegistryEntry("*.example.com", blocked=True),
        RegistryEntry("docker.io/library", "hub.local/library", insecure=True),
    )
    assert policy.mirrors == (
        MirrorRule("quay.io", (Mirror("mirror.local:5000/quay", insecure=True),), Pulls.BY_DIGEST, of_entry=True),
        MirrorRule("docker.io/library", (Mirror("tags.local"),), Pulls.BY_TAG, of_entry=True),
        MirrorRule("docker.io/library", (Mirror("both.local"),), Pulls.ALL, of_entry=True),
    )


def test_only_the_most_specific_entry_counts_with_its_mirrors_or_without_any() -> None:
    policy = parse_registries_conf(
        """
        [[registry]]
        location = "quay.io"
        [[registry.mirror]]
        location = "mirror.local/quay"
        [[registry]]
        location = "quay.io/secret"
        [[registry]]
        location = "mirror.local/quay/closed"
        blocked = true
        """
    )

    def places(name: str) -> list[str]:
        found = policy.places(parse(name), by_digest=False, insecure=False)
        return [place.reference().exact() for place in found]

    assert places("quay.io/org/app") == ["mirror.local/quay/org/app", "quay.io/org/app"]
    assert places("quay.io/secret/app") == ["quay.io/secret/app"]
    assert places("quay.io/closed/app") == ["quay.io/closed/app"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[registry", "no TOML"),
        ('[registries.search]\nregistries = ["docker.io"]', "version 1 of the format is not supported"),
        ("[[registry]]\ninsecure = true", r"registry\[0\] needs a location or a prefix"),
        ('[[registry]]\nprefix = "quay.io/org"', r"registry\[0\] needs a location: only a prefix \*.DOMAIN"),
        ('[[registry]]\nlocation = "a.io"\ninsecure = "yes"', r"registry\[0\].insecure must be true or false"),
        ('[[registry]]\nlocation = "a.io"\n[[registry.mirror]]', r"registry\[0\].mirror\[0\] needs a location"),
        (
            '[[registry]]\nlocation = "a.io"\n[[registry.mirror]]\nlocation = "b.io"\npull-from-mirror = "never"',
            "must be one of all, digest-only, tag-only, not 'never'",
        ),
        ("registry = 3", "registry must be tables"),
    ],
)
def test_what_can_not_be_used_is_told(text: str, told: str) -> None:
    with pytest.raises(RegistriesConfError, match=told):
        parse_registries_conf(text)


def test_a_file_is_read_again_when_it_changed(tmp_path: Path) -> None:
    path = tmp_path / "registries.conf"
    path.write_text('[[registry]]\nlocation = "a.io"\nblocked = true\n')
    file = RegistriesConfFile(path)
    first = file.policy()

    path.write_text('[[registry]]\nlocation = "longer.io"\nblocked = true\n')

    assert [entry.prefix for entry in first.entries] == ["a.io"]
    assert [entry.prefix for entry in file.policy().entries] == ["longer.io"]
    assert file.policy() is file.policy()


def test_a_file_that_breaks_later_leaves_the_last_good_settings_in_force(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "registries.conf"
    path.write_text('[[registry]]\nlocation = "a.io"\nblocked = true\n')
    file = RegistriesConfFile(path)

    path.write_text("[[registry")
    broken = file.policy()
    assert file.policy() is broken and len(caplog.records) == 1
    os.unlink(path)
    gone = file.policy()

    assert [entry.prefix for entry in broken.entries] == [entry.prefix for entry in gone.entries] == ["a.io"]


def test_a_file_that_is_no_use_from_the_start_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RegistriesConfError, match="No such file"):
        RegistriesConfFile(tmp_path / "registries.conf")
