"""May this user do that: a seam of one method, and the rules that hold without any role."""

from dataclasses import dataclass
from typing import Protocol

from imagestreams.access.identity import ADMINISTRATORS, AUTHENTICATED, User
from imagestreams.api.errors import ApiError, forbidden
from imagestreams.api.meta import Status, StatusDetails

PUBLIC_PATHS = ("/healthz", "/livez", "/readyz", "/version")
DISCOVERY_PATHS = ("/api", "/apis", "/openapi")


@dataclass(frozen=True, slots=True)
class Rule:
    """Verbs on one resource, or with `names` on these objects of it only."""

    group: str
    resource: str
    verbs: frozenset[str]
    names: frozenset[str] = frozenset()

    def covers(self, asked: "Attributes") -> bool:
        """Return whether it allows what is asked."""
        return (
            (self.group, self.resource) == (asked.group, asked.resource)
            and not asked.subresource
            and asked.verb in self.verbs
            and (not self.names or asked.name in self.names)
        )


_CREATE = frozenset({"create"})
EVERY_USER = (
    Rule("authentication.k8s.io", "selfsubjectreviews", _CREATE),
    Rule("authorization.k8s.io", "selfsubjectaccessreviews", _CREATE),
    Rule("authorization.k8s.io", "selfsubjectrulesreviews", _CREATE),
    Rule("user.openshift.io", "users", frozenset({"get"}), frozenset({"~"})),
    Rule("project.openshift.io", "projects", frozenset({"list", "watch"})),
    Rule("project.openshift.io", "projectrequests", frozenset({"create", "list"})),
)
"""What is about oneself: who am I, what may I, which projects do I see, may I have one."""
PUBLIC_CALLS = frozenset({("create", "build.openshift.io", "buildconfigs", "webhooks")})
"""What anybody may call: it asks for a secret itself."""
_NO_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


@dataclass(frozen=True, slots=True)
class Attributes:
    """What is asked for: a verb on a resource, or, with an empty `resource`, on a path."""

    user: User
    verb: str
    path: str = ""
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""


class Authorizer(Protocol):
    """Decides one request."""

    async def allows(self, attributes: Attributes) -> bool:
        """Return whether the user may do it."""


class BuiltinAuthorizer:
    """The rules that hold without any role.

    Administrators may do everything, everybody may see health, and who is logged in may see what is served and do
    what is about oneself.
    """

    async def allows(self, attributes: Attributes) -> bool:
        """Return whether one of these rules allows it."""
        groups = attributes.user.groups
        if ADMINISTRATORS in groups:
            return True
        call = (attributes.verb, attributes.group, attributes.resource, attributes.subresource)
        if attributes.resource and call in PUBLIC_CALLS:
            return True
        if attributes.resource:
            return AUTHENTICATED in groups and any(rule.covers(attributes) for rule in EVERY_USER)
        if attributes.verb != "get":
            return False
        if _is_under(attributes.path, PUBLIC_PATHS):
            return True
        return AUTHENTICATED in groups and _is_under(attributes.path, DISCOVERY_PATHS)


def _is_under(path: str, roots: tuple[str, ...]) -> bool:
    return any(path == root or path.startswith(root + "/") for root in roots)


def denial(attributes: Attributes) -> ApiError:
    """Compose the 403 that names who was refused what."""
    who = f'User "{attributes.user.name}" cannot {attributes.verb}'
    if not attributes.resource:
        message = f'forbidden: {who} path "{attributes.path}"'.translate(_NO_HTML)
        return ApiError(
            Status(
                kind="Status",
                api_version="v1",
                status="Failure",
                message=message,
                reason="Forbidden",
                details=StatusDetails(),
                code=403,
            )
        )
    resource = attributes.resource + (f"/{attributes.subresource}" if attributes.subresource else "")
    where = f'in the namespace "{attributes.namespace}"' if attributes.namespace else "at the cluster scope"
    detail = f'{who} resource "{resource}" in API group "{attributes.group}" {where}'
    detail = detail.translate(_NO_HTML)
    return forbidden(attributes.group, attributes.resource, attributes.name, detail)


async def require(authorizer: Authorizer, attributes: Attributes) -> None:
    """Return only when the request is allowed.

    Raises:
        ApiError: 403, no rule allows it.
    """
    if not await authorizer.allows(attributes):
        raise denial(attributes)
