"""Patches applied here, without a server: for `--local` and `--dry-run=client`.

They are merged by the server's own code, and types are known where it has them, as oc's are built into oc.
"""

import importlib
from typing import Any, Final

from imagestreams.cli.errors import CliError
from imagestreams.cli.objects import manifests
from imagestreams.cli.printers.go_text import json_text, quoted

Object = dict[str, Any]

_TYPES: Final = {
    "v1": ("core", "pods", "apps.types"),
    "apps/v1": ("apps.types",),
    "batch/v1": ("batch.types",),
    "image.openshift.io/v1": ("image",),
    "apps.openshift.io/v1": ("openshift_apps.types",),
    "build.openshift.io/v1": ("build.types",),
    "config.openshift.io/v1": ("config",),
    "project.openshift.io/v1": ("core",),
    "imagestreams.dev/v1": ("hooks", "notifications"),
}


def read_patch(text: str, shown: str) -> Any:
    """Read a patch in YAML or JSON; `shown` is what an error quotes.

    Raises:
        CliError: it is neither.
    """
    try:
        return next(iter(manifests.read_values(text)), None)
    except CliError as error:
        raise CliError(f"unable to parse {quoted(shown)}: {error.message}") from error


def patched_locally(value: Object, patch: Any, kind: str) -> Object:
    """Return an object with a patch of kind `json`, `merge` or `strategic` applied.

    Raises:
        CliError: it does not apply, or nothing is known of the object's type, which a strategic one needs.
    """
    if kind == "json":
        found = _json(value, patch)
    elif kind == "merge":
        found = _merge(value, patch)
    else:
        found = _strategic(value, patch)
    if not isinstance(found, dict):
        raise CliError(f"json: cannot unmarshal {_json_kind(found)} into Go value of type unstructured.detector")
    if not found.get("kind"):
        raise CliError(f"Object 'Kind' is missing in '{json_text(found)}'")
    return found


def _json(value: Object, patch: Any) -> Any:
    from imagestreams.apiserver.patching.json_patch import PatchFailedError, json_patch

    if not isinstance(patch, list):
        told = f"json: cannot unmarshal {_json_kind(patch)} into Go value of type jsonpatch.Patch"
        raise CliError(told)
    try:
        return json_patch(value, patch)
    except PatchFailedError as error:
        raise CliError(str(error)) from error


def _merge(value: Object, patch: Any) -> Any:
    from imagestreams.apiserver.patching.merge_patch import merge_patch

    if not isinstance(patch, dict | list):
        raise CliError("Invalid JSON Patch")
    return merge_patch(value, patch)


def _strategic(value: Object, patch: Any) -> Any:
    from imagestreams.apiserver.ownership.object_schema import shape_of
    from imagestreams.apiserver.patching.strategic_merge import StrategicPatchError, strategic_merge

    api_version, kind = str(value.get("apiVersion", "")), str(value.get("kind", ""))
    struct = _type_of(api_version, kind)
    if struct is None:
        told = f"{api_version}, Kind={kind}"
        raise CliError(f"strategic merge patch is not supported for {told} locally, try --type merge")
    if patch is not None and not isinstance(patch, dict):
        raise CliError("Invalid JSON document")
    try:
        return strategic_merge(shape_of(struct), value, patch or {})
    except StrategicPatchError as error:
        raise CliError(str(error)) from error


def _type_of(api_version: str, kind: str) -> type[Any] | None:
    for name in _TYPES.get(api_version, ()):
        found = getattr(importlib.import_module(f"imagestreams.api.{name}"), kind, None)
        if isinstance(found, type) and "metadata" in getattr(found, "__struct_fields__", ()):
            return found
    return None


def _json_kind(value: Any) -> str:
    if isinstance(value, dict | list):
        return "object" if isinstance(value, dict) else "array"
    if isinstance(value, bool):
        return "bool"
    return "string" if isinstance(value, str) else "number"
