"""When scheduled checks are due: spread evenly, the same after a restart, later and later while they fail."""

import statistics
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from imagestreams.controllers.imports.timetable import JITTER, LONGEST_BACKOFF, Timetable, next_check_s

NOON_S = 1_764_072_000.0
NAMES = st.text(min_size=1, max_size=40)
TIMES = st.floats(1e9, 3e9)
INTERVALS = st.floats(30, 86400)


@given(NAMES, INTERVALS, TIMES)
def test_the_next_check_is_ahead_and_never_far(name: str, interval_s: float, now_s: float) -> None:
    due_s = next_check_s(name, interval_s, now_s)

    assert now_s < due_s <= now_s + interval_s * (1 + JITTER) + 1e-3


@given(NAMES, INTERVALS, TIMES)
def test_checks_are_one_interval_apart_but_for_the_jitter(name: str, interval_s: float, now_s: float) -> None:
    first_s = next_check_s(name, interval_s, now_s)
    second_s = next_check_s(name, interval_s, first_s)

    assert abs(second_s - first_s - interval_s) <= interval_s * JITTER + 1e-3


@given(NAMES, INTERVALS, TIMES, st.floats(0, 1))
def test_a_restart_changes_nothing(name: str, interval_s: float, now_s: float, passed: float) -> None:
    due_s = next_check_s(name, interval_s, now_s)

    restarted_s = now_s + (due_s - now_s) * passed * 0.999

    assert next_check_s(name, interval_s, restarted_s) == due_s


def test_ten_thousand_tags_are_spread_over_the_interval() -> None:
    due = [next_check_s(f"/is/ns/s{number // 10}:{number % 10}", 900, NOON_S) - NOON_S for number in range(10_000)]

    for each_s in (1, 30, 90):
        buckets = [0] * (900 // each_s)
        for one in due:
            if one < 900:
                buckets[int(one // each_s)] += 1
        # Only chance makes them differ: the spread is that of independent draws, with nothing special at noon.
        average = statistics.mean(buckets)
        assert max(buckets) < average + 6 * average**0.5
        assert buckets[0] < average + 4 * average**0.5


def test_a_failing_tag_is_checked_less_and_less_often_and_then_as_before() -> None:
    now_s = since_s = NOON_S
    distances = []
    for _ in range(10):
        due_s = next_check_s("a", 60, now_s, since_s)
        distances.append((due_s - now_s) / 60)
        now_s = due_s

    assert distances[0] <= 1.6
    for earlier, later in pairwise(distances[1:6]):
        assert 1.5 < later / earlier < 2.7
    assert all(LONGEST_BACKOFF - 1 < distance < LONGEST_BACKOFF + 1 for distance in distances[7:])
    assert next_check_s("a", 60, now_s) <= now_s + 66


def test_items_come_up_when_they_are_due_each_once() -> None:
    table = Timetable()
    table.plan("s", "a", 60, 10)
    table.plan("s", "b", 60, 20)
    table.plan("t", "c", 60, 15)

    assert table.take_due(9) == {}
    assert table.take_due(15) == {"s": {"a"}, "t": {"c"}}
    assert table.take_due(15) == {}
    assert table.group("s")["a"].due_s is None
    assert table.take_due(99) == {"s": {"b"}}


def test_what_is_planned_anew_or_dropped_does_not_come_up_at_the_old_time() -> None:
    table = Timetable()
    for item in ("a", "b", "c"):
        table.plan("s", item, 60, 10)

    table.plan("s", "a", 60, 30)
    table.drop("s", ["b"])

    assert table.take_due(10) == {"s": {"c"}}
    assert table.take_due(30) == {"s": {"a"}}
    table.drop("s")
    assert (len(table), table.groups()) == (0, [])


def test_planning_again_and_again_takes_no_more_room() -> None:
    table = Timetable()
    for turn in range(10_000):
        table.plan("s", "a", 60, turn)

    assert len(table) == 1
    assert len(table._heap) < 100
