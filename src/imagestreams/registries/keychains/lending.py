"""Who may use the server's own logins at its cloud's registries: nobody, unless a rule says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from imagestreams.registries.credentials import Loan, Login
from imagestreams.registries.keychains.keychain import Keychain
from imagestreams.registries.policy import covers


@dataclass(frozen=True)
class LendingRule:
    """What the settings say: which namespaces get the logins of a cloud, and at which of its registries.

    `namespaces` are names, in which `*` stands for any characters; `registries` are scopes as in `policy`, and none
    means all registries of the cloud.
    """

    cloud: str
    namespaces: tuple[str, ...]
    registries: tuple[str, ...] = ()

    def lends(self, namespace: str, registry: str, repository: str) -> bool:
        """Return whether a namespace gets a login for a repository."""
        if not any(fnmatchcase(namespace, pattern) for pattern in self.namespaces):
            return False
        name = f"{registry}/{repository}"
        return not self.registries or any(covers(scope, name) for scope in self.registries)


class Keychains:
    """The keychains in use, with the rules of lending."""

    def __init__(self, keychains: Sequence[Keychain] = (), rules: Sequence[LendingRule] = ()) -> None:
        self._keychains = {keychain.name: keychain for keychain in keychains}
        self._rules = tuple(rules)

    def lender(self, namespace: str) -> "Lender":
        """Return what gives the logins of one namespace."""
        return Lender(self._keychains, self._rules, namespace)


NO_KEYCHAINS: Final = Keychains()


@dataclass(frozen=True)
class Lender:
    """Offers a namespace the logins that the rules grant it."""

    keychains: dict[str, Keychain]
    rules: tuple[LendingRule, ...]
    namespace: str

    def offers(self, registry: str, repository: str) -> Sequence[Loan]:
        """Return the logins on offer for a repository; nothing is asked for yet."""
        host = registry.lower().removesuffix(":443")
        clouds = {rule.cloud: None for rule in self.rules if rule.lends(self.namespace, host, repository)}
        return [CloudLoan(self.keychains[cloud], host) for cloud in clouds if self.keychains[cloud].opens(host)]


@dataclass(frozen=True)
class CloudLoan:
    """A login at a cloud's registry, which is had only when the registry asks for one."""

    keychain: Keychain
    host: str

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"{self.keychain.name} keychain"

    async def login(self) -> Login:
        """Return the login.

        Raises:
            NoLoginGiven: there is none.
        """
        return await self.keychain.login(self.host)

    def refused(self) -> None:
        """Note that the registry refused it."""
        self.keychain.refused(self.host)
