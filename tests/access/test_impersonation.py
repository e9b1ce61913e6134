"""Who may act as somebody else does so with that one's rights only."""

import pytest

from imagestreams.access.authorization import BuiltinAuthorizer
from imagestreams.access.identity import ADMINISTRATORS, ANONYMOUS, AUTHENTICATED, UNAUTHENTICATED, User
from imagestreams.access.impersonation import acting_as
from imagestreams.api.errors import ApiError

ADMIN = User("system:admin", frozenset({ADMINISTRATORS, AUTHENTICATED}))
Headers = list[tuple[bytes, bytes]]


async def who(headers: Headers, user: User = ADMIN) -> User:
    return await acting_as(user, headers, BuiltinAuthorizer())


async def test_without_headers_one_stays_who_one_is() -> None:
    assert await who([(b"accept", b"application/json")]) is ADMIN
    assert await who([(b"impersonate-user", b"")]) is ADMIN


async def test_another_user_has_none_of_ones_own_groups() -> None:
    headers = [
        (b"impersonate-user", b"joe"),
        (b"impersonate-group", b"dev"),
        (b"impersonate-group", b"ops"),
        (b"impersonate-uid", b"17"),
        (b"impersonate-extra-example.com%2fscopes", b"view"),
        (b"impersonate-extra-example.com%2fscopes", b"edit"),
    ]

    assert await who(headers) == User(
        "joe", frozenset({"dev", "ops", AUTHENTICATED}), "17", {"example.com/scopes": ("view", "edit")}
    )


@pytest.mark.parametrize(
    ("name", "asked_groups", "groups"),
    [
        (b"joe", [], {AUTHENTICATED}),
        (b"joe", [b"system:unauthenticated"], {UNAUTHENTICATED}),
        (b"system:anonymous", [], {UNAUTHENTICATED}),
        (
            b"system:serviceaccount:shop:builder",
            [],
            {"system:serviceaccounts", "system:serviceaccounts:shop", AUTHENTICATED},
        ),
        (b"system:serviceaccount:shop:builder", [b"dev"], {"dev", AUTHENTICATED}),
        (b"system:serviceaccount:shop", [], {AUTHENTICATED}),
        (b"system:serviceaccount:Shop:builder", [], {AUTHENTICATED}),
        (b"system:serviceaccount:shop:builder:x", [], {AUTHENTICATED}),
        ("Jörg".encode(), [], {AUTHENTICATED}),
    ],
)
async def test_groups_follow_from_the_user_unless_they_are_named(
    name: bytes, asked_groups: list[bytes], groups: set[str]
) -> None:
    user = await who([(b"impersonate-user", name), *((b"impersonate-group", group) for group in asked_groups)])

    assert (user.name, user.groups) == (name.decode(), groups)


async def test_groups_need_a_user() -> None:
    with pytest.raises(ApiError) as failure:
        await who([(b"impersonate-group", b"dev")])

    assert failure.value.status.code == 400
    assert failure.value.status.message == "requested [{Group  dev    }] without impersonating a user"


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        (
            [(b"impersonate-user", b"joe")],
            'users "joe" is forbidden: User "system:anonymous" cannot impersonate resource "users" in API group "" '
            "at the cluster scope",
        ),
        (
            [(b"impersonate-user", b"system:serviceaccount:shop:builder")],
            'serviceaccounts "builder" is forbidden: User "system:anonymous" cannot impersonate resource '
            '"serviceaccounts" in API group "" in the namespace "shop"',
        ),
    ],
)
async def test_who_may_not_act_as_others_is_refused(headers: Headers, told: str) -> None:
    with pytest.raises(ApiError) as failure:
        await who(headers, ANONYMOUS)

    assert (failure.value.status.code, failure.value.status.message) == (403, told)
