"""Who follows the tags of a stream, as a section at the end of a description."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from imagestreams.cli.texts.tab_stops import TabbedText

SHOWN_MAX: Final = 50


@dataclass(frozen=True, order=True)
class TagFollower:
    """An object that follows a tag; `name` is that of its resource and its own, as in `deployments/web`."""

    tag: str
    namespace: str
    name: str
    containers: tuple[str, ...] = ()
    automatic: bool = True


def followers_section(followers: Sequence[TagFollower], namespace: str, *, with_tags: bool) -> str:
    """Return the section, empty when nobody follows; objects of other namespaces than the stream's are named so."""
    if not followers:
        return ""
    text = TabbedText()
    heads = [*(["Tag"] if with_tags else []), "Object", "Containers", "Automatic"]
    text.write("  " + "\t".join(heads) + "\n")
    text.write("  " + "\t".join("-" * len(head) for head in heads) + "\n")
    for one in sorted(followers)[:SHOWN_MAX]:
        name = one.name if one.namespace == namespace else f"{one.namespace}/{one.name}"
        cells = [one.tag] if with_tags else []
        cells += [name, ",".join(one.containers) or "<none>", str(one.automatic).lower()]
        text.write("  " + "\t".join(cells) + "\n")
    more = len(followers) - SHOWN_MAX
    return f"\nFollowers:\n{text.text()}" + (f"  ... and {more} more\n" if more > 0 else "")
