"""`isctl tag`: point tags of image streams to tags, images or pull specs, or delete tags."""

from functools import partial
from typing import Any, Final

import click

from imagestreams.cli.command import verb
from imagestreams.cli.errors import usage_error
from imagestreams.cli.flags import flag, switch
from imagestreams.cli.objects.conflicts import retrying
from imagestreams.cli.session import Session
from imagestreams.cli.streams import tag_wishes
from imagestreams.cli.streams.tag_wishes import Destination, Source, TagFlags
from imagestreams.client.errors import ClientError
from imagestreams.client.resources import IMAGE_STREAM_TAGS, IMAGE_STREAMS

# Answers of servers that don't let this user, or anybody, write image stream tags: the stream is written instead.
_NOT_THIS_WAY: Final = {"MethodNotAllowed", "Forbidden"}


@verb(
    "tag",
    options_metavar="[--source=SOURCETYPE]",
    help="""Tag existing images into image streams.

Makes one or more tags point to what SOURCE is now: the image of another tag (STREAM:TAG), an image of a stream
(STREAM@DIGEST), or a pull spec, which is imported. The tags stay there until they are set again, but for --alias,
which lets them follow SOURCE, and --scheduled, which lets the server look for a newer image regularly. With --follow
it looks for a newer version in the repository of SOURCE: semver:RANGE, regex:PATTERN [numeric|alphabetical] or newest.

\b
  isctl tag python:3.6 python:latest
  isctl tag other-project/python@sha256:… python:good
  isctl tag docker.io/python:3.6.0 python:3.6 --scheduled
  isctl tag docker.io/python python:stable --follow='semver:~3.6'
  isctl tag python:3.6 python:stable --alias
  isctl tag -d python:3.6
""",
)
@flag("--source", default="", help="Kind of SOURCE: imagestreamtag, istag, imagestreamimage, isimage or docker.")
@switch("-d", "--delete", help="Delete the given tags with their history.")
@switch("--alias", help="Let the tags follow SOURCE, which must be a tag of the same stream.")
@switch("--reference", help="Keep pulling from where SOURCE is; nothing is imported.")
@switch("--scheduled", help="Import the pull spec again and again.")
@flag("--follow", default="", help="Import the version that a policy chooses, again and again: semver:~3.6, newest, …")
@switch("--insecure", help="Allow http and unknown certificates for the pull spec.")
@flag("--reference-policy", default="source", help="Pull from the 'source' or through the 'local' registry.")
@flag("--import-mode", default="", help="Legacy imports one image of a list, PreserveOriginal the whole list.")
@click.argument("arguments", nargs=-1, metavar="SOURCE DEST [DEST ...]")
@click.pass_obj
def tag(session: Session, /, arguments: tuple[str, ...], **given: Any) -> None:
    flags, namespace = TagFlags(**given), session.namespace
    if not arguments and not flags.delete:
        problem = "you must specify a source and at least one destination or one or more tags to delete"
        raise usage_error(problem, "isctl tag")
    source = None
    if not flags.delete:
        text, *arguments_left = arguments
        source = _resolved(session, tag_wishes.source_of(text, flags, namespace), flags, text)
        arguments = tuple(arguments_left)
    destinations = tag_wishes.destinations_of(arguments, namespace)
    tag_wishes.check(flags, source, destinations, namespace)
    for destination in destinations:
        destination.require_tag()
        if source is None:
            retrying(partial(_delete, session, destination))
        else:
            retrying(partial(_set, session, flags, source, destination))


def _resolved(session: Session, source: Source, flags: TagFlags, text: str) -> Source:
    """Replace a source tag by the image it points to, but for aliases."""
    if source.kind != tag_wishes.STREAM_TAG or flags.alias:
        return source
    streams = session.resources(IMAGE_STREAMS, source.ref.namespace or session.namespace)
    return tag_wishes.current_image(streams.get(source.ref.name), source, text)


def _set(session: Session, flags: TagFlags, source: Source, destination: Destination) -> None:
    tag_wishes.check_tag_name(destination.tag)
    wanted = tag_wishes.image_stream_tag(flags, source, destination, session.namespace)
    if not _written(session, destination, wanted):
        _write_stream(session, destination, wanted["tag"])
    session.say(tag_wishes.told(flags, source, destination, session.namespace))


def _written(session: Session, destination: Destination, wanted: dict[str, Any]) -> bool:
    """Write the image stream tag; False when the server doesn't let image stream tags be written."""
    tags = session.resources(IMAGE_STREAM_TAGS, destination.namespace)
    try:
        tags.update(destination.text, wanted)
        return True
    except ClientError as error:
        if error.reason not in {*_NOT_THIS_WAY, "NotFound"}:
            raise
    try:
        tags.create(wanted)
        return True
    except ClientError as error:
        if error.reason not in _NOT_THIS_WAY:
            raise
    return False


def _write_stream(session: Session, destination: Destination, wish: dict[str, Any]) -> None:
    streams = session.resources(IMAGE_STREAMS, destination.namespace)
    try:
        stream = streams.get(destination.stream)
    except ClientError as error:
        if error.reason != "NotFound":
            raise
        streams.create(tag_wishes.with_tag(None, wish, destination))
    else:
        streams.update(destination.stream, tag_wishes.with_tag(stream, wish, destination))


def _delete(session: Session, destination: Destination) -> None:
    try:
        session.resources(IMAGE_STREAM_TAGS, destination.namespace).delete(f"{destination.stream}:{destination.tag}")
    except ClientError as error:
        if error.reason not in _NOT_THIS_WAY:
            raise
        streams = session.resources(IMAGE_STREAMS, destination.namespace)
        try:
            stream = streams.get(destination.stream)
        except ClientError as missing:
            if missing.reason != "NotFound":
                raise
            session.say(f'Image stream "{destination.stream}" does not exist.')
            return
        streams.update(destination.stream, tag_wishes.without_tag(stream, destination))
    session.say(f"Deleted tag {destination.namespace}/{destination.text}.")
