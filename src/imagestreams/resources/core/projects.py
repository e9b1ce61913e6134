"""Projects (`project.openshift.io/v1`): namespaces as their users see them, and the requests for new ones.

Nothing is stored here. Through a project only its display name and description can be changed.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any, Final

import msgspec

from imagestreams.access.authorization import Attributes, Authorizer
from imagestreams.access.identity import User
from imagestreams.api.codec import copy, encode
from imagestreams.api.core import Namespace, NamespaceSpec, Project, ProjectRequest
from imagestreams.api.errors import FieldError, already_exists, forbidden, invalid
from imagestreams.api.meta import ObjectMeta, Status
from imagestreams.api.metadata.object_meta_validation import (
    dns_label_problems,
    path_segment_problems,
    validate_object_meta,
    validate_object_meta_update,
)
from imagestreams.resources.core.tables import DISPLAY_NAME, project_table
from imagestreams.resources.resource import (
    DeleteOptions,
    Item,
    ItemList,
    ListOptions,
    RequestContext,
    Resource,
    ResourceInfo,
    Transform,
    Updated,
    WatchEvent,
)
from imagestreams.resources.stored import StoredResource

GROUP: Final = "project.openshift.io"
DESCRIPTION: Final = "openshift.io/description"
REQUESTER: Final = "openshift.io/requester"

_ORIGIN: Final = "openshift.io/origin"
_OWN_ANNOTATIONS: Final = frozenset({DISPLAY_NAME, DESCRIPTION})
_RESERVED_NAMES: Final = ("openshift", "kubernetes", "kube")
_RESERVED_PREFIXES: Final = ("openshift-", "kubernetes-", "kube-")
_SUCCESS: Final = Status(kind="Status", api_version="v1", status="Success")
_ELSEWHERE: Final = "field is immutable, try updating the namespace"


class Projects(Resource):
    """Projects, as a view on namespaces."""

    info = ResourceInfo(
        group=GROUP,
        version="v1",
        plural="projects",
        singular="project",
        kind="Project",
        object_type=Project,
        verbs=frozenset({"get", "list", "watch", "create", "update", "patch", "delete"}),
        namespaced=False,
        table=project_table(),
        field_labels=frozenset({"metadata.name", "metadata.namespace", "status.phase"}),
    )

    def __init__(self, namespaces: StoredResource[Namespace], authorizer: Authorizer) -> None:
        self._namespaces = namespaces
        self._authorizer = authorizer

    async def get(self, context: RequestContext, options: Mapping[str, str]) -> Item:
        return _shown(await self._namespaces.get(context, options))

    async def list(self, context: RequestContext, options: ListOptions) -> ItemList:
        page = await self._namespaces.list(context, options)
        seen = [_shown(item) for item in page.items if await self._sees(context.user, item)]
        hidden = len(page.items) - len(seen)
        return replace(page, items=seen, remaining_item_count=None if hidden else page.remaining_item_count)

    async def watch(self, context: RequestContext, options: ListOptions) -> AsyncIterator[WatchEvent]:
        async for event in self._namespaces.watch(context, options):
            if event.type == "BOOKMARK" or await self._sees(context.user, event.item):
                yield WatchEvent(event.type, _shown(event.item))

    async def _sees(self, user: User, item: Item) -> bool:
        """Return whether a project is one of those that a user is shown: he may get its namespace."""
        name = item.value.metadata.name
        return await self._authorizer.allows(Attributes(user, "get", resource="namespaces", namespace=name, name=name))

    async def create(self, context: RequestContext, obj: Project) -> Item:
        obj.metadata.namespace = ""
        if _ORIGIN not in (obj.spec.finalizers or []):
            obj.spec.finalizers = [*(obj.spec.finalizers or []), _ORIGIN]
        errors = _validate(obj.metadata)
        if errors:
            raise invalid(GROUP, "Project", obj.metadata.name, errors)
        return _shown(await self._namespaces.create(context, _namespace_of(obj)))

    async def update(self, context: RequestContext, transform: Transform) -> Updated:
        def change(current: Namespace | None) -> Namespace:
            old = None if current is None else _project_of(current)
            wanted: Project = transform(old)
            wanted.metadata.namespace = ""
            if old is None:
                return _namespace_of(wanted)
            wanted.spec, wanted.status = copy(old.spec), copy(old.status)
            _refuse_changes(wanted, old)
            return _namespace_of(wanted)

        updated = await self._namespaces.update(context, change)
        return replace(updated, item=_shown(updated.item))

    async def delete(self, context: RequestContext, options: DeleteOptions) -> Item:
        await self._namespaces.delete(context, options)
        return Item(_SUCCESS, encode(_SUCCESS))


class ProjectRequests(Resource):
    """Requests for a project: their answer is the project. A list says whether one may ask at all."""

    info = ResourceInfo(
        group=GROUP,
        version="v1",
        plural="projectrequests",
        singular="projectrequest",
        kind="ProjectRequest",
        object_type=ProjectRequest,
        verbs=frozenset({"create", "list"}),
        namespaced=False,
    )

    def __init__(self, namespaces: StoredResource[Namespace], projects: Projects) -> None:
        self._namespaces = namespaces
        self._projects = projects

    async def list(self, context: RequestContext, options: ListOptions) -> ItemList:
        return ItemList([Item(_SUCCESS, encode(_SUCCESS))])

    async def create(self, context: RequestContext, obj: ProjectRequest) -> Item:
        name = obj.metadata.name
        errors = _validate(obj.metadata)
        if errors:
            raise invalid(GROUP, "ProjectRequest", name, errors)
        _refuse_reserved(name)
        if self._namespaces.storage.find("", name) is not None:
            raise already_exists(GROUP, "project", name)
        annotations = {DESCRIPTION: obj.description, DISPLAY_NAME: obj.display_name, REQUESTER: context.user.name}
        project = Project(
            kind="Project",
            api_version=Projects.info.group_version,
            metadata=ObjectMeta(name=name, annotations=annotations),
        )
        return await self._projects.create(context, project)


def _project_of(namespace: Namespace) -> Project:
    """Return the view on a namespace, which shares its parts: it must be copied before it is changed."""
    return Project(
        kind="Project",
        api_version=Projects.info.group_version,
        metadata=namespace.metadata,
        spec=namespace.spec,
        status=namespace.status,
    )


def _namespace_of(project: Project) -> Namespace:
    annotations = dict(project.metadata.annotations or {})
    annotations.setdefault(DISPLAY_NAME, "")
    return Namespace(
        kind="Namespace",
        api_version="v1",
        metadata=msgspec.structs.replace(project.metadata, annotations=annotations),
        spec=NamespaceSpec(finalizers=project.spec.finalizers),
        status=project.status,
    )


def _shown(item: Item) -> Item:
    project = _project_of(item.value)
    return Item(project, encode(project))


def _name_problems(name: str) -> list[str]:
    problems = path_segment_problems(name)
    if problems:
        return problems
    return ["must be at least 2 characters long"] if len(name) < 2 else dns_label_problems(name)


def _validate(metadata: ObjectMeta) -> list[FieldError]:
    errors = validate_object_meta(metadata, namespaced=False, name_problems=_name_problems)
    shown = (metadata.annotations or {}).get(DISPLAY_NAME, "")
    if "\n" in shown or "\t" in shown:
        field = f"metadata.annotations[{DISPLAY_NAME}]"
        errors.append(FieldError.invalid(field, shown, "may not contain a new line or tab"))
    return errors


def _refuse_changes(new: Project, old: Project) -> None:
    """Raise the 422 of a change that only the namespace itself takes."""
    errors = [*validate_object_meta_update(new.metadata, old.metadata), *_validate(new.metadata)]
    errors += _changes("metadata.annotations", new.metadata.annotations, old.metadata.annotations, _OWN_ANNOTATIONS)
    errors += _changes("metadata.labels", new.metadata.labels, old.metadata.labels, frozenset())
    if errors:
        raise invalid(GROUP, "Project", old.metadata.name, errors)


def _changes(
    field: str, new: Mapping[str, Any] | None, old: Mapping[str, Any] | None, free: frozenset[str]
) -> list[FieldError]:
    new, old = new or {}, old or {}
    changed = [(key, value) for key, value in sorted(new.items()) if key not in free and value != old.get(key)]
    changed += [(key, value) for key, value in sorted(old.items()) if key not in free and key not in new]
    return [FieldError.invalid(f"{field}[{key}]", value, _ELSEWHERE) for key, value in changed]


def _refuse_reserved(name: str) -> None:
    if name in _RESERVED_NAMES:
        raise forbidden(GROUP, "project", name, f'cannot request a project with the name "{name}"')
    for prefix in _RESERVED_PREFIXES:
        if name.startswith(prefix):
            raise forbidden(GROUP, "project", name, f'cannot request a project starting with "{prefix}"')
