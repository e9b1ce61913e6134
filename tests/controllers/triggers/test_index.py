"""Who follows which tag."""

from hypothesis import given
from hypothesis import strategies as st

from imagestreams.controllers.triggers.index import Follower, FollowerIndex, Scope
from imagestreams.targets.cluster import ObjectKind
from imagestreams.triggers.reaction import StreamTag

SCOPE: Scope = (ObjectKind("apps", "v1", "deployments", "Deployment"), "")
A, B, OTHER = StreamTag("shop", "base", "a"), StreamTag("shop", "base", "b"), StreamTag("shop", "other", "a")


def follower(name: str, *tags: StreamTag, listing: int = 1) -> Follower:
    return Follower(SCOPE, "shop", name, frozenset(tags), 1, 0, listing)


def test_only_the_followers_of_tags_that_moved_are_told_and_only_once() -> None:
    images: dict[StreamTag, str] = {A: "1", B: "1", OTHER: "1"}
    index = FollowerIndex(images.get)
    for one in (follower("x", A), follower("y", A, B), follower("z", B), follower("o", OTHER)):
        index.put(one)
    assert index.moved("shop", "base") == []

    images[A] = images[OTHER] = "2"

    assert sorted(index.moved("shop", "base")) == [follower("x").key, follower("y").key]
    assert index.moved("shop", "base") == []
    assert index.moved("shop", "other") == [follower("o").key]


def test_who_acted_on_what_a_tag_was_for_a_moment_is_told_once_it_is_back() -> None:
    images: dict[StreamTag, str] = {A: "1"}
    index = FollowerIndex(images.get)
    x, y = follower("x", A), follower("y", A)
    for one in (x, y):
        index.put(one)

    index.acted(x.key, A, "2")
    index.acted(y.key, A, "2")
    index.acted(y.key, A, "1")
    index.acted("unknown", A, "2")
    index.acted(x.key, B, "2")

    assert index.moved("shop", "base") == [x.key]
    assert index.moved("shop", "base") == []


def test_a_tag_that_nobody_follows_any_more_is_forgotten() -> None:
    index = FollowerIndex(lambda tag: None)
    index.put(follower("x", A))

    index.put(follower("x", OTHER))
    assert not index.is_followed("shop", "base")
    assert index.is_followed("shop", "other")

    index.drop(follower("x").key)
    index.drop("unknown")
    assert not index.is_followed("shop", "other")
    assert len(index) == 0


def test_who_was_not_listed_is_dropped_but_in_no_other_scope() -> None:
    index = FollowerIndex(lambda tag: None)
    elsewhere = (SCOPE[0], "elsewhere")
    index.put(follower("old", A))
    index.put(follower("new", A, listing=2))
    index.put(Follower(elsewhere, "elsewhere", "old", frozenset({A}), 1, 0, 1))

    index.drop_unlisted(SCOPE, 2)

    assert sorted((one.namespace, one.name) for one in index) == [("elsewhere", "old"), ("shop", "new")]


_TAGS = st.frozensets(st.sampled_from([A, B, OTHER]))


@given(st.lists(st.tuples(st.sampled_from("wxyz"), st.none() | _TAGS)))
def test_the_index_is_always_what_its_followers_are(steps: list[tuple[str, frozenset[StreamTag] | None]]) -> None:
    images = dict.fromkeys((A, B, OTHER), "1")
    index, model = FollowerIndex(images.get), dict[str, frozenset[StreamTag]]()

    for name, tags in steps:
        if tags is None:
            index.drop(follower(name).key)
            model.pop(name, None)
        else:
            index.put(follower(name, *tags))
            model[name] = tags

    for tag in (A, B, OTHER):
        images[tag] = "2"
        told = index.moved(tag.namespace, tag.stream)
        assert sorted(told) == sorted(follower(name).key for name, tags in model.items() if tag in tags)
    assert {one.name for one in index} == set(model)
