"""Which kinds of objects may follow tags: those with a pod template, and configurations of builds."""

from typing import Final

_GROUPS: Final = frozenset({"apps", "batch"})
_SINGLE: Final = frozenset(
    {
        ("", "replicationcontrollers"),
        ("apps.openshift.io", "deploymentconfigs"),
        ("build.openshift.io", "buildconfigs"),
    }
)
_WITHOUT_TEMPLATE: Final = frozenset({("apps", "controllerrevisions")})
_WHOLE: Final = frozenset({("apps.openshift.io", "deploymentconfigs"), ("build.openshift.io", "buildconfigs")})


def is_usual(group: str, plural: str) -> bool:
    """Return whether objects of a resource are watched when nobody says which."""
    named = (group, plural)
    return (group in _GROUPS or named in _SINGLE) and named not in _WITHOUT_TEMPLATE


def is_whole(group: str, plural: str) -> bool:
    """Return whether a resource's objects have to be watched as a whole, because their triggers are no annotation."""
    return (group, plural) in _WHOLE
