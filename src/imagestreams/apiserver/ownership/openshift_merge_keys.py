"""How the fields of builds and deployment configs are merged: what their Go types declare."""

from collections.abc import Mapping
from typing import Final

import msgspec

from imagestreams.api.build import types as build
from imagestreams.api.openshift_apps import types as openshift_apps
from imagestreams.apiserver.ownership.merge_rule import MergeRule, merged_by

OPENSHIFT_MERGE_RULES: Final[Mapping[tuple[type[msgspec.Struct], str], MergeRule]] = {
    (build.BuildStatus, "conditions"): merged_by("type"),
    (build.DockerBuildStrategy, "volumes"): merged_by("name"),
    (build.SourceBuildStrategy, "volumes"): merged_by("name"),
    (build.BuildVolume, "mounts"): merged_by("destinationPath"),
    (openshift_apps.DeploymentConfigStatus, "conditions"): merged_by("type"),
}
