"""What the spec that a build config and a build have in common must look like.

Pure. Rules, order and texts are those of `openshift-apiserver` (build validation).
"""

from collections.abc import Iterable, Sequence

from imagestreams.api.build.reference_validation import validate_secret_reference, validate_target
from imagestreams.api.build.source_validation import validate_source
from imagestreams.api.build.strategy_validation import validate_strategy
from imagestreams.api.build.types import BuildOutput, CommonSpec, ImageLabel
from imagestreams.api.codec import to_dict
from imagestreams.api.errors import FieldError
from imagestreams.api.metadata.object_meta_validation import label_value_problems, qualified_name_problems


def validate_common_spec(spec: CommonSpec, path: str) -> list[FieldError]:
    """Check what a build config and a build have in common."""
    errors: list[FieldError] = []
    source, strategy = spec.source, spec.strategy
    inputs = (source.git, source.binary, source.dockerfile, source.images)
    if strategy.docker_strategy is not None and strategy.jenkins_pipeline_strategy is None and not _any(inputs):
        detail = "must provide a value for at least one source input(git, binary, dockerfile, images)."
        errors.append(FieldError.invalid(f"{path}.source", "", detail))
    errors += validate_source(source, strategy, f"{path}.source")
    deadline = spec.completion_deadline_seconds
    if deadline is not None and deadline <= 0:
        detail = "completionDeadlineSeconds must be a positive integer greater than 0"
        errors.append(FieldError.invalid(f"{path}.completionDeadlineSeconds", deadline, detail))
    errors += _validate_output(spec.output, f"{path}.output")
    errors += validate_strategy(strategy, f"{path}.strategy")
    if spec.post_commit.script and spec.post_commit.command:
        detail = "cannot use command and script together"
        errors.append(FieldError.invalid(f"{path}.postCommit", to_dict(spec.post_commit), detail))
    for key, value in (spec.node_selector or {}).items():
        if qualified_name_problems(key) or label_value_problems(value):
            detail = "must be a valid node selector"
            errors.append(FieldError.invalid(f"{path}.nodeSelector[{key}]", value, detail))
    return errors


def _any(inputs: Iterable[object]) -> bool:
    return any(one is not None for one in inputs)


def _validate_output(output: BuildOutput, path: str) -> list[FieldError]:
    errors = validate_target(output.to, f"{path}.to") if output.to is not None else []
    errors += validate_secret_reference(output.push_secret, f"{path}.pushSecret")
    return errors + _validate_labels(output.image_labels or [], f"{path}.imageLabels")


def _validate_labels(labels: Sequence[ImageLabel], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    for number, label in enumerate(labels):
        if not label.name:
            errors.append(FieldError.required(f"{path}[{number}].name"))
        elif problems := qualified_name_problems(label.name):
            errors.append(FieldError.invalid(f"{path}[{number}].name", label.name, "; ".join(problems)))
    seen: set[str] = set()
    for number, label in enumerate(labels):
        if label.name in seen:
            errors.append(FieldError.invalid(f"{path}[{number}].name", label.name, "duplicate name"))
        seen.add(label.name)
    return errors
