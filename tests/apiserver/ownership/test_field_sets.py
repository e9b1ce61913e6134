"""Sets of fields and their form in `fieldsV1`."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagestreams.apiserver.ownership.field_sets import (
    FieldSet,
    Path,
    difference,
    from_wire,
    insert,
    intersection,
    path_text,
    paths,
    to_wire,
    union,
)

_STEPS = st.sampled_from(["f:a", "f:b", "f:c", 'k:{"name":"1"}', 'v:"x"'])
_PATHS = st.sets(st.lists(_STEPS, min_size=1, max_size=4).map(tuple), max_size=12)


def fields_of(members: Any) -> FieldSet:
    fields: FieldSet = {}
    for path in members:
        insert(fields, path)
    return fields


def members_of(fields: FieldSet) -> set[Path]:
    return set(paths(fields))


@given(_PATHS)
def test_a_set_keeps_its_fields_through_the_wire(members: set[Path]) -> None:
    wire = to_wire(fields_of(members))

    assert members_of(from_wire(wire)) == members
    assert to_wire(from_wire(wire)) == wire


@given(_PATHS, _PATHS)
def test_sets_of_fields_are_sets(left: set[Path], right: set[Path]) -> None:
    one, other = fields_of(left), fields_of(right)

    assert members_of(union(one, other)) == left | right
    assert members_of(intersection(one, other)) == left & right
    assert members_of(difference(one, other)) == left - right


@given(_PATHS, _PATHS)
def test_operations_leave_no_empty_nodes(left: set[Path], right: set[Path]) -> None:
    one, other = fields_of(left), fields_of(right)

    assert difference(one, other) == fields_of(left - right)
    assert intersection(one, other) == fields_of(left & right)
    assert (one, other) == (fields_of(left), fields_of(right))


def test_a_field_with_fields_below_is_marked_by_a_dot() -> None:
    fields = fields_of([("f:spec", "f:tags"), ("f:spec", "f:tags", 'k:{"name":"1"}'), ("f:kind",)])

    assert to_wire(fields) == {"f:kind": {}, "f:spec": {"f:tags": {".": {}, 'k:{"name":"1"}': {}}}}


def test_the_wire_form_is_sorted() -> None:
    fields = fields_of([("v:1",), ("f:b",), ('k:{"name":"2"}',), ("f:a",), ('k:{"name":"1"}',)])

    assert list(to_wire(fields)) == ["f:a", "f:b", 'k:{"name":"1"}', 'k:{"name":"2"}', "v:1"]


def test_keys_are_read_in_any_json_form() -> None:
    fields = from_wire({"f:tags": {'k:{ "name" : "1" }': {}}})

    assert members_of(fields) == {("f:tags", 'k:{"name":"1"}')}


@pytest.mark.parametrize("wire", [[], {"f:a": 1}, {"x:a": {}}, {"k:[": {}}, {"k:[]": {}}, {"i:x": {}}, {"": {}}])
def test_what_is_no_set_is_refused(wire: Any) -> None:
    with pytest.raises(ValueError):
        from_wire(wire)


def test_deep_nesting_is_refused() -> None:
    wire: dict[str, Any] = {"f:a": {}}
    for _ in range(600):
        wire = {"f:a": wire}

    with pytest.raises(ValueError, match="too deeply"):
        from_wire(wire)


def test_messages_name_fields_by_path() -> None:
    assert path_text(("f:spec", "f:tags", 'k:{"name":"1"}', "f:from")) == '.spec.tags[name="1"].from'
    assert path_text(("f:metadata", "f:finalizers", 'v:"x/y"')) == '.metadata.finalizers[="x/y"]'


@pytest.mark.parametrize("step", [r'v:"\ud800"', r'k:{"name":"\ud800"}', r'k:{"\ud800":1}'])
def test_half_a_character_in_a_step_is_read_as_go_reads_it(step: str) -> None:
    assert list(to_wire(from_wire({"f:a": {step: {}}}))["f:a"]) == [step.replace(r"\ud800", "\ufffd")]
