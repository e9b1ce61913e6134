"""Every recorded answer of the real stack is ours too."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.run import replay
from tests.contract.stack import HERE, upstream_registries
from tests.running_server import RunningServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    directory = tmp_path_factory.mktemp("contract")
    with upstream_registries(directory), RunningServer(directory / "data") as running:
        yield running


@pytest.mark.parametrize("transcript", sorted((HERE / "transcripts").glob("*.json")), ids=lambda path: path.stem)
def test_the_server_answers_as_recorded(server: RunningServer, transcript: Path) -> None:
    done = replay(server, transcript)

    assert done.returncode == 0, done.stdout + done.stderr
