"""Which revisions stateful sets and daemon sets should have: the plan alone."""

import json
from typing import Any

import pytest

from imagestreams.api.apps.types import ControllerRevision, DaemonSet, StatefulSet
from imagestreams.api.codec import encode, from_dict
from imagestreams.resources.workloads.revision_history import plan_revisions

Owner = StatefulSet | DaemonSet


def owner(kind: type[Any], image: str, **spec: Any) -> Any:
    labels = {"app": "db"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": image}]}}
    document = {
        "apiVersion": "apps/v1",
        "kind": kind.__name__,
        "metadata": {"name": "db", "namespace": "ns", "uid": "u", "annotations": {"kubernetes.io/change-cause": image}},
        "spec": {"selector": {"matchLabels": labels}, "template": template, "revisionHistoryLimit": 10, **spec},
    }
    return from_dict(document, kind)


def settle(value: Owner, owned: list[ControllerRevision]) -> list[ControllerRevision]:
    plan = plan_revisions(value, owned)
    left = [each for each in owned if each not in plan.removed]
    if plan.changed is not None:
        before, after = plan.changed
        left = [after if each is before else each for each in left]
    return [*left, *([plan.created] if plan.created is not None else [])]


def images(owned: list[ControllerRevision]) -> dict[int, str]:
    found = {each.revision: (each.data or {})["spec"]["template"]["spec"]["containers"][0]["image"] for each in owned}
    return dict(sorted(found.items()))


@pytest.mark.parametrize("kind", [StatefulSet, DaemonSet])
def test_each_new_template_is_a_revision_and_an_old_one_becomes_the_newest_again(kind: type[Any]) -> None:
    owned: list[ControllerRevision] = []
    for image in ("app:1", "app:2", "app:2", "app:1"):
        owned = settle(owner(kind, image), owned)

    assert images(owned) == {2: "app:2", 3: "app:1"}


@pytest.mark.parametrize("kind", [StatefulSet, DaemonSet])
def test_a_revision_belongs_to_its_owner_and_says_why_it_is_there(kind: type[Any]) -> None:
    (made,) = settle(owner(kind, "app:1"), [])

    reference = (made.metadata.owner_references or [])[0]
    assert (reference.kind, reference.uid, reference.controller) == (kind.__name__, "u", True)
    assert (made.metadata.labels or {})["app"] == "db"
    assert (made.metadata.annotations or {})["kubernetes.io/change-cause"] == "app:1"


def test_the_patch_of_a_revision_is_written_as_kubectl_writes_it() -> None:
    (made,) = settle(owner(StatefulSet, "app:1"), [])

    assert encode(made.data) == json.dumps(made.data, sort_keys=True, separators=(",", ":")).encode()
    assert (made.data or {})["spec"]["template"]["$patch"] == "replace"


def test_the_history_is_as_long_as_its_limit_but_what_is_in_use_stays() -> None:
    owned: list[ControllerRevision] = []
    for number in range(1, 6):
        value = owner(StatefulSet, f"app:{number}", revisionHistoryLimit=1)
        if owned:
            value.status.current_revision = owned[0].metadata.name
        owned = settle(value, owned)

    assert images(owned) == {1: "app:1", 4: "app:4", 5: "app:5"}
