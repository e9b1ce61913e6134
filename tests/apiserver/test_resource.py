"""What resources and the API server hand each other."""

import pytest

from imagestreams.api.errors import ApiError
from imagestreams.resources.resource import ContinueToken, FieldRequirement, ListOptions


def test_a_continue_token_survives_its_journey() -> None:
    token = ContinueToken(rv=42, start="/image.openshift.io/imagestreams/ns/b")

    assert ContinueToken.parse(token.encode()) == token


@pytest.mark.parametrize("text", ["nonsense!", "e30x", "bm90IGpzb24", "é"])
def test_a_continue_token_that_is_none_of_ours_is_a_400(text: str) -> None:
    with pytest.raises(ApiError) as failure:
        ContinueToken.parse(text)

    assert failure.value.status.code == 400


def test_an_object_must_fit_labels_and_fields() -> None:
    options = ListOptions(
        labels=lambda labels: labels.get("l") == "1",
        fields=(FieldRequirement("metadata.name", "a"), FieldRequirement("metadata.namespace", "x", equal=False)),
    )

    assert options.selects({"l": "1"}, {"metadata.name": "a", "metadata.namespace": "ns"})
    assert not options.selects({"l": "1"}, {"metadata.name": "a", "metadata.namespace": "x"})
    assert not options.selects(None, {"metadata.name": "a", "metadata.namespace": "ns"})
