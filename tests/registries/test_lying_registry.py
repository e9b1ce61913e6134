"""A registry may do what it wants: each lie and failure has its precise error, and none costs much."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from imagestreams.api.core import Secret
from imagestreams.reference import parse
from imagestreams.registries.challenge import Challenge, read_challenge
from imagestreams.registries.client import RegistryClient, Repository, next_page
from imagestreams.registries.credentials import Keyring
from imagestreams.registries.errors import (
    Misbehaved,
    Refused,
    RegistryError,
    TimedOut,
    TooLarge,
    TooManyRequests,
    Unauthorized,
    Unreachable,
    WrongDigest,
)
from imagestreams.registries.limits import Limits, retry_after_s
from imagestreams.registries.observer import Nobody

TYPE = "application/vnd.oci.image.manifest.v1+json"
ACCEPT = (TYPE,)
LIMITS = Limits(
    manifest_bytes=100_000,
    blob_bytes=1000,
    tags_bytes=100_000,
    tag_pages=5,
    redirects=3,
    connect_s=2,
    total_s=5,
    attempts=3,
    backoff_s=0.01,
    longest_wait_s=1,
    failures=3,
)
Start = Callable[[Callable[[Any, asyncio.StreamWriter], Awaitable[None]]], Awaitable[Any]]


def always(data: bytes) -> Callable[[Any, asyncio.StreamWriter], Awaitable[None]]:
    async def answer(asked: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(data)

    return answer


def keyring(*hosts: str) -> Keyring:
    login = base64.b64encode(b"somebody:s3cret").decode()
    config = json.dumps({"auths": {host: {"auth": login} for host in hosts}}).encode()
    data = {".dockerconfigjson": base64.b64encode(config).decode()}
    return Keyring.from_secrets([Secret(type="kubernetes.io/dockerconfigjson", data=data)])


def opened(client: RegistryClient, registry: Any, keys: Keyring | None = None) -> Repository:
    return client.repository(parse(f"{registry.host}/team/app"), keys or Keyring(), insecure=True)


async def failure(registry: Any, limits: Limits = LIMITS, keys: Keyring | None = None) -> RegistryError:
    async with RegistryClient(limits) as client:
        with pytest.raises(RegistryError) as caught:
            await opened(client, registry, keys).manifest("1", ACCEPT)
    return caught.value


async def test_content_that_differs_from_the_digest_it_is_sent_with(lying_registry: Start, respond: Any) -> None:
    claimed = "sha256:" + "0" * 64
    registry = await lying_registry(
        always(respond(200, b'{"schemaVersion":2}', Content_Type=TYPE, Docker_Content_Digest=claimed))
    )

    error = await failure(registry)

    assert isinstance(error, WrongDigest)
    assert str(error).startswith(
        f"content integrity error: the manifest retrieved with digest {claimed} does not match"
    )


async def test_content_that_differs_from_the_digest_asked_for(
    lying_registry: Start, respond: Any, good_manifest: bytes
) -> None:
    registry = await lying_registry(always(good_manifest))

    async with RegistryClient(LIMITS) as client:
        with pytest.raises(WrongDigest):
            await opened(client, registry).manifest("sha256:" + "1" * 64, ACCEPT)
        with pytest.raises(WrongDigest):
            await opened(client, registry).blob("sha256:" + "1" * 64)


async def test_a_truncated_body(lying_registry: Start, respond: Any) -> None:
    async def cut(asked: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(respond(200, b'{"schema', Content_Type=TYPE, Content_Length="500"))
        writer.close()

    error = await failure(await lying_registry(cut))

    assert isinstance(error, Misbehaved)
    assert str(error).endswith('/v2/team/app/manifests/1": unexpected EOF')


async def test_an_endless_body(lying_registry: Start) -> None:
    async def endless(asked: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {TYPE}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        while not writer.is_closing():
            writer.write(b"1000\r\n" + b" " * 0x1000 + b"\r\n")
            await writer.drain()

    error = await failure(await lying_registry(endless))

    assert isinstance(error, TooLarge)
    assert str(error).endswith("more than 100000 bytes")


async def test_a_body_announced_too_large_is_not_even_read(lying_registry: Start, respond: Any) -> None:
    registry = await lying_registry(always(respond(200, b"", Content_Type=TYPE, Content_Length="99999999999")))

    assert isinstance(await failure(registry), TooLarge)


async def test_an_answer_whose_body_is_no_use_is_still_heard_of_with_its_status(
    lying_registry: Start, respond: Any
) -> None:
    class Listener(Nobody):
        def __init__(self) -> None:
            self.heard: list[int | None] = []

        def asked(self, host: str, method: str, code: int | None) -> None:
            self.heard.append(code)

    listener = Listener()
    registry = await lying_registry(always(respond(200, b"", Content_Type=TYPE, Content_Length="99999999999")))

    async with RegistryClient(LIMITS, observer=listener) as client:
        with pytest.raises(TooLarge):
            await opened(client, registry).manifest("1", ACCEPT)

    assert listener.heard and listener.heard[-1] == 200


async def test_a_redirect_loop(lying_registry: Start, respond: Any) -> None:
    registry = await lying_registry(always(respond(307, b"", Location="/v2/team/app/manifests/1")))

    error = await failure(registry)

    assert str(error).endswith("stopped after 3 redirects")
    assert len(registry.paths()) == 4


async def test_a_login_does_not_follow_a_redirect_to_another_host(
    lying_registry: Start, respond: Any, good_manifest: bytes
) -> None:
    other = await lying_registry(always(good_manifest))

    async def send_on(asked: Any, writer: asyncio.StreamWriter) -> None:
        if "authorization" not in asked.headers:
            writer.write(respond(401, b"", WWW_Authenticate='Basic realm="r"'))
        else:
            writer.write(respond(307, b"", Location=f"http://{other.host}/elsewhere?signature=x"))

    send_on.pings = True  # type: ignore[attr-defined]  # the login is asked for at the first look already
    registry = await lying_registry(send_on)

    async with RegistryClient(LIMITS) as client:
        manifest = await opened(client, registry, keyring(registry.host)).manifest("1", ACCEPT)

    assert manifest.digest == other.digest
    assert registry.asked[-1].headers["authorization"].startswith("Basic ")
    assert [(one.path, "authorization" in one.headers) for one in other.asked] == [("/elsewhere?signature=x", False)]


@pytest.mark.parametrize("scheme", ["basic", "bearer"])
@pytest.mark.parametrize("whole", [False, True])
async def test_where_a_registry_sends_us_on_to_can_not_ask_for_its_login(
    lying_registry: Start, respond: Any, good_manifest: bytes, scheme: str, whole: bool
) -> None:
    async def ask_for_login(asked: Any, writer: asyncio.StreamWriter) -> None:
        if asked.path.startswith("/token"):
            writer.write(respond(200, b'{"token":"t"}'))
        elif asked.headers.get("authorization") == "Bearer t":
            writer.write(good_manifest)
        else:
            realm = f"http://{asked.headers['host']}/token"
            writer.write(respond(401, b"", WWW_Authenticate=f'{scheme} realm="{realm}",service="s"'))

    ask_for_login.pings = True  # type: ignore[attr-defined]  # it asks for a login at whatever
    other = await lying_registry(ask_for_login)

    async def send_on(asked: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(respond(307, b"", Location=f"http://{other.host}{asked.path}"))

    send_on.pings = whole  # type: ignore[attr-defined]  # the first look, too, is sent on
    registry = await lying_registry(send_on)

    async with RegistryClient(LIMITS) as client:
        repository = opened(client, registry, keyring(registry.host))
        with pytest.raises(Unauthorized):
            await repository.manifest("1", ACCEPT)

    assert not any(one.headers.get("authorization", "").startswith("Basic") for one in (*other.asked, *registry.asked))
    assert not repository.refused


@pytest.mark.parametrize("location", ["http://[", "ftp://elsewhere/x", "file:///etc/passwd", "http://user:pw@%zz/"])
async def test_a_redirect_to_nowhere(lying_registry: Start, respond: Any, location: str) -> None:
    assert isinstance(await failure(await lying_registry(always(respond(302, b"", Location=location)))), Misbehaved)


async def test_a_manifest_of_the_wrong_type(lying_registry: Start, respond: Any) -> None:
    for headers, body, text in (
        ({"Content_Type": "text/html"}, b"{}", "unsupported manifest media type and no default available: text/html"),
        ({"Content_Type": TYPE}, b"<html>", f"unreadable manifest of type '{TYPE}'"),
        (
            {"Content_Type": TYPE},
            b'{"mediaType":"application/x"}',
            f"manifest is served as {TYPE} but says that it is application/x",
        ),
    ):
        error = await failure(await lying_registry(always(respond(200, body, **headers))))
        assert isinstance(error, Misbehaved)
        assert str(error) == text


async def test_a_registry_that_is_never_content_with_a_login(lying_registry: Start, respond: Any) -> None:
    answer = always(respond(401, b"", WWW_Authenticate='Basic realm="r"'))
    answer.pings = True  # type: ignore[attr-defined]  # every request is refused, also the first look
    registry = await lying_registry(answer)

    error = await failure(registry, keys=keyring(registry.host))

    assert isinstance(error, Unauthorized)
    assert len(registry.paths()) == 2  # with the login, and without


async def test_a_token_service_whose_tokens_are_never_good_enough(lying_registry: Start, respond: Any) -> None:
    async def answer(asked: Any, writer: asyncio.StreamWriter) -> None:
        if asked.path.startswith("/token"):
            writer.write(respond(200, b'{"token":"t"}'))
        else:
            host = asked.headers["host"]
            writer.write(respond(401, b"", WWW_Authenticate=f'Bearer realm="http://{host}/token",service="s"'))

    answer.pings = True  # type: ignore[attr-defined]  # every request is refused, also the first look
    registry = await lying_registry(answer)

    error = await failure(registry, keys=keyring(registry.host))

    assert isinstance(error, Unauthorized)
    assert len(registry.asked) < 10
    token_request = next(one for one in registry.asked if one.path.startswith("/token"))
    assert token_request.path == "/token?service=s&scope=repository:team/app:pull"


async def test_one_token_serves_all_requests_of_a_repository(
    lying_registry: Start, respond: Any, good_manifest: bytes
) -> None:
    async def answer(asked: Any, writer: asyncio.StreamWriter) -> None:
        if asked.path.startswith("/token"):
            writer.write(respond(200, b'{"access_token":"t","expires_in":300}'))
        elif asked.headers.get("authorization") == "Bearer t":
            writer.write(good_manifest)
        else:
            host = asked.headers["host"]
            writer.write(respond(401, b"", WWW_Authenticate=f'Bearer realm="http://{host}/token",service="s"'))

    answer.pings = True  # type: ignore[attr-defined]  # the first look tells of the token service
    registry = await lying_registry(answer)

    async with RegistryClient(LIMITS) as client:
        repository = opened(client, registry, keyring(registry.host))
        await asyncio.gather(*(repository.manifest(str(number), ACCEPT) for number in range(20)))

    assert len([one for one in registry.asked if one.path.startswith("/token")]) == 1
    assert len(registry.paths()) == 21


@pytest.mark.parametrize("status", [401, 403])
async def test_a_wrong_login_does_not_hide_a_public_image(
    lying_registry: Start, respond: Any, good_manifest: bytes, status: int
) -> None:
    async def answer(asked: Any, writer: asyncio.StreamWriter) -> None:
        if asked.path.startswith("/token"):
            writer.write(respond(status) if "authorization" in asked.headers else respond(200, b'{"token":"public"}'))
        elif asked.headers.get("authorization") == "Bearer public":
            writer.write(good_manifest)
        else:
            host = asked.headers["host"]
            writer.write(respond(401, b"", WWW_Authenticate=f'Bearer realm="http://{host}/token",service="s"'))

    answer.pings = True  # type: ignore[attr-defined]  # the first look tells of the token service
    registry = await lying_registry(answer)

    async with RegistryClient(LIMITS) as client:
        manifest = await opened(client, registry, keyring(registry.host)).manifest("1", ACCEPT)

    assert manifest.digest == registry.digest


async def test_a_registry_that_was_left_alone_is_asked_again_later(
    lying_registry: Start, respond: Any, good_manifest: bytes
) -> None:
    answers = [respond(429, Retry_After="3600"), good_manifest]

    async def answer(asked: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(answers.pop(0))

    registry = await lying_registry(answer)
    async with RegistryClient(replace(LIMITS, longest_silence_s=0.05)) as client:
        repository = opened(client, registry)
        for _ in range(2):
            with pytest.raises(TooManyRequests):
                await repository.manifest("1", ACCEPT)
        await asyncio.sleep(0.06)

        assert (await repository.manifest("1", ACCEPT)).digest == registry.digest


async def test_a_busy_registry_is_given_the_time_it_asks_for(
    lying_registry: Start, respond: Any, good_manifest: bytes
) -> None:
    for header in ("0", ""):
        answers = [respond(429, b"", Retry_After=header), respond(429, b"", Retry_After=header), good_manifest]

        async def answer(asked: Any, writer: asyncio.StreamWriter, answers: list[bytes] = answers) -> None:
            writer.write(answers.pop(0))

        registry = await lying_registry(answer)
        async with RegistryClient(LIMITS) as client:
            assert (await opened(client, registry).manifest("1", ACCEPT)).digest == registry.digest
        assert len(registry.paths()) == 3


async def test_a_registry_that_asks_for_too_much_time_is_left_alone(lying_registry: Start, respond: Any) -> None:
    body = b'{"errors":[{"code":"TOOMANYREQUESTS","message":"You have reached your pull rate limit."}]}'
    registry = await lying_registry(always(respond(429, body, Retry_After="3600")))

    async with RegistryClient(LIMITS) as client:
        for number in range(5):
            with pytest.raises(TooManyRequests) as caught:
                await opened(client, registry).manifest(str(number), ACCEPT)
            with pytest.raises(TooManyRequests):
                await opened(client, registry).head(str(number), ACCEPT)

    told = "toomanyrequests: You have reached your pull rate limit. (not asked again before 20"
    assert str(caught.value).startswith(told)
    assert caught.value.transient
    assert len(registry.paths() + registry.paths("HEAD")) == 1


async def test_a_failing_registry_is_asked_a_few_times_and_then_left_alone(lying_registry: Start, respond: Any) -> None:
    registry = await lying_registry(always(respond(503, b"<html>")))

    async with RegistryClient(LIMITS) as client:
        for number in range(10):
            with pytest.raises(Refused) as caught:
                await opened(client, registry).manifest(str(number), ACCEPT)

    assert str(caught.value) == "received unexpected HTTP status: 503 Service Unavailable"
    assert caught.value.transient
    assert len(registry.paths()) == LIMITS.attempts * LIMITS.failures


async def test_a_registry_that_sends_byte_by_byte(lying_registry: Start) -> None:
    async def slow(asked: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {TYPE}\r\nContent-Length: 90000\r\n\r\n".encode())
        while not writer.is_closing():
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)

    error = await failure(await lying_registry(slow), Limits(total_s=0.3))

    assert isinstance(error, TimedOut)
    assert error.transient
    assert str(error).endswith("context deadline exceeded")


async def test_a_registry_that_never_answers_in_time_is_left_alone(lying_registry: Start) -> None:
    async def silent(asked: Any, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(3600)

    registry = await lying_registry(silent)
    async with RegistryClient(replace(LIMITS, total_s=0.05)) as client:
        for number in range(20):
            with pytest.raises(TimedOut):
                await opened(client, registry).manifest(str(number), ACCEPT)

    assert len(registry.paths()) == LIMITS.failures


async def test_a_registry_without_head(lying_registry: Start, respond: Any, good_manifest: bytes) -> None:
    async def answer(asked: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(respond(405) if asked.method == "HEAD" else good_manifest)

    registry = await lying_registry(answer)

    async with RegistryClient(LIMITS) as client:
        assert await opened(client, registry).head("1", ACCEPT) is None
        assert (await opened(client, registry).manifest("1", ACCEPT)).digest == registry.digest


async def test_a_head_without_a_usable_digest_says_nothing(lying_registry: Start, respond: Any) -> None:
    for header in ("", "sha256:short", "nonsense"):
        registry = await lying_registry(always(respond(200, Docker_Content_Digest=header)))
        async with RegistryClient(LIMITS) as client:
            assert await opened(client, registry).head("1", ACCEPT) is None


async def test_a_list_of_tags_that_never_ends(lying_registry: Start, respond: Any) -> None:
    pages = 0

    async def endless(asked: Any, writer: asyncio.StreamWriter) -> None:
        nonlocal pages
        pages += 1
        link = f'</v2/team/app/tags/list?last=t{pages}>; rel="next"'
        writer.write(respond(200, json.dumps({"tags": [f"t{pages}"]}).encode(), Link=link))

    registry = await lying_registry(endless)

    async with RegistryClient(LIMITS) as client:
        with pytest.raises(Misbehaved) as caught:
            await opened(client, registry).tags()

    assert str(caught.value).endswith("has too many pages")
    assert pages == LIMITS.tag_pages


async def test_a_list_of_more_tags_than_anybody_has_is_refused(lying_registry: Start, respond: Any) -> None:
    page = 0

    async def many(asked: Any, writer: asyncio.StreamWriter) -> None:
        nonlocal page
        page += 1
        tags = json.dumps({"tags": [f"t{page}-{number}" for number in range(100)]}).encode()
        writer.write(respond(200, tags, Link=f'</v2/team/app/tags/list?last={page}>; rel="next"'))

    registry = await lying_registry(many)

    async with RegistryClient(replace(LIMITS, tag_pages=50, tags=250)) as client:
        with pytest.raises(Misbehaved, match="is too long"):
            await opened(client, registry).tags()

    assert page == 3


async def test_a_list_of_tags_in_pages_with_useless_names(lying_registry: Start, respond: Any) -> None:
    async def paged(asked: Any, writer: asyncio.StreamWriter) -> None:
        if "last=" in asked.path:
            # The last page names itself as the next one.
            link = f'<{asked.path}>; rel="next"'
            writer.write(respond(200, b'{"tags":["b","","../../x","a b"]}', Link=link))
        else:
            writer.write(respond(200, b'{"tags":["a"]}', Link='</v2/team/app/tags/list?last=a&n=1>; rel="next"'))

    registry = await lying_registry(paged)

    async with RegistryClient(LIMITS) as client:
        assert await opened(client, registry).tags() == ["a", "b", "latest"]


async def test_a_next_page_elsewhere_is_read_from_the_same_repository(lying_registry: Start, respond: Any) -> None:
    async def astray(asked: Any, writer: asyncio.StreamWriter) -> None:
        link = "" if "last" in asked.path else '<http://127.0.0.1:1/evil?last=a>; rel="next"'
        writer.write(respond(200, b'{"tags":["a"]}', Link=link))

    registry = await lying_registry(astray)

    async with RegistryClient(LIMITS) as client:
        assert await opened(client, registry).tags() == ["a"]

    assert registry.paths() == ["/v2/team/app/tags/list", "/v2/team/app/tags/list?last=a"]


async def test_answers_that_are_not_http(lying_registry: Start) -> None:
    for nonsense in (
        b"\x00\x01\x02\r\n\r\n",
        b"HTTP/1.1 999999 x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nbroken header\r\n\r\n",
    ):

        async def answer(asked: Any, writer: asyncio.StreamWriter, nonsense: bytes = nonsense) -> None:
            writer.write(nonsense)
            writer.close()

        assert isinstance(await failure(await lying_registry(answer)), (Misbehaved, Unreachable))


async def test_nobody_listens() -> None:
    async with RegistryClient(LIMITS) as client:
        with pytest.raises(Unreachable) as caught:
            await client.repository(parse("127.0.0.1:1/x"), Keyring(), insecure=True).manifest("1", ACCEPT)

    assert str(caught.value) == 'Get "http://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused'
    assert caught.value.transient


async def test_no_error_shows_a_password(lying_registry: Start, respond: Any) -> None:
    answer = always(respond(401, b"", WWW_Authenticate='Basic realm="r"'))
    answer.pings = True  # type: ignore[attr-defined]  # every request is refused, also the first look
    registry = await lying_registry(answer)
    keys = keyring(registry.host)

    error = await failure(registry, keys=keys)

    shown = f"{error} {error!r} {keys.logins(registry.host, 'team/app')!r}"
    assert "s3cret" not in shown and base64.b64encode(b"somebody:s3cret").decode() not in shown


def test_docker_hub_has_a_host_and_a_namespace_of_its_own() -> None:
    client = RegistryClient(LIMITS)
    for written, path in (
        ("python", "library/python"),
        ("docker.io/python", "library/python"),
        ("index.docker.io/a/b", "a/b"),
        ("quay.io/a/b/c", "a/b/c"),
    ):
        assert client.repository(parse(written), Keyring()).path == path


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("3", 3.0),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("1777777840", 7840.0),
        ("1777760000", 0.0),
        ("9" * 30, 999999999999.0 - 1777770000.0),
        ("Mon, 51 Jan -2024 00:00:00 +99999999999", None),
        ("99999999999999999999 Jan 2024 00:00:00 GMT", None),
    ],
)
def test_how_long_a_registry_wants_to_be_left_alone(header: str, seconds: float | None) -> None:
    assert retry_after_s(header, datetime.fromtimestamp(1777770000, UTC)) == seconds


def test_headers_are_read_in_the_time_that_their_length_is_worth() -> None:
    """Each of these would take minutes where every beginning of a header is tried with every end."""
    assert read_challenge(["Basic" + " " * 300_000 + "\x01"]) == Challenge("basic")
    assert (
        next_page(["<>;" * 100_000, "<" * 300_000, '</v2/a/tags/list?last=b>;a=",";rel=prev, <c?d>; rel=next']) == "c?d"
    )
    assert next_page(['<a>; rel="nextish"', "<b> rel=next", "<c; rel=next", ""]) is None
