"""The types of `batch/v1`: programs that come to an end, once or by a timetable."""

import msgspec

from imagestreams.api.core import ObjectReference, Stored
from imagestreams.api.meta import LabelSelector
from imagestreams.api.pods import ObjectMeta, PodTemplateSpec
from imagestreams.api.wire import Wire, always


class PodFailurePolicyOnExitCodesRequirement(Wire):
    """Exit codes that a rule is about."""

    container_name: str | None = None
    operator: str = always("")
    values: list[int] | None = always()


class PodFailurePolicyOnPodConditionsPattern(Wire):
    """A condition of a pod that a rule is about."""

    type: str = always("")
    status: str = always("")


class PodFailurePolicyRule(Wire):
    """What follows from one kind of failure."""

    action: str = always("")
    on_exit_codes: PodFailurePolicyOnExitCodesRequirement | None = None
    on_pod_conditions: list[PodFailurePolicyOnPodConditionsPattern] | None = None


class PodFailurePolicy(Wire):
    """What follows from failures of pods; the first rule that fits counts."""

    rules: list[PodFailurePolicyRule] | None = always()


class SuccessPolicyRule(Wire):
    """Which indexes have to succeed."""

    succeeded_indexes: str | None = None
    succeeded_count: int | None = None


class SuccessPolicy(Wire):
    """When a job counts as done before all its indexes are."""

    rules: list[SuccessPolicyRule] | None = always()


class JobSpec(Wire):
    """What a job should run, and how often."""

    parallelism: int | None = None
    completions: int | None = None
    active_deadline_seconds: int | None = None
    pod_failure_policy: PodFailurePolicy | None = None
    success_policy: SuccessPolicy | None = None
    backoff_limit: int | None = None
    backoff_limit_per_index: int | None = None
    max_failed_indexes: int | None = None
    selector: LabelSelector | None = None
    manual_selector: bool | None = None
    template: PodTemplateSpec = msgspec.field(default_factory=PodTemplateSpec)
    ttl_seconds_after_finished: int | None = None
    completion_mode: str | None = None
    suspend: bool | None = None
    pod_replacement_policy: str | None = None
    managed_by: str | None = None


class JobCondition(Wire):
    """The state of one aspect of a job."""

    type: str = always("")
    status: str = always("")
    last_probe_time: str | None = always()
    last_transition_time: str | None = always()
    reason: str = ""
    message: str = ""


class UncountedTerminatedPods(Wire):
    """Pods that ended and are not counted yet, by their uid."""

    succeeded: list[str] | None = None
    failed: list[str] | None = None


class JobStatus(Wire):
    """How far a job is."""

    conditions: list[JobCondition] | None = None
    start_time: str | None = None
    completion_time: str | None = None
    active: int = 0
    succeeded: int = 0
    failed: int = 0
    terminating: int | None = None
    completed_indexes: str = ""
    failed_indexes: str | None = None
    uncounted_terminated_pods: UncountedTerminatedPods | None = None
    ready: int | None = None


class Job(Stored):
    """A program that runs until it has succeeded often enough."""

    spec: JobSpec = msgspec.field(default_factory=JobSpec)
    status: JobStatus = msgspec.field(default_factory=JobStatus)


class JobTemplateSpec(Wire):
    """The job that a timetable starts."""

    metadata: ObjectMeta = msgspec.field(default_factory=ObjectMeta)
    spec: JobSpec = msgspec.field(default_factory=JobSpec)


class CronJobSpec(Wire):
    """Which job is started when."""

    schedule: str = always("")
    time_zone: str | None = None
    starting_deadline_seconds: int | None = None
    concurrency_policy: str = ""
    suspend: bool | None = None
    job_template: JobTemplateSpec = msgspec.field(default_factory=JobTemplateSpec)
    successful_jobs_history_limit: int | None = None
    failed_jobs_history_limit: int | None = None


class CronJobStatus(Wire):
    """Which jobs of a timetable run, and when the last ones were started."""

    active: list[ObjectReference] | None = None
    last_schedule_time: str | None = None
    last_successful_time: str | None = None


class CronJob(Stored):
    """A job that is started by a timetable."""

    spec: CronJobSpec = msgspec.field(default_factory=CronJobSpec)
    status: CronJobStatus = msgspec.field(default_factory=CronJobStatus)
