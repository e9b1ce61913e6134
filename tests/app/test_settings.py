"""A flag wins over the environment, the environment over the file."""

from pathlib import Path

import pytest

from imagestreams.app.settings.error import SettingsError
from imagestreams.app.settings.settings import DEFAULT_LISTENERS, load_settings


def test_without_anything_said_the_defaults_hold() -> None:
    settings = load_settings({}, {"HOME": "/home/me"})

    assert settings.listen == DEFAULT_LISTENERS
    assert settings.data_dir == Path("/home/me/.local/share/imagestreams")
    assert settings.scheduled_import_interval_s == 900


def test_flag_beats_environment_beats_file(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("dataDir: /from/file\nregistryHost: file.example.com\nmaxRepositoryTags: 7\n")

    settings = load_settings(
        {"data_dir": "/from/flag", "listen": (), "store": None},
        {"IMAGESTREAMS_DATA_DIR": "/from/env", "IMAGESTREAMS_REGISTRY_HOST": "env.example.com"},
        file,
    )

    assert settings.data_dir == Path("/from/flag")
    assert settings.registry_host == "env.example.com"
    assert settings.max_repository_tags == 7


def test_several_listeners_fit_one_variable() -> None:
    settings = load_settings({}, {"IMAGESTREAMS_LISTEN": "https://0.0.0.0:8443,http://127.0.0.1:5000", "HOME": "/"})

    assert settings.listen == ("https://0.0.0.0:8443", "http://127.0.0.1:5000")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("color: red\n", "unknown setting 'color'"),
        ("- a\n", "must hold a mapping"),
        ("a: [\n", "is not YAML"),
        ("scheduledImportIntervalS: 5\n", "scheduledImportIntervalS must be at least 30"),
        ("maxRepositoryTags: many\n", "maxRepositoryTags must be a whole number"),
        ("store: etcd\n", "store must be sqlite"),
        ("registryHost: a/b\n", "registryHost must be host[:port]"),
        ("listen: 3\n", "listen must be URLs"),
    ],
)
def test_a_setting_that_can_not_be_used_is_named(tmp_path: Path, content: str, told: str) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(content)

    with pytest.raises(SettingsError) as failure:
        load_settings({}, {"HOME": "/"}, file)

    assert told in str(failure.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        load_settings({}, {"HOME": "/"}, tmp_path / "none.yaml")
