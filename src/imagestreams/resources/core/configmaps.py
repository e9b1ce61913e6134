"""Config maps: plain settings, as text or as base64."""

from collections.abc import Callable
from datetime import datetime

from imagestreams.api.core import ConfigMap
from imagestreams.api.errors import FieldError
from imagestreams.api.metadata.object_meta_validation import dns_subdomain_problems
from imagestreams.resources.core.config_data import DATA_MAX_BYTES, decode_values, frozen_errors, key_errors
from imagestreams.resources.core.tables import config_map_table
from imagestreams.resources.resource import ALL_VERBS, RequestContext, ResourceInfo
from imagestreams.resources.storage import ObjectStorage
from imagestreams.resources.stored import Strategy
from imagestreams.store.cache import ObservableStore


def config_map_storage(store: ObservableStore, clock: Callable[[], datetime]) -> ObjectStorage[ConfigMap]:
    """Return where config maps are kept."""
    info = ResourceInfo(
        group="",
        version="v1",
        plural="configmaps",
        singular="configmap",
        kind="ConfigMap",
        object_type=ConfigMap,
        verbs=ALL_VERBS,
        short_names=("cm",),
        table=config_map_table(clock),
    )
    return ObjectStorage(store, info, ConfigMap)


class ConfigMapStrategy(Strategy[ConfigMap]):
    """The rules of config maps."""

    may_update_without_version = True

    async def prepare_create(self, context: RequestContext, value: ConfigMap) -> None:
        _sort(value)

    async def prepare_update(self, context: RequestContext, value: ConfigMap, old: ConfigMap) -> None:
        _sort(value)

    def validate_name(self, name: str) -> list[str]:
        return dns_subdomain_problems(name)

    def validate(self, value: ConfigMap) -> list[FieldError]:
        texts, binaries = value.data or {}, decode_values("ConfigMap", value.binary_data)
        errors: list[FieldError] = []
        for key in sorted(texts):
            errors += key_errors("data", key)
            if key in binaries:
                errors.append(FieldError.invalid(f"data[{key}]", key, "duplicate of key present in binaryData"))
        for key in sorted(binaries):
            errors += key_errors("binaryData", key)
            if key in texts:
                errors.append(FieldError.invalid(f"binaryData[{key}]", key, "duplicate of key present in data"))
        if sum(len(text.encode()) for text in texts.values()) + sum(map(len, binaries.values())) > DATA_MAX_BYTES:
            errors.append(FieldError.too_long("[]", DATA_MAX_BYTES))
        return errors

    def validate_update(self, value: ConfigMap, old: ConfigMap) -> list[FieldError]:
        changed = {
            "data": (value.data or {}) != (old.data or {}),
            "binaryData": (value.binary_data or {}) != (old.binary_data or {}),
        }
        return frozen_errors(value.immutable, old.immutable, changed) + self.validate(value)


def _sort(value: ConfigMap) -> None:
    """Keep the keys in order, and find broken base64 before anything else."""
    decode_values("ConfigMap", value.binary_data)
    value.data = dict(sorted(value.data.items())) if value.data is not None else None
    value.binary_data = dict(sorted(value.binary_data.items())) if value.binary_data is not None else None
