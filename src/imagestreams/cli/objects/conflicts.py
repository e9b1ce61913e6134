"""Trying again when somebody else was first."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

from imagestreams.client.errors import ClientError

T = TypeVar("T")

ATTEMPTS: Final = 5
PAUSE_S: Final = 0.01


def retrying(attempt: Callable[[], T], *, sleep: Callable[[float], None] = time.sleep) -> T:
    """Return what the attempt returns; one that meets a conflict is made again, five times in all.

    Raises:
        ClientError: any other failure, or the last conflict.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return attempt()
        except ClientError as error:
            if error.reason != "Conflict":
                raise
        sleep(PAUSE_S)
    return attempt()
