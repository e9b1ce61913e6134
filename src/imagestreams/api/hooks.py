"""The types of `imagestreams.dev/v1`: where registries tell of pushes."""

import msgspec

from imagestreams.api.core import Stored
from imagestreams.api.wire import Wire, always


class HookSecretReference(Wire):
    """A key of a secret in the hook's namespace."""

    name: str = always("")
    key: str = ""


class RegistryHookSpec(Wire):
    """Who may tell of what.

    `registries` are the hosts that the hook speaks for, as pull specs name them. With `all_namespaces` the streams of
    every namespace are imported again, else those of the hook's own.
    """

    sender: str = always("")
    registries: list[str] | None = None
    all_namespaces: bool = False
    secret_ref: HookSecretReference | None = None


class RegistryHookCall(Wire):
    """One notification and what became of it."""

    time: str | None = always()
    result: str = always("")
    message: str = ""


class RegistryHookStatus(Wire):
    """What the server knows of a hook; `path` and `url` are in the answer to its creation only."""

    path: str = ""
    url: str = ""
    token_sha256: str = msgspec.field(default="", name="tokenSHA256")
    last_call: RegistryHookCall | None = None


class RegistryHook(Stored):
    """An address to which a registry sends its notifications."""

    spec: RegistryHookSpec = msgspec.field(default_factory=RegistryHookSpec)
    status: RegistryHookStatus = msgspec.field(default_factory=RegistryHookStatus)
