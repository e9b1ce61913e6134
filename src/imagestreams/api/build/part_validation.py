"""What source, strategy and output of a build must look like; a build config and a build have the same rules.

Pure. Rules, order and texts are those of `openshift-apiserver` (build validation).
"""

import posixpath
import re
from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import urlsplit

from imagestreams.api.build.defaulting import clean_path, leads_out
from imagestreams.api.build.types import (
    BuildOutput,
    BuildSource,
    BuildStrategy,
    BuildVolume,
    CommonSpec,
    DockerBuildStrategy,
    GitBuildSource,
    ImageLabel,
    ImageSource,
    ImageSourcePath,
    JenkinsPipelineBuildStrategy,
)
from imagestreams.api.codec import to_dict
from imagestreams.api.core import LocalObjectReference, ObjectReference
from imagestreams.api.errors import FieldError
from imagestreams.api.metadata.object_meta_validation import (
    dns_label_problems,
    dns_subdomain_problems,
    label_value_problems,
    qualified_name_problems,
)
from imagestreams.api.pods import EnvVar
from imagestreams.api.validation import stream_name_problems
from imagestreams.reference import InvalidReference, parse

_DOCKERFILE_MAX_BYTES: Final = 60 * 1000
_JENKINSFILE_MAX_BYTES: Final = 100 * 1000
_OPTIMIZATIONS: Final = ("None", "SkipLayers", "SkipLayersAndWarn")
_VARIABLE_FORMAT: Final = "[-._a-zA-Z][-._a-zA-Z0-9]*"
_VARIABLE: Final = re.compile(_VARIABLE_FORMAT)
_VARIABLE_RULE: Final = (
    "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not "
    "start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is "
    f"'{_VARIABLE_FORMAT}')"
)
_SCHEME: Final = re.compile("[a-zA-Z][-a-zA-Z0-9+.]*:")
_SOURCE_KINDS: Final = "must be 'ImageStreamTag', 'ImageStreamImage', or 'DockerImage'"
_TARGET_KINDS: Final = "the target of build output must be an 'ImageStreamTag' or 'DockerImage'"
_OUTWARDS: Final = "destination dir cannot start with '..'"
_NOT_RELATIVE: Final = "for the docker strategy the destinationDir has to be relative path"


def validate_common_spec(spec: CommonSpec, path: str) -> list[FieldError]:
    """Check what a build config and a build have in common."""
    errors: list[FieldError] = []
    source, strategy = spec.source, spec.strategy
    inputs = (source.git, source.binary, source.dockerfile, source.images)
    if strategy.docker_strategy is not None and strategy.jenkins_pipeline_strategy is None and not _any(inputs):
        detail = "must provide a value for at least one source input(git, binary, dockerfile, images)."
        errors.append(FieldError.invalid(f"{path}.source", "", detail))
    errors += _validate_source(source, strategy, f"{path}.source")
    deadline = spec.completion_deadline_seconds
    if deadline is not None and deadline <= 0:
        detail = "completionDeadlineSeconds must be a positive integer greater than 0"
        errors.append(FieldError.invalid(f"{path}.completionDeadlineSeconds", deadline, detail))
    errors += _validate_output(spec.output, f"{path}.output")
    errors += _validate_strategy(strategy, f"{path}.strategy")
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


def _validate_source(source: BuildSource, strategy: BuildStrategy, path: str) -> list[FieldError]:
    if source.git is not None and source.binary is not None and strategy.custom_strategy is None:
        return [
            FieldError.invalid(f"{path}.git", "", "may not be set when binary is also set"),
            FieldError.invalid(f"{path}.binary", "", "may not be set when git is also set"),
        ]
    errors: list[FieldError] = []
    if source.git is not None:
        errors += _validate_git(source.git, f"{path}.git")
    if source.binary is not None and source.binary.as_file:
        errors += _validate_file_name(source.binary.as_file, f"{path}.binary.asFile")
    if source.dockerfile is not None and len(source.dockerfile.encode()) > _DOCKERFILE_MAX_BYTES:
        detail = f"must be smaller than {_DOCKERFILE_MAX_BYTES} bytes"
        errors.append(FieldError.invalid(f"{path}.dockerfile", "", detail))
    errors += _validate_images(source.images or [], f"{path}.images")
    jenkins = strategy.jenkins_pipeline_strategy
    if jenkins is not None and not jenkins.jenkinsfile and source.git is None:
        detail = "must be set when using Jenkins Pipeline strategy with Jenkinsfile from a git repo"
        errors.append(FieldError.invalid(f"{path}.git", "", detail))
    relative = strategy.docker_strategy is not None
    for field, what, files in (
        ("secrets", "secret", [(one.secret.name, one.destination_dir, to_dict(one)) for one in source.secrets or []]),
        (
            "configMaps",
            "configMap",
            [(one.config_map.name, one.destination_dir, to_dict(one)) for one in source.config_maps or []],
        ),
    ):
        for number, (name, directory, shown) in enumerate(files):
            place = f"{path}.{field}[{number}]"
            if not name:
                errors.append(FieldError.required(f"{place}.{what}"))
            if dns_subdomain_problems(name):
                errors.append(FieldError.invalid(f"{place}.{what}", shown, f"must be valid {what} name"))
            if clean_path(directory).startswith(".."):
                errors.append(FieldError.invalid(f"{place}.destinationDir", directory, _OUTWARDS))
            if relative and directory.startswith("/"):
                errors.append(FieldError.invalid(f"{place}.destinationDir", directory, _NOT_RELATIVE))
    errors += _validate_secret_reference(source.source_secret, f"{path}.sourceSecret")
    if source.context_dir and clean_path(source.context_dir).startswith(".."):
        detail = "context dir must not be a relative path"
        errors.append(FieldError.invalid(f"{path}.contextDir", source.context_dir, detail))
    return errors


def _validate_secret_reference(reference: LocalObjectReference | None, path: str) -> list[FieldError]:
    return [FieldError.required(f"{path}.name")] if reference is not None and not reference.name else []


def _validate_git(git: GitBuildSource, path: str) -> list[FieldError]:
    if not git.uri:
        return [FieldError.required(f"{path}.uri")]
    errors: list[FieldError] = []
    problem = _url_problem(git.uri) if _SCHEME.match(git.uri) else ""
    if problem:
        errors.append(FieldError.invalid(f"{path}.uri", git.uri, problem))
    for field, proxy in (("httpproxy", git.http_proxy), ("httpsproxy", git.https_proxy)):
        if proxy and _url_problem(proxy) and _url_problem(f"http://{proxy}"):
            errors.append(FieldError.invalid(f"{path}.{field}", proxy, _url_problem(proxy)))
    return errors


def _url_problem(url: str) -> str:
    """Say why a text is no URL in the words of Go, empty when it is one."""
    if any(ord(character) < 0x20 or ord(character) == 0x7F for character in url):
        return f'parse "{url}": net/url: invalid control character in URL'
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return f'parse "{url}": invalid port after host'
    if " " in parts.netloc:
        return f'parse "{url}": invalid character " " in host name'
    if parts.scheme == "file" and parts.netloc:
        return f'file url "{url}" has non-empty host "{parts.netloc}"'
    return "" if port is None or port >= 0 else "invalid port"


def _validate_file_name(name: str, path: str) -> list[FieldError]:
    cleaned = posixpath.normpath(name).removeprefix("/")
    if cleaned in ("", ".") or cleaned.startswith("..") or set(cleaned) & set("/\\"):
        detail = "file name may not contain slashes or relative path segments and must be a valid POSIX filename"
        return [FieldError.invalid(path, name, detail)]
    return []


def _validate_images(images: Sequence[ImageSource], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    for number, image in enumerate(images):
        errors += _validate_image_source(image, f"{path}[{number}]")
    seen: set[str] = set()
    for number, image in enumerate(images):
        for place, name in enumerate(image.as_ or []):
            if name and name in seen:
                errors.append(FieldError.duplicate(f"{path}[{number}].as[{place}]", name))
            seen.add(name)
    return errors


def _validate_image_source(image: ImageSource, path: str) -> list[FieldError]:
    errors = validate_image_reference(image.from_, f"{path}.from")
    errors += _validate_secret_reference(image.pull_secret, f"{path}.pullSecret")
    if not image.paths and not image.as_:
        detail = "must specify 'paths' or 'as'"
        errors += [FieldError.required(f"{path}.paths", detail), FieldError.required(f"{path}.as", detail)]
    for number, files in enumerate(image.paths or []):
        errors += _validate_image_path(files, f"{path}.paths[{number}]")
    for number, name in enumerate(image.as_ or []):
        if not name:
            errors.append(FieldError.invalid(f"{path}.as[{number}]", name, "must not be empty"))
    return errors


def _validate_image_path(files: ImageSourcePath, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    source, target = files.source_path, files.destination_dir
    if not source:
        errors.append(FieldError.required(f"{path}.sourcePath"))
    if not target:
        errors.append(FieldError.required(f"{path}.destinationDir"))
    if not source.startswith("/"):
        errors.append(FieldError.invalid(f"{path}.sourcePath", source, "must be an absolute path"))
    if target.startswith("/"):
        errors.append(FieldError.invalid(f"{path}.destinationDir", target, "must be a relative path"))
    if clean_path(target).startswith(".."):
        errors.append(FieldError.invalid(f"{path}.destinationDir", target, _OUTWARDS))
    return errors


def validate_image_reference(reference: ObjectReference, path: str) -> list[FieldError]:
    """Check a reference to an image that a build takes."""
    name, namespace = reference.name, reference.namespace
    errors: list[FieldError] = []
    match reference.kind:
        case "ImageStreamTag":
            if not name:
                errors.append(FieldError.required(f"{path}.name"))
            elif problem := _tag_problem(name, "must be <name>:<tag>", "invalid name syntax"):
                errors.append(FieldError.invalid(f"{path}.name", name, problem))
        case "ImageStreamImage":
            if not name:
                errors.append(FieldError.required(f"{path}.name"))
        case "DockerImage":
            if namespace:
                detail = "not valid when used with a 'DockerImage'"
                errors.append(FieldError.invalid(f"{path}.namespace", namespace, detail))
            if not name:
                errors.append(FieldError.required(f"{path}.name"))
            elif problem := _pull_spec_problem(name):
                detail = f"not a valid Docker pull specification: {problem}"
                errors.append(FieldError.invalid(f"{path}.name", name, detail))
            return errors
        case "":
            return [FieldError.required(f"{path}.kind")]
        case kind:
            return [FieldError.invalid(f"{path}.kind", kind, _SOURCE_KINDS)]
    if namespace and dns_subdomain_problems(namespace):
        errors.append(FieldError.invalid(f"{path}.namespace", namespace, "must be a valid namespace"))
    return errors


def _validate_target(reference: ObjectReference, path: str) -> list[FieldError]:
    name, namespace = reference.name, reference.namespace
    errors: list[FieldError] = []
    match reference.kind:
        case "ImageStreamTag":
            form = "ImageStreamTag object references must be in the form <name>:<tag>"
            if not name:
                errors.append(FieldError.required(f"{path}.name"))
            elif problem := _tag_problem(name, form, "ImageStreamTag name contains invalid syntax"):
                errors.append(FieldError.invalid(f"{path}.name", name, problem))
            if namespace and dns_subdomain_problems(namespace):
                detail = "namespace must be a valid subdomain"
                errors.append(FieldError.invalid(f"{path}.namespace", namespace, detail))
        case "DockerImage":
            if namespace:
                detail = "namespace is not valid when used with a 'DockerImage'"
                errors.append(FieldError.invalid(f"{path}.namespace", namespace, detail))
            if problem := _pull_spec_problem(name):
                detail = f"name is not a valid Docker pull specification: {problem}"
                errors.append(FieldError.invalid(f"{path}.name", name, detail))
        case "":
            errors.append(FieldError.required(f"{path}.kind"))
        case kind:
            errors.append(FieldError.invalid(f"{path}.kind", kind, _TARGET_KINDS))
    return errors


def _tag_problem(name: str, form: str, syntax: str) -> str:
    stream, colon, tag = name.partition(":")
    if not colon or not tag or ":" in tag:
        return form
    return syntax if stream_name_problems(stream) else ""


def _pull_spec_problem(name: str) -> str:
    try:
        parse(name)
    except InvalidReference as error:
        return str(error)
    return ""


def _validate_output(output: BuildOutput, path: str) -> list[FieldError]:
    errors = _validate_target(output.to, f"{path}.to") if output.to is not None else []
    errors += _validate_secret_reference(output.push_secret, f"{path}.pushSecret")
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


def _validate_strategy(strategy: BuildStrategy, path: str) -> list[FieldError]:
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
        errors += _validate_secret_reference(source.pull_secret, f"{place}.pullSecret")
        errors += validate_variables(source.env or [], f"{place}.env")
        return errors + _validate_volumes(source.volumes or [], f"{place}.volumes")
    if custom is not None:
        place = f"{path}.customStrategy"
        errors = validate_image_reference(custom.from_, f"{place}.from")
        errors += _validate_secret_reference(custom.pull_secret, f"{place}.pullSecret")
        return errors + validate_variables(custom.env or [], f"{place}.env")
    if docker is not None:
        return _validate_docker(docker, f"{path}.dockerStrategy")
    return _validate_jenkins(jenkins, f"{path}.jenkinsPipelineStrategy") if jenkins is not None else []


def _validate_docker(strategy: DockerBuildStrategy, path: str) -> list[FieldError]:
    errors = validate_image_reference(strategy.from_, f"{path}.from") if strategy.from_ is not None else []
    errors += _validate_secret_reference(strategy.pull_secret, f"{path}.pullSecret")
    policy = strategy.image_optimization_policy
    if policy is not None and policy not in _OPTIMIZATIONS:
        detail = "must be unset, 'None', 'SkipLayers', or 'SkipLayersAndWarn'"
        errors.append(FieldError.invalid(f"{path}.imageOptimizationPolicy", policy, detail))
    errors += _validate_within_source(strategy.dockerfile_path, "dockerfilePath", path)
    errors += _validate_volumes(strategy.volumes or [], f"{path}.volumes")
    return errors + validate_variables(strategy.env or [], f"{path}.env")


def _validate_jenkins(strategy: JenkinsPipelineBuildStrategy, path: str) -> list[FieldError]:
    if strategy.jenkinsfile_path and strategy.jenkinsfile:
        detail = "must provide a value for at most one of jenkinsfilePath, or jenkinsfile"
        return [FieldError.invalid(path, to_dict(strategy), detail)]
    errors: list[FieldError] = []
    if len(strategy.jenkinsfile.encode()) > _JENKINSFILE_MAX_BYTES:
        detail = f"must be smaller than {_JENKINSFILE_MAX_BYTES} bytes"
        errors.append(FieldError.invalid(f"{path}.jenkinsfile", "", detail))
    errors += _validate_within_source(strategy.jenkinsfile_path, "jenkinsfilePath", path)
    return errors + validate_variables(strategy.env or [], f"{path}.env")


def _validate_within_source(value: str, field: str, path: str) -> list[FieldError]:
    if not value or not leads_out(value):
        return []
    return [
        FieldError.invalid(f"{path}.{field}", value, f"{field} must be a relative path within your source location")
    ]


def validate_variables(variables: Sequence[EnvVar], path: str) -> list[FieldError]:
    """Check the environment of a build: no variable takes its value from the resources of a container."""
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
