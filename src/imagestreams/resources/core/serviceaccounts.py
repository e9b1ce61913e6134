"""Service accounts: identities for programs. They come without tokens."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from imagestreams.api.core import ObjectReference, ServiceAccount
from imagestreams.api.metadata.object_meta_validation import dns_subdomain_problems
from imagestreams.resources.core.tables import service_account_table
from imagestreams.resources.resource import ALL_VERBS, RequestContext, ResourceInfo
from imagestreams.resources.storage import ObjectStorage
from imagestreams.resources.stored import Strategy
from imagestreams.store.cache import ObservableStore

DEFAULT_ACCOUNTS: Final = ("builder", "default", "deployer")
"""The accounts that every namespace has from its beginning."""


def service_account_storage(store: ObservableStore, clock: Callable[[], datetime]) -> ObjectStorage[ServiceAccount]:
    """Return where service accounts are kept."""
    info = ResourceInfo(
        group="",
        version="v1",
        plural="serviceaccounts",
        singular="serviceaccount",
        kind="ServiceAccount",
        object_type=ServiceAccount,
        verbs=ALL_VERBS,
        short_names=("sa",),
        table=service_account_table(clock),
    )
    return ObjectStorage(store, info, ServiceAccount)


class ServiceAccountStrategy(Strategy[ServiceAccount]):
    """The rules of service accounts."""

    async def prepare_create(self, context: RequestContext, value: ServiceAccount) -> None:
        _keep_names_only(value)

    async def prepare_update(self, context: RequestContext, value: ServiceAccount, old: ServiceAccount) -> None:
        _keep_names_only(value)

    def validate_name(self, name: str) -> list[str]:
        return dns_subdomain_problems(name)


def _keep_names_only(value: ServiceAccount) -> None:
    if value.secrets is not None:
        value.secrets = [ObjectReference(name=reference.name) for reference in value.secrets]
