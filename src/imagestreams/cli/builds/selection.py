"""Which build or build config an argument means, and which builds a config has."""

from typing import Any, Final

from imagestreams.cli.errors import CliError
from imagestreams.cli.session import Session
from imagestreams.client.discovery import ResourceType
from imagestreams.client.resources import BUILD_CONFIGS, BUILDS

Object = dict[str, Any]

_CONFIG: Final = "openshift.io/build-config.name"
_LABEL_MAX: Final = 63


def meant(session: Session, argument: str, default: ResourceType) -> tuple[ResourceType, str]:
    """Return the type and the name of `TYPE/NAME` or `NAME`; a name alone is of the default type.

    Raises:
        CliError: it is neither a build nor a build config, or has too many slashes.
        ClientError: the server has no such type.
    """
    kind, slash, name = argument.partition("/")
    if not slash:
        return default, argument
    if "/" in name:
        raise CliError(f"invalid resource format: {argument}")
    found = session.discovery.resolve(kind)
    for known in (BUILDS, BUILD_CONFIGS):
        if (found.group, found.plural) == (known.group, known.plural):
            return known, name
    qualified = f"{found.plural}.{found.group}" if found.group else found.plural
    raise CliError(f"invalid resource provided: {qualified}")


def builds_of(session: Session, config: str, namespace: str | None = None) -> list[Object]:
    """Return the builds of a config, in the order of their names."""
    selector = f"{_CONFIG}={config[:_LABEL_MAX]}"
    items: list[Object] = session.resources(BUILDS, namespace).list(label_selector=selector).get("items") or []
    return items


def newest(builds: list[Object]) -> Object:
    """Return the build that was made last; there is at least one."""
    return max(builds, key=lambda build: (_created(build), number_of(build)))


def _created(build: Object) -> str:
    return str((build.get("metadata") or {}).get("creationTimestamp") or "")


def number_of(build: Object) -> int:
    """Return which build of its config it is; 0 when it doesn't say."""
    text = ((build.get("metadata") or {}).get("annotations") or {}).get("openshift.io/build.number", "")
    return int(text) if text.isdecimal() else 0


def phase_of(build: Object) -> str:
    """Return how far a build is."""
    return str((build.get("status") or {}).get("phase") or "")
