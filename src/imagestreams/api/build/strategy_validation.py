"""What the strategy of a build must look like, with its variables and volumes.

Pure. Rules, order and texts are those of `openshift-apiserver` (build validation).
"""

import re
from collections.abc import Sequence
from typing import Final

from imagestreams.api.build.defaulting import clean_path, leads_out
from imagestreams.api.build.reference_validation import validate_image_reference, validate_secret_reference
from imagestreams.api.build.types import BuildStrategy, BuildVolume, DockerBuildStrategy, JenkinsPipelineBuildStrategy
from imagestreams.api.codec import to_dict
from imagestreams.api.errors import FieldError
from imagestreams.api.metadata.object_meta_validation import dns_label_problems, dns_subdomain_problems
from imagestreams.api.pods import EnvVar

_JENKINSFILE_MAX_BYTES: Final = 100 * 1000
_OPTIMIZATIONS: Final = ("None", "SkipLayers", "SkipLayersAndWarn")
_VARIABLE_FORMAT: Final = "[-._a-zA-Z][-._a-zA-Z0-9]*"
_VARIABLE: Final = re.compile(_VARIABLE_FORMAT)
_VARIABLE_RULE: Final = (
    "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not "
    "start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is "
    f"'{_VARIABLE_FORMAT}')"
)


def validate_strategy(strategy: BuildStrategy, path: str) -> list[FieldError]:
    """Check how it is built: there is exactly one strategy."""
    docker, source = strategy.docker_strategy, strategy.source_strategy
    custom, jenkins = strategy.custom_strategy, strategy.jenkins_pipeline_strategy
    if sum(one is not None for one in (docker, source, custom, jenkins)) != 1:
        detail = (
            "must provide a value for exactly one of sourceStrategy, customStrategy, dockerStrategy, or "
            "jenkinsPipelineStrategy"
        )
        return [FieldError.invalid(path, to_dict(strategy), detail)]
    if source is not None:
        place = f"{path}.sourceStrategy"
        errors = validate_image_reference(source.from_, f"{place}.from")
        errors += validate_secret_reference(source.pull_secret, f"{place}.pullSecret")
        errors += _validate_variables(source.env or [], f"{place}.env")
        return errors + _validate_volumes(source.volumes or [], f"{place}.volumes")
    if custom is not None:
        place = f"{path}.customStrategy"
        errors = validate_image_reference(custom.from_, f"{place}.from")
        errors += validate_secret_reference(custom.pull_secret, f"{place}.pullSecret")
        return errors + _validate_variables(custom.env or [], f"{place}.env")
    if docker is not None:
        return _validate_docker(docker, f"{path}.dockerStrategy")
    return _validate_jenkins(jenkins, f"{path}.jenkinsPipelineStrategy") if jenkins is not None else []


def _validate_docker(strategy: DockerBuildStrategy, path: str) -> list[FieldError]:
    errors = validate_image_reference(strategy.from_, f"{path}.from") if strategy.from_ is not None else []
    errors += validate_secret_reference(strategy.pull_secret, f"{path}.pullSecret")
    policy = strategy.image_optimization_policy
    if policy is not None and policy not in _OPTIMIZATIONS:
        detail = "must be unset, 'None', 'SkipLayers', or 'SkipLayersAndWarn'"
        errors.append(FieldError.invalid(f"{path}.imageOptimizationPolicy", policy, detail))
    errors += _validate_within_source(strategy.dockerfile_path, "dockerfilePath", path)
    errors += _validate_volumes(strategy.volumes or [], f"{path}.volumes")
    return errors + _validate_variables(strategy.env or [], f"{path}.env")


def _validate_jenkins(strategy: JenkinsPipelineBuildStrategy, path: str) -> list[FieldError]:
    if strategy.jenkinsfile_path and strategy.jenkinsfile:
        detail = "must provide a value for at most one of jenkinsfilePath, or jenkinsfile"
        return [FieldError.invalid(path, to_dict(strategy), detail)]
    errors: list[FieldError] = []
    if len(strategy.jenkinsfile.encode()) > _JENKINSFILE_MAX_BYTES:
        detail = f"must be smaller than {_JENKINSFILE_MAX_BYTES} bytes"
        errors.append(FieldError.invalid(f"{path}.jenkinsfile", "", detail))
    errors += _validate_within_source(strategy.jenkinsfile_path, "jenkinsfilePath", path)
    return errors + _validate_variables(strategy.env or [], f"{path}.env")


def _validate_within_source(value: str, field: str, path: str) -> list[FieldError]:
    if not value or not leads_out(value):
        return []
    return [
        FieldError.invalid(f"{path}.{field}", value, f"{field} must be a relative path within your source location")
    ]


def _validate_variables(variables: Sequence[EnvVar], path: str) -> list[FieldError]:
    # No variable takes its value from the resources of a container.
    errors: list[FieldError] = []
    for number, variable in enumerate(variables):
        place = f"{path}[{number}]"
        if not variable.name:
            errors.append(FieldError.required(f"{place}.name"))
        elif problems := _variable_problems(variable.name):
            errors.append(FieldError.invalid(f"{place}.name", variable.name, "; ".join(problems)))
        if variable.value_from is not None and variable.value_from.resource_field_ref is not None:
            detail = "ResourceFieldRef is not valid for valueFrom in build environment variables"
            errors.append(FieldError.invalid(f"{place}.valueFrom.ResourceFieldRef", variable.name, detail))
    return errors


def _variable_problems(name: str) -> list[str]:
    problems = [] if _VARIABLE.fullmatch(name) else [_VARIABLE_RULE]
    if name in (".", ".."):
        problems.append(f"must not be '{name}'")
    elif name.startswith(".."):
        problems.append("must not start with '..'")
    return problems


def _validate_volumes(volumes: Sequence[BuildVolume], path: str) -> list[FieldError]:
    return [error for number, volume in enumerate(volumes) for error in _validate_volume(volume, f"{path}[{number}]")]


def _validate_volume(volume: BuildVolume, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    source = volume.source
    if not volume.name:
        errors.append(FieldError.required(f"{path}.name"))
    else:
        errors += [FieldError.invalid(f"{path}.name", volume.name, text) for text in dns_label_problems(volume.name)]
    if not source.type:
        errors.append(FieldError.required(f"{path}.source.type", "must not be blank"))
    found: list[str] = []
    for kind, field, value in (
        ("Secret", "secret.secretName", source.secret.secret_name if source.secret is not None else None),
        ("ConfigMap", "configMap.name", source.config_map.name if source.config_map is not None else None),
        ("CSI", "csi.driver", source.csi.driver if source.csi is not None else None),
    ):
        if value is None:
            continue
        found.append(kind)
        if not value:
            errors.append(FieldError.required(f"{path}.source.{field}"))
        else:
            problems = dns_subdomain_problems(value)
            errors += [FieldError.invalid(f"{path}.source.{field}", value, problem) for problem in problems]
    if not found:
        errors.append(FieldError.invalid(f"{path}.source", to_dict(source), "must specify one volume source"))
    if len(found) > 1:
        errors.append(FieldError.invalid(f"{path}.source", to_dict(source), "only one volume source is allowed"))
    if found and found[0] != source.type:
        detail = "source type and specified type must match"
        errors.append(FieldError.invalid(f"{path}.source.type", source.type, detail))
    return errors + _validate_mounts(volume, f"{path}.mounts")


def _validate_mounts(volume: BuildVolume, path: str) -> list[FieldError]:
    if not volume.mounts:
        return [FieldError.required(path, "must supply at least one mount")]
    errors: list[FieldError] = []
    for number, mount in enumerate(volume.mounts):
        target, place = mount.destination_path, f"{path}[{number}].destinationPath"
        if not target:
            errors.append(FieldError.required(f"{path}.destinationPath", "must not be blank"))
            continue
        if ":" in target:
            errors.append(FieldError.invalid(place, target, "must not contain ':'"))
        if not target.startswith("/"):
            errors.append(FieldError.invalid(place, target, "must be an absolute path"))
        if clean_path(target).startswith(".."):
            errors.append(FieldError.invalid(place, target, "must not start with '..'"))
    return errors
