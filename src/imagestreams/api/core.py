"""Types of the core, project and authorization groups that the server offers beside the image group."""

import msgspec

from imagestreams.api.meta import ListMeta, ObjectMeta
from imagestreams.api.wire import Wire, always


class ObjectReference(Wire):
    """A pointer to another object."""

    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""
    api_version: str = ""
    resource_version: str = ""
    field_path: str = ""


class LocalObjectReference(Wire):
    """A pointer to an object of the same namespace."""

    name: str = ""


class Stored(Wire):
    """An object that is stored under a name."""

    kind: str = ""
    api_version: str = ""
    metadata: ObjectMeta = msgspec.field(default_factory=ObjectMeta)


class NamespaceSpec(Wire):
    """What a namespace should have."""

    finalizers: list[str] | None = None


class NamespaceCondition(Wire):
    """What stands in the way of a namespace's deletion, or that nothing does."""

    type: str = ""
    status: str = ""
    last_transition_time: str | None = always()
    reason: str = ""
    message: str = ""


class NamespaceStatus(Wire):
    """Whether a namespace is in use or going away."""

    phase: str = ""
    conditions: list[NamespaceCondition] | None = None


class Namespace(Stored):
    """A scope for names."""

    spec: NamespaceSpec = msgspec.field(default_factory=NamespaceSpec)
    status: NamespaceStatus = msgspec.field(default_factory=NamespaceStatus)


class Secret(Stored):
    """Confidential data; `data` is base64, `string_data` is written into it on create and update."""

    immutable: bool | None = None
    data: dict[str, str] | None = None
    string_data: dict[str, str] | None = None
    type: str = ""


class SecretList(Wire):
    """Several secrets."""

    kind: str = ""
    api_version: str = ""
    metadata: ListMeta = msgspec.field(default_factory=ListMeta)
    items: list[Secret] = msgspec.field(default_factory=lambda: [])


class ConfigMap(Stored):
    """Plain settings; `binary_data` is base64."""

    immutable: bool | None = None
    data: dict[str, str] | None = None
    binary_data: dict[str, str] | None = None


class EventSource(Wire):
    """Who reports an event."""

    component: str = ""
    host: str = ""


class EventSeries(Wire):
    """How often an event was seen."""

    count: int = 0
    last_observed_time: str | None = None


class Event(Stored):
    """Something that happened to an object."""

    involved_object: ObjectReference = msgspec.field(default_factory=ObjectReference)
    reason: str = ""
    message: str = ""
    source: EventSource = msgspec.field(default_factory=EventSource)
    first_timestamp: str | None = always()
    last_timestamp: str | None = always()
    count: int = 0
    type: str = ""
    event_time: str | None = always()
    series: EventSeries | None = None
    action: str = ""
    related: ObjectReference | None = None
    reporting_component: str = always("")
    reporting_instance: str = always("")


class ServiceAccount(Stored):
    """An identity for programs."""

    secrets: list[ObjectReference] | None = None
    image_pull_secrets: list[LocalObjectReference] | None = None
    automount_service_account_token: bool | None = None


class Project(Stored):
    """A namespace as its users see it (`project.openshift.io/v1`)."""

    spec: NamespaceSpec = msgspec.field(default_factory=NamespaceSpec)
    status: NamespaceStatus = msgspec.field(default_factory=NamespaceStatus)


class ProjectRequest(Stored):
    """The wish for a new project."""

    display_name: str = ""
    description: str = ""


class ResourceAttributes(Wire):
    """An action on a resource that is asked about."""

    namespace: str = ""
    verb: str = ""
    group: str = ""
    version: str = ""
    resource: str = ""
    subresource: str = ""
    name: str = ""


class NonResourceAttributes(Wire):
    """An action on a plain path that is asked about."""

    path: str = ""
    verb: str = ""


class SelfSubjectAccessReviewSpec(Wire):
    """The action that is asked about; exactly one of the two is set."""

    resource_attributes: ResourceAttributes | None = None
    non_resource_attributes: NonResourceAttributes | None = None


class SubjectAccessReviewStatus(Wire):
    """Whether the action is allowed."""

    allowed: bool = msgspec.field(default_factory=lambda: False)
    denied: bool = False
    reason: str = ""
    evaluation_error: str = ""


class SelfSubjectAccessReview(Stored):
    """May I? (`authorization.k8s.io/v1`)."""

    spec: SelfSubjectAccessReviewSpec = msgspec.field(default_factory=SelfSubjectAccessReviewSpec)
    status: SubjectAccessReviewStatus = msgspec.field(default_factory=SubjectAccessReviewStatus)


class SelfSubjectRulesReviewSpec(Wire):
    """The namespace whose rules are asked for."""

    namespace: str = ""


class ResourceRule(Wire):
    """What may be done with resources; `*` stands for all."""

    verbs: list[str] = always()
    api_groups: list[str] | None = None
    resources: list[str] | None = None
    resource_names: list[str] | None = None


class NonResourceRule(Wire):
    """What may be done with plain paths; `*` stands for all."""

    verbs: list[str] = always()
    non_resource_urls: list[str] | None = msgspec.field(default=None, name="nonResourceURLs")


class SubjectRulesReviewStatus(Wire):
    """The rules that are known; `incomplete` says that there may be more."""

    resource_rules: list[ResourceRule] = msgspec.field(default_factory=lambda: [])
    non_resource_rules: list[NonResourceRule] = msgspec.field(default_factory=lambda: [])
    incomplete: bool = msgspec.field(default_factory=lambda: False)
    evaluation_error: str = ""


class SelfSubjectRulesReview(Stored):
    """What may I? (`authorization.k8s.io/v1`)."""

    spec: SelfSubjectRulesReviewSpec = msgspec.field(default_factory=SelfSubjectRulesReviewSpec)
    status: SubjectRulesReviewStatus = msgspec.field(default_factory=SubjectRulesReviewStatus)


class UserInfo(Wire):
    """Somebody who makes requests."""

    username: str = ""
    uid: str = ""
    groups: list[str] | None = None
    extra: dict[str, list[str]] | None = None


class SelfSubjectReviewStatus(Wire):
    """Who the server takes the caller for."""

    user_info: UserInfo = msgspec.field(default_factory=UserInfo)


class SelfSubjectReview(Stored):
    """Who am I? (`authentication.k8s.io/v1`)."""

    status: SelfSubjectReviewStatus = msgspec.field(default_factory=SelfSubjectReviewStatus)


class User(Stored):
    """Somebody who can log in (`user.openshift.io/v1`)."""

    full_name: str = ""
    identities: list[str] | None = always()
    groups: list[str] | None = always()
