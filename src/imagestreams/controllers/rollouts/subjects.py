"""What is to run of a stored workload, whatever its kind. Pure."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from imagestreams.api.apps.types import DaemonSet, Deployment, ReplicaSet, ReplicationController, StatefulSet
from imagestreams.api.batch.types import Job
from imagestreams.api.codec import encode, to_dict
from imagestreams.api.core import Stored
from imagestreams.api.pods import ObjectMeta as PodMeta
from imagestreams.api.pods import Pod, PodTemplateSpec
from imagestreams.runners.runner import JOB, POD, Workload

_NODES: Final = 1
"""A daemon set runs once a node, and this machine is the only one."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is to run.

    `deadline_s` is how long it may take to come up, or a job to end; `waits` that it must not be begun now. `change` is
    what tells changes apart where the generation does not.
    """

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str
    generation: int
    replicas: int
    template: PodTemplateSpec
    labels: Mapping[str, str] = field(default_factory=dict)
    claims: Sequence[str] = ()
    waits: bool = False
    deadline_s: int | None = None
    change: str = ""

    def change_id(self, changes: int) -> str:
        """Return the id of the change that leads to what is wanted now; `changes` counts those of the workload."""
        # What comes back is another change, and of some kinds no generation says so.
        return f"{self.uid}-{self.change}-{changes}" if self.change else f"{self.uid}-{self.generation}"

    @property
    def fingerprint(self) -> str:
        """The same for what would run in the same way."""
        wanted = encode([self.template, self.replicas, list(self.claims)])
        return hashlib.sha256(wanted).hexdigest()

    @property
    def template_fingerprint(self) -> str:
        """The same for pods that would run in the same way."""
        return hashlib.sha256(encode([self.template, list(self.claims)])).hexdigest()

    @property
    def ends(self) -> bool:
        """Whether it is to end by itself."""
        return self.kind == JOB or (self.kind == POD and self.template.spec.restart_policy != "Always")

    @property
    def missing(self) -> str:
        """What is missing before it can run: an image that a tag has still to give, empty if nothing is."""
        spec = self.template.spec
        for container in [*(spec.init_containers or []), *(spec.containers or [])]:
            if not container.image.strip():
                return f'container "{container.name}" has no image yet'
        return ""

    @property
    def is_held(self) -> bool:
        """Whether it must not be handed out now."""
        return self.waits or bool(self.missing)

    def workload(self, change_id: str, **sent: Any) -> Workload:
        """Return it as runners take it; `sent` is what goes along."""
        return Workload(
            self.api_version,
            self.kind,
            self.namespace,
            self.name,
            self.uid,
            self.replicas,
            to_dict(self.template),
            self.generation,
            change_id,
            tuple(self.claims),
            **sent,
        )


def subject_of(value: Stored) -> Subject | None:
    """Return what is to run of a workload; `None` for what has no pods of its own."""
    if isinstance(value, Deployment):
        spec = value.spec
        deadline_s = spec.progress_deadline_seconds
        return _subject(value, spec.replicas, spec.template, waits=spec.paused, deadline_s=deadline_s)
    if isinstance(value, StatefulSet):
        claims = [claim.metadata.name for claim in value.spec.volume_claim_templates or []]
        return _subject(value, value.spec.replicas, value.spec.template, claims=claims)
    if isinstance(value, DaemonSet):
        return _subject(value, _NODES, value.spec.template)
    if isinstance(value, ReplicaSet):
        return _subject(value, value.spec.replicas, value.spec.template)
    if isinstance(value, ReplicationController) and value.spec.template is not None:
        return _subject(value, value.spec.replicas, value.spec.template)
    if isinstance(value, Pod):
        metadata = PodMeta(labels=value.metadata.labels, annotations=value.metadata.annotations)
        subject = _subject(value, 1, PodTemplateSpec(metadata=metadata, spec=value.spec))
        # What changes of a pod is its images, and that raises no generation.
        return replace(subject, change=subject.fingerprint[:12])
    if isinstance(value, Job):
        deadline_s = value.spec.active_deadline_seconds
        return _subject(
            value, pods_of(value), value.spec.template, waits=bool(value.spec.suspend), deadline_s=deadline_s
        )
    return None


def pods_of(job: Job) -> int:
    """Return how many pods of a job have to succeed; all of them are begun at once."""
    if job.spec.completions is not None:
        return job.spec.completions
    return job.spec.parallelism if job.spec.parallelism is not None else 1


def _subject(
    value: Stored,
    replicas: int | None,
    template: PodTemplateSpec,
    *,
    claims: Sequence[str] = (),
    waits: bool = False,
    deadline_s: int | None = None,
) -> Subject:
    metadata = value.metadata
    return Subject(
        value.api_version,
        value.kind,
        metadata.namespace,
        metadata.name,
        metadata.uid,
        metadata.generation,
        1 if replicas is None else replicas,
        template,
        metadata.labels or {},
        claims,
        waits,
        deadline_s,
    )
