"""What the source of a build must look like: repositories, uploads, Dockerfiles, files of images, secrets.

Pure. Rules, order and texts are those of `openshift-apiserver` (build validation).
"""

import posixpath
import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from imagestreams.api.build.defaulting import clean_path
from imagestreams.api.build.reference_validation import validate_image_reference, validate_secret_reference
from imagestreams.api.build.types import BuildSource, BuildStrategy, GitBuildSource, ImageSource, ImageSourcePath
from imagestreams.api.codec import to_dict
from imagestreams.api.errors import FieldError
from imagestreams.api.metadata.object_meta_validation import dns_subdomain_problems

_DOCKERFILE_MAX_BYTES: Final = 60 * 1000
_SCHEME: Final = re.compile("[a-zA-Z][-a-zA-Z0-9+.]*:")
_OUTWARDS: Final = "destination dir cannot start with '..'"
_NOT_RELATIVE: Final = "for the docker strategy the destinationDir has to be relative path"


def validate_source(source: BuildSource, strategy: BuildStrategy, path: str) -> list[FieldError]:
    """Check what is built, as far as the strategy has a say in it."""
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
    errors += validate_secret_reference(source.source_secret, f"{path}.sourceSecret")
    if source.context_dir and clean_path(source.context_dir).startswith(".."):
        detail = "context dir must not be a relative path"
        errors.append(FieldError.invalid(f"{path}.contextDir", source.context_dir, detail))
    return errors


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
    errors += validate_secret_reference(image.pull_secret, f"{path}.pullSecret")
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
