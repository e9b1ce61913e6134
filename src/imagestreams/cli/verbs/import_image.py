"""`isctl import-image`: let the server import images into a stream, and tell what came of it."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import click

from imagestreams.cli.command import verb
from imagestreams.cli.describers.image import describe_image
from imagestreams.cli.describers.image_stream import describe_image_stream
from imagestreams.cli.errors import CliError
from imagestreams.cli.flags import flag, switch
from imagestreams.cli.printers.choice import printer_for
from imagestreams.cli.session import Session
from imagestreams.cli.streams import import_requests
from imagestreams.cli.streams.import_requests import ImportFlags
from imagestreams.cli.streams.import_slices import Progress, import_all
from imagestreams.client.errors import ClientError
from imagestreams.client.resources import IMAGE_STREAM_IMPORTS, IMAGE_STREAMS


@verb(
    "import-image",
    help="""Import images from a container image registry.

Fetches what the registry says of the newest image of a tag and records it in the image stream, if it is another one
than before. Only the description of the image is copied, not its contents. To change where a tag is imported from,
use the 'tag' command.

\b
  isctl import-image python:3.6 --from=docker.io/python:3.6 --confirm
  isctl import-image python:3.6
  isctl import-image python --all
  isctl import-image python --from=docker.io/python --all --confirm
  isctl import-image python --from=docker.io/python --all --filter='>=3.6 <4' --confirm
  isctl import-image python:3.6 --import-mode=PreserveOriginal
""",
)
@flag("--from", "source", default="", help="Where to import from: a pull spec, or a repository with --all.")
@switch("--confirm", help="Allow the stream to be made, or its import source to be changed.")
@switch("--all", help="Import all tags: of the repository, or that the stream imports already.")
@flag("--filter", "tag_filter", default="", help="With --all: only tags in a range of versions, or like a pattern.")
@flag("--reference-policy", default="", help="Pull from the 'source' or through the 'local' registry.")
@flag("--import-mode", default="", help="Legacy imports one image of a list, PreserveOriginal the whole list.")
@switch("--dry-run", help="Fetch and show the images; change nothing.")
@switch("--scheduled", help="Import again and again.")
@switch("--insecure", default=None, help="Allow http and unknown certificates.")
@flag("-o", "--output", default="", help="Print the stream as it was before: json, yaml, name or jsonpath=….")
@switch("--show-managed-fields", help="Keep managedFields in JSON and YAML.")
@switch("--allow-missing-template-keys", default=True, help="Missing keys are no failure in templates.")
@flag("--template", default="", help="The template, when -o names only its format.")
@click.argument("arguments", nargs=-1, metavar="IMAGESTREAM[:TAG]")
@click.pass_obj
def import_image(
    session: Session,
    /,
    arguments: tuple[str, ...],
    output: str,
    show_managed_fields: bool,
    allow_missing_template_keys: bool,
    template: str,
    **given: Any,
) -> None:
    render = None
    if output or template:
        render = printer_for(
            output,
            show_managed_fields=show_managed_fields,
            allow_missing_keys=allow_missing_template_keys,
            template=template,
            typed=True,
        )
    flags = ImportFlags(**given)
    namespace = session.namespace
    target = import_requests.target_of(arguments[0] if arguments else "", flags)
    import_requests.check(flags)
    stream, wanted = import_requests.import_for(_stream(session, target.stream), target, flags, namespace)
    create = session.resources(IMAGE_STREAM_IMPORTS).create
    if "repository" in wanted["spec"]:
        result = import_all(create, wanted, flags.tag_filter, Progress(session.err))
    else:
        import_requests.check_unfiltered(flags)
        result = create(wanted)
    for line in problems(result):
        session.note(f"error: {line}")
    if flags.tag_filter and not failed(result) and not result["status"]["repository"].get("images"):
        session.note(f"info: No tag of the remote repository is within {flags.tag_filter}")
    if render is not None:
        session.out.write(render(stream))
    else:
        name = f"imagestream.image.openshift.io/{target.stream}"
        session.say(f"{name} {report(result, target.stream, flags.dry_run, datetime.now(UTC))}")
    if failed(result):
        raise CliError("imported completed with errors")


def _stream(session: Session, name: str) -> dict[str, Any] | None:
    try:
        return session.resources(IMAGE_STREAMS).get(name)
    except ClientError as error:
        if error.reason != "NotFound":
            raise
        return None


def failed(result: Mapping[str, Any]) -> bool:
    """Say whether the repository or one of the images asked for could not be imported."""
    status = result.get("status") or {}
    asked = [*(status.get("images") or []), status.get("repository") or {}]
    return any((one.get("status") or {}).get("status") == "Failure" for one in asked)


def _outcomes(result: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each image with the words that its failure begins with."""
    status = result.get("status") or {}
    for image in (status.get("repository") or {}).get("images") or []:
        yield "repository tag", image
    for image in status.get("images") or []:
        yield "tag", image


def problems(result: Mapping[str, Any]) -> list[str]:
    """Return one line for each image that could not be imported, and one for a repository that could not be listed.

    `oc` says nothing of the latter, and nothing else shows it when the stream does not follow the repository.
    """
    repository = (result.get("status") or {}).get("repository") or {}
    outcome = repository.get("status") or {}
    unlisted = outcome.get("status") == "Failure" and not repository.get("images")
    return [f"repository failed: {outcome.get('message', '')}"] * unlisted + [
        f"{what} {image.get('tag', '')} failed: {(image.get('status') or {}).get('message', '')}"
        for what, image in _outcomes(result)
        if not image.get("image")
    ]


def report(result: Mapping[str, Any], stream: str, dry_run: bool, now: datetime) -> str:
    """Return what is told of an import: the stream as it is now, and the images fetched."""
    status = result.get("status") or {}
    text = "imported with errors" if failed(result) else "imported"
    text += " (dry run)\n\n" if dry_run else "\n\n"
    if status.get("import"):
        text += describe_image_stream(status["import"], now) + "\n"
    for _, outcome in _outcomes(result):
        if outcome.get("image"):
            text += describe_image(outcome["image"], f"{stream}:{outcome.get('tag') or 'latest'}", now) + "\n"
    left = (status.get("repository") or {}).get("additionalTags") or []
    if left:
        names = ", ".join(left)
        text += (
            f"\ninfo: The remote repository contained {len(left)} additional tags which were not imported: {names}\n"
        )
    return text
