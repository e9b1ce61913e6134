"""The values that the server fills in where a job or a cron job leaves a field empty.

Pure: each function changes the object that it is given.
"""

from typing import Final

from imagestreams.api.batch.types import CronJob, Job
from imagestreams.api.meta import LabelSelector
from imagestreams.api.pods.defaulting import default_pod_template

CONTROLLER_UID: Final = "batch.kubernetes.io/controller-uid"
JOB_NAME: Final = "batch.kubernetes.io/job-name"
OLD_CONTROLLER_UID: Final = "controller-uid"
OLD_JOB_NAME: Final = "job-name"
NON_INDEXED: Final = "NonIndexed"
_BACKOFF_LIMIT: Final = 6
_BOUNDLESS: Final = (1 << 31) - 1


def default_job(value: Job) -> None:
    """Fill in a job."""
    spec = value.spec
    if spec.completions is None and spec.parallelism is None:
        spec.completions = 1
    spec.parallelism = 1 if spec.parallelism is None else spec.parallelism
    if spec.backoff_limit is None:
        spec.backoff_limit = _BACKOFF_LIMIT if spec.backoff_limit_per_index is None else _BOUNDLESS
    spec.completion_mode = spec.completion_mode or NON_INDEXED
    spec.suspend = bool(spec.suspend)
    spec.manual_selector = bool(spec.manual_selector)
    if spec.pod_failure_policy is not None:
        for rule in spec.pod_failure_policy.rules or []:
            for pattern in rule.on_pod_conditions or []:
                pattern.status = pattern.status or "True"
    if spec.pod_replacement_policy is None:
        spec.pod_replacement_policy = "TerminatingOrFailed" if spec.pod_failure_policy is None else "Failed"
    default_pod_template(spec.template)


def generate_selector(value: Job) -> None:
    """Let a job select its own pods by its uid, unless it has a selector made by hand."""
    spec, metadata = value.spec, value.metadata
    if not spec.manual_selector:
        labels = spec.template.metadata.labels = dict(spec.template.metadata.labels or {})
        # What somebody put there is left for the validation to find.
        for name, own in ((OLD_JOB_NAME, metadata.name), (JOB_NAME, metadata.name)):
            labels.setdefault(name, own)
        for name in (OLD_CONTROLLER_UID, CONTROLLER_UID):
            labels.setdefault(name, metadata.uid)
        spec.template.metadata.labels = dict(sorted(labels.items()))
        spec.selector = spec.selector or LabelSelector()
        spec.selector.match_labels = {CONTROLLER_UID: metadata.uid, **(spec.selector.match_labels or {})}
    if not metadata.labels and spec.template.metadata.labels:
        metadata.labels = dict(spec.template.metadata.labels)


def default_cron_job(value: CronJob) -> None:
    """Fill in a cron job; the job in it is filled in when it is started."""
    spec = value.spec
    spec.concurrency_policy = spec.concurrency_policy or "Allow"
    spec.suspend = bool(spec.suspend)
    if spec.successful_jobs_history_limit is None:
        spec.successful_jobs_history_limit = 3
    if spec.failed_jobs_history_limit is None:
        spec.failed_jobs_history_limit = 1
    default_pod_template(spec.job_template.spec.template)
