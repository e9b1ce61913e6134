"""How well a pod is off when its node runs short, as its requests and limits tell it."""

from typing import Final

from imagestreams.api.pods.pod import PodSpec
from imagestreams.api.pods.resource_validation import is_positive

GUARANTEED: Final = "Guaranteed"
BURSTABLE: Final = "Burstable"
BEST_EFFORT: Final = "BestEffort"
_COUNTED: Final = ("cpu", "memory")


def service_quality(spec: PodSpec) -> str:
    """Return the class of a pod.

    It is guaranteed if every container has limits for processor and memory that equal its requests, and best effort
    if none has any of these. Amounts are canonical, so that equal ones are equal texts.
    """
    guaranteed, anything = True, False
    for container in [*(spec.init_containers or []), *(spec.containers or [])]:
        limits, requests = container.resources.limits or {}, container.resources.requests or {}
        asked = [amounts[name] for amounts in (limits, requests) for name in _COUNTED if name in amounts]
        anything = anything or any(map(is_positive, asked))
        if not all(name in limits and requests.get(name, limits[name]) == limits[name] for name in _COUNTED):
            guaranteed = False
    if not anything:
        return BEST_EFFORT
    return GUARANTEED if guaranteed else BURSTABLE
