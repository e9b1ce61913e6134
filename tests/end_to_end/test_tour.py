"""The five minutes of the README work as typed, with a registry of our own in place of Docker Hub."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.running_server import RunningServer

README = Path(__file__).parents[2] / "README.md"


def tour() -> str:
    found = re.search(r"<!-- tour -->\n```sh\n(.*?)```", README.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


def test_the_tour_of_the_readme_works_as_typed(tmp_path: Path, docker_registry: Any) -> None:
    for seed, tag in enumerate(("3.12-slim", "3.13-slim")):
        docker_registry.image("library/python", tag, seed=seed)
    docker_registry.index("library/busybox", "latest")
    script = tour().replace("docker.io/library/", f"{docker_registry.host}/library/")
    script = re.sub(r"(import-image .*--from=\S+)", r"\1 --insecure", script)
    script = script.replace("$PWD/.venv/bin", str(Path(sys.executable).parent))

    with RunningServer(tmp_path / "data"):
        done = subprocess.run(
            ["bash", "-euxo", "pipefail", "-c", script],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            env={**os.environ, "HOME": str(tmp_path)},
        )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "rolled back" in done.stdout
    assert "linux/amd64" in done.stdout
