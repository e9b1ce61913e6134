"""The changes that are kept share one budget of memory."""

from dataclasses import dataclass

from imagestreams.store.history import History, HistoryBudget


@dataclass(frozen=True)
class Changed:
    revision: int


def revisions(history: History[Changed]) -> list[int]:
    return [event.revision for event in history]


def test_the_oldest_change_of_all_is_forgotten_first() -> None:
    budget = HistoryBudget(max_bytes=30)
    quiet: History[Changed] = History(budget)
    busy: History[Changed] = History(budget)
    quiet.append(Changed(2), 10)

    busy.append(Changed(1), 10)
    busy.append(Changed(3), 10)
    busy.append(Changed(4), 10)

    assert (revisions(quiet), quiet.oldest) == ([2], 0)
    assert (revisions(busy), busy.oldest) == ([3, 4], 1)

    busy.append(Changed(5), 10)

    assert (revisions(quiet), quiet.oldest) == ([], 2)
    assert (revisions(busy), busy.oldest) == ([3, 4, 5], 1)


def test_changes_of_one_revision_are_forgotten_together() -> None:
    history: History[Changed] = History(HistoryBudget(max_bytes=30))
    for revision in (1, 1, 2, 2):
        history.append(Changed(revision), 10)

    assert (revisions(history), history.oldest) == ([2, 2], 1)


def test_what_is_larger_than_the_budget_is_not_kept() -> None:
    history: History[Changed] = History(HistoryBudget(max_bytes=30))
    history.append(Changed(1), 10)

    history.append(Changed(2), 31)

    assert (revisions(history), history.oldest) == ([], 2)


def test_a_new_beginning_gives_its_room_to_others() -> None:
    budget = HistoryBudget(max_bytes=30)
    first: History[Changed] = History(budget)
    second: History[Changed] = History(budget)
    first.append(Changed(1), 30)

    first.begin(oldest=7)
    second.append(Changed(8), 30)

    assert (revisions(first), first.oldest) == ([], 7)
    assert (revisions(second), second.oldest) == ([8], 0)
    assert [event.revision for event in reversed(second)] == [8]
