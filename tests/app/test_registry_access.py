"""Which authorities are trusted and which proxies are used when other registries are asked."""

from pathlib import Path

import pytest

from imagestreams.app.registry_access import registry_client
from imagestreams.app.settings.error import SettingsError
from imagestreams.app.settings.settings import load_settings


def test_the_file_of_authorities_is_a_setting(tmp_path: Path) -> None:
    settings = load_settings({}, {"HOME": "/", "IMAGESTREAMS_REGISTRY_CA_FILE": "/etc/ca.pem"})

    assert settings.registry_ca_file == Path("/etc/ca.pem")
    assert load_settings({}, {"HOME": "/"}).registry_ca_file is None


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "No such file"), (b"hello", "holds no certificates"), (b"", "holds no certificates")],
)
def test_a_file_without_authorities_is_refused(tmp_path: Path, content: bytes | None, told: str) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(SettingsError, match=told):
        registry_client(file, {})


def test_a_proxy_that_is_no_address_is_refused_without_showing_it() -> None:
    with pytest.raises(SettingsError) as refused:
        registry_client(None, {"HTTPS_PROXY": "ftp://user:s3cret@proxy"})

    assert "HTTPS_PROXY" in str(refused.value)
    assert "s3cret" not in str(refused.value)
