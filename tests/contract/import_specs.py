"""How tests write what they want imported."""

from typing import Any


def image(source: str, to: str | None = None, *, insecure: bool = True, **more: Any) -> dict[str, Any]:
    """One entry of `spec.images`; without `to` the upstream tag, if one is written, names the target."""
    policy = {"insecure": True} if insecure else {}
    wanted = {"from": {"kind": "DockerImage", "name": source}, "importPolicy": policy | more.pop("policy", {}), **more}
    return wanted if to is None else {**wanted, "to": {"name": to}}


def images_of(history: list[Any]) -> list[str]:
    """The images of a tag's history, newest first."""
    return [event["image"] for event in history]
