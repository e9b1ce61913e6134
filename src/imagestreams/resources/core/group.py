"""The resources beside the image group: core, projects, and questions about oneself."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from imagestreams.access.authorization import Authorizer
from imagestreams.access.identity import ADMINISTRATORS, User
from imagestreams.api.core import ConfigMap, Event, Namespace, Secret, ServiceAccount
from imagestreams.api.errors import ApiError
from imagestreams.api.meta import ObjectMeta
from imagestreams.resources.core.configmaps import ConfigMapStrategy, config_map_storage
from imagestreams.resources.core.events import EventStrategy, event_storage
from imagestreams.resources.core.namespaces import PROTECTED, namespace_gate, namespace_resources, namespace_storage
from imagestreams.resources.core.projects import ProjectRequests, Projects
from imagestreams.resources.core.reviews import (
    SelfSubjectAccessReviews,
    SelfSubjectReviews,
    SelfSubjectRulesReviews,
    Users,
)
from imagestreams.resources.core.secrets import SecretStrategy, secret_storage
from imagestreams.resources.core.serviceaccounts import (
    DEFAULT_ACCOUNTS,
    ServiceAccountStrategy,
    service_account_storage,
)
from imagestreams.resources.resource import RequestContext, Resource
from imagestreams.resources.stored import NamespaceGate, StoredResource
from imagestreams.store.cache import ObservableStore

SERVER: Final = User("system:apiserver", frozenset({ADMINISTRATORS}))


@dataclass(frozen=True, slots=True)
class CoreGroup:
    """The stored core resources, what admits objects into namespaces, and all that is served."""

    namespaces: StoredResource[Namespace]
    secrets: StoredResource[Secret]
    config_maps: StoredResource[ConfigMap]
    events: StoredResource[Event]
    service_accounts: StoredResource[ServiceAccount]
    gate: NamespaceGate
    resources: list[Resource]

    def stored(self) -> "list[StoredResource[Any]]":
        """Return the resources that live in namespaces."""
        return [self.secrets, self.config_maps, self.events, self.service_accounts]

    async def start(self) -> None:
        """Load what is stored."""
        for resource in (self.namespaces, *self.stored()):
            await resource.storage.cache.start()

    def stop(self) -> None:
        """Follow the store no longer."""
        for resource in (self.namespaces, *self.stored()):
            resource.storage.cache.stop()


def core_group(store: ObservableStore, *, authorizer: Authorizer, clock: Callable[[], datetime]) -> CoreGroup:
    """Make the resources; the group has to be started before they are used."""
    namespaces = namespace_resources(namespace_storage(store, clock))
    gate = namespace_gate(namespaces[0].storage)
    secrets = StoredResource(secret_storage(store, clock), SecretStrategy(), gate)
    config_maps = StoredResource(config_map_storage(store, clock), ConfigMapStrategy(), gate)
    events = StoredResource(event_storage(store, clock), EventStrategy(), gate)
    service_accounts = StoredResource(service_account_storage(store, clock), ServiceAccountStrategy(), gate)
    projects = Projects(namespaces[0], authorizer)
    resources: list[Resource] = [
        *namespaces,
        secrets,
        config_maps,
        events,
        service_accounts,
        projects,
        ProjectRequests(namespaces[0], projects),
        SelfSubjectAccessReviews(authorizer),
        SelfSubjectRulesReviews(authorizer),
        SelfSubjectReviews(),
        Users(),
    ]
    return CoreGroup(namespaces[0], secrets, config_maps, events, service_accounts, gate, resources)


async def ensure_namespaces(core: CoreGroup, now: datetime) -> None:
    """Make the namespaces that are always there, with their service accounts, where they are missing."""
    for name in sorted(PROTECTED):
        if core.namespaces.storage.find("", name) is None:
            namespace = Namespace(metadata=ObjectMeta(name=name))
            await core.namespaces.create(server_context(now, name=name), namespace)
        await ensure_service_accounts(core, name, now)


async def ensure_service_accounts(core: CoreGroup, namespace: str, now: datetime) -> None:
    """Make a namespace's service accounts where they are missing; a namespace that is going away gets none."""
    for name in DEFAULT_ACCOUNTS:
        if core.service_accounts.storage.find(namespace, name) is not None:
            continue
        account = ServiceAccount(metadata=ObjectMeta(name=name))
        try:
            await core.service_accounts.create(server_context(now, namespace), account)
        except ApiError as error:
            # Somebody else made it, or the namespace went away meanwhile.
            if error.status.code not in {403, 404, 409}:
                raise


def server_context(now: datetime, namespace: str = "", name: str = "") -> RequestContext:
    """Return the context of what the server does by itself."""
    moment = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return RequestContext(SERVER, moment, namespace, name)
