"""Makes the first build of a new build config that asks for it, and forgets builds that are more than it keeps.

The source that was uploaded for a build goes when the build is over.

Level-driven: a config without builds whose trigger says `ConfigChange` gets its first one, and finished builds are
counted whenever one of them or their config changes. A build that can't be made is told in an event; it is tried again
where that may help.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from imagestreams.api.build.defaulting import CONFIG_CHANGE
from imagestreams.api.build.types import Build, BuildConfig, BuildRequest, BuildTriggerCause
from imagestreams.api.build.validation import is_over
from imagestreams.api.errors import ApiError
from imagestreams.api.meta import ObjectMeta
from imagestreams.controllers.configs.builds_of_configs import BuildsOfConfigs
from imagestreams.controllers.events.import_events import WARNING, Telling
from imagestreams.controllers.events.object_events import Tell, reference_to
from imagestreams.controllers.queue import Backoff, RetryLater, WorkQueue
from imagestreams.controllers.watching import follow, run_fed
from imagestreams.resources.builds.build_names import config_of
from imagestreams.resources.builds.generation import CONFIG_CHANGE as BECAUSE_OF_CONFIG
from imagestreams.resources.builds.group import BuildGroup
from imagestreams.resources.builds.run_policy import superfluous_builds
from imagestreams.resources.builds.uploads import UploadError
from imagestreams.resources.core.group import SERVER
from imagestreams.resources.resource import DeleteOptions, RequestContext
from imagestreams.store.cache import Entry

COMPONENT: Final = "buildconfig-controller"
_BACKOFF: Final = Backoff(first_s=1, longest_s=300)
_HOPELESS: Final = frozenset({400, 403, 404})
_log: Final = logging.getLogger(__name__)


class BuildConfigs:
    """Works on all build configs; `now` is the time as it is written."""

    def __init__(self, builds: BuildGroup, now: Callable[[], str], tell: Tell) -> None:
        self._group = builds
        self._configs = builds.configs.storage
        self._builds = builds.builds.storage
        self._now = now
        self._tell = tell
        self._of = BuildsOfConfigs(self._builds)
        self._queue = WorkQueue(self._work, backoff=_BACKOFF)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left to do."""
        return self._queue.is_idle

    async def run(self) -> None:
        """Work until `stop` is called."""
        # What was built is known before its configs are looked at.
        builds = follow(self._builds, self._seen, self._gone)
        configs = follow(self._configs, lambda entry: self._queue.add(entry.key), lambda key: None)
        await run_fed(self._queue, [builds, configs])

    def stop(self) -> None:
        """Let `run` end."""
        self._queue.stop()

    def _seen(self, entry: Entry[Build]) -> None:
        build = entry.value
        self._of.seen(entry)
        if not is_over(build.status.phase):
            return
        try:
            self._group.uploads.remove(build.metadata.uid)
        except (OSError, UploadError) as error:
            # It is looked for again at the next start.
            _log.warning("the source of build %s can't be removed: %s", build.metadata.name, error)
        if name := config_of(build):
            self._queue.add(self._configs.key(build.metadata.namespace, name))

    def _gone(self, key: str) -> None:
        self._of.gone(key)

    async def _work(self, key: str) -> None:
        entry = self._configs.cache.get(key)
        if entry is None or entry.value.metadata.deletion_timestamp:
            return
        await self._prune(entry.value)
        if not entry.value.status.last_version and _builds_at_first(entry.value):
            await self._build(entry.value)

    async def _prune(self, config: BuildConfig) -> None:
        metadata, spec = config.metadata, config.spec
        builds = self._of.of(metadata.namespace, metadata.name)
        limits = spec.successful_builds_history_limit, spec.failed_builds_history_limit
        for build in superfluous_builds(builds, *limits):
            context = replace(self._context(metadata.namespace), name=build.metadata.name)
            try:
                await self._group.builds.delete(context, DeleteOptions(uid=build.metadata.uid))
            except ApiError as error:
                if error.status.code not in (404, 409):
                    raise

    async def _build(self, config: BuildConfig) -> None:
        metadata = config.metadata
        request = BuildRequest(
            metadata=ObjectMeta(name=metadata.name, namespace=metadata.namespace),
            last_version=0,
            triggered_by=[BuildTriggerCause(message=BECAUSE_OF_CONFIG)],
        )
        try:
            await self._group.generator.instantiate(self._context(metadata.namespace), request)
        except ApiError as error:
            if "does not match the build request LastVersion(0)" in error.status.message:
                # A tag that the config follows was quicker.
                return
            hopeless = error.status.code in _HOPELESS
            failed = "gave up on Build for" if hopeless else "error instantiating Build from"
            where = f"BuildConfig {metadata.namespace}/{metadata.name} (0)"
            why = f"due to fatal error: {error}" if hopeless else str(error)
            told = f"{failed} {where} {why}" if hopeless else f"{failed} {where}: {why}"
            self._say(config, told)
            if not hopeless:
                raise RetryLater(str(error)) from error

    def _context(self, namespace: str) -> RequestContext:
        return RequestContext(SERVER, self._now(), namespace)

    def _say(self, config: BuildConfig, message: str) -> None:
        telling = Telling(WARNING, "BuildConfigInstantiateFailed", message)
        self._tell(reference_to(config), telling, self._now(), COMPONENT)


def _builds_at_first(config: BuildConfig) -> bool:
    return any(trigger.type == CONFIG_CHANGE for trigger in config.spec.triggers or [])
