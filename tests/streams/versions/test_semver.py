"""Ranges of versions: npm's and Masterminds' notation, by examples and by laws."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from imagestreams.streams.versions import Candidate, UnusablePolicy, read_policy
from imagestreams.streams.versions.semver import read_semver
from imagestreams.streams.versions.version import Version, parse_version


def within(range_text: str, *tags: str) -> list[str]:
    policy = read_semver(range_text)
    return [tag for tag in tags if policy.rank(Candidate(tag)) is not None]


def best(range_text: str, *tags: str) -> str | None:
    policy = read_semver(range_text)
    ranked = [(rank, tag) for tag in tags if (rank := policy.rank(Candidate(tag))) is not None]
    return max(ranked)[1] if ranked else None


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("~3.6", "3.6.0 3.6.99 v3.6.1", "3.5.9 3.7.0 4.0.0"),
        ("~3.6.2", "3.6.2 3.6.9", "3.6.1 3.7.0"),
        ("~3", "3.0.0 3.9.9", "2.9.9 4.0.0"),
        ("~>3.6", "3.6.5", "3.7.0"),
        ("^1.2.3", "1.2.3 1.9.0", "1.2.2 2.0.0 0.9.0"),
        ("^0.2.3", "0.2.3 0.2.9", "0.2.2 0.3.0 1.0.0"),
        ("^0.0.3", "0.0.3", "0.0.2 0.0.4 0.1.0"),
        ("^0.0", "0.0.0 0.0.9", "0.1.0"),
        ("^0", "0.0.1 0.9.0", "1.0.0"),
        ("^1.x", "1.0.0 1.9.9", "2.0.0"),
        (">=3.6 <4", "3.6.0 3.99.0", "3.5.9 4.0.0 4.0.0-rc.1"),
        (">=3.6, <4", "3.6.0 3.99.0", "3.5.9 4.0.0"),
        (">= 3.6 < 4.0", "3.6.0", "4.0.0"),
        ("=> 3.6 =< 4", "3.6.0 4.9.9", "5.0.0"),
        (">3.6", "3.7.0 4.0.0", "3.6.0 3.6.9"),
        (">3.6.1", "3.6.2", "3.6.1"),
        ("<=3.6", "3.6.9 1.0.0", "3.7.0"),
        ("<=3.6.1", "3.6.1", "3.6.2"),
        ("<3.6", "3.5.9", "3.6.0"),
        ("3.6", "3.6.0 3.6.9", "3.7.0 3.5.0"),
        ("3.6.1", "3.6.1 v3.6.1", "3.6.0 3.6.2"),
        ("=3.6.1", "3.6.1", "3.6.2"),
        ("3.6.x", "3.6.0 3.6.9", "3.7.0"),
        ("3.X", "3.0.0 3.9.0", "4.0.0"),
        ("3.*", "3.0.0 3.9.0", "4.0.0"),
        ("*", "0.0.0 1.2.3 99.0.0", "1.2.3-rc.1 latest 1 20240506 abc"),
        ("x", "1.2.3", "latest"),
        ("1.2 - 1.4", "1.2.0 1.4.9", "1.1.9 1.5.0"),
        ("1.2.3 - 1.4.5", "1.2.3 1.4.5", "1.2.2 1.4.6"),
        ("~1.2 || ^3.1", "1.2.9 3.1.0 3.9.0", "1.3.0 3.0.9 4.0.0"),
        ("1.x||3.x", "1.0.0 3.0.0", "2.0.0"),
        (">=1 !=1.5.0 <2", "1.4.0 1.5.1", "1.5.0 2.0.0"),
        (">=1 !=1.5.x", "1.4.9 1.6.0", "1.5.0 1.5.9"),
        (">*", "", "0.0.0 1.0.0"),
        ("<*", "", "0.0.0 1.0.0"),
        ("v1.2.x", "v1.2.3 1.2.4", "1.3.0"),
    ],
)
def test_ranges(text: str, inside: str, outside: str) -> None:
    assert within(text, *inside.split(), *outside.split()) == inside.split()


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        (">=3.6.0", "3.6.0 3.7.0", "3.7.0-rc.1"),
        ("~3.6.0-0", "3.6.0-alpha 3.6.0 3.6.1-rc.1 3.6.1", "3.7.0-alpha 3.7.0"),
        ("^3.6.0-rc.2", "3.6.0-rc.2 3.6.0-rc.10 3.9.0-beta", "3.6.0-rc.1 4.0.0-alpha"),
        (">=1.0.0-0 <2", "1.0.0-alpha 1.5.0-rc.1", "2.0.0-rc.1 2.0.0"),
        (">=1.0.0-0 <2.0.0-rc.2", "2.0.0-rc.1", "2.0.0-rc.2"),
        (">=1.0.0-0 || ~3.6", "1.0.0-rc.1 3.6.0", ""),
        ("~3.6 || ~4.0.0-0", "4.0.0-rc.1 3.6.1", "3.6.1-rc.1"),
        ("=1.0.0-rc.1", "1.0.0-rc.1", "1.0.0 1.0.0-rc.1.1"),
    ],
)
def test_pre_releases_only_where_they_are_asked_for(text: str, inside: str, outside: str) -> None:
    assert within(text, *inside.split(), *outside.split()) == inside.split()


def test_the_highest_version_is_chosen_by_number_and_not_by_letters() -> None:
    assert best("*", "1.9.0", "1.10.0", "1.2.0", "latest") == "1.10.0"
    assert best("~3.6", "3.6", "3.6.0") == "3.6.0"
    assert best("~3.6", "v3.6.4", "3.6.4", "3.6.3") == "3.6.4"
    assert best(">=1.0.0-0", "1.0.0-rc.9", "1.0.0-rc.10") == "1.0.0-rc.10"
    assert best("~3.19", "3.18", "3.19", "3.20") == "3.19"
    assert best("~5", "4.0.0") is None


@pytest.mark.parametrize(
    "text", ["", " ", "||", "~", ">=", "1.2.3.4", "latest", "1..2", "~a", "1.2 -", "1.2 - ", "-1", "1.2-rc", "01.2.3",
             ">>1", "1.2.3-01", "1.0.0 ||", "(1.0)", "1" * 30, ">=1 | <2", "1.2.3 - 1.2.4 - 1.2.5", ">=22.04"],
)  # fmt: skip
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(UnusablePolicy):
        read_semver(text)


PRERELEASES = st.from_regex(r"(?:alpha|beta|rc)(?:\.(?:0|[1-9][0-9]{0,2}))?", fullmatch=True)
NUMBERS = st.integers(0, 12)
RELEASES = st.builds(Version, NUMBERS, NUMBERS, NUMBERS)
VERSIONS = st.builds(Version, NUMBERS, NUMBERS, NUMBERS, st.just("") | PRERELEASES)
OPERATORS = st.sampled_from(["", "=", "!=", "<", "<=", ">", ">=", "~", "^"])
COMPARATORS = st.builds(lambda operator, version: operator + shown(version), OPERATORS, VERSIONS)
GROUPS = st.lists(COMPARATORS, min_size=1, max_size=3).map(" ".join)


def shown(version: Version) -> str:
    text = f"{version.major}.{version.minor}.{version.patch}"
    return f"{text}-{version.prerelease}" if version.prerelease else text


@given(VERSIONS)
def test_a_version_is_read_as_it_is_written(version: Version) -> None:
    assert parse_version(shown(version)) == version
    assert parse_version(f"v{shown(version)}") == version


@given(RELEASES, RELEASES)
def test_comparators_agree_with_the_order_of_releases(version: Version, bound: Version) -> None:
    one, other = version.precedence, bound.precedence
    holds = {"<": one < other, "<=": one <= other, ">": one > other, ">=": one >= other, "=": one == other}

    for operator, expected in holds.items():
        assert read_semver(operator + shown(bound)).admits(version) is expected


@given(RELEASES, RELEASES)
def test_tilde_keeps_the_minor_and_caret_the_first_number_that_is_not_zero(version: Version, bound: Version) -> None:
    above = version.precedence >= bound.precedence
    numbers, limits = (version.major, version.minor, version.patch), (bound.major, bound.minor, bound.patch)
    kept = next((place for place, number in enumerate(limits) if number), 2)

    assert read_semver("~" + shown(bound)).admits(version) is (above and numbers[:2] == limits[:2])
    assert read_semver("^" + shown(bound)).admits(version) is (above and numbers[: kept + 1] == limits[: kept + 1])


@given(GROUPS, GROUPS, VERSIONS)
def test_alternatives_are_a_union(one: str, other: str, version: Version) -> None:
    both = read_semver(f"{one} || {other}").admits(version)

    assert both is (read_semver(one).admits(version) or read_semver(other).admits(version))


@given(COMPARATORS, COMPARATORS, RELEASES)
def test_comparators_side_by_side_must_all_hold(one: str, other: str, version: Version) -> None:
    both = read_semver(f"{one} {other}").admits(version)

    assert both is (read_semver(one).admits(version) and read_semver(other).admits(version))
    assert read_semver(f"{other}, {one}").admits(version) is both


@given(RELEASES, RELEASES, RELEASES)
def test_a_hyphen_is_two_comparators(low: Version, high: Version, version: Version) -> None:
    hyphen = read_semver(f"{shown(low)} - {shown(high)}")

    assert hyphen.admits(version) is read_semver(f">={shown(low)} <={shown(high)}").admits(version)


@given(st.builds(lambda operator, bound: operator + shown(bound), OPERATORS, RELEASES), RELEASES, PRERELEASES)
def test_no_pre_release_gets_in_that_nobody_asked_for(group: str, release: Version, prerelease: str) -> None:
    version = Version(release.major, release.minor, release.patch, prerelease)

    assert not read_semver(group).admits(version)


@given(st.lists(VERSIONS, min_size=1, max_size=8))
def test_what_is_chosen_is_the_highest_that_is_within(versions: list[Version]) -> None:
    tags = [shown(version) for version in versions]
    chosen = best(">=0.0.0-0", *tags)

    highest = max(versions, key=lambda version: version.precedence)
    assert chosen is not None
    assert parse_version(chosen) == highest


@given(st.text(max_size=80))
@example("~3.6" * 60)
def test_any_text_is_a_policy_or_refused_and_nothing_else(text: str) -> None:
    for written in (f"semver:{text}", text):
        try:
            policy = read_policy(written)
        except UnusablePolicy:
            continue
        policy.rank(Candidate("3.6.1"))
