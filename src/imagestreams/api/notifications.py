"""The types of `imagestreams.dev/v1` that say who is told of what happens here."""

import msgspec

from imagestreams.api.core import Stored
from imagestreams.api.meta import Condition
from imagestreams.api.wire import Wire, always


class NotificationSecretReference(Wire):
    """A key of a secret in the sink's namespace."""

    name: str = always("")
    key: str = ""


class NotificationHeader(Wire):
    """A header that is sent along; its value stands here or in a secret."""

    name: str = always("")
    value: str = ""
    secret_ref: NotificationSecretReference | None = None


class NotificationSinkSpec(Wire):
    """Who is told, of what, and in which form.

    `image_streams` are `NAME` or `NAME:TAG`, none for all; with `all_namespaces` what happens in every namespace is
    told, else what happens in the sink's own.
    """

    preset: str = always("")
    url: str = ""
    url_secret_ref: NotificationSecretReference | None = None
    events: list[str] | None = None
    image_streams: list[str] | None = None
    all_namespaces: bool = False
    secret_ref: NotificationSecretReference | None = None
    headers: list[NotificationHeader] | None = None


class NotificationDelivery(Wire):
    """One attempt to deliver and what became of it."""

    time: str | None = always()
    result: str = always("")
    id: str = ""
    type: str = ""
    subject: str = ""
    message: str = ""


class NotificationSinkStatus(Wire):
    """What the server knows of a sink."""

    observed_generation: int = 0
    pending: int = 0
    dead_letters: int = 0
    lost: int = 0
    last_delivery: NotificationDelivery | None = None
    handled_retry: str = ""
    handled_test: str = ""
    conditions: list[Condition] | None = None


class NotificationSink(Stored):
    """An address that is told of what happens to tags, builds and rollouts."""

    spec: NotificationSinkSpec = msgspec.field(default_factory=NotificationSinkSpec)
    status: NotificationSinkStatus = msgspec.field(default_factory=NotificationSinkStatus)
