"""Discovery as recorded."""

import json
from pathlib import Path
from typing import Any

from imagestreams.api.image import ImageStream
from imagestreams.apiserver.discovery import Discovery
from imagestreams.resources.resource import ResourceInfo

TRANSCRIPT = Path(__file__).parents[1] / "contract" / "transcripts" / "discovery.json"


def recorded(path: str) -> dict[str, Any]:
    steps = json.loads(TRANSCRIPT.read_text())["steps"]
    answer: dict[str, Any] = next(s["answer"]["body"] for s in steps if s.get("http") == ["GET", path])
    return answer


def infos() -> list[ResourceInfo]:
    listed = []
    for entry in recorded("/apis/image.openshift.io/v1")["resources"]:
        plural, _, subresource = entry["name"].partition("/")
        listed.append(
            ResourceInfo(
                group="image.openshift.io",
                version="v1",
                plural=plural,
                subresource=subresource,
                singular=entry["singularName"],
                kind=entry["kind"],
                object_type=ImageStream,
                namespaced=entry["namespaced"],
                verbs=frozenset(entry["verbs"]),
                short_names=tuple(entry.get("shortNames", ())),
                categories=tuple(entry.get("categories", ())),
                storage_version_hash=entry.get("storageVersionHash", ""),
            )
        )
    return listed


def test_group_and_version_read_as_recorded_whatever_the_order_of_registration() -> None:
    discovery = Discovery(reversed(infos()))

    assert discovery.group("image.openshift.io") == recorded("/apis/image.openshift.io")
    assert discovery.resources("image.openshift.io", "v1") == recorded("/apis/image.openshift.io/v1")


def test_what_is_not_served_has_no_document() -> None:
    discovery = Discovery(infos())

    assert discovery.group("apps") is None
    assert discovery.resources("image.openshift.io", "v9") is None
    assert discovery.core_versions()["versions"] == []


def test_the_aggregated_form_holds_subresources_below_their_resource() -> None:
    (group,) = Discovery(infos()).aggregated(core=False)["items"]

    resources = {entry["resource"]: entry for entry in group["versions"][0]["resources"]}
    assert [sub["subresource"] for sub in resources["imagestreams"]["subresources"]] == ["layers", "secrets", "status"]
    assert resources["images"]["scope"] == "Cluster"
    assert "imagestreams/status" not in resources
