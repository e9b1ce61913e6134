"""The kinds of `batch/v1`."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from imagestreams.api.apps.status_validation import validate_cron_job_status, validate_job_status
from imagestreams.api.batch.defaulting import default_cron_job, default_job, generate_selector
from imagestreams.api.batch.types import CronJob, Job
from imagestreams.api.batch.validation import (
    validate_cron_job,
    validate_cron_job_update,
    validate_job,
    validate_job_update,
)
from imagestreams.resources.owning import ORPHAN
from imagestreams.resources.workloads import tables
from imagestreams.resources.workloads.kind import WorkloadKind, workload_info

GROUP: Final = "batch"


def job_kind(clock: Callable[[], datetime]) -> WorkloadKind[Job]:
    """Return the rules of jobs."""
    table = tables.job_table(clock)
    return WorkloadKind(
        workload_info(Job, GROUP, table, "mudhfqk/qZY=", fields=("status.successful",)),
        default_job,
        validate_job,
        validate_job_update,
        validate_job_status,
        settle=_select_own,
        default_propagation=ORPHAN,
        field_values=_successful,
    )


def cron_job_kind(clock: Callable[[], datetime]) -> WorkloadKind[CronJob]:
    """Return the rules of cron jobs."""
    table = tables.cron_job_table(clock)
    return WorkloadKind(
        workload_info(CronJob, GROUP, table, "sd5LIXh4Fjs=", short=("cj",)),
        default_cron_job,
        validate_cron_job,
        validate_cron_job_update,
        validate_cron_job_status,
    )


def _select_own(value: Job, old: Job | None) -> None:
    if old is None:
        generate_selector(value)


def _successful(value: Job) -> Mapping[str, str]:
    return {"status.successful": str(value.status.succeeded)}
