"""What goes to a runner along with a workload: the config maps and secrets it names, logins and registry settings."""

from collections.abc import Callable, Mapping
from typing import Any

from imagestreams.api.codec import to_dict
from imagestreams.api.core import ConfigMap, Secret
from imagestreams.controllers.engine_access import auth_file, insecure_hosts
from imagestreams.controllers.rollouts.subjects import Subject
from imagestreams.registries.credentials import Keyring
from imagestreams.registries.policy import RegistryPolicy
from imagestreams.resources.storage import ObjectStorage
from imagestreams.runners.pod_documents import references
from imagestreams.runners.runner import Runner, Workload


class Attachments:
    """Looks up what a workload refers to; what is missing is left to the runner to complain of."""

    def __init__(
        self,
        config_maps: ObjectStorage[ConfigMap],
        secrets: ObjectStorage[Secret],
        policy: Callable[[], RegistryPolicy],
    ) -> None:
        self._config_maps = config_maps
        self._secrets = secrets
        self._policy = policy

    def workload(self, subject: Subject, change_id: str, runner: Runner) -> Workload:
        """Return a workload as a runner takes it."""
        bare = subject.workload(change_id)
        if not runner.needs_objects:
            return bare
        images = list(bare.images.values())
        return subject.workload(
            change_id,
            config_maps=self._documents(self._config_maps, subject, bare.template, "configMap"),
            secrets=self._documents(self._secrets, subject, bare.template, "secret"),
            logins=auth_file(self._keyring(subject), images),
            insecure=insecure_hosts(self._policy(), images),
        )

    def _keyring(self, subject: Subject) -> Keyring:
        named = [one.name for one in subject.template.spec.image_pull_secrets or []]
        entries = (self._secrets.find(subject.namespace, name) for name in named)
        return Keyring.from_secrets(entry.value for entry in entries if entry is not None)

    def _documents(
        self, storage: ObjectStorage[Any], subject: Subject, template: Mapping[str, Any], kind: str
    ) -> list[dict[str, Any]]:
        entries = (storage.find(subject.namespace, name) for name in sorted(references(template, kind)))
        return [to_dict(entry.value) for entry in entries if entry is not None]
