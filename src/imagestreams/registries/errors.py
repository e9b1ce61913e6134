"""What can go wrong with another registry. The texts are those that users know from Go's HTTP and registry clients."""

import re
from datetime import datetime
from http import HTTPStatus
from typing import Final

import msgspec

from imagestreams.api.foreign_json import UnreadableJson, read_foreign

_TEXT_MAX: Final = 1024
_PROMISE: Final = re.compile(r"\(not asked again before (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)\)")
_KIND_MAX: Final = 64


class RegistryError(Exception):
    """A registry that could not give what was asked for; the text is fit for users.

    `transient` errors may be gone when the same is asked for again a little later, and not before `not_before` where a
    registry has said so.
    """

    transient = False
    not_before: datetime | None = None


class Unreachable(RegistryError):
    """No usable connection: refused, unknown host, no answer in time."""

    transient = True


class NotSecure(Unreachable):
    """No connection that can be trusted: no TLS where there should be, or a wrong certificate."""

    transient = False


class TimedOut(Unreachable):
    """The registry did not finish in time."""


class Misbehaved(RegistryError):
    """The registry answered, but the answer breaks the protocol or is not to be believed."""


class NotV2Registry(Misbehaved):
    """What answers there is no registry, or none that can be spoken to now."""

    def __init__(self, endpoint: str, status: int) -> None:
        super().__init__(f'endpoint "{endpoint}" does not support v2 API (got {status_text(status)})')
        self.transient = _may_pass(status)


class WrongDigest(Misbehaved):
    """The bytes are not those that the digest names."""


class TooLarge(Misbehaved):
    """The body has more bytes than we read."""


class Refused(RegistryError):
    """The registry answered with an error; `codes` are its own error codes, empty when it gave none."""

    def __init__(self, text: str, status: int, codes: frozenset[str]) -> None:
        super().__init__(text)
        self.status = status
        self.codes = codes
        self.transient = _may_pass(status)


class Unauthorized(Refused):
    """No login that we have is good enough; `loans` says of those that are no secret's what became of them."""

    loans: tuple[str, ...] = ()


class NoLogin(Unauthorized):
    """The registry wants a user name and a password, and we have none."""


class NoLoginGiven(RegistryError):
    """Somebody who lends logins gave none. `kind` says why in a word; more would tell who the server is."""

    def __init__(self, kind: str, *, transient: bool = False) -> None:
        self.kind = "".join(mark for mark in kind[:_KIND_MAX] if mark.isalnum() or mark in "_-., ")
        super().__init__(self.kind)
        self.transient = transient


class ManifestUnknown(Refused):
    """The repository has no such tag or digest."""


class NameUnknown(Refused):
    """The registry has no such repository."""


class BlobUnknown(Refused):
    """The repository has a manifest, but not what that manifest names."""

    def __init__(self, status: int) -> None:
        super().__init__("unknown blob", status, frozenset())


class TooManyRequests(Refused):
    """The registry wants to be left alone for longer than we wait."""


class _Problem(msgspec.Struct):
    code: str = ""
    message: str = ""

    def __str__(self) -> str:
        return f"{self.code.lower().replace('_', ' ')}: {self.message}"


class _Problems(msgspec.Struct):
    errors: list[_Problem] | None = None


def refusal(status: int, body: bytes, not_before: datetime | None = None) -> Refused:
    """Return the error that an answer with a failure status stands for; it tells when the registry is asked again."""
    try:
        problems = read_foreign(body, _Problems).errors or []
    except UnreadableJson:
        problems = []
    codes = frozenset(problem.code for problem in problems)
    if len(problems) == 1:
        text = str(problems[0])
    elif problems:
        text = "errors:\n" + "".join(f"{problem}\n" for problem in problems)
    else:
        text = f"received unexpected HTTP status: {status_text(status)}"
    error = _kind(status, codes)(_printable(text) + _later(not_before), status, codes)
    error.not_before = not_before
    return error


def _later(not_before: datetime | None) -> str:
    return f" (not asked again before {not_before:%Y-%m-%dT%H:%M:%SZ})" if not_before is not None else ""


def promised_moment(message: str) -> str:
    """Return when the registry of a failed import is asked again, empty when its message doesn't say.

    >>> promised_moment("quay.io/a:1: unavailable (not asked again before 2026-01-01T00:00:00Z)")
    '2026-01-01T00:00:00Z'
    """
    found = _PROMISE.findall(message)
    return min(found, default="")


def _kind(status: int, codes: frozenset[str]) -> type[Refused]:
    if status == HTTPStatus.UNAUTHORIZED or "UNAUTHORIZED" in codes:
        return Unauthorized
    if status == HTTPStatus.TOO_MANY_REQUESTS or "TOOMANYREQUESTS" in codes:
        return TooManyRequests
    if "MANIFEST_UNKNOWN" in codes:
        return ManifestUnknown
    if "NAME_UNKNOWN" in codes:
        return NameUnknown
    return ManifestUnknown if status == HTTPStatus.NOT_FOUND and not codes else Refused


def _may_pass(status: int) -> bool:
    return status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def status_text(status: int) -> str:
    """Return an HTTP status as number and phrase."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _printable(text: str) -> str:
    return "".join(mark for mark in text[:_TEXT_MAX] if mark.isprintable() or mark == "\n")
