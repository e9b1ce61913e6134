"""Whom the server's logins at its cloud's registries are lent to is a setting, checked at start."""

import importlib.util
import logging
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from imagestreams.app.registry_access import registry_keychains
from imagestreams.app.settings.error import SettingsError
from imagestreams.app.settings.settings import load_settings
from imagestreams.registries.client import RegistryClient
from imagestreams.registries.keychains.lending import LendingRule

ECR = "123456789012.dkr.ecr.us-east-1.amazonaws.com"


@pytest.fixture
async def client() -> AsyncIterator[RegistryClient]:
    async with RegistryClient() as running:
        yield running


def read(tmp_path: Path, content: str) -> tuple[LendingRule, ...]:
    file = tmp_path / "settings.yaml"
    file.write_text(content)
    return load_settings({}, {"HOME": "/"}, file).registry_keychains


def test_nobody_is_named_by_default() -> None:
    assert load_settings({}, {"HOME": "/", "IMAGESTREAMS_REGISTRY_KEYCHAINS": "aws"}).registry_keychains == ()


def test_rules_stand_in_the_file(tmp_path: Path) -> None:
    rules = read(
        tmp_path,
        """
        registryKeychains:
        - cloud: aws
          namespaces: [prod, "team-*"]
        - {cloud: gcp, namespaces: ["*"], registries: [europe-docker.pkg.dev/my-project, "*.gcr.io"]}
        """,
    )

    assert rules == (
        LendingRule("aws", ("prod", "team-*")),
        LendingRule("gcp", ("*",), ("europe-docker.pkg.dev/my-project", "*.gcr.io")),
    )


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("aws", "registryKeychains must be a list, not 'aws'"),
        ("[aws]", "[0] must have cloud, namespaces and maybe registries, not 'aws'"),
        ("[{cloud: aws, namespace: x}]", "[0] must have cloud, namespaces and maybe registries"),
        ("[{cloud: oracle, namespaces: [x]}]", "[0].cloud must be one of aws, gcp, azure, not 'oracle'"),
        ("[{cloud: aws}]", '[0].namespaces must be names of namespaces, or ["*"], not None'),
        ("[{cloud: aws, namespaces: []}]", "[0].namespaces must be names of namespaces"),
        ("[{cloud: aws, namespaces: all}]", "[0].namespaces must be names of namespaces"),
        ("[{cloud: aws, namespaces: [x, 1]}]", "[0].namespaces must be names of namespaces"),
        ("[{cloud: aws, namespaces: [x], registries: []}]", "[0].registries must be registries or parts of them"),
        ("[{cloud: aws, namespaces: [x], registries: ['https://a.b']}]", "[0].registries must be registries or"),
    ],
)
def test_what_is_no_rule_is_refused(tmp_path: Path, value: str, told: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read(tmp_path, f"registryKeychains: {value}\n")

    assert told in str(refused.value)


async def test_a_library_that_is_not_there_is_told_with_the_extra_that_brings_it(
    client: RegistryClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec

    def without_botocore(name: str, *arguments: Any) -> Any:
        return None if name == "botocore" else found(name, *arguments)

    monkeypatch.setattr(importlib.util, "find_spec", without_botocore)

    with pytest.raises(
        SettingsError, match=r"^registryKeychains names aws, which needs botocore: install imagestreams\[aws\]$"
    ):
        registry_keychains([LendingRule("aws", ("*",))], client)
    assert registry_keychains([LendingRule("azure", ("*",))], client).lender("x").offers("a.azurecr.io", "y")


async def test_a_registry_of_somebody_else_is_refused(client: RegistryClient) -> None:
    with pytest.raises(SettingsError, match=r"quay.io is no registry of aws"):
        registry_keychains([LendingRule("aws", ("*",), ("quay.io/org",))], client)

    registry_keychains([LendingRule("aws", ("*",), (f"{ECR}/team", "*.amazonaws.com"))], client)


async def test_libraries_that_log_what_they_send_are_kept_quiet(client: RegistryClient) -> None:
    registry_keychains([LendingRule("aws", ("*",))], client)

    assert not logging.getLogger("botocore.auth").isEnabledFor(logging.DEBUG)


def test_the_libraries_are_not_loaded_before_a_login_is_wanted() -> None:
    script = """
import sys
from imagestreams.app.registry_access import registry_client, registry_keychains
from imagestreams.registries.keychains.lending import LendingRule

rules = [LendingRule(cloud, ("*",)) for cloud in ("aws", "gcp", "azure")]
keychains = registry_keychains(rules, registry_client(None, {}))
assert keychains.lender("ns").offers("gcr.io", "project/app")
print(*sorted({name.partition(".")[0] for name in sys.modules} & {"botocore", "google", "azure", "msal", "requests"}))
"""

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)

    # The last two are only the names under which several libraries live.
    assert set(done.stdout.split()) <= {"azure", "google"}
