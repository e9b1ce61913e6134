"""Patches that work on an object's document: JSON patch, merge patch and strategic merge patch."""

from abc import abstractmethod
from functools import cached_property
from typing import Any, Final

from imagestreams.api.codec import to_dict
from imagestreams.api.errors import bad_request, reasonless, too_much, unprocessable
from imagestreams.apiserver.bodies.foreign_kinds import foreign_kind
from imagestreams.apiserver.bodies.go_text import plain
from imagestreams.apiserver.bodies.type_check import json_kind
from imagestreams.apiserver.ownership.field_sets import scalar_json
from imagestreams.apiserver.ownership.object_schema import shape_of
from imagestreams.apiserver.patching.json_patch import MAX_OPERATIONS, PatchFailedError, json_patch
from imagestreams.apiserver.patching.merge_patch import merge_patch
from imagestreams.apiserver.patching.patch import ANY_MAP, Patch, refused
from imagestreams.apiserver.patching.patch_misfit import conversion_misfit
from imagestreams.apiserver.patching.strategic_merge import (
    MalformedPatchError,
    StrategicPatchError,
    UnmergeablePatchError,
    strategic_merge,
)

_ANONYMOUS: Final = (
    'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
)


class _WrongTypeError(Exception):
    """A patched document is no longer of the resource's type."""


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
            raise refused(shown(), str(error)) from error
        return self._tracked(current, before, self._decoded(identified, before, shown, problems))

    def _identified(self, document: Any) -> dict[str, Any]:
        """Return the document with its kind and version, which must be those of the resource."""
        info = self._info
        kind = info.object_type.__name__
        if not isinstance(document, dict):
            told = f"json: cannot unmarshal {json_kind(document)} into Go value of type {_ANONYMOUS}"
            raise _WrongTypeError(f"couldn't get version/kind; json parse error: {told}")
        found, version = document.get("kind") or kind, document.get("apiVersion") or info.group_version
        for key, value in (("Kind", found), ("APIVersion", version)):
            if not isinstance(value, str):
                wire = "apiVersion" if key == "APIVersion" else "kind"
                told = f"json: cannot unmarshal {json_kind(value)} into Go struct field .{wire} of type string"
                raise _WrongTypeError(f"couldn't get version/kind; json parse error: {told}")
        if (found, version) == (kind, info.group_version):
            return {**document, "kind": kind, "apiVersion": version}
        raise _WrongTypeError(foreign_kind(found, version, info))


class JsonPatch(_DocumentPatch):
    """Operations one after the other (RFC 6902)."""

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
                    f"error decoding patch: json: cannot unmarshal {json_kind(operation)} into Go value of type "
                    "handlers.jsonPatchOp"
                )
            for key in ("op", "path", "from"):
                value = (operation or {}).get(key)
                if value is not None and not isinstance(value, str):
                    raise bad_request(
                        f"error decoding patch: json: cannot unmarshal {json_kind(value)} into Go struct field "
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


class MergePatch(_DocumentPatch):
    """A document that is merged into the object's (RFC 7386)."""

    @cached_property
    def _patch(self) -> tuple[Any, tuple[str, ...]]:
        patch, problems = self._read_json(ANY_MAP, "error decoding patch: ")
        if patch is None:
            raise bad_request("Invalid JSON Patch")
        return patch, problems

    def _patched(self, document: dict[str, Any]) -> tuple[Any, Any, tuple[str, ...]]:
        patch, problems = self._patch
        return merge_patch(document, patch), patch, problems


class StrategicMergePatch(Patch):
    """A document that is merged with the merge keys of the type."""

    @cached_property
    def _patch(self) -> tuple[Any, tuple[str, ...]]:
        patch, problems = self._read_json(ANY_MAP, "")
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
            raise refused(plain(patch), told)
        # The kind of the Go value decides here, not what the patch says.
        document |= {"kind": self._info.object_type.__name__, "apiVersion": self._info.group_version}
        return self._tracked(current, before, self._decoded(document, before, lambda: plain(patch), problems))


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
