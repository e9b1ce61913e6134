"""The build group: configs, builds, and what is asked of both."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from imagestreams.access.authorization import Authorizer
from imagestreams.api.build.types import Build, BuildConfig
from imagestreams.api.build.validation import is_over
from imagestreams.api.core import Secret, ServiceAccount
from imagestreams.api.image import ImageStream
from imagestreams.resources.builds.build_logs import BuildLogs
from imagestreams.resources.builds.buildconfigs import BuildConfigStrategy, build_config_storage
from imagestreams.resources.builds.builds import BuildDetails, BuildStrategy, build_storage
from imagestreams.resources.builds.image_sources import ImageSources
from imagestreams.resources.builds.log_requests import BuildLogRequests
from imagestreams.resources.builds.requests import BuildGenerator, Clone, Instantiate, InstantiateBinary
from imagestreams.resources.builds.uploads import Uploads
from imagestreams.resources.builds.webhooks.requests import WebHooks
from imagestreams.resources.core.group import SERVER
from imagestreams.resources.owning import OwningResource
from imagestreams.resources.resource import Resource
from imagestreams.resources.storage import ObjectStorage
from imagestreams.resources.stored import NamespaceGate, StoredResource
from imagestreams.resources.workloads.image_admission import ImageAdmission
from imagestreams.store.cache import ObservableStore


@dataclass(frozen=True, slots=True)
class BuildGroup:
    """The stored configs and builds, what makes builds, their logs, and all that is served."""

    configs: StoredResource[BuildConfig]
    builds: StoredResource[Build]
    generator: BuildGenerator
    sources: ImageSources
    logs: BuildLogs
    uploads: Uploads
    resources: list[Resource]

    async def start(self) -> None:
        """Load what is stored, and drop the logs of builds that are gone and the sources of those that are over."""
        await self.configs.storage.cache.start()
        await self.builds.storage.cache.start()
        builds = [entry.value for entry in self.builds.storage.list()]
        known = {build.metadata.uid for build in builds}
        for uid in self.logs.uids():
            if uid not in known:
                self.logs.remove(uid)
        self.uploads.keep_only({build.metadata.uid for build in builds if not is_over(build.status.phase)})

    def stop(self) -> None:
        """Follow the store no longer."""
        self.configs.storage.cache.stop()
        self.builds.storage.cache.stop()


def build_group(
    store: ObservableStore,
    *,
    streams: ObjectStorage[ImageStream],
    secrets: ObjectStorage[Secret],
    service_accounts: ObjectStorage[ServiceAccount],
    logs: BuildLogs,
    uploads: Uploads,
    authorizer: Authorizer,
    namespaces: NamespaceGate,
    clock: Callable[[], datetime],
    admit_images: ImageAdmission | None = None,
    clock_ns: Callable[[], int] = time.time_ns,
) -> BuildGroup:
    """Make the resources; the group has to be started before they are used."""
    configs = OwningResource(
        build_config_storage(store, clock), BuildConfigStrategy(authorizer, admit_images), namespaces
    )
    builds = StoredResource(
        build_storage(store, clock), BuildStrategy(logs, uploads, authorizer, admit_images), namespaces
    )
    sources = ImageSources(streams, secrets, service_accounts)
    generator = BuildGenerator(configs, builds, sources, clock_ns)
    resources: list[Resource] = [
        configs,
        Instantiate(generator),
        InstantiateBinary(generator, configs, uploads),
        WebHooks(configs.storage, secrets, generator, SERVER),
        builds,
        BuildDetails(builds.storage, namespaces),
        Clone(generator),
        BuildLogRequests(builds.storage, logs, clock),
    ]
    return BuildGroup(configs, builds, generator, sources, logs, uploads, resources)
