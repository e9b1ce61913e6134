"""`config.openshift.io`: the settings for images, and the mirrors of registries.

What stands in these objects counts for the next import; `registry_configuration` makes the policy of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Generic, Protocol, TypeVar

from imagestreams.api.ages import age
from imagestreams.api.codec import copy
from imagestreams.api.config import Image, ImageContentSourcePolicy, ImageDigestMirrorSet, ImageTagMirrorSet
from imagestreams.api.config_validation import (
    validate_content_sources,
    validate_digest_mirrors,
    validate_image_settings,
    validate_tag_mirrors,
)
from imagestreams.api.core import Namespace, Stored
from imagestreams.api.errors import ApiError, FieldError, forbidden
from imagestreams.api.meta import ObjectMeta
from imagestreams.api.metadata.object_meta_validation import dns_subdomain_problems
from imagestreams.resources.core.group import CoreGroup, server_context
from imagestreams.resources.resource import ALL_VERBS, Column, RequestContext, Resource, ResourceInfo, TableView, Verb
from imagestreams.resources.storage import ObjectStorage
from imagestreams.resources.stored import StoredResource, Strategy
from imagestreams.store.cache import ObservableStore

CONFIG: Final = "config.openshift.io"
OPERATOR: Final = "operator.openshift.io"
CLUSTER: Final = "cluster"
"""The name of the one object of settings that counts."""
CONFIG_NAMESPACE: Final = "openshift-config"
"""Where the config maps are that the settings refer to."""

T = TypeVar("T", bound=Stored)


class _Validator(Protocol):
    """Checks an object, and may pass over what was wrong with the old one already."""

    def __call__(self, value: Any, old: Any = None) -> list[FieldError]: ...


class SettingsStrategy(Strategy[T], Generic[T]):
    """The rules of settings: a status that is written apart, and a generation that counts changes of the spec."""

    def __init__(self, validator: _Validator) -> None:
        self._validator = validator

    async def prepare_create(self, context: RequestContext, value: T) -> None:
        value.metadata.generation = 1
        if hasattr(value, "status"):
            value.status = None

    async def prepare_update(self, context: RequestContext, value: T, old: T) -> None:
        if hasattr(value, "status"):
            value.status = copy(getattr(old, "status", None))
        value.metadata.generation = old.metadata.generation + (_spec(value) != _spec(old))

    def validate_name(self, name: str) -> list[str]:
        return dns_subdomain_problems(name)

    def validate(self, value: T) -> list[FieldError]:
        return self._validator(value)

    def validate_update(self, value: T, old: T) -> list[FieldError]:
        return self._validator(value, old)


class ImageSettingsStrategy(SettingsStrategy[Image]):
    """The settings for images, of which `cluster` is always there."""

    def admit_deletion(self, value: Image) -> None:
        if value.metadata.name == CLUSTER:
            detail = f"deleting required images.{CONFIG} resource, named {CLUSTER}, is not allowed"
            raise forbidden(CONFIG, "images", CLUSTER, detail)


class StatusStrategy(SettingsStrategy[T]):
    """Writes of `status`, which leave spec, labels and annotations as they are."""

    async def prepare_update(self, context: RequestContext, value: T, old: T) -> None:
        if hasattr(value, "spec"):
            value.spec = copy(_spec(old))
        value.metadata.labels = copy(old.metadata.labels)
        value.metadata.annotations = copy(old.metadata.annotations)


class StatusResource(StoredResource[T]):
    """`PLURAL/NAME/status`."""

    def __init__(self, storage: ObjectStorage[T], strategy: StatusStrategy[T]) -> None:
        super().__init__(storage, strategy, _no_gate)
        verbs: frozenset[Verb] = frozenset({"get", "patch", "update"})
        self.info = replace(storage.info, subresource="status", verbs=verbs, short_names=(), singular="")


def _spec(value: Any) -> Any:
    return value.spec


def _no_gate(namespace: str) -> None:
    """Settings are in no namespace."""


@dataclass(frozen=True, slots=True)
class SettingsGroup:
    """The storages of all settings, and the resources served over them."""

    images: StoredResource[Image]
    digest_mirrors: StoredResource[ImageDigestMirrorSet]
    tag_mirrors: StoredResource[ImageTagMirrorSet]
    content_sources: StoredResource[ImageContentSourcePolicy]
    resources: list[Resource]

    def stored(self) -> "Sequence[StoredResource[Any]]":
        """Return what is stored."""
        return (self.images, self.digest_mirrors, self.tag_mirrors, self.content_sources)

    async def start(self) -> None:
        """Load what is stored."""
        for resource in self.stored():
            await resource.storage.cache.start()

    def stop(self) -> None:
        """Follow the store no longer."""
        for resource in self.stored():
            resource.storage.cache.stop()


def settings_group(store: ObservableStore, clock: Callable[[], datetime]) -> SettingsGroup:
    """Make the resources; the group has to be started before they are used."""
    table = _table(clock)

    def storage(plural: str, kind: type[T], short_name: str = "", version: str = "v1") -> ObjectStorage[T]:
        info = ResourceInfo(
            group=OPERATOR if version == "v1alpha1" else CONFIG,
            version=version,
            plural=plural,
            singular=kind.__name__.lower(),
            kind=kind.__name__,
            object_type=kind,
            verbs=ALL_VERBS,
            namespaced=False,
            short_names=(short_name,) if short_name else (),
            table=table,
        )
        return ObjectStorage(store, info, kind)

    images = StoredResource(storage("images", Image), ImageSettingsStrategy(validate_image_settings), _no_gate)
    digest_mirrors = StoredResource(
        storage("imagedigestmirrorsets", ImageDigestMirrorSet, "idms"),
        SettingsStrategy[ImageDigestMirrorSet](validate_digest_mirrors),
        _no_gate,
    )
    tag_mirrors = StoredResource(
        storage("imagetagmirrorsets", ImageTagMirrorSet, "itms"),
        SettingsStrategy[ImageTagMirrorSet](validate_tag_mirrors),
        _no_gate,
    )
    content_sources = StoredResource(
        storage("imagecontentsourcepolicies", ImageContentSourcePolicy, version="v1alpha1"),
        SettingsStrategy[ImageContentSourcePolicy](validate_content_sources),
        _no_gate,
    )
    resources: list[Resource] = [
        images,
        StatusResource(images.storage, StatusStrategy[Image](validate_image_settings)),
        digest_mirrors,
        StatusResource(digest_mirrors.storage, StatusStrategy[ImageDigestMirrorSet](validate_digest_mirrors)),
        tag_mirrors,
        StatusResource(tag_mirrors.storage, StatusStrategy[ImageTagMirrorSet](validate_tag_mirrors)),
        content_sources,
    ]
    return SettingsGroup(images, digest_mirrors, tag_mirrors, content_sources, resources)


async def ensure_settings(group: SettingsGroup, core: CoreGroup, now: datetime) -> None:
    """Make the settings named `cluster`, and the namespace of their config maps, where they are missing."""
    if core.namespaces.storage.find("", CONFIG_NAMESPACE) is None:
        namespace = Namespace(metadata=ObjectMeta(name=CONFIG_NAMESPACE))
        await _create(core.namespaces, server_context(now, name=CONFIG_NAMESPACE), namespace)
    if group.images.storage.find("", CLUSTER) is None:
        await _create(group.images, server_context(now, name=CLUSTER), Image(metadata=ObjectMeta(name=CLUSTER)))


async def _create(resource: StoredResource[Any], context: RequestContext, value: Stored) -> None:
    try:
        await resource.create(context, value)
    except ApiError as error:
        if error.status.reason != "AlreadyExists":
            raise


def _table(clock: Callable[[], datetime]) -> TableView:
    name = Column("Name", format="name", description="The name of the object.")
    created = Column("Age", description="How long ago the object was created.")

    def cells(value: Stored) -> Sequence[Any]:
        return value.metadata.name, age(value.metadata.creation_timestamp, clock())

    return TableView((name, created), cells)
