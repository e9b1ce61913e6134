"""What `isctl import-image` asks for: from the target, the flags and the stream as it is to an ImageStreamImport.

Everything here is pure; `import_image` fetches the stream, sends the request and tells its outcome.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from imagestreams import reference
from imagestreams.cli.describers.tag_references import Dangling, follow
from imagestreams.cli.errors import CliError
from imagestreams.reference import DEFAULT_TAG

IMPORT_MODES: Final = ("Legacy", "PreserveOriginal")

_POLICIES: Final = {"": "Source", "source": "Source", "local": "Local"}
_INSECURE: Final = "openshift.io/image.insecureRepository"
_LAST_CHECK: Final = "openshift.io/image.dockerRepositoryCheck"

Object = dict[str, Any]


@dataclass(frozen=True)
class ImportFlags:
    """The flags of `isctl import-image`; `insecure` is None when nothing was said."""

    source: str = ""
    confirm: bool = False
    all: bool = False
    scheduled: bool = False
    insecure: bool | None = None
    reference_policy: str = ""
    import_mode: str = ""
    dry_run: bool = False
    tag_filter: str = ""


@dataclass(frozen=True)
class Target:
    """The stream, and the tag in it, that an import is for; no tag means all."""

    text: str
    stream: str
    tag: str


def target_of(text: str, flags: ImportFlags) -> Target:
    """Read `STREAM[:TAG]`.

    Raises:
        CliError: it is nothing of the kind.
    """
    try:
        ref = reference.parse(text)
    except reference.InvalidReference as error:
        raise CliError(
            "the image name must be a valid container image pull spec or reference to an image stream "
            "(e.g. myregistry/myteam/image:tag)"
        ) from error
    if ref.id:
        raise CliError("to import images by ID, use the 'tag' command")
    if ref.tag and flags.all:
        raise CliError(f'cannot specify a tag "{text}" as well as --all')
    return Target(text, ref.name, "" if flags.all else ref.tag or DEFAULT_TAG)


def check(flags: ImportFlags) -> None:
    """Refuse values that no server knows.

    Raises:
        CliError: one of them.
    """
    if flags.reference_policy.lower() not in _POLICIES:
        raise CliError("valid reference policy values are source or local")
    if flags.import_mode not in ("", *IMPORT_MODES):
        raise CliError(f"valid ImportMode values are {' or '.join(IMPORT_MODES)}")


def check_unfiltered(flags: ImportFlags) -> None:
    """Refuse a filter where no repository is listed.

    Raises:
        CliError: there is one.
    """
    if flags.tag_filter:
        raise CliError("--filter chooses tags of a whole repository: use it with --all, and --from or a stream's own")


def import_for(stream: Object | None, target: Target, flags: ImportFlags, namespace: str) -> tuple[Object, Object]:
    """Return the stream as it is meant to be and the ImageStreamImport that asks for it.

    Raises:
        CliError: the stream, or where it imports from, would have to be changed without --confirm, or can't be so.
    """
    if stream is None:
        if not flags.confirm:
            raise CliError(f'no image stream named "{target.stream}" exists, pass --confirm to create and import')
        return _new(target, flags, namespace)
    meant = copy.deepcopy(stream)
    if flags.all:
        return meant, _all_of(meant, flags, namespace)
    return meant, _one_of(meant, target.tag, flags, namespace)


def _new(target: Target, flags: ImportFlags, namespace: str) -> tuple[Object, Object]:
    source = flags.source or target.text
    stream: Object = {
        "kind": "ImageStream",
        "apiVersion": "image.openshift.io/v1",
        "metadata": {"name": target.stream},
        "spec": {"lookupPolicy": {"local": False}},
        "status": {"dockerImageRepository": ""},
    }
    if flags.all:
        stream["spec"]["dockerImageRepository"] = source
        return stream, _repository_import(stream, source, flags, namespace)
    stream["spec"]["tags"] = [_nameless_tag(source, _policy(flags))]
    return stream, _tags_import(stream, {target.tag: source}, flags, namespace)


def _all_of(stream: Object, flags: ImportFlags, namespace: str) -> Object:
    spec = stream.setdefault("spec", {})
    current = spec.get("dockerImageRepository") or ""
    source = flags.source or current
    if not source:
        sources = {
            tag.get("name", ""): tag["from"].get("name", "")
            for tag in spec.get("tags") or []
            if (tag.get("from") or {}).get("kind") == "DockerImage"
        }
        if not sources:
            raise CliError("image stream does not have tags pointing to external container images")
        return _tags_import(stream, sources, flags, namespace)
    if source != current:
        if not flags.confirm and not current:
            problem = "the image stream does not currently import an entire Docker repository"
            raise CliError(f"{problem}, pass --confirm to update")
        if not flags.confirm:
            raise CliError(f'the image stream has a different import spec "{current}", pass --confirm to update')
        spec["dockerImageRepository"] = source
    return _repository_import(stream, source, flags, namespace)


def _one_of(stream: Object, tag: str, flags: ImportFlags, namespace: str) -> Object:
    spec = stream.setdefault("spec", {})
    followed = follow(stream, tag)
    if followed.problem is Dangling.OTHER_STREAM:
        raise CliError(f'tag "{tag}" points to an imagestreamtag from another ImageStream')
    if followed.problem is Dangling.CIRCULAR:
        raise CliError(f'tag "{tag}" on the image stream is a reference to same tag')
    if followed.wish is None:
        source = flags.source or (spec.get("dockerImageRepository") or "" if tag == DEFAULT_TAG else "")
        if not source:
            raise CliError(
                f'the tag "{tag}" does not exist on the image stream - choose an existing tag to import or use the '
                "'tag' command to create a new tag"
            )
        # A tag that leads nowhere is replaced by the new one, which has no name before a server gives it one.
        others = list(spec.get("tags") or [])
        places = [number for number, wish in enumerate(others) if wish.get("name", "") == tag]
        at = places[0] if places else len(others)
        spec["tags"] = [*others[:at], _nameless_tag(source, {"type": ""}), *others[at + 1 :]]
        return _tags_import(stream, {tag: source}, flags, namespace)
    source = _source_to_renew(tag, followed.tag, followed.wish, flags, several=followed.several)
    for wish in spec.get("tags") or []:
        if wish.get("name", "") == followed.tag:
            (wish.get("annotations") or {}).pop(_LAST_CHECK, None)
            wish["generation"] = 0
            break
    return _tags_import(stream, {followed.tag: source}, flags, namespace)


def _source_to_renew(tag: str, final: str, wish: Mapping[str, Any], flags: ImportFlags, *, several: bool) -> str:
    """Return where an existing tag is imported from; another command changes that."""
    source = wish.get("from")
    if source is None:
        raise CliError(
            f"tag \"{tag}\" already exists - you must use the 'tag' command if you want to change the source to "
            f'"{flags.source}"'
        )
    kind, name = source.get("kind", ""), str(source.get("name", ""))
    if kind != "DockerImage":
        raise CliError(f'tag "{tag}" points to existing {kind} "{name}", it cannot be re-imported')
    if flags.source and flags.source != name:
        way = f'points to the tag "{final}" which points to "{name}"' if several else f'points to "{name}"'
        advice = f"use the 'tag' command if you want to change the source to \"{flags.source}\""
        raise CliError(f'the tag "{tag}" {way} - {advice}')
    return name


def _nameless_tag(source: str, policy: Object) -> Object:
    """Return a new tag as `-o yaml` shows it: all fields that a tag always has, but nothing filled in by a server."""
    return {
        "name": "",
        "annotations": None,
        "from": _docker_image(source),
        "generation": None,
        "importPolicy": {},
        "referencePolicy": policy,
    }


def _docker_image(name: str) -> Object:
    return {"kind": "DockerImage", "name": name}


def _policy(flags: ImportFlags) -> Object:
    return {"type": _POLICIES[flags.reference_policy.lower()]}


def _import(stream: Object, flags: ImportFlags, namespace: str, **spec: Any) -> Object:
    meta = stream["metadata"]
    metadata = {"name": meta.get("name", ""), "namespace": namespace}
    if meta.get("resourceVersion"):
        metadata["resourceVersion"] = meta["resourceVersion"]
    return {
        "kind": "ImageStreamImport",
        "apiVersion": "image.openshift.io/v1",
        "metadata": metadata,
        "spec": {"import": not flags.dry_run, **spec},
    }


def _import_policy(stream: Object, flags: ImportFlags, wish: Mapping[str, Any]) -> Object:
    """Return how to import a tag: what was true before stays true."""
    before = wish.get("importPolicy") or {}
    insecure = flags.insecure
    if insecure is None:
        insecure = (stream["metadata"].get("annotations") or {}).get(_INSECURE) == "true"
    # Without a word about it the server's own choice holds, which is Legacy unless its settings say otherwise.
    policy: Object = {"importMode": flags.import_mode} if flags.import_mode else {}
    if insecure or before.get("insecure"):
        policy["insecure"] = True
    if flags.scheduled or before.get("scheduled"):
        policy["scheduled"] = True
    return policy


def _repository_import(stream: Object, source: str, flags: ImportFlags, namespace: str) -> Object:
    repository = {
        "from": _docker_image(source),
        "importPolicy": _import_policy(stream, flags, {}),
        "referencePolicy": _policy(flags),
    }
    return _import(stream, flags, namespace, repository=repository)


def _tags_import(stream: Object, sources: Mapping[str, str], flags: ImportFlags, namespace: str) -> Object:
    wishes = {wish.get("name", ""): wish for wish in reversed(stream["spec"].get("tags") or [])}
    images = [
        {
            "from": _docker_image(source),
            "to": {"name": tag},
            "importPolicy": _import_policy(stream, flags, wishes.get(tag, {})),
            "referencePolicy": _policy(flags),
        }
        for tag, source in sorted(sources.items())
    ]
    return _import(stream, flags, namespace, images=images)
