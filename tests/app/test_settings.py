"""A flag wins over the environment, the environment over the file."""

from pathlib import Path

import pytest

from imagestreams.api.config import RegistryLocation
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
        ("a: [\n", "is not YAML: while parsing a flow node expected the node content, but found"),
        ("scheduledImportIntervalS: 5\n", "scheduledImportIntervalS must be at least 30"),
        ("maxRepositoryTags: many\n", "maxRepositoryTags must be a whole number"),
        ("maxRepositoryTags: 1.5\n", "maxRepositoryTags must be a whole number, not 1.5"),
        ("maxRepositoryTags: .inf\n", "maxRepositoryTags must be a whole number, not inf"),
        ("maxRepositoryTags: true\n", "maxRepositoryTags must be a whole number, not True"),
        ("builder: {type: buildah, concurrent: 0}\n", "builder.concurrent must be at least 1, not 0"),
        ("store: etcd\n", "store must be sqlite"),
        ("registryHost: a/b\n", "registryHost must be host[:port]"),
        ("listen: 3\n", "listen must be URLs"),
        ("publicUrl: ftp://x\n", "publicUrl must be https://HOST[:PORT], not 'ftp://x'"),
        ("publicUrl: https://me:secret@x\n", "publicUrl must be https://HOST[:PORT]"),
        ("publicUrl: https://x:port\n", "publicUrl must be https://HOST[:PORT]"),
        ("allowedRegistriesForImport: quay.io\n", "must be a list of entries with domainName, or cluster"),
        ("allowedRegistriesForImport: [quay.io]\n", "allowedRegistriesForImport[0] must have domainName"),
        ("allowedRegistriesForImport: [{insecure: true}]\n", "[0].domainName must be host or host:port"),
        ("allowedRegistriesForImport: [{domainName: a, insecure: 1}]\n", "[0].insecure must be true or false, not 1"),
        ("allowedRegistriesForImport: [{domainName: 'a:b:c'}]\n", '[0]: failed to parse allowed registry "a:b:c"'),
    ],
)
def test_a_setting_that_can_not_be_used_is_named(tmp_path: Path, content: str, told: str) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(content)

    with pytest.raises(SettingsError) as failure:
        load_settings({}, {"HOME": "/"}, file)

    assert told in str(failure.value)
    assert "\n" not in str(failure.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        load_settings({}, {"HOME": "/"}, tmp_path / "none.yaml")


def test_settings_with_parts_are_read_from_the_file_and_only_there(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("allowedRegistriesForImport:\n- domainName: quay.io\n- {domainName: '*:5000', insecure: true}\n")
    environment = {
        "HOME": "/",
        "IMAGESTREAMS_ALLOWED_REGISTRIES_FOR_IMPORT": "x",
        "IMAGESTREAMS_PUBLIC_URL": "https://a/b/",
    }

    settings = load_settings({}, environment, file)

    assert settings.allowed_registries_for_import == (RegistryLocation("quay.io"), RegistryLocation("*:5000", True))
    assert settings.public_url == "https://a/b"


def test_allowed_registries_may_be_those_of_the_cluster(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("allowedRegistriesForImport: cluster\n")

    assert load_settings({}, {"HOME": "/"}, file).allowed_registries_for_import == "cluster"
    assert load_settings({}, {"HOME": "/"}).allowed_registries_for_import == ()
