"""Going back to an earlier revision of a workload."""

from typing import Any, Final

from imagestreams.cli.describers.pod_template import pod_template_text
from imagestreams.cli.errors import CliError
from imagestreams.cli.objects.selection import Object, Target
from imagestreams.cli.objects.workload_details import TEMPLATE_HASH, same_template
from imagestreams.cli.printers.go_text import json_text, quoted
from imagestreams.cli.session import Session
from imagestreams.cli.workloads.progress import REVISION
from imagestreams.cli.workloads.revisions import Revision, revisions_of
from imagestreams.cli.workloads.selection import DEPLOYMENT_CONFIG, kind_of
from imagestreams.client.errors import ClientError
from imagestreams.client.resources import JSON_PATCH, STRATEGIC_PATCH

DONE: Final = "rolled back"
_KEPT: Final = (
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    REVISION,
    "deployment.kubernetes.io/revision-history",
    "deprecated.deployment.rollback.to",
    "kubectl.kubernetes.io/last-applied-configuration",
)
"""Annotations of a deployment that stay as they are when it goes back."""


def roll_back(session: Session, target: Target, value: Object, to_revision: int, strategy: str) -> str:
    """Give a workload the template of a revision, of the last one but one for 0; return what was done.

    Raises:
        CliError: there is no such revision, or the workload can't go back now.
        ClientError: the server refused.
    """
    kind = kind_of(target.type)
    if kind == DEPLOYMENT_CONFIG:
        return _config(session, target, value, to_revision, strategy)
    if kind not in (("apps", "Deployment"), ("apps", "StatefulSet"), ("apps", "DaemonSet")):
        group, name = kind
        raise CliError(f"no rollbacker has been implemented for {quoted(f'{name}.{group}' if group else name)}")
    if to_revision < 0:
        raise _missing(to_revision)
    revisions = revisions_of(session, target, value)
    revision = _meant(target, revisions, to_revision)
    is_deployment = kind == ("apps", "Deployment")
    if strategy == "client":
        kept = (revision.kept.get("spec") or {}).get("template")
        told = pod_template_text(kept if is_deployment else revision.template)
        return told if is_deployment else f"will roll back to {told}"
    spec = value.get("spec") or {}
    if is_deployment and spec.get("paused"):
        hint = "resume it first with 'kubectl rollout resume' and try again"
        raise CliError(f"you cannot rollback a paused deployment; {hint}")
    if _is_there(spec, revision, is_deployment):
        return f"skipped rollback (current template already matches revision {to_revision})"
    patch, media_type = _patch(value, revision) if is_deployment else (revision.kept.get("data"), STRATEGIC_PATCH)
    try:
        session.resources(target.type, target.namespace).patch(
            target.name, patch, kind=media_type, dry_run="All" if strategy == "server" else ""
        )
    except ClientError as error:
        if error.status is None:
            raise
        raise CliError(f"failed restoring revision {to_revision}: {error.message}") from error
    return DONE


def _meant(target: Target, revisions: list[Revision], number: int) -> Revision:
    if number:
        revision = next((each for each in revisions if each.number == number), None)
        if revision is None:
            raise _missing(number)
        return revision
    if len(revisions) < 2:
        if target.type.kind == "Deployment":
            raise CliError(f"no rollout history found for deployment {quoted(target.name)}")
        raise CliError("no last revision to roll back to")
    return revisions[-2]


def _missing(number: int) -> CliError:
    return CliError(f"unable to find specified revision {number} in history")


def _is_there(spec: Object, revision: Revision, is_deployment: bool) -> bool:
    if is_deployment:
        return same_template(spec, {"template": (revision.kept.get("spec") or {}).get("template")})
    return json_text(spec.get("template") or {}) == json_text(revision.template)


def _patch(value: Object, revision: Revision) -> tuple[Any, str]:
    """Return the patch that gives a deployment template and annotations of a replica set."""
    template: Object = (revision.kept.get("spec") or {}).get("template") or {}
    metadata = template.get("metadata") or {}
    labels = {key: text for key, text in (metadata.get("labels") or {}).items() if key != TEMPLATE_HASH}
    own = (value.get("metadata") or {}).get("annotations") or {}
    taken = (revision.kept.get("metadata") or {}).get("annotations") or {}
    annotations = {key: text for key, text in own.items() if key in _KEPT}
    annotations |= {key: text for key, text in taken.items() if key not in _KEPT}
    template = {**template, "metadata": {**metadata, "labels": labels}}
    return [
        {"op": "replace", "path": "/spec/template", "value": template},
        {"op": "replace", "path": "/metadata/annotations", "value": annotations},
    ], JSON_PATCH


def _config(session: Session, target: Target, value: Object, to_revision: int, strategy: str) -> str:
    if (value.get("spec") or {}).get("paused"):
        hint = f"resume it first with 'rollout resume dc/{target.name}' and try again"
        raise CliError(f"cannot rollback a paused config; {hint}")
    resources = session.resources(target.type, target.namespace)
    wish = {
        "apiVersion": target.type.api_version,
        "kind": "DeploymentConfigRollback",
        "name": target.name,
        "spec": {
            "from": {},
            "revision": to_revision,
            "includeTriggers": False,
            "includeTemplate": True,
            "includeReplicationMeta": False,
            "includeStrategy": False,
        },
    }
    rolled_back = resources.create(wish, name=target.name, subresource="rollback")
    if strategy == "client":
        return "\n" + pod_template_text((rolled_back.get("spec") or {}).get("template"))
    resources.update(target.name, rolled_back)
    return DONE
