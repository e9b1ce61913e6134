"""The annotation `image.openshift.io/triggers`: a JSON list of `{from, fieldPath, paused}`.

Each says which container's image is kept to a tag. Only the image is written, nothing remembers that it was.
"""

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from imagestreams.api.json_syntax import JsonSyntaxError, check_json
from imagestreams.triggers.documents import Document, mapping, replaced, text
from imagestreams.triggers.error import TriggerError
from imagestreams.triggers.pod_templates import container_at
from imagestreams.triggers.reaction import Following, Reaction, Resolve, StreamTag, namespace_of, stream_tag

TRIGGERS: Final = "image.openshift.io/triggers"


@dataclass(frozen=True, slots=True)
class FieldTrigger:
    """A trigger as the annotation has it: `source` is the reference to the tag."""

    source: Document
    field_path: str
    paused: bool


def annotation_of(document: Document) -> str | None:
    """Return an object's annotation, `None` when it has none."""
    value = mapping(document, "metadata", "annotations").get(TRIGGERS)
    return value if isinstance(value, str) else None


def parse_triggers(annotation: str) -> list[FieldTrigger]:
    """Read an annotation; `null` is no trigger.

    Raises:
        TriggerError: it is not a list of triggers.
    """
    value = _json(annotation)
    if value is None:
        return []
    if not isinstance(value, list):
        raise _misfit(value, "", "[]trigger.ObjectFieldTrigger")
    return [_trigger(one) for one in value]


class AnnotationRule:
    """Follows tags by the annotation."""

    needs_spec = False

    def follows(self, document: Document) -> list[Following]:
        namespace = namespace_of(document)
        found = [(stream_tag(one.source, namespace), one) for one in _triggers(document)]
        return [Following(tag, one.paused, (_container_name(one.field_path),)) for tag, one in found if tag is not None]

    def react(self, document: Document, resolve: Resolve) -> Reaction:
        namespace, changed = namespace_of(document), document
        waiting: list[StreamTag] = []
        for trigger in _triggers(document):
            tag = stream_tag(trigger.source, namespace)
            if tag is None or trigger.paused:
                continue
            image = resolve(tag)
            if not image:
                waiting.append(tag)
                continue
            container = container_at(changed, trigger.field_path)
            if container is not None and container.image != image:
                changed = replaced(changed, (*container.path, "image"), image)
        # Two triggers may mean one container by different paths: the last of them counts.
        moved = changed is not document and changed != document
        return Reaction(document=dict(changed) if moved else None, waiting=tuple(dict.fromkeys(waiting)))


def _triggers(document: Document) -> list[FieldTrigger]:
    annotation = annotation_of(document)
    triggers = parse_triggers(annotation) if annotation is not None else []
    if len({one.field_path for one in triggers}) < len(triggers):
        raise TriggerError("duplicate triggers are not allowed")
    return triggers


def _container_name(field_path: str) -> str:
    """Return how a listing calls the container of a field path: by its name or index."""
    selector = field_path.partition("[")[2].partition("]")[0]
    return selector.removeprefix('?(@.name=="').removesuffix('")')


def _trigger(value: Any) -> FieldTrigger:
    if value is None:
        value = {}
    if not isinstance(value, dict):
        raise _misfit(value, "", "trigger.ObjectFieldTrigger")
    found = _fields(value)
    source = found.get("from")
    if source is not None and not isinstance(source, dict):
        raise _misfit(source, ".from", "trigger.ObjectReference")
    path, paused = found.get("fieldpath"), found.get("paused")
    if path is not None and not isinstance(path, str):
        raise _misfit(path, ".fieldPath", "string")
    if paused is not None and not isinstance(paused, bool):
        raise _misfit(paused, ".paused", "bool")
    return FieldTrigger(_reference(source or {}), path or "", bool(paused))


def _reference(value: dict[str, Any]) -> Document:
    found = _fields(value)
    names = {"kind": "kind", "name": "name", "namespace": "namespace", "apiversion": "apiVersion"}
    for folded, name in names.items():
        if found.get(folded) is not None and not isinstance(found[folded], str):
            raise _misfit(found[folded], f".from.{name}", "string")
    return {name: text(found, folded) for folded, name in names.items()}


def _fields(value: dict[str, Any]) -> dict[str, Any]:
    # The annotation's other readers take names in any case.
    return {name.lower(): one for name, one in value.items()}


def _json(annotation: str) -> Any:
    data = annotation.encode("utf-8", "surrogatepass")
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        try:
            check_json(data)
        except JsonSyntaxError as told:
            raise TriggerError(str(told)) from None
        raise TriggerError(str(error)) from None


def _misfit(value: Any, field: str, wanted: str) -> TriggerError:
    match value:
        case bool():
            found = "bool"
        case str():
            found = "string"
        case int() | float():
            found = "number"
        case list():
            found = "array"
        case _:
            found = "object"
    place = f"Go struct field ObjectFieldTrigger{field} of type {wanted}" if field else f"Go value of type {wanted}"
    return TriggerError(f"json: cannot unmarshal {found} into {place}")
