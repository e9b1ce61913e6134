"""AdmissionReview of `admission.k8s.io/v1`: what is read of a request, and the answer. Pure."""

import base64
from typing import Any, Final

import msgspec

from imagestreams.api.codec import encode
from imagestreams.streams.workload_images import ImageChange, Path

API_VERSION: Final = "admission.k8s.io/v1"
KIND: Final = "AdmissionReview"
UID_MAX: Final = 256


class UnreadableReview(Exception):
    """The body is no review that can be answered; the message says why."""


class _GroupKind(msgspec.Struct):
    group: str = ""
    kind: str = ""


class AdmissionRequest(msgspec.Struct, rename="camel"):
    """What an API server asks about."""

    uid: str = ""
    kind: _GroupKind = msgspec.field(default_factory=_GroupKind)
    sub_resource: str = ""
    namespace: str = ""
    operation: str = ""
    object: dict[str, Any] | None = None
    old_object: dict[str, Any] | None = None


class _Review(msgspec.Struct, rename="camel"):
    api_version: str = ""
    kind: str = ""
    request: AdmissionRequest | None = None


def read_review(body: bytes) -> AdmissionRequest:
    """Read the request of a review.

    Raises:
        UnreadableReview: the body is no such review.
    """
    try:
        review = msgspec.json.decode(body, type=_Review)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise UnreadableReview("the body is not an AdmissionReview") from None
    if review.api_version != API_VERSION or review.kind != KIND:
        raise UnreadableReview(f"the body must be an AdmissionReview of {API_VERSION}")
    request = review.request
    if request is None or not request.uid or len(request.uid) > UID_MAX:
        raise UnreadableReview("the review has no request with a uid")
    return request


def allowed(uid: str, changes: list[ImageChange]) -> bytes:
    """Return the review that lets a request pass, with changes."""
    response: dict[str, Any] = {"uid": uid, "allowed": True}
    if changes:
        patch = [{"op": "replace", "path": pointer(one.path), "value": one.image} for one in changes]
        response |= {"patchType": "JSONPatch", "patch": base64.b64encode(encode(patch)).decode()}
    return encode({"apiVersion": API_VERSION, "kind": KIND, "response": response})


def pointer(path: Path) -> str:
    """Return a path as a JSON pointer (RFC 6901)."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)
