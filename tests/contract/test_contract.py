"""Every recorded answer of the real stack is ours too."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.run import replay_fresh
from tests.contract.stack import HERE, upstream_registries


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    made = tmp_path_factory.mktemp("contract")
    with upstream_registries(made):
        yield made


@pytest.mark.parametrize("transcript", sorted((HERE / "transcripts").glob("*.json")), ids=lambda path: path.stem)
def test_the_server_answers_as_recorded(directory: Path, transcript: Path) -> None:
    replayed = replay_fresh(transcript, directory)

    assert replayed.agreed == replayed.steps, replayed.output
