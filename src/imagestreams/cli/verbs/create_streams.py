"""`isctl create imagestream` and `isctl create imagestreamtag`."""

import re
from dataclasses import replace
from typing import Any, Final

import click

from imagestreams import reference
from imagestreams.cli.command import verb
from imagestreams.cli.errors import CliError
from imagestreams.cli.flags import flag, list_flag, switch
from imagestreams.cli.objects.creation import Creation, creation_flags, one_name
from imagestreams.cli.objects.selection import Object
from imagestreams.cli.printers.go_text import quoted
from imagestreams.cli.session import Session
from imagestreams.client.resources import IMAGE_STREAM_TAGS, IMAGE_STREAMS

_POLICIES: Final = {"": "", "source": "Source", "local": "Local"}
_NAME: Final = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")
_NAME_RULE: Final = (
    "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not "
    "start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is "
    "'[-._a-zA-Z][-._a-zA-Z0-9]*')"
)


@verb("imagestream", help="Create an image stream without tags: 'isctl create imagestream python'.")
@creation_flags
@switch("--lookup-local", help="Pods of the project may use the stream by its name alone.")
@click.argument("names", nargs=-1, metavar="NAME")
@click.pass_obj
def imagestream(session: Session, /, names: tuple[str, ...], lookup_local: bool, **given: Any) -> None:
    name = one_name(names, "isctl create imagestream")
    creation = Creation(session, **given)
    value = {
        "kind": IMAGE_STREAMS.kind,
        "apiVersion": IMAGE_STREAMS.api_version,
        "metadata": {"name": name},
        "spec": {"lookupPolicy": {"local": lookup_local}},
        "status": {"dockerImageRepository": ""},
    }
    creation.create(IMAGE_STREAMS, session.namespace, value)


@verb(
    "imagestreamtag",
    help="""Create a tag of an image stream.

\b
  isctl create imagestreamtag python:3.6 --from-image=docker.io/python:3.6
  isctl create imagestreamtag python:stable --from=python:3.6
""",
)
@creation_flags
@flag("--from-image", default="", help="The image that the tag is imported from.")
@flag("--from", "source", default="", help="The tag or image of a stream to point to: [PROJECT/]NAME[:TAG|@DIGEST].")
@list_flag("-A", "--annotation", "annotations", split=True, help="KEY=VALUE, an annotation of the tag.")
@switch("--scheduled", help="Import the image again and again.")
@switch("--insecure", help="Allow http and unknown certificates.")
@switch("--reference", help="Keep pulling from where the image is; nothing is imported.")
@flag("--reference-policy", default="", help="Pull from the 'source' or through the 'local' registry.")
@click.argument("names", nargs=-1, metavar="NAME")
@click.pass_obj
def imagestreamtag(
    session: Session,
    /,
    names: tuple[str, ...],
    from_image: str,
    source: str,
    annotations: tuple[str, ...],
    scheduled: bool,
    insecure: bool,
    reference: bool,
    reference_policy: str,
    **given: Any,
) -> None:
    policy = _POLICIES.get(reference_policy.lower())
    if policy is None:
        raise CliError("valid values for --reference-policy are: source, local")
    name = one_name(names, "isctl create imagestreamtag")
    creation = Creation(session, **given)
    notes = annotations_of(annotations)
    wish: Object = {"name": "", "annotations": notes or None}
    origin = source_of(from_image, source)
    if origin:
        wish["from"] = origin
    if reference:
        wish["reference"] = True
    wish["generation"] = None
    import_policy = {"insecure": insecure, "scheduled": scheduled}
    wish["importPolicy"] = {key: True for key, wanted in import_policy.items() if wanted}
    wish["referencePolicy"] = {"type": policy}
    value = {
        "kind": IMAGE_STREAM_TAGS.kind,
        "apiVersion": IMAGE_STREAM_TAGS.api_version,
        "metadata": {"name": name, **({"annotations": notes} if notes else {})},
        "tag": wish,
        "generation": 0,
        "lookupPolicy": {"local": False},
        "image": {"metadata": {}, "dockerImageMetadata": None},
    }
    creation.create(IMAGE_STREAM_TAGS, session.namespace, value)


def annotations_of(specs: tuple[str, ...]) -> dict[str, str]:
    """Read `KEY=VALUE` arguments.

    Raises:
        CliError: one is malformed.
    """
    annotations: dict[str, str] = {}
    removed = False
    for spec in specs:
        key, equals, value = spec.partition("=")
        if spec == "-":
            raise CliError("when '-' is used, STDIN must be open")
        if equals:
            if not _NAME.fullmatch(key):
                raise CliError(f"annotation {spec} is invalid, {_NAME_RULE}")
            annotations[key] = value
        elif spec.endswith("-"):
            removed = True
        else:
            raise CliError(f"annotations must be of the form key=value, but is {quoted(spec)}")
    if removed:
        raise CliError("annotations must be of the form name=value")
    return annotations


def source_of(from_image: str, source: str) -> dict[str, str]:
    """Return what a tag points to, as `from` of its spec; nothing when no flag says it.

    Raises:
        CliError: the flags contradict each other, or name nothing that a tag can point to.
    """
    if from_image and source:
        raise CliError("--from and --from-image may not be used together")
    if from_image:
        return {"kind": "DockerImage", "name": from_image}
    if not source:
        return {}
    try:
        ref = reference.parse(source)
    except reference.InvalidReference as error:
        if not source.startswith(":"):
            problem = "Invalid --from, must be a valid image stream tag or image stream image"
            raise CliError(f"{problem}: {error}") from error
        return {"kind": "ImageStreamTag", "name": source[1:]}
    if ref.registry:
        raise CliError("Invalid --from, registry may not be specified")
    name = replace(ref, registry="", namespace="").exact()
    origin = {"kind": "ImageStreamImage" if ref.id else "ImageStreamTag", "name": name}
    if ref.namespace:
        origin["namespace"] = ref.namespace
    return origin
