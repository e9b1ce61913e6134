"""The logins for one repository, tried one after the other until one is good enough."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from yarl import URL

from imagestreams.registries.answer import Answer
from imagestreams.registries.challenge import Challenge, challenge_of
from imagestreams.registries.credentials import Loan, Login, Refusals
from imagestreams.registries.errors import Misbehaved, NoLogin, NoLoginGiven, TooManyRequests, Unauthorized, refusal

Candidate = Login | Loan | None
Send = Callable[[str], Awaitable[Answer]]
"""Sends the request with the value of an `Authorization` header, which may be empty."""
Authorize = Callable[[Challenge, Login | None, str], Awaitable[str]]
"""Makes the value of an `Authorization` header of a login, another one than the one that was refused."""


@dataclass
class _Useless:
    """What was tried in vain for one request."""

    secrets: set[str] = field(default_factory=set)
    loans: dict[str, None] = field(default_factory=dict)
    transient: bool = False

    def login(self, candidate: Candidate) -> None:
        """Note a login that was refused; to have none is no login."""
        if isinstance(candidate, Login):
            self.secrets.add(candidate.secret)
        elif candidate is not None:
            candidate.refused()
            self.loans[f"the login of the {candidate.name} was refused"] = None

    def no_loan(self, loan: Loan, why: NoLoginGiven) -> None:
        """Note that no login was lent."""
        self.transient |= why.transient
        self.loans[f"the {loan.name} gave no login ({why.kind})"] = None


class Candidates:
    """Logins in the order in which they are tried: what was good once comes first from then on."""

    def __init__(self, logins: Sequence[Login], loans: Sequence[Loan]) -> None:
        # A wrong login must not hide a public image, so having none is the last try.
        self._order: list[Candidate] = [*logins, *loans, None]
        self._secrets_refused: set[str] = set()
        self._loans_useless: dict[str, None] = {}

    @property
    def refused(self) -> Refusals:
        """The logins that were of no use where it went without one."""
        return Refusals(tuple(sorted(self._secrets_refused)), tuple(self._loans_useless))

    async def ask(self, challenge: Challenge | None, origin: URL, send: Send, authorize: Authorize) -> Answer:
        """Send a request with each login in turn until one is good enough, at most twice with each.

        A host that `origin` sends us on to gets no login, and neither does the token service that it names.
        An answer that forbids it to one login is the answer if no other login is good enough either.

        Raises:
            Unauthorized: no login is good enough; `NoLogin` if there is none and the registry wants one.
            RegistryError: there is no answer.
        """
        useless = _Useless()
        try:
            answer, candidate = await self._try(challenge, origin, send, authorize, useless)
        except Unauthorized as error:
            error.loans = tuple(useless.loans)
            error.transient |= useless.transient
            raise
        if answer.status != 403:
            self._prefer(candidate)
            if candidate is None:
                self._secrets_refused |= useless.secrets
                self._loans_useless |= useless.loans
        return answer

    async def _try(
        self, challenge: Challenge | None, origin: URL, send: Send, authorize: Authorize, useless: _Useless
    ) -> tuple[Answer, Candidate]:
        failure = refusal(401, b"")
        forbidden: tuple[Answer, Candidate] | None = None
        tried: set[str] = set()
        order = list(self._order)
        for candidate in order:
            if not _may_have(challenge, candidate):
                continue
            try:
                authorization = await _authorization(challenge, candidate, authorize)
                # A token may have ended, so a second one is asked for; to have asked without any does not count.
                for _ in range(2 if authorization else 3):
                    if authorization in tried:
                        break
                    tried.add(authorization)
                    answer = await send(authorization)
                    if answer.status == 403 and authorization and candidate is not None:
                        # What is forbidden to an identity that is lent, and who that is, is not ours to tell.
                        forbidden = forbidden or ((answer, candidate) if isinstance(candidate, Login) else None)
                        break
                    if answer.status != 401:
                        return (answer, candidate) if answer.status != 403 or forbidden is None else forbidden
                    failure = refusal(401, answer.body)
                    told = challenge_of(answer, origin)
                    if told is not None and (told.own or challenge is None):
                        challenge = told
                    if not _may_have(challenge, candidate):
                        break
                    authorization = await _authorization(challenge, candidate, authorize, refused=authorization)
            except TooManyRequests:
                raise
            except NoLoginGiven as error:
                if isinstance(candidate, Login) or candidate is None:
                    raise
                useless.no_loan(candidate, error)
                continue
            except (Unauthorized, Misbehaved) as error:
                if challenge is None:
                    raise
                if candidate is order[-1]:
                    if forbidden is not None:
                        break
                    raise
                failure = error if isinstance(error, Unauthorized) else failure
            if _may_have(challenge, candidate):
                useless.login(candidate)
        if forbidden is not None:
            return forbidden
        if order == [None] and challenge is not None and challenge.scheme == "basic":
            raise NoLogin("no basic auth credentials", failure.status, failure.codes)
        raise failure

    def _prefer(self, candidate: Candidate) -> None:
        if self._order[0] != candidate:
            self._order.remove(candidate)
            self._order.insert(0, candidate)


def _may_have(challenge: Challenge | None, candidate: Candidate) -> bool:
    """Return whether who asks may have a login: only the registry itself, whoever it sends us on to."""
    return candidate is None or challenge is None or challenge.own


async def _authorization(
    challenge: Challenge | None, candidate: Candidate, authorize: Authorize, refused: str = ""
) -> str:
    if challenge is None:
        return ""
    login = candidate if isinstance(candidate, Login) or candidate is None else await candidate.login()
    return await authorize(challenge, login, refused)
