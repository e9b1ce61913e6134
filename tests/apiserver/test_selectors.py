"""Selecting objects by labels and fields."""

import pytest

from imagestreams.api.errors import ApiError
from imagestreams.api.image import ImageStream
from imagestreams.apiserver.selectors import parse_fields, parse_labels
from imagestreams.resources.resource import FieldRequirement, ResourceInfo

STREAMS = ResourceInfo(
    group="image.openshift.io",
    version="v1",
    plural="imagestreams",
    kind="ImageStream",
    object_type=ImageStream,
    verbs=frozenset({"list"}),
)


@pytest.mark.parametrize(
    ("selector", "labels", "selected"),
    [
        ("l=1", {"l": "1"}, True),
        ("l==1,m", {"l": "1"}, False),
        ("l!=1", {}, True),
        ("l in (1, 2)", {"l": "2"}, True),
        ("l notin (1,2),m=3", {"m": "3"}, True),
        ("example.org/x", {"example.org/x": ""}, True),
        ("!l", {"l": "1"}, False),
        ("l=", {"l": ""}, True),
        ("l>5", {"l": "6"}, True),
        ("l<5", {"l": "x"}, False),
        ("l in ()", {"l": ""}, True),
        ("l notin (a,)", {"l": ""}, False),
        ("l in (,a)", {"l": "a"}, True),
        ("l in (in, notin)", {"l": "notin"}, True),
        ("in=notin", {"in": "notin"}, True),
        ("l=,m", {"l": "", "m": "1"}, True),
        (" l = 1 ,\t!m", {"l": "1"}, True),
    ],
)
def test_labels(selector: str, labels: dict[str, str], selected: bool) -> None:
    select = parse_labels(selector)

    assert select is not None
    assert select(labels) is selected


def test_an_empty_selector_selects_everything() -> None:
    assert parse_labels("") is None
    assert parse_fields("", STREAMS) == ()


@pytest.mark.parametrize("selector", ["l=1,", "=1", "l in 1", "l in (1", "a b", "l>x", "l in (-)", "l=" + "x" * 64])
def test_labels_that_can_not_be_read_are_a_400(selector: str) -> None:
    with pytest.raises(ApiError) as failure:
        parse_labels(selector)

    assert failure.value.status.code == 400


@pytest.mark.parametrize(
    ("selector", "told"),
    [
        ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
        ("=1", "found '=', expected: !, identifier, or 'end of string'"),
        ("l=1,", "found '', expected: identifier after ','"),
        ("l=1,=", "found '=', expected: identifier after ','"),
        ("l=1 m", "found 'm', expected: ',' or 'end of string'"),
        ("l==!", "unable to parse requirement: found '!', expected: identifier"),
        ("!", "unable to parse requirement: found '', expected: identifier"),
        ("l in 1", "unable to parse requirement: found '1' expected: '('"),
        ("l in (1", "unable to parse requirement: found '', expected: ',' or ')'"),
        ("l in (1 2)", "unable to parse requirement: found '2', expected: ',' or ')'"),
        ("l in (=)", "unable to parse requirement: found '=', expected: ',', ')' or identifier"),
        (
            "l>x",
            "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be "
            "an integer",
        ),
        (
            "-l",
            'unable to parse requirement: <nil>: Invalid value: "-l": name part must consist of alphanumeric '
            "characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or "
            "'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
        ),
    ],
)
def test_it_is_told_where_a_label_selector_can_not_be_read(selector: str, told: str) -> None:
    with pytest.raises(ApiError) as failure:
        parse_labels(selector)

    assert failure.value.status.message == told


def test_fields() -> None:
    assert parse_fields(r"metadata.name=a\,b,metadata.namespace!=ns", STREAMS) == (
        FieldRequirement("metadata.name", "a,b"),
        FieldRequirement("metadata.namespace", "ns", equal=False),
    )


@pytest.mark.parametrize("selector", ["spec.nope=1", "metadata.name", "=x"])
def test_fields_that_can_not_be_selected_by_are_a_400(selector: str) -> None:
    with pytest.raises(ApiError) as failure:
        parse_fields(selector, STREAMS)

    assert failure.value.status.code == 400
