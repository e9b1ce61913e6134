"""Whether a cluster can be reached and watched, told once each time that it changes."""

import logging
from typing import Final

_log: Final = logging.getLogger(__name__)


class Health:
    """Hears of what works and what does not; what it is about is named by the caller, an empty text is the cluster."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._problems: dict[str, str] = {}
        self._worked = False

    @property
    def is_well(self) -> bool:
        """Whether something has worked, and nothing that was tried last has failed."""
        return self._worked and not self._problems

    @property
    def problems(self) -> list[str]:
        """What is wrong now."""
        return [f"{what}: {problem}" if what else problem for what, problem in sorted(self._problems.items())]

    def failed(self, what: str, problem: str) -> None:
        """Note that something does not work; the same problem again is not told again."""
        known = self._problems.get(what)
        self._problems[what] = problem
        if known is None and problem not in (text for key, text in self._problems.items() if key != what):
            _log.warning("target %s: %s%s; it is tried again", self._name, f"{what}: " if what else "", problem)

    def works(self, what: str) -> None:
        """Note that something works."""
        self._worked = True
        if self._problems.pop(what, None) is not None and not self._problems:
            _log.info("target %s: works again", self._name)

    def forget(self, what: str) -> None:
        """Note that something is no longer tried."""
        self._problems.pop(what, None)
