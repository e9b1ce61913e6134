"""Replay recorded answers against a fresh server: `python -m tests.contract.run TRANSCRIPT.json…`.

The recordings read some streams in the very milliseconds in which the import controller writes them, before that write
in one step and after it a few steps later. What is read then depends on the machine's mood, on the real server as on
ours. So a transcript that differs is replayed on another fresh server, twice at most; a real difference stays one.
"""

import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.contract.stack import HERE, upstream_registries
from tests.running_server import ISCTL, RunningServer

ATTEMPTS = 3
_AGREED = re.compile(r"^(\d+) of (\d+) steps agree$", re.MULTILINE)


@dataclass(frozen=True)
class Replayed:
    """How one transcript ended: what the replay program printed, and how many of its steps agree."""

    output: str
    agreed: int
    steps: int


def replay(server: RunningServer, transcript: Path) -> Replayed:
    """Run the replay program once."""
    command = [sys.executable, HERE / "replay.py", "--kubeconfig", server.kubeconfig, "--cli", ISCTL, transcript]
    done = subprocess.run(command, capture_output=True, text=True)
    counted = _AGREED.search(done.stdout)
    if counted is None:
        raise RuntimeError(f"{transcript}: {done.stdout}{done.stderr}")
    return Replayed(done.stdout, int(counted[1]), int(counted[2]))


def replay_fresh(transcript: Path, directory: Path) -> Replayed:
    """Replay a transcript on a fresh server, again on other ones as long as it differs."""
    for attempt in range(1, ATTEMPTS + 1):
        with RunningServer(directory / f"{transcript.stem}-{attempt}") as server:
            replayed = replay(server, transcript)
        if replayed.agreed == replayed.steps:
            break
    return replayed


def main() -> int:
    """Start everything, replay, and print what differs."""
    transcripts = [Path(name) for name in sys.argv[1:]] or sorted((HERE / "transcripts").glob("*.json"))
    total: list[Replayed] = []
    with tempfile.TemporaryDirectory() as name, upstream_registries(Path(name)):
        for transcript in transcripts:
            total.append(replay_fresh(transcript, Path(name)))
            print(_AGREED.sub("", total[-1].output).strip(), flush=True)
    agreed, steps = sum(one.agreed for one in total), sum(one.steps for one in total)
    print(f"{agreed} of {steps} steps agree")
    return 0 if agreed == steps else 1


if __name__ == "__main__":
    sys.exit(main())
