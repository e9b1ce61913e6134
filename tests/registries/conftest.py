"""Three clouds in small, for the tests of their keychains."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clouds import ACR_HOST, AzureRegistry, Clouds
from tests.faulty_registry import Certificates


@pytest.fixture
def clouds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clouds]:
    """Clouds that know the server by its environment, and nothing of this machine's own."""
    with Clouds() as running:
        assert isinstance(running, Clouds)
        for name in ("AWS_PROFILE", "AWS_REGION", "AZURE_AUTHORITY_HOST"):
            monkeypatch.delenv(name, raising=False)
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(running.service_account(tmp_path)))
        # Neither the files nor the commands of whoever runs the tests.
        monkeypatch.setenv("HOME", "/nonexistent")
        monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
        yield running


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    """An authority of the tests."""
    return Certificates(tmp_path)


@pytest.fixture
def acr(certificates: Certificates) -> Iterator[AzureRegistry]:
    """A registry of Azure with a certificate of the tests' authority."""
    with AzureRegistry(certificates.context(ACR_HOST)) as running:
        assert isinstance(running, AzureRegistry)
        yield running
