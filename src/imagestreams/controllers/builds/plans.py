"""From a build to what the builder takes: values of secrets, images by pull spec, logins and registry settings.

Nothing waits here: everything is looked up in caches.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from imagestreams.api.build.types import Build
from imagestreams.api.core import ConfigMap, LocalObjectReference, Secret
from imagestreams.api.pods import EnvVar
from imagestreams.controllers.engine_access import auth_file, sources, trusted_for, with_other_places
from imagestreams.registries.credentials import Keyring
from imagestreams.registries.policy import RegistryPolicy
from imagestreams.resources.builds.image_sources import ImageSources
from imagestreams.resources.storage import ObjectStorage
from imagestreams.runners.builds.images import Access, RegistryAccess
from imagestreams.runners.builds.plan import (
    ERROR,
    Binary,
    BuildFailure,
    BuildPlan,
    GitSource,
    InputFiles,
    InputImage,
    Pairs,
    PostCommit,
)

_UNRESOLVABLE: Final = (
    "UnresolvableEnvironmentVariable",
    "Unable to resolve build environment variable reference.",
)
_CANNOT_CREATE: Final = "CannotCreateBuildPodSpec"
_REFERENCE: Final = re.compile(r"\$(\$|\(([-._a-zA-Z0-9]+)\))")
_LOGIN_TYPES: Final = frozenset({"kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg"})


@dataclass(frozen=True, slots=True)
class BuildPlans:
    """Makes plans; `authorities` are certificates for single hosts, `certificate` (PEM) is trusted for all."""

    images: ImageSources
    secrets: ObjectStorage[Secret]
    config_maps: ObjectStorage[ConfigMap]
    policy: Callable[[], RegistryPolicy]
    authorities: Callable[[], Mapping[str, str]]
    certificate: str
    timeout_s: float

    def plan(self, build: Build, binary: Path | None) -> BuildPlan:
        """Return what is to be done; `binary` is what was uploaded for it.

        Raises:
            BuildFailure: the build can't be carried out by this server.
            ApiError: an image that it needs is not known (yet).
            OutputUnresolved: its image has no place to go (yet).
        """
        spec, namespace = build.spec, build.metadata.namespace
        strategy = spec.strategy.docker_strategy
        if strategy is None:
            kind = spec.strategy.type or "unknown"
            raise BuildFailure(_CANNOT_CREATE, f"this server can't carry out the build strategy {kind}", phase=ERROR)
        if strategy.volumes:
            raise BuildFailure(_CANNOT_CREATE, "this server can't give volumes to builds", phase=ERROR)
        source, hook, deadline_s = spec.source, spec.post_commit, spec.completion_deadline_seconds
        base = self.images.pull_spec(strategy.from_, namespace) if strategy.from_ is not None else ""
        return BuildPlan(
            namespace=namespace,
            name=build.metadata.name,
            uid=build.metadata.uid,
            git=self._git(build),
            dockerfile=source.dockerfile,
            binary=Binary(binary, source.binary.as_file) if binary is not None and source.binary is not None else None,
            context_dir=source.context_dir,
            files=self._files(build),
            images=self._images(build),
            base=base,
            dockerfile_path=strategy.dockerfile_path,
            env=self._values(build, strategy.env),
            build_args=self._values(build, strategy.build_args),
            labels=[(label.name, label.value) for label in spec.output.image_labels or []],
            force_pull=strategy.force_pull,
            no_cache=strategy.no_cache,
            post_commit=PostCommit(tuple(hook.command or ()), tuple(hook.args or ()), hook.script),
            push_to=self.images.output_pull_spec(build),
            timeout_s=self.timeout_s if deadline_s is None else min(self.timeout_s, deadline_s),
        )

    def access(self, build: Build, push_to: str) -> Access:
        """Return how the registries of a build are asked: first with the secrets that it names."""
        strategy, images = build.spec.strategy.docker_strategy, build.spec.source.images or []
        named = [strategy.pull_secret if strategy is not None else None, *(image.pull_secret for image in images)]
        pulls, push = self._keyring(build, named), self._keyring(build, [build.spec.output.push_secret])
        return Access(lambda needed: self._access(pulls, needed), self._access(push, [push_to] if push_to else []))

    def missing_push_secret(self, build: Build) -> bool:
        """Return whether the secret that a build pushes with is not there (yet)."""
        secret = build.spec.output.push_secret
        return secret is not None and self.secrets.find(build.metadata.namespace, secret.name) is None

    def _access(self, keyring: Keyring, images: Sequence[str]) -> RegistryAccess:
        policy = self.policy()
        asked = with_other_places(policy, images)
        certificates = trusted_for(self.authorities(), asked)
        certificates += [self.certificate] if self.certificate else []
        return RegistryAccess(auth_file(keyring, asked), sources(policy, images), certificates)

    def _keyring(self, build: Build, named: Iterable[LocalObjectReference | None]) -> Keyring:
        """Return the logins of the named secrets, then those of all others of the namespace, as imports use them."""
        namespace = build.metadata.namespace
        first = [self.secrets.find(namespace, one.name) for one in named if one is not None]
        every = [*first, *self.secrets.list(namespace)]
        return Keyring.from_secrets(entry.value for entry in every if entry is not None and _has_logins(entry.value))

    def _git(self, build: Build) -> GitSource | None:
        source, revision = build.spec.source, build.spec.revision
        if source.git is None:
            return None
        git = source.git
        given = {"HTTP_PROXY": git.http_proxy, "HTTPS_PROXY": git.https_proxy, "NO_PROXY": git.no_proxy}
        proxies = {name: value for name, value in given.items() if value is not None}
        commit = revision.git.commit if revision is not None and revision.git is not None else ""
        secret = {}
        if source.source_secret is not None:
            entry = self.secrets.find(build.metadata.namespace, source.source_secret.name)
            secret = _decoded(entry.value.data or {}) if entry is not None else {}
        both = {**proxies, **{name.lower(): value for name, value in proxies.items()}}
        return GitSource(git.uri, git.ref, commit, both, secret)

    def _files(self, build: Build) -> list[InputFiles]:
        namespace, source, found = build.metadata.namespace, build.spec.source, []
        for of_secret in source.secrets or []:
            secret = self.secrets.find(namespace, of_secret.secret.name)
            if secret is not None:
                found.append(InputFiles(of_secret.destination_dir, _decoded(secret.value.data or {})))
        for of_map in source.config_maps or []:
            entry = self.config_maps.find(namespace, of_map.config_map.name)
            if entry is not None:
                texts = {name: text.encode() for name, text in (entry.value.data or {}).items()}
                found.append(InputFiles(of_map.destination_dir, {**texts, **_decoded(entry.value.binary_data or {})}))
        return found

    def _images(self, build: Build) -> list[InputImage]:
        return [
            InputImage(
                self.images.pull_spec(image.from_, build.metadata.namespace),
                [(path.source_path, path.destination_dir) for path in image.paths or []],
                image.as_ or (),
            )
            for image in build.spec.source.images or []
        ]

    def _values(self, build: Build, variables: Sequence[EnvVar] | None) -> Pairs:
        """Return the values of variables, with `$(NAME)` for those that stand before."""
        known: dict[str, str] = {}
        for variable in variables or []:
            value = self._looked_up(build, variable) if variable.value_from is not None else variable.value
            known[variable.name] = _expanded(value, known)
        return list(known.items())

    def _looked_up(self, build: Build, variable: EnvVar) -> str:
        namespace, source = build.metadata.namespace, variable.value_from
        assert source is not None
        if source.secret_key_ref is not None:
            secret = self.secrets.find(namespace, source.secret_key_ref.name)
            values = _decoded(secret.value.data or {}) if secret is not None else {}
            found, optional = values.get(source.secret_key_ref.key), source.secret_key_ref.optional
        elif source.config_map_key_ref is not None:
            entry = self.config_maps.find(namespace, source.config_map_key_ref.name)
            text = (entry.value.data or {}).get(source.config_map_key_ref.key) if entry is not None else None
            found, optional = text.encode() if text is not None else None, source.config_map_key_ref.optional
        elif source.field_ref is not None:
            metadata = {"metadata.name": build.metadata.name, "metadata.namespace": namespace}
            text = metadata.get(source.field_ref.field_path)
            found, optional = text.encode() if text is not None else None, False
        else:
            found, optional = None, False
        if found is None and not optional:
            raise BuildFailure(*_UNRESOLVABLE, phase=ERROR)
        return (found or b"").decode(errors="replace")


def _has_logins(secret: Secret) -> bool:
    return secret.type in _LOGIN_TYPES


def _decoded(data: Mapping[str, str]) -> dict[str, bytes]:
    found = {}
    for name, value in data.items():
        try:
            found[name] = base64.b64decode(value)
        except binascii.Error:
            continue
    return found


def _expanded(text: str, known: Mapping[str, str]) -> str:
    """Return a text with the values of what it names; `$$` is a dollar, and what is not known stays.

    >>> _expanded("$(A)-$(B)-$$(A)", {"A": "1"})
    '1-$(B)-$(A)'
    """

    def value(match: re.Match[str]) -> str:
        return "$" if match[1] == "$" else known.get(match[2], match[0])

    return _REFERENCE.sub(value, text)
