"""`isctl set`: single features of objects."""

import click

from imagestreams.cli.command import VerbGroup
from imagestreams.cli.verbs.set_image import image
from imagestreams.cli.verbs.set_image_lookup import image_lookup
from imagestreams.cli.verbs.set_triggers import triggers


@click.group("set", cls=VerbGroup, help="Set single features of objects.")
def set_() -> None:
    """Everything is done by the words below."""


set_.add_verb(image, "image")
set_.add_verb(image_lookup, "image-lookup")
set_.add_verb(triggers, "triggers")
