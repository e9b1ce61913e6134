"""One measured figure, its goal, and how they are printed."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value; `goal` is met when the value is at most (`lower`) or at least that much."""

    name: str
    value: float
    unit: str
    goal: float | None = None
    lower: bool = True

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; `None` without one."""
        if self.goal is None:
            return None
        return self.value <= self.goal if self.lower else self.value >= self.goal

    def line(self) -> str:
        """Return the figure as a line of the report."""
        verdict = {None: "", True: "met", False: "MISSED"}[self.met]
        goal = "" if self.goal is None else f"{'≤' if self.lower else '≥'} {self.goal:g} {self.unit}"
        return f"{self.name:<58}{self.value:>12,.3f} {self.unit:<10}{goal:<18}{verdict}".rstrip()


Benchmark = Callable[["Scale"], list[Figure]]


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is done."""

    streams: int
    tags: int
    seconds: float
    watchers: int
    writes: int
    imported_tags: int
    repetitions: int


FULL = Scale(streams=1000, tags=10, seconds=5, watchers=200, writes=50, imported_tags=50, repetitions=5)
SMOKE = Scale(streams=20, tags=10, seconds=0.5, watchers=10, writes=5, imported_tags=10, repetitions=1)
