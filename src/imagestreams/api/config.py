"""Types of `config.openshift.io` and `operator.openshift.io`: how other people's registries are to be treated."""

import msgspec

from imagestreams.api.core import Stored
from imagestreams.api.wire import Wire


class RegistryLocation(Wire):
    """A registry that may be imported from."""

    domain_name: str = ""
    insecure: bool = False


class ConfigMapNameReference(Wire):
    """A pointer to a config map whose namespace is known."""

    name: str = ""


class RegistrySources(Wire):
    """Which registries may be asked, and which of them without TLS."""

    insecure_registries: list[str] | None = None
    blocked_registries: list[str] | None = None
    allowed_registries: list[str] | None = None
    container_runtime_search_registries: list[str] | None = None


class ImageSpec(Wire):
    """The wished settings."""

    allowed_registries_for_import: list[RegistryLocation] | None = None
    external_registry_hostnames: list[str] | None = None
    additional_trusted_ca: ConfigMapNameReference | None = msgspec.field(default=None, name="additionalTrustedCA")
    registry_sources: RegistrySources | None = None
    image_stream_import_mode: str = ""


class ImageStatus(Wire):
    """The settings in force that others than the user decide."""

    internal_registry_hostname: str = ""
    external_registry_hostnames: list[str] | None = None
    image_stream_import_mode: str = ""


class Image(Stored):
    """The settings for images; the one named `cluster` counts (`config.openshift.io/v1`)."""

    spec: ImageSpec = msgspec.field(default_factory=ImageSpec)
    status: ImageStatus | None = None


class MirrorSetStatus(Wire):
    """Nothing yet."""


class ImageDigestMirrors(Wire):
    """Mirrors of one source, for images named by digest."""

    source: str = ""
    mirrors: list[str] | None = None
    mirror_source_policy: str = ""


class ImageDigestMirrorSetSpec(Wire):
    """The mirrors of several sources."""

    image_digest_mirrors: list[ImageDigestMirrors] | None = None


class ImageDigestMirrorSet(Stored):
    """Mirrors for images named by digest (`config.openshift.io/v1`)."""

    spec: ImageDigestMirrorSetSpec = msgspec.field(default_factory=ImageDigestMirrorSetSpec)
    status: MirrorSetStatus | None = None


class ImageTagMirrors(Wire):
    """Mirrors of one source, for images named by tag."""

    source: str = ""
    mirrors: list[str] | None = None
    mirror_source_policy: str = ""


class ImageTagMirrorSetSpec(Wire):
    """The mirrors of several sources."""

    image_tag_mirrors: list[ImageTagMirrors] | None = None


class ImageTagMirrorSet(Stored):
    """Mirrors for images named by tag (`config.openshift.io/v1`)."""

    spec: ImageTagMirrorSetSpec = msgspec.field(default_factory=ImageTagMirrorSetSpec)
    status: MirrorSetStatus | None = None


class RepositoryDigestMirrors(Wire):
    """Mirrors of one source, for images named by digest."""

    source: str = ""
    mirrors: list[str] | None = None


class ImageContentSourcePolicySpec(Wire):
    """The mirrors of several sources."""

    repository_digest_mirrors: list[RepositoryDigestMirrors] | None = None


class ImageContentSourcePolicy(Stored):
    """What mirror sets were before (`operator.openshift.io/v1alpha1`)."""

    spec: ImageContentSourcePolicySpec = msgspec.field(default_factory=ImageContentSourcePolicySpec)
