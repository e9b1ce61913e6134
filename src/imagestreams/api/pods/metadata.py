"""The metadata of templates."""

from imagestreams.api import meta
from imagestreams.api.wire import always


class ObjectMeta(meta.ObjectMeta):
    """What the objects made from a template will carry; the time of creation is written though there is none."""

    creation_timestamp: str | None = always()
