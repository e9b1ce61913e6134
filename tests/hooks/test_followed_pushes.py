"""Pushes to the repository of a tag that goes by a version policy."""

from imagestreams.api.codec import from_dict
from imagestreams.api.image import ImageStream
from imagestreams.hooks.following import following_tags
from imagestreams.hooks.notification import Push


def followed(policy: str, *pushed: str) -> set[str]:
    source = {"kind": "DockerImage", "name": "r.io/org/x:3.6.0"}
    tag = {"name": "a", "annotations": {"imagestreams.dev/follow": policy}, "from": source}
    stream = from_dict({"metadata": {"name": "s", "namespace": "n"}, "spec": {"tags": [tag]}}, ImageStream)
    return following_tags(stream, ["r.io"], [Push("org/x", tag) for tag in pushed])


def test_a_version_that_the_policy_may_choose_imports_the_tag() -> None:
    assert followed("semver:~3.6", "3.6.4") == {"a"}
    assert followed("newest", "anything") == {"a"}


def test_versions_outside_its_bounds_are_no_matter_to_it() -> None:
    assert followed("semver:~3.6", "4.0.0", "latest", "3.7.0-rc.1", "") == set()
    assert followed("newest", "") == set()
