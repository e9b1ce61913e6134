"""What label selectors select, and how they are written in one line."""

import pytest

from imagestreams.api.meta import LabelSelector, LabelSelectorRequirement
from imagestreams.api.metadata.label_selectors import is_readable, selector_text, selects, shown_labels, shown_selector


def selector(key: str, operator: str, *values: str) -> LabelSelector:
    requirement = LabelSelectorRequirement(key=key, operator=operator, values=list(values) or None)
    return LabelSelector(match_expressions=[requirement])


@pytest.mark.parametrize(
    ("operator", "values", "selected", "written"),
    [
        ("In", ("a", "b"), [True, False, False], "tier in (a,b)"),
        ("NotIn", ("b", "a"), [False, True, True], "tier notin (a,b)"),
        ("Exists", (), [True, True, False], "tier"),
        ("DoesNotExist", (), [False, False, True], "!tier"),
    ],
)
def test_expressions_select_and_are_written(
    operator: str, values: tuple[str, ...], selected: list[bool], written: str
) -> None:
    made = selector("tier", operator, *values)

    assert [selects(made, labels) for labels in ({"tier": "a"}, {"tier": "c"}, {})] == selected
    assert selector_text(made) == written


def test_no_selector_selects_nothing_and_an_empty_one_everything() -> None:
    assert not selects(None, {"a": "b"})
    assert selects(LabelSelector(), {"a": "b"})
    assert shown_selector(LabelSelector()) == shown_selector(None) == "<none>"


def test_an_unknown_operator_cannot_be_read_and_selects_nothing() -> None:
    made = selector("tier", "Like", "a")

    assert not is_readable(made)
    assert not selects(made, {"tier": "a"})


def test_labels_are_written_in_the_order_of_the_texts() -> None:
    assert shown_labels({"app": "web", "app-tier": "a", "a": "b"}) == "a=b,app-tier=a,app=web"
    assert shown_labels({}) == shown_labels(None) == "<none>"
