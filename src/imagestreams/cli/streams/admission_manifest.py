"""The configuration by which a Kubernetes API server asks us about workloads. Pure."""

import base64
from typing import Any, Final
from urllib.parse import urlsplit

from imagestreams.cli.errors import CliError

NAME: Final = "imagestreams-image-lookup"
WEBHOOK: Final = "image-lookup.imagestreams.dev"
PATH: Final = "/admission/images/"
TOKEN_NAMESPACE: Final = "kube-system"
TOKEN_SECRET: Final = "imagestreams-admission"
TOKEN_KEY: Final = "token"
FAILURE_POLICIES: Final = ("Ignore", "Fail")

_NAMESPACES: Final = ["default", "kube-system", "kube-public", "openshift"]
_RULES: Final = (
    ("", ["pods", "replicationcontrollers"]),
    ("apps", ["daemonsets", "deployments", "replicasets", "statefulsets"]),
    ("batch", ["cronjobs", "jobs"]),
    ("apps.openshift.io", ["deploymentconfigs"]),
    ("build.openshift.io", ["builds"]),
)

Object = dict[str, Any]


def token_secret(token: str) -> Object:
    """Return the secret that holds the token of the webhook's address."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": TOKEN_SECRET, "namespace": TOKEN_NAMESPACE},
        "type": "Opaque",
        "stringData": {TOKEN_KEY: token},
    }


def webhook_configuration(url: str, token: str, authority: bytes | None, failure_policy: str, timeout_s: int) -> Object:
    """Return what is installed in a cluster.

    `url` is where the cluster reaches the server, `authority` the certificates (PEM) that it proves itself with.

    Raises:
        CliError: an API server takes no such address, policy or time.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment or "@" in parts.netloc:
        raise CliError("--url must be https://HOST[:PORT][/PATH]: API servers call webhooks by https only")
    if failure_policy not in FAILURE_POLICIES:
        raise CliError(f'--failure-policy must be one of {", ".join(FAILURE_POLICIES)}, not "{failure_policy}"')
    if not 1 <= timeout_s <= 30:
        raise CliError("--timeout must be between 1s and 30s")
    client: Object = {"url": f"{url.rstrip('/')}{PATH}{token}"}
    if authority:
        client["caBundle"] = base64.b64encode(authority).decode()
    webhook: Object = {
        "name": WEBHOOK,
        "clientConfig": client,
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "failurePolicy": failure_policy,
        "reinvocationPolicy": "IfNeeded",
        "timeoutSeconds": timeout_s,
        "namespaceSelector": {
            "matchExpressions": [
                {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": list(_NAMESPACES)},
                {"key": "openshift.io/run-level", "operator": "NotIn", "values": ["0", "1"]},
            ]
        },
        "matchConditions": [
            {"name": "not-of-the-platform", "expression": "!request.namespace.startsWith('openshift')"},
        ],
        "rules": [
            {
                "apiGroups": [group],
                "apiVersions": ["v1"],
                "operations": ["CREATE", "UPDATE"],
                "resources": resources,
                "scope": "Namespaced",
            }
            for group, resources in _RULES
        ],
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": NAME},
        "webhooks": [webhook],
    }
