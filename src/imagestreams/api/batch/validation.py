"""What is wrong with jobs and cron jobs, in Kubernetes' words."""

import re
from typing import Final

from imagestreams.api.batch.cron_schedule import ScheduleError, is_time_zone, read_schedule
from imagestreams.api.batch.defaulting import CONTROLLER_UID, JOB_NAME, OLD_CONTROLLER_UID, OLD_JOB_NAME
from imagestreams.api.batch.job_policy_validation import validate_pod_failure_policy, validate_success_policy
from imagestreams.api.batch.types import CronJob, Job, JobSpec
from imagestreams.api.codec import copy
from imagestreams.api.errors import FieldError
from imagestreams.api.field_rules import not_negative, unchanged
from imagestreams.api.metadata.label_selector_validation import validate_label_selector
from imagestreams.api.metadata.label_selectors import selects
from imagestreams.api.metadata.object_meta_validation import dns_label_problems
from imagestreams.api.pods import PodTemplateSpec
from imagestreams.api.pods.scheduling import Affinity
from imagestreams.api.pods.validation import validate_pod_template

INDEXED: Final = "Indexed"
_SPEC: Final = "spec"
_MODES: Final = ["NonIndexed", INDEXED]
_REPLACEMENTS: Final = ["Failed", "TerminatingOrFailed"]
_RESTARTS: Final = ("OnFailure", "Never")
_CONCURRENCY: Final = ["Allow", "Forbid", "Replace"]
_INDEXED_MOST: Final = 100_000
_MANY_COMPLETIONS: Final = 100_000
_MOST_WITH_MANY: Final = 10_000
_CRON_NAME_MAX: Final = 52
_MANAGER_MAX: Final = 63
_MANAGER: Final = re.compile(r"[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?/[-A-Za-z0-9_.~!$&'()*+,;=:@/%]+")
_ZONE_PART: Final = re.compile(r"[A-Za-z.\-_0-9+]{1,14}")


def validate_job(value: Job) -> list[FieldError]:
    """Return what is wrong with a new job."""
    spec, name = value.spec, value.metadata.name
    errors = _generated_selector(value) + _whole_spec(spec)
    if spec.completion_mode == INDEXED and spec.completions:
        last = f"{name}-{spec.completions - 1}"
        if dns_label_problems(last):
            detail = f"will not able to create pod with invalid DNS label: {last}"
            errors.append(FieldError.invalid("metadata.name", name, detail))
    return errors


def validate_job_update(value: Job, old: Job) -> list[FieldError]:
    """Return what is wrong with a new state of a job: little of it can be changed."""
    spec, before = value.spec, old.spec
    errors = _whole_spec(spec) + _completions(spec, before)
    errors += unchanged("spec.selector", spec.selector, before.selector)
    errors += unchanged("spec.template", spec.template, _template_to_keep(value, old))
    for field in ("completion_mode", "pod_failure_policy", "backoff_limit_per_index", "managed_by", "success_policy"):
        head, *rest = field.split("_")
        name = head + "".join(part.capitalize() for part in rest)
        errors += unchanged(f"{_SPEC}.{name}", getattr(spec, field), getattr(before, field))
    return errors


def validate_cron_job(value: CronJob) -> list[FieldError]:
    """Return what is wrong with a new cron job."""
    errors = _cron_spec(value, None)
    if len(value.metadata.name) > _CRON_NAME_MAX:
        detail = f"must be no more than {_CRON_NAME_MAX} characters"
        errors.append(FieldError.invalid("metadata.name", value.metadata.name, detail))
    return errors


def validate_cron_job_update(value: CronJob, old: CronJob) -> list[FieldError]:
    """Return what is wrong with a new state of a cron job."""
    return _cron_spec(value, old)


def _generated_selector(value: Job) -> list[FieldError]:
    spec, metadata = value.spec, value.metadata
    if spec.manual_selector or spec.selector is None:
        return []
    labels, field = spec.template.metadata.labels or {}, "spec.template.metadata.labels"
    wanted = {
        OLD_CONTROLLER_UID: metadata.uid,
        OLD_JOB_NAME: metadata.name,
        CONTROLLER_UID: metadata.uid,
        JOB_NAME: metadata.name,
    }
    errors = [
        FieldError.invalid(f"{field}[{key}]", labels[key], f"must be '{text}'")
        if key in labels
        else FieldError.required(f"{field}[{key}]", f"must be '{text}'")
        for key, text in wanted.items()
        if labels.get(key) != text
    ]
    if not selects(spec.selector, wanted):
        errors.append(FieldError.invalid("spec.selector", spec.selector, "`selector` not auto-generated"))
    return errors


def _whole_spec(spec: JobSpec) -> list[FieldError]:
    errors = _job_spec(spec, _SPEC)
    if spec.selector is None:
        return [*errors, FieldError.required("spec.selector")]
    errors += validate_label_selector(spec.selector, "spec.selector")
    labels = spec.template.metadata.labels
    if not selects(spec.selector, labels):
        detail = "`selector` does not match template `labels`"
        errors.append(FieldError.invalid("spec.template.metadata.labels", labels or {}, detail))
    return errors


def _job_spec(spec: JobSpec, path: str) -> list[FieldError]:
    errors = not_negative(
        [
            (f"{path}.parallelism", spec.parallelism),
            (f"{path}.completions", spec.completions),
            (f"{path}.activeDeadlineSeconds", spec.active_deadline_seconds),
            (f"{path}.backoffLimit", spec.backoff_limit),
            (f"{path}.ttlSecondsAfterFinished", spec.ttl_seconds_after_finished),
            (f"{path}.backoffLimitPerIndex", spec.backoff_limit_per_index),
            (f"{path}.maxFailedIndexes", spec.max_failed_indexes),
        ]
    )
    if spec.max_failed_indexes is not None and spec.backoff_limit_per_index is None:
        errors.append(FieldError.required(f"{path}.backoffLimitPerIndex", "when maxFailedIndexes is specified"))
    errors += _manager(spec.managed_by, f"{path}.managedBy")
    if spec.completion_mode is not None and spec.completion_mode not in _MODES:
        errors.append(FieldError.not_supported(f"{path}.completionMode", spec.completion_mode, _MODES))
    errors += _indexed(spec, path) if spec.completion_mode == INDEXED else _not_indexed(spec, path)
    if spec.pod_failure_policy is not None:
        errors += validate_pod_failure_policy(spec, f"{path}.podFailurePolicy")
    if spec.success_policy is not None:
        if spec.completion_mode == INDEXED:
            errors += validate_success_policy(spec, f"{path}.successPolicy")
        else:
            detail = "requires indexed completion mode"
            errors.append(FieldError.invalid(f"{path}.successPolicy", spec.success_policy, detail))
    replacements = _REPLACEMENTS if spec.pod_failure_policy is None else _REPLACEMENTS[:1]
    if spec.pod_replacement_policy is not None and spec.pod_replacement_policy not in replacements:
        field = f"{path}.podReplacementPolicy"
        errors.append(FieldError.not_supported(field, spec.pod_replacement_policy, replacements))
    errors += validate_pod_template(spec.template, f"{path}.template", restart_policies=_RESTARTS)
    if spec.pod_failure_policy is not None and spec.template.spec.restart_policy == _RESTARTS[0]:
        detail = 'only "Never" is supported when podFailurePolicy is specified'
        errors.append(FieldError.invalid(f"{path}.template.spec.restartPolicy", _RESTARTS[0], detail))
    return errors


def _manager(name: str | None, field: str) -> list[FieldError]:
    if name is None:
        return []
    errors = []
    if _MANAGER.fullmatch(name) is None:
        detail = 'must be a domain-prefixed path (such as "acme.io/foo")'
        errors.append(FieldError.invalid(field, name, detail) if name else FieldError.required(field))
    if len(name) > _MANAGER_MAX:
        errors.append(FieldError.too_long(field, _MANAGER_MAX))
    return errors


def _indexed(spec: JobSpec, path: str) -> list[FieldError]:
    errors = []
    completions, failing, parallelism = spec.completions, spec.max_failed_indexes, spec.parallelism or 0
    if completions is None:
        errors.append(FieldError.required(f"{path}.completions", f"when completion mode is {INDEXED}"))
    if parallelism > _INDEXED_MOST:
        detail = f"must be less than or equal to {_INDEXED_MOST} when completion mode is {INDEXED}"
        errors.append(FieldError.invalid(f"{path}.parallelism", parallelism, detail))
    field = f"{path}.maxFailedIndexes"
    if completions is not None and failing is not None and failing > completions:
        errors.append(FieldError.invalid(field, failing, "must be less than or equal to completions"))
    if failing is not None and failing > _INDEXED_MOST:
        errors.append(FieldError.invalid(field, failing, f"must be less than or equal to {_INDEXED_MOST}"))
    if (completions or 0) > _MANY_COMPLETIONS and spec.backoff_limit_per_index is not None:
        if failing is None:
            detail = f"must be specified when completions is above {_MANY_COMPLETIONS}"
            errors.append(FieldError.required(field, detail))
        detail = (
            f"must be less than or equal to {_MOST_WITH_MANY} when completions are above {_MANY_COMPLETIONS} and used "
            "with backoff limit per index"
        )
        for name, number in ((f"{path}.parallelism", parallelism), (field, failing or 0)):
            if number > _MOST_WITH_MANY:
                errors.append(FieldError.invalid(name, number, detail))
    return errors


def _not_indexed(spec: JobSpec, path: str) -> list[FieldError]:
    given = {"backoffLimitPerIndex": spec.backoff_limit_per_index, "maxFailedIndexes": spec.max_failed_indexes}
    return [
        FieldError.invalid(f"{path}.{name}", number, "requires indexed completion mode")
        for name, number in given.items()
        if number is not None
    ]


def _completions(spec: JobSpec, old: JobSpec) -> list[FieldError]:
    field = "spec.completions"
    if spec.completion_mode != INDEXED:
        return unchanged(field, spec.completions, old.completions)
    if spec.completions in (None, old.completions) or spec.completions == spec.parallelism:
        return []
    return [FieldError.invalid(field, spec.completions, "can only be modified in tandem with spec.parallelism")]


def _template_to_keep(value: Job, old: Job) -> PodTemplateSpec:
    """Return the template as it has to stay: where a job that never ran may run can still be changed."""
    before, template = old.spec.template, value.spec.template
    if not (old.spec.suspend and old.status.start_time is None):
        return before
    kept = copy(before)
    kept.metadata.labels, kept.metadata.annotations = template.metadata.labels, template.metadata.annotations
    kept.spec.node_selector, kept.spec.tolerations = template.spec.node_selector, template.spec.tolerations
    kept.spec.scheduling_gates = template.spec.scheduling_gates
    affinity = template.spec.affinity
    if affinity is not None:
        kept.spec.affinity = kept.spec.affinity or Affinity()
        kept.spec.affinity.node_affinity = affinity.node_affinity
    elif kept.spec.affinity is not None:
        kept.spec.affinity.node_affinity = None
        kept.spec.affinity = None if kept.spec.affinity == Affinity() else kept.spec.affinity
    return kept


def _cron_spec(value: CronJob, old: CronJob | None) -> list[FieldError]:
    spec = value.spec
    errors = _schedule(value, old) if spec.schedule else [FieldError.required("spec.schedule")]
    errors += not_negative([("spec.startingDeadlineSeconds", spec.starting_deadline_seconds)])
    if spec.time_zone is not None and (old is None or old.spec.time_zone != spec.time_zone):
        errors += _time_zone(spec.time_zone, "spec.timeZone")
    if spec.concurrency_policy not in _CONCURRENCY:
        errors.append(FieldError.not_supported("spec.concurrencyPolicy", spec.concurrency_policy, _CONCURRENCY))
    job, path = spec.job_template.spec, "spec.jobTemplate.spec"
    errors += _job_spec(job, path)
    if job.selector is not None:
        errors.append(FieldError.invalid(f"{path}.selector", job.selector, "`selector` will be auto-generated"))
    if job.manual_selector:
        errors.append(FieldError.not_supported(f"{path}.manualSelector", True, ["nil", "false"]))
    return errors + not_negative(
        [
            ("spec.successfulJobsHistoryLimit", spec.successful_jobs_history_limit),
            ("spec.failedJobsHistoryLimit", spec.failed_jobs_history_limit),
        ]
    )


def _schedule(value: CronJob, old: CronJob | None) -> list[FieldError]:
    spec, errors = value.spec, []
    try:
        read_schedule(spec.schedule)
    except ScheduleError as error:
        errors.append(FieldError.invalid("spec.schedule", spec.schedule, str(error)))
    if "TZ" in spec.schedule:
        if old is None or "TZ" not in old.spec.schedule:
            detail = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
            errors.append(FieldError.invalid("spec.schedule", spec.schedule, detail))
        elif spec.time_zone is not None:
            detail = "cannot use both timeZone field and TZ or CRON_TZ in schedule"
            errors.append(FieldError.invalid("spec.schedule", spec.schedule, detail))
    return errors


def _time_zone(name: str, field: str) -> list[FieldError]:
    if not name:
        return [FieldError.invalid(field, name, "timeZone must be nil or non-empty string")]
    unknown = FieldError.invalid(field, name, f"unknown time zone {name}")
    for part in name.split("/"):
        if part in (".", "..") or part.startswith("-") or _ZONE_PART.fullmatch(part) is None:
            return [unknown]
    if name.lower() == "local":
        detail = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"
        return [FieldError.invalid(field, name, detail)]
    return [] if is_time_zone(name) else [unknown]
