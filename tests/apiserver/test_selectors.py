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
