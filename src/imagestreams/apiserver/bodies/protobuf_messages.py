"""Which field of a message has which number, and what it holds.

The tables are written as texts, a message a paragraph: `NUMBER NAME TYPE, …`. A type in brackets is a list, in braces
a map of texts to it; a name that is a dash says that the fields of the inner message belong to the outer one. A
`string` is left out when it is empty, a `text` is not: it is written only where it is meant. The tables are read
when the first body comes, since most servers never see one.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Final, Literal, NamedTuple

_FIELD = re.compile(r"(?P<number>\d+) (?P<name>\S+) (?P<open>[\[{]?)(?P<kind>[\w-]+)[\]}]?")

_META_AND_CORE: Final = """
Unknown: 1 typeMeta TypeMeta, 2 raw raw
TypeMeta: 1 apiVersion string, 2 kind string
ObjectMeta: 1 name string, 2 generateName string, 3 namespace string, 4 selfLink string, 5 uid string,
  6 resourceVersion string, 7 generation int, 8 creationTimestamp time, 9 deletionTimestamp time,
  10 deletionGracePeriodSeconds int, 11 labels {string}, 12 annotations {string}, 13 ownerReferences [OwnerReference],
  14 finalizers [string], 17 managedFields [ManagedFieldsEntry]
OwnerReference: 1 kind string, 3 name string, 4 uid string, 5 apiVersion string, 6 controller bool,
  7 blockOwnerDeletion bool
ManagedFieldsEntry: 1 manager string, 2 operation string, 3 apiVersion string, 4 time time, 6 fieldsType string,
  7 fieldsV1 json, 8 subresource string
Json: 1 raw raw
Time: 1 seconds int, 2 nanos int
Namespace: 1 metadata ObjectMeta, 2 spec NamespaceSpec, 3 status NamespaceStatus
NamespaceSpec: 1 finalizers [string]
NamespaceStatus: 1 phase string
Secret: 1 metadata ObjectMeta, 2 data {bytes}, 3 type string, 4 stringData {string}, 5 immutable bool
ConfigMap: 1 metadata ObjectMeta, 2 data {string}, 3 binaryData {bytes}, 4 immutable bool
ServiceAccount: 1 metadata ObjectMeta, 2 secrets [ObjectReference], 3 imagePullSecrets [LocalObjectReference],
  4 automountServiceAccountToken bool
ObjectReference: 1 kind string, 2 namespace string, 3 name string, 4 uid string, 5 apiVersion string,
  6 resourceVersion string, 7 fieldPath string
LocalObjectReference: 1 name string
Event: 1 metadata ObjectMeta, 2 involvedObject ObjectReference, 3 reason string, 4 message string,
  5 source EventSource, 6 firstTimestamp time, 7 lastTimestamp time, 8 count int, 9 type string,
  10 eventTime microtime, 11 series EventSeries, 12 action string, 13 related ObjectReference,
  14 reportingComponent string, 15 reportingInstance string
EventSource: 1 component string, 2 host string
EventSeries: 1 count int, 2 lastObservedTime microtime
SelfSubjectAccessReview: 1 metadata ObjectMeta, 2 spec SelfSubjectAccessReviewSpec
SelfSubjectAccessReviewSpec: 1 resourceAttributes ResourceAttributes, 2 nonResourceAttributes NonResourceAttributes
SelfSubjectRulesReview: 1 metadata ObjectMeta, 2 spec SelfSubjectRulesReviewSpec
SelfSubjectRulesReviewSpec: 1 namespace string
SelfSubjectReview: 1 metadata ObjectMeta
ResourceAttributes: 1 namespace string, 2 verb string, 3 group string, 4 version string, 5 resource string,
  6 subresource string, 7 name string
NonResourceAttributes: 1 path string, 2 verb string
DeleteOptions: 1 gracePeriodSeconds int, 2 preconditions Preconditions, 3 orphanDependents bool,
  4 propagationPolicy string, 5 dryRun [string]
Preconditions: 1 uid string, 2 resourceVersion string
LabelSelector: 1 matchLabels {string}, 2 matchExpressions [LabelSelectorRequirement]
LabelSelectorRequirement: 1 key string, 2 operator string, 3 values [string]
Quantity: 1 string string
IntOrString: 1 type int, 2 intVal int, 3 strVal string
"""

Shape = Literal["one", "list", "map", "inline"]
_SHAPES: Final[Mapping[str, Shape]] = {"": "one", "[": "list", "{": "map"}


class Field(NamedTuple):
    """What a field is called in JSON, and what it holds."""

    name: str
    kind: str
    shape: Shape


@cache
def messages() -> Mapping[str, Mapping[int, Field]]:
    """Return the fields of all messages that are known, by their numbers."""
    from imagestreams.apiserver.bodies.protobuf_pods import PODS
    from imagestreams.apiserver.bodies.protobuf_workloads import WORKLOADS

    return {name: fields for text in (_META_AND_CORE, PODS, WORKLOADS) for name, fields in _read(text).items()}


def _read(text: str) -> dict[str, dict[int, Field]]:
    found: dict[str, dict[int, Field]] = {}
    for line in text.replace("\n  ", " ").strip().splitlines():
        message, _, rest = line.partition(":")
        found[message] = {
            int(field["number"]): Field(
                field["name"], field["kind"], "inline" if field["name"] == "-" else _SHAPES[field["open"]]
            )
            for field in _FIELD.finditer(rest)
        }
    return found
