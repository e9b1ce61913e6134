"""The loops that let programs of this machine carry out what stored objects ask for, as the settings say."""

from collections.abc import Callable, Mapping
from typing import Final

from imagestreams.app.settings.settings import Settings
from imagestreams.controllers.rollouts.attachments import Attachments
from imagestreams.controllers.rollouts.handouts import ChosenRunner
from imagestreams.controllers.rollouts.loop import Rollouts
from imagestreams.controllers.rollouts.records import rollout_storage
from imagestreams.registries.policy import RegistryPolicy
from imagestreams.resources.core.group import CoreGroup
from imagestreams.resources.openshift_apps.group import OpenShiftAppsGroup
from imagestreams.resources.workloads.group import WorkloadGroup
from imagestreams.runners.engine import base_environment
from imagestreams.runners.execute import ExecRunner
from imagestreams.runners.leftovers import Leftovers
from imagestreams.runners.podman import PodmanRunner
from imagestreams.runners.runner import Runner
from imagestreams.runners.settings import PODMAN, RunnerSettings
from imagestreams.store.cache import ObservableStore

_OLDEST: Final = "default"


def rollout_loop(
    store: ObservableStore,
    settings: Settings,
    core: CoreGroup,
    workloads: WorkloadGroup,
    openshift_apps: OpenShiftAppsGroup,
    *,
    policy: Callable[[], RegistryPolicy],
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
        now,
    )


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
