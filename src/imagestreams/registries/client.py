"""Read repositories of other people's registries: manifests, blobs, tags (OCI distribution specification)."""

import asyncio
import hashlib
import re
import ssl
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final
from weakref import WeakValueDictionary

import msgspec
from yarl import URL

from imagestreams.api.foreign_json import UnreadableJson, read_foreign
from imagestreams.reference import DEFAULT_TAG, ImageReference, is_digest, is_tag
from imagestreams.registries.addresses import UnusableAddress, read_address
from imagestreams.registries.answer import Answer
from imagestreams.registries.bounded import Bounded
from imagestreams.registries.candidates import Candidates
from imagestreams.registries.challenge import Challenge, challenge_of
from imagestreams.registries.clock import SYSTEM, Clock
from imagestreams.registries.credentials import Keyring, Login, Refusals
from imagestreams.registries.errors import (
    BlobUnknown,
    Misbehaved,
    NoLogin,
    NotV2Registry,
    RegistryError,
    TimedOut,
    Unauthorized,
    Unreachable,
    WrongDigest,
    refusal,
)
from imagestreams.registries.limits import Limits
from imagestreams.registries.observer import RequestObserver
from imagestreams.registries.proxies import ProxyChoice, direct
from imagestreams.registries.schema1 import SCHEMA1, SIGNED_SCHEMA1, guessed_type, signed_content
from imagestreams.registries.silences import Silences
from imagestreams.registries.tokens import Tokens, basic, key_for
from imagestreams.registries.transport import Transport
from imagestreams.registries.trust import TrustChoice

DIGEST_HEADER: Final = "Docker-Content-Digest"
API_VERSION_HEADER: Final = "Docker-Distribution-API-Version"
_ENDPOINT_GOOD_S: Final = 300
_ENDPOINTS_KEPT: Final = 4096
_LENGTH_DIGITS: Final = 15
_HUB: Final = "registry-1.docker.io"
_IS_NEXT: Final = re.compile(r'\brel\s*=\s*"?next(?![\w-])', re.IGNORECASE)
# Content types that say nothing, with which some registries serve manifests.
_VAGUE: Final = frozenset({"", "application/json", "application/octet-stream"})


@dataclass(frozen=True)
class Manifest:
    """A manifest as the registry stores it, checked against its digest.

    `signed` is the whole document where signatures stand around the content, else empty.
    """

    digest: str
    media_type: str
    body: bytes
    signed: bytes = b""


@dataclass(frozen=True)
class Glance:
    """What a HEAD told of a manifest: its digest, or that it is not there, or nothing."""

    digest: str | None
    missing: bool = False


@dataclass(frozen=True)
class _Endpoint:
    url: URL
    challenge: Challenge | None
    good_until: float


class _TypeOnly(msgspec.Struct, rename="camel"):
    media_type: str | None = None


class _TagPage(msgspec.Struct):
    tags: list[str] | None = None


class RegistryClient:
    """All that is shared between imports: connections, tokens, and how each registry wants to be spoken to.

    Use it as an asynchronous context manager, or call `close`.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        trust: ssl.SSLContext | TrustChoice | None = None,
        proxy: ProxyChoice = direct,
        observer: RequestObserver | None = None,
        clock: Clock = SYSTEM,
        silences: Silences | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.transport = Transport(self.limits, trust, proxy, observer, clock, silences)
        self.tokens = Tokens(self.transport, self.limits)
        self._endpoints: Bounded[tuple[str, bool], _Endpoint] = Bounded(_ENDPOINTS_KEPT)
        self._failures: Bounded[tuple[str, bool], tuple[float, RegistryError]] = Bounded(_ENDPOINTS_KEPT)
        self._locks: WeakValueDictionary[tuple[str, bool], asyncio.Lock] = WeakValueDictionary()

    async def __aenter__(self) -> "RegistryClient":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        await self.transport.close()

    def repository(self, ref: ImageReference, keyring: Keyring, *, insecure: bool = False) -> "Repository":
        """Return the repository of a reference, to be read with the logins of a keyring.

        `insecure` accepts any certificate and, where there is no TLS at all, plain HTTP.
        """
        where = ref.docker_client_defaults()
        return Repository(self, where.registry, where.repository, keyring, insecure)

    async def endpoint(self, registry: str, insecure: bool) -> _Endpoint:
        """Find out how a registry is spoken to: HTTPS, or HTTP where that is allowed, and whether it wants a login.

        Raises:
            Unreachable: nobody answers there; the text is that of the last try.
            NotV2Registry: what answers is no registry.
        """
        key = (registry, insecure)
        lock = self._locks.setdefault(key, asyncio.Lock())
        clock = asyncio.get_running_loop().time
        asked_at = clock()
        async with lock:
            known = self._endpoints.get(key)
            if known is not None and clock() < known.good_until:
                return known
            failure = self._failures.get(key)
            if failure is not None and asked_at <= failure[0]:
                # It was found out while this one waited: a dead host costs all who wait for it one try.
                raise failure[1].with_traceback(None)
            try:
                url, answer = await self._ping(network_host(registry), insecure)
                if answer.not_before is not None:
                    raise refusal(answer.status, answer.body, answer.not_before)
                if not _speaks_v2(answer):
                    raise NotV2Registry(str(url), answer.status)
            except RegistryError as error:
                self._failures.put(key, (clock(), error))
                raise
            self._failures.drop(key)
            challenge = challenge_of(answer, url) if answer.status == 401 else None
            found = _Endpoint(url, challenge, clock() + _ENDPOINT_GOOD_S)
            self._endpoints.put(key, found)
            return found

    async def _ping(self, host: str, insecure: bool) -> tuple[URL, Answer]:
        """Return the origin that answers, and what it or a host that it sends us on to says."""
        for scheme in ("https", "http") if insecure else ("https",):
            shown = f"{scheme}://{host}/v2/"
            try:
                url = read_address(shown)
                answer = await self.transport.send("GET", url, {}, max_bytes=self.limits.token_bytes, insecure=insecure)
            except UnusableAddress as error:
                failure = Unreachable(f'Get "{shown}": {error}')
            except Unreachable as error:
                failure = error
            else:
                return url.origin(), answer
        raise failure


class Repository:
    """One repository as one user sees it."""

    def __init__(self, client: RegistryClient, registry: str, path: str, keyring: Keyring, insecure: bool) -> None:
        self.registry = registry
        self.path = path
        self._client = client
        self._insecure = insecure
        # What is lent is not sent where nobody proves who he is.
        self._candidates = Candidates(keyring.logins(registry, path), () if insecure else keyring.loans(registry, path))

    @property
    def refused(self) -> Refusals:
        """The logins that were of no use where it went without one."""
        return self._candidates.refused

    async def check(self) -> None:
        """Find out whether the registry answers at all.

        Raises:
            RegistryError: it does not, so that nothing else need be tried.
        """
        await self._client.endpoint(self.registry, self._insecure)

    async def manifest(self, reference: str, accept: Sequence[str]) -> Manifest:
        """Fetch the manifest of a tag or digest, in one of the media types.

        Raises:
            ManifestUnknown: there is none.
            RegistryError: it could not be fetched or is not to be believed.
        """
        answer = await self._get(f"manifests/{reference}", self._client.limits.manifest_bytes, accept)
        claimed = answer.headers.get(DIGEST_HEADER, "")
        body, signed = _content(answer)
        for wanted in (reference if is_digest(reference) else "", claimed if is_digest(claimed) else ""):
            _check(body, wanted, "manifest")
        media_type = SCHEMA1 if signed else _media_type(answer, accept)
        return Manifest(_digest(body, "sha256"), media_type, body, signed)

    async def head(self, reference: str, accept: Sequence[str]) -> str | None:
        """Return the digest that a tag or digest has now, without fetching it; `None` when the registry doesn't say.

        What is wrong with a registry shows best in the answer to a GET, so a refusal or nonsense is `None` too.

        Raises:
            RegistryError: the registry does not answer in time, or wants to be left alone.
        """
        try:
            return (await self.look(reference, accept)).digest
        except Unreachable as error:
            if isinstance(error, TimedOut):
                raise
            return None

    async def look(self, reference: str, accept: Sequence[str]) -> "Glance":
        """Do as `head`, and tell a manifest that is not there from an answer that says nothing."""
        try:
            answer = await self._send("HEAD", f"manifests/{reference}", 0, accept)
        except (Unauthorized, Misbehaved):
            return Glance(None)
        if answer.status == 429:
            raise refusal(answer.status, answer.body, answer.not_before)
        digest = answer.headers.get(DIGEST_HEADER, "")
        found = digest if answer.status == 200 and is_digest(digest) else None
        return Glance(found, missing=answer.status == 404)

    async def blob(self, digest: str, max_bytes: int | None = None) -> bytes:
        """Fetch a small blob, such as an image's config.

        Raises:
            RegistryError: it could not be fetched, is too large or is not what the digest names.
        """
        if not is_digest(digest):
            raise Misbehaved(f"unusable digest {digest[:100]!r}")
        answer = await self._send("GET", f"blobs/{digest}", max_bytes or self._client.limits.blob_bytes, ())
        if answer.status == 404:
            raise BlobUnknown(answer.status)
        if answer.status != 200:
            raise refusal(answer.status, answer.body, answer.not_before)
        _check(answer.body, digest, "blob")
        return answer.body

    async def blob_size(self, digest: str) -> int:
        """Return how many bytes a blob has, without fetching it.

        Raises:
            RegistryError: it is not there, or the registry doesn't say.
        """
        if not is_digest(digest):
            raise Misbehaved(f"unusable digest {digest[:100]!r}")
        answer = await self._send("HEAD", f"blobs/{digest}", 0, ())
        if answer.status != 200:
            raise refusal(answer.status, answer.body, answer.not_before)
        length = answer.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()) or len(length) > _LENGTH_DIGITS:
            raise Misbehaved(f"{self.registry}/{self.path} does not say how large the blob {digest} is")
        return int(length)

    async def tags(self) -> list[str]:
        """Return the names of all tags, in no particular order; a nameless one is `latest`, as Docker Hub means it.

        Raises:
            NameUnknown: there is no such repository.
            RegistryError: the list could not be fetched.
        """
        found: dict[str, None] = {}
        path, seen = "tags/list", set[str]()
        while path not in seen:
            if len(seen) >= self._client.limits.tag_pages:
                raise Misbehaved(f"the list of tags of {self.registry}/{self.path} has too many pages")
            seen.add(path)
            answer = await self._get(path, self._client.limits.tags_bytes)
            try:
                page = read_foreign(answer.body, _TagPage)
            except UnreadableJson as error:
                raise Misbehaved(f"unreadable list of tags of {self.registry}/{self.path}") from error
            for tag in page.tags or ():
                if not tag or is_tag(tag):
                    found[tag or DEFAULT_TAG] = None
            if len(found) > self._client.limits.tags:
                raise Misbehaved(f"the list of tags of {self.registry}/{self.path} is too long")
            following = next_page(answer.headers.getall("Link", ()))
            if following is None:
                break
            path = f"tags/list?{_url(following).raw_query_string}"
        return list(found)

    async def _get(self, path: str, max_bytes: int, accept: Sequence[str] = ()) -> Answer:
        answer = await self._send("GET", path, max_bytes, accept)
        if answer.status != 200:
            raise refusal(answer.status, answer.body, answer.not_before)
        return answer

    async def _send(self, method: str, path: str, max_bytes: int, accept: Sequence[str]) -> Answer:
        """Send a request with whichever login is good enough."""
        endpoint = await self._client.endpoint(self.registry, self._insecure)
        url = _url(f"{endpoint.url}/v2/{self.path}/{path}")
        headers = {"Accept": ", ".join(accept)} if accept else {}

        async def send(authorization: str) -> Answer:
            sent = {**headers, "Authorization": authorization} if authorization else headers
            return await self._client.transport.send(method, url, sent, max_bytes=max_bytes, insecure=self._insecure)

        try:
            return await self._candidates.ask(endpoint.challenge, endpoint.url, send, self._authorization)
        except NoLogin as error:
            asked = f'{method.capitalize()} "{url.with_query(None)}"'
            raise NoLogin(f"{asked}: {error}", error.status, error.codes) from error

    async def _authorization(self, challenge: Challenge, login: Login | None, refused: str) -> str:
        if challenge.scheme == "basic":
            return basic(login) if login is not None and login.username else ""
        key = key_for(challenge, self.path, login, self._insecure)
        return "Bearer " + await self._client.tokens.get(key, refused.removeprefix("Bearer "))


def _speaks_v2(answer: Answer) -> bool:
    return API_VERSION_HEADER in answer.headers or answer.status in (401, 403) or 200 <= answer.status < 300


def next_page(headers: Iterable[str]) -> str | None:
    """Return where `Link` headers say that a list goes on (RFC 8288), in time proportional to their length.

    >>> next_page(['</a,b>; rel="prev", </v2/x/tags/list?last=a>; rel="next"'])
    '/v2/x/tags/list?last=a'
    """
    for header in headers:
        for link in header.split("<")[1:]:
            address, closed, rest = link.partition(">")
            told = rest.partition(",")[0].lstrip()
            if closed and told.startswith(";") and _IS_NEXT.search(told):
                return address
    return None


def network_host(registry: str) -> str:
    """Return the host that serves a registry's API: that of Docker Hub is not the one in its references."""
    return _HUB if registry in {"docker.io", "index.docker.io"} else registry


def _url(text: str) -> URL:
    try:
        return read_address(text)
    except UnusableAddress as error:
        raise Misbehaved(f"unusable address {text[:200]!r}") from error


def _digest(data: bytes, algorithm: str) -> str:
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


def _check(body: bytes, wanted: str, what: str) -> None:
    found = _digest(body, wanted.partition(":")[0]) if wanted else ""
    if found != wanted:
        raise WrongDigest(
            f"content integrity error: the {what} retrieved with digest {wanted} "
            f"does not match the digest calculated from the content {found}"
        )


def _content(answer: Answer) -> tuple[bytes, bytes]:
    """Return what a manifest's digest is made of, and the whole document if that is more."""
    header = _content_type(answer)
    if header != SIGNED_SCHEMA1 and not (header in _VAGUE and guessed_type(answer.body) == SIGNED_SCHEMA1):
        return answer.body, b""
    try:
        return signed_content(answer.body), answer.body
    except UnreadableJson as error:
        raise Misbehaved(f"unreadable signed manifest: {error}") from error


def _content_type(answer: Answer) -> str:
    return answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def _media_type(answer: Answer, accept: Sequence[str]) -> str:
    """Return the manifest's media type; header and content must not contradict each other (CVE-2021-41190)."""
    header = _content_type(answer)
    if header not in _VAGUE and header not in accept:
        raise Misbehaved(f"unsupported manifest media type and no default available: {header[:100]}")
    try:
        inside = read_foreign(answer.body, _TypeOnly).media_type or ""
    except UnreadableJson as error:
        raise Misbehaved(f"unreadable manifest of type {header[:100]!r}") from error
    found = (inside or guessed_type(answer.body)) if header in _VAGUE else header
    if found not in accept:
        raise Misbehaved(f"unsupported manifest media type and no default available: {found[:100]}")
    if inside not in ("", found):
        raise Misbehaved(f"manifest is served as {found} but says that it is {inside[:100]}")
    return found


__all__ = ["Glance", "Manifest", "RegistryClient", "RegistryError", "Repository", "network_host"]
