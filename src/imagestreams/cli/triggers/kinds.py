"""How the triggers of a kind of object are read and written."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from imagestreams.cli.triggers import annotated, build_config, deployment_config
from imagestreams.cli.triggers.definition import Definition, Object


@dataclass(frozen=True)
class Form:
    """Reads triggers from a document, and makes the document that has others."""

    read: Callable[[Object], Definition]
    write: Callable[[Object, Definition], Object]


_ANNOTATED: Final = Form(annotated.read, annotated.write)
_FORMS: Final = {
    ("apps.openshift.io", "DeploymentConfig"): Form(deployment_config.read, deployment_config.write),
    ("build.openshift.io", "BuildConfig"): Form(build_config.read, build_config.write),
    ("apps", "Deployment"): _ANNOTATED,
    ("apps", "StatefulSet"): _ANNOTATED,
    ("apps", "DaemonSet"): _ANNOTATED,
    ("batch", "CronJob"): _ANNOTATED,
    ("extensions", "Deployment"): _ANNOTATED,
    ("extensions", "DaemonSet"): _ANNOTATED,
}


def form_of(document: Object) -> Form | None:
    """Return how an object has triggers, `None` when it has none that can be set."""
    group = str(document.get("apiVersion", "")).rpartition("/")[0]
    return _FORMS.get((group, str(document.get("kind", ""))))
