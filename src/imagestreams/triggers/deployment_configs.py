"""`ImageChange` triggers of DeploymentConfigs.

An automatic one keeps the image of its containers to a tag and notes it as `lastTriggeredImage`. All of them are
applied together: while one has never found an image, none is, so that the first deployment waits for all its images.
"""

from typing import Any

from imagestreams.triggers.documents import Document, mapping, replaced, text
from imagestreams.triggers.pod_templates import Container, containers
from imagestreams.triggers.reaction import Following, Reaction, Resolve, StreamTag, namespace_of, stream_tag


class DeploymentConfigRule:
    """Follows tags by the triggers of a DeploymentConfig."""

    needs_spec = True

    def follows(self, document: Document) -> list[Following]:
        there = {one.name for one in containers(document)}
        found = []
        for _, params in _image_changes(document):
            tag, names = _tag(params, document), _container_names(params)
            if tag is not None and there.intersection(names):
                found.append(Following(tag, params.get("automatic") is not True, tuple(names)))
        return found

    def react(self, document: Document, resolve: Resolve) -> Reaction:
        if not self.follows(document):
            return Reaction()
        changed: Any = document
        waiting: list[StreamTag] = []
        for position, params in _image_changes(document):
            tag = _tag(params, document)
            if tag is None or params.get("automatic") is not True:
                continue
            last = text(params, "lastTriggeredImage")
            image = resolve(tag) or last
            if not image:
                waiting.append(tag)
                continue
            if image != last:
                changed = replaced(
                    changed, ("spec", "triggers", position, "imageChangeParams", "lastTriggeredImage"), image
                )
            for container in _named(document, _container_names(params)):
                if container.image != image:
                    changed = replaced(changed, (*container.path, "image"), image)
        if waiting or changed is document:
            return Reaction(waiting=tuple(dict.fromkeys(waiting)))
        return Reaction(document=dict(changed))


def _image_changes(document: Document) -> list[tuple[int, Document]]:
    """Return the parameters of the image change triggers, each with its place in the list of triggers."""
    triggers = mapping(document, "spec").get("triggers")
    found = enumerate(triggers) if isinstance(triggers, list) else ()
    return [(position, params) for position, one in found if (params := mapping(one, "imageChangeParams"))]


def _tag(params: Document, document: Document) -> StreamTag | None:
    return stream_tag(mapping(params, "from"), namespace_of(document))


def _container_names(params: Document) -> list[str]:
    names = params.get("containerNames")
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _named(document: Document, names: list[str]) -> list[Container]:
    return [one for one in containers(document) if one.name in names]
