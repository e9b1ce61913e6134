"""What builds are called, and how they are tied to their config: labels, annotations and numbers. Pure."""

from typing import Final

from imagestreams.api.build.types import Build
from imagestreams.api.metadata.object_meta_validation import label_value_problems
from imagestreams.api.written_numbers import written_number

CONFIG: Final = "openshift.io/build-config.name"
"""The label and the annotation that name a build's config."""
OLDER_CONFIG_LABEL: Final = "buildconfig"
NUMBER: Final = "openshift.io/build.number"
RUN_POLICY: Final = "openshift.io/build.start-policy"
CLONE_OF: Final = "openshift.io/build.clone-of"
POD_NAME: Final = "openshift.io/build.pod-name"

_NAME_MAX: Final = 253
_HASH_LENGTH: Final = 10
_FNV_OFFSET: Final = 0x811C9DC5
_FNV_PRIME: Final = 0x01000193


def joined_name(base: str, suffix: str) -> str:
    """Return `base-suffix`; one that is too long is cut, with a hash of the base in place of the rest.

    >>> joined_name("app", "3")
    'app-3'
    """
    name = f"{base}-{suffix}"
    if len(name) <= _NAME_MAX:
        return name
    kept = _NAME_MAX - _HASH_LENGTH - len(suffix)
    return f"{base[:kept]}-{_hash(base)}-{suffix}"


def _hash(text: str) -> str:
    value = _FNV_OFFSET
    for byte in text.encode():
        value = (value ^ byte) * _FNV_PRIME & 0xFFFFFFFF
    return f"{value:08x}"


def label_value(name: str) -> str:
    """Return as much of a name from its beginning as may be the value of a label."""
    for end in range(len(name), 0, -1):
        if not label_value_problems(name[:end]):
            return name[:end]
    return name


def config_of(build: Build) -> str:
    """Return the name of the config that a build was made of, empty when it was made by hand."""
    annotations, labels = build.metadata.annotations or {}, build.metadata.labels or {}
    return annotations.get(CONFIG) or labels.get(CONFIG) or labels.get(OLDER_CONFIG_LABEL) or ""


def config_labels(build: Build) -> set[str]:
    """Return the values of the labels that say which config a build is of."""
    labels = build.metadata.labels or {}
    return {labels.get(CONFIG, ""), labels.get(OLDER_CONFIG_LABEL, "")} - {""}


def number_of(build: Build) -> int:
    """Return which build of its config it is; 0 when it doesn't say."""
    text = (build.metadata.annotations or {}).get(NUMBER, "")
    return written_number(text, 0)
