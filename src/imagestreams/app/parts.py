"""What the server is made of besides HTTP: the resources over one store, and the loops that keep them in order."""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from prometheus_client.registry import Collector

from imagestreams.access.authorization import Authorizer
from imagestreams.admission.endpoint import AdmissionEndpoint
from imagestreams.api.core import ObjectReference
from imagestreams.app.kept_silences import kept_silences
from imagestreams.app.metrics.imports import ImportCounts, RequestCounts
from imagestreams.app.metrics.notifications import NotificationCounts
from imagestreams.app.metrics.triggers import TriggerCounts
from imagestreams.app.notification_delivery import courier
from imagestreams.app.registry_access import registries_conf, registry_client, registry_keychains
from imagestreams.app.runner_loops import build_loop, rollout_loop, runs_jobs
from imagestreams.app.settings.settings import Settings
from imagestreams.app.trigger_loops import trigger_loops
from imagestreams.controllers.configs.build_configs import BuildConfigs
from imagestreams.controllers.configs.deployments_of_configs import ConfigRollouts
from imagestreams.controllers.cronjobs.loop import CronJobs
from imagestreams.controllers.events.expiry import EventExpiry
from imagestreams.controllers.events.import_events import Telling
from imagestreams.controllers.events.object_events import Tell
from imagestreams.controllers.events.recorder import EventRecorder
from imagestreams.controllers.imports.controller import ImportController
from imagestreams.controllers.imports.pending_imports import PendingImports
from imagestreams.controllers.imports.pushed import PushedImports
from imagestreams.controllers.imports.schedule import ScheduledImports
from imagestreams.controllers.namespaces import NamespaceController
from imagestreams.controllers.workloads.finished_jobs import FinishedJobs
from imagestreams.controllers.workloads.garbage_collection import GarbageCollector
from imagestreams.controllers.workloads.revisions import Revisions
from imagestreams.hooks.room import HookRoom, hook_room
from imagestreams.importing.importer import Importer, ImportSettings
from imagestreams.notifications.room import NotificationRoom, notification_room
from imagestreams.notifications.sources import build_source, rollout_sources, stream_source
from imagestreams.registries.client import RegistryClient
from imagestreams.registries.limits import Limits
from imagestreams.resources.builds.build_logs import BuildLogs
from imagestreams.resources.builds.group import BuildGroup, build_group
from imagestreams.resources.builds.uploads import Uploads
from imagestreams.resources.core.group import CoreGroup, core_group, ensure_namespaces
from imagestreams.resources.images.group import ImageGroup, image_group
from imagestreams.resources.images.image_lookup import ImageLookup
from imagestreams.resources.images.image_rules import ImageRules
from imagestreams.resources.images.imagestreamimports import ImageStreamImports
from imagestreams.resources.images.imagestreams import RegistryHosts
from imagestreams.resources.images.import_observer import Several
from imagestreams.resources.notifications.urls import UrlRules
from imagestreams.resources.openshift_apps.group import OpenShiftAppsGroup, openshift_apps_group
from imagestreams.resources.registries.registry_configuration import RegistryConfiguration
from imagestreams.resources.registries.registry_settings import SettingsGroup, ensure_settings, settings_group
from imagestreams.resources.resource import Resource
from imagestreams.resources.stored import StoredResource
from imagestreams.resources.workloads.group import WorkloadGroup, workload_group
from imagestreams.store.cache import ObservableStore
from imagestreams.store.compaction import Compaction, LoggedStore
from imagestreams.streams.platform import Platform

LOG: Final = logging.getLogger(__name__)


class Loop(Protocol):
    """Something that works in the background."""

    async def run(self) -> None:
        """Work until `stop` is called."""

    def stop(self) -> None:
        """Let `run` end."""


class CompactedStore(ObservableStore, LoggedStore, Protocol):
    """A store that caches can follow and whose log is ours to keep short."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Resources and loops over one store; `start` before, `stop` after they are used."""

    core: CoreGroup
    images: ImageGroup
    settings: SettingsGroup
    imports: ImageStreamImports
    workloads: WorkloadGroup
    openshift_apps: OpenShiftAppsGroup
    builds: BuildGroup
    hooks: HookRoom
    notifications: NotificationRoom
    admission: AdmissionEndpoint
    registries: RegistryClient
    loops: Sequence[Loop]
    programs: Sequence[Loop]
    """Those of the loops that run programs of this machine."""
    collectors: Sequence[Collector]
    clock: Callable[[], datetime]
    running: "list[asyncio.Task[None]]"

    @property
    def resources(self) -> list[Resource]:
        """All that is served."""
        return [
            *self.core.resources,
            *self.images.resources,
            *self.settings.resources,
            self.imports,
            *self.workloads.resources,
            *self.openshift_apps.resources,
            *self.builds.resources,
            self.hooks.resource,
            self.notifications.resource,
        ]

    async def start(self) -> None:
        """Load what is stored, make what is always there, and begin to work."""
        await self.core.start()
        await self.settings.start()
        await ensure_namespaces(self.core, self.clock())
        await ensure_settings(self.settings, self.core, self.clock())
        # Only now: a new server has a past, so that revision 1 is too old to be watched or listed, as elsewhere.
        await self.images.start()
        await self.workloads.start()
        await self.openshift_apps.start()
        await self.builds.start()
        await self.hooks.start()
        await self.notifications.start()
        self.running.extend(asyncio.create_task(_watched(loop)) for loop in self.loops)

    def end_programs(self) -> None:
        """Begin to end the programs that run: one that won't is waited for, while what is asked is still answered."""
        for loop in self.programs:
            loop.stop()

    async def stop(self) -> None:
        """Let go of everything; the store stays open."""
        for loop in self.loops:
            loop.stop()
        await asyncio.gather(*self.running)
        self.settings.stop()
        self.hooks.stop()
        self.notifications.stop()
        self.builds.stop()
        self.openshift_apps.stop()
        self.workloads.stop()
        self.images.stop()
        self.core.stop()
        await self.registries.close()


async def _watched(loop: Loop) -> None:
    """Run a loop; one that fails is told of, and does not take the others with it."""
    try:
        await loop.run()
    except Exception:
        LOG.exception("%s stopped working", type(loop).__name__)


def make_parts(
    store: CompactedStore,
    settings: Settings,
    *,
    registry_host: str,
    authorizer: Authorizer,
    platform: Platform,
    clock: Callable[[], datetime],
) -> Parts:
    """Make the parts; nothing is read or started yet."""
    core = core_group(store, authorizer=authorizer, clock=clock)
    secrets = core.secrets.storage
    image_settings = settings_group(store, clock)
    configuration = RegistryConfiguration(
        image_settings,
        core.config_maps.storage,
        registries_conf(settings.registries_conf_file),
        allowed=settings.allowed_registries_for_import,
        own_registry=registry_host,
    )
    rules = ImageRules(configuration.allowed, configuration.import_mode)
    images = image_group(
        store,
        secrets=secrets,
        hosts=RegistryHosts(registry_host, configuration.external_registry_host),
        authorizer=authorizer,
        namespaces=core.gate,
        clock=clock,
        rules=rules,
    )
    configuration.tell_of_external_host(images.streams.cache.serve_again)
    requests, counts = RequestCounts(), ImportCounts()
    limits = Limits(total_s=settings.registry_timeout_s)
    silences = kept_silences(settings.data_dir)
    registries = registry_client(
        settings.registry_ca_file, os.environ, configuration.authorities, requests, limits, silences
    )
    importer = Importer(registries, ImportSettings(settings.max_repository_tags, platform), policy=configuration.policy)
    recorder = EventRecorder(core.events.storage, core.gate, time.monotonic)
    told = Several(counts, recorder)
    keychains = registry_keychains(settings.registry_keychains, registries)
    imports = ImageStreamImports(
        importer, images.streams, images.images, secrets, core.gate, told, authorizer, rules, keychains
    )

    def now() -> str:
        return clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    lookup = ImageLookup(images.streams, images.images, core.namespaces.storage)
    admission = AdmissionEndpoint(lookup, secrets)
    builds = build_group(
        store,
        streams=images.streams,
        secrets=secrets,
        service_accounts=core.service_accounts.storage,
        logs=BuildLogs(settings.data_dir / "builds" / "logs", max_bytes=settings.build_log_max_bytes),
        uploads=Uploads(settings.data_dir / "builds" / "uploads", max_bytes=settings.build_upload_max_bytes),
        authorizer=authorizer,
        namespaces=core.gate,
        clock=clock,
        admit_images=lookup.admit,
    )
    workloads = workload_group(store, namespaces=core.gate, clock=clock, admit_images=lookup.admit)
    openshift_apps = openshift_apps_group(
        store,
        rollouts=workloads.replication_controllers.storage,
        streams=images.streams,
        authorizer=authorizer,
        namespaces=core.gate,
        admit_images=lookup.admit,
    )
    pending = PendingImports(store, images.streams.prefix())
    pushed = PushedImports(imports, images.streams, now, pending=pending)
    hooks = hook_room(
        store,
        secrets=secrets,
        streams=images.streams,
        import_now=pushed.import_now,
        noted=pushed.noted,
        authorizer=authorizer,
        namespaces=core.gate,
        clock=clock,
        public_url=settings.public_url,
    )
    url_rules = UrlRules(settings.notifications_allow_http, settings.notifications_forbid_private)
    notifications = notification_room(
        store,
        sources=[
            stream_source(images.streams),
            build_source(builds.builds.storage),
            *rollout_sources([one.storage for one in _rolled_out(workloads, openshift_apps)]),
        ],
        secrets=secrets,
        sender=courier(url_rules, settings.notifications_ca_file, os.environ),
        rules=url_rules,
        events=recorder,
        authorizer=authorizer,
        namespaces=core.gate,
        clock=clock,
    )
    controller = ImportController(imports, images.streams, now)
    schedule = ScheduledImports(imports, images.streams, clock, interval_s=settings.scheduled_import_interval_s)
    counts.watch(schedule, changes=controller, pushes=pushed)
    namespaced = [
        *core.resources,
        *images.resources,
        *workloads.resources,
        *openshift_apps.resources,
        *builds.resources,
        hooks.resource,
        notifications.resource,
    ]
    stored = _in_namespaces(namespaced)
    trigger_counts = TriggerCounts()
    triggers = trigger_loops(images.streams, namespaced, settings.targets, recorder, now, trigger_counts)
    rollouts = rollout_loop(
        store,
        settings,
        core,
        workloads,
        openshift_apps,
        policy=configuration.policy,
        tell=_telling(recorder),
        environment=os.environ,
        now=now,
    )
    running_builds = build_loop(
        settings,
        core,
        builds,
        images.streams,
        configuration=configuration,
        import_now=pushed.import_now,
        noted=pushed.noted,
        tell=_telling(recorder),
        environment=os.environ,
        clock=clock,
    )
    loops = (
        controller,
        pushed,
        *hooks.loops,
        *notifications.loops,
        schedule,
        triggers,
        NamespaceController(core, stored, clock),
        GarbageCollector(stored, now),
        Revisions(workloads, now, _telling(recorder)),
        rollouts,
        CronJobs(workloads, runs_jobs(settings), clock, _telling(recorder)),
        FinishedJobs(workloads.jobs, clock),
        ConfigRollouts(openshift_apps.configs.storage, workloads.replication_controllers, now, _telling(recorder)),
        running_builds,
        BuildConfigs(builds, now, _telling(recorder)),
        EventExpiry(core.events.storage, clock),
        Compaction(store, time.monotonic),
        recorder,
    )
    collectors = (requests, counts, trigger_counts, NotificationCounts(notifications.reports, notifications.outbox))
    rooms = (workloads, openshift_apps, builds, hooks, notifications, admission)
    programs = (rollouts, running_builds)
    return Parts(core, images, image_settings, imports, *rooms, registries, loops, programs, collectors, clock, [])


def _telling(recorder: EventRecorder) -> Tell:
    """Return what takes events from loops that tell of objects of many kinds."""

    def tell(about: ObjectReference, telling: Telling, now: str, component: str) -> None:
        recorder.tell_about(about, telling, now, component=component)

    return tell


def _in_namespaces(resources: list[Resource]) -> list[StoredResource[Any]]:
    """Return the resources whose objects go with their namespace."""
    stored = [resource for resource in resources if isinstance(resource, StoredResource)]
    return [resource for resource in stored if resource.info.namespaced and not resource.info.subresource]


def _rolled_out(workloads: WorkloadGroup, openshift_apps: OpenShiftAppsGroup) -> list[StoredResource[Any]]:
    """Return the workloads whose rollouts others are told of."""
    return [workloads.deployments, workloads.stateful_sets, workloads.daemon_sets, openshift_apps.configs]
