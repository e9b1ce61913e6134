"""Replay recorded answers against a fresh server: `python -m tests.contract.run TRANSCRIPT.json…`."""

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.contract.stack import HERE, upstream_registries
from tests.running_server import ISCTL, RunningServer


def replay(server: RunningServer, *transcripts: Path) -> "subprocess.CompletedProcess[str]":
    """Run the replay program; its exit status is 1 when anything differs."""
    arguments = ["--kubeconfig", server.kubeconfig, "--cli", ISCTL, *transcripts]
    return subprocess.run([sys.executable, HERE / "replay.py", *arguments], capture_output=True, text=True)


def main() -> int:
    """Start everything, replay, and print what differs."""
    transcripts = [Path(name) for name in sys.argv[1:]] or sorted((HERE / "transcripts").glob("*.json"))
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        with upstream_registries(directory), RunningServer(directory / "data") as server:
            done = replay(server, *transcripts)
    print(done.stdout, end="")
    print(done.stderr, end="", file=sys.stderr)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
