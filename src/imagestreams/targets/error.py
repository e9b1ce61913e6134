"""What can go wrong with a cluster."""


class ClusterError(Exception):
    """A cluster was not reached, or did not do what was asked; the text says why, and holds no credential."""


class StaleDocument(ClusterError):
    """Somebody wrote the object after it was read: read it again and decide anew."""


class Refused(ClusterError):
    """The cluster understood and said no; `code` is the HTTP status."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class Expired(ClusterError):
    """A watch can't go on where it ended: everything has to be listed again."""
