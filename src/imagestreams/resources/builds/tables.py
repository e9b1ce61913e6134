"""How build configs and builds are shown as tables, as OpenShift does it."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from imagestreams.api.ages import ago, parse_time
from imagestreams.api.build.defaulting import strategy_type
from imagestreams.api.build.types import Build, BuildConfig, CommonSpec
from imagestreams.api.durations import go_duration
from imagestreams.resources.resource import Column, TableView

_COMMIT: Final = re.compile(r"[a-fA-F0-9]{21,}")
_SHORT: Final = 7
_NAME: Final = Column("Name", format="name", description="The name of the object.")
_TYPE: Final = Column("Type", description="Describes a particular way of performing a build.")
_FROM: Final = Column("From", description="What is built.")


def build_config_table() -> TableView:
    """Return how build configs are shown."""

    def cells(config: BuildConfig) -> Sequence[Any]:
        spec, custom = config.spec, config.spec.strategy.custom_strategy
        source = custom.from_.name if custom is not None else short_source(spec)
        return config.metadata.name, strategy_type(spec.strategy), source, config.status.last_version

    latest = Column("Latest", description="How many builds were made of it.")
    return TableView((_NAME, _TYPE, _FROM, latest), cells)


def build_table(clock: Callable[[], datetime]) -> TableView:
    """Return how builds are shown."""

    def cells(build: Build) -> Sequence[Any]:
        status = build.status
        phase = f"{status.phase} ({status.reason})" if status.reason else status.phase
        started = ago(parse_time(status.start_timestamp), clock()) if status.start_timestamp else ""
        duration = go_duration(status.duration) if status.duration > 0 else ""
        kind = strategy_type(build.spec.strategy)
        return build.metadata.name, kind, short_source(build.spec), phase, started, duration

    columns = (
        _NAME,
        _TYPE,
        _FROM,
        Column("Status", description="How far the build is, and why."),
        Column("Started", description="How long ago the build started."),
        Column("Duration", description="How long the build took."),
    )
    return TableView(columns, cells)


def short_source(spec: CommonSpec) -> str:
    """Say in a word what is built, with the revision where there is one."""
    source = spec.source
    if source.binary is not None:
        return _with_revision("Binary", spec)
    if source.git is not None:
        return _with_revision("Git" if source.dockerfile is None else "Dockerfile,Git", spec)
    return "Dockerfile" if source.dockerfile is not None else ""


def _with_revision(kind: str, spec: CommonSpec) -> str:
    revision = spec.revision.git.commit if spec.revision is not None and spec.revision.git is not None else ""
    if not revision and spec.source.git is not None:
        revision = spec.source.git.ref
    if _COMMIT.fullmatch(revision):
        revision = revision[:_SHORT]
    return f"{kind}@{revision}" if revision else kind
