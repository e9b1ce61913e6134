"""What the metadata of every stored object must look like, at creation and from one state to the next.

Rules, order and texts are those of Kubernetes 1.34 (apimachinery `api/validation` and `util/validation`). Maps are
checked in the order of their keys, so that one object always gets one answer. Name rules of single resources are
functions from a name to texts: `dns_label_problems`, `dns_subdomain_problems`, `path_segment_problems`.
"""

import re
from collections.abc import Callable, Iterable
from typing import Final

from imagestreams.api.codec import to_dict
from imagestreams.api.errors import FieldError
from imagestreams.api.meta import ManagedFieldsEntry, ObjectMeta, OwnerReference

ANNOTATIONS_MAX_BYTES: Final = 256 * 1024
_LABEL_MAX: Final = 63
_SUBDOMAIN_MAX: Final = 253
_FIELD_MANAGER_MAX: Final = 128
_SUBRESOURCE_MAX: Final = 256
_IMMUTABLE: Final = "field is immutable"
_EMPTY: Final = "must be non-empty"

_LABEL_FORMAT: Final = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN_FORMAT: Final = rf"{_LABEL_FORMAT}(\.{_LABEL_FORMAT})*"
_KEY_FORMAT: Final = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE_FORMAT: Final = f"({_KEY_FORMAT})?"
_LABEL = re.compile(_LABEL_FORMAT)
_SUBDOMAIN = re.compile(_SUBDOMAIN_FORMAT)
_KEY = re.compile(_KEY_FORMAT)
_VALUE = re.compile(_VALUE_FORMAT)

_LABEL_RULE: Final = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    f"an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '{_LABEL_FORMAT}')"
)
_SUBDOMAIN_RULE: Final = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    f"end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{_SUBDOMAIN_FORMAT}')"
)
_KEY_RULE: Final = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
    f"(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{_KEY_FORMAT}')"
)
_VALUE_RULE: Final = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    f"'{_VALUE_FORMAT}')"
)

ORPHAN_DEPENDENTS: Final = "orphan"
DELETE_DEPENDENTS: Final = "foregroundDeletion"
_STANDARD_FINALIZERS: Final = frozenset({"kubernetes", ORPHAN_DEPENDENTS, DELETE_DEPENDENTS})


def dns_label_problems(name: str) -> list[str]:
    """Say what forbids a name as a DNS-1123 label."""
    problems = [_too_long(_LABEL_MAX)] if _size(name) > _LABEL_MAX else []
    if not _LABEL.fullmatch(name):
        problems.append("must not contain dots" if _SUBDOMAIN.fullmatch(name) else _LABEL_RULE)
    return problems


def dns_subdomain_problems(name: str) -> list[str]:
    """Say what forbids a name as a DNS-1123 subdomain."""
    problems = [_too_long(_SUBDOMAIN_MAX)] if _size(name) > _SUBDOMAIN_MAX else []
    return problems if _SUBDOMAIN.fullmatch(name) else [*problems, _SUBDOMAIN_RULE]


def path_segment_problems(name: str) -> list[str]:
    """Say what forbids a name as one segment of a URL path."""
    if name in {".", ".."}:
        return [f"may not be '{name}'"]
    return [f"may not contain '{character}'" for character in "/%" if character in name]


def qualified_name_problems(name: str) -> list[str]:
    """Say what forbids a name as a key of labels: an optional DNS prefix, a slash and a short name."""
    prefix, slash, last = name.rpartition("/")
    if "/" in prefix:
        return [
            f"a qualified name {_KEY_RULE} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        ]
    problems = []
    if slash:
        problems += [f"prefix part {text}" for text in (dns_subdomain_problems(prefix) if prefix else [_EMPTY])]
    if not last:
        problems.append(f"name part {_EMPTY}")
    elif _size(last) > _LABEL_MAX:
        problems.append(f"name part {_too_long(_LABEL_MAX)}")
    if not _KEY.fullmatch(last):
        problems.append(f"name part {_KEY_RULE}")
    return problems


def label_value_problems(value: str) -> list[str]:
    """Say what forbids a text as the value of a label."""
    problems = [_too_long(_LABEL_MAX)] if _size(value) > _LABEL_MAX else []
    return problems if _VALUE.fullmatch(value) else [*problems, _VALUE_RULE]


def validate_object_meta(
    metadata: ObjectMeta, *, namespaced: bool, name_problems: Callable[[str], list[str]]
) -> list[FieldError]:
    """Check the metadata of a new object, whose name is already generated.

    A name must suit the resource's own rule, and then be one segment of a path.
    """
    errors: list[FieldError] = []
    prefix = metadata.generate_name
    if prefix:
        errors += _invalid("metadata.generateName", prefix, name_problems(_masked(prefix)))
    if not metadata.name:
        errors.append(FieldError.required("metadata.name", "name or generateName is required"))
    else:
        problems = name_problems(metadata.name) or path_segment_problems(metadata.name)
        errors += _invalid("metadata.name", metadata.name, problems)
    if not namespaced:
        if metadata.namespace:
            errors.append(FieldError.forbidden("metadata.namespace", "not allowed on this type"))
    elif not metadata.namespace:
        errors.append(FieldError.required("metadata.namespace"))
    else:
        errors += _invalid("metadata.namespace", metadata.namespace, dns_label_problems(metadata.namespace))
    errors += _validate_generation(metadata.generation)
    errors += validate_labels(metadata.labels or {}, "metadata.labels")
    errors += validate_annotations(metadata.annotations or {}, "metadata.annotations")
    errors += _validate_owner_references(metadata.owner_references or [])
    errors += _validate_finalizers(metadata.finalizers or [])
    errors += _validate_managed_fields(metadata.managed_fields or [])
    return errors + validate_finalizer_names(metadata)


def validate_object_meta_update(new: ObjectMeta, old: ObjectMeta) -> list[FieldError]:
    """Check what may change of an object's metadata."""
    errors: list[FieldError] = []
    if old.deletion_timestamp:
        added = sorted(set(new.finalizers or []) - set(old.finalizers or []))
        if added:
            shown = ", ".join(f'"{name}"' for name in added)
            detail = "no new finalizers can be added if the object is being deleted, found new finalizers "
            errors.append(FieldError.forbidden("metadata.finalizers", f"{detail}[]string{{{shown}}}"))
    if not new.resource_version:
        errors.append(FieldError.invalid("metadata.resourceVersion", "", "must be specified for an update"))
    errors += _validate_generation(new.generation)
    if new.generation < old.generation:
        errors.append(FieldError.invalid("metadata.generation", new.generation, "must not be decremented"))
    for field, wanted, before in (
        ("name", new.name, old.name),
        ("namespace", new.namespace, old.namespace),
        ("uid", new.uid, old.uid),
        ("creationTimestamp", new.creation_timestamp, old.creation_timestamp),
        ("deletionTimestamp", new.deletion_timestamp, old.deletion_timestamp),
        ("deletionGracePeriodSeconds", new.deletion_grace_period_seconds, old.deletion_grace_period_seconds),
    ):
        if wanted != before:
            errors.append(FieldError.invalid(f"metadata.{field}", wanted, _IMMUTABLE))
    errors += validate_labels(new.labels or {}, "metadata.labels")
    errors += validate_annotations(new.annotations or {}, "metadata.annotations")
    errors += _validate_owner_references(new.owner_references or [])
    return errors + _validate_managed_fields(new.managed_fields or [])


def validate_labels(labels: dict[str, str], field: str) -> list[FieldError]:
    """Check the keys and values of labels."""
    errors: list[FieldError] = []
    for key, value in sorted(labels.items()):
        errors += _invalid(field, key, qualified_name_problems(key))
        errors += _invalid(field, value, label_value_problems(value))
    return errors


def validate_annotations(annotations: dict[str, str], field: str) -> list[FieldError]:
    """Check the keys of annotations, and how much they hold in all."""
    errors: list[FieldError] = []
    for key in sorted(annotations):
        errors += _invalid(field, key, qualified_name_problems(key.lower()))
    if sum(_size(key) + _size(value) for key, value in annotations.items()) > ANNOTATIONS_MAX_BYTES:
        errors.append(FieldError.too_long(field, ANNOTATIONS_MAX_BYTES))
    return errors


def _validate_owner_references(references: list[OwnerReference]) -> list[FieldError]:
    field = "metadata.ownerReferences"
    errors: list[FieldError] = []
    controller = ""
    for number, reference in enumerate(references):
        errors += _validate_owner_reference(f"{field}[{number}]", reference)
        if not reference.controller:
            continue
        current = f"{reference.kind}/{reference.name}"
        if controller:
            detail = 'Only one reference can have Controller set to true. Found "true" in references for '
            shown = [_shown(each) for each in references]
            errors.append(FieldError.invalid(field, shown, f"{detail}{controller} and {current}"))
        controller = controller or current
    return errors


def _validate_owner_reference(path: str, reference: OwnerReference) -> list[FieldError]:
    errors = []
    version = reference.api_version
    if not version:
        errors.append(FieldError.required(f"{path}.apiVersion", "must not be empty"))
    elif version.count("/") > 1 or version.endswith("/"):
        detail = "must be <group>/<version> or <version>"
        errors.append(FieldError.invalid(f"{path}.apiVersion", version, detail))
    for field, value in (("kind", reference.kind), ("name", reference.name), ("uid", reference.uid)):
        if not value:
            errors.append(FieldError.required(f"{path}.{field}", "must not be empty"))
    if (version, reference.kind) == ("v1", "Event"):
        errors.append(FieldError.invalid(path, _shown(reference), "/v1, Kind=Event is disallowed from being an owner"))
    return errors


def _shown(reference: OwnerReference) -> dict[str, object]:
    always = {"apiVersion": "", "kind": "", "name": "", "uid": ""}
    return always | to_dict(reference)


def _validate_finalizers(finalizers: list[str]) -> list[FieldError]:
    field = "metadata.finalizers"
    errors: list[FieldError] = []
    for name in finalizers:
        errors += _invalid(field, name, qualified_name_problems(name))
    if ORPHAN_DEPENDENTS in finalizers and DELETE_DEPENDENTS in finalizers:
        detail = f"finalizer {ORPHAN_DEPENDENTS} and {DELETE_DEPENDENTS} cannot be both set"
        errors.append(FieldError.invalid(field, finalizers, detail))
    return errors


def validate_finalizer_names(metadata: ObjectMeta) -> list[FieldError]:
    """Check that each finalizer is one of Kubernetes' own, or says whose it is by a prefix.

    Not all objects of a cluster obey this rule; those of the core group and images do.
    """
    detail = "name is neither a standard finalizer name nor is it fully qualified"
    return [
        FieldError.invalid(f"metadata.finalizers[{number}]", name, detail)
        for number, name in enumerate(metadata.finalizers or [])
        if "/" not in name and name not in _STANDARD_FINALIZERS
    ]


def _validate_managed_fields(entries: list[ManagedFieldsEntry]) -> list[FieldError]:
    errors: list[FieldError] = []
    for number, entry in enumerate(entries):
        path = f"metadata.managedFields[{number}]"
        if not entry.operation:
            errors.append(FieldError.required(f"{path}.operation", "must not be empty"))
        elif entry.operation not in {"Apply", "Update"}:
            errors.append(FieldError.not_supported(f"{path}.operation", entry.operation, ["Apply", "Update"]))
        if entry.fields_type not in {"", "FieldsV1"}:
            errors.append(FieldError.invalid(f"{path}.fieldsType", entry.fields_type, "must be `FieldsV1`"))
        errors += validate_field_manager(entry.manager, f"{path}.manager")
        if _size(entry.subresource) > _SUBRESOURCE_MAX:
            errors.append(FieldError.too_long(f"{path}.subresource", _SUBRESOURCE_MAX))
    return errors


def validate_field_manager(manager: str, field: str) -> list[FieldError]:
    """Check the name under which somebody manages fields; an empty one means the default."""
    errors = [FieldError.too_long(field, _FIELD_MANAGER_MAX)] if _size(manager) > _FIELD_MANAGER_MAX else []
    position = 0
    for character in manager:
        if not character.isprintable():
            detail = f"invalid character U+{ord(character):04X} (at position {position})"
            errors.append(FieldError.invalid(field, manager, detail))
        position += _size(character)
    return errors


def _validate_generation(generation: int) -> list[FieldError]:
    problems = ["must be greater than or equal to 0"] if generation < 0 else []
    return _invalid("metadata.generation", generation, problems)


def _masked(prefix: str) -> str:
    """Return a prefix as its rule should see it: what is appended makes a dash at its end harmless."""
    return prefix[:-2] + "a" if len(prefix) > 1 and prefix.endswith("-") else prefix


def _invalid(field: str, value: object, problems: Iterable[str]) -> list[FieldError]:
    return [FieldError.invalid(field, value, problem) for problem in problems]


def _too_long(limit_bytes: int) -> str:
    return f"must be no more than {limit_bytes} characters"


def _size(text: str) -> int:
    return len(text.encode())
