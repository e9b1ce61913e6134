from pathlib import Path
from typing import Any

import pytest

from imagestreams.app.settings.error import SettingsError
from imagestreams.app.settings.settings import load_settings
from imagestreams.targets.target import Target


def test_targets_stand_in_the_settings_file(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(
        "targets:\n"
        "- {name: prod, kubeconfig: /etc/prod.kubeconfig, context: admin,"
        " namespaces: [shop, base, shop], resources: [rollouts.argoproj.io]}\n"
        "- {name: test, kubeconfig: /etc/test.kubeconfig}\n"
    )

    settings = load_settings({"data_dir": str(tmp_path)}, {"IMAGESTREAMS_TARGETS": "not this"}, file)

    assert settings.targets == (
        Target("prod", Path("/etc/prod.kubeconfig"), "admin", ("shop", "base"), ("rollouts.argoproj.io",)),
        Target("test", Path("/etc/test.kubeconfig")),
    )


@pytest.mark.parametrize(
    "value, told",
    [
        ("prod", "targets must be a list of entries with name and kubeconfig"),
        (["prod"], r"targets\[0\] must have name and kubeconfig"),
        ([{"name": "prod"}], r"targets\[0\] must have name and kubeconfig"),
        ([{"name": "prod", "kubeconfig": "k", "token": "t"}], r"targets\[0\] must have name and kubeconfig"),
        ([{"name": "Prod", "kubeconfig": "k"}], r"targets\[0\]\.name must be lower case"),
        ([{"name": "local", "kubeconfig": "k"}], r"targets\[0\]\.name must be lower case"),
        ([{"name": "p", "kubeconfig": ""}], r"targets\[0\]\.kubeconfig must be a path"),
        ([{"name": "p", "kubeconfig": "k", "context": 1}], r"targets\[0\]\.context must be a text"),
        ([{"name": "p", "kubeconfig": "k", "namespaces": "shop"}], r"targets\[0\]\.namespaces must be a list"),
        ([{"name": "p", "kubeconfig": "k", "resources": [""]}], r"targets\[0\]\.resources must be a list"),
        ([{"name": "p", "kubeconfig": "k"}] * 2, "two entries with the name 'p'"),
    ],
)
def test_a_list_that_is_none_is_told(value: Any, told: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=told):
        load_settings({"data_dir": str(tmp_path), "targets": value}, {})
