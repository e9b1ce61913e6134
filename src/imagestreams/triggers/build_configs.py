"""`ImageChange` triggers of BuildConfigs: a build is asked for when a tag has another image than that of the last one.

Which image that was stands in `status.imageChangeTriggers`, where whoever makes the build notes it; the field of the
trigger itself is the place where older servers noted it.
"""

from collections.abc import Iterator
from typing import Any, Final

from imagestreams.triggers.documents import Document, items, mapping, text
from imagestreams.triggers.reaction import Following, Reaction, Resolve, StreamTag, namespace_of, stream_tag

CAUSE: Final = "Image change"
_STRATEGIES: Final = ("sourceStrategy", "dockerStrategy", "customStrategy")


class BuildConfigRule:
    """Follows tags by the triggers of a BuildConfig."""

    needs_spec = True

    def follows(self, document: Document) -> list[Following]:
        return [Following(tag, trigger.get("paused") is True) for trigger, _, tag in _triggers(document)]

    def react(self, document: Document, resolve: Resolve) -> Reaction:
        fired: dict[StreamTag, tuple[str, Document]] = {}
        waiting: list[StreamTag] = []
        for trigger, source, tag in _triggers(document):
            if trigger.get("paused") is True or tag in fired:
                continue
            image = resolve(tag)
            if not image:
                waiting.append(tag)
            elif image not in (_last_image(document, tag), text(trigger, "lastTriggeredImageID")):
                fired[tag] = image, source
        request = _request(document, list(fired.values())) if fired else None
        return Reaction(request=request, waiting=tuple(dict.fromkeys(waiting)))


def _triggers(document: Document) -> Iterator[tuple[Document, Document, StreamTag]]:
    """Yield the image change triggers, each with the reference that counts and the tag that it names."""
    namespace = namespace_of(document)
    for policy in items(document, "spec", "triggers"):
        trigger = policy.get("imageChange")
        if not isinstance(trigger, dict):
            continue
        source = mapping(trigger, "from") or strategy_source(document)
        tag = stream_tag(source, namespace)
        if tag is not None:
            yield trigger, source, tag


def strategy_source(document: Document) -> Document:
    """Return the reference to the image that a build begins with; an empty one when the strategy names none."""
    strategy = mapping(document, "spec", "strategy")
    name = next((one for one in _STRATEGIES if isinstance(strategy.get(one), dict)), "")
    return mapping(strategy, name, "from")


def _last_image(document: Document, tag: StreamTag) -> str:
    """Return the image of the last build that a tag triggered, empty when there was none."""
    namespace = namespace_of(document)
    for status in items(document, "status", "imageChangeTriggers"):
        source = mapping(status, "from")
        named = {"kind": "ImageStreamTag", "name": text(source, "name"), "namespace": text(source, "namespace")}
        if stream_tag(named, namespace) == tag:
            return text(status, "lastTriggeredImageID")
    return ""


def _request(document: Document, fired: list[tuple[str, Document]]) -> dict[str, Any]:
    image, source = fired[0]
    return {
        "kind": "BuildRequest",
        "apiVersion": "build.openshift.io/v1",
        "metadata": {"name": text(document, "metadata", "name"), "namespace": namespace_of(document)},
        "triggeredByImage": {"kind": "DockerImage", "name": image},
        "from": dict(source),
        "triggeredBy": [
            {"message": CAUSE, "imageChangeBuild": {"imageID": image, "fromRef": dict(source)}}
            for image, source in fired
        ],
    }
