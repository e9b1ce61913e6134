"""From JSON bytes to an HTTP answer: media type, indentation, compression and headers."""

import asyncio
import gzip
from typing import Any, Final

import msgspec
import yaml

from imagestreams.api.codec import encode
from imagestreams.api.errors import ApiError
from imagestreams.apiserver.incoming import Request
from imagestreams.apiserver.negotiation import JSON, YAML, plain_media_type

Headers = list[tuple[bytes, bytes]]

GZIP_FROM_BYTES: Final = 128 * 1024
_GZIP_LEVEL: Final = 1
_ELSEWHERE_FROM_BYTES: Final = 512 * 1024
_WARNING_RUNES: Final = 4 * 1024
_WARNING_RUNES_EACH: Final = 256

CONTENT_LENGTH: Final = b"content-length"
_NO_CACHE: Final = (b"cache-control", b"no-cache, private")
_JSON_HEADERS: Final = ((b"content-type", JSON.encode()), _NO_CACHE)
_TEXT_HEADERS: Final = ((b"content-type", b"text/plain; charset=utf-8"), (b"x-content-type-options", b"nosniff"))
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


async def send_bytes(request: Request, status: int, headers: Headers, body: bytes) -> None:
    """Send a whole answer."""
    request.status = status
    request.started = True
    if request.unread:
        headers.append((b"connection", b"close"))
    headers.append((CONTENT_LENGTH, b"%d" % len(body)))
    await request.send({"type": "http.response.start", "status": status, "headers": headers})
    await request.send({"type": "http.response.body", "body": body})


async def send_document(request: Request, status: int, document: bytes, media_type: str = JSON) -> None:
    """Send JSON, in the form that the client wants."""
    headers: Headers = list(_JSON_HEADERS)
    if media_type == YAML:
        document = await _aside(_as_yaml, document)
        headers[0] = (b"content-type", YAML.encode())
    elif request.wants_indentation:
        document = msgspec.json.format(document, indent=2)
    if request.warnings:
        headers += warning_headers(request.warnings)
    if len(document) > GZIP_FROM_BYTES and request.accepts_gzip:
        document = await _aside(_compressed, document)
        headers += [(b"content-encoding", b"gzip"), (b"vary", b"Accept-Encoding")]
    await send_bytes(request, status, headers, document)


async def send_text(request: Request, status: int, text: str) -> None:
    """Send plain text."""
    await send_bytes(request, status, list(_TEXT_HEADERS), text.encode())


async def send_error(request: Request, error: ApiError) -> None:
    """Send the `Status` of a failure; a client that wants neither JSON nor YAML gets JSON all the same."""
    status = error.status
    headers: Headers = list(_JSON_HEADERS)
    body = encode(status)
    if plain_media_type(request.header(b"accept")) == YAML:
        headers[0] = (b"content-type", YAML.encode())
        body = _as_yaml(body)
    if status.details is not None and status.details.retry_after_seconds:
        headers.append((b"retry-after", b"%d" % status.details.retry_after_seconds))
    await send_bytes(request, status.code or 500, headers, body)


async def _aside(make: Any, document: bytes) -> bytes:
    """Do what takes long outside of the event loop."""
    made: bytes = await asyncio.to_thread(make, document) if len(document) > _ELSEWHERE_FROM_BYTES else make(document)
    return made


def _compressed(document: bytes) -> bytes:
    return gzip.compress(document, _GZIP_LEVEL, mtime=0)


def _as_yaml(document: bytes) -> bytes:
    value = msgspec.json.decode(document)
    text: str = yaml.dump(value, Dumper=_DUMPER, default_flow_style=False, allow_unicode=True, sort_keys=True)
    return text.encode()


def warning_headers(warnings: tuple[str, ...]) -> Headers:
    """Return the headers that warn a client; each is cut when all together are too long."""
    texts = list(dict.fromkeys("".join(filter(str.isprintable, warning)) for warning in warnings))
    if sum(map(len, texts)) > _WARNING_RUNES:
        texts = [text[:_WARNING_RUNES_EACH] for text in texts][: _WARNING_RUNES // _WARNING_RUNES_EACH]
    return [(b"warning", f"299 - {_quoted_string(text)}".encode()) for text in texts]


def _quoted_string(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
