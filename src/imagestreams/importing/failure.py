"""Why an image could not be imported, as the `Status` that users see."""

from dataclasses import replace
from datetime import datetime

from imagestreams.api.errors import internal, not_found, unauthorized
from imagestreams.api.meta import Status, StatusDetails
from imagestreams.reference import ImageReference
from imagestreams.registries.client import network_host
from imagestreams.registries.errors import (
    ManifestUnknown,
    NameUnknown,
    NoLogin,
    NotV2Registry,
    RegistryError,
    Unauthorized,
)
from imagestreams.registries.sources import RegistryBlocked, SourcesFailed
from imagestreams.streams.image_from_manifest import UnreadableManifest

GROUP = "image.openshift.io"


class ImportFailed(Exception):
    """An image that could not be imported; `transient` when trying again a little later may help.

    Before `not_before` it is no use: the registry wants to be left alone until then.
    """

    def __init__(self, status: Status, transient: bool, not_before: datetime | None = None) -> None:
        super().__init__(status.message)
        self.status = status
        self.transient = transient
        self.not_before = not_before


def failed(error: RegistryError | UnreadableManifest, reference: ImageReference) -> ImportFailed:
    """Return the failure to import a tag or digest."""
    if isinstance(error, RegistryBlocked):
        return _blocked(error)
    if isinstance(error, SourcesFailed):
        return _all_failed(error, reference)
    return _failed(error, full_name(reference), prefix=True)


def listing_failed(error: RegistryError, repository: ImageReference, reached: bool) -> ImportFailed:
    """Return the failure to list a repository's tags; `reached` tells whether the registry answered at all."""
    if isinstance(error, RegistryBlocked):
        return _blocked(error)
    if isinstance(error, SourcesFailed):
        return _all_failed(error, repository)
    if isinstance(error, NotV2Registry):
        host = network_host(repository.docker_client_defaults().registry)
        status = Status(
            status="Failure",
            message=f'forbidden: registry "{host}" does not support the v2 Registry API',
            reason="NotV2Registry",
            details=StatusDetails(group=GROUP),
            code=403,
        )
        return ImportFailed(status, error.transient, error.not_before)
    if isinstance(error, NoLogin):
        # As on the real server, which calls only a login that is wrong unauthorized here.
        return ImportFailed(internal(str(error)).nested_status(), error.transient)
    return _failed(error, repository.exact(), prefix=not reached)


def full_name(reference: ImageReference) -> str:
    """Return a reference with Docker Hub's name and `library/` spelled out, as messages show it."""
    where = reference.docker_client_defaults()
    return replace(where, registry="docker.io" if where.registry == "index.docker.io" else where.registry).exact()


def _blocked(error: RegistryBlocked) -> ImportFailed:
    status = Status(
        status="Failure", message=f"forbidden: {error}", reason="Forbidden", details=StatusDetails(), code=403
    )
    return ImportFailed(status, error.transient)


def _all_failed(error: SourcesFailed, reference: ImageReference) -> ImportFailed:
    """Return the failure of all places that were asked; of a single one it is as if nobody else could be asked."""
    failures = [(replace(place, tag=reference.tag, id=reference.id), why) for place, why in error.failures]
    if len(failures) == 1:
        return _failed(failures[0][1], full_name(failures[0][0]), prefix=True)
    texts = dict.fromkeys(_text(why, full_name(place)) for place, why in failures)
    told = next(iter(texts)) if len(texts) == 1 else f"[{', '.join(texts)}]"
    return ImportFailed(internal(told).nested_status(), error.transient, error.not_before)


def _text(error: RegistryError, name: str) -> str:
    """Return a failure as one of several, for which there is no common reason."""
    status = _failed(error, name, prefix=True).status
    return status.message.removeprefix("Internal error occurred: ")


def _failed(error: RegistryError | UnreadableManifest, name: str, *, prefix: bool) -> ImportFailed:
    transient = isinstance(error, RegistryError) and error.transient
    if isinstance(error, (ManifestUnknown, NameUnknown)):
        api_error = not_found(GROUP, "dockerimage", name)
    elif isinstance(error, Unauthorized):
        told = [f'you may not have access to the container image "{name}"', *error.loans]
        api_error = unauthorized(": ".join(told))
    else:
        api_error = internal(f"{name}: {error}" if prefix else str(error))
    not_before = error.not_before if isinstance(error, RegistryError) else None
    return ImportFailed(api_error.nested_status(), transient, not_before)
