"""From an object to its description: which describer its kind has, and what else that one shows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from imagestreams.cli.builds.selection import builds_of
from imagestreams.cli.describers.anything import describe_anything
from imagestreams.cli.describers.builds import describe_build, describe_build_config
from imagestreams.cli.describers.core import (
    describe_config_map,
    describe_namespace,
    describe_secret,
    describe_service_account,
)
from imagestreams.cli.describers.deployment_config import describe_deployment_config
from imagestreams.cli.describers.events import events_section
from imagestreams.cli.describers.followers import followers_section
from imagestreams.cli.describers.image import describe_image
from imagestreams.cli.describers.image_stream import describe_image_stream
from imagestreams.cli.describers.pod import describe_pod
from imagestreams.cli.describers.project import describe_project
from imagestreams.cli.describers.workloads import (
    describe_cron_job,
    describe_daemon_set,
    describe_deployment,
    describe_job,
    describe_replica_set,
    describe_replication_controller,
    describe_stateful_set,
)
from imagestreams.cli.objects.tag_followers import followers_of
from imagestreams.cli.objects.workload_details import pods_of, query_of, replica_sets_of
from imagestreams.cli.session import Session
from imagestreams.client.discovery import ResourceType
from imagestreams.client.errors import ClientError
from imagestreams.client.resources import BUILD_CONFIGS

Object = dict[str, Any]

_IMAGE: Final = "image.openshift.io"
_EVENTS: Final = ResourceType("", "v1", "events", "Event")
_QUOTAS: Final = ResourceType("", "v1", "resourcequotas", "ResourceQuota")
_ROLLOUTS: Final = ResourceType("", "v1", "replicationcontrollers", "ReplicationController")
_LIMIT_RANGES: Final = ResourceType("", "v1", "limitranges", "LimitRange")

# Kinds whose lists hold less of an object than reading the object itself gives.
_CUT_IN_LISTS: Final = {(_IMAGE, "ImageStreamTag"), (_IMAGE, "ImageTag")}


def needs_reading(kind: ResourceType) -> bool:
    """Say whether an item of a list of this kind is too little to describe the object."""
    return (kind.group, kind.kind) in _CUT_IN_LISTS


@dataclass(frozen=True)
class Describer:
    """Describes objects, and asks the server for what belongs to them."""

    session: Session
    show_events: bool
    chunk_size: int
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    events_wanted: bool = False

    def describe(self, kind: ResourceType, value: Object) -> str:
        """Return the description of an object.

        Raises:
            ClientError: what belongs to it can't be read.
        """
        describer = _DESCRIBERS.get((kind.group, kind.kind))
        if describer is None:
            return describe_anything(value, self.events(value), self.now())
        return describer(self, value)

    def events(self, value: Object) -> list[Object] | None:
        """Return what happened to an object; None when nobody wants to know, nothing when it can't be found out."""
        if not self.show_events:
            return None
        metadata = value.get("metadata") or {}
        fields = {
            "name": metadata.get("name"),
            "namespace": metadata.get("namespace"),
            "kind": value.get("kind"),
            "uid": metadata.get("uid"),
        }
        selector = ",".join(f"involvedObject.{field}={text}" for field, text in fields.items() if text)
        events = self.session.resources(_EVENTS, metadata.get("namespace") or "")
        try:
            return events.list(field_selector=selector, chunk_size=self.chunk_size).get("items") or []
        except ClientError as error:
            if error.status is None:
                raise
            return []

    def limits(self, kind: ResourceType, namespace: str) -> list[Object] | None:
        """Return a namespace's quotas or limit ranges; None when the server keeps none."""
        try:
            return self.session.resources(kind, namespace).list(chunk_size=self.chunk_size).get("items") or []
        except ClientError as error:
            if error.reason != "NotFound":
                raise
            return None


def _stream(describer: Describer, value: Object) -> str:
    now = describer.now()
    # As `oc` does, which shows no events of streams; who asks for them expressly gets them.
    events = describer.events(value) if describer.events_wanted else None
    return describe_image_stream(value, now) + _followers(describer, value) + events_section(events, now)


def _image(describer: Describer, value: Object) -> str:
    return describe_image(value, "", describer.now())


def _image_of_stream(describer: Describer, value: Object) -> str:
    image = value.get("image")
    if not image:
        return describe_anything(value, describer.events(value), describer.now())
    return describe_image(image, _name(image), describer.now()) + _followers(describer, value)


def _followers(describer: Describer, value: Object) -> str:
    """Say who follows the tags of a stream, or the one tag that the object is."""
    namespace = str((value.get("metadata") or {}).get("namespace") or "")
    stream, _, tag = _name(value).partition(":")
    if not stream or "@" in stream:
        return ""
    found = followers_of(describer.session, namespace, stream, tag, chunk_size=describer.chunk_size)
    return followers_section(found, namespace, with_tags=not tag)


def _namespace(describer: Describer, value: Object) -> str:
    quotas, limit_ranges = (describer.limits(kind, _name(value)) for kind in (_QUOTAS, _LIMIT_RANGES))
    return describe_namespace(value, quotas, limit_ranges)


def _project(describer: Describer, value: Object) -> str:
    quotas, limit_ranges = (describer.limits(kind, _name(value)) or [] for kind in (_QUOTAS, _LIMIT_RANGES))
    return describe_project(value, quotas, limit_ranges, describer.now())


def _secret(describer: Describer, value: Object) -> str:
    return describe_secret(value)


def _config_map(describer: Describer, value: Object) -> str:
    return describe_config_map(value, describer.events(value), describer.now())


def _service_account(describer: Describer, value: Object) -> str:
    return describe_service_account(value, describer.events(value), describer.now())


def _deployment(describer: Describer, value: Object) -> str:
    try:
        old, new = replica_sets_of(describer.session, value, describer.chunk_size)
    except ClientError as error:
        if error.status is None:
            raise
        old, new = [], None
    return describe_deployment(value, old, new, describer.events(value), describer.now())


def _replica_set(describer: Describer, value: Object) -> str:
    pods = pods_of(describer.session, value, _query(value), describer.chunk_size)
    return describe_replica_set(value, pods, describer.events(value), describer.now())


def _replication_controller(describer: Describer, value: Object) -> str:
    labels = {"matchLabels": (value.get("spec") or {}).get("selector") or {}}
    pods = pods_of(describer.session, value, query_of(labels), describer.chunk_size)
    return describe_replication_controller(value, pods, describer.events(value), describer.now())


def _stateful_set(describer: Describer, value: Object) -> str:
    pods = pods_of(describer.session, value, _query(value), describer.chunk_size)
    return describe_stateful_set(value, pods, describer.events(value), describer.now())


def _daemon_set(describer: Describer, value: Object) -> str:
    pods = pods_of(describer.session, value, _query(value), describer.chunk_size)
    return describe_daemon_set(value, pods, describer.events(value), describer.now())


def _pod(describer: Describer, value: Object) -> str:
    return describe_pod(value, describer.events(value), describer.now())


def _job(describer: Describer, value: Object) -> str:
    return describe_job(value, describer.events(value), describer.now())


def _cron_job(describer: Describer, value: Object) -> str:
    return describe_cron_job(value, describer.events(value), describer.now())


def _build(describer: Describer, value: Object) -> str:
    return describe_build(value, describer.events(value), describer.now())


def _build_config(describer: Describer, value: Object) -> str:
    session, namespace = describer.session, str((value.get("metadata") or {}).get("namespace") or "")
    resources = session.resources(BUILD_CONFIGS, namespace)
    address = session.config.server.rstrip("/") + resources.path(_name(value), "webhooks")
    builds = builds_of(session, _name(value), namespace)
    return describe_build_config(value, builds, address, describer.events(value), describer.now())


def _deployment_config(describer: Describer, value: Object) -> str:
    namespace = str((value.get("metadata") or {}).get("namespace") or "")
    selector = f"openshift.io/deployment-config.name={_name(value)}"
    resources = describer.session.resources(_ROLLOUTS, namespace)
    rollouts = resources.list(label_selector=selector, chunk_size=describer.chunk_size).get("items") or []
    pods = {}
    for rollout in rollouts:
        labels = {"matchLabels": (rollout.get("spec") or {}).get("selector") or {}}
        pods[_name(rollout)] = pods_of(describer.session, rollout, query_of(labels), describer.chunk_size)
    return describe_deployment_config(value, rollouts, pods, describer.events(value), describer.now())


def _query(value: Object) -> str:
    return query_of((value.get("spec") or {}).get("selector"))


def _name(value: Mapping[str, Any]) -> str:
    return str((value.get("metadata") or {}).get("name", ""))


_DESCRIBERS: Final[dict[tuple[str, str], Callable[[Describer, Object], str]]] = {
    (_IMAGE, "ImageStream"): _stream,
    (_IMAGE, "ImageStreamTag"): _image_of_stream,
    (_IMAGE, "ImageTag"): _image_of_stream,
    (_IMAGE, "ImageStreamImage"): _image_of_stream,
    (_IMAGE, "Image"): _image,
    ("project.openshift.io", "Project"): _project,
    ("", "Namespace"): _namespace,
    ("", "Pod"): _pod,
    ("", "Secret"): _secret,
    ("", "ConfigMap"): _config_map,
    ("", "ServiceAccount"): _service_account,
    ("", "ReplicationController"): _replication_controller,
    ("build.openshift.io", "Build"): _build,
    ("build.openshift.io", "BuildConfig"): _build_config,
    ("apps.openshift.io", "DeploymentConfig"): _deployment_config,
    ("apps", "DaemonSet"): _daemon_set,
    ("apps", "Deployment"): _deployment,
    ("apps", "ReplicaSet"): _replica_set,
    ("apps", "StatefulSet"): _stateful_set,
    ("batch", "CronJob"): _cron_job,
    ("batch", "Job"): _job,
}
