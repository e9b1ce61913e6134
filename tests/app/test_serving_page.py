"""docs/serving.md names every setting, flag and environment variable of the server, and no other."""

import re
from dataclasses import fields
from pathlib import Path

from imagestreams.app.settings.settings import ENVIRONMENT_PREFIX, FILE_ONLY, Settings
from imagestreams.cli.verbs.serve import serve

PAGE = (Path(__file__).parents[2] / "docs" / "serving.md").read_text()
NAMES = {field.name for field in fields(Settings)}


def column(number: int) -> set[str]:
    """The names that stand in a column of the table of settings."""
    table = PAGE[PAGE.index("| flag |") : PAGE.index("## The data directory")].split("\n\n")[0]
    cells = [line.split("|")[number] for line in table.splitlines()[2:]]
    return {name for cell in cells for name in re.findall("`(.+?)`", cell)}


def test_the_page_names_every_flag_of_the_server() -> None:
    flags = {option for parameter in serve.params for option in parameter.opts} - {"--config"}

    assert column(1) == flags
    assert set(re.findall(r"\[(--[a-z-]+)", PAGE)) == flags | {"--config"}


def test_the_page_names_every_environment_variable_and_key_of_the_file() -> None:
    in_the_file = {re.sub("_(.)", lambda found: found[1].upper(), name) for name in NAMES}

    assert column(2) == {ENVIRONMENT_PREFIX + name.upper() for name in NAMES - FILE_ONLY}
    assert column(3) == in_the_file
