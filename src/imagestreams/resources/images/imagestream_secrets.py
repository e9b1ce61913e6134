"""`imagestreams/NAME/secrets`: the logins to registries that imports into a namespace may use.

The stream's name does not matter, not even whether there is such a stream.
"""

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from imagestreams.api.codec import encode
from imagestreams.api.core import Secret, SecretList
from imagestreams.api.meta import ListMeta
from imagestreams.resources.images.stream_tags import GROUP
from imagestreams.resources.resource import Item, RequestContext, Resource, ResourceInfo
from imagestreams.resources.storage import ObjectStorage

LOGIN_TYPES: Final = frozenset({"kubernetes.io/dockercfg", "kubernetes.io/dockerconfigjson"})
EXCLUDED: Final = "openshift.io/image.excludeSecret"

INFO: Final = ResourceInfo(
    group=GROUP,
    version="v1",
    plural="imagestreams",
    subresource="secrets",
    kind="SecretList",
    object_type=SecretList,
    verbs=frozenset({"get"}),
)


class ImageStreamSecrets(Resource):
    """The registry logins of namespaces."""

    info = INFO

    def __init__(self, secrets: ObjectStorage[Secret]) -> None:
        self._secrets = secrets

    async def get(self, context: RequestContext, options: Mapping[str, str]) -> Item:
        logins = [replace(one, kind="", api_version="") for one in login_secrets(self._secrets, context.namespace)]
        found = SecretList(
            kind="SecretList",
            api_version=INFO.group_version,
            metadata=ListMeta(resource_version=str(self._secrets.cache.revision)),
            items=logins,
        )
        return Item(found, encode(found))


def login_secrets(secrets: ObjectStorage[Secret], namespace: str) -> list[Secret]:
    """Return the secrets of a namespace that imports use: those with logins, unless their annotation says otherwise."""
    found = (entry.value for entry in secrets.list(namespace))
    return [secret for secret in found if secret.type in LOGIN_TYPES and not _is_excluded(secret)]


def _is_excluded(secret: Secret) -> bool:
    return (secret.metadata.annotations or {}).get(EXCLUDED) == "true"
