"""What may change the images of an object before it is stored."""

from collections.abc import Awaitable, Callable

from imagestreams.api.core import Stored
from imagestreams.resources.resource import RequestContext

ImageAdmission = Callable[[RequestContext, Stored, Stored | None], Awaitable[None]]
"""Changes the images of an object that is about to be stored, which is a copy of its own; the last is its old state.

Raises an `ApiError` for what is refused.
"""
