"""The parameters of a request's URL, read once and bounded."""

from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl

from imagestreams.api.errors import bad_request

MAX_PARAMETERS = 100
MAX_BYTES = 32 * 1024


class Query(Mapping[str, str]):
    """Parameters by name; one given several times counts by its first value, `all` tells every one."""

    __slots__ = ("_values",)

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name, []).append(value)

    def __getitem__(self, name: str) -> str:
        return self._values[name][0]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def all(self, name: str) -> list[str]:
        """Return every value of a parameter."""
        return self._values.get(name, [])


NO_QUERY = Query([])


def parse_query(text: bytes) -> Query:
    """Read what stands behind the question mark.

    Raises:
        ApiError: 400, there is too much of it.
    """
    if not text:
        return NO_QUERY
    if len(text) > MAX_BYTES:
        raise bad_request(f"the query is longer than {MAX_BYTES} bytes")
    try:
        return Query(parse_qsl(text.decode("latin-1"), keep_blank_values=True, max_num_fields=MAX_PARAMETERS))
    except ValueError:
        raise bad_request(f"the query has more than {MAX_PARAMETERS} parameters") from None
