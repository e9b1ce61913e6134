"""What was acknowledged is there after the power went, whatever was being written at that moment."""

import http.client
import random
import threading
import time
from pathlib import Path

from tests.running_server import RunningServer

STREAMS = "/apis/image.openshift.io/v1/namespaces/default/imagestreams"
ROUNDS = 8
WRITERS = 6


class Writer(threading.Thread):
    """Creates and patches streams without a pause, and notes what the server acknowledged."""

    def __init__(self, server: RunningServer, name: str, seed: int) -> None:
        super().__init__()
        self.server = server
        self.prefix = name
        self.random = random.Random(seed)
        self.acknowledged: dict[str, tuple[int, int]] = {}
        self.stopped = False

    def run(self) -> None:
        number = 0
        while not self.stopped:
            number += 1
            name = f"{self.prefix}-{self.random.randrange(20)}"
            known = self.acknowledged.get(name)
            try:
                status, answer = self._patch(name, number) if known else self._create(name, number)
            except (OSError, http.client.HTTPException):
                return
            assert status in (200, 201), answer
            self.acknowledged[name] = (number, int(answer["metadata"]["resourceVersion"]))

    def _create(self, name: str, number: int) -> tuple[int, dict[str, dict[str, str]]]:
        metadata = {"name": name, "annotations": {"number": str(number)}}
        body = {"apiVersion": "image.openshift.io/v1", "kind": "ImageStream", "metadata": metadata}
        return self.server.request("POST", STREAMS, body)

    def _patch(self, name: str, number: int) -> tuple[int, dict[str, dict[str, str]]]:
        body = {"metadata": {"annotations": {"number": str(number)}}}
        headers = {"Content-Type": "application/merge-patch+json"}
        return self.server.request("PATCH", f"{STREAMS}/{name}", body, headers)


def test_no_acknowledged_write_is_lost_by_kill_9_and_revisions_go_on_rising(tmp_path: Path) -> None:
    moments = random.Random(20261124)
    newest = 0
    for turn in range(ROUNDS):
        server = RunningServer(tmp_path / "data")
        writers = [Writer(server, f"r{turn}w{n}", seed=turn * 100 + n) for n in range(WRITERS)]
        for writer in writers:
            writer.start()
        time.sleep(moments.uniform(0.05, 0.6))
        server.kill()
        for writer in writers:
            writer.stopped = True
            writer.join()

        with RunningServer(tmp_path / "data") as again:
            _, streams = again.request("GET", STREAMS)
            found = {stream["metadata"]["name"]: stream["metadata"] for stream in streams["items"]}
            revision = int(streams["metadata"]["resourceVersion"])

        written = [entry for writer in writers for entry in writer.acknowledged.items()]
        assert written, "nobody got to write"
        for name, (number, version) in written:
            # A write that was under way when the power went may be there or not; an acknowledged one must be.
            assert int(found[name]["annotations"]["number"]) >= number
            assert newest < version <= revision
        newest = revision
