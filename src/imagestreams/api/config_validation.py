"""What may stand in the settings for registries: the rules of OpenShift's own definitions, with their texts.

A field that breaks a rule and was like that before is left alone when something else is changed.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar

from imagestreams.api.config import Image, ImageContentSourcePolicy, ImageDigestMirrorSet, ImageTagMirrorSet
from imagestreams.api.errors import FieldError

T = TypeVar("T")

NEVER_CONTACT_SOURCE: Final = "NeverContactSource"
ALLOW_CONTACTING_SOURCE: Final = "AllowContactingSource"
_ENTRIES_MAX: Final = 1024
_ENTRY_LENGTH_MAX: Final = 256
_LABEL: Final = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_PATH: Final = r"(?:(?:/[a-z0-9]+(?:(?:(?:[._]|__|[-]*)[a-z0-9]+)+)?)+)?"
_LOCATION: Final = rf"^({_LABEL}(?:(?:\.{_LABEL})+)?(?::[0-9]+)?){_PATH}$"
_SCOPE: Final = rf"^\*(?:\.{_LABEL})+$|{_LOCATION}"
# The same languages as the patterns above, which are for showing: these are never slow.
_IS_LOCATION: Final = re.compile(
    r"[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)*(?::[0-9]+)?(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*"
)
_IS_WILDCARD: Final = re.compile(r"\*(?:\.[a-zA-Z0-9-]+)+")
_HOSTNAME: Final = re.compile(r"[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)*\.?")
_BAD_ENTRY: Final = (
    "each registry must be a valid hostname[:port][/path] or wildcard *.hostname format without tags or digests"
)


def validate_image_settings(value: Image, old: Image | None = None) -> list[FieldError]:
    """Return what is wrong with the settings for images."""
    errors: list[FieldError] = []
    spec, sources = value.spec, value.spec.registry_sources
    if spec.image_stream_import_mode not in ("", "Legacy", "PreserveOriginal"):
        supported = ["", "Legacy", "PreserveOriginal"]
        errors.append(FieldError.not_supported("spec.imageStreamImportMode", spec.image_stream_import_mode, supported))
    if sources is not None:
        for name, entries in (
            ("insecureRegistries", sources.insecure_registries),
            ("blockedRegistries", sources.blocked_registries),
            ("allowedRegistries", sources.allowed_registries),
        ):
            errors += _entry_errors(f"spec.registrySources.{name}", entries or [])
        errors += _search_errors(sources.container_runtime_search_registries)
    if old is not None:
        known = validate_image_settings(old)
        errors = [error for error in errors if error not in known]
    was = old.spec.registry_sources if old is not None else None
    if sources is not None and sources != was:
        both = sources.blocked_registries is not None and sources.allowed_registries is not None
        if both:
            detail = "Only one of blockedRegistries or allowedRegistries may be set"
            errors.append(FieldError.invalid("spec.registrySources", "object", detail))
    return errors


def validate_digest_mirrors(value: ImageDigestMirrorSet, old: ImageDigestMirrorSet | None = None) -> list[FieldError]:
    """Return what is wrong with mirrors for digests."""
    errors = [
        error
        for number, one in enumerate(value.spec.image_digest_mirrors or [])
        for error in _mirror_errors(
            f"spec.imageDigestMirrors[{number}]", one.source, one.mirrors or [], one.mirror_source_policy
        )
    ]
    return _new(errors, old, validate_digest_mirrors)


def validate_tag_mirrors(value: ImageTagMirrorSet, old: ImageTagMirrorSet | None = None) -> list[FieldError]:
    """Return what is wrong with mirrors for tags."""
    errors = [
        error
        for number, one in enumerate(value.spec.image_tag_mirrors or [])
        for error in _mirror_errors(
            f"spec.imageTagMirrors[{number}]", one.source, one.mirrors or [], one.mirror_source_policy
        )
    ]
    return _new(errors, old, validate_tag_mirrors)


def validate_content_sources(
    value: ImageContentSourcePolicy, old: ImageContentSourcePolicy | None = None
) -> list[FieldError]:
    """Return what is wrong with mirrors in their older form, of which nothing is asked but a source."""
    errors = [
        FieldError.required(f"spec.repositoryDigestMirrors[{number}].source")
        for number, one in enumerate(value.spec.repository_digest_mirrors or [])
        if not one.source
    ]
    return _new(errors, old, validate_content_sources)


def _new(errors: list[FieldError], old: T | None, validate: Callable[[T], list[FieldError]]) -> list[FieldError]:
    known = validate(old) if old is not None else []
    return [error for error in errors if error not in known]


def _entry_errors(field: str, entries: Sequence[str]) -> Iterator[FieldError]:
    if len(entries) > _ENTRIES_MAX:
        yield FieldError(
            "FieldValueTooMany", field, f"Too many: {len(entries)}: must have at most {_ENTRIES_MAX} items"
        )
    for number, entry in enumerate(entries[:_ENTRIES_MAX]):
        here = f"{field}[{number}]"
        if not entry:
            yield FieldError.invalid(here, entry, f"{here} in body should be at least 1 chars long")
        elif len(entry) > _ENTRY_LENGTH_MAX:
            yield FieldError.too_long(here, _ENTRY_LENGTH_MAX)
        elif not is_scope(entry):
            yield FieldError.invalid(here, "string", _BAD_ENTRY)


def _search_errors(hosts: Sequence[str] | None) -> Iterator[FieldError]:
    field = "spec.registrySources.containerRuntimeSearchRegistries"
    if hosts is not None and not hosts:
        yield FieldError.invalid(field, 0, f"{field} in body should have at least 1 items")
    yield from _duplicates(field, hosts or [])
    for number, host in enumerate(hosts or []):
        if not _HOSTNAME.fullmatch(host) or not _labels_are_good(host.rstrip(".")):
            here = f"{field}[{number}]"
            yield FieldError.invalid(here, host, f'{here} in body must be of type hostname: "{host}"')


def _mirror_errors(field: str, source: str, mirrors: Sequence[str], policy: str) -> Iterator[FieldError]:
    if not source:
        yield FieldError.required(f"{field}.source")
    elif not is_scope(source):
        yield _mismatch(f"{field}.source", source, _SCOPE)
    if policy and policy not in (NEVER_CONTACT_SOURCE, ALLOW_CONTACTING_SOURCE):
        supported = [NEVER_CONTACT_SOURCE, ALLOW_CONTACTING_SOURCE]
        yield FieldError.not_supported(f"{field}.mirrorSourcePolicy", policy, supported)
    for number, mirror in enumerate(mirrors):
        if not is_location(mirror):
            yield _mismatch(f"{field}.mirrors[{number}]", mirror, _LOCATION)
    yield from _duplicates(f"{field}.mirrors", mirrors)


def _mismatch(field: str, value: str, pattern: str) -> FieldError:
    return FieldError.invalid(field, value, f"{field} in body should match '{pattern}'")


def _duplicates(field: str, values: Sequence[str]) -> Iterator[FieldError]:
    seen: set[str] = set()
    for number, value in enumerate(values):
        if value in seen:
            yield FieldError("FieldValueDuplicate", f"{field}[{number}]", f'Duplicate value: "{value}"')
        seen.add(value)


def is_location(text: str) -> bool:
    """Return whether the text is `host[:port][/path]`."""
    host = text.partition("/")[0].partition(":")[0]
    return _IS_LOCATION.fullmatch(text) is not None and _labels_are_good(host)


def is_scope(text: str) -> bool:
    """Return whether the text is a location or `*.domain`."""
    if text.startswith("*."):
        return _IS_WILDCARD.fullmatch(text) is not None and _labels_are_good(text[2:])
    return is_location(text)


def _labels_are_good(host: str) -> bool:
    return not any(label.startswith("-") or label.endswith("-") for label in host.split("."))
