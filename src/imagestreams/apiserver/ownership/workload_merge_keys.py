"""How the fields of workloads are merged, beside those of their pod templates."""

from collections.abc import Mapping
from typing import Final

import msgspec

from imagestreams.api.apps import types as apps
from imagestreams.api.batch import types as batch
from imagestreams.apiserver.ownership.merge_rule import ATOMIC_LIST, MergeRule, map_by

_SET: Final = MergeRule(list_type="set")

WORKLOAD_MERGE_RULES: Final[Mapping[tuple[type[msgspec.Struct], str], MergeRule]] = {
    (apps.DaemonSetStatus, "conditions"): map_by("type"),
    (apps.DeploymentSpec, "strategy"): MergeRule(patch_strategy="retainKeys"),
    (apps.DeploymentStatus, "conditions"): map_by("type"),
    (apps.ReplicaSetStatus, "conditions"): map_by("type"),
    (apps.ReplicationControllerSpec, "selector"): MergeRule(map_type="atomic"),
    (apps.ReplicationControllerStatus, "conditions"): map_by("type"),
    (apps.StatefulSetSpec, "volumeClaimTemplates"): ATOMIC_LIST,
    (apps.StatefulSetStatus, "conditions"): map_by("type"),
    (batch.CronJobStatus, "active"): ATOMIC_LIST,
    # The list is one value for server-side apply, and merged by strategic merge patches all the same.
    (batch.JobStatus, "conditions"): MergeRule(patch_strategy="merge", patch_merge_key="type", list_type="atomic"),
    (batch.PodFailurePolicy, "rules"): ATOMIC_LIST,
    (batch.PodFailurePolicyOnExitCodesRequirement, "values"): _SET,
    (batch.PodFailurePolicyRule, "onPodConditions"): ATOMIC_LIST,
    (batch.SuccessPolicy, "rules"): ATOMIC_LIST,
    (batch.UncountedTerminatedPods, "failed"): _SET,
    (batch.UncountedTerminatedPods, "succeeded"): _SET,
}
