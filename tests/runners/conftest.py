"""A workload, and real engines that keep their images and containers in a directory of the test."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from imagestreams.runners.runner import Workload


@pytest.fixture
def workload() -> Callable[..., Workload]:
    """Makes the Deployment `web` of the namespace `shop`, with a spec and other fields of the test's choice."""

    def make(spec: dict[str, Any] | None = None, **fields: Any) -> Workload:
        container = {"name": "app", "image": "registry.example.com/shop/web@sha256:" + "a" * 64}
        template = {"metadata": {"labels": {"app": "web"}}, "spec": spec or {"containers": [container]}}
        made = Workload("apps/v1", "Deployment", "shop", "web", "u-1", 1, template, generation=3, change_id="u-1-3")
        return replace(made, **fields)

    return make


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[tuple[str, ...]]:
    """The arguments that give podman or buildah a storage of the test's own."""
    for program in ("podman", "buildah"):
        assert shutil.which(program), f"{program} is not installed (Debian package {program})"
    # podman wants a short path for what is gone after a restart of the machine.
    with tempfile.TemporaryDirectory(prefix="run-", dir="/tmp", ignore_cleanup_errors=True) as run:
        yield ("--root", str(tmp_path / "containers"), "--runroot", run, "--storage-driver", "vfs")


@pytest.fixture
def environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/root")}
