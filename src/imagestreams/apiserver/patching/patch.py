"""What all patches share: when they apply, what they may not change, how what comes out is decoded."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Final

from imagestreams.api.codec import to_dict
from imagestreams.api.errors import ApiError, FieldError, bad_request, conflict, invalid, not_found
from imagestreams.api.json_syntax import JsonSyntaxError
from imagestreams.apiserver.bodies.objects import convert, read_document
from imagestreams.apiserver.bodies.type_check import json_kind, unknown_fields
from imagestreams.apiserver.negotiation import JSON
from imagestreams.apiserver.ownership.defaults import apply_defaults
from imagestreams.apiserver.ownership.managed_fields import track_change
from imagestreams.apiserver.ownership.object_schema import shape_of
from imagestreams.resources.resource import ResourceInfo

ANY_MAP: Final = "map[string]interface {}"


class Patch(ABC):
    """A change to an object that a client asked for; `transform` may be called again on a newer object."""

    creates = False
    """Whether the patch makes an object that isn't there."""

    def __init__(
        self,
        body: bytes,
        info: ResourceInfo,
        *,
        manager: str,
        now: str,
        validation: str,
        name: str,
        namespace: str,
    ) -> None:
        self._body = body
        self._info = info
        self._manager = manager
        self._now = now
        self._validation = validation
        self._name = name
        self._namespace = namespace
        self._warnings: tuple[str, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the client is warned of; known once the patch was applied."""
        return self._warnings

    def transform(self, current: Any | None) -> Any:
        """Return the wanted object; `current` is `None`, or has no uid, when there is none.

        Raises:
            ApiError: there is nothing to patch, or the patch can't be read or applied.
        """
        if current is not None and not current.metadata.uid:
            current = None
        if current is None and not self.creates:
            raise not_found(self._info.group, self._info.plural, self._name)
        try:
            wanted = self._apply(current)
        except RecursionError as error:
            raise bad_request("error decoding patch: exceeded max depth") from error
        self._check_identity(wanted, current)
        return wanted

    @abstractmethod
    def _apply(self, current: Any | None) -> Any: ...

    def _check_identity(self, wanted: Any, current: Any | None) -> None:
        metadata, info = wanted.metadata, self._info
        if current is None and metadata.uid:
            told = f"uid mismatch: the provided object specified uid {metadata.uid}, and no existing object was found"
            raise conflict(info.group, info.plural, self._name, told)
        if metadata.namespace != self._namespace:
            if metadata.namespace and self._namespace:
                raise bad_request(
                    "the namespace of the provided object does not match the namespace sent on the request"
                )
            metadata.namespace = self._namespace
        if not metadata.name:
            raise bad_request(
                f"the name of the object ({self._name} based on URL) was undeterminable: name must be provided"
            )
        if metadata.name != self._name:
            raise bad_request(
                f"the name of the object ({metadata.name}) does not match the name on the URL ({self._name})"
            )

    def _read_json(self, go_type: str, prefix: str) -> tuple[Any, tuple[str, ...]]:
        """Read the body as JSON of a Go type, `go_type`; return it and the fields that were given twice."""
        try:
            document, duplicates = read_document(self._body, JSON)
        except JsonSyntaxError as error:
            raise bad_request(f"{prefix}{error}") from error
        wanted = list if go_type.startswith("[]") else dict
        if document is not None and not isinstance(document, wanted):
            raise bad_request(f"{prefix}json: cannot unmarshal {json_kind(document)} into Go value of type {go_type}")
        problems = tuple(f'duplicate field "{name}"' for name in duplicates)
        return document, problems

    def _decoded(
        self, document: dict[str, Any], before: dict[str, Any], shown: Callable[[], str], problems: tuple[str, ...]
    ) -> Any:
        """Return the object of a document patched from `before`; `shown` gives what complaints show."""
        info = self._info
        try:
            value = convert(document, info)
        except ApiError as error:
            raise refused(shown(), error.status.message) from error
        if self._validation != "Ignore":
            if not shape_of(info.object_type).knows(document, before):
                problems += tuple(f'unknown field "{path}"' for path in unknown_fields(document, info.object_type))
            if problems and self._validation == "Strict":
                raise refused(shown(), f"strict decoding error: {', '.join(problems)}")
            self._warnings = problems
        apply_defaults(value, info)
        return value

    def _tracked(self, current: Any, before: dict[str, Any], wanted: Any) -> Any:
        track_change(current, before, wanted, to_dict(wanted), self._info, self._manager, self._now)
        return wanted


def refused(shown: str, why: str) -> ApiError:
    """422: what a patch makes of an object, as `shown`, is no object of its type."""
    error = FieldError.invalid("patch", shown, why)
    return invalid("", "", "", [error])
