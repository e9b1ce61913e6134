"""What `isctl tag` means: from arguments and flags to the tags that the server shall have, and the line for each.

Everything here is pure; `tag` asks the server for the source's stream and writes the outcome.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from imagestreams import reference
from imagestreams.api.annotations import FOLLOW
from imagestreams.cli.describers.tag_references import latest_event
from imagestreams.cli.errors import CliError, usage_error
from imagestreams.cli.streams.import_requests import IMPORT_MODES
from imagestreams.reference import ImageReference

DOCKER_IMAGE: Final = "DockerImage"
STREAM_TAG: Final = "ImageStreamTag"
STREAM_IMAGE: Final = "ImageStreamImage"

_KINDS: Final = {
    "imagestreamtag": STREAM_TAG,
    "imagestreamtags": STREAM_TAG,
    "istag": STREAM_TAG,
    "imagestreamimage": STREAM_IMAGE,
    "imagestreamimages": STREAM_IMAGE,
    "isimage": STREAM_IMAGE,
    "docker": DOCKER_IMAGE,
    "dockerimage": DOCKER_IMAGE,
}
_KIND_WORDS: Final = ("docker", "dockerimage", "imagestreamimage", "imagestreamtag", "isimage", "istag")
_POLICIES: Final = {"source": "Source", "local": "Local"}
_TAG: Final = re.compile(r"\w[\w.-]{0,127}", re.ASCII)


@dataclass(frozen=True)
class TagFlags:
    """The flags of `isctl tag`."""

    source: str = ""
    delete: bool = False
    alias: bool = False
    reference: bool = False
    scheduled: bool = False
    follow: str = ""
    insecure: bool = False
    reference_policy: str = "source"
    import_mode: str = ""


@dataclass(frozen=True)
class Source:
    """What the tags shall point to."""

    kind: str
    ref: ImageReference


@dataclass(frozen=True)
class Destination:
    """A tag to set or delete, as typed and apart."""

    namespace: str
    text: str

    @property
    def is_tag(self) -> bool:
        """Say whether the text is `<stream>:<tag>`."""
        return ":" in self.text

    @property
    def stream(self) -> str:
        """The stream's name."""
        return self.text.partition(":")[0]

    @property
    def tag(self) -> str:
        """The tag; `latest` when only a colon was typed."""
        return self.text.partition(":")[2] or "latest"

    def require_tag(self) -> None:
        """Raise `CliError` when the text isn't `<stream>:<tag>`."""
        if not self.is_tag:
            raise CliError(f'"{self.text}" must be of the form <stream_name>:<tag>')


def source_of(text: str, flags: TagFlags, namespace: str) -> Source:
    """Read the source: its kind as told, else as its form suggests.

    Raises:
        CliError: an unknown kind, no image reference, or a form that doesn't fit the kind.
    """
    kind = _KINDS.get(flags.source.lower(), "") if flags.source else ""
    if flags.source and not kind:
        choices = ", ".join(_KIND_WORDS)
        raise usage_error(f'invalid source "{flags.source}"; valid values are {choices}', "isctl tag")
    try:
        ref = reference.parse(text)
    except reference.InvalidReference as error:
        raise CliError(f"invalid SOURCE: {error}") from error
    if kind in (STREAM_TAG, STREAM_IMAGE):
        if ref.registry:
            raise CliError("server in SOURCE is only allowed when providing a container image")
        if ref.namespace == reference.DEFAULT_NAMESPACE:
            ref = replace(ref, namespace=namespace)
        if kind == STREAM_TAG and not ref.tag:
            raise CliError("--source=ImageStreamTag requires a valid <name>:<tag> in SOURCE")
        if kind == STREAM_IMAGE and not ref.id:
            raise CliError("--source=ImageStreamImage requires a valid <name>@<id> in SOURCE")
    elif not kind:
        kind = _kind_by_form(ref)
    return Source(kind, ref)


def _kind_by_form(ref: ImageReference) -> str:
    if ref.registry:
        return DOCKER_IMAGE
    if ref.id:
        return STREAM_IMAGE
    return STREAM_TAG if ref.tag else DOCKER_IMAGE


def current_image(stream: Mapping[str, Any], source: Source, text: str) -> Source:
    """Return the image that a source tag points to now, so that the new tag stays with it.

    Raises:
        CliError: the tag points to no image.
    """
    event = latest_event(stream, source.ref.tag)
    if event is None:
        raise CliError(f'"{text}" is not currently pointing to an image, cannot use it as the source of a tag')
    if event.get("image"):
        return Source(STREAM_IMAGE, replace(source.ref, id=event["image"], tag=""))
    try:
        return Source(DOCKER_IMAGE, reference.parse(event.get("dockerImageReference", "")))
    except reference.InvalidReference as error:
        problem = f'the image stream tag "{text}" has an invalid pull spec and cannot be used to tag: {error}'
        raise CliError(problem) from error


def destinations_of(texts: Sequence[str], namespace: str) -> list[Destination]:
    """Read `[NAMESPACE/]STREAM:TAG` arguments.

    Raises:
        CliError: one has an empty part, or too many.
    """
    return [_destination(text, namespace) for text in texts]


def _destination(text: str, namespace: str) -> Destination:
    if "/" not in text:
        return Destination(namespace, text)
    parts = text.split("/")
    if len(parts) != 2:
        raise CliError(f'invalid image stream "{text}"')
    if not parts[0]:
        raise CliError(f'invalid namespace "" for image stream "{text}"')
    if not parts[1]:
        raise CliError(f'invalid name "" for image stream "{text}"')
    return Destination(parts[0], parts[1])


def check(flags: TagFlags, source: Source | None, destinations: Sequence[Destination], namespace: str) -> None:
    """Refuse flags that contradict each other or the kind of source.

    Raises:
        CliError: the first contradiction.
    """
    if flags.delete and flags.alias:
        raise CliError("--alias and --delete may not be both specified")
    if flags.reference_policy not in _POLICIES:
        raise CliError("reference policy must be set to 'source' or 'local'")
    if flags.follow:
        if flags.alias or flags.delete or flags.reference:
            raise CliError("--follow may not be specified together with --alias, --delete or --reference")
        if source is None or source.kind != DOCKER_IMAGE:
            raise CliError("only container images of a registry can be followed by version")
    if flags.delete:
        if flags.source:
            raise CliError("cannot specify a source kind when deleting")
        if flags.scheduled or flags.insecure:
            raise CliError("cannot set flags for importing images when deleting a tag")
        if flags.import_mode:
            raise CliError("cannot specify an import mode when deleting")
    if not destinations:
        raise CliError("at least a destination is required")
    if (source is None or source.kind != DOCKER_IMAGE) and (flags.scheduled or flags.insecure):
        raise CliError("only container images can have importing flags set")
    if flags.alias:
        if flags.scheduled or flags.insecure:
            raise CliError("cannot set a container image tag as an alias and also set import flags")
        if source is not None and _leaves_the_stream(source, destinations, namespace):
            raise CliError("cannot set alias across different Image Streams")
    if flags.import_mode and flags.import_mode not in IMPORT_MODES:
        raise CliError(f"valid ImportMode values are {' or '.join(IMPORT_MODES)}")


def _leaves_the_stream(source: Source, destinations: Sequence[Destination], namespace: str) -> bool:
    for destination in destinations:
        if destination.namespace != namespace:
            return True
        destination.require_tag()
        if destination.stream != source.ref.name:
            return True
    return False


def check_tag_name(tag: str) -> None:
    """Refuse a tag that no registry would accept.

    Raises:
        CliError: it is one.
    """
    if not _TAG.fullmatch(tag):
        raise CliError(
            f'invalid tag "{tag}" format, tags must start with an alphanumeric character followed by alphanumeric, '
            "'.' or '-' characters, and have a maximum of 128 characters"
        )


def image_stream_tag(flags: TagFlags, source: Source, destination: Destination, namespace: str) -> dict[str, Any]:
    """Return the ImageStreamTag that makes a destination point to the source."""
    wish: dict[str, Any] = {"name": destination.tag, "from": _from(source, destination, namespace)}
    if source.kind == DOCKER_IMAGE:
        wish["generation"] = 0
    if flags.reference:
        wish["reference"] = True
    # Without a word about it the server's own choice holds, which is Legacy unless its settings say otherwise.
    policy: dict[str, Any] = {"importMode": flags.import_mode} if flags.import_mode else {}
    if flags.insecure:
        policy["insecure"] = True
    if flags.scheduled or flags.follow:
        policy["scheduled"] = True
    wish["importPolicy"] = policy
    wish["referencePolicy"] = {"type": _POLICIES[flags.reference_policy]}
    metadata: dict[str, Any] = {"name": destination.text, "namespace": destination.namespace}
    if flags.follow:
        # The tag's annotations are those of the object; where the stream itself is written they must be the tag's.
        metadata["annotations"] = wish["annotations"] = {FOLLOW: flags.follow}
    return {
        "kind": "ImageStreamTag",
        "apiVersion": "image.openshift.io/v1",
        "metadata": metadata,
        "tag": wish,
    }


def _from(source: Source, destination: Destination, namespace: str) -> dict[str, str]:
    if source.kind == DOCKER_IMAGE:
        return {"kind": source.kind, "name": source.ref.exact()}
    named = {"kind": source.kind, "name": replace(source.ref, registry="", namespace="").exact()}
    if source.ref.namespace:
        named["namespace"] = source.ref.namespace
    elif destination.namespace != namespace:
        named["namespace"] = namespace
    return named


def told(flags: TagFlags, source: Source, destination: Destination, namespace: str) -> str:
    """Return the line that says what a tag was set to."""
    here = destination.namespace == namespace
    name = destination.text if here else f"{destination.namespace}/{destination.text}"
    target = source.ref.exact()
    if flags.alias:
        return f"Tag {name} set up to track {target}."
    if flags.follow:
        return f"Tag {name} set to follow {flags.follow} in {source.ref.as_repository().exact()}."
    if flags.scheduled:
        return f"Tag {name} set to {'import ' if here else ''}{target} periodically."
    return f"Tag {name} set to {target}."


def with_tag(stream: Mapping[str, Any] | None, wish: dict[str, Any], destination: Destination) -> dict[str, Any]:
    """Return a stream whose spec has the tag: for servers that don't let image stream tags be written."""
    if stream is None:
        return {
            "kind": "ImageStream",
            "apiVersion": "image.openshift.io/v1",
            "metadata": {"name": destination.stream, "namespace": destination.namespace},
            "spec": {"tags": [wish]},
        }
    tags = list((stream.get("spec") or {}).get("tags") or [])
    places = [number for number, tag in enumerate(tags) if tag.get("name", "") == destination.tag]
    if places:
        tags[places[0]] = wish
    else:
        tags.append(wish)
    return {**stream, "spec": {**(stream.get("spec") or {}), "tags": tags}}


def without_tag(stream: Mapping[str, Any], destination: Destination) -> dict[str, Any]:
    """Return a stream whose spec lacks the tag.

    Raises:
        CliError: the spec has no such tag.
    """
    tags = (stream.get("spec") or {}).get("tags") or []
    kept = [tag for tag in tags if tag.get("name", "") != destination.tag]
    if len(kept) == len(tags):
        raise CliError(f"destination tag {destination.namespace}/{destination.text} does not exist.")
    return {**stream, "spec": {**(stream.get("spec") or {}), "tags": kept}}
