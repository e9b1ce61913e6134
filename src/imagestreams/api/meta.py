"""Types of `meta.k8s.io/v1` that every resource shares."""

from typing import Any

import msgspec

from imagestreams.api.wire import Wire


class OwnerReference(Wire):
    """An object that this one belongs to."""

    api_version: str = ""
    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool | None = None
    block_owner_deletion: bool | None = None


class ManagedFieldsEntry(Wire):
    """The fields that one manager set by one operation."""

    manager: str = ""
    operation: str = ""
    api_version: str = ""
    time: str | None = None
    fields_type: str = ""
    fields_v1: dict[str, Any] | None = None
    subresource: str = ""


class ObjectMeta(Wire):
    """What all stored objects carry; times are RFC 3339 in whole seconds, UTC."""

    name: str = ""
    generate_name: str = ""
    namespace: str = ""
    self_link: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    deletion_grace_period_seconds: int | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    owner_references: list[OwnerReference] | None = None
    finalizers: list[str] | None = None
    managed_fields: list[ManagedFieldsEntry] | None = None


class ListMeta(Wire):
    """What lists carry; `continue_` is the token of the next page."""

    self_link: str = ""
    resource_version: str = ""
    continue_: str = ""
    remaining_item_count: int | None = None


class StatusCause(Wire):
    """One reason of a failure, with the field it is about."""

    reason: str = ""
    message: str = ""
    field: str = ""


class StatusDetails(Wire):
    """What a `Status` is about."""

    name: str = ""
    group: str = ""
    kind: str = ""
    uid: str = ""
    causes: list[StatusCause] | None = None
    retry_after_seconds: int = 0


class Status(Wire):
    """The answer of an operation that has no object to give, above all of one that failed."""

    kind: str = ""
    api_version: str = ""
    metadata: ListMeta = msgspec.field(default_factory=lambda: ListMeta())
    status: str = ""
    message: str = ""
    reason: str = ""
    details: StatusDetails | None = None
    code: int = 0


class LabelSelectorRequirement(Wire):
    """One condition on a label."""

    key: str = ""
    operator: str = ""
    values: list[str] | None = None


class LabelSelector(Wire):
    """Which objects are meant, by their labels."""

    match_labels: dict[str, str] | None = None
    match_expressions: list[LabelSelectorRequirement] | None = None


class Condition(Wire):
    """The state of one aspect of an object."""

    type: str = ""
    status: str = ""
    observed_generation: int = 0
    last_transition_time: str | None = None
    reason: str = ""
    message: str = ""


class DeleteOptions(Wire):
    """The body of a DELETE."""

    kind: str = ""
    api_version: str = ""
    grace_period_seconds: int | None = None
    preconditions: dict[str, str] | None = None
    orphan_dependents: bool | None = None
    propagation_policy: str | None = None
    dry_run: list[str] | None = None
