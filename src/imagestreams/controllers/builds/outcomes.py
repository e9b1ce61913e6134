"""What a build looks like in each phase. Pure: from a build and what is known to a new state of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from imagestreams.api.ages import parse_time
from imagestreams.api.build.types import (
    Build,
    BuildStatusOutputTo,
    GitSourceRevision,
    SourceControlUser,
    SourceRevision,
    StageInfo,
    StepInfo,
)
from imagestreams.api.build.validation import is_over
from imagestreams.api.codec import copy
from imagestreams.resources.builds.build_names import POD_NAME
from imagestreams.resources.builds.builds import record_phase
from imagestreams.runners.builds.plan import Commit, Step

NEW: Final = "New"
PENDING: Final = "Pending"
RUNNING: Final = "Running"
COMPLETE: Final = "Complete"
CANCELLED: Final = "Cancelled"
CANCELLED_BY_USER: Final = ("CancelledBuild", "The build was cancelled by the user.")
NO_BUILDER: Final = ("NoBuilder", "No builder is set up on this server.")
INVALID_OUTPUT: Final = ("InvalidOutputReference", "Output image could not be resolved.")
INVALID_IMAGE: Final = ("InvalidImageReference", "Referenced image could not be resolved.")
MISSING_PUSH_SECRET: Final = ("MissingPushSecret", "Missing push secret.")
_SNIPPET_LINES: Final = 5
_SNIPPET_LINE_MAX: Final = 90
_STAGES: Final = ("FetchInputs", "PullImages", "Build", "PostCommit", "PushImage")


@dataclass(frozen=True, slots=True)
class Told:
    """What a build that has run told of itself."""

    digest: str = ""
    steps: Sequence[Step] = field(default_factory=tuple)
    commit: Commit | None = None
    log: bytes = b""


def in_phase(build: Build, phase: str, now: str, reason: str = "", message: str = "") -> Build:
    """Return a build in a phase."""
    after = copy(build)
    after.status.phase, after.status.reason, after.status.message = phase, reason, message
    if phase in (PENDING, RUNNING):
        name = f"{build.metadata.name}-build"
        after.metadata.annotations = {**(after.metadata.annotations or {}), POD_NAME: name}
    if phase == RUNNING and not after.status.start_timestamp:
        after.status.start_timestamp = now
    if is_over(phase):
        after.status.start_timestamp = after.status.start_timestamp or now
        after.status.completion_timestamp = now
        after.status.duration = _nanoseconds(after.status.start_timestamp, now)
    record_phase(after, now)
    return after


def begun_again(build: Build, now: str) -> Build:
    """Return a build whose server died, at its new begin."""
    after = in_phase(build, RUNNING, now)
    after.status.start_timestamp = now
    return after


def with_told(build: Build, told: Told) -> Build:
    """Return a build that is over with what it told."""
    after = copy(build)
    if told.digest:
        after.status.output.to = BuildStatusOutputTo(image_digest=told.digest)
    after.status.stages = _stages(told.steps) or None
    if after.status.phase not in (COMPLETE, CANCELLED):
        after.status.log_snippet = snippet(told.log)
    if told.commit is not None and after.spec.revision is None:
        after.spec.revision = _revision(told.commit)
        after.metadata.generation += 1
    return after


def snippet(log: bytes) -> str:
    """Return the end of a log, short enough for a status."""
    lines = [line for line in log.decode(errors="replace").splitlines() if line.strip()][-_SNIPPET_LINES:]
    return "\n".join(_shortened(line) for line in lines)


def _shortened(line: str) -> str:
    if len(line) <= _SNIPPET_LINE_MAX:
        return line
    half = (_SNIPPET_LINE_MAX - 3) // 2
    return f"{line[:half]}...{line[-half:]}"


def _stages(steps: Sequence[Step]) -> list[StageInfo]:
    found = []
    for name in _STAGES:
        own = [step for step in steps if step.stage == name]
        if own:
            infos = [
                StepInfo(name=step.name, start_time=time_text(step.start), duration_milliseconds=step.duration_ms)
                for step in own
            ]
            total = sum(step.duration_ms for step in own)
            start = time_text(min(step.start for step in own))
            found.append(StageInfo(name=name, start_time=start, duration_milliseconds=total, steps=infos))
    return found


def _revision(commit: Commit) -> SourceRevision:
    return SourceRevision(
        type="Git",
        git=GitSourceRevision(
            commit=commit.id,
            author=SourceControlUser(name=commit.author_name, email=commit.author_email),
            committer=SourceControlUser(name=commit.committer_name, email=commit.committer_email),
            message=commit.message,
        ),
    )


def _nanoseconds(start: str, end: str) -> int:
    began, ended = parse_time(start), parse_time(end)
    if began is None or ended is None:
        return 0
    return max(0, round((ended - began).total_seconds() * 1e9))


def time_text(moment: datetime) -> str:
    """Return a moment as the API shows it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
