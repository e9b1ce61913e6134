"""What a tag shows of a login that its registry refused, though the image could be had without.

The import succeeded, so it is no failed import: the tag gets a condition of a type of its own. It stays as it is while
the same secrets are refused, and goes when they are not.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from imagestreams.api.image import ImageStream, TagEventCondition
from imagestreams.streams.history import history_of

SECRET_ACCEPTED: Final = "SecretAccepted"
UNAUTHORIZED: Final = "Unauthorized"


def refusal_text(secrets: Sequence[str], registry: str, loans: Sequence[str] = ()) -> str:
    """Say which secrets a registry refused, and what became of logins that are no secret's.

    >>> refusal_text(["pull"], "quay.io")
    'the login of secret "pull" was refused by quay.io, the image was imported without a login'
    >>> refusal_text([], "gcr.io", ["the gcp keychain gave no login (DefaultCredentialsError)"])
    'gcr.io: the gcp keychain gave no login (DefaultCredentialsError), the image was imported without a login'
    """
    told = []
    if secrets:
        named = ", ".join(f'"{name}"' for name in secrets)
        subject = f"login of secret {named} was" if len(secrets) == 1 else f"logins of secrets {named} were"
        told.append(f"the {subject} refused by {registry}")
    elif loans:
        told.append(f"{registry}: {loans[0]}")
        loans = loans[1:]
    return ", ".join([*told, *loans, "the image was imported without a login"])


def note_refused_secrets(stream: ImageStream, before: ImageStream | None, refused: Mapping[str, str], now: str) -> None:
    """Note on imported tags, by name, what was refused; `before` is the stream without the import."""
    for tag, message in refused.items():
        history = history_of(stream, tag)
        if history is None or not history.items:
            continue
        condition = TagEventCondition(
            type=SECRET_ACCEPTED,
            status="False",
            last_transition_time=now,
            reason=UNAUTHORIZED,
            message=message,
            generation=history.items[0].generation,
        )
        old = history_of(before, tag) if before is not None else None
        for known in (old.conditions or []) if old is not None else []:
            if (known.type, known.status, known.message) == (condition.type, condition.status, condition.message):
                condition.last_transition_time, condition.generation = known.last_transition_time, known.generation
        others = [one for one in history.conditions or [] if one.type != SECRET_ACCEPTED]
        history.conditions = [*others, condition]
