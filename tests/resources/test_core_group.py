"""Namespaces, secrets, config maps, events, service accounts and projects, over a real store."""

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from imagestreams.access.authorization import Attributes, BuiltinAuthorizer
from imagestreams.access.identity import ADMINISTRATORS, User
from imagestreams.api.codec import copy
from imagestreams.api.core import (
    ConfigMap,
    Event,
    Namespace,
    ObjectReference,
    Project,
    ProjectRequest,
    ResourceAttributes,
    Secret,
    SelfSubjectAccessReview,
    SelfSubjectAccessReviewSpec,
    SelfSubjectReview,
    SelfSubjectRulesReview,
    ServiceAccount,
)
from imagestreams.api.errors import ApiError
from imagestreams.api.meta import ObjectMeta
from imagestreams.controllers.events.expiry import EventExpiry
from imagestreams.controllers.namespaces import NamespaceController
from imagestreams.resources.core.group import CoreGroup, core_group, ensure_namespaces
from imagestreams.resources.resource import (
    DeleteOptions,
    FieldRequirement,
    ListOptions,
    RequestContext,
    Resource,
)
from imagestreams.store.sqlite import SQLiteStore

START = datetime(2026, 1, 1, tzinfo=UTC)
ADMIN = User("admin", frozenset({ADMINISTRATORS}))
CONTEXT = RequestContext(ADMIN, "2026-01-01T00:00:00Z")


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SQLiteStore]:
    opened = SQLiteStore.open(tmp_path)
    yield opened
    await opened.close()


@pytest.fixture
async def core(store: SQLiteStore, clock: Clock) -> CoreGroup:
    group = core_group(store, authorizer=BuiltinAuthorizer(), clock=clock)
    await group.start()
    await ensure_namespaces(group, START)
    return group


def served(core: CoreGroup, name: str) -> Resource:
    return next(resource for resource in core.resources if resource.info.name == name)


def within(namespace: str, name: str = "", **more: Any) -> RequestContext:
    return replace(CONTEXT, namespace=namespace, name=name, **more)


def named(name: str) -> RequestContext:
    return replace(CONTEXT, name=name)


async def refused(operation: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        await operation
    return caught.value


async def make_namespace(core: CoreGroup, name: str) -> Namespace:
    item = await core.namespaces.create(CONTEXT, Namespace(metadata=ObjectMeta(name=name)))
    value: Namespace = item.value
    return value


def with_finalizer(value: Any) -> Any:
    value.metadata.finalizers = ["example.com/wait"]
    return value


async def test_the_first_namespaces_are_there_and_have_their_service_accounts(core: CoreGroup) -> None:
    names = [entry.value.metadata.name for entry in core.namespaces.storage.list()]
    accounts = [entry.value.metadata.name for entry in core.service_accounts.storage.list("openshift")]

    assert names == ["default", "kube-public", "kube-system", "openshift"]
    assert accounts == ["builder", "default", "deployer"]
    assert list(core.secrets.storage.list()) == []

    before = core.namespaces.storage.cache.revision
    await ensure_namespaces(core, START)
    assert core.namespaces.storage.cache.revision == before


async def test_a_new_namespace_is_active_and_can_be_selected_by_its_name(core: CoreGroup) -> None:
    made = await make_namespace(core, "one")

    assert made.status.phase == "Active" and made.spec.finalizers == ["kubernetes"]
    assert made.metadata.labels == {"kubernetes.io/metadata.name": "one"}
    assert made.metadata.generation == 0
    wrong = await refused(make_namespace(core, "a.b"))
    assert wrong.status.code == 422
    assert wrong.status.message == (
        'Namespace "a.b" is invalid: metadata.name: Invalid value: "a.b": must not contain dots'
    )
    active = ListOptions(fields=(FieldRequirement("status.phase", "Active"), FieldRequirement("name", "one")))
    assert [item.value.metadata.name for item in (await core.namespaces.list(CONTEXT, active)).items] == ["one"]


async def test_nothing_can_be_made_in_a_namespace_that_is_missing_or_going_away(core: CoreGroup) -> None:
    config = ConfigMap(metadata=ObjectMeta(name="c"))
    missing = await refused(core.config_maps.create(within("none"), copy(config)))
    await make_namespace(core, "one")
    await core.namespaces.delete(named("one"), DeleteOptions())
    terminating = await refused(core.config_maps.create(within("one"), copy(config)))

    assert missing.status.code == 404 and missing.status.message == 'namespaces "none" not found'
    assert missing.status.details is not None
    assert (missing.status.details.kind, missing.status.details.name) == ("namespaces", "none")
    assert terminating.status.code == 403
    assert terminating.status.message == (
        'configmaps "c" is forbidden: unable to create new content in namespace one because it is being terminated'
    )
    assert terminating.status.details is not None and terminating.status.details.causes is not None
    [cause] = terminating.status.details.causes
    assert (cause.reason, cause.message, cause.field) == (
        "NamespaceTerminating",
        "namespace one is being terminated",
        "metadata.namespace",
    )


@pytest.mark.parametrize("name", ["default", "kube-system", "kube-public", "openshift"])
async def test_the_first_namespaces_can_not_be_deleted(core: CoreGroup, name: str) -> None:
    error = await refused(core.namespaces.delete(named(name), DeleteOptions()))

    assert error.status.code == 403
    assert error.status.message == f'namespaces "{name}" is forbidden: this namespace may not be deleted'


async def test_a_deleted_namespace_is_emptied_and_then_goes(core: CoreGroup, clock: Clock) -> None:
    await make_namespace(core, "one")
    await make_namespace(core, "two")
    for namespace in ("one", "two"):
        await core.secrets.create(within(namespace), Secret(metadata=ObjectMeta(name="s")))
        await core.config_maps.create(within(namespace), ConfigMap(metadata=ObjectMeta(name="c")))
    controller = NamespaceController(core, core.stored(), clock)

    answer = await core.namespaces.delete(named("one"), DeleteOptions())
    unfinished = await controller.reconcile()

    assert answer.value.status.phase == "Terminating"
    assert answer.value.metadata.deletion_timestamp == CONTEXT.now
    assert not unfinished and core.namespaces.storage.find("", "one") is None
    assert [list(resource.storage.list("one")) for resource in core.stored()] == [[], [], [], []]
    assert core.secrets.storage.find("two", "s") is not None


async def test_content_that_is_held_back_holds_back_its_namespace_and_is_named(core: CoreGroup, clock: Clock) -> None:
    await make_namespace(core, "one")
    await core.config_maps.create(within("one"), with_finalizer(ConfigMap(metadata=ObjectMeta(name="c"))))
    controller = NamespaceController(core, core.stored(), clock)
    await core.namespaces.delete(named("one"), DeleteOptions())

    assert await controller.reconcile()
    waiting = core.namespaces.storage.get("", "one").value
    revision = core.namespaces.storage.cache.revision
    assert await controller.reconcile()
    assert core.namespaces.storage.cache.revision == revision

    conditions = {condition.type: condition for condition in waiting.status.conditions or []}
    assert conditions["NamespaceContentRemaining"].status == "True"
    assert conditions["NamespaceContentRemaining"].message == (
        "Some resources are remaining: configmaps has 1 resource instances"
    )
    assert conditions["NamespaceFinalizersRemaining"].message == (
        "Some content in the namespace has finalizers remaining: example.com/wait in 1 resource instances"
    )

    def release(current: ConfigMap) -> ConfigMap:
        wanted = copy(current)
        wanted.metadata.finalizers = None
        return wanted

    await core.config_maps.update(within("one", "c"), release)
    assert not await controller.reconcile()
    assert core.namespaces.storage.find("", "one") is None


async def test_a_deletion_goes_on_after_a_restart(core: CoreGroup, store: SQLiteStore, clock: Clock) -> None:
    await make_namespace(core, "one")
    await core.secrets.create(within("one"), Secret(metadata=ObjectMeta(name="s")))
    await core.namespaces.delete(named("one"), DeleteOptions())
    core.stop()

    again = core_group(store, authorizer=BuiltinAuthorizer(), clock=clock)
    await again.start()
    controller = NamespaceController(again, again.stored(), clock)
    with again.namespaces.storage.cache.subscribe("", again.namespaces.storage.cache.revision) as changes:
        running = asyncio.ensure_future(controller.run())
        while again.namespaces.storage.find("", "one") is not None:
            assert await changes.take(10) is not None
    controller.stop()
    await running

    assert again.secrets.storage.find("one", "s") is None
    assert (await store.get("/core/namespaces/one")) is None


async def test_whoever_was_let_in_before_the_deletion_leaves_nothing_behind(core: CoreGroup, clock: Clock) -> None:
    controller = NamespaceController(core, core.stored(), clock)
    for round_number in range(10):
        name = f"round-{round_number}"
        await make_namespace(core, name)
        writes = [
            core.config_maps.create(within(name), ConfigMap(metadata=ObjectMeta(name=f"c{number}")))
            for number in range(20)
        ]
        deletion = core.namespaces.delete(named(name), DeleteOptions())
        await asyncio.gather(*writes[:10], deletion, controller.reconcile(), *writes[10:], return_exceptions=True)
        await controller.reconcile()

        assert core.namespaces.storage.find("", name) is None
        assert list(core.config_maps.storage.list(name)) == []


async def test_new_namespaces_get_their_service_accounts(core: CoreGroup, clock: Clock) -> None:
    controller = NamespaceController(core, core.stored(), clock)
    await make_namespace(core, "one")

    assert not await controller.reconcile()

    accounts = [entry.value.metadata.name for entry in core.service_accounts.storage.list("one")]
    assert accounts == ["builder", "default", "deployer"]


async def test_the_last_finalizer_of_a_deleted_namespace_takes_it_along(core: CoreGroup) -> None:
    await make_namespace(core, "one")

    def finalized(current: Namespace) -> Namespace:
        wanted = copy(current)
        wanted.spec.finalizers = None
        return wanted

    await core.namespaces.delete(named("one"), DeleteOptions())
    await core.namespaces.update(named("one"), finalized)
    assert core.namespaces.storage.find("", "one") is not None

    await served(core, "namespaces/finalize").update(named("one"), finalized)
    assert core.namespaces.storage.find("", "one") is None


async def test_the_phase_of_a_namespace_follows_its_deletion_only(core: CoreGroup) -> None:
    await make_namespace(core, "one")

    def terminating(current: Namespace) -> Namespace:
        wanted = copy(current)
        wanted.status.phase = "Terminating"
        return wanted

    error = await refused(served(core, "namespaces/status").update(named("one"), terminating))
    written = await core.namespaces.update(named("one"), terminating)

    assert error.status.code == 422 and error.status.message == (
        'Namespace "one" is invalid: status.Phase: Invalid value: "Terminating": '
        "may only be 'Active' if `deletionTimestamp` is empty"
    )
    assert written.item.value.status.phase == "Active"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


async def test_text_given_to_a_secret_becomes_data(core: CoreGroup) -> None:
    secret = Secret(
        metadata=ObjectMeta(name="s"), data={"b": encoded("old"), "c": encoded("3")}, string_data={"b": "2"}
    )

    made = (await core.secrets.create(within("default"), secret)).value

    assert made.data == {"b": encoded("2"), "c": encoded("3")} and made.string_data is None
    assert made.type == "Opaque"


@pytest.mark.parametrize(
    ("secret", "problems"),
    [
        (Secret(type="kubernetes.io/dockerconfigjson"), ["data[.dockerconfigjson]: Required value"]),
        (Secret(type="kubernetes.io/dockercfg"), ["data[.dockercfg]: Required value"]),
        (
            Secret(type="kubernetes.io/dockerconfigjson", string_data={".dockerconfigjson": '{"hunter2"'}),
            [
                'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": unexpected end of JSON input',
            ],
        ),
        (
            Secret(type="kubernetes.io/dockerconfigjson", string_data={".dockerconfigjson": '"hunter2"'}),
            [
                'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": '
                "json: cannot unmarshal string into Go value of type map[string]interface {}",
            ],
        ),
        (
            Secret(type="kubernetes.io/basic-auth"),
            ["data[username]: Required value", "data[password]: Required value"],
        ),
        (Secret(type="kubernetes.io/ssh-auth"), ["data[ssh-privatekey]: Required value"]),
        (Secret(type="kubernetes.io/tls"), ["data[tls.crt]: Required value", "data[tls.key]: Required value"]),
        (
            Secret(type="kubernetes.io/service-account-token"),
            ["metadata.annotations[kubernetes.io/service-account.name]: Required value"],
        ),
        (Secret(data={"..": ""}), ["data[..]: Invalid value: \"..\": must not be '..'"]),
    ],
)
async def test_a_secret_must_hold_what_its_type_promises(core: CoreGroup, secret: Secret, problems: list[str]) -> None:
    secret.metadata.name = "s"

    error = await refused(core.secrets.create(within("default"), copy(secret)))

    causes = error.status.details.causes if error.status.details else None
    assert error.status.code == 422
    assert [f"{cause.field}: {cause.message}" for cause in causes or []] == problems
    assert "hunter2" not in error.status.message


@pytest.mark.parametrize(
    ("text", "position"), [("!", 0), ("abc", 0), ("abcdefg", 4), ("ab=c", 2), ("=", 0), ("abcd=", 4), ("YQ==YQ==", 4)]
)
async def test_data_that_is_not_base64_is_refused_where_it_breaks(core: CoreGroup, text: str, position: int) -> None:
    error = await refused(
        core.secrets.create(within("default"), Secret(metadata=ObjectMeta(name="s"), data={"k": text}))
    )

    assert error.status.code == 400
    assert error.status.message == (
        f'Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte {position}'
    )


async def test_a_large_secret_is_refused(core: CoreGroup) -> None:
    big = Secret(metadata=ObjectMeta(name="s"), string_data={"k": "x" * (1024 * 1024 + 1)})

    error = await refused(core.secrets.create(within("default"), big))

    assert error.status.message == 'Secret "s" is invalid: data: Too long: may not be more than 1048576 bytes'


async def test_the_type_of_a_secret_and_what_is_immutable_stay(core: CoreGroup) -> None:
    secret = Secret(metadata=ObjectMeta(name="s"), string_data={"k": "v"}, immutable=True)
    await core.secrets.create(within("default"), secret)

    def changed(current: Secret) -> Secret:
        wanted = copy(current)
        wanted.type, wanted.data, wanted.immutable = "other", {"k": encoded("w")}, None
        return wanted

    error = await refused(core.secrets.update(within("default", "s"), changed))

    assert error.status.message == (
        'Secret "s" is invalid: [type: Invalid value: "other": field is immutable, '
        "immutable: Forbidden: field is immutable when `immutable` is set, "
        "data: Forbidden: field is immutable when `immutable` is set]"
    )


async def test_secrets_can_be_selected_by_type(core: CoreGroup) -> None:
    await core.secrets.create(within("default"), Secret(metadata=ObjectMeta(name="a")))
    await core.secrets.create(within("default"), Secret(metadata=ObjectMeta(name="b"), type="x/y"))

    page = await core.secrets.list(within("default"), ListOptions(fields=(FieldRequirement("type", "x/y"),)))

    assert [item.value.metadata.name for item in page.items] == ["b"]


async def test_a_config_map_has_each_key_once(core: CoreGroup) -> None:
    config = ConfigMap(metadata=ObjectMeta(name="c"), data={"k": "v", "a b": ""}, binary_data={"k": encoded("v")})

    error = await refused(core.config_maps.create(within("default"), config))

    causes = error.status.details.causes if error.status.details else None
    assert [(cause.field, cause.message.rpartition(": ")[2]) for cause in causes or []] == [
        (
            "data[a b]",
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or "
            "'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
        ),
        ("data[k]", "duplicate of key present in binaryData"),
        ("binaryData[k]", "duplicate of key present in data"),
    ]


async def test_an_immutable_config_map_keeps_its_data(core: CoreGroup) -> None:
    config = ConfigMap(metadata=ObjectMeta(name="c"), data={"k": "v"}, immutable=True)
    await core.config_maps.create(within("default"), config)

    def changed(current: ConfigMap) -> ConfigMap:
        wanted = copy(current)
        wanted.binary_data = {"b": encoded("x")}
        return wanted

    error = await refused(core.config_maps.update(within("default", "c"), changed))

    assert error.status.message == (
        'ConfigMap "c" is invalid: binaryData: Forbidden: field is immutable when `immutable` is set'
    )


async def test_an_event_is_about_an_object_of_its_namespace(core: CoreGroup) -> None:
    event = Event(metadata=ObjectMeta(name="e"), involved_object=ObjectReference(kind="ImageStream", namespace="other"))

    error = await refused(core.events.create(within("default"), event))

    assert error.status.message == (
        'Event "e" is invalid: involvedObject.namespace: Invalid value: "other": does not match event.namespace'
    )


async def test_events_can_be_selected_by_what_they_are_about(core: CoreGroup) -> None:
    for name in ("a", "b"):
        target = ObjectReference(kind="ImageStream", name=name, namespace="default")
        event = Event(metadata=ObjectMeta(generate_name="e-"), involved_object=target, reason="Imported", type="Normal")
        await core.events.create(within("default"), event)

    fields = (FieldRequirement("involvedObject.name", "b"), FieldRequirement("type", "Warning", equal=False))
    page = await core.events.list(within("default"), ListOptions(fields=fields))

    assert [item.value.involved_object.name for item in page.items] == ["b"]


async def test_events_are_forgotten_an_hour_after_they_happened_last(core: CoreGroup, clock: Clock) -> None:
    times = {"old": "2026-01-01T00:00:00Z", "new": "2026-01-01T00:30:00Z", "odd": "2999-01-01T00:00:00Z"}
    for name, last in times.items():
        target = ObjectReference(kind="ImageStream", name="s", namespace="default")
        event = Event(metadata=ObjectMeta(name=name), involved_object=target, last_timestamp=last)
        await core.events.create(within("default"), event)
    expiry = EventExpiry(core.events.storage, clock)

    assert await expiry.sweep() == 0
    clock.now = START + timedelta(hours=1)

    assert await expiry.sweep() == 2
    assert [entry.value.metadata.name for entry in core.events.storage.list()] == ["new"]


async def test_a_project_request_makes_a_namespace_for_its_requester(core: CoreGroup) -> None:
    request = ProjectRequest(metadata=ObjectMeta(name="shop"), display_name="The shop", description="Sells")
    requests = served(core, "projectrequests")

    may = await requests.list(CONTEXT, ListOptions())
    project = (await requests.create(CONTEXT, request)).value
    again = await refused(requests.create(CONTEXT, ProjectRequest(metadata=ObjectMeta(name="shop"))))

    assert may.items[0].value.status == "Success"
    assert (project.kind, project.api_version) == ("Project", "project.openshift.io/v1")
    assert project.metadata.annotations == {
        "openshift.io/description": "Sells",
        "openshift.io/display-name": "The shop",
        "openshift.io/requester": "admin",
    }
    assert project.status.phase == "Active"
    assert again.status.code == 409
    assert again.status.message == 'project.project.openshift.io "shop" already exists'
    assert core.namespaces.storage.get("", "shop").value.metadata.uid == project.metadata.uid


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        (
            "kube",
            403,
            'project.project.openshift.io "kube" is forbidden: cannot request a project with the name "kube"',
        ),
        (
            "openshift-x",
            403,
            'project.project.openshift.io "openshift-x" is forbidden: '
            'cannot request a project starting with "openshift-"',
        ),
        (
            "x",
            422,
            'ProjectRequest.project.openshift.io "x" is invalid: metadata.name: Invalid value: "x": '
            "must be at least 2 characters long",
        ),
    ],
)
async def test_some_names_can_not_be_asked_for(core: CoreGroup, name: str, code: int, message: str) -> None:
    request = ProjectRequest(metadata=ObjectMeta(name=name))

    error = await refused(served(core, "projectrequests").create(CONTEXT, request))

    assert (error.status.code, error.status.message) == (code, message)


async def test_projects_are_namespaces_seen_otherwise(core: CoreGroup) -> None:
    projects = served(core, "projects")
    await make_namespace(core, "one")
    watching = projects.watch(CONTEXT, ListOptions(resource_version="0"))

    page = await projects.list(CONTEXT, ListOptions())
    events = [await asyncio.wait_for(anext(watching), 10) for _ in page.items]
    answer = await projects.delete(named("one"), DeleteOptions())
    change = await asyncio.wait_for(anext(watching), 10)

    assert [item.value.metadata.name for item in page.items] == [
        "default",
        "kube-public",
        "kube-system",
        "one",
        "openshift",
    ]
    assert {event.type for event in events} == {"ADDED"}
    assert all(
        item.encoded.startswith(b'{"kind":"Project","apiVersion":"project.openshift.io/v1",') for item in page.items
    )
    assert answer.value.status == "Success" and answer.value.details is None
    assert (change.type, change.item.value.status.phase) == ("MODIFIED", "Terminating")


async def test_a_project_takes_a_new_display_name_and_nothing_else(core: CoreGroup) -> None:
    projects = served(core, "projects")
    await make_namespace(core, "one")

    def renamed(current: Project) -> Project:
        wanted = copy(current)
        wanted.metadata.annotations = {"openshift.io/display-name": "One"}
        return wanted

    def labelled(current: Project) -> Project:
        wanted = copy(current)
        wanted.metadata.labels = {**(wanted.metadata.labels or {}), "a": "b"}
        return wanted

    written = await projects.update(named("one"), renamed)
    error = await refused(projects.update(named("one"), labelled))

    assert projects.info.table is not None
    assert projects.info.table.cells(written.item.value) == ("one", "One", "Active")
    assert error.status.message == (
        'Project.project.openshift.io "one" is invalid: metadata.labels[a]: Invalid value: "b": '
        "field is immutable, try updating the namespace"
    )


async def test_one_may_ask_what_one_may_do(core: CoreGroup) -> None:
    nobody = replace(CONTEXT, user=User("nobody"))
    reviews = served(core, "selfsubjectaccessreviews")

    def question() -> SelfSubjectAccessReview:
        attributes = ResourceAttributes(verb="delete", resource="secrets", namespace="default")
        return SelfSubjectAccessReview(spec=SelfSubjectAccessReviewSpec(resource_attributes=attributes))

    assert (await reviews.create(CONTEXT, question())).value.status.allowed is True
    assert (await reviews.create(nobody, question())).value.status.allowed is False
    empty = await refused(reviews.create(CONTEXT, SelfSubjectAccessReview()))
    assert empty.status.code == 422
    rules = served(core, "selfsubjectrulesreviews")
    asked = SelfSubjectRulesReview()
    asked.spec.namespace = "default"
    assert (await rules.create(CONTEXT, copy(asked))).value.status.resource_rules[0].verbs == ["*"]
    assert (await rules.create(nobody, copy(asked))).value.status.incomplete is True


async def test_one_may_ask_who_one_is(core: CoreGroup) -> None:
    review = (await served(core, "selfsubjectreviews").create(CONTEXT, SelfSubjectReview())).value
    users = served(core, "users")
    user = (await users.get(named("~"), {})).value

    assert review.status.user_info.username == "admin"
    assert (user.metadata.name, user.groups) == ("admin", ["system:masters"])
    assert (await refused(users.get(named("somebody"), {}))).status.message == (
        'users.user.openshift.io "somebody" not found'
    )


async def test_tables_show_what_the_real_ones_show(core: CoreGroup, clock: Clock) -> None:
    secret = await core.secrets.create(within("default"), Secret(metadata=ObjectMeta(name="s"), string_data={"a": "b"}))
    config = await core.config_maps.create(within("default"), ConfigMap(metadata=ObjectMeta(name="c"), data={"a": "b"}))
    account = await core.service_accounts.create(within("default"), ServiceAccount(metadata=ObjectMeta(name="sa")))
    target = ObjectReference(kind="ImageStream", name="s", namespace="default")
    event = await core.events.create(
        within("default"),
        Event(metadata=ObjectMeta(name="e"), involved_object=target, reason="R", message=" m ", type="Normal"),
    )
    clock.now = START + timedelta(minutes=3, seconds=25)

    def row(resource: Any, item: Any) -> tuple[Any, ...]:
        return tuple(resource.info.table.cells(item.value))

    assert row(core.secrets, secret) == ("s", "Opaque", 1, "3m25s")
    assert row(core.config_maps, config) == ("c", 1, "3m25s")
    assert row(core.service_accounts, account) == ("sa", 0, "3m25s")
    assert row(core.namespaces, core.namespaces.storage.get("", "default")) == ("default", "Active", "3m25s")
    assert row(core.events, event) == (
        "<unknown>",
        "Normal",
        "R",
        "imagestream/s",
        "",
        "",
        "m",
        "<unknown>",
        1,
        "e",
    )


async def test_a_user_sees_the_projects_whose_namespaces_he_may_get(store: SQLiteStore, clock: Clock) -> None:
    class MayGetOne(BuiltinAuthorizer):
        async def allows(self, attributes: Attributes) -> bool:
            asked = (attributes.user.name, attributes.verb, attributes.resource, attributes.namespace)
            return asked == ("jane", "get", "namespaces", "one") or await super().allows(attributes)

    core = core_group(store, authorizer=MayGetOne(), clock=clock)
    await core.start()
    for name in ("one", "two"):
        await make_namespace(core, name)
    jane = RequestContext(User("jane"), CONTEXT.now)

    page = await served(core, "projects").list(jane, ListOptions())
    watching = served(core, "projects").watch(jane, ListOptions(resource_version="0"))

    assert [item.value.metadata.name for item in page.items] == ["one"]
    assert (await anext(watching)).item.value.metadata.name == "one"
    await watching.aclose()  # type: ignore[attr-defined]  # it is a generator
    core.stop()
