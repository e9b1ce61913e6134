"""What can go wrong between the command line and the server, as one exception.

Texts of connection problems are those that kubectl users know.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the types cost some 60 ms to import, and `isctl --help` needs none of them
    from imagestreams.api.meta import Status, StatusDetails


class ClientError(Exception):
    """A request that failed, or that could not be made.

    `status` is the server's answer; without one the problem is on this side: `args[0]` is then one line of text.
    `connection` tells that the server was not reached: such a text is a whole sentence of its own.
    """

    def __init__(self, message: str, status: "Status | None" = None, connection: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.connection = connection

    @classmethod
    def from_status(cls, status: "Status") -> "ClientError":
        """The server said no."""
        return cls(status.message, status)

    @property
    def reason(self) -> str:
        """The Status' reason, empty without one."""
        return self.status.reason if self.status else ""

    @property
    def code(self) -> int:
        """The HTTP code, 0 when there was no answer."""
        return self.status.code if self.status else 0


def connection_refused(host: str) -> ClientError:
    """Nobody listens there."""
    text = f"The connection to the server {host} was refused - did you specify the right host or port?"
    return ClientError(text, connection=True)


def unable_to_connect(cause: str) -> ClientError:
    """The server was not reached, or not understood, or not trusted."""
    return ClientError(f"Unable to connect to the server: {cause}", connection=True)


_GENERIC: dict[int, tuple[str, str]] = {
    400: ("BadRequest", "the server rejected our request for an unknown reason"),
    401: ("Unauthorized", "the server has asked for the client to provide credentials"),
    403: ("Forbidden", ""),
    404: ("NotFound", "the server could not find the requested resource"),
    405: ("MethodNotAllowed", "the server does not allow this method on the requested resource"),
    406: ("NotAcceptable", ""),
    409: ("Conflict", "the server reported a conflict"),
    413: ("RequestEntityTooLarge", ""),
    415: ("UnsupportedMediaType", ""),
    422: ("Invalid", "the server rejected our request due to an error in our request"),
    429: ("TooManyRequests", "the server has received too many requests and has asked us to try again later"),
    503: ("ServiceUnavailable", "the server is currently unable to handle the request"),
    504: ("Timeout", "the server was unable to return a response in the time allotted, but may still be processing the"
          " request"),
}  # fmt: skip


def answer_without_status(code: int, body: bytes, method: str) -> "Status":
    """Make a Status of an error answer that carries none, as from a proxy in between."""
    from imagestreams.api.meta import Status, StatusCause, StatusDetails

    text = body[:2048].decode("utf-8", "replace").strip()
    reason, message = _GENERIC.get(code, ("", f"the server responded with the status code {code} but did not return"
                                              " more information"))  # fmt: skip
    if code == 409:
        reason, message = ("AlreadyExists" if method == "POST" else "Conflict"), message
    if code in (403, 406, 413, 415):
        message = text or {403: "forbidden", 406: "the server was unable to respond with a content type that the"
                           " client supports", 413: "the request is too large",
                           415: "the body of the request was in an unknown format"}[code]  # fmt: skip
    causes: list[StatusCause] = []
    if code >= 500 and code not in (503, 504):
        reason = "InternalError"
        message = f'an error on the server ("{text or "unknown"}") has prevented the request from succeeding'
    if text:
        causes.append(StatusCause(reason="UnexpectedServerResponse", message=text))
    return Status(
        kind="Status",
        api_version="v1",
        status="Failure",
        message=message,
        reason=reason,
        code=code,
        details=StatusDetails(causes=causes or None),
    )


def status_of(answer: dict[str, Any]) -> "Status":
    """Read a Status from the server's answer, however odd its parts are."""
    from imagestreams.api.meta import Status

    details = answer.get("details")
    text = {key: value for key, value in answer.items() if isinstance(value, str)}
    code = answer.get("code")
    return Status(
        kind="Status",
        api_version="v1",
        status=text.get("status", "Failure"),
        message=text.get("message", ""),
        reason=text.get("reason", ""),
        code=code if isinstance(code, int) else 0,
        details=_details_of(details) if isinstance(details, dict) else None,
    )


def _details_of(details: dict[str, Any]) -> "StatusDetails":
    from imagestreams.api.meta import StatusCause, StatusDetails

    text = {key: value for key, value in details.items() if isinstance(value, str)}
    causes = details.get("causes")
    seconds = details.get("retryAfterSeconds")
    return StatusDetails(
        name=text.get("name", ""),
        group=text.get("group", ""),
        kind=text.get("kind", ""),
        uid=text.get("uid", ""),
        causes=[
            StatusCause(
                reason=str(cause.get("reason", "")),
                message=str(cause.get("message", "")),
                field=str(cause.get("field", "")),
            )
            for cause in causes
            if isinstance(cause, dict)
        ]
        if isinstance(causes, list)
        else None,
        retry_after_seconds=seconds if isinstance(seconds, int) else 0,
    )
