"""Errors as the API tells them: one exception that carries a `Status`, and a constructor per reason.

Texts, codes and reasons are those of Kubernetes' apimachinery (`api/errors`, `util/validation/field`).
"""

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from imagestreams.api.meta import Status, StatusCause, StatusDetails


class ApiError(Exception):
    """A request that failed; `status` is what the client is told."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.message)
        self.status = status

    def nested_status(self) -> Status:
        """The status as it stands inside another object: without `kind` and `apiVersion`."""
        return msgspec.structs.replace(self.status, kind="", api_version="")


_SHORT_ESCAPES: Final = {
    '"': '\\"',
    "\\": "\\\\",
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
}


def quoted(text: str) -> str:
    """Return a text as the messages quote it: as a Go string, with what can't be printed escaped."""
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(character: str) -> str:
    if character in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _quote(value: Any) -> str:
    return quoted(value) if isinstance(value, str) else msgspec.json.encode(value).decode()


@dataclass(frozen=True)
class FieldError:
    """One thing wrong with one field."""

    reason: str
    field: str
    message: str

    @classmethod
    def invalid(cls, field: str, value: Any, detail: str) -> "FieldError":
        """The value is malformed or not allowed."""
        return cls("FieldValueInvalid", field, f"Invalid value: {_quote(value)}: {detail}")

    @classmethod
    def required(cls, field: str, detail: str = "") -> "FieldError":
        """The value is missing."""
        return cls("FieldValueRequired", field, "Required value" + (f": {detail}" if detail else ""))

    @classmethod
    def not_found(cls, field: str, value: Any) -> "FieldError":
        """The value names something that isn't there."""
        return cls("FieldValueNotFound", field, f"Not found: {_quote(value)}")

    @classmethod
    def duplicate(cls, field: str, value: Any) -> "FieldError":
        """The value is there already."""
        return cls("FieldValueDuplicate", field, f"Duplicate value: {_quote(value)}")

    @classmethod
    def forbidden(cls, field: str, detail: str) -> "FieldError":
        """The value may not be set here."""
        return cls("FieldValueForbidden", field, f"Forbidden: {detail}")

    @classmethod
    def internal(cls, field: str, detail: str) -> "FieldError":
        """The value could not be checked."""
        return cls("InternalError", field, f"Internal error: {detail}")

    @classmethod
    def not_supported(cls, field: str, value: Any, supported: list[str]) -> "FieldError":
        """The value is none of the known ones."""
        choices = ", ".join(_quote(choice) for choice in supported)
        return cls(
            "FieldValueNotSupported",
            field,
            f"Unsupported value: {_quote(value)}: supported values: {choices}",
        )

    @classmethod
    def too_long(cls, field: str, limit_bytes: int) -> "FieldError":
        """The value is longer than it may be; it is not repeated."""
        return cls("FieldValueTooLong", field, f"Too long: may not be more than {limit_bytes} bytes")

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


def _failure(code: int, reason: str, message: str, details: StatusDetails | None = None) -> ApiError:
    return ApiError(
        Status(
            kind="Status",
            api_version="v1",
            status="Failure",
            message=message,
            reason=reason,
            details=details,
            code=code,
        )
    )


def _qualified(group: str, resource: str) -> str:
    return f"{resource}.{group}" if group else resource


def not_found(group: str, resource: str, name: str) -> ApiError:
    """404: no object of that name."""
    message = f'{_qualified(group, resource)} "{name}" not found'
    return _failure(404, "NotFound", message, StatusDetails(name=name, group=group, kind=resource))


def unknown_resource() -> ApiError:
    """404: no such resource or path is served."""
    return _failure(404, "NotFound", "the server could not find the requested resource", StatusDetails())


def already_exists(group: str, resource: str, name: str) -> ApiError:
    """409: an object of that name is there."""
    message = f'{_qualified(group, resource)} "{name}" already exists'
    return _failure(409, "AlreadyExists", message, StatusDetails(name=name, group=group, kind=resource))


def conflict(group: str, resource: str, name: str, detail: str) -> ApiError:
    """409: the object changed in the meantime, or a precondition does not hold."""
    message = f'Operation cannot be fulfilled on {_qualified(group, resource)} "{name}": {detail}'
    return _failure(409, "Conflict", message, StatusDetails(name=name, group=group, kind=resource))


def invalid(group: str, kind: str, name: str, errors: list[FieldError]) -> ApiError:
    """422: the object breaks rules, each named as a cause."""
    texts = [str(error) for error in errors]
    joined = texts[0] if len(texts) == 1 else "[" + ", ".join(texts) + "]"
    causes = [StatusCause(reason=e.reason, message=e.message, field=e.field) for e in errors]
    return _failure(
        422,
        "Invalid",
        f'{_qualified(group, kind)} "{name}" is invalid: {joined}',
        StatusDetails(name=name, group=group, kind=kind, causes=causes),
    )


def unprocessable() -> ApiError:
    """422: a patch that does not apply."""
    message = "the server rejected our request due to an error in our request"
    return _failure(422, "Invalid", message, StatusDetails())


def bad_request(message: str) -> ApiError:
    """400: the request can't be understood."""
    return _failure(400, "BadRequest", message)


def unauthorized(message: str = "Unauthorized") -> ApiError:
    """401: the credentials are not known."""
    return _failure(401, "Unauthorized", message)


def forbidden(group: str, resource: str, name: str, detail: str) -> ApiError:
    """403: no role grants this."""
    subject = _qualified(group, resource) + (f' "{name}"' if name else "")
    return _failure(
        403,
        "Forbidden",
        f"{subject} is forbidden: {detail}",
        StatusDetails(name=name, group=group, kind=resource),
    )


def method_not_allowed(
    message: str = "the server does not allow this method on the requested resource",
) -> ApiError:
    """405: the resource has no such verb."""
    return _failure(405, "MethodNotAllowed", message, StatusDetails())


def method_not_supported(group: str, resource: str, action: str) -> ApiError:
    """405: the resource is there, but not for this."""
    message = f'{action} is not supported on resources of kind "{_qualified(group, resource)}"'
    return _failure(405, "MethodNotAllowed", message, StatusDetails(group=group, kind=resource))


def not_acceptable(message: str) -> ApiError:
    """406: none of the representations asked for can be given."""
    return _failure(406, "NotAcceptable", message, StatusDetails())


def unsupported_media_type(message: str) -> ApiError:
    """415: the body's media type is not known."""
    return _failure(415, "UnsupportedMediaType", message, StatusDetails())


def too_large(limit_bytes: int) -> ApiError:
    """413: the body is larger than the server reads."""
    return too_much(f"limit is {limit_bytes}")


def too_much(message: str) -> ApiError:
    """413: the request asks for more than the server does at once."""
    return _failure(413, "RequestEntityTooLarge", f"Request entity too large: {message}")


def expired(message: str) -> ApiError:
    """410: the resource version asked for is gone; list again."""
    return _failure(410, "Expired", message)


def timeout(message: str, retry_after_seconds: int = 0, causes: list[StatusCause] | None = None) -> ApiError:
    """504: not done in time."""
    return _failure(504, "Timeout", message, StatusDetails(causes=causes, retry_after_seconds=retry_after_seconds))


def internal(message: str) -> ApiError:
    """500: the server failed; the cause repeats the message as the real server does."""
    details = StatusDetails(causes=[StatusCause(message=message)])
    return _failure(500, "InternalError", f"Internal error occurred: {message}", details)


def reasonless(code: int, message: str) -> ApiError:
    """A failure without reason, as the real server gives for a few plain errors (500)."""
    return _failure(code, "", message)
