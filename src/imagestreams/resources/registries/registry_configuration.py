"""From the settings that are stored, and the file that an operator keeps, to the policy of the next import.

Nothing is remembered longer than it is true: what was made of the settings is kept with the revisions of the objects
that it was made of, and made anew when one of them changed.
"""

import binascii
from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from imagestreams.api.config import RegistryLocation
from imagestreams.api.config_validation import NEVER_CONTACT_SOURCE
from imagestreams.api.core import ConfigMap
from imagestreams.api.defaulting import LEGACY
from imagestreams.registries.policy import Mirror, MirrorRule, Pulls, RegistryPolicy
from imagestreams.resources.registries.registry_settings import CLUSTER, CONFIG_NAMESPACE, SettingsGroup
from imagestreams.resources.storage import ObjectStorage
from imagestreams.streams.allowed_registries import AllowedRegistries

_NO_FILE: Final = RegistryPolicy()


class RegistryConfiguration:
    """The registry settings in force; `file` gives what a `registries.conf` says now.

    `allowed` are the only registries to import from, and our own one with them; none means all. `cluster` means those
    that the stored settings of that name list, which stop nothing otherwise.
    """

    def __init__(
        self,
        settings: SettingsGroup,
        config_maps: ObjectStorage[ConfigMap],
        file: Callable[[], RegistryPolicy] | None = None,
        *,
        allowed: tuple[RegistryLocation, ...] | Literal["cluster"] = (),
        own_registry: str = "",
    ) -> None:
        self._own_registry = own_registry
        self._allowed_by_cluster = allowed == "cluster"
        fixed = () if allowed == "cluster" else allowed
        self._allowed: tuple[Any, AllowedRegistries] = ((), AllowedRegistries.listed(fixed, own_registry))
        self._settings = settings
        self._config_maps = config_maps
        self._file = file or RegistryPolicy
        self._made: tuple[Any, RegistryPolicy] = ((), _NO_FILE)
        self._trusted: tuple[Any, Mapping[str, str]] = ((), {})

    def policy(self) -> RegistryPolicy:
        """Return where images may be asked for now."""
        file = self._file()
        entries = [entry for resource in self._settings.stored() for entry in resource.storage.list()]
        version = (file, tuple((entry.key, entry.revision) for entry in entries))
        if self._made[0] != version:
            self._made = (version, self._make(file))
        return self._made[1]

    def authorities(self) -> Mapping[str, str]:
        """Return the certificates (PEM) that are trusted for single hosts (`host` or `host:port`) now."""
        found = self._settings.images.storage.find("", CLUSTER)
        reference = found.value.spec.additional_trusted_ca if found is not None else None
        name = reference.name if reference is not None else ""
        entry = self._config_maps.find(CONFIG_NAMESPACE, name) if name else None
        version = (entry.key, entry.revision) if entry is not None else ()
        if self._trusted[0] != version:
            self._trusted = (version, _certificates(entry.value) if entry is not None else {})
        return self._trusted[1]

    def allowed(self) -> AllowedRegistries:
        """Return what may be imported from now."""
        if not self._allowed_by_cluster:
            return self._allowed[1]
        found = self._settings.images.storage.find("", CLUSTER)
        version = (found.revision,) if found is not None else ()
        if self._allowed[0] != version:
            locations = found.value.spec.allowed_registries_for_import if found is not None else None
            self._allowed = (version, AllowedRegistries.listed(locations or (), self._own_registry))
        return self._allowed[1]

    def import_mode(self) -> str:
        """Return the import mode of tags that name none."""
        found = self._settings.images.storage.find("", CLUSTER)
        return (found.value.spec.image_stream_import_mode if found is not None else "") or LEGACY

    def external_registry_host(self) -> str:
        """Return the name by which others reach our registry, empty when nobody has said: the first one counts."""
        found = self._settings.images.storage.find("", CLUSTER)
        if found is None:
            return ""
        status = found.value.status
        told = status.external_registry_hostnames if status is not None else None
        return next(iter([*(found.value.spec.external_registry_hostnames or []), *(told or [])]), "")

    def tell_of_external_host(self, changed: Callable[[], None]) -> None:
        """Call `changed` whenever others reach our registry by another name, before who changed it is answered."""
        last = self.external_registry_host()

        def compare() -> None:
            nonlocal last
            now = self.external_registry_host()
            if now != last:
                last = now
                changed()

        self._settings.images.storage.cache.observe(compare)

    def _make(self, file: RegistryPolicy) -> RegistryPolicy:
        found = self._settings.images.storage.find("", CLUSTER)
        sources = found.value.spec.registry_sources if found is not None else None
        return RegistryPolicy(
            insecure=tuple(sources.insecure_registries or ()) if sources is not None else (),
            blocked=tuple(sources.blocked_registries or ()) if sources is not None else (),
            mirrors=(*self._rules(), *file.mirrors),
            entries=file.entries,
        )

    def _rules(self) -> "list[MirrorRule]":
        rules = []
        for digest_set in self._settings.digest_mirrors.storage.list():
            for by_digest in digest_set.value.spec.image_digest_mirrors or []:
                policy = by_digest.mirror_source_policy
                rules.append(_rule(by_digest.source, by_digest.mirrors, Pulls.BY_DIGEST, policy))
        for older in self._settings.content_sources.storage.list():
            for one in older.value.spec.repository_digest_mirrors or []:
                rules.append(_rule(one.source, one.mirrors, Pulls.BY_DIGEST, ""))
        for tag_set in self._settings.tag_mirrors.storage.list():
            for by_tag in tag_set.value.spec.image_tag_mirrors or []:
                rules.append(_rule(by_tag.source, by_tag.mirrors, Pulls.BY_TAG, by_tag.mirror_source_policy))
        return rules


def _rule(source: str, mirrors: list[str] | None, pulls: Pulls, policy: str) -> MirrorRule:
    return MirrorRule(source, tuple(Mirror(one) for one in mirrors or []), pulls, policy != NEVER_CONTACT_SOURCE)


def _certificates(config_map: ConfigMap) -> dict[str, str]:
    found = {_host(key): text for key, text in (config_map.data or {}).items()}
    for key, encoded in (config_map.binary_data or {}).items():
        try:
            found[_host(key)] = b64decode(encoded).decode("ascii")
        except (binascii.Error, UnicodeDecodeError):
            continue
    return found


def _host(key: str) -> str:
    """Return the host that a key means: keys can't hold a colon, so two dots stand before the port."""
    return key.replace("..", ":").lower()
