"""Whatever a registry does wrong: one table of misbehaviours, and what users read in the tag's condition.

Messages are Go's and the Docker client's own, as OpenShift shows them. `{host}` stands for the registry, `{other}` for
a second host. Each row is imported into a tag that has history already. It must tell the error and change nothing else,
and the condition goes when the registry has come to its senses.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest

from tests.faulty_registry import RESET, Certificates, Fault, FaultyRegistry
from tests.lying_registry import MANIFEST, MANIFEST_TYPE, Asked, digest_of, response
from tests.running_server import RunningServer

INDEX: Final = "application/vnd.oci.image.index.v1+json"
CONFIG_TYPE: Final = "application/vnd.oci.image.config.v1+json"
ZEROS: Final = "sha256:" + "0" * 64
GET_MANIFEST: Final = 'Get "http://{host}/v2/x/manifests/1": '
GET_MANIFEST_TLS: Final = 'Get "https://{host}/v2/x/manifests/1": '
GET_CONFIG: Final = 'Get "http://{host}/v2/x/blobs/' + digest_of(b'{"os":"plan9"}') + '": '
PING: Final = 'Get "https://{host}/v2/": '
BEARER: Final = 'Bearer realm="http://{other}/token",service="s"'


@dataclass(frozen=True)
class Row:
    """A fault and what is told of it: `message` after the name of the image, unless `reason` has its own text.

    `insecure` is the import policy; `tls` says how the registry's certificate is wrong.
    """

    fault: Fault | None
    message: str = ""
    reason: str = "InternalError"
    insecure: bool = True
    tls: str = ""
    other: Fault | None = None
    slow: bool = False
    name: str = "{host}/x:1"


def filled(raw: bytes, here: FaultyRegistry) -> bytes:
    return raw.replace(b"{host}", here.host.encode()).replace(b"{other}", here.other.host.encode())


def head_only(raw: bytes, asked: Asked) -> bytes:
    return raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if asked.method == "HEAD" else raw


def on(part: str, raw: bytes, *, heads: bool = True) -> Fault:
    """Answer all requests of a kind so; HEADs too, without the body, unless those stay honest."""

    def fault(here: FaultyRegistry, asked: Asked) -> bytes | None:
        if part not in asked.path or (asked.method == "HEAD" and not heads):
            return None
        return head_only(filled(raw, here), asked)

    return fault


def manifests(status: int, body: bytes = b"", **headers: str) -> Fault:
    return on("/manifests/", response(status, body, **headers))


def served(body: bytes, media_type: str = MANIFEST_TYPE, **headers: str) -> Fault:
    return manifests(200, body, Content_Type=media_type, **headers)


def coded(status: int, code: str, message: str) -> Fault:
    return manifests(status, json.dumps({"errors": [{"code": code, "message": message}]}).encode(), Retry_After="0")


def image(config: bytes = b"{}", digest: str = "", size: int = 0, media_type: str = MANIFEST_TYPE) -> bytes:
    described = {"mediaType": CONFIG_TYPE, "digest": digest or digest_of(config), "size": size or len(config)}
    return json.dumps({"schemaVersion": 2, "mediaType": media_type, "config": described, "layers": []}).encode()


def with_config(manifest: bytes, answer: bytes) -> Fault:
    """An image whose manifest is in order, and the answer to whoever asks for its config."""

    def fault(here: FaultyRegistry, asked: Asked) -> bytes | None:
        if "/manifests/" in asked.path:
            return head_only(response(200, manifest, Content_Type=MANIFEST_TYPE), asked)
        return answer if "/blobs/" in asked.path else None

    return fault


def nested(depth: int) -> Fault:
    """Lists in lists; the innermost holds the image."""
    bodies = [MANIFEST]
    for _ in range(depth):
        entry = {"mediaType": INDEX if len(bodies) > 1 else MANIFEST_TYPE, "digest": digest_of(bodies[-1])}
        bodies.append(
            json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [{**entry, "size": 1}]}).encode()
        )
    by_digest = {digest_of(body): body for body in bodies}

    def fault(here: FaultyRegistry, asked: Asked) -> bytes | None:
        if "/manifests/" not in asked.path:
            return None
        body = by_digest.get(asked.path.rpartition("/")[2], bodies[-1])
        return head_only(response(200, body, Content_Type=MANIFEST_TYPE if body is MANIFEST else INDEX), asked)

    return fault


def wants_token(here: FaultyRegistry, asked: Asked) -> bytes | None:
    """A registry whose tokens are good for nothing."""
    if "/manifests/" not in asked.path:
        return None
    return head_only(filled(response(401, b"", WWW_Authenticate=BEARER), here), asked)


def raw_body(head: str, body: bytes) -> Fault:
    return on("/manifests/", f"HTTP/1.1 200 OK\r\nContent-Type: {MANIFEST_TYPE}\r\n{head}\r\n".encode() + body)


HUGE: Final = response(200, b"", Content_Type=MANIFEST_TYPE, Content_Length="99999999")
UNEXPECTED: Final = "received unexpected HTTP status: "
NO_ACCESS: Final = 'you may not have access to the container image "{host}/x:1"'
NOT_FOUND: Final = 'dockerimage.image.openshift.io "{host}/x:1" not found'
MALFORMED: Final = "net/http: HTTP/1.x transport connection broken: malformed HTTP response"
REDIRECT_LOOP: Final = "stopped after 10 redirects"
EXPIRED: Final = "tls: failed to verify certificate: x509: certificate has expired or is not yet valid"
UNKNOWN_CA: Final = "tls: failed to verify certificate: x509: certificate signed by unknown authority"

TABLE: Final = {
    # Statuses
    "400": Row(manifests(400), UNEXPECTED + "400 Bad Request"),
    "401": Row(manifests(401), NO_ACCESS, "Unauthorized"),
    "401 with a code": Row(coded(401, "UNAUTHORIZED", "authentication required"), NO_ACCESS, "Unauthorized"),
    "403": Row(manifests(403), UNEXPECTED + "403 Forbidden"),
    "403 DENIED": Row(coded(403, "DENIED", "not for you"), "denied: not for you"),
    "403 UNAUTHORIZED": Row(coded(403, "UNAUTHORIZED", "not for you"), NO_ACCESS, "Unauthorized"),
    "404": Row(manifests(404), NOT_FOUND, "NotFound"),
    "404 page": Row(manifests(404, b"<html>", Content_Type="text/html"), NOT_FOUND, "NotFound"),
    "404 MANIFEST_UNKNOWN": Row(coded(404, "MANIFEST_UNKNOWN", "manifest unknown"), NOT_FOUND, "NotFound"),
    "404 NAME_UNKNOWN": Row(coded(404, "NAME_UNKNOWN", "repository unknown"), NOT_FOUND, "NotFound"),
    "405": Row(manifests(405), UNEXPECTED + "405 Method Not Allowed"),
    "429": Row(manifests(429, Retry_After="0"), UNEXPECTED + "429 Too Many Requests"),
    "500": Row(manifests(500, Retry_After="0"), UNEXPECTED + "500 Internal Server Error"),
    "500 with a code": Row(coded(500, "UNKNOWN", "disk on fire"), "unknown: disk on fire"),
    "502": Row(manifests(502, b"<html>", Retry_After="0"), UNEXPECTED + "502 Bad Gateway"),
    "503": Row(manifests(503, Retry_After="0"), UNEXPECTED + "503 Service Unavailable"),
    "504": Row(manifests(504, Retry_After="0"), UNEXPECTED + "504 Gateway Timeout"),
    "206 for a whole manifest": Row(manifests(206, MANIFEST[:9]), UNEXPECTED + "206 Partial Content"),
    "304 without being asked": Row(manifests(304), UNEXPECTED + "304 Not Modified"),
    # Redirects
    "redirect loop": Row(manifests(307, Location="/v2/x/manifests/1"), GET_MANIFEST + REDIRECT_LOOP),
    "redirect to a file": Row(manifests(302, Location="file:///etc/passwd"), GET_MANIFEST + "unusable Location header"),
    "redirect with a login": Row(
        manifests(302, Location="http://a:b@{other}/x"), GET_MANIFEST + "redirected to an address with a login"
    ),
    "redirect from https to http": Row(
        manifests(302, Location="http://{other}/x"),
        GET_MANIFEST_TLS + "redirected to http, which is not secure",
        insecure=False,
        tls="good",
    ),
    # Token services
    "token service refuses": Row(wants_token, NO_ACCESS, "Unauthorized", other=lambda *_: response(401)),
    "token service forbids": Row(wants_token, NO_ACCESS, "Unauthorized", other=lambda *_: response(403)),
    "token service gives garbage": Row(
        wants_token, "http://{other}/token gave no token", other=lambda *_: response(200, b"<html>")
    ),
    "token service gives nothing": Row(
        wants_token, "http://{other}/token gave no token", other=lambda *_: response(200, b"{}")
    ),
    "token service fails": Row(
        wants_token, UNEXPECTED + "503 Service Unavailable", other=lambda *_: response(503, Retry_After="0")
    ),
    "token service hangs up": Row(wants_token, 'Get "http://{other}/token": EOF', other=lambda *_: b""),
    "tokens that are never good": Row(
        wants_token, NO_ACCESS, "Unauthorized", other=lambda *_: response(200, b'{"token":"t"}')
    ),
    # Manifests
    "wrong digest": Row(
        served(MANIFEST, Docker_Content_Digest=ZEROS),
        f"content integrity error: the manifest retrieved with digest {ZEROS} does not match the digest calculated "
        f"from the content {digest_of(MANIFEST)}",
    ),
    "unknown media type": Row(
        served(MANIFEST, "application/x-thing"),
        "unsupported manifest media type and no default available: application/x-thing",
    ),
    "login page": Row(
        served(b"<html>", "text/html; charset=utf-8"),
        "unsupported manifest media type and no default available: text/html",
    ),
    "empty body": Row(served(b""), f"unreadable manifest of type '{MANIFEST_TYPE}'"),
    "invalid JSON": Row(served(b'{"schemaVersion":'), f"unreadable manifest of type '{MANIFEST_TYPE}'"),
    "two types at once": Row(
        served(image(media_type=INDEX)), f"manifest is served as {MANIFEST_TYPE} but says that it is {INDEX}"
    ),
    "huge manifest": Row(on("/manifests/", HUGE), GET_MANIFEST + "more than 4194304 bytes"),
    "list of nothing": Row(served(b'{"manifests":[]}', INDEX), "no manifests in manifest list"),
    "ten lists in one another": Row(nested(10), "manifest lists are nested more than 4 deep"),
    "compressed though nobody asked": Row(
        raw_body("Content-Encoding: gzip\r\nContent-Length: 4\r\n", b"\x1f\x8b\x08\x00"),
        f"unreadable manifest of type '{MANIFEST_TYPE}'",
    ),
    "body shorter than its length": Row(raw_body("Content-Length: 500\r\n", b"{"), GET_MANIFEST + "unexpected EOF"),
    "body longer than its length": Row(raw_body("Content-Length: 5\r\n", MANIFEST), GET_MANIFEST + MALFORMED),
    "two lengths": Row(raw_body("Content-Length: 5\r\nContent-Length: 6\r\n", b"{}"), GET_MANIFEST + MALFORMED),
    "length that is no number": Row(raw_body("Content-Length: lots\r\n", b"{}"), GET_MANIFEST + MALFORMED),
    "chunks of garbage": Row(raw_body("Transfer-Encoding: chunked\r\n", b"zz\r\n{}"), GET_MANIFEST + MALFORMED),
    "no HTTP at all": Row(on("/manifests/", b"220 mail ready\r\n\r\n"), GET_MANIFEST + MALFORMED),
    # Configs
    "config missing": Row(with_config(image(b'{"os":"linux"}'), response(404)), "unknown blob"),
    "config of another digest": Row(
        with_config(image(digest=ZEROS), response(200, b"{}")),
        f"content integrity error: the blob retrieved with digest {ZEROS} does not match the digest calculated from "
        f"the content {digest_of(b'{}')}",
    ),
    "huge config": Row(
        with_config(image(b'{"os":"plan9"}'), response(200, b"", Content_Length="99999999")),
        GET_CONFIG + "more than 8388608 bytes",
    ),
    "config of no shape": Row(
        with_config(image(b"[]"), response(200, b"[]")), "unreadable config: Expected `object`, got `array`"
    ),
    # Connections
    "closed at once": Row(on("/manifests/", b""), GET_MANIFEST + "EOF"),
    "reset in the body": Row(raw_body("Content-Length: 500\r\n", b"{" + RESET), GET_MANIFEST + "unexpected EOF"),
    "byte by byte": Row(
        on("/manifests/", response(200, b" " * 500, Content_Type=MANIFEST_TYPE), heads=False),
        GET_MANIFEST.replace("/1", f"/{digest_of(MANIFEST)}") + "context deadline exceeded",
        slow=True,
    ),
    "port closed": Row(None, PING + "dial tcp {host}: connect: connection refused", insecure=False, tls="closed"),
    "no such host": Row(
        None,
        'Get "https://nowhere.invalid/v2/": dial tcp: lookup nowhere.invalid: no such host',
        insecure=False,
        name="nowhere.invalid/x:1",
    ),
    "HTTP on the HTTPS port": Row(
        None, PING + "http: server gave HTTP response to HTTPS client", insecure=False, tls="none"
    ),
    "hung up in the handshake": Row(None, PING + "EOF", insecure=False, tls="silent"),
    "certificate expired": Row(None, PING + EXPIRED, insecure=False, tls="expired"),
    "certificate not yet valid": Row(None, PING + EXPIRED, insecure=False, tls="early"),
    "certificate of nobody": Row(None, PING + UNKNOWN_CA, insecure=False, tls="self-signed"),
    "certificate of another host": Row(
        None,
        PING + "tls: failed to verify certificate: x509: certificate is not valid for 127.0.0.1",
        insecure=False,
        tls="elsewhere",
    ),
    "type told twice": Row(
        raw_body(f"Content-Type: text/html\r\nContent-Length: {len(MANIFEST) - 1}\r\n", MANIFEST[:-1]),
        f"unreadable manifest of type '{MANIFEST_TYPE}'",
    ),
    "digest told twice": Row(
        raw_body(
            f"Docker-Content-Digest: {ZEROS}\r\nDocker-Content-Digest: {digest_of(MANIFEST)}\r\n"
            f"Content-Length: {len(MANIFEST)}\r\n",
            MANIFEST,
        ),
        f"content integrity error: the manifest retrieved with digest {ZEROS} does not match the digest calculated "
        f"from the content {digest_of(MANIFEST)}",
    ),
    "web server": Row(
        on("/v2/", response(404, b"<html>")), 'endpoint "http://{host}" does not support v2 API (got 404 Not Found)'
    ),
}

CODES: Final = {"InternalError": 500, "Unauthorized": 401, "NotFound": 404}


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def wary(tmp_path_factory: pytest.TempPathFactory, certificates: Certificates) -> Iterator[RunningServer]:
    """A server that gives a registry two seconds, and trusts the authority of the tests."""
    settings = {
        "IMAGESTREAMS_REGISTRY_CA_FILE": str(certificates.ca_file),
        "IMAGESTREAMS_REGISTRY_TIMEOUT_S": "2",
    }
    with RunningServer(tmp_path_factory.mktemp("wary") / "data", environment=settings) as running:
        yield running


class Project:
    """A namespace of its own with a stream `s`, whose tag `a` has history from an honest registry."""

    def __init__(self, server: RunningServer, name: str) -> None:
        self._server = server
        self._base = f"/apis/image.openshift.io/v1/namespaces/{name}"
        self.name = name

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        # The registries run in this loop, so the request must not block it.
        code, answer = await asyncio.to_thread(self._server.request, method, path, body)
        assert code < 300, answer
        return answer

    async def run(self, source: str, *, insecure: bool = True) -> Any:
        """Import into the tag; return the outcome's status."""
        wanted = {
            "from": {"kind": "DockerImage", "name": source},
            "to": {"name": "a"},
            "importPolicy": {"insecure": insecure},
        }
        body = {"metadata": {"name": "s"}, "spec": {"import": True, "images": [wanted]}}
        return (await self.call("POST", f"{self._base}/imagestreamimports", body))["status"]["images"][0]["status"]

    async def tag(self) -> Any:
        [tag] = (await self.call("GET", f"{self._base}/imagestreams/s"))["status"]["tags"]
        return tag

    async def images(self) -> set[str]:
        found = await self.call("GET", "/apis/image.openshift.io/v1/images")
        return {one["metadata"]["name"] for one in found["items"]}


@pytest.fixture
async def project(wary: RunningServer, request: pytest.FixtureRequest, docker_registry: Any) -> Project:
    numbers = request.config.stash.setdefault(_NUMBERS, [0])
    numbers[0] += 1
    made = Project(wary, f"faults-{numbers[0]}")
    await made.call("POST", "/api/v1/namespaces", {"metadata": {"name": made.name}})
    docker_registry.image("faults/before", "1", seed=77)
    assert (await made.run(f"{docker_registry.host}/faults/before:1"))["status"] == "Success"
    return made


_NUMBERS: Final = pytest.StashKey[list[int]]()


@pytest.fixture
async def faulty() -> AsyncIterator[FaultyRegistry]:
    """The registry, with a second host beside it that is its token service or where it sends people."""
    registry, other = FaultyRegistry(), FaultyRegistry()
    await other.start()
    registry.other = other
    yield registry
    await registry.stop()
    await other.stop()


async def begin(registry: FaultyRegistry, certificates: Certificates, tls: str) -> None:
    contexts = {
        "good": {},
        "expired": {"first_day": -9, "last_day": -2},
        "early": {"first_day": 2, "last_day": 9},
        "self-signed": {"self_signed": True},
        "elsewhere": {"name": "registry.example.com"},
    }
    await registry.start(certificates.context(**contexts[tls]) if tls in contexts else None)  # type: ignore[arg-type]
    registry.silent = tls == "silent"
    if tls == "closed":
        await registry.stop()


@pytest.mark.parametrize("name", TABLE)
async def test_a_misbehaviour_is_a_condition_and_changes_nothing_else(
    project: Project, faulty: FaultyRegistry, certificates: Certificates, name: str
) -> None:
    row = TABLE[name]
    await begin(faulty, certificates, row.tls)
    other = faulty.other
    faulty.fault, faulty.slow, other.fault = row.fault, row.slow, row.other
    before, images = (await project.tag())["items"], await project.images()
    source = row.name.format(host=faulty.host)

    outcome = await project.run(source, insecure=row.insecure)

    told = row.message.replace("{host}", faulty.host).replace("{other}", other.host)
    message = f"Internal error occurred: {source}: {told}" if row.reason == "InternalError" else told
    assert (outcome["message"], outcome["reason"]) == (message, row.reason)
    assert (outcome["status"], outcome["code"]) == ("Failure", CODES[row.reason])
    tag = await project.tag()
    [condition] = tag["conditions"]
    assert (condition["type"], condition["status"]) == ("ImportSuccess", "False")
    assert (condition["reason"], condition["message"]) == (row.reason, message)
    assert tag["items"] == before
    assert await project.images() - images == set()

    if row.name != "{host}/x:1":
        return
    faulty.fault, faulty.slow, other.fault = None, False, None
    await faulty.stop()
    await faulty.start(certificates.context() if row.tls else None)
    assert (await project.run(source, insecure=row.insecure))["status"] == "Success"
    tag = await project.tag()
    assert "conditions" not in tag
    assert tag["items"][1:] == before


HEADS: Final = {
    "refused with 405": response(405),
    "without a digest": response(200, b"", Content_Type=MANIFEST_TYPE),
    "with a digest that is none": response(200, b"", Docker_Content_Digest="sha256:../../secret"),
    "with a digest of nothing": response(200, b"", Docker_Content_Digest=ZEROS),
    "forbidden": response(403),
    "said to be missing": response(404),
    "failing": response(500, Retry_After="0"),
    "hung up on": b"",
}


@pytest.mark.parametrize("name", HEADS)
async def test_a_bad_answer_to_head_costs_requests_and_nothing_else(
    project: Project, faulty: FaultyRegistry, name: str
) -> None:
    await faulty.start()
    # The digest of nothing is refused when it is fetched, and what the tag itself gives is taken.
    faulty.fault = lambda here, asked: (
        HEADS[name] if asked.method == "HEAD" else response(404) if asked.path.endswith(ZEROS) else None
    )

    assert (await project.run(f"{faulty.host}/x:1"))["status"] == "Success"

    assert (await project.tag())["items"][0]["image"] == digest_of(MANIFEST)


@pytest.mark.parametrize("tls", ["good", "expired", "early", "self-signed", "elsewhere"])
async def test_an_insecure_import_speaks_tls_where_there_is_any_and_takes_every_certificate(
    project: Project, faulty: FaultyRegistry, certificates: Certificates, tls: str
) -> None:
    await begin(faulty, certificates, tls)

    assert (await project.run(f"{faulty.host}/x:1"))["status"] == "Success"


async def test_a_redirect_to_another_host_takes_no_login_along(project: Project, faulty: FaultyRegistry) -> None:
    await faulty.start()
    other = faulty.other

    def moved(here: FaultyRegistry, asked: Asked) -> bytes | None:
        if "/x/" not in asked.path:
            return None
        if asked.headers.get("authorization") != "Basic dTpzM2NyZXQ=":
            return head_only(response(401, WWW_Authenticate='Basic realm="x"'), asked)
        return head_only(response(307, Location=f"http://{other.host}{asked.path}"), asked)

    faulty.fault = moved
    auths = {"auths": {faulty.host: {"username": "u", "password": "s3cret"}}}
    secret = {
        "metadata": {"name": "login"},
        "type": "kubernetes.io/dockerconfigjson",
        "stringData": {".dockerconfigjson": json.dumps(auths)},
    }
    await project.call("POST", f"/api/v1/namespaces/{project.name}/secrets", secret)

    assert (await project.run(f"{faulty.host}/x:1"))["status"] == "Success"

    assert any("authorization" in asked.headers for asked in faulty.asked)
    assert other.asked
    assert not any("authorization" in asked.headers for asked in other.asked)


async def test_a_token_that_ends_in_the_middle_of_an_import_is_renewed_once(
    project: Project, faulty: FaultyRegistry
) -> None:
    await faulty.start()
    other = faulty.other
    given: list[str] = []

    def tokens(here: FaultyRegistry, asked: Asked) -> bytes:
        given.append(f"t{len(given)}")
        return response(200, json.dumps({"token": given[-1]}).encode())

    def registry(here: FaultyRegistry, asked: Asked) -> bytes | None:
        # The first token is good for manifests, and has ended when the config is asked for.
        good = "t1" if "/blobs/" in asked.path else "t0"
        if "/x/" not in asked.path or asked.headers.get("authorization") == f"Bearer {good}":
            return None
        return head_only(filled(response(401, b"", WWW_Authenticate=BEARER), here), asked)

    config = b'{"os":"linux","author":"renewed"}'
    faulty.manifest, faulty.config = image(config), config
    faulty.fault, other.fault = registry, tokens

    assert (await project.run(f"{faulty.host}/x:1"))["status"] == "Success"

    assert given == ["t0", "t1"]


def pages_forever(here: FaultyRegistry, asked: Asked) -> bytes | None:
    if "/tags/list" not in asked.path:
        return None
    number = int(asked.path.rpartition("last=")[2] or 0) if "last=" in asked.path else 0
    return response(
        200, json.dumps({"tags": [f"t{number}"]}).encode(), Link=f'</v2/x/tags/list?last={number + 1}>; rel="next"'
    )


LISTS: Final = {
    "paging forever": (pages_forever, "the list of tags of {host}/x has too many pages"),
    "of another shape": (on("/tags/", response(200, b'{"tags":{"1":2}}')), "unreadable list of tags of {host}/x"),
    "of HTML": (on("/tags/", response(200, b"<html>")), "unreadable list of tags of {host}/x"),
    "cut off": (on("/tags/", response(200, b'{"tags":[', Content_Length="99")), "unexpected EOF"),
    "huge": (on("/tags/", response(200, b"", Content_Length="99999999")), "more than 4194304 bytes"),
    "failing": (on("/tags/", response(500, Retry_After="0")), UNEXPECTED + "500 Internal Server Error"),
}


@pytest.mark.parametrize("name", LISTS)
async def test_a_list_of_tags_that_is_no_list_imports_nothing(
    project: Project, faulty: FaultyRegistry, name: str
) -> None:
    await faulty.start()
    faulty.fault, told = LISTS[name]
    before = await project.tag()
    wanted = {"from": {"kind": "DockerImage", "name": f"{faulty.host}/x"}, "importPolicy": {"insecure": True}}
    body = {"metadata": {"name": "s"}, "spec": {"import": True, "repository": wanted}}

    path = f"/apis/image.openshift.io/v1/namespaces/{project.name}/imagestreamimports"
    outcome = (await project.call("POST", path, body))["status"]["repository"]["status"]

    if "of tags" not in told and UNEXPECTED not in told:
        told = f'Get "http://{faulty.host}/v2/x/tags/list": {told}'
    assert outcome["message"] == "Internal error occurred: " + told.replace("{host}", faulty.host)
    assert (outcome["reason"], outcome["code"]) == ("InternalError", 500)
    assert await project.tag() == before
    assert not [asked for asked in faulty.asked if "/manifests/" in asked.path]
