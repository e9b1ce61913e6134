"""Questions about oneself: may I, what may I, who am I. Nothing is stored."""

from collections.abc import Mapping
from typing import Final

from imagestreams.access.authorization import DISCOVERY_PATHS, EVERY_USER, PUBLIC_PATHS, Attributes, Authorizer, Rule
from imagestreams.access.identity import User
from imagestreams.api.codec import encode, to_dict
from imagestreams.api.core import (
    NonResourceRule,
    ResourceRule,
    SelfSubjectAccessReview,
    SelfSubjectReview,
    SelfSubjectReviewStatus,
    SelfSubjectRulesReview,
    SubjectAccessReviewStatus,
    SubjectRulesReviewStatus,
    UserInfo,
)
from imagestreams.api.core import User as UserObject
from imagestreams.api.errors import FieldError, bad_request, invalid, not_found
from imagestreams.api.meta import ObjectMeta
from imagestreams.resources.resource import Item, RequestContext, Resource, ResourceInfo

AUTHORIZATION: Final = "authorization.k8s.io"
AUTHENTICATION: Final = "authentication.k8s.io"
USERS: Final = "user.openshift.io"
_MYSELF: Final = "~"


def _review(group: str, plural: str, kind: type, singular: str) -> ResourceInfo:
    return ResourceInfo(
        group=group,
        version="v1",
        plural=plural,
        singular=singular,
        kind=kind.__name__,
        object_type=kind,
        verbs=frozenset({"create"}),
        namespaced=False,
    )


class SelfSubjectAccessReviews(Resource):
    """May I do that?"""

    info = _review(AUTHORIZATION, "selfsubjectaccessreviews", SelfSubjectAccessReview, "selfsubjectaccessreview")

    def __init__(self, authorizer: Authorizer) -> None:
        self._authorizer = authorizer

    async def create(self, context: RequestContext, obj: SelfSubjectAccessReview) -> Item:
        on_resource, on_path = obj.spec.resource_attributes, obj.spec.non_resource_attributes
        if on_resource is not None and on_path is not None:
            detail = "cannot be specified in combination with resourceAttributes"
            error = FieldError.invalid("spec.nonResourceAttributes", to_dict(on_path), detail)
            raise invalid(AUTHORIZATION, "SelfSubjectAccessReview", "", [error])
        if on_resource is not None:
            asked = Attributes(
                context.user,
                on_resource.verb,
                group=on_resource.group,
                resource=on_resource.resource,
                subresource=on_resource.subresource,
                namespace=on_resource.namespace,
                name=on_resource.name,
            )
        elif on_path is not None:
            asked = Attributes(context.user, on_path.verb, on_path.path)
        else:
            detail = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
            error = FieldError.invalid("spec.resourceAttributes", None, detail)
            raise invalid(AUTHORIZATION, "SelfSubjectAccessReview", "", [error])
        obj.kind, obj.api_version = self.info.kind, self.info.group_version
        obj.status = SubjectAccessReviewStatus(allowed=await self._authorizer.allows(asked))
        return Item(obj, encode(obj))


class SelfSubjectRulesReviews(Resource):
    """What may I do in a namespace?"""

    info = _review(AUTHORIZATION, "selfsubjectrulesreviews", SelfSubjectRulesReview, "selfsubjectrulesreview")

    def __init__(self, authorizer: Authorizer) -> None:
        self._authorizer = authorizer

    async def create(self, context: RequestContext, obj: SelfSubjectRulesReview) -> Item:
        namespace = obj.spec.namespace
        if not namespace:
            raise bad_request("no namespace on request")
        everything = Attributes(context.user, "*", group="*", resource="*", namespace=namespace)
        if await self._authorizer.allows(everything):
            resources = [ResourceRule(verbs=["*"], api_groups=["*"], resources=["*"])]
            paths = [NonResourceRule(verbs=["*"], non_resource_urls=["*"])]
            obj.status = SubjectRulesReviewStatus(resource_rules=resources, non_resource_rules=paths)
        else:
            open_paths = [path for path in (*PUBLIC_PATHS, *DISCOVERY_PATHS) if await self._sees(context.user, path)]
            rules = [NonResourceRule(verbs=["get"], non_resource_urls=open_paths)] if open_paths else []
            # A user's single rights are known only by asking for each of them.
            resources = [_shown(rule) for rule in EVERY_USER if await self._may(context.user, rule)]
            obj.status = SubjectRulesReviewStatus(resource_rules=resources, non_resource_rules=rules, incomplete=True)
        obj.kind, obj.api_version = self.info.kind, self.info.group_version
        return Item(obj, encode(obj))

    async def _sees(self, user: User, path: str) -> bool:
        return await self._authorizer.allows(Attributes(user, "get", path))

    async def _may(self, user: User, rule: Rule) -> bool:
        name = next(iter(rule.names), "")
        for verb in rule.verbs:
            asked = Attributes(user, verb, group=rule.group, resource=rule.resource, name=name)
            if not await self._authorizer.allows(asked):
                return False
        return True


def _shown(rule: Rule) -> ResourceRule:
    return ResourceRule(
        verbs=sorted(rule.verbs),
        api_groups=[rule.group],
        resources=[rule.resource],
        resource_names=sorted(rule.names) or None,
    )


class SelfSubjectReviews(Resource):
    """Who am I, in the words of Kubernetes?"""

    info = _review(AUTHENTICATION, "selfsubjectreviews", SelfSubjectReview, "selfsubjectreview")

    async def create(self, context: RequestContext, obj: SelfSubjectReview) -> Item:
        user = context.user
        obj.kind, obj.api_version = self.info.kind, self.info.group_version
        obj.metadata.creation_timestamp = context.now
        obj.status = SelfSubjectReviewStatus(
            user_info=UserInfo(
                username=user.name,
                uid=user.uid,
                groups=sorted(user.groups) or None,
                extra={key: list(values) for key, values in user.extra.items()} or None,
            )
        )
        return Item(obj, encode(obj))


class Users(Resource):
    """Who am I, in the words of OpenShift: `users/~`. Other users are not kept here."""

    info = ResourceInfo(
        group=USERS,
        version="v1",
        plural="users",
        singular="user",
        kind="User",
        object_type=UserObject,
        verbs=frozenset({"get"}),
        namespaced=False,
    )

    async def get(self, context: RequestContext, options: Mapping[str, str]) -> Item:
        user = context.user
        if context.name not in {_MYSELF, user.name}:
            raise not_found(USERS, "users", context.name)
        shown = UserObject(
            kind="User",
            api_version=self.info.group_version,
            metadata=ObjectMeta(name=user.name, uid=user.uid),
            groups=sorted(user.groups),
        )
        return Item(shown, encode(shown))
