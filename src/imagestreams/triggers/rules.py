"""Which rule is that of which kind of object."""

from typing import Final

from imagestreams.triggers.annotation import AnnotationRule
from imagestreams.triggers.build_configs import BuildConfigRule
from imagestreams.triggers.deployment_configs import DeploymentConfigRule
from imagestreams.triggers.reaction import Rule

_BY_ANNOTATION: Final[Rule] = AnnotationRule()
_BY_FIELDS: Final[dict[tuple[str, str], Rule]] = {
    ("apps.openshift.io", "deploymentconfigs"): DeploymentConfigRule(),
    ("build.openshift.io", "buildconfigs"): BuildConfigRule(),
}


def rule_for(group: str, plural: str) -> Rule:
    """Return the rule of a resource's objects: the annotation, but for those with triggers of their own."""
    return _BY_FIELDS.get((group, plural), _BY_ANNOTATION)
