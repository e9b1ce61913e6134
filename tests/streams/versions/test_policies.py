"""Policies by pattern and by creation, and what is refused with which words."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagestreams.streams.versions import Candidate, UnusablePolicy, read_policy


def best(policy_text: str, *tags: str) -> str | None:
    policy = read_policy(policy_text)
    ranked = [(rank, tag) for tag in tags if (rank := policy.rank(Candidate(tag))) is not None]
    return max(ranked)[1] if ranked else None


def refusal(text: str) -> str:
    with pytest.raises(UnusablePolicy) as refused:
        read_policy(text)
    return str(refused.value)


def test_numbers_in_tags_are_compared_as_numbers() -> None:
    assert best(r"regex:^v(?P<n>\d+)$ numeric", "v9", "v10", "v1", "v11-rc", "latest") == "v10"
    assert best(r"regex:^v(?P<n>\d+)$ alphabetical", "v9", "v10") == "v9"
    assert best(r"regex:^v(?P<n>\d+)$", "v9", "v10") == "v9"
    assert best(r"regex:^main-[a-f0-9]+-(\d+)$ numeric", "main-abc-9", "main-0ff-10") == "main-0ff-10"
    assert best(r"regex:^(\d+)\.(\d+)$ numeric", "1.9", "1.10", "0.99") == "1.10"
    assert best(r"regex:(?P<n>[0-9.]+)$ numeric", "a-1.5", "a-1.25", "a-1..2") == "a-1.5"


def test_named_groups_count_before_others_and_without_groups_the_whole_tag() -> None:
    assert best(r"regex:^(alpine|slim)-(?P<n>\d+)$ numeric", "alpine-2", "slim-1") == "alpine-2"
    assert best(r"regex:^20\d{6}$", "20240506", "20240507", "x") == "20240507"
    assert best(r"regex:^20\d{6}$ numeric", "20240506", "20240507") == "20240507"
    assert best(r"regex:^\d+-[a-z]+$ numeric", "12-abc") is None


def test_a_pattern_that_would_take_for_ever_elsewhere_takes_no_time_here() -> None:
    policy = read_policy(r"regex:^(a+)+(a|aa)*(.*)*b$ numeric")
    began = time.process_time()

    for _ in range(1000):
        assert policy.rank(Candidate("a" * 128)) is None

    assert time.process_time() - began < 5


def test_the_newest_image_wins_and_one_without_a_time_never() -> None:
    policy = read_policy("newest")
    candidates = [Candidate("old", "2020-01-01T00:00:00Z"), Candidate("new", "2024-01-01T00:00:00Z"), Candidate("none")]

    ranked = {one.tag: policy.rank(one) for one in candidates}

    assert policy.needs_created
    assert not read_policy("semver:*").needs_created
    assert ranked["new"] is not None and ranked["old"] is not None
    assert ranked["new"] > ranked["old"]
    assert ranked["none"] is None


def test_refusals_say_what_is_expected() -> None:
    kinds = "must be semver:RANGE, regex:PATTERN [numeric|alphabetical] or newest"
    assert refusal("") == refusal("latest") == refusal("~3.6") == refusal("Semver:1") == kinds
    assert refusal("semver:") == "semver needs a range, such as ~3.6 or >=3.6 <4; * takes any release"
    assert refusal("semver:~3.6 nonsense") == 'can\'t read "nonsense" in the range "~3.6 nonsense"'
    assert refusal("newest:x") == "newest takes nothing else"
    assert refusal("regex:") == refusal("regex: numeric") == r"regex needs a pattern, such as ^v(?P<n>\d+)$ numeric"
    assert refusal("regex:^(a) numric") == "after the pattern comes numeric or alphabetical, not numric"
    assert refusal("regex:(") == "can't read the pattern: missing ): ("
    assert refusal("regex:(?=a)b").startswith("can't read the pattern: invalid perl operator")
    assert refusal(r"regex:(a)\1").startswith("can't read the pattern: invalid escape sequence")
    assert refusal("regex:((a{99}){99}){99}").startswith("can't read the pattern")
    assert refusal("semver:" + "1" * 300) == "must not be longer than 256 characters"


@given(st.text(max_size=60))
def test_any_pattern_can_be_used_or_is_refused(text: str) -> None:
    try:
        policy = read_policy(f"regex:{text}")
    except UnusablePolicy:
        return
    policy.rank(Candidate("v1.2.3"))
