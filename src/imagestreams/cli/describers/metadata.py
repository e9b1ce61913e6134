"""The parts that most descriptions begin with: labels and annotations, in the two styles of `oc` and kubectl."""

from collections.abc import Mapping
from typing import Any, Final

from imagestreams.api.annotations import MOVES
from imagestreams.cli.texts.tab_stops import TabbedText

_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
_ANNOTATION_MAX: Final = 140


def oc_text() -> TabbedText:
    """Start a description of one of OpenShift's own kinds, which pads with tabs."""
    return TabbedText(padding=1, with_tabs=True)


def pairs(text: TabbedText, label: str, values: Mapping[str, str] | None) -> None:
    """Write `key=value` lines in order of the keys under one label."""
    lines = [f"{key}={value}" for key, value in sorted((values or {}).items())]
    if not lines:
        text.line(label, "")
        return
    text.line(label, lines[0])
    for line in lines[1:]:
        text.write(f"\t{line}\n")


def description_and_annotations(text: TabbedText, metadata: Mapping[str, Any]) -> None:
    """Write the annotation `description` on a line of its own and the other ones together.

    The server's list of moves is left out: `history` tells them, and each tag tells where it is.
    """
    annotations = {key: value for key, value in (metadata.get("annotations") or {}).items() if key != MOVES}
    if description := annotations.pop("description", ""):
        text.line("Description", description)
    pairs(text, "Annotations", annotations)


def kubectl_labels(text: TabbedText, metadata: Mapping[str, Any], title: str = "Labels") -> None:
    """Write labels as kubectl does."""
    text.write(labels_text(title, metadata.get("labels")))


def labels_text(title: str, labels: Mapping[str, str] | None) -> str:
    """Return pairs as kubectl writes labels, a line each."""
    pairs = sorted((labels or {}).items())
    return f"{title}:\t" + ("\t".join(f"{key}={value}\n" for key, value in pairs) or "<none>\n")


def kubectl_annotations(text: TabbedText, metadata: Mapping[str, Any]) -> None:
    """Write annotations as kubectl does."""
    text.write(annotations_text("Annotations", metadata.get("annotations")))


def annotations_text(title: str, annotations: Mapping[str, str] | None) -> str:
    """Return annotations as kubectl writes them: long ones on lines of their own and cut, the last applied left out."""
    annotations = annotations or {}
    keys = sorted(key for key in annotations if key != _LAST_APPLIED)
    lines = []
    for key in keys:
        value = annotations[key].removesuffix("\n")
        if len(value.encode()) + len(key) + 2 > _ANNOTATION_MAX or "\n" in value:
            lines.append(f"{key}:\n" + "".join(f"\t  {_shorten(part)}\n" for part in value.split("\n")))
        else:
            lines.append(f"{key}: {value}\n")
    return f"{title}:\t" + ("\t".join(lines) or "<none>\n")


def _shorten(value: str) -> str:
    """Cut after so many bytes, as Go slices strings; half a character is left out."""
    encoded, limit = value.encode(), _ANNOTATION_MAX - 2
    return value if len(encoded) <= limit else encoded[:limit].decode(errors="ignore") + "..."
