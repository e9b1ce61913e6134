"""An `Image` object from what a registry gave: a manifest and its config, or a list of manifests."""

import hashlib
from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeVar

import msgspec

from imagestreams.api.defaulting import METADATA_VERSION, default_image
from imagestreams.api.foreign_json import UnreadableJson, read_foreign
from imagestreams.api.image import Image, ImageLayer, ImageManifest
from imagestreams.api.meta import ObjectMeta

DOCKER_MANIFEST: Final = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST: Final = "application/vnd.docker.distribution.manifest.list.v2+json"
OCI_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX: Final = "application/vnd.oci.image.index.v1+json"
LISTS: Final = (DOCKER_LIST, OCI_INDEX)
LAYER_ORDER: Final = "image.openshift.io/dockerLayersOrder"
IMAGE_CONFIGS: Final = frozenset(
    {
        "",
        "application/json",
        "application/octet-stream",
        "application/vnd.docker.container.image.v1+json",
        "application/vnd.oci.image.config.v1+json",
    }
)
"""Media types of configs that describe an image; those of artifacts mean something else."""
# The config of artifacts that have none; some registries do not even store it.
EMPTY: Final = b"{}"
EMPTY_DIGEST: Final = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"

T = TypeVar("T")


class UnreadableManifest(ValueError):
    """A manifest or config is not what its media type says."""


# No blob is larger than 64 TiB; sums of such sizes are numbers that every client can read.
_Size = Annotated[int, msgspec.Meta(ge=0, le=1 << 46)]
_Count = Annotated[int, msgspec.Meta(ge=-1, le=1 << 62)]


# Go reads null as the empty value, so every field may be null.
class _Platform(msgspec.Struct):
    architecture: str | None = None
    os: str | None = None
    variant: str | None = None


class _Descriptor(msgspec.Struct, rename="camel"):
    digest: str
    size: _Size = 0
    media_type: str | None = None
    platform: _Platform | None = None


class _Manifest(msgspec.Struct):
    config: _Descriptor
    layers: list[_Descriptor] | None = None


class _List(msgspec.Struct):
    manifests: list[_Descriptor] | None = None


class _Nothing(msgspec.Struct):
    """The value of a set's member."""


class _Runtime(msgspec.Struct, rename="pascal", omit_defaults=True):
    """How a container is run, with the types that clients expect."""

    hostname: str | None = None
    domainname: str | None = None
    user: str | None = None
    memory: _Count | None = None
    memory_swap: _Count | None = None
    cpu_shares: _Count | None = None
    cpuset: str | None = None
    attach_stdin: bool | None = None
    attach_stdout: bool | None = None
    attach_stderr: bool | None = None
    port_specs: list[str] | None = None
    exposed_ports: dict[str, _Nothing | None] | None = None
    tty: bool | None = None
    open_stdin: bool | None = None
    stdin_once: bool | None = None
    env: list[str] | None = None
    cmd: list[str] | None = None
    dns: list[str] | None = msgspec.field(default=None, name="DNS")
    image: str | None = None
    volumes: dict[str, _Nothing | None] | None = None
    volumes_from: str | None = None
    working_dir: str | None = None
    entrypoint: list[str] | None = None
    network_disabled: bool | None = None
    security_opts: list[str] | None = None
    on_build: list[str] | None = None
    labels: dict[str, str] | None = None


class _Config(msgspec.Struct):
    architecture: str | None = None
    author: str | None = None
    comment: str | None = None
    config: _Runtime | None = None
    container: str | None = None
    container_config: _Runtime | None = None
    created: datetime | None = None
    docker_version: str | None = None
    parent: str | None = None


def digest_of(data: bytes) -> str:
    """Return the SHA-256 digest of some bytes as registries write it."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def config_digest(manifest: bytes) -> str:
    """Return the digest of the config that a single manifest names.

    Raises:
        UnreadableManifest: the manifest is not a Docker schema 2 or OCI image manifest.
    """
    return _decode(manifest, _Manifest).config.digest


def listed_manifests(manifest: bytes) -> list[ImageManifest]:
    """Return the manifests that a list names.

    Raises:
        UnreadableManifest: it is no manifest list and no OCI index.
    """
    return [_listed(entry) for entry in _decode(manifest, _List).manifests or []]


def image_from_manifest(pull_spec: str, manifest: bytes, media_type: str, config: bytes | None, now: str) -> Image:
    """Describe an image the way the API serves it.

    Args:
        pull_spec: where the image was found, by digest.
        manifest: the manifest's bytes; their digest becomes the image's name.
        media_type: the manifest's media type, which decides between a list and a single image.
        config: the config blob of a single image; `None` for a list.
        now: the time of the import, which a list takes as its creation.

    Raises:
        UnreadableManifest: manifest or config is broken.
    """
    image = Image(
        metadata=ObjectMeta(name=digest_of(manifest)),
        docker_image_reference=pull_spec,
        docker_image_metadata_version=METADATA_VERSION,
        docker_image_manifest_media_type=media_type,
    )
    if media_type in LISTS:
        image.docker_image_manifests = listed_manifests(manifest)
        image.docker_image_metadata = {"Id": image.metadata.name, "Created": now}
    else:
        if config is None:
            raise UnreadableManifest("a single image needs its config")
        _describe(image, _decode(manifest, _Manifest), config)
    default_image(image)
    return image


def _listed(entry: _Descriptor) -> ImageManifest:
    platform = entry.platform or _Platform()
    return ImageManifest(
        digest=entry.digest,
        media_type=entry.media_type or "",
        manifest_size=entry.size,
        architecture=platform.architecture or "",
        os=platform.os or "",
        variant=platform.variant or "",
    )


def _describe(image: Image, manifest: _Manifest, raw_config: bytes) -> None:
    layers = manifest.layers or []
    image.metadata.annotations = {LAYER_ORDER: "ascending"}
    image.docker_image_layers = [
        ImageLayer(name=layer.digest, size=layer.size, media_type=layer.media_type or "") for layer in layers
    ]
    # A layer that is used twice is stored, and counted, once.
    sizes = {layer.digest: layer.size for layer in layers}
    described = raw_config if (manifest.config.media_type or "") in IMAGE_CONFIGS else EMPTY
    image.docker_image_metadata = image_metadata(
        described, manifest.config.digest, sum(sizes.values()) + len(raw_config)
    )


def image_metadata(raw_config: bytes, identity: str, size_bytes: int) -> dict[str, Any]:
    """Return what the API shows of an image's config.

    Raises:
        UnreadableManifest: it is no config of an image.
    """
    config = _decode(raw_config, _Config)
    return {
        "Id": identity,
        "Parent": config.parent,
        "Comment": config.comment,
        "Created": _whole_second(config.created),
        "Container": config.container,
        "ContainerConfig": _plain(config.container_config),
        "DockerVersion": config.docker_version,
        "Author": config.author,
        "Config": _plain(config.config),
        "Architecture": config.architecture,
        "Size": size_bytes,
    }


def _plain(runtime: _Runtime | None) -> dict[str, Any] | None:
    if runtime is None:
        return None
    plain: dict[str, Any] = msgspec.to_builtins(runtime)
    for members in ("ExposedPorts", "Volumes"):
        if plain.get(members):
            plain[members] = {member: {} for member in plain[members]}
    return plain


def _whole_second(moment: datetime | None) -> str | None:
    if moment is None or moment.year == 1:
        return None
    try:
        utc = moment.astimezone(UTC) if moment.tzinfo else moment
    except OverflowError as error:
        raise UnreadableManifest(f"unreadable config: created: {error}") from error
    return utc.replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def _decode(data: bytes, kind: type[T]) -> T:
    try:
        return read_foreign(data, kind)
    except UnreadableJson as error:
        raise UnreadableManifest(f"unreadable {kind.__name__.strip('_').lower()}: {error}") from error
