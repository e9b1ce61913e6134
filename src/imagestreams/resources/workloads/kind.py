"""What one kind of workload is: its names, its rules, and how it is shown."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from imagestreams.api.core import Stored
from imagestreams.api.empty_values import drop_empty
from imagestreams.api.errors import FieldError
from imagestreams.resources.owning import BACKGROUND
from imagestreams.resources.resource import ALL_VERBS, ResourceInfo, TableView, Verb

T = TypeVar("T", bound=Stored)

SUBRESOURCE_VERBS: Final[frozenset[Verb]] = frozenset({"get", "patch", "update"})


def _no_fields(value: Stored) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class WorkloadKind(Generic[T]):
    """The rules of one kind.

    `fill` fills in defaults; `settle` comes last and knows the old state, if there is one; `validate_status` is
    missing where there is no status. `field_values` are those of field selectors beside name and namespace. With
    `counts_annotations` new annotations are a new generation, too. `selector_of` says for `scale` which pods count,
    and is missing where there is no such thing as a size.
    """

    info: ResourceInfo
    fill: Callable[[T], None]
    validate: Callable[[T], list[FieldError]]
    validate_update: Callable[[T, T], list[FieldError]]
    validate_status: Callable[[T, T], list[FieldError]] | None = None
    settle: Callable[[T, T | None], None] | None = None
    selector_of: Callable[[T], str] | None = None
    default_propagation: str = BACKGROUND
    counts_annotations: bool = False
    field_values: Callable[[T], Mapping[str, str]] = _no_fields

    def defaults(self, value: T) -> None:
        """Fill in what a client left empty, and leave out what holds nothing."""
        self.fill(value)
        drop_empty(value)


def workload_info(
    kind: type[Stored],
    group: str,
    table: TableView,
    version_hash: str,
    *,
    short: tuple[str, ...] = (),
    in_all: bool = True,
    fields: tuple[str, ...] = (),
) -> ResourceInfo:
    """Describe a resource; its names are those of its kind in small letters."""
    singular = kind.__name__.lower()
    return ResourceInfo(
        group=group,
        version="v1",
        plural=f"{singular}s",
        singular=singular,
        kind=kind.__name__,
        object_type=kind,
        verbs=ALL_VERBS,
        short_names=short,
        categories=("all",) if in_all else (),
        storage_version_hash=version_hash,
        table=table,
        field_labels=frozenset({"metadata.name", "metadata.namespace", *fields}),
    )
