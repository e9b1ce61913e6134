"""Who gets in, and what the others are told."""

import pytest

from imagestreams.access.authentication import TokenAuthenticator, identify, token_hash
from imagestreams.access.authorization import Attributes, BuiltinAuthorizer, require
from imagestreams.access.identity import ADMINISTRATORS, ANONYMOUS, AUTHENTICATED, User
from imagestreams.api.errors import ApiError

ADMIN = User("admin", frozenset({ADMINISTRATORS}))
TOKENS = TokenAuthenticator({token_hash("s3cret"): ADMIN})


async def test_a_known_token_is_its_user_and_authenticated() -> None:
    user = await identify("Bearer s3cret", TOKENS)

    assert user.name == "admin"
    assert user.groups == {ADMINISTRATORS, AUTHENTICATED}


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer ", "Bearer", "Basic s3cret", "s3cret", ""])
async def test_credentials_that_are_nobodys_are_a_401_without_details(header: str) -> None:
    with pytest.raises(ApiError) as failure:
        await identify(header, TOKENS)

    assert (failure.value.status.code, failure.value.status.message) == (401, "Unauthorized")
    assert failure.value.status.details is None


async def test_without_credentials_one_is_anonymous_and_denied() -> None:
    user = await identify(None, TOKENS)

    wanted = Attributes(user, "list", group="image.openshift.io", resource="imagestreams", namespace="ns")
    with pytest.raises(ApiError) as failure:
        await require(BuiltinAuthorizer(), wanted)

    assert user is ANONYMOUS
    assert failure.value.status.code == 403
    assert failure.value.status.message == (
        'imagestreams.image.openshift.io is forbidden: User "system:anonymous" cannot list resource "imagestreams" '
        'in API group "image.openshift.io" in the namespace "ns"'
    )


@pytest.mark.parametrize(
    ("groups", "verb", "path", "allowed"),
    [
        (ANONYMOUS.groups, "get", "/healthz", True),
        (ANONYMOUS.groups, "get", "/readyz/store", True),
        (ANONYMOUS.groups, "get", "/apis", False),
        (ANONYMOUS.groups, "post", "/healthz", False),
        ({AUTHENTICATED}, "get", "/apis/image.openshift.io/v1", True),
        ({AUTHENTICATED}, "get", "/apisx", False),
        ({ADMINISTRATORS}, "post", "/anything", True),
    ],
)
async def test_paths_that_are_no_resource(groups: set[str], verb: str, path: str, allowed: bool) -> None:
    asked = Attributes(User("u", frozenset(groups)), verb, path=path)

    assert await BuiltinAuthorizer().allows(asked) is allowed


async def test_a_refusal_can_not_be_mistaken_for_html() -> None:
    asked = Attributes(User("<b>"), "get", path="/<script>&")

    with pytest.raises(ApiError) as failure:
        await require(BuiltinAuthorizer(), asked)

    assert failure.value.status.message == 'forbidden: User "&lt;b&gt;" cannot get path "/&lt;script&gt;&amp;"'


@pytest.mark.parametrize(
    ("verb", "group", "resource", "name", "allowed"),
    [
        ("create", "authorization.k8s.io", "selfsubjectaccessreviews", "", True),
        ("create", "authorization.k8s.io", "selfsubjectrulesreviews", "", True),
        ("create", "authentication.k8s.io", "selfsubjectreviews", "", True),
        ("get", "user.openshift.io", "users", "~", True),
        ("get", "user.openshift.io", "users", "jane", False),
        ("list", "project.openshift.io", "projects", "", True),
        ("watch", "project.openshift.io", "projects", "", True),
        ("get", "project.openshift.io", "projects", "default", False),
        ("create", "project.openshift.io", "projectrequests", "", True),
        ("list", "", "namespaces", "", False),
        ("list", "image.openshift.io", "imagestreams", "", False),
    ],
)
async def test_every_user_may_do_what_is_about_himself(
    verb: str, group: str, resource: str, name: str, allowed: bool
) -> None:
    asked = {"verb": verb, "group": group, "resource": resource, "name": name}
    user = User("jane", frozenset({AUTHENTICATED}))

    assert await BuiltinAuthorizer().allows(Attributes(user, **asked)) is allowed
    assert not await BuiltinAuthorizer().allows(Attributes(ANONYMOUS, **asked))
