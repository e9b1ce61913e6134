"""`-o custom-columns=NAME:.metadata.name,…`: a table whose columns are JSONPath expressions."""

from dataclasses import dataclass
from typing import Any

from imagestreams.cli.printers.columns import Columns
from imagestreams.cli.printers.go_text import plain
from imagestreams.cli.printers.jsonpath import JsonPath, relaxed
from imagestreams.cli.printers.jsonpath_syntax import JsonPathError
from imagestreams.cli.printers.tables import escape_terminal


@dataclass(frozen=True)
class Column:
    """A header and where its values come from."""

    header: str
    path: JsonPath


def columns_from_spec(spec: str) -> list[Column]:
    """Read `HEADER:path,HEADER:path`.

    Raises:
        JsonPathError: it is malformed.
    """
    if not spec:
        raise JsonPathError("custom-columns format specified but no custom columns given")
    columns = []
    for part in spec.split(","):
        header, colon, path = part.partition(":")
        if not colon:
            raise JsonPathError(f"unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>")
        columns.append(Column(header, JsonPath(relaxed(path))))
    return columns


def columns_from_template(text: str) -> list[Column]:
    """Read a file's two lines: headers, and the paths below them.

    Raises:
        JsonPathError: it is malformed.
    """
    expected = "Expected format is one line of space separated headers, one line of space separated column specs."
    lines = text.splitlines()
    if not lines:
        raise JsonPathError(f"invalid template, missing header line. {expected}")
    if len(lines) < 2:
        raise JsonPathError(f"invalid template, missing spec line. {expected}")
    headers, paths = lines[0].split(), lines[1].split()
    if len(headers) != len(paths):
        raise JsonPathError(f"number of headers ({len(headers)}) and field specifications ({len(paths)}) don't match")
    return [Column(header, JsonPath(relaxed(path))) for header, path in zip(headers, paths, strict=True)]


class CustomColumnsPrinter:
    """Prints objects and lists; the header comes once."""

    def __init__(self, columns: list[Column], no_headers: bool = False) -> None:
        self._columns = columns
        self._header_due = not no_headers
        self._into = Columns()

    def render(self, value: dict[str, Any]) -> str:
        """Return the rows of an object, or of a list's items.

        Raises:
            JsonPathError: a path doesn't fit an object.
        """
        if self._header_due:
            self._into.add([column.header for column in self._columns])
            self._header_due = False
        items = value.get("items")
        for item in items if isinstance(items, list) else [value]:
            self._into.add([_cell(column.path, item) for column in self._columns])
        return self._into.flush()


def _cell(path: JsonPath, item: Any) -> str:
    results = path.find(item)
    texts = [] if results and results[0] else ["<none>"]
    texts += [escape_terminal(plain(value)) for found in results for value in found]
    return ",".join(texts).replace("\t", " ").replace("\n", " ")
