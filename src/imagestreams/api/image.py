"""The types of `image.openshift.io/v1`, with the fields and their order as its Go types have them."""

from typing import Any

import msgspec

from imagestreams.api.core import ObjectReference, Stored
from imagestreams.api.meta import ListMeta, Status
from imagestreams.api.wire import Wire, always


class ImageLayer(Wire):
    """One layer: digest, size in bytes, media type."""

    name: str = always("")
    size: int = always(0)
    media_type: str = always("")


class ImageManifest(Wire):
    """One platform's manifest in a manifest list."""

    digest: str = always("")
    media_type: str = always("")
    manifest_size: int = always(0)
    architecture: str = always("")
    os: str = always("")
    variant: str = ""


class SignatureCondition(Wire):
    """The state of one aspect of a signature."""

    type: str = always("")
    status: str = always("")
    last_probe_time: str | None = None
    last_transition_time: str | None = None
    reason: str = ""
    message: str = ""


class SignatureSubject(Wire):
    """Who issued or signed, with a key or certificate."""

    organization: str = ""
    common_name: str = ""
    public_key_id: str = msgspec.field(default="", name="publicKeyID")


class SignatureIssuer(Wire):
    """Who issued the signing certificate."""

    organization: str = ""
    common_name: str = ""


class ImageSignature(Stored):
    """A signature of an image; `content` is base64."""

    type: str = always("")
    content: str | None = always(None)
    conditions: list[SignatureCondition] | None = None
    image_identity: str = ""
    signed_claims: dict[str, str] | None = None
    created: str | None = None
    issued_by: SignatureIssuer | None = None
    issued_to: SignatureSubject | None = None


class Image(Stored):
    """An image, named by its digest, the same for the whole server and never changed in content."""

    docker_image_reference: str = ""
    docker_image_metadata: dict[str, Any] | None = None
    docker_image_metadata_version: str = ""
    docker_image_manifest: str = ""
    docker_image_layers: list[ImageLayer] | None = None
    signatures: list[ImageSignature] | None = None
    docker_image_signatures: list[str] | None = None
    docker_image_manifest_media_type: str = ""
    docker_image_config: str = ""
    docker_image_manifests: list[ImageManifest] | None = None


class ImageLookupPolicy(Wire):
    """Whether workloads of the namespace may name the stream instead of a pull spec."""

    local: bool = always(False)


class TagImportPolicy(Wire):
    """How a tag is imported."""

    insecure: bool = False
    scheduled: bool = False
    import_mode: str = ""


class TagReferencePolicy(Wire):
    """Whose pull spec a tag gives: `Source` (the upstream's) or `Local` (our registry's)."""

    type: str = always("")


class TagReference(Wire):
    """What a user wants of a tag."""

    name: str = always("")
    annotations: dict[str, str] | None = always(None)
    from_: ObjectReference | None = None
    reference: bool = False
    generation: int | None = always(None)
    import_policy: TagImportPolicy = msgspec.field(default_factory=TagImportPolicy)
    reference_policy: TagReferencePolicy = msgspec.field(default_factory=TagReferencePolicy)


class ImageStreamSpec(Wire):
    """What a user wants of a stream."""

    lookup_policy: ImageLookupPolicy = msgspec.field(default_factory=ImageLookupPolicy)
    docker_image_repository: str = ""
    tags: list[TagReference] | None = None


class TagEvent(Wire):
    """One image that a tag pointed to, and since when."""

    created: str | None = always(None)
    docker_image_reference: str = always("")
    image: str = always("")
    generation: int = always(0)


class TagEventCondition(Wire):
    """The state of one aspect of a tag, above all a failed import."""

    type: str = always("")
    status: str = always("")
    last_transition_time: str | None = None
    reason: str = ""
    message: str = ""
    generation: int = always(0)


class NamedTagEventList(Wire):
    """A tag's history, newest first."""

    tag: str = always("")
    items: list[TagEvent] | None = always(None)
    conditions: list[TagEventCondition] | None = None


class ImageStreamStatus(Wire):
    """What a stream's tags point to and pointed to."""

    docker_image_repository: str = always("")
    public_docker_image_repository: str = ""
    tags: list[NamedTagEventList] | None = None


class ImageStream(Stored):
    """A named view of related images, with a history per tag."""

    spec: ImageStreamSpec = msgspec.field(default_factory=ImageStreamSpec)
    status: ImageStreamStatus = msgspec.field(default_factory=ImageStreamStatus)


class ImageStreamTag(Stored):
    """One tag of a stream with the image it points to; named `stream:tag`."""

    tag: TagReference | None = always(None)
    generation: int = always(0)
    lookup_policy: ImageLookupPolicy = msgspec.field(default_factory=ImageLookupPolicy)
    conditions: list[TagEventCondition] | None = None
    image: Image = msgspec.field(default_factory=Image)


class ImageTag(Stored):
    """One tag of a stream with its history apart from its wish; named `stream:tag`."""

    spec: TagReference | None = always(None)
    status: NamedTagEventList | None = always(None)
    image: Image | None = always(None)


class ImageStreamImage(Stored):
    """One image seen through a stream; named `stream@digest`."""

    image: Image = msgspec.field(default_factory=Image)


class ImageStreamMapping(Stored):
    """Points a tag of a stream to an image that a registry has received."""

    image: Image = msgspec.field(default_factory=Image)
    tag: str = always("")


class ImageLayerData(Wire):
    """Size in bytes (`None`: not known) and media type of a blob."""

    size: int | None = always(None)
    media_type: str = always("")


class ImageBlobReferences(Wire):
    """The blobs that an image is made of, by digest."""

    image_missing: bool = always(False)
    layers: list[str] | None = always(None)
    config: str | None = always(None)
    manifests: list[str] | None = None


class ImageStreamLayers(Stored):
    """All blobs and images that a stream gives access to."""

    blobs: dict[str, ImageLayerData] = msgspec.field(default_factory=lambda: {})
    images: dict[str, ImageBlobReferences] = msgspec.field(default_factory=lambda: {})


class LocalTagReference(Wire):
    """The tag that an import writes to."""

    name: str = ""


class ImageImportSpec(Wire):
    """One image to import."""

    from_: ObjectReference = msgspec.field(default_factory=ObjectReference)
    to: LocalTagReference | None = None
    import_policy: TagImportPolicy = msgspec.field(default_factory=TagImportPolicy)
    reference_policy: TagReferencePolicy = msgspec.field(default_factory=TagReferencePolicy)
    include_manifest: bool = False


class RepositoryImportSpec(Wire):
    """A whole repository to import."""

    from_: ObjectReference = msgspec.field(default_factory=ObjectReference)
    import_policy: TagImportPolicy = msgspec.field(default_factory=TagImportPolicy)
    reference_policy: TagReferencePolicy = msgspec.field(default_factory=TagReferencePolicy)
    include_manifest: bool = False


class ImageStreamImportSpec(Wire):
    """What to import, and whether to write it to the stream."""

    import_: bool = always(False)
    repository: RepositoryImportSpec | None = None
    images: list[ImageImportSpec] | None = None


class ImageImportStatus(Wire):
    """The outcome for one image: either `image` or a failed `status`."""

    status: Status = msgspec.field(default_factory=Status)
    image: Image | None = None
    tag: str = ""
    manifests: list[Image] | None = None


class RepositoryImportStatus(Wire):
    """The outcome for a whole repository; `additional_tags` are those not imported."""

    status: Status = msgspec.field(default_factory=Status)
    images: list[ImageImportStatus] | None = None
    additional_tags: list[str] | None = None


class ImageStreamImportStatus(Wire):
    """The stream as written, and the outcome of each import."""

    import_: ImageStream | None = None
    repository: RepositoryImportStatus | None = None
    images: list[ImageImportStatus] | None = None


class ImageStreamImport(Stored):
    """A request to import images from other registries, and its outcome."""

    spec: ImageStreamImportSpec = msgspec.field(default_factory=ImageStreamImportSpec)
    status: ImageStreamImportStatus = msgspec.field(default_factory=ImageStreamImportStatus)


class ImageList(Wire):
    """Several images."""

    kind: str = ""
    api_version: str = ""
    metadata: ListMeta = msgspec.field(default_factory=ListMeta)
    items: list[Image] = msgspec.field(default_factory=lambda: [])


class ImageStreamList(Wire):
    """Several streams."""

    kind: str = ""
    api_version: str = ""
    metadata: ListMeta = msgspec.field(default_factory=ListMeta)
    items: list[ImageStream] = msgspec.field(default_factory=lambda: [])


class ImageStreamTagList(Wire):
    """Several stream tags."""

    kind: str = ""
    api_version: str = ""
    metadata: ListMeta = msgspec.field(default_factory=ListMeta)
    items: list[ImageStreamTag] = msgspec.field(default_factory=lambda: [])


class ImageTagList(Wire):
    """Several image tags."""

    kind: str = ""
    api_version: str = ""
    metadata: ListMeta = msgspec.field(default_factory=ListMeta)
    items: list[ImageTag] = msgspec.field(default_factory=lambda: [])
