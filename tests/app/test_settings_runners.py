"""The operator's choice of runners and of a builder, as it stands in the settings file."""

from pathlib import Path
from typing import Any

import pytest

from imagestreams.app.settings.error import SettingsError
from imagestreams.app.settings.runners import builder, runners
from imagestreams.runners.settings import BuilderSettings, RunnerSettings


def test_a_runner_is_read_with_all_its_parts() -> None:
    (found,) = runners(
        [
            {
                "name": "local",
                "type": "exec",
                "command": ["/usr/local/bin/on-change", "--verbose"],
                "namespaces": ["web"],
                "kinds": ["Deployment"],
                "labels": {"tier": "front"},
                "timeout": "1m30s",
            }
        ]
    )

    assert found == RunnerSettings(
        "local",
        "exec",
        ("/usr/local/bin/on-change", "--verbose"),
        frozenset({"web"}),
        frozenset({"Deployment"}),
        {"tier": "front"},
        90.0,
    )
    assert found.takes("Deployment", "web", {"tier": "front", "other": "x"})
    assert not found.takes("Job", "web", {"tier": "front"})
    assert not found.takes("Deployment", "shop", {"tier": "front"})
    assert not found.takes("Deployment", "web", {})


def test_podman_needs_no_more_than_a_name() -> None:
    assert runners([{"name": "local", "type": "podman"}]) == (RunnerSettings("local", "podman", ("podman",)),)


def test_a_builder_is_read_with_all_its_parts() -> None:
    value = {
        "type": "buildah",
        "isolation": "chroot",
        "storageDriver": "vfs",
        "storageDir": "/srv/builds",
        "directories": ["/srv/sources"],
        "timeout": "2h",
        "concurrent": 3,
    }

    assert builder(value) == BuilderSettings(
        "buildah", ("buildah",), "chroot", "vfs", Path("/srv/builds"), (Path("/srv/sources"),), 7200.0, 3
    )


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({}, "runners must be a list of entries with name and type, not {}"),
        ([{"name": "a"}], "runners[0].type must be one of podman, exec, not None"),
        ([{"name": "a", "type": "exec"}], "runners[0].command must be the program to run and its arguments"),
        ([{"name": "A b", "type": "podman"}], "runners[0].name must be lower case letters, digits and dashes"),
        ([{"name": "a", "type": "podman", "kinds": ["Service"]}], "runners[0].kinds must be some of Deployment"),
        ([{"name": "a", "type": "podman", "labels": ["x"]}], "runners[0].labels must be names with values"),
        ([{"name": "a", "type": "podman", "timeout": "soon"}], "runners[0].timeout must be a time like 10m or 90s"),
        ([{"name": "a", "type": "podman", "privileged": "yes"}], "runners[0].privileged must be true or false"),
        ([{"name": "a", "type": "podman", "colour": "red"}], "runners[0] has an unknown part 'colour'; known: command"),
        ([{"name": "a", "type": "podman"}] * 2, "runners has two entries with the name 'a'"),
    ],
)
def test_what_can_not_be_used_is_told_with_its_place(value: Any, message: str) -> None:
    with pytest.raises(SettingsError) as error:
        runners(value)

    assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("buildah", "builder must have type and other parts, not 'buildah'"),
        ({"type": "docker"}, "builder.type must be one of buildah, podman, not 'docker'"),
        ({"type": "buildah", "isolation": "none"}, "builder.isolation must be one of chroot, rootless, oci"),
        ({"type": "buildah", "concurrent": 0}, "builder.concurrent must be at least 1, not 0"),
        ({"type": "buildah", "directories": "/srv"}, "builder.directories must be a list of texts, not '/srv'"),
    ],
)
def test_a_builder_that_can_not_be_used_is_told_of(value: Any, message: str) -> None:
    with pytest.raises(SettingsError) as error:
        builder(value)

    assert str(error.value).startswith(message)
