"""A foreign Kubernetes cluster: the verbs of its objects over HTTP, and what its discovery says it has."""

import hashlib
import logging
import os
import random
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

import msgspec

from imagestreams.client.errors import ClientError
from imagestreams.daemon_threads import in_daemon_thread
from imagestreams.targets.cluster import COMPONENT, Change, Document, Notice, ObjectKind
from imagestreams.targets.connection import Connection
from imagestreams.targets.error import ClusterError, StaleDocument
from imagestreams.targets.foreign_watch import Reconnecting, watch_for_ever
from imagestreams.targets.health import Health
from imagestreams.targets.kinds import is_usual, is_whole
from imagestreams.targets.login import client_config
from imagestreams.targets.target import Target

_VERBS: Final = frozenset({"list", "watch", "get", "update"})
_NAME_MAX: Final = 253
_log: Final = logging.getLogger(__name__)


class ForeignCluster:
    """A cluster that a target names; `clock` gives the time as the API shows it, `dice` numbers from 0 to 1."""

    def __init__(
        self,
        target: Target,
        clock: Callable[[], str],
        *,
        environment: Mapping[str, str] = os.environ,
        reconnecting: Reconnecting | None = None,
        dice: Callable[[], float] = random.random,
    ) -> None:
        self._target = target
        self._clock = clock
        self._environment = environment
        self._reconnecting = reconnecting or Reconnecting()
        self._dice = dice
        self._connection = Connection(target, environment)
        self.health = Health(target.name)

    @property
    def name(self) -> str:
        return self._target.name

    @property
    def namespaces(self) -> Sequence[str]:
        return self._target.namespaces or ("",)

    async def kinds(self) -> Sequence[ObjectKind]:
        try:
            found = await in_daemon_thread(self._discover)
        except ClientError as error:
            self.health.failed("", error.message)
            raise ClusterError(error.message) from error
        self.health.works("")
        return found

    def watch(self, kind: ObjectKind, namespace: str) -> AsyncIterator[Change]:
        what = f"{kind.plural} of {namespace}" if namespace else kind.plural
        return watch_for_ever(
            self._connection, _path(kind, namespace), kind, what, self.health, self._reconnecting, self._dice
        )

    async def get(self, kind: ObjectKind, namespace: str, name: str) -> Document | None:
        try:
            return _object(await self._connection.request("GET", _path(kind, namespace, name)))
        except StaleDocument:
            return None

    async def replace(self, kind: ObjectKind, document: Document) -> Document:
        metadata = document["metadata"]
        path = _path(kind, metadata["namespace"], metadata["name"])
        return _object(await self._connection.request("PUT", path, query={"fieldManager": COMPONENT}, body=document))

    async def create_subresource(
        self, kind: ObjectKind, namespace: str, name: str, subresource: str, body: Document
    ) -> Document:
        path = f"{_path(kind, namespace, name)}/{subresource}"
        return _object(await self._connection.request("POST", path, query={"fieldManager": COMPONENT}, body=body))

    async def tell(self, kind: ObjectKind, document: Document, notice: Notice) -> None:
        event = _event(kind, document, notice, self._clock())
        path = f"/api/v1/namespaces/{quote(event['metadata']['namespace'], safe='')}/events"
        try:
            await self._connection.request("POST", path, body=event)
        except ClusterError as error:
            # It was told before (409), or we may not: the object's owner finds it in our metrics only.
            _log.debug("target %s: an event of %s is left out: %s", self.name, event["metadata"]["name"], error)

    async def close(self) -> None:
        await self._connection.close()

    def _discover(self) -> list[ObjectKind]:
        """Ask which resources there are, outside of the event loop."""
        from imagestreams.client.discovery import Discovery
        from imagestreams.client.rest import RestClient

        client = RestClient(client_config(self._target, self._environment), timeout_s=30)
        try:
            discovery = Discovery(client)
            wanted = [one for one in discovery.resources() if is_usual(one.group, one.plural)]
            for text in self._target.resources:
                named = discovery.find(text)
                if named is None:
                    self.health.failed(text, "the cluster has no such resource")
                else:
                    self.health.forget(text)
                    wanted.append(named)
        finally:
            client.close()
        found = [
            ObjectKind(one.group, one.version, one.plural, one.kind, is_whole(one.group, one.plural))
            for one in wanted
            if one.namespaced and _VERBS.issubset(one.verbs)
        ]
        return list(dict.fromkeys(found))


def _path(kind: ObjectKind, namespace: str, name: str = "") -> str:
    parts = ["apis", kind.group, kind.version] if kind.group else ["api", kind.version]
    if namespace:
        parts += ["namespaces", quote(namespace, safe="")]
    parts.append(kind.plural)
    if name:
        parts.append(quote(name, safe=""))
    return "/" + "/".join(parts)


def _object(data: bytes) -> Document:
    try:
        value: Any = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ClusterError("the answer is not JSON") from error
    if not isinstance(value, dict) or not isinstance(value.get("metadata"), dict):
        raise ClusterError("the answer is no object")
    return value


def _event(kind: ObjectKind, document: Document, notice: Notice, now: str) -> Document:
    """Return an event; its name follows from what it says, so that it is written once."""
    metadata = document["metadata"]
    said = "\0".join((str(metadata.get("uid", "")), notice.type, notice.reason, notice.message))
    number = hashlib.blake2b(said.encode(), digest_size=8).hexdigest()
    name = f"{metadata['name'][: _NAME_MAX - len(number) - 1].rstrip('.-')}.{number}"
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": metadata.get("namespace") or "default"},
        "involvedObject": {
            "apiVersion": kind.api_version,
            "kind": kind.kind,
            "namespace": metadata.get("namespace", ""),
            "name": metadata["name"],
            "uid": metadata.get("uid", ""),
            "resourceVersion": metadata.get("resourceVersion", ""),
        },
        "reason": notice.reason,
        "message": notice.message,
        "type": notice.type,
        "count": 1,
        "firstTimestamp": now,
        "lastTimestamp": now,
        "source": {"component": COMPONENT},
        "reportingComponent": COMPONENT,
        "reportingInstance": COMPONENT,
    }
