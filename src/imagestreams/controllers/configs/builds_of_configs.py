"""Which builds a config has, kept so that the work on one config does not grow with the builds of the others."""

from imagestreams.api.build.types import Build
from imagestreams.resources.builds.build_names import config_labels, label_value
from imagestreams.resources.storage import ObjectStorage
from imagestreams.store.cache import Entry


class BuildsOfConfigs:
    """Knows the keys of builds by namespace and config; it is told of each build that is seen or gone."""

    def __init__(self, builds: ObjectStorage[Build]) -> None:
        self._builds = builds
        self._places: dict[str, frozenset[tuple[str, str]]] = {}
        self._at: dict[tuple[str, str], set[str]] = {}

    def seen(self, entry: Entry[Build]) -> None:
        """Note of which config a build is, by its labels."""
        namespace = entry.value.metadata.namespace
        places = frozenset((namespace, label) for label in config_labels(entry.value))
        if self._places.get(entry.key) == places:
            return
        self.gone(entry.key)
        if places:
            self._places[entry.key] = places
        for place in places:
            self._at.setdefault(place, set()).add(entry.key)

    def gone(self, key: str) -> None:
        """Forget a build."""
        for place in self._places.pop(key, ()):
            held = self._at[place]
            held.discard(key)
            if not held:
                del self._at[place]

    def of(self, namespace: str, config: str) -> list[Build]:
        """Return the builds of a config as they are now, in the order of their names."""
        keys = sorted(self._at.get((namespace, label_value(config)), ()))
        found = (self._builds.cache.get(key) for key in keys)
        return [entry.value for entry in found if entry is not None]
