"""Which objects the user means: `TYPE`, `TYPE NAME…`, `TYPE/NAME…`, `TYPE1,TYPE2`, selectors, or files.

`parse_arguments` is the syntax alone; `select` asks the server what the types are and gives targets: single objects,
or whole collections narrowed by selectors. Error texts are those of kubectl's resource builder.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from imagestreams.cli.errors import CliError
from imagestreams.cli.objects import manifests
from imagestreams.cli.printers.go_text import quoted
from imagestreams.cli.session import Session
from imagestreams.client.discovery import ResourceType
from imagestreams.client.errors import ClientError
from imagestreams.client.resources import NAMESPACES

Object = dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """What the arguments say: collections, one type with names, or pairs of type and name."""

    types: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Files:
    """What `-f`, `-R` and `-k` say."""

    names: tuple[str, ...] = ()
    recursive: bool = False
    kustomize: str = ""

    def __bool__(self) -> bool:
        return bool(self.names or self.kustomize)


@dataclass(frozen=True)
class Selectors:
    """How collections are narrowed; `everything` stands for `--all`."""

    labels: str = ""
    fields: str = ""
    everything: bool = False

    def __bool__(self) -> bool:
        return bool(self.labels.strip() or self.fields.strip() or self.everything)


@dataclass(frozen=True)
class Target:
    """One object, or (without a name) a collection; `manifest` is the object as a file has it."""

    type: ResourceType
    namespace: str
    name: str = ""
    manifest: Object | None = None
    source: str = ""


@dataclass(frozen=True)
class Selection:
    """The targets; `single` tells that exactly one object was asked for, `eager` that a failure ends nothing."""

    targets: list[Target]
    single: bool = False
    eager: bool = True
    selectors: Selectors = field(default_factory=Selectors)


def parse_arguments(arguments: tuple[str, ...], command: str) -> Wanted:
    """Read the arguments.

    Raises:
        CliError: they contradict each other.
    """
    if len(arguments) >= 2 and len(kinds := _split(arguments[0])) > 1:
        arguments = tuple(f"{kind}/{name}" for kind in kinds for name in arguments[1:])
    slashes = sum("/" in argument for argument in arguments)
    if slashes and slashes < len(arguments):
        example = (
            f"'{command} get resource/<resource_name>' instead of '{command} get resource resource/<resource_name>'"
        )
        raise CliError(
            "there is no need to specify a resource type as a separate argument when passing arguments in"
            f" resource/name form (e.g. {example}"
        )
    if slashes:
        return Wanted(pairs=tuple(_pair(argument) for argument in arguments))
    if not arguments:
        return Wanted()
    return Wanted(types=tuple(_split(arguments[0])), names=arguments[1:])


def _split(argument: str) -> list[str]:
    parts = argument.split(",")
    if any(not part for part in parts) and len(parts) > 1:
        raise CliError("arguments must consist of a resource or a resource and name")
    return parts


def _pair(argument: str) -> tuple[str, str]:
    parts = argument.split("/")
    if len(parts) != 2:
        raise CliError("arguments in resource/name form may not have more than one slash")
    if not parts[0] or not parts[1] or "," in parts[0]:
        raise CliError("arguments in resource/name form must have a single resource and name")
    return parts[0], parts[1]


def select(
    session: Session,
    arguments: tuple[str, ...],
    *,
    files: Files = Files(),
    selectors: Selectors = Selectors(),
    all_namespaces: bool = False,
    whole_collections: bool = False,
    subresource: str = "",
) -> Selection:
    """Find the targets of a command; `whole_collections` allows a type alone, without names or selectors.

    Raises:
        CliError: arguments that contradict each other, or files that can't be read.
        ClientError: an unknown type, or no server.
    """
    wanted = parse_arguments(arguments, "isctl")
    if files:
        return _from_files(session, wanted, files, all_namespaces)
    if wanted.types and not wanted.names and (selectors or whole_collections):
        if subresource:
            raise CliError("subresource cannot be used when bulk resources are specified")
        types = list(dict.fromkeys(_types(session, wanted.types)))
        targets = [Target(kind, "" if all_namespaces else _namespace(session, kind)) for kind in types]
        return Selection(targets, selectors=selectors)
    if selectors:
        if wanted.names:
            raise CliError("name cannot be provided when a selector is specified")
        if wanted.pairs:
            raise CliError("selectors and the all flag cannot be used when passing resource/name arguments")
        raise CliError("at least one resource must be specified to use a selector")
    if wanted.types and not wanted.names:
        for text in wanted.types:
            session.discovery.resolve(text)
        raise CliError("resource(s) were provided, but no name was specified")
    pairs = wanted.pairs or tuple((wanted.types[0], name) for name in wanted.names) if wanted != Wanted() else ()
    if not pairs:
        raise CliError(
            "You must provide one or more resources by argument or filename.\n"
            "Example resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n"
            "   '<resource> <name>'\n   '<resource>'",
            plain=False,
        )
    targets = []
    for text, name in pairs:
        kind = session.discovery.resolve(text)
        if kind.namespaced and all_namespaces:
            raise CliError("a resource cannot be retrieved by name across all namespaces")
        targets.append(Target(kind, _namespace(session, kind), name))
    return Selection(targets, single=len(targets) == 1, eager=bool(wanted.pairs))


def _types(session: Session, texts: tuple[str, ...]) -> Iterator[ResourceType]:
    for text in texts:
        category = session.discovery.category(text)
        if category:
            yield from category
        else:
            yield session.discovery.resolve(text)


def _namespace(session: Session, kind: ResourceType) -> str:
    return session.namespace if kind.namespaced else ""


def _from_files(session: Session, wanted: Wanted, files: Files, all_namespaces: bool) -> Selection:
    if wanted.types or wanted.names or wanted.pairs:
        raise CliError(
            "when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well"
        )
    read = manifests.read_manifests(files.names, files.recursive, files.kustomize)
    targets = [
        target_of(session, manifest, enforce_namespace=session.config.namespace_given and not all_namespaces)
        for manifest in read
    ]
    return Selection(targets, single=manifests.is_single_file(files.names, files.recursive) and len(targets) == 1)


def target_of(session: Session, manifest: manifests.Manifest, *, enforce_namespace: bool) -> Target:
    """Find the resource and namespace of an object from a file.

    Raises:
        CliError: the object names another namespace than the flag.
        ClientError: the server has no such kind.
    """
    value = manifest.object
    metadata = value.get("metadata") if isinstance(value.get("metadata"), dict) else {}
    assert isinstance(metadata, dict)
    name, namespace = str(metadata.get("name") or ""), str(metadata.get("namespace") or "")
    api_version = value.get("apiVersion")
    try:
        kind = session.discovery.for_kind(api_version if isinstance(api_version, str) else "", value["kind"])
    except ClientError as error:
        if error.status is not None or error.connection:
            raise
        raise CliError(
            f'resource mapping not found for name: "{name}" namespace: "{namespace}" from "{manifest.source}":'
            f" {error.message}"
        ) from error
    if not kind.namespaced:
        namespace = ""
    elif not namespace:
        namespace = session.namespace
    elif enforce_namespace and namespace != session.namespace:
        raise CliError(
            f'the namespace from the provided object "{namespace}" does not match the namespace'
            f" \"{session.namespace}\". You must pass '--namespace={namespace}' to perform this operation."
        )
    placed = {**value, "metadata": {**metadata, **({"namespace": namespace} if namespace else {})}}
    return Target(kind, namespace, name, placed, manifest.source)


def read_target(
    session: Session, target: Target, *, accept: str = "application/json", subresource: str = "", **query: str
) -> Object:
    """Read the object of a target from the server.

    Raises:
        ClientError: it isn't there; when its namespace isn't either, that is said instead.
    """
    resources = session.resources(target.type, target.namespace)
    try:
        return resources.get(target.name, accept=accept, subresource=subresource, **query)
    except ClientError as error:
        if error.reason == "NotFound" and target.namespace not in ("", "default"):
            try:
                session.resources(NAMESPACES).get(target.namespace)
            except ClientError as missing:
                if missing.reason == "NotFound":
                    raise missing from error
        raise


def read_collection(
    session: Session,
    target: Target,
    selectors: Selectors,
    *,
    chunk_size: int,
    accept: str = "application/json",
    include_object: str = "",
) -> Object:
    """List a collection.

    Raises:
        ClientError: the server refused; the message says what was asked for.
    """
    labels, fields = selectors.labels.strip(), selectors.fields.strip()
    try:
        return session.resources(target.type, target.namespace).list(
            accept=accept,
            chunk_size=chunk_size,
            label_selector=labels,
            field_selector=fields,
            include_object=include_object,
        )
    except ClientError as error:
        if error.status is None or error.reason not in ("BadRequest", "NotFound"):
            raise
        what = quoted(f"{target.type.group}/{target.type.version}, Resource={target.type.plural}")
        told = f"Unable to list {what}"
        if labels or fields:
            told = f"Unable to find {what} that match label selector {quoted(labels)}, field selector {quoted(fields)}"
        status = msgspec.structs.replace(error.status, message=f"{told}: {error.message}")
        raise ClientError.from_status(status) from error


def read_all(session: Session, selection: Selection, chunk_size: int = 500) -> list[tuple[Target, Object]]:
    """Read the objects of a selection, collections item by item.

    Raises:
        ClientError: the first thing that fails.
    """
    found = []
    for target in selection.targets:
        if target.name:
            found.append((target, read_target(session, target)))
            continue
        answer = read_collection(session, target, selection.selectors, chunk_size=chunk_size)
        for item in items_of(answer, target.type):
            metadata = item.get("metadata") or {}
            place = str(metadata.get("namespace") or "")
            found.append((Target(target.type, place, str(metadata.get("name", ""))), item))
    return found


def items_of(answer: Object, kind: ResourceType) -> list[Object]:
    """Return a list's items with the `kind` and `apiVersion` that the list says for all of them."""
    head = {"apiVersion": kind.api_version, "kind": kind.kind}
    return [{**head, **item} for item in answer.get("items") or [] if isinstance(item, dict)]
