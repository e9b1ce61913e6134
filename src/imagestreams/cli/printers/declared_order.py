"""Objects whose fields stand in the order in which their type declares them.

`oc` prints as JSON what it read from files or for `get` with sorted keys, but what it made from flags as its own types
have it: `kind` and `apiVersion` first, then `metadata` with the name in front.
"""

from typing import Any, Final

import msgspec

from imagestreams.api import core, image
from imagestreams.api.apps import types as apps
from imagestreams.api.batch import types as batch
from imagestreams.api.openshift_apps import types as openshift_apps

Object = dict[str, Any]

_TYPES: Final = {
    ("v1", "ConfigMap"): core.ConfigMap,
    ("v1", "Namespace"): core.Namespace,
    ("v1", "Secret"): core.Secret,
    ("v1", "ServiceAccount"): core.ServiceAccount,
    ("v1", "ReplicationController"): apps.ReplicationController,
    ("apps/v1", "DaemonSet"): apps.DaemonSet,
    ("apps/v1", "Deployment"): apps.Deployment,
    ("apps/v1", "ReplicaSet"): apps.ReplicaSet,
    ("apps/v1", "StatefulSet"): apps.StatefulSet,
    ("apps.openshift.io/v1", "DeploymentConfig"): openshift_apps.DeploymentConfig,
    ("batch/v1", "CronJob"): batch.CronJob,
    ("batch/v1", "Job"): batch.Job,
    ("image.openshift.io/v1", "ImageStream"): image.ImageStream,
    ("image.openshift.io/v1", "ImageStreamTag"): image.ImageStreamTag,
}
# Carried through as it came: no type says what is in there.
_UNTYPED: Final = "dockerImageMetadata"


def in_declared_order(value: Object) -> Object:
    """Return the object with its fields in their declared order; one of an unknown type with its keys sorted."""
    kind = _TYPES.get((str(value.get("apiVersion", "")), str(value.get("kind", ""))))
    try:
        model = msgspec.convert(_timed(value), kind) if kind else value
    except msgspec.ValidationError:
        model = value
    ordered: Object = _arranged(value, msgspec.json.decode(msgspec.json.encode(model, order="deterministic")))
    return ordered


def _timed(value: Object) -> Object:
    """Put something in the place of a time that is null: what is null is left out of the model."""
    metadata = value.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("creationTimestamp", "") is not None:
        return value
    return {**value, "metadata": {**metadata, "creationTimestamp": ""}}


def _arranged(value: Any, model: Any) -> Any:
    """Return the value with all its keys, arranged as in the model."""
    if isinstance(value, dict) and isinstance(model, dict):
        keys = [*(key for key in model if key in value), *(key for key in value if key not in model)]
        return {key: value[key] if key == _UNTYPED else _arranged(value[key], model.get(key)) for key in keys}
    if isinstance(value, list) and isinstance(model, list):
        return [_arranged(one, like) for one, like in zip(value, model, strict=True)]
    return value
