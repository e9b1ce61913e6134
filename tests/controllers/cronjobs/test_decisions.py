"""What is to be done with a cron job at a moment."""

from datetime import UTC, datetime
from typing import Any

import pytest

from imagestreams.api.batch.types import CronJob, Job
from imagestreams.api.codec import from_dict, to_dict
from imagestreams.controllers.cronjobs.decisions import decide, job_name, job_of, started, superfluous

CREATED = "2026-11-25T03:01:00Z"


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-25T{text}").replace(tzinfo=UTC)


def cron_job(status: dict[str, Any] | None = None, **spec: Any) -> CronJob:
    document = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "c", "namespace": "ns", "uid": "c1", "creationTimestamp": CREATED},
        "spec": {
            "schedule": "*/10 * * * *",
            "concurrencyPolicy": "Allow",
            "jobTemplate": {
                "metadata": {"labels": {"a": "b"}, "annotations": {"x": "y"}},
                "spec": {"template": {"spec": {"containers": [{"name": "c", "image": "busybox"}]}}},
            },
            **spec,
        },
        "status": status or {},
    }
    return from_dict(document, CronJob)


def job(number: int, outcome: str = "", ended: str | None = None) -> Job:
    conditions = [{"type": outcome, "status": "True"}] if outcome else []
    return from_dict(
        {
            "metadata": {"name": f"j{number}", "namespace": "ns", "uid": f"u{number}"},
            "status": {
                "conditions": conditions,
                "completionTime": ended,
                "startTime": f"2026-11-25T02:{number:02}:00Z",
            },
        },
        Job,
    )


def active(*numbers: int) -> dict[str, Any]:
    return {"active": [{"kind": "Job", "name": f"j{number}", "uid": f"u{number}"} for number in numbers]}


@pytest.mark.parametrize(
    ("last", "due"), [("9999-12-31T23:59:59Z", None), ("0002-01-01T00:00:00Z", datetime(2024, 2, 29, 5, tzinfo=UTC))]
)
def test_a_status_may_name_any_moment_as_the_last(last: str, due: datetime | None) -> None:
    leap = cron_job({"lastScheduleTime": last}, schedule="0 0 29 2 *", timeZone="America/New_York")

    assert decide(leap, [], at("03:05:00")).due == due


def test_nothing_is_due_before_the_first_time() -> None:
    decision = decide(cron_job(), [], at("03:05:00"))

    assert (decision.due, decision.next_s) == (None, 300.0)


def test_a_job_is_due_at_its_time_and_once() -> None:
    first = decide(cron_job(), [], at("03:10:00"))
    assert (first.due, first.next_s) == (at("03:10:00"), 600.0)

    again = decide(cron_job({"lastScheduleTime": "2026-11-25T03:10:00Z"}), [], at("03:10:30"))

    assert again.due is None


def test_of_several_missed_times_only_the_last_counts() -> None:
    decision = decide(cron_job(), [], at("09:09:00"))

    assert decision.due == at("09:00:00")


def test_what_is_longer_ago_than_the_deadline_is_not_made_up_for() -> None:
    assert decide(cron_job(startingDeadlineSeconds=60), [], at("03:12:00")).due is None
    assert decide(cron_job(startingDeadlineSeconds=180), [], at("03:12:00")).due == at("03:10:00")
    assert decide(cron_job(startingDeadlineSeconds=2**63 - 1), [], at("03:12:00")).due == at("03:10:00")


def test_a_suspended_or_deleted_cron_job_starts_nothing() -> None:
    deleted = cron_job()
    deleted.metadata.deletion_timestamp = CREATED

    for value in (cron_job(suspend=True), deleted):
        decision = decide(value, [], at("03:10:00"))
        assert (decision.due, decision.next_s) == (None, None)


def test_the_timetable_is_that_of_its_time_zone() -> None:
    value = cron_job(schedule="0 4 * * *", timeZone="Europe/Berlin")

    decision = decide(value, [], at("03:02:00"))

    assert decision.due is None
    assert decision.next_s == 23 * 3600 + 58 * 60


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"schedule": "nonsense"}, "UnparseableSchedule"),
        ({"timeZone": "Middle/Earth"}, "UnknownTimeZone"),
    ],
)
def test_what_can_not_be_read_is_told(spec: dict[str, Any], reason: str) -> None:
    decision = decide(cron_job(**spec), [], at("03:10:00"))

    assert decision.due is None
    assert [telling.reason for telling in decision.told] == [reason]


@pytest.mark.parametrize(
    ("policy", "is_due", "replaced", "reasons"),
    [
        ("Allow", True, [], []),
        ("Forbid", False, [], ["JobAlreadyActive"]),
        ("Replace", True, ["j1"], []),
    ],
)
def test_a_job_that_still_runs(policy: str, is_due: bool, replaced: list[str], reasons: list[str]) -> None:
    decision = decide(cron_job(active(1), concurrencyPolicy=policy), [job(1)], at("03:10:00"))

    assert (decision.due is not None) == is_due
    assert [each.name for each in decision.replaced] == replaced
    assert [telling.reason for telling in decision.told] == reasons


def test_a_job_that_is_over_is_active_no_longer() -> None:
    value = cron_job(active(1, 2, 3))
    jobs = [job(1, "Complete", "2026-11-25T03:04:00Z"), job(2)]

    decision = decide(value, jobs, at("03:05:00"))

    assert [each.name for each in decision.status.active or []] == ["j2"]
    assert decision.status.last_successful_time == "2026-11-25T03:04:00Z"
    assert [telling.message for telling in decision.told] == [
        "Saw completed job: j1, condition: Complete",
        "Active job went missing: j3",
    ]


def test_a_job_that_somebody_else_made_is_told_of() -> None:
    decision = decide(cron_job(), [job(1)], at("03:05:00"))

    assert [telling.reason for telling in decision.told] == ["UnexpectedJob"]
    assert decision.status.active is None


def test_a_started_job_is_that_of_the_template_with_its_time() -> None:
    value = cron_job(timeZone="Europe/Berlin")

    made = to_dict(job_of(value, at("03:10:00")))

    assert made["metadata"] == {
        "name": "c-29926270",
        "namespace": "ns",
        "labels": {"a": "b"},
        "annotations": {"x": "y", "batch.kubernetes.io/cronjob-scheduled-timestamp": "2026-11-25T04:10:00+01:00"},
        "ownerReferences": [
            {
                "apiVersion": "batch/v1",
                "kind": "CronJob",
                "name": "c",
                "uid": "c1",
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ],
    }
    assert made["spec"]["template"]["spec"]["containers"][0]["image"] == "busybox"


def test_a_job_that_is_active_already_is_not_started_again() -> None:
    value = cron_job()
    made = job_of(value, at("03:10:00"))
    made.metadata.uid = "u"
    value.status = started(value.status, made, at("03:10:00"))
    value.status.last_schedule_time = None  # as if the time had got lost

    decision = decide(value, [made], at("03:10:01"))

    assert decision.due is None
    assert job_name(value, at("03:10:00")) == made.metadata.name


def test_finished_jobs_are_kept_up_to_a_number() -> None:
    value = cron_job(successfulJobsHistoryLimit=2, failedJobsHistoryLimit=1)
    jobs = [*(job(number, "Complete") for number in (3, 1, 2)), *(job(number, "Failed") for number in (5, 4)), job(6)]

    assert [each.metadata.name for each in superfluous(value, jobs)] == ["j1", "j4"]
