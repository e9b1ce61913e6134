"""From where an engine may take images: from registries, and from its own storage. Pure.

Engines also take archives and directories of this machine for images, wherever the name of one stands; a policy of
signatures is what keeps them from it in every place. What the operator's own policy asks of registries still holds.
"""

from collections.abc import Mapping
from typing import Any, Final

_ANYTHING: Final = [{"type": "insecureAcceptAnything"}]
_NOTHING: Final = [{"type": "reject"}]


def registries_only(own: Mapping[str, Any]) -> dict[str, Any]:
    """Return the policy for builds; `own` is that of this machine, empty where it has none.

    >>> registries_only({"default": [{"type": "reject"}]})["transports"]["docker"]
    {'': [{'type': 'reject'}]}
    """
    default, transports = own.get("default") or _ANYTHING, own.get("transports") or {}
    registries = dict(transports.get("docker") or {})
    registries.setdefault("", default)
    return {"default": _NOTHING, "transports": {"docker": registries, "containers-storage": {"": _ANYTHING}}}
