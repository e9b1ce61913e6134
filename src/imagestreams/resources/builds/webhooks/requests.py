"""Calls of webhooks: who knows the secret in the path makes a build, and nobody learns anything without it.

A missing config, a hook that it doesn't have and a wrong secret are told alike. Secrets are compared in time that tells
nothing, and what the caller proved itself with shows nowhere.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from imagestreams.access.identity import User
from imagestreams.api.build.types import (
    BitbucketWebHookCause,
    Build,
    BuildConfig,
    BuildRequest,
    BuildTriggerCause,
    GenericWebHookCause,
    GitHubWebHookCause,
    GitLabWebHookCause,
    SourceRevision,
    WebHookTrigger,
)
from imagestreams.api.codec import encode
from imagestreams.api.core import Secret
from imagestreams.api.errors import ApiError, bad_request, internal, not_found, unauthorized
from imagestreams.api.meta import ObjectMeta, Status
from imagestreams.resources.builds.buildconfigs import GROUP
from imagestreams.resources.builds.requests import BuildGenerator
from imagestreams.resources.builds.webhooks.payloads import READERS, Push, read_generic
from imagestreams.resources.core.secret_values import secret_value
from imagestreams.resources.resource import Item, RequestContext, Resource, ResourceInfo
from imagestreams.resources.storage import ObjectStorage

SECRET_KEY: Final = "WebHookSecretKey"
_HIDDEN: Final = "<secret>"
_TYPES: Final = {"generic": "Generic", "github": "GitHub", "gitlab": "GitLab", "bitbucket": "Bitbucket"}

INFO: Final = ResourceInfo(
    group=GROUP,
    version="v1",
    plural="buildconfigs",
    kind="Build",
    object_type=Build,
    verbs=frozenset({"create"}),
    subresource="webhooks",
    takes_path=True,
)


class WebHooks(Resource):
    """`buildconfigs/webhooks`; builds are made as `user`, who is the server."""

    info = INFO

    def __init__(
        self,
        configs: ObjectStorage[BuildConfig],
        secrets: ObjectStorage[Secret],
        generator: BuildGenerator,
        user: User,
    ) -> None:
        self._configs = configs
        self._secrets = secrets
        self._generator = generator
        self._user = user

    async def call(self, context: RequestContext, path: str, headers: Mapping[str, str], body: bytes) -> Item | None:
        secret, slash, hook = path.partition("/")
        if not slash or "/" in hook:
            raise bad_request("unexpected hook subpath")
        if hook not in _TYPES:
            raise not_found(GROUP, "buildconfighook", hook)
        refused = unauthorized(f'the webhook "{hook}" for "{context.name}" did not accept your secret')
        entry = self._configs.find(context.namespace, context.name)
        trigger = self._proved(entry.value, hook, secret.encode()) if entry is not None else None
        if entry is None or trigger is None:
            raise refused
        if hook == "generic":
            push = read_generic(entry.value, headers, body, allows_env=trigger.allow_env)
        else:
            push = READERS[hook](entry.value, headers, body)
        if not push.builds:
            return _told(push.told) if push.told else None
        return await self._build(context, hook, push)

    def _proved(self, config: BuildConfig, hook: str, secret: bytes) -> WebHookTrigger | None:
        """Return the trigger whose secret is the one that was sent."""
        for trigger in _triggers(config, hook):
            if trigger.secret and hmac.compare_digest(trigger.secret.encode(), secret):
                return trigger
            if trigger.secret_reference is not None:
                entry = self._secrets.find(config.metadata.namespace, trigger.secret_reference.name)
                wanted = secret_value(entry.value if entry is not None else None, SECRET_KEY)
                if wanted and hmac.compare_digest(wanted, secret):
                    return trigger
        return None

    async def _build(self, context: RequestContext, hook: str, push: Push) -> Item:
        request = BuildRequest(
            metadata=ObjectMeta(name=context.name, namespace=context.namespace),
            triggered_by=[_cause(hook, push.revision)],
            revision=push.revision,
            env=list(push.env) or None,
            docker_strategy_options=push.docker_options,
        )
        try:
            return await self._generator.instantiate(replace(context, user=self._user), request)
        except ApiError as error:
            raise internal(f"could not generate a build: {error}") from error


def _triggers(config: BuildConfig, hook: str) -> Sequence[WebHookTrigger]:
    found: list[WebHookTrigger | None] = [
        getattr(trigger, hook) for trigger in config.spec.triggers or [] if trigger.type == _TYPES[hook]
    ]
    return [trigger for trigger in found if trigger is not None]


def _cause(hook: str, revision: SourceRevision | None) -> BuildTriggerCause:
    cause = BuildTriggerCause(message=f"{_TYPES[hook]} WebHook")
    match hook:
        case "generic":
            cause.generic_web_hook = GenericWebHookCause(revision=revision, secret=_HIDDEN)
        case "github":
            cause.github_web_hook = GitHubWebHookCause(revision=revision, secret=_HIDDEN)
        case "gitlab":
            cause.gitlab_web_hook = GitLabWebHookCause(revision=revision, secret=_HIDDEN)
        case "bitbucket":
            cause.bitbucket_web_hook = BitbucketWebHookCause(revision=revision, secret=_HIDDEN)
    return cause


def _told(message: str) -> Item:
    status = Status(kind="Status", api_version="v1", status="Success", message=message, code=200)
    return Item(status, encode(status))
