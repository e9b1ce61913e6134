"""`isctl rollback`: make an image current that a tag pointed to before."""

import click

from imagestreams.cli.command import verb
from imagestreams.cli.errors import CliError
from imagestreams.cli.flags import choice_flag, flag
from imagestreams.cli.objects.conflicts import retrying
from imagestreams.cli.session import Session
from imagestreams.cli.streams.tag_revisions import revisions_of, rollback_target, rolled_back, tag_name
from imagestreams.client.resources import IMAGE_STREAM_TAGS, IMAGE_STREAMS

_DRY_RUN_WORDS = {"none": "", "": "", "client": " (dry run)", "server": " (server dry run)"}


@verb(
    "rollback",
    help="""Make an image current that a tag pointed to before.

Without --to-revision that is the newest one that differs from the current image; 'isctl history' shows the numbers.
The image becomes the tag's newest revision, and nothing is lost: rolling back twice goes forward again. The tag stays
with that image: it no longer follows the tag or registry that it was set to, until it is set again with 'isctl tag'.

\b
  isctl rollback python:3.6
  isctl rollback python:3.6 --to-revision=2
""",
)
@flag("--to-revision", default=0, help="Revision to go back to; 0 is the one before.")
@choice_flag("--dry-run", bare="client", default="none", help="One of none, client (say only), server (check too).")
@click.argument("arguments", nargs=-1, metavar="IMAGESTREAM:TAG")
@click.pass_obj
def rollback(session: Session, /, arguments: tuple[str, ...], to_revision: int, dry_run: str) -> None:
    if dry_run not in _DRY_RUN_WORDS:
        raise CliError(
            f'Invalid dry-run value ({dry_run}). Must be "none", "server", or "client".',
        )
    if len(arguments) != 1:
        raise CliError("exactly one tag of an image stream is required")
    name = tag_name(arguments[0])

    def attempt() -> str:
        stream = session.resources(IMAGE_STREAMS).get(name.stream)
        target = rollback_target(revisions_of(stream, name), name, to_revision)
        if dry_run != "client":
            body = rolled_back(stream, name, target)
            session.resources(IMAGE_STREAM_TAGS).update(str(name), body, dry_run="All" if dry_run == "server" else "")
        return f"Tag {name} rolled back to revision {target.number} ({name.stream}@{target.image})"

    session.say(f"{retrying(attempt)}{_DRY_RUN_WORDS[dry_run]}.")
