"""PATCH: from a body of one of four kinds to a transform of the current object.

A patch is read when it is first applied, for a patch of what isn't there is a 404 whatever it says. What comes out is
decoded and filled with defaults like the body of a PUT, and its managed fields are tracked.
"""

from imagestreams.api.errors import FieldError, invalid
from imagestreams.apiserver.bodies.objects import PATCH_TYPES, media_type_of, unknown_format
from imagestreams.apiserver.patching.apply_patch import ApplyPatch
from imagestreams.apiserver.patching.document_patches import JsonPatch, MergePatch, StrategicMergePatch
from imagestreams.apiserver.patching.patch import Patch
from imagestreams.resources.resource import ResourceInfo

__all__ = ["Patch", "read_patch"]

JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH, APPLY_PATCH = PATCH_TYPES


def read_patch(
    body: bytes,
    content_type: str,
    info: ResourceInfo,
    *,
    manager: str,
    force: bool,
    now: str,
    validation: str,
    name: str,
    namespace: str,
) -> Patch:
    """Return the patch that a request asks for.

    `manager` is the request's `fieldManager`; only an apply must name one, for others it may be made of the user
    agent. `validation` is one of Strict, Warn and Ignore; empty means Warn.

    Raises:
        ApiError: 415, the body is no patch; 422, `force` or `fieldManager` don't go with its kind.
    """
    kinds: dict[str, type[Patch]] = {
        JSON_PATCH: JsonPatch,
        MERGE_PATCH: MergePatch,
        STRATEGIC_MERGE_PATCH: StrategicMergePatch,
        APPLY_PATCH: ApplyPatch,
    }
    kind = kinds.get(media_type_of(content_type))
    if kind is None:
        raise unknown_format(", ".join(PATCH_TYPES))
    errors = []
    if kind is ApplyPatch and not manager:
        errors.append(FieldError.required("fieldManager", "is required for apply patch"))
    if kind is not ApplyPatch and force:
        errors.append(FieldError.forbidden("force", "may not be specified for non-apply patch"))
    if errors:
        raise invalid("meta.k8s.io", "PatchOptions", "", errors)
    patch = kind(
        body,
        info,
        manager=manager,
        now=now,
        validation=validation or "Warn",
        name=name,
        namespace=namespace if info.namespaced else "",
    )
    if isinstance(patch, ApplyPatch):
        patch.force = force
        patch.creates = not info.subresource
    return patch
