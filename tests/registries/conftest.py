"""Three clouds in small, for the tests of their keychains."""

from collections.abc import Iterator

import pytest

from tests.clouds import Clouds


@pytest.fixture
def clouds(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clouds]:
    """Clouds that know the server by its environment, and nothing of this machine's own."""
    with Clouds() as running:
        assert isinstance(running, Clouds)
        for name in ("AWS_PROFILE", "AWS_REGION", "GOOGLE_APPLICATION_CREDENTIALS", "AZURE_AUTHORITY_HOST"):
            monkeypatch.delenv(name, raising=False)
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        # Neither the files nor the commands of whoever runs the tests.
        monkeypatch.setenv("HOME", "/nonexistent")
        monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
        yield running
