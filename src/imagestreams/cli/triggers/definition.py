"""Triggers apart from the kind of object that has them, and what the flags make of them."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from imagestreams import reference
from imagestreams.cli.errors import CliError

WebHook = Literal["generic", "github", "gitlab", "bitbucket"]
WEB_HOOKS: Final[tuple[WebHook, ...]] = ("generic", "github", "gitlab", "bitbucket")
Object = dict[str, Any]


@dataclass(frozen=True)
class ImageTrigger:
    """A tag that containers follow; the namespace is empty for that of the object.

    A build config has an automatic trigger or none; besides, one may be `paused`, which oc does not know of.
    """

    source: str
    namespace: str = ""
    containers: tuple[str, ...] = ()
    auto: bool = False
    paused: bool = field(default=False, compare=False)

    @property
    def follows(self) -> bool:
        """Whether a move of the tag has an effect now."""
        return self.auto and not self.paused


@dataclass(frozen=True)
class Definition:
    """All triggers of an object; `web_hooks` are as build configs have them, by kind."""

    config_change: bool = False
    images: tuple[ImageTrigger, ...] = ()
    web_hooks: dict[WebHook, tuple[Object, ...]] = field(default_factory=dict)

    def hooks(self, kind: WebHook) -> tuple[Object, ...]:
        """Return the web hooks of a kind."""
        return self.web_hooks.get(kind, ())


@dataclass(frozen=True)
class TriggerFlags:
    """The flags; a web hook's is `None` when it was not given."""

    auto: bool = False
    manual: bool = False
    remove: bool = False
    remove_all: bool = False
    from_config: bool = False
    from_image: str = ""
    containers: str = ""
    from_github: bool | None = None
    from_webhook: bool | None = None
    from_webhook_allow_env: bool | None = None
    from_gitlab: bool | None = None
    from_bitbucket: bool | None = None

    @property
    def count(self) -> int:
        """How many kinds of trigger are named."""
        hooks = (
            self.from_github,
            self.from_webhook,
            self.from_webhook_allow_env,
            self.from_gitlab,
            self.from_bitbucket,
        )
        return sum((self.from_config, bool(self.from_image), *(one is not None for one in hooks)))

    @property
    def only_lists(self) -> bool:
        """Whether nothing is to be changed."""
        return not (self.count or self.remove or self.remove_all or self.auto or self.manual)


def default_namespace(namespace: str, own: str) -> str:
    """Return a namespace as triggers are compared: an object's own one is left out."""
    return "" if namespace == own else namespace


class Change:
    """What the flags do to the triggers of any object; `secret` makes a new secret for a web hook."""

    def __init__(self, flags: TriggerFlags, namespace: str, secret: Callable[[], str]) -> None:
        """Read the flags.

        Raises:
            CliError: they contradict each other, or the image is no tag of a stream.
        """
        self._flags = flags
        self._secret = secret
        self._source = self._namespace = ""
        if flags.from_image:
            self._source, self._namespace = _stream_tag(flags.from_image, namespace)
        _check(flags)

    def __call__(self, triggers: Definition) -> Definition:
        """Return the triggers as they shall be."""
        flags = self._flags
        if flags.remove_all:
            return Definition()
        if flags.remove:
            return self._removed(triggers)
        if flags.count == 0:
            images = tuple(replace(one, auto=flags.auto, paused=False) for one in triggers.images)
            return replace(triggers, config_change=flags.auto, images=images)
        return self._added(triggers)

    def _removed(self, triggers: Definition) -> Definition:
        flags, hooks = self._flags, dict(triggers.web_hooks)
        for kind, given in self._hook_flags():
            if given:
                hooks.pop(kind, None)
        return Definition(
            config_change=triggers.config_change and not flags.from_config,
            images=tuple(one for one in triggers.images if not self._source or one.source != self._source),
            web_hooks=hooks,
        )

    def _added(self, triggers: Definition) -> Definition:
        flags, hooks, images = self._flags, dict(triggers.web_hooks), list(triggers.images)
        if self._source:
            names = tuple(flags.containers.split(",")) if flags.containers else ()
            wanted = ImageTrigger(self._source, self._namespace, names, not flags.manual)
            place = (self._source, self._namespace)
            known = [number for number, one in enumerate(images) if (one.source, one.namespace) == place]
            if known:
                images[known[0]] = wanted
            else:
                images.append(wanted)
        for kind, given in self._hook_flags():
            if given:
                hook: Object = {"secret": self._secret()}
                if kind == "generic" and flags.from_webhook_allow_env:
                    hook["allowEnv"] = True
                hooks[kind] = (*hooks.get(kind, ()), hook)
        return Definition(triggers.config_change or flags.from_config, tuple(images), hooks)

    def _hook_flags(self) -> tuple[tuple[WebHook, bool | None], ...]:
        flags = self._flags
        return (
            ("generic", flags.from_webhook or flags.from_webhook_allow_env),
            ("github", flags.from_github),
            ("gitlab", flags.from_gitlab),
            ("bitbucket", flags.from_bitbucket),
        )


def _stream_tag(text: str, namespace: str) -> tuple[str, str]:
    """Return a tag as `stream:tag`, and its namespace unless it is the present one."""
    try:
        found = reference.parse(text)
    except reference.InvalidReference as error:
        raise CliError(
            f"the value of --from-image does not appear to be a valid reference to an image: {error}"
        ) from None
    if found.registry or found.id:
        raise CliError("the value of --from-image must point to an image stream tag on this server")
    if not found.tag:
        raise CliError("the value of --from-image must include the tag you wish to pull from")
    return f"{found.name}:{found.tag}", default_namespace(found.namespace, namespace)


def _check(flags: TriggerFlags) -> None:
    count = flags.count
    # Without another word a trigger that is added or removed is an automatic one.
    auto = flags.auto or not (flags.only_lists or flags.remove_all or flags.manual)
    if auto and flags.manual:
        raise CliError("you must specify at most one of --auto or --manual")
    if flags.remove and flags.remove_all:
        raise CliError("you must specify either --remove or --remove-all")
    if flags.remove_all and (count or auto or flags.manual):
        raise CliError("--remove-all may not be used with any other flag")
    if flags.remove and count < 1:
        raise CliError("--remove requires a flag defining a trigger type to be specified")
    if count > 1:
        raise CliError("you may only set one trigger type at a time")
