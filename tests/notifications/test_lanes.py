"""In order for each subject, later and later, and no longer than that."""

import pytest

from imagestreams.notifications.cloudevents import CloudEvent
from imagestreams.notifications.lanes import (
    ATTEMPTS_MIN,
    GIVE_UP_S,
    LONGEST_S,
    Lanes,
    Outcome,
    backoff_s,
    is_hopeless,
    outcome_of,
)
from imagestreams.notifications.outbox import Letter

BAD = Outcome(False, "no")
DOWN = Outcome(False, "no", down=True)


def letters(*subjects: str) -> dict[int, Letter]:
    return {
        number: Letter(
            number, CloudEvent(id=str(number), source="", type="", subject=subject, time="", sequence="", data={}), ""
        )
        for number, subject in enumerate(subjects, 1)
    }


def chosen(lanes: Lanes, waiting: dict[int, Letter], now: float = 0.0, limit: int = 1) -> list[int] | float | None:
    found = lanes.choose(waiting, now, limit)
    return [letter.number for letter in found] if isinstance(found, list) else found


def test_the_oldest_goes_first_and_an_empty_box_waits_for_nothing() -> None:
    assert chosen(Lanes(), letters("a", "b")) == [1]
    assert chosen(Lanes(), {}) is None


def test_different_subjects_go_at_once_and_one_of_them_never_twice() -> None:
    waiting = letters("a", "a", "b", "c", "b")

    assert chosen(Lanes(), waiting, limit=4) == [1, 3, 4]
    assert chosen(Lanes(), waiting, limit=2) == [1, 3]


def test_an_address_that_was_down_is_tried_with_one_event() -> None:
    lanes, waiting = Lanes(), letters("a", "b", "c")
    lanes.failed(waiting[1], DOWN, now=0.0, chance=1.0)
    lanes.failed(waiting[2], DOWN, now=0.0, chance=1.0)

    assert lanes.failures == 1
    assert chosen(lanes, waiting, now=1.0, limit=4) == [1]


def test_behind_a_dead_event_the_next_one_begins_anew() -> None:
    lanes, waiting = Lanes(), letters("a", "a")
    lanes.failed(waiting[1], BAD, now=0.0, chance=1.0)
    lanes.gave_up(waiting.pop(1))

    assert chosen(lanes, waiting) == [2]


def test_a_subject_that_fails_holds_up_itself_only() -> None:
    lanes, waiting = Lanes(), letters("a", "a", "b")

    lanes.failed(waiting[1], BAD, now=0.0, chance=1.0)

    assert chosen(lanes, waiting) == [3]
    del waiting[3]
    assert chosen(lanes, waiting) == 1.0
    assert chosen(lanes, waiting, now=1.0) == [1]


def test_an_address_that_is_down_holds_up_all() -> None:
    lanes, waiting = Lanes(), letters("a", "b")

    lanes.failed(waiting[1], DOWN, now=0.0, chance=1.0)

    assert chosen(lanes, waiting) == 1.0


def test_behind_an_address_that_was_down_the_next_subject_has_its_turn() -> None:
    lanes, waiting = Lanes(), letters("a", "b")
    lanes.failed(waiting[1], DOWN, now=0.0, chance=1.0)
    lanes.failed(waiting[1], DOWN, now=0.0, chance=1.0)
    lanes.succeeded(waiting[2])
    lanes.not_before = 0.0

    assert chosen(lanes, waiting, now=1.5) == [2]


def test_what_a_receiver_asks_for_is_waited_for() -> None:
    lanes, waiting = Lanes(), letters("a")

    lanes.failed(waiting[1], Outcome(False, "busy", down=True, retry_after_s=90.0), now=0.0, chance=1.0)

    assert chosen(lanes, waiting) == 90.0


def test_the_pause_doubles_up_to_hours_and_is_spread() -> None:
    assert [backoff_s(failures, 1.0) for failures in (1, 2, 3, 4)] == [1, 2, 4, 8]
    assert backoff_s(3, 0.0) == 2
    assert backoff_s(1000, 1.0) == LONGEST_S == 7200


def test_lanes_of_what_no_longer_waits_are_forgotten() -> None:
    lanes, waiting = Lanes(), letters("a")
    lanes.failed(waiting[1], BAD, now=0.0, chance=1.0)

    assert chosen(lanes, {}) is None
    assert lanes.lanes == {}


@pytest.mark.parametrize(
    ("status", "delivered", "final", "down"),
    [
        (200, True, False, False),
        (202, True, False, False),
        (204, True, False, False),
        (302, False, False, False),
        (400, False, True, False),
        (401, False, False, False),
        (403, False, False, False),
        (404, False, False, False),
        (410, False, True, False),
        (413, False, True, False),
        (422, False, True, False),
        (429, False, False, True),
        (500, False, False, True),
        (503, False, False, True),
    ],
)
def test_what_a_status_means(status: int, delivered: bool, final: bool, down: bool) -> None:
    outcome = outcome_of(status, None)

    assert (outcome.delivered, outcome.final, outcome.down) == (delivered, final, down)
    assert str(status) in outcome.message


def test_an_event_is_given_up_after_a_day_and_some_attempts_or_when_it_is_refused() -> None:
    assert is_hopeless(outcome_of(400, None), 1, 0)
    assert not is_hopeless(BAD, 1000, GIVE_UP_S - 1)
    assert not is_hopeless(BAD, ATTEMPTS_MIN - 1, GIVE_UP_S * 10)
    assert is_hopeless(BAD, ATTEMPTS_MIN, GIVE_UP_S)
