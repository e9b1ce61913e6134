"""Which nodes a pod may run on, and beside which other pods."""

import msgspec

from imagestreams.api.meta import LabelSelector
from imagestreams.api.wire import Wire, always


class NodeSelectorRequirement(Wire):
    """One condition on a node."""

    key: str = always("")
    operator: str = always("")
    values: list[str] | None = None


class NodeSelectorTerm(Wire):
    """Conditions on a node that hold together."""

    match_expressions: list[NodeSelectorRequirement] | None = None
    match_fields: list[NodeSelectorRequirement] | None = None


class NodeSelector(Wire):
    """Which nodes are meant: those that fit any of the terms."""

    node_selector_terms: list[NodeSelectorTerm] | None = always()


class PreferredSchedulingTerm(Wire):
    """Nodes that are preferred, and how much."""

    weight: int = always(0)
    preference: NodeSelectorTerm = msgspec.field(default_factory=NodeSelectorTerm)


class NodeAffinity(Wire):
    """Which nodes a pod needs or prefers."""

    required_during_scheduling_ignored_during_execution: NodeSelector | None = None
    preferred_during_scheduling_ignored_during_execution: list[PreferredSchedulingTerm] | None = None


class PodAffinityTerm(Wire):
    """Pods, and what counts as being in the same place as they."""

    label_selector: LabelSelector | None = None
    namespaces: list[str] | None = None
    topology_key: str = always("")
    namespace_selector: LabelSelector | None = None
    match_label_keys: list[str] | None = None
    mismatch_label_keys: list[str] | None = None


class WeightedPodAffinityTerm(Wire):
    """Pods whose neighbourhood is preferred or avoided, and how much."""

    weight: int = always(0)
    pod_affinity_term: PodAffinityTerm = msgspec.field(default_factory=PodAffinityTerm)


class PodAffinity(Wire):
    """Which pods a pod wants to be near to."""

    required_during_scheduling_ignored_during_execution: list[PodAffinityTerm] | None = None
    preferred_during_scheduling_ignored_during_execution: list[WeightedPodAffinityTerm] | None = None


class PodAntiAffinity(Wire):
    """Which pods a pod wants to be away from."""

    required_during_scheduling_ignored_during_execution: list[PodAffinityTerm] | None = None
    preferred_during_scheduling_ignored_during_execution: list[WeightedPodAffinityTerm] | None = None


class Affinity(Wire):
    """Where a pod wants to be."""

    node_affinity: NodeAffinity | None = None
    pod_affinity: PodAffinity | None = None
    pod_anti_affinity: PodAntiAffinity | None = None


class Toleration(Wire):
    """A taint of nodes that a pod puts up with."""

    key: str = ""
    operator: str = ""
    value: str = ""
    effect: str = ""
    toleration_seconds: int | None = None


class TopologySpreadConstraint(Wire):
    """How evenly pods are spread over zones, nodes and the like."""

    max_skew: int = always(0)
    topology_key: str = always("")
    when_unsatisfiable: str = always("")
    label_selector: LabelSelector | None = None
    min_domains: int | None = None
    node_affinity_policy: str | None = None
    node_taints_policy: str | None = None
    match_label_keys: list[str] | None = None


class PodSchedulingGate(Wire):
    """Something that a pod waits for before it is scheduled."""

    name: str = always("")
