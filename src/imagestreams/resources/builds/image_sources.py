"""From the references of a build config to pull specs: where its images come from, and where the result goes.

A build names no tags: what it takes is fixed when it is made. Everything here reads the cache; nothing waits.
"""

from typing import Final

from imagestreams.api.build.types import Build
from imagestreams.api.core import ObjectReference, Secret, ServiceAccount
from imagestreams.api.errors import ApiError, internal
from imagestreams.api.image import ImageStream
from imagestreams.api.meta import Status, StatusCause, StatusDetails
from imagestreams.reference import InvalidReference, parse
from imagestreams.registries.credentials import Keyring
from imagestreams.resources.storage import ObjectStorage
from imagestreams.streams.history import spec_tag
from imagestreams.streams.pull_spec import latest_pull_spec, pull_spec_of_event

IMAGE_GROUP: Final = "image.openshift.io"
DOCKER_IMAGE: Final = "DockerImage"
IMAGE_STREAM_TAG: Final = "ImageStreamTag"
IMAGE_STREAM_IMAGE: Final = "ImageStreamImage"


class OutputUnresolved(Exception):
    """The image of a build has no place to go yet; the message says why."""


class ImageSources:
    """Looks up what references point to, and which secrets of a service account open it."""

    def __init__(
        self,
        streams: ObjectStorage[ImageStream],
        secrets: ObjectStorage[Secret],
        service_accounts: ObjectStorage[ServiceAccount],
    ) -> None:
        self._streams = streams
        self._secrets = secrets
        self._service_accounts = service_accounts

    def pull_spec(self, reference: ObjectReference, namespace: str) -> str:
        """Return what a reference points to now; `namespace` is where it stands.

        Raises:
            ApiError: 422, it points to nothing; 500, it is of no known kind.
        """
        kind, name, namespace = reference.kind, reference.name, reference.namespace or namespace
        if kind == DOCKER_IMAGE:
            return name
        if kind not in (IMAGE_STREAM_TAG, IMAGE_STREAM_IMAGE):
            raise internal(f"unknown From Kind {kind}")
        stream_name, _, rest = name.partition(":" if kind == IMAGE_STREAM_TAG else "@")
        stream = self._stream(kind, namespace, name, stream_name)
        if kind == IMAGE_STREAM_TAG:
            found = latest_pull_spec(stream, rest)
            problem = "unable to find latest tagged image"
        else:
            found = _pull_spec_of_image(stream, rest)
            problem = f'unable to find corresponding tag for image "{rest}"'
        if not found:
            raise _unresolved(kind, namespace, name, problem)
        return found

    def login_secrets(self, namespace: str, service_account: str) -> list[Secret]:
        """Return the secrets of a service account that are there.

        Raises:
            ApiError: 500, there is no such account.
        """
        entry = self._service_accounts.find(namespace, service_account)
        if entry is None:
            missing = f'serviceaccounts "{service_account}" not found'
            account = f"{namespace}/{service_account}"
            raise internal(f"error getting push/pull secrets for service account {account}: {missing}")
        found = (self._secrets.find(namespace, reference.name) for reference in entry.value.secrets or [])
        return [secret.value for secret in found if secret is not None]

    def output_pull_spec(self, build: Build) -> str:
        """Return where a build's image is to be pushed; empty when it goes nowhere.

        A tag that follows a pull spec elsewhere (`from` of kind DockerImage) is pushed to that pull spec, and one of a
        stream that follows a whole repository to its tag there; from there it is imported. Our own registry takes no
        pushes.

        Raises:
            OutputUnresolved: the stream is missing, or follows no registry in this tag.
        """
        to = build.spec.output.to
        if to is None or not to.name:
            return ""
        if to.kind == DOCKER_IMAGE:
            return to.name
        name, _, tag = to.name.partition(":")
        namespace = to.namespace or build.metadata.namespace
        entry = self._streams.find(namespace, name)
        if entry is None:
            raise OutputUnresolved(f"image stream {namespace}/{name} does not exist")
        stream, tag = entry.value, tag or "latest"
        wish = spec_tag(stream, tag)
        if wish is not None and wish.from_ is not None and wish.from_.kind == DOCKER_IMAGE:
            return wish.from_.name
        repository = stream.spec.docker_image_repository
        if not repository:
            raise OutputUnresolved(f"the tag {tag} of image stream {namespace}/{name} follows no registry to push to")
        return f"{repository}:{tag}"

    def _stream(self, kind: str, namespace: str, name: str, stream: str) -> ImageStream:
        entry = self._streams.find(namespace, stream)
        if entry is None:
            missing = f'imagestreams.{IMAGE_GROUP} "{stream}" not found'
            raise _unresolved(kind, namespace, name, missing)
        return entry.value


def matching_secret(secrets: list[Secret], pull_spec: str) -> str:
    """Return the name of the first secret with a login for an image's repository, empty when none has one."""
    try:
        reference = parse(pull_spec).docker_client_defaults()
    except InvalidReference:
        return ""
    for secret in secrets:
        if Keyring.from_secrets([secret]).logins(reference.registry, reference.repository):
            return secret.metadata.name
    return ""


def _pull_spec_of_image(stream: ImageStream, image: str) -> str | None:
    """Return where an image of a stream is pulled from, as its newest event with it says."""
    newest, found = "", None
    for history in stream.status.tags or []:
        for event in history.items or []:
            if event.image == image and (event.created or "") >= newest:
                newest, found = event.created or "", pull_spec_of_event(stream, history.tag, event)
    return found


def _unresolved(kind: str, namespace: str, name: str, why: str) -> ApiError:
    message = f"Error resolving {kind} {name} in namespace {namespace}: {why}"
    details = StatusDetails(name=name, kind=kind, causes=[StatusCause(field="from", message=message)])
    return ApiError(
        Status(
            kind="Status",
            api_version="v1",
            status="Failure",
            message=message,
            reason="Invalid",
            details=details,
            code=422,
        )
    )
