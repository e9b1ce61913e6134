"""How container engines are to ask registries: our logins and our registry settings in their own words. Pure.

An engine gets the logins of the images that it needs and no others, each under the name of its repository. What it
pushes goes to the registry that the name has, wherever the settings let the same name be read: so engines do it.
"""

import base64
from collections.abc import Iterable, Mapping
from typing import Any

from imagestreams.api.codec import encode
from imagestreams.reference import ImageReference, InvalidReference, parse
from imagestreams.registries.credentials import Keyring
from imagestreams.registries.policy import RegistryPolicy
from imagestreams.runners.registries_conf import RegistrySource


def auth_file(keyring: Keyring, images: Iterable[str]) -> bytes:
    """Return a container `auth.json` with the logins of some images."""
    auths: dict[str, Any] = {}
    for reference in _references(images):
        for login in keyring.logins(reference.registry, reference.repository)[:1]:
            entry = {"auth": base64.b64encode(f"{login.username}:{login.password}".encode()).decode()}
            if login.identity_token:
                entry["identitytoken"] = login.identity_token
            auths[_name(reference)] = entry
    return encode({"auths": auths})


def sources(policy: RegistryPolicy, images: Iterable[str]) -> list[RegistrySource]:
    """Return where some images are asked for: their mirrors, and whether insecurely, as for imports."""
    found = {}
    for reference in _references(images):
        name = _name(reference)
        own = policy.source(reference, insecure=False)
        mirrors = tuple(
            (f"{place.registry}/{place.repository}", place.insecure)
            for place in policy.places(reference, by_digest=bool(reference.id), insecure=False)
            if place != own
        )
        if own is None:
            found[name] = RegistrySource(name, name, blocked=True, mirrors=mirrors)
        else:
            found[name] = RegistrySource(name, f"{own.registry}/{own.repository}", own.insecure, mirrors=mirrors)
    return list(found.values())


def with_other_places(policy: RegistryPolicy, images: Iterable[str]) -> list[str]:
    """Return images, and the repositories that stand in for theirs: an engine may need logins for these, too."""
    every = list(images)
    for reference in _references(tuple(every)):
        for place in policy.places(reference, by_digest=bool(reference.id), insecure=False):
            every.append(f"{place.registry}/{place.repository}")
    return list(dict.fromkeys(every))


def insecure_hosts(policy: RegistryPolicy, images: Iterable[str]) -> frozenset[str]:
    """Return the registries of some images that need no good certificate."""
    return frozenset(
        reference.registry
        for reference in _references(images)
        for place in policy.places(reference, by_digest=bool(reference.id), insecure=False)
        if place.insecure and place.registry == reference.registry
    )


def trusted_for(authorities: Mapping[str, str], images: Iterable[str]) -> list[str]:
    """Return the certificates (PEM) that are trusted for the registries of some images."""
    hosts = sorted({reference.registry.lower() for reference in _references(images)})
    return [authorities[host] for host in hosts if host in authorities]


def _references(images: Iterable[str]) -> list[ImageReference]:
    """Read pull specs; what is none is left to the engine to complain of."""
    found = []
    for image in images:
        try:
            found.append(parse(image).docker_client_defaults())
        except InvalidReference:
            continue
    return found


def _name(reference: ImageReference) -> str:
    registry = "docker.io" if reference.registry == "index.docker.io" else reference.registry
    return f"{registry}/{reference.repository}"
