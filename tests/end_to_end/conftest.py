"""One real server for the tests of this room; each test works in a project of its own."""

import itertools
from collections.abc import Callable, Iterator

import pytest

from tests.running_server import RunningServer


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("server") / "data") as running:
        yield running


@pytest.fixture(scope="session")
def new_namespace(server: RunningServer) -> Callable[[], str]:
    numbers = itertools.count(1)

    def make() -> str:
        name = f"e2e-{next(numbers)}"
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        assert server.request("POST", "/api/v1/namespaces", body)[0] == 201
        return name

    return make


@pytest.fixture
def namespace(new_namespace: Callable[[], str]) -> str:
    return new_namespace()
