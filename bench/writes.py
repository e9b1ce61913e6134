"""Patches and mappings, sixteen at a time, sent by `wrk` so that the server is what is measured."""

import asyncio
import json
from pathlib import Path
from string import Template
from typing import Final

from bench.content import GROUP, NAMESPACE, STREAMS, digest, fill
from bench.figures import Figure, Scale
from bench.load import bare_server, requests_per_second
from tests.running_server import RunningServer

_PATCHES: Final = Template("""
wrk.headers["Content-Type"] = "application/merge-patch+json"
local turn = 0
function request()
  turn = turn + 1
  local path = string.format("$streams/app-%04d", turn % $count)
  return wrk.format("PATCH", path, nil, '{"metadata":{"annotations":{"turn":"' .. turn .. '"}}}')
end
""")
_MAPPINGS: Final = Template("""
wrk.headers["Content-Type"] = "application/json"
local images = {$images}
local turn = 0
function request()
  turn = turn + 1
  local round = math.floor(turn / $count)
  local image = images[round % #images + 1]
  local name = string.format("app-%04d", turn % $count)
  return wrk.format("POST", "$mappings", nil, string.format('$mapping', name, round % 10, image, image))
end
""")
_MAPPING: Final = {
    "apiVersion": "image.openshift.io/v1",
    "kind": "ImageStreamMapping",
    "metadata": {"name": "%s", "namespace": NAMESPACE},
    "tag": "m%d",
    "image": {"metadata": {"name": "%s"}, "dockerImageReference": "registry.example.com/bench/app@%s"},
}


def bench_writes(scale: Scale, directory: Path) -> list[Figure]:
    """Measure merge patches of streams, and mappings that give tags a new image; each write is of the next stream."""
    patches = _PATCHES.substitute(streams=STREAMS, count=scale.streams)
    mappings = _MAPPINGS.substitute(
        mappings=f"{GROUP}/namespaces/{NAMESPACE}/imagestreammappings",
        mapping=json.dumps(_MAPPING),
        images=", ".join(f"'{digest(number)}'" for number in range(7)),
        count=scale.streams,
    )
    with RunningServer(directory / "writes") as server:
        asyncio.run(fill(server, scale.streams, scale.tags))
        url = server.urls["http"]
        _, stream = server.request("GET", f"{STREAMS}/app-0000")
        patched = requests_per_second(url, directory, scale.seconds, server.token, patches)
        mapped = requests_per_second(url, directory, scale.seconds, server.token, mappings)
    with bare_server(json.dumps(stream).encode(), directory) as bare_url:
        bare = requests_per_second(bare_url, directory, scale.seconds)
    return [
        Figure("merge patch of an imagestream", patched, "PATCH/s", 4_270, lower=False),
        Figure("merge patch of an imagestream / bare answer", patched / bare, "ratio"),
        Figure("imagestreammapping", mapped, "POST/s", 2_500, lower=False),
        Figure("imagestreammapping / bare answer", mapped / bare, "ratio"),
    ]
