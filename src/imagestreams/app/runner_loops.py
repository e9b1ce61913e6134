"""The loops that let programs of this machine carry out what stored objects ask for, as the settings say."""

import hashlib
import os
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from imagestreams.api.image import ImageStream
from imagestreams.app.settings.settings import Settings
from imagestreams.controllers.builds.loop import Builds
from imagestreams.controllers.builds.plans import BuildPlans
from imagestreams.controllers.cronjobs.loop import RunsJobs
from imagestreams.controllers.events.object_events import Tell
from imagestreams.controllers.rollouts.attachments import Attachments
from imagestreams.controllers.rollouts.handouts import ChosenRunner
from imagestreams.controllers.rollouts.loop import Rollouts
from imagestreams.controllers.rollouts.records import rollout_storage
from imagestreams.hooks.following import following_tags
from imagestreams.hooks.notification import Push
from imagestreams.reference import parse
from imagestreams.registries.policy import RegistryPolicy
from imagestreams.resources.builds.group import BuildGroup
from imagestreams.resources.core.group import CoreGroup
from imagestreams.resources.openshift_apps.group import OpenShiftAppsGroup
from imagestreams.resources.registries.registry_configuration import RegistryConfiguration
from imagestreams.resources.storage import ObjectStorage
from imagestreams.resources.workloads.group import WorkloadGroup
from imagestreams.runners.builds.images import Engine
from imagestreams.runners.builds.pipeline import Builder
from imagestreams.runners.engine import base_environment
from imagestreams.runners.exec_runner import ExecRunner
from imagestreams.runners.leftovers import Leftovers
from imagestreams.runners.podman import PodmanRunner
from imagestreams.runners.runner import JOB, Runner
from imagestreams.runners.settings import PODMAN, BuilderSettings, RunnerSettings
from imagestreams.store.cache import ObservableStore

_OLDEST: Final = "default"
_RUN_PATH_MAX: Final = 50


def rollout_loop(
    store: ObservableStore,
    settings: Settings,
    core: CoreGroup,
    workloads: WorkloadGroup,
    openshift_apps: OpenShiftAppsGroup,
    *,
    policy: Callable[[], RegistryPolicy],
    tell: Tell,
    environment: Mapping[str, str],
    now: Callable[[], str],
) -> Rollouts:
    """Return the loop that runs workloads."""
    passed = base_environment(environment)
    leftovers = Leftovers(settings.data_dir / "runners")

    def runners() -> list[ChosenRunner]:
        # What a killed server was about is done again, so it must not go on by itself.
        leftovers.end()
        server = _server_id(core)
        return [ChosenRunner(one, _runner(one, server, passed, leftovers)) for one in settings.runners]

    return Rollouts(
        workloads,
        openshift_apps.configs.storage,
        rollout_storage(store),
        Attachments(core.config_maps.storage, core.secrets.storage, policy),
        runners,
        tell,
        now,
    )


def runs_jobs(settings: Settings) -> RunsJobs:
    """Return what says whether a runner takes a job; without one nothing is started by timetables."""

    def taken(namespace: str, labels: Mapping[str, str]) -> bool:
        return any(runner.takes(JOB, namespace, labels) for runner in settings.runners)

    return taken


def build_loop(
    settings: Settings,
    core: CoreGroup,
    builds: BuildGroup,
    streams: ObjectStorage[ImageStream],
    *,
    configuration: RegistryConfiguration,
    import_now: Callable[[str, Collection[str]], None],
    noted: Callable[[], Awaitable[None]],
    tell: Tell,
    environment: Mapping[str, str],
    clock: Callable[[], datetime],
) -> Builds:
    """Return the loop that runs builds; what one pushed is imported at once by all tags that follow it."""
    chosen = settings.builder
    certificate = settings.registry_ca_file.read_text() if settings.registry_ca_file is not None else ""
    plans = BuildPlans(
        builds.sources,
        core.secrets.storage,
        core.config_maps.storage,
        configuration.policy,
        configuration.authorities,
        certificate,
        chosen.timeout_s if chosen is not None else 0,
    )

    async def pushed(pull_spec: str, digest: str) -> None:
        reference = parse(pull_spec).docker_client_defaults()
        push = Push(reference.repository, reference.tag, digest)
        for entry in list(streams.list()):
            if tags := following_tags(entry.value, [reference.registry], [push]):
                import_now(entry.key, tags)
        await noted()

    builder = _builder(chosen, settings.data_dir / "builds", environment) if chosen is not None else None
    concurrent = chosen.concurrent if chosen is not None else 1
    return Builds(builds, plans, builder, pushed, tell, clock, concurrent=concurrent)


def _builder(settings: BuilderSettings, directory: Path, environment: Mapping[str, str]) -> Builder:
    passed = base_environment(environment)
    engine = Engine(
        settings.command,
        passed,
        settings.storage_dir or directory / "storage",
        _run_directory(directory),
        settings.type,
        settings.isolation,
        settings.storage_driver,
    )
    return Builder(engine, directory / "work", Leftovers(directory / "running"), passed, settings.directories)


def _run_directory(directory: Path) -> Path:
    """Return where an engine keeps what need not survive a restart of the machine; podman wants a short path."""
    own = directory / "run"
    if len(str(own)) <= _RUN_PATH_MAX:
        return own
    name = hashlib.sha256(str(directory).encode()).hexdigest()[:8]
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or "/run")
    short = runtime / f"imagestreams-{name}"
    return short if os.access(runtime, os.W_OK) and len(str(short)) <= _RUN_PATH_MAX else own


def _runner(settings: RunnerSettings, server: str, environment: Mapping[str, str], leftovers: Leftovers) -> Runner:
    if settings.type == PODMAN:
        return PodmanRunner(
            settings.name,
            server,
            environment,
            settings.command,
            settings.timeout_s,
            settings.privileged,
            leftovers,
        )
    return ExecRunner(settings.name, settings.command, environment, settings.timeout_s, leftovers)


def _server_id(core: CoreGroup) -> str:
    """Return what tells this server's pods from those of another on the same machine."""
    return core.namespaces.storage.get("", _OLDEST).value.metadata.uid
