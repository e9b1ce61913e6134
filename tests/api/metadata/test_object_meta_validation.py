"""The rules of all metadata, in the words of Kubernetes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagestreams.api.meta import ManagedFieldsEntry, ObjectMeta, OwnerReference
from imagestreams.api.metadata.object_meta_validation import (
    dns_label_problems,
    dns_subdomain_problems,
    label_value_problems,
    path_segment_problems,
    qualified_name_problems,
    validate_object_meta,
    validate_object_meta_update,
)

LABEL_RULE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
KEY_RULE = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
    "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)


def stored(**fields: object) -> ObjectMeta:
    """Return metadata as it is stored, with some fields changed."""
    metadata = ObjectMeta(
        name="a", namespace="ns", uid="u", resource_version="1", generation=2, creation_timestamp="2026-01-01T00:00:00Z"
    )
    for field, value in fields.items():
        setattr(metadata, field, value)
    return metadata


def problems(metadata: ObjectMeta, *, namespaced: bool = True) -> list[str]:
    errors = validate_object_meta(metadata, namespaced=namespaced, name_problems=dns_subdomain_problems)
    return [str(error) for error in errors]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("a-1", []),
        ("a.b", ["must not contain dots"]),
        ("A", [LABEL_RULE]),
        ("a\n", [LABEL_RULE]),
        ("-a", [LABEL_RULE]),
        ("a" * 64, ["must be no more than 63 characters"]),
        ("", [LABEL_RULE]),
    ],
)
def test_labels_of_dns(name: str, told: list[str]) -> None:
    assert dns_label_problems(name) == told


@pytest.mark.parametrize(
    ("name", "told"),
    [("a.b-c", []), ("a..b", [SUBDOMAIN_RULE]), ("a" * 254, ["must be no more than 253 characters"])],
)
def test_subdomains_of_dns(name: str, told: list[str]) -> None:
    assert dns_subdomain_problems(name) == told


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (".", ["may not be '.'"]),
        ("..", ["may not be '..'"]),
        ("a/%", ["may not contain '/'", "may not contain '%'"]),
        ("a b", []),
    ],
)
def test_segments_of_paths(name: str, told: list[str]) -> None:
    assert path_segment_problems(name) == told


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("a", []),
        ("example.com/My_name.1", []),
        ("/a", ["prefix part must be non-empty"]),
        ("A/a", [f"prefix part {SUBDOMAIN_RULE}"]),
        ("a/", ["name part must be non-empty", f"name part {KEY_RULE}"]),
        ("a" * 64, ["name part must be no more than 63 characters"]),
        ("a b", [f"name part {KEY_RULE}"]),
        (
            "a/b/c",
            [f"a qualified name {KEY_RULE} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"],
        ),
    ],
)
def test_keys_of_labels(name: str, told: list[str]) -> None:
    assert qualified_name_problems(name) == told


@given(st.text(alphabet="aZ0-_. /\n%é", max_size=8))
def test_what_passes_as_a_value_begins_and_ends_with_a_letter_or_digit(value: str) -> None:
    if not label_value_problems(value):
        assert value == "" or (value[0].isalnum() and value[-1].isalnum() and value.isascii())
        assert not set(value) & set(" /\n%é")


def test_a_name_must_suit_the_resource_and_then_be_a_segment_of_a_path() -> None:
    anything = validate_object_meta(stored(name="a/b"), namespaced=True, name_problems=lambda name: [])

    assert [str(error) for error in anything] == ["metadata.name: Invalid value: \"a/b\": may not contain '/'"]
    assert problems(stored(name="a/b")) == [f'metadata.name: Invalid value: "a/b": {SUBDOMAIN_RULE}']
    assert problems(stored(name="")) == ["metadata.name: Required value: name or generateName is required"]


def test_a_prefix_for_names_may_end_with_a_dash() -> None:
    assert problems(stored(generate_name="a-")) == []
    assert problems(stored(generate_name="A-")) == []  # the real server looks at a masked prefix here too
    assert problems(stored(generate_name="_-b")) == [f'metadata.generateName: Invalid value: "_-b": {SUBDOMAIN_RULE}']


def test_a_namespace_belongs_to_what_is_in_one() -> None:
    assert problems(stored(namespace="")) == ["metadata.namespace: Required value"]
    assert problems(stored(namespace="A")) == [f'metadata.namespace: Invalid value: "A": {LABEL_RULE}']
    assert problems(stored(), namespaced=False) == ["metadata.namespace: Forbidden: not allowed on this type"]


def test_annotations_have_keys_of_any_case_and_a_limit() -> None:
    assert problems(stored(annotations={"Example.COM/A": "any text\n"})) == []
    assert problems(stored(annotations={"a": "x" * (256 * 1024 - 1)})) == []
    assert problems(stored(annotations={"a": "x" * (256 * 1024)})) == [
        "metadata.annotations: Too long: may not be more than 262144 bytes"
    ]


def test_owners_are_named_in_full_and_one_of_them_controls() -> None:
    empty = OwnerReference()
    event = OwnerReference(api_version="v1", kind="Event", name="e", uid="u")
    first = OwnerReference(api_version="apps/v1", kind="D", name="a", uid="u", controller=True)
    second = OwnerReference(api_version="a/b/c", kind="D", name="b", uid="v", controller=True)

    assert problems(stored(owner_references=[empty])) == [
        f"metadata.ownerReferences[0].{field}: Required value: must not be empty"
        for field in ("apiVersion", "kind", "name", "uid")
    ]
    assert problems(stored(owner_references=[event])) == [
        'metadata.ownerReferences[0]: Invalid value: {"apiVersion":"v1","kind":"Event","name":"e","uid":"u"}: '
        "/v1, Kind=Event is disallowed from being an owner"
    ]
    told = problems(stored(owner_references=[first, second]))
    assert told[0] == (
        'metadata.ownerReferences[1].apiVersion: Invalid value: "a/b/c": must be <group>/<version> or <version>'
    )
    assert told[1].endswith(
        'Only one reference can have Controller set to true. Found "true" in references for D/a and D/b'
    )


def test_finalizers_are_qualified_names_and_do_not_contradict() -> None:
    assert problems(stored(finalizers=["example.com/a", "orphan"])) == []
    assert problems(stored(finalizers=["a.b/c d"])) == [
        f'metadata.finalizers: Invalid value: "a.b/c d": name part {KEY_RULE}'
    ]
    assert problems(stored(finalizers=["kubernetes", "hold"])) == [
        'metadata.finalizers[1]: Invalid value: "hold": name is neither a standard finalizer name nor is it fully '
        "qualified"
    ]
    assert problems(stored(finalizers=["orphan", "foregroundDeletion"])) == [
        'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: '
        "finalizer orphan and foregroundDeletion cannot be both set"
    ]


def test_managed_fields_are_checked() -> None:
    entries = [
        ManagedFieldsEntry(operation="Apply", fields_type="FieldsV1", manager="m"),
        ManagedFieldsEntry(operation="Drop", fields_type="Other", manager="a\tb"),
        ManagedFieldsEntry(manager="x" * 129),
    ]

    assert problems(stored(managed_fields=entries)) == [
        'metadata.managedFields[1].operation: Unsupported value: "Drop": supported values: "Apply", "Update"',
        'metadata.managedFields[1].fieldsType: Invalid value: "Other": must be `FieldsV1`',
        'metadata.managedFields[1].manager: Invalid value: "a\\tb": invalid character U+0009 (at position 1)',
        "metadata.managedFields[2].operation: Required value: must not be empty",
        "metadata.managedFields[2].manager: Too long: may not be more than 128 bytes",
    ]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, []),
        ({"labels": {"a": "b"}, "generation": 3}, []),
        ({"name": "b"}, ['metadata.name: Invalid value: "b": field is immutable']),
        ({"namespace": "b"}, ['metadata.namespace: Invalid value: "b": field is immutable']),
        ({"uid": "v"}, ['metadata.uid: Invalid value: "v": field is immutable']),
        ({"generation": 1}, ["metadata.generation: Invalid value: 1: must not be decremented"]),
        (
            {"generation": -1},
            [
                "metadata.generation: Invalid value: -1: must be greater than or equal to 0",
                "metadata.generation: Invalid value: -1: must not be decremented",
            ],
        ),
        (
            {"resource_version": ""},
            ['metadata.resourceVersion: Invalid value: "": must be specified for an update'],
        ),
        (
            {"creation_timestamp": None},
            ["metadata.creationTimestamp: Invalid value: null: field is immutable"],
        ),
        (
            {"deletion_timestamp": "2026-01-02T00:00:00Z", "deletion_grace_period_seconds": 3},
            [
                'metadata.deletionTimestamp: Invalid value: "2026-01-02T00:00:00Z": field is immutable',
                "metadata.deletionGracePeriodSeconds: Invalid value: 3: field is immutable",
            ],
        ),
        ({"labels": {"a b": ""}}, [f'metadata.labels: Invalid value: "a b": name part {KEY_RULE}']),
    ],
)
def test_what_may_change(changed: dict[str, object], told: list[str]) -> None:
    assert [str(error) for error in validate_object_meta_update(stored(**changed), stored())] == told


def test_a_finalizer_can_not_be_added_to_what_is_being_deleted() -> None:
    gone = stored(deletion_timestamp="2026-01-02T00:00:00Z", finalizers=["x.io/a"])
    more = stored(deletion_timestamp="2026-01-02T00:00:00Z", finalizers=["x.io/a", "x.io/c", "x.io/b"])

    assert [str(error) for error in validate_object_meta_update(more, gone)] == [
        "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, "
        'found new finalizers []string{"x.io/b", "x.io/c"}'
    ]
