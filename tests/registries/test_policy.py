"""Where an image is asked for: scopes, mirrors in order, what is blocked and what may be insecure."""

import pytest

from imagestreams.reference import parse
from imagestreams.registries.policy import Mirror, MirrorRule, Place, Pulls, RegistryEntry, RegistryPolicy, covers


def mirrors(source: str, *locations: str, pulls: Pulls = Pulls.ALL, contacts_source: bool = True) -> MirrorRule:
    return MirrorRule(source, tuple(Mirror(one) for one in locations), pulls, contacts_source)


def places(policy: RegistryPolicy, name: str, *, by_digest: bool = False, insecure: bool = False) -> list[str]:
    found = policy.places(parse(name), by_digest=by_digest, insecure=insecure)
    return [f"{place.registry}/{place.repository}" + (" insecure" if place.insecure else "") for place in found]


@pytest.mark.parametrize(
    ("scope", "name", "inside"),
    [
        ("quay.io", "quay.io/org/app", True),
        ("quay.io", "quay.io:5000/org/app", False),
        ("quay.io:5000", "quay.io:5000/org/app", True),
        ("quay.io/org", "quay.io/org/app", True),
        ("quay.io/org", "quay.io/organ/app", False),
        ("quay.io/org/app", "quay.io/org/app", True),
        ("*.example.com", "a.example.com/app", True),
        ("*.example.com", "a.b.example.com:5000/app", True),
        ("*.example.com", "example.com/app", False),
        ("*.example.com", "badexample.com/app", False),
        ("*.example.com", "quay.io/a.example.com", False),
        ("*.example.com", "*.b.example.com", True),
    ],
)
def test_a_scope_is_a_registry_a_part_of_one_or_the_hosts_of_a_domain(scope: str, name: str, inside: bool) -> None:
    assert covers(scope, name) is inside


def test_without_settings_an_image_is_asked_for_where_its_name_says() -> None:
    assert places(RegistryPolicy(), "quay.io/org/app:1") == ["quay.io/org/app"]
    assert places(RegistryPolicy(), "busybox") == ["docker.io/library/busybox"]
    assert places(RegistryPolicy(), "quay.io/org/app:1", insecure=True) == ["quay.io/org/app insecure"]


def test_mirrors_come_in_their_order_and_the_source_last() -> None:
    policy = RegistryPolicy(mirrors=(mirrors("quay.io/org", "one.local/copy", "two.local:5000/org"),))

    assert places(policy, "quay.io/org/app:1") == ["one.local/copy/app", "two.local:5000/org/app", "quay.io/org/app"]
    assert places(policy, "quay.io/other/app:1") == ["quay.io/other/app"]


def test_the_mirrors_of_docker_hub_hold_for_its_short_names_too() -> None:
    policy = RegistryPolicy(mirrors=(mirrors("docker.io", "mirror.local/hub"),))

    assert places(policy, "busybox:1") == ["mirror.local/hub/library/busybox", "docker.io/library/busybox"]


def test_only_the_most_specific_source_counts() -> None:
    policy = RegistryPolicy(mirrors=(mirrors("quay.io", "wide.local"), mirrors("quay.io/org", "narrow.local/org")))

    assert places(policy, "quay.io/org/app:1") == ["narrow.local/org/app", "quay.io/org/app"]
    assert places(policy, "quay.io/else/app:1") == ["wide.local/else/app", "quay.io/else/app"]


def test_a_mirror_of_a_domain_takes_the_path_of_the_image() -> None:
    policy = RegistryPolicy(mirrors=(mirrors("*.redhat.io", "mirror.local/redhat"),))

    found = places(policy, "registry.redhat.io:443/product/repo:1")

    assert found == ["mirror.local/redhat/product/repo", "registry.redhat.io:443/product/repo"]


def test_tags_and_digests_have_mirrors_of_their_own() -> None:
    policy = RegistryPolicy(
        mirrors=(
            mirrors("quay.io", "digests.local", pulls=Pulls.BY_DIGEST),
            mirrors("quay.io", "tags.local", pulls=Pulls.BY_TAG),
        )
    )

    assert places(policy, "quay.io/a/b", by_digest=True) == ["digests.local/a/b", "quay.io/a/b"]
    assert places(policy, "quay.io/a/b") == ["tags.local/a/b", "quay.io/a/b"]


def test_a_source_that_is_never_to_be_contacted_is_left_out_for_tags_and_for_digests() -> None:
    policy = RegistryPolicy(mirrors=(mirrors("quay.io", "tags.local", pulls=Pulls.BY_TAG, contacts_source=False),))

    assert places(policy, "quay.io/a/b") == ["tags.local/a/b"]
    assert places(policy, "quay.io/a/b", by_digest=True) == []


def test_a_rule_without_a_real_mirror_says_nothing() -> None:
    policy = RegistryPolicy(
        mirrors=(mirrors("quay.io/a", "quay.io/a", contacts_source=False), mirrors("quay.io/a", contacts_source=False))
    )

    assert places(policy, "quay.io/a/b") == ["quay.io/a/b"]


def test_a_source_in_its_own_list_is_asked_in_its_turn() -> None:
    policy = RegistryPolicy(mirrors=(mirrors("quay.io", "one.local", "quay.io", "two.local"),))

    assert places(policy, "quay.io/a/b") == ["one.local/a/b", "quay.io/a/b", "two.local/a/b"]


def test_lists_of_one_source_are_merged_each_in_its_order() -> None:
    policy = RegistryPolicy(mirrors=(mirrors("q.io", "c.io", "d.io", "e.io"), mirrors("q.io", "a.io", "b.io", "c.io")))

    assert places(policy, "q.io/x/y") == [f"{host}.io/x/y" for host in "abcdeq"]


def test_lists_that_contradict_each_other_are_still_asked_once_each() -> None:
    policy = RegistryPolicy(mirrors=(mirrors("q.io", "a.io", "b.io"), mirrors("q.io", "b.io", "a.io")))

    assert places(policy, "q.io/x/y") == ["a.io/x/y", "b.io/x/y", "q.io/x/y"]


def test_a_blocked_registry_is_asked_nowhere_but_at_its_mirrors() -> None:
    blocked = RegistryPolicy(blocked=("quay.io", "*.bad.com"))
    mirrored = RegistryPolicy(blocked=("quay.io",), mirrors=(mirrors("quay.io/org", "one.local"),))

    assert places(blocked, "quay.io/org/app") == []
    assert places(blocked, "x.bad.com/app") == []
    assert places(blocked, "ghcr.io/org/app") == ["ghcr.io/org/app"]
    assert places(mirrored, "quay.io/org/app") == ["one.local/app"]
    assert places(mirrored, "quay.io/else/app") == []


def test_a_blocked_mirror_is_passed_over() -> None:
    policy = RegistryPolicy(blocked=("one.local",), mirrors=(mirrors("quay.io", "one.local", "two.local"),))

    assert places(policy, "quay.io/a/b") == ["two.local/a/b", "quay.io/a/b"]


def test_what_may_be_insecure_is_said_of_sources_and_of_mirrors() -> None:
    rule = (mirrors("quay.io", "one.local", "two.local"),)

    by_mirror = RegistryPolicy(insecure=("one.local",), mirrors=rule)
    assert places(by_mirror, "quay.io/a/b") == ["one.local/a/b insecure", "two.local/a/b", "quay.io/a/b"]
    everywhere = ["one.local/a/b insecure", "two.local/a/b insecure", "quay.io/a/b insecure"]
    assert places(RegistryPolicy(insecure=("quay.io",), mirrors=rule), "quay.io/a/b") == everywhere
    assert places(RegistryPolicy(mirrors=rule), "quay.io/a/b", insecure=True) == everywhere


def test_a_registries_conf_may_move_block_or_loosen_a_scope() -> None:
    policy = RegistryPolicy(
        entries=(
            RegistryEntry("quay.io", "quay.io", insecure=True),
            RegistryEntry("quay.io/org", "internal.local:5000/copy"),
            RegistryEntry("quay.io/bad", "quay.io/bad", blocked=True),
            RegistryEntry("*.example.com", insecure=True),
        )
    )

    assert places(policy, "quay.io/a/b") == ["quay.io/a/b insecure"]
    assert places(policy, "quay.io/org/app") == ["internal.local:5000/copy/app"]
    assert places(policy, "quay.io/bad/app") == []
    assert places(policy, "r.example.com/app") == ["r.example.com/app insecure"]


def test_a_place_is_a_reference_whatever_its_host_looks_like() -> None:
    assert str(Place("mirror", "a/b/c", False).reference()) == "mirror/a/b/c"
    assert str(Place("mirror:5000", "app", False).reference()) == "mirror:5000/app"


def test_a_mirror_without_a_path_can_not_stand_for_a_single_repository() -> None:
    policy = RegistryPolicy(mirrors=(mirrors("quay.io/a/b", "mirror.local"),))

    assert places(policy, "quay.io/a/b") == ["quay.io/a/b"]
