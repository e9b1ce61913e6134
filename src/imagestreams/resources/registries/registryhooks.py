"""Registry hooks: addresses to which registries send notifications, each with a token that only its maker sees.

The token is made here and shown once, in the answer to the creation; what is stored is its hash. So a lost token means
a new hook. Who lets a hook reach beyond its namespace needs rights beyond it, and who lets it check a secret must be
allowed to read that secret: the hook's answers tell whether a guess is right.
"""

import hashlib
import re
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from imagestreams.access.authorization import Attributes, Authorizer, require
from imagestreams.api.ages import age
from imagestreams.api.codec import copy, encode
from imagestreams.api.errors import FieldError
from imagestreams.api.hooks import RegistryHook, RegistryHookSpec, RegistryHookStatus
from imagestreams.api.metadata.object_meta_validation import dns_subdomain_problems
from imagestreams.resources.resource import ALL_VERBS, Column, RequestContext, ResourceInfo, TableView
from imagestreams.resources.storage import ObjectStorage
from imagestreams.resources.stored import NamespaceGate, StoredResource, Strategy
from imagestreams.store.cache import Entry, ObservableStore

GROUP: Final = "imagestreams.dev"
HOOKS_PATH: Final = "/hooks/registry/"
DEFAULT_SECRET_KEY: Final = "secret"
SENDERS: Final = ("CloudEvents", "Distribution", "DockerHub", "GitHub", "Harbor", "Quay")
REGISTRIES_MAX: Final = 64

_HOSTS_OF: Final = {"DockerHub": "docker.io", "Quay": "quay.io", "GitHub": "ghcr.io"}
_SENDS_NO_SECRET: Final = frozenset({"DockerHub", "Quay"})
_TOKEN_BYTES: Final = 32
_HOST_MAX: Final = 255
_HOST: Final = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?")


def hook_token_hash(token: str) -> str:
    """Return what is stored of a token. Tokens are long random strings, so a fast hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def registry_hook_storage(store: ObservableStore, clock: Callable[[], datetime]) -> ObjectStorage[RegistryHook]:
    """Return where registry hooks are kept."""
    info = ResourceInfo(
        group=GROUP,
        version="v1",
        plural="registryhooks",
        singular="registryhook",
        kind="RegistryHook",
        object_type=RegistryHook,
        verbs=ALL_VERBS,
        table=_table(clock),
    )
    return ObjectStorage(store, info, RegistryHook)


def _table(clock: Callable[[], datetime]) -> TableView:
    columns = (
        Column("Name", format="name", description="The name of the hook."),
        Column("Sender", description="What sends the notifications."),
        Column("Registries", description="The registries that the hook speaks for."),
        Column("All Namespaces", type="boolean", description="Whether streams of all namespaces are imported."),
        Column("Last Call", description="How long ago a notification came, as far as it was written down."),
        Column("Result", description="What became of it."),
        Column("Age", description="How long ago the hook was created."),
    )

    def cells(value: RegistryHook) -> Sequence[Any]:
        now, spec, call = clock(), value.spec, value.status.last_call
        called, result = (age(call.time, now), call.result) if call is not None else ("<never>", "")
        hosts = ",".join(spec.registries or [])
        created = age(value.metadata.creation_timestamp, now)
        return value.metadata.name, spec.sender, hosts, spec.all_namespaces, called, result, created

    return TableView(columns, cells)


class RegistryHookStrategy(Strategy[RegistryHook]):
    """The rules of registry hooks."""

    def __init__(self, authorizer: Authorizer) -> None:
        self._authorizer = authorizer

    async def prepare_create(self, context: RequestContext, value: RegistryHook) -> None:
        _fill(value.spec)

    async def prepare_update(self, context: RequestContext, value: RegistryHook, old: RegistryHook) -> None:
        value.status = copy(old.status)
        _fill(value.spec)

    async def admit(self, context: RequestContext, value: RegistryHook, old: RegistryHook | None) -> list[FieldError]:
        """Let only those write who may do elsewhere what the hook does for them.

        Raises:
            ApiError: 403, the hook reaches beyond what the user may.
        """
        metadata, reference = value.metadata, value.spec.secret_ref
        if value.spec.all_namespaces or (old is not None and old.spec.all_namespaces):
            verb = "create" if old is None else "update"
            await require(self._authorizer, Attributes(context.user, verb, group=GROUP, resource="registryhooks"))
        if reference is not None and (old is None or reference != old.spec.secret_ref):
            asked = Attributes(
                context.user, "get", resource="secrets", namespace=metadata.namespace, name=reference.name
            )
            await require(self._authorizer, asked)
        return []

    def validate_name(self, name: str) -> list[str]:
        return dns_subdomain_problems(name)

    def validate(self, value: RegistryHook) -> list[FieldError]:
        spec = value.spec
        if not spec.sender:
            return [FieldError.required("spec.sender")]
        if spec.sender not in SENDERS:
            return [FieldError.not_supported("spec.sender", spec.sender, list(SENDERS))]
        return _registry_errors(spec) + _secret_errors(spec)


class RegistryHooks(StoredResource[RegistryHook]):
    """The verbs of registry hooks; whatever way one is created, it gets its token here.

    `public_url` is where others reach the server, empty when nobody has said.
    """

    def __init__(
        self,
        storage: ObjectStorage[RegistryHook],
        strategy: RegistryHookStrategy,
        namespaces: NamespaceGate,
        public_url: str = "",
    ) -> None:
        super().__init__(storage, strategy, namespaces)
        self._public_url = public_url

    async def _create(self, context: RequestContext, value: RegistryHook) -> Entry[RegistryHook]:
        token = secrets.token_hex(_TOKEN_BYTES)
        value.status = RegistryHookStatus(token_sha256=hook_token_hash(token))
        entry = await super()._create(context, value)
        if context.dry_run:
            return entry
        shown = copy(entry.value)
        shown.status.path = HOOKS_PATH + token
        if self._public_url:
            shown.status.url = self._public_url + shown.status.path
        return Entry(entry.key, entry.revision, shown, encode(shown))


def _fill(spec: RegistryHookSpec) -> None:
    if not spec.registries and spec.sender in _HOSTS_OF:
        spec.registries = [_HOSTS_OF[spec.sender]]
    if spec.secret_ref is not None:
        spec.secret_ref.key = spec.secret_ref.key or DEFAULT_SECRET_KEY


def _registry_errors(spec: RegistryHookSpec) -> list[FieldError]:
    field, hosts = "spec.registries", spec.registries or []
    if not hosts:
        return [FieldError.required(field, f"{spec.sender} does not say which registry it is about")]
    if len(hosts) > REGISTRIES_MAX:
        return [FieldError.invalid(field, len(hosts), f"must not be more than {REGISTRIES_MAX}")]
    detail = "must be HOST[:PORT] as in a pull spec"
    return [
        FieldError.invalid(f"{field}[{number}]", host, detail)
        for number, host in enumerate(hosts)
        if len(host) > _HOST_MAX or _HOST.fullmatch(host) is None
    ]


def _secret_errors(spec: RegistryHookSpec) -> list[FieldError]:
    field, reference = "spec.secretRef", spec.secret_ref
    if reference is None:
        return [FieldError.required(field, "GitHub signs its notifications")] if spec.sender == "GitHub" else []
    if spec.sender in _SENDS_NO_SECRET:
        return [FieldError.forbidden(field, f"{spec.sender} can send no secret besides the address")]
    if not reference.name:
        return [FieldError.required(f"{field}.name")]
    problems = dns_subdomain_problems(reference.name)
    return [FieldError.invalid(f"{field}.name", reference.name, problem) for problem in problems]
