"""PATCH: from a body of one of four kinds to a transform of the current object.

A patch is read when it is first applied, for a patch of what isn't there is a 404 whatever it says. What comes out is
decoded and filled with defaults like the body of a PUT, and its managed fields are tracked.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Container
from functools import cached_property
from typing import Any, Final

from imagestreams.api.codec import to_dict
from imagestreams.api.errors import (
    ApiError,
    FieldError,
    bad_request,
    conflict,
    invalid,
    not_found,
    reasonless,
    too_much,
    unprocessable,
)
from imagestreams.api.managed_times import keep_times
from imagestreams.apiserver.bodies import (
    PATCH_TYPES,
    convert,
    media_type_of,
    read_document,
    unknown_format,
)
from imagestreams.apiserver.defaults import apply_defaults
from imagestreams.apiserver.field_sets import scalar_json
from imagestreams.apiserver.go_text import plain
from imagestreams.apiserver.json_patch import MAX_OPERATIONS, PatchFailedError, json_patch
from imagestreams.apiserver.json_syntax import JsonSyntaxError
from imagestreams.apiserver.managed_fields import track_change
from imagestreams.apiserver.merge_patch import merge_patch
from imagestreams.apiserver.object_schema import shape_of
from imagestreams.apiserver.patch_misfit import conversion_misfit
from imagestreams.apiserver.server_side_apply import apply
from imagestreams.apiserver.strategic_merge import (
    MalformedPatchError,
    StrategicPatchError,
    UnmergeablePatchError,
    strategic_merge,
)
from imagestreams.apiserver.type_check import unknown_fields
from imagestreams.apiserver.yaml_text import YamlError, read_yaml
from imagestreams.resources.resource import ResourceInfo

JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH, APPLY_PATCH = PATCH_TYPES
_JSON: Final = "application/json"
_ANY_MAP: Final = "map[string]interface {}"


class _WrongTypeError(Exception):
    """A patched document is no longer of the resource's type."""


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
        groups: Container[str],
        name: str,
        namespace: str,
    ) -> None:
        self._body = body
        self._info = info
        self._manager = manager
        self._now = now
        self._validation = validation
        self._groups = groups
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
            document, duplicates = read_document(self._body, _JSON)
        except JsonSyntaxError as error:
            raise bad_request(f"{prefix}{error}") from error
        wanted = list if go_type.startswith("[]") else dict
        if document is not None and not isinstance(document, wanted):
            raise bad_request(f"{prefix}json: cannot unmarshal {_json_kind(document)} into Go value of type {go_type}")
        problems = tuple(f'duplicate field "{name}"' for name in duplicates)
        return document, problems

    def _decoded(self, document: dict[str, Any], shown: Callable[[], str], problems: tuple[str, ...]) -> Any:
        """Return the object of a patched document; `shown` gives what complaints show."""
        info = self._info
        try:
            value = convert(document, info)
        except ApiError as error:
            raise _refused(shown(), error.status.message) from error
        if self._validation != "Ignore":
            if not shape_of(info.object_type).knows(document):
                problems += tuple(f'unknown field "{path}"' for path in unknown_fields(document, info.object_type))
            if problems and self._validation == "Strict":
                raise _refused(shown(), f"strict decoding error: {', '.join(problems)}")
            self._warnings = problems
        apply_defaults(value)
        return value

    def _tracked(self, current: Any, before: dict[str, Any], wanted: Any) -> Any:
        track_change(current, before, wanted, to_dict(wanted), self._info, self._manager, self._now)
        return wanted


class _DocumentPatch(Patch):
    """A patch of an object's JSON: what comes out is decoded anew, kind and version included."""

    @abstractmethod
    def _patched(self, document: dict[str, Any]) -> tuple[Any, Any, tuple[str, ...]]:
        """Return the patched document, the parts of it that were opened, and what is wrong with the patch."""

    def _apply(self, current: Any | None) -> Any:
        before = to_dict(current)
        document, opened, problems = self._patched(before)

        def shown() -> str:
            return scalar_json(_reordered(document, opened))  # as Go writes it, which sorts what was opened

        try:
            identified = self._identified(document)
        except _WrongTypeError as error:
            raise _refused(shown(), str(error)) from error
        return self._tracked(current, before, self._decoded(identified, shown, problems))

    def _identified(self, document: Any) -> dict[str, Any]:
        """Return the document with its kind and version, which must be those of the resource."""
        info = self._info
        kind = info.object_type.__name__
        if not isinstance(document, dict):
            told = f"json: cannot unmarshal {_json_kind(document)} into Go value of type {_ANONYMOUS}"
            raise _WrongTypeError(f"couldn't get version/kind; json parse error: {told}")
        found, version = document.get("kind") or kind, document.get("apiVersion") or info.group_version
        for key, value in (("Kind", found), ("APIVersion", version)):
            if not isinstance(value, str):
                wire = "apiVersion" if key == "APIVersion" else "kind"
                told = f"json: cannot unmarshal {_json_kind(value)} into Go struct field .{wire} of type string"
                raise _WrongTypeError(f"couldn't get version/kind; json parse error: {told}")
        if (found, version) == (kind, info.group_version):
            return {**document, "kind": kind, "apiVersion": version}
        group, _, short = version.rpartition("/")
        if group and group not in self._groups:
            raise _WrongTypeError(f'no kind "{found}" is registered for version "{version}" in scheme')
        internal = info.group.partition(".")[0] or "core"
        raise _WrongTypeError(f"converting ({short}.{found}) to ({internal}.{kind}): unknown conversion")


class _JsonPatch(_DocumentPatch):
    @cached_property
    def _operations(self) -> tuple[list[Any], tuple[str, ...]]:
        strict = self._validation != "Ignore"
        if not strict:
            operations, _ = self._read_json("[]jsonpatch.Operation", "")
            return operations or [], ()
        operations, problems = self._read_json("[]handlers.jsonPatchOp", "error decoding patch: ")
        for operation in operations or []:
            if operation is not None and not isinstance(operation, dict):
                raise bad_request(
                    f"error decoding patch: json: cannot unmarshal {_json_kind(operation)} into Go value of type "
                    "handlers.jsonPatchOp"
                )
            for key in ("op", "path", "from"):
                value = (operation or {}).get(key)
                if value is not None and not isinstance(value, str):
                    raise bad_request(
                        f"error decoding patch: json: cannot unmarshal {_json_kind(value)} into Go struct field "
                        f"jsonPatchOp.{key} of type string"
                    )
        unknown = tuple(
            f'unknown field "[{index}].{key}"'
            for index, operation in enumerate(operations or [])
            for key in operation or {}
            if key not in ("op", "path", "from", "value")
        )
        return operations or [], tuple(f"json patch {each}" for each in (*problems, *unknown))

    def _patched(self, document: dict[str, Any]) -> tuple[Any, Any, tuple[str, ...]]:
        operations, problems = self._operations
        if len(operations) > MAX_OPERATIONS:
            raise too_much(f"The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, got {len(operations)}")
        try:
            return json_patch(document, operations), _opened(operations), problems
        except PatchFailedError as error:
            raise unprocessable() from error


class _MergePatch(_DocumentPatch):
    @cached_property
    def _patch(self) -> tuple[Any, tuple[str, ...]]:
        patch, problems = self._read_json(_ANY_MAP, "error decoding patch: ")
        if patch is None:
            raise bad_request("Invalid JSON Patch")
        return patch, problems

    def _patched(self, document: dict[str, Any]) -> tuple[Any, Any, tuple[str, ...]]:
        patch, problems = self._patch
        return merge_patch(document, patch), patch, problems


class _StrategicMergePatch(Patch):
    @cached_property
    def _patch(self) -> tuple[Any, tuple[str, ...]]:
        patch, problems = self._read_json(_ANY_MAP, "")
        return patch or {}, problems

    def _apply(self, current: Any | None) -> Any:
        patch, problems = self._patch
        before = to_dict(current)
        shape = shape_of(self._info.object_type)
        try:
            document = strategic_merge(shape, before, patch)
        except MalformedPatchError as error:
            raise bad_request(str(error)) from error
        except UnmergeablePatchError as error:
            raise unprocessable() from error
        except StrategicPatchError as error:
            raise reasonless(500, str(error)) from error
        if told := conversion_misfit(shape, document):
            raise _refused(plain(patch), told)
        # The kind of the Go value decides here, not what the patch says.
        document |= {"kind": self._info.object_type.__name__, "apiVersion": self._info.group_version}
        return self._tracked(current, before, self._decoded(document, lambda: plain(patch), problems))


class _Apply(Patch):
    creates = True
    force = False

    @cached_property
    def _config(self) -> tuple[dict[str, Any], str]:
        """The configuration, and what is wrong with it in a strict sense."""
        lines = ""
        try:
            document, duplicates = read_document(self._body, _JSON)
            is_json = not duplicates
        except JsonSyntaxError:
            is_json = False
        if not is_json:  # YAML, or JSON with keys given twice, of which the lines are to be told
            try:
                document, complaints = read_yaml(self._body)
            except YamlError as error:
                raise bad_request(f"error decoding patch: error converting YAML to JSON: yaml: {error}") from error
            lines = "".join(f"\n  {line}" for line in complaints)
        if document is None:
            document = {}
        if not isinstance(document, dict):
            raise bad_request(
                "error decoding patch: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal "
                f"{_json_kind(document)} into Go value of type {_ANY_MAP}"
            )
        return document, f"error converting YAML to JSON: yaml: unmarshal errors:{lines}" if lines else ""

    def _apply(self, current: Any | None) -> Any:
        config, problem = self._config
        document, entries = apply(current, config, self._info, self._manager, self._now, force=self.force)
        if problem and self._validation == "Strict":
            raise bad_request(f"error strict decoding patch: {problem}")
        self._warnings = (problem,) if problem and self._validation == "Warn" else ()
        try:
            wanted = convert(document, self._info)
        except ApiError as error:
            told = f"failed to convert new typed object to object: {error.status.message}"
            raise reasonless(500, told) from error
        apply_defaults(wanted)
        wanted.metadata.managed_fields = entries
        if current is not None:
            keep_times(wanted, current)
        return wanted


def read_patch(
    body: bytes,
    content_type: str,
    info: ResourceInfo,
    *,
    manager: str,
    force: bool,
    now: str,
    validation: str,
    groups: Container[str],
    name: str,
    namespace: str,
) -> Patch:
    """Return the patch that a request asks for.

    `manager` is the request's `fieldManager`; only an apply must name one, for others it may be made of the user
    agent. `validation` is one of Strict, Warn and Ignore; empty means Warn. `groups` are the API groups of the server.

    Raises:
        ApiError: 415, the body is no patch; 422, `force` or `fieldManager` don't go with its kind.
    """
    kinds: dict[str, type[Patch]] = {
        JSON_PATCH: _JsonPatch,
        MERGE_PATCH: _MergePatch,
        STRATEGIC_MERGE_PATCH: _StrategicMergePatch,
        APPLY_PATCH: _Apply,
    }
    kind = kinds.get(media_type_of(content_type))
    if kind is None:
        raise unknown_format(", ".join(PATCH_TYPES))
    errors = []
    if kind is _Apply and not manager:
        errors.append(FieldError.required("fieldManager", "is required for apply patch"))
    if kind is not _Apply and force:
        errors.append(FieldError.forbidden("force", "may not be specified for non-apply patch"))
    if errors:
        raise invalid("meta.k8s.io", "PatchOptions", "", errors)
    patch = kind(
        body,
        info,
        manager=manager,
        now=now,
        validation=validation or "Warn",
        groups=groups,
        name=name,
        namespace=namespace if info.namespaced else "",
    )
    if isinstance(patch, _Apply):
        patch.force = force
        patch.creates = not info.subresource
    return patch


_ANONYMOUS: Final = (
    'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
)


def _refused(shown: str, why: str) -> ApiError:
    error = FieldError.invalid("patch", shown, why)
    return invalid("", "", "", [error])


def _json_kind(value: Any) -> str:
    match value:
        case bool():
            return "bool"
        case str():
            return "string"
        case int() | float():
            return "number"
        case list():
            return "array"
    return "object"


def _opened(operations: list[Any]) -> dict[str, Any]:
    """Return the tree of the containers that a JSON patch opens."""
    tree: dict[str, Any] = {}
    for operation in operations:
        for key in ("path", "from"):
            node = tree
            for step in str(operation.get(key) or "").split("/")[1:-1]:
                node = node.setdefault(step.replace("~1", "/").replace("~0", "~"), {})
    return tree


def _reordered(value: Any, opened: Any) -> Any:
    """Return a document in the order in which Go writes it: the objects that a patch opened are sorted by key."""
    if isinstance(value, dict) and isinstance(opened, dict):
        return {key: _reordered(value[key], opened.get(key)) for key in sorted(value)}
    if isinstance(value, list) and isinstance(opened, dict):
        return [_reordered(element, opened.get(str(index))) for index, element in enumerate(value)]
    return value
