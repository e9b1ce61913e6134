"""`newest`: the image that was made last, whatever its tag."""

from imagestreams.streams.versions.policy import Candidate, Rank, UnusablePolicy


class Newest:
    """Ranks by when the image was made; one that does not say so is never chosen."""

    needs_created = True

    def rank(self, candidate: Candidate) -> Rank | None:
        """Return when the image was made."""
        return (candidate.created, candidate.tag) if candidate.created else None


def read_newest(text: str) -> Newest:
    """Read what follows `newest`, which must be nothing.

    Raises:
        UnusablePolicy: it is something.
    """
    if text:
        raise UnusablePolicy("newest takes nothing else")
    return Newest()
