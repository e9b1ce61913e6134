"""What the server says of itself."""

import asyncio
import json
from typing import Any

import pytest

from imagestreams.apiserver.health import Health

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"


async def test_discovery_step_by_step(call: Any) -> None:
    core = (await call("GET", "/api")).json
    groups = (await call("GET", "/apis")).json
    group = (await call("GET", "/apis/image.openshift.io")).json
    resources = (await call("GET", "/apis/image.openshift.io/v1/")).json

    assert core["versions"] == ["v1"]
    assert [one["name"] for one in groups["groups"]] == ["image.openshift.io"]
    assert group["preferredVersion"]["version"] == "v1"
    assert [one["name"] for one in resources["resources"]] == [
        "imagestreammappings",
        "imagestreams",
        "imagestreams/layers",
    ]
    assert (await call("GET", "/api/v1")).json["resources"][0]["name"] == "namespaces"


async def test_discovery_in_one_document_is_sent_once(call: Any) -> None:
    first = await call("GET", "/apis", accept=AGGREGATED)
    again = await call("GET", "/apis", accept=AGGREGATED, if_none_match=first.headers["etag"])

    assert first.headers["content-type"] == AGGREGATED.partition(",")[0]
    assert first.json["kind"] == "APIGroupDiscoveryList"
    assert first.headers["vary"] == "Accept"
    assert (again.status, again.body) == (304, b"")
    assert (await call("GET", "/api", accept=AGGREGATED)).json["items"][0]["versions"][0]["version"] == "v1"


async def test_the_version_is_one_that_clients_can_compare(call: Any) -> None:
    answer = await call("GET", "/version", token=None)

    assert answer.headers["content-type"] == "application/json"
    assert answer.json["gitVersion"] == "v1.32.4"
    assert (answer.json["major"], answer.json["minor"]) == ("1", "32")


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz", "/readyz/ping", "/readyz/shutdown"])
async def test_a_healthy_server_is_ok(call: Any, path: str) -> None:
    answer = await call("GET", path, token=None)

    assert (answer.status, answer.body) == (200, b"ok")


async def test_a_server_that_stops_is_alive_but_not_ready(call: Any, app: Any) -> None:
    await app.close()

    ready = await call("GET", "/readyz")

    assert (ready.status, ready.body.decode()) == (
        500,
        "[+]ping ok\n[-]shutdown failed: reason withheld\nreadyz check failed\n",
    )
    assert (await call("GET", "/readyz/shutdown")).status == 500
    assert (await call("GET", "/livez")).status == 200
    assert (await call("GET", "/readyz?exclude=shutdown")).status == 200


async def test_checks_are_told_one_by_one() -> None:
    async def fails() -> None:
        raise RuntimeError("the password is s3cret")

    health = Health("readyz", {"store": fails})

    assert await health.report([], verbose=False) == (
        500,
        "[+]ping ok\n[-]store failed: reason withheld\nreadyz check failed\n",
    )
    assert await health.report(["store", "x"], verbose=True) == (
        200,
        '[+]ping ok\n[+]store excluded: ok\nwarn: some health checks cannot be excluded: no matches for "x"\n'
        "readyz check passed\n",
    )
    assert await health.one("nonsense") is None


async def test_verbose_health(call: Any) -> None:
    answer = await call("GET", "/readyz?verbose")

    assert answer.body == b"[+]ping ok\n[+]shutdown ok\nreadyz check passed\n"
    assert (await call("GET", "/readyz/nonsense")).status == 404


async def test_requests_are_counted(call: Any) -> None:
    streams = "/apis/image.openshift.io/v1/namespaces/ns/imagestreams"
    await call("GET", streams)
    await call("GET", f"{streams}/nope")
    await call("GET", f"{streams}/nope/{'x' * 100}")

    text = (await call("GET", "/metrics")).body.decode()

    labels = 'group="image.openshift.io",resource="imagestreams",subresource="",verb="{}",version="v1"'
    assert f'apiserver_request_total{{code="200",{labels.format("LIST")}}} 1.0' in text
    assert f'apiserver_request_total{{code="404",{labels.format("GET")}}} 1.0' in text
    assert f"apiserver_request_duration_seconds_count{{{labels.format('LIST')}}} 1.0" in text
    assert "xxx" not in text


async def test_openapi_is_made_once_and_tagged(call: Any) -> None:
    index, v2 = await asyncio.gather(call("GET", "/openapi/v3"), call("GET", "/openapi/v2"))
    protobuf = await call("GET", "/openapi/v2", accept="application/com.github.proto-openapi.spec.v2@v1.0+protobuf")

    assert "apis/image.openshift.io/v1" in index.json["paths"]
    assert v2.json["swagger"] == "2.0"
    assert protobuf.headers["content-type"] == "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
    assert protobuf.body[:1] not in (b"{", b"")
    group = await call("GET", "/openapi/v3/apis/image.openshift.io/v1?hash=x")
    assert json.loads(group.body)["openapi"].startswith("3.")
    assert (await call("GET", "/openapi/v2", if_none_match=v2.headers["etag"])).status == 304
    assert (await call("GET", "/openapi/v3/apis/nope/v1")).status == 404
    assert (await call("GET", "/openapi/v2", accept="text/html")).status == 406


async def test_the_index_names_the_paths(call: Any) -> None:
    paths = (await call("GET", "/")).json["paths"]

    assert {"/api", "/api/v1", "/apis/image.openshift.io/v1", "/openapi/v3", "/version"} <= set(paths)
