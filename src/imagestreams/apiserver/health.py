"""Is the server alive, is it ready: named checks, all together or one by one, told as the real server tells it."""

import logging
from collections.abc import Awaitable, Callable, Mapping

LOG = logging.getLogger(__name__)

Check = Callable[[], Awaitable[None]]
"""Returns when all is well and raises otherwise; what it raises is logged, never sent."""


async def ping() -> None:
    """Do nothing: whoever gets this far is alive."""


class Health:
    """The checks of one path, `readyz` for example."""

    def __init__(self, name: str, checks: Mapping[str, Check]) -> None:
        self.name = name
        self._checks = {"ping": ping, **checks}

    async def report(self, excluded: list[str], *, verbose: bool) -> tuple[int, str]:
        """Return the code and the text of all checks together; a failure is always told in full."""
        lines, failed = [], False
        for name, check in self._checks.items():
            if name in excluded:
                lines.append(f"[+]{name} excluded: ok")
            elif await self._passes(name, check):
                lines.append(f"[+]{name} ok")
            else:
                failed = True
                lines.append(f"[-]{name} failed: reason withheld")
        unknown = [name for name in excluded if name not in self._checks]
        if unknown:
            quoted = ", ".join(f'"{name}"' for name in sorted(unknown))
            lines.append(f"warn: some health checks cannot be excluded: no matches for {quoted}")
        if failed:
            return 500, "\n".join([*lines, f"{self.name} check failed"]) + "\n"
        return 200, "\n".join([*lines, f"{self.name} check passed"]) + "\n" if verbose else "ok"

    async def one(self, name: str) -> tuple[int, str] | None:
        """Return the code and the text of one check, `None` when there is none of that name."""
        check = self._checks.get(name)
        if check is None:
            return None
        if await self._passes(name, check):
            return 200, "ok"
        return 500, "internal server error: reason withheld\n"

    async def _passes(self, name: str, check: Check) -> bool:
        try:
            await check()
        except Exception:
            LOG.warning("the check %s of %s fails", name, self.name, exc_info=True)
            return False
        return True
