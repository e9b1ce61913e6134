"""Text in columns: tabs become padding, and each column is as wide as its block of neighbouring lines needs.

The rules are those of Go's `text/tabwriter`, which `oc` and `kubectl` print with: a column reaches only over lines
that follow each other without a gap, what stands after a line's last tab belongs to no column, and padding is made
of spaces or, for `oc describe`, of tabs that stand eight apart.
"""

from dataclasses import dataclass, field
from typing import Final

TAB_WIDTH: Final = 8

# Sequences that could drive the reader's terminal, as kubectl shows them.
_UNSAFE: Final = {0x1B: "^[", 0x0D: "\\r"}


def without_control(text: str) -> str:
    """Show escape and carriage return as visible characters: a label from a foreign image must not drive a terminal."""
    return text.translate(_UNSAFE)


@dataclass
class TabbedText:
    """Collects text with tabs and gives it back in columns.

    `padding` is the least number of characters between two columns; `with_tabs` pads with tabs instead of spaces.
    """

    padding: int = 2
    with_tabs: bool = False
    _done: str = ""
    _open: list[str] = field(default_factory=list)

    def write(self, text: str) -> None:
        """Add text; only a newline in it ends a line."""
        self._open.append(without_control(text))

    def line(self, label: str, value: object) -> None:
        """Add a line `label:<tab>value`; further lines of the value stand under its first one."""
        first, *rest = (str(value) or "<none>").split("\n")
        self.write(f"{label}:\t{first}\n" + "".join(f"\t{one}\n" for one in rest))

    def new_columns(self) -> None:
        """Let the columns of what follows be independent of what is there."""
        self._done += align("".join(self._open), padding=self.padding, with_tabs=self.with_tabs)
        self._open.clear()

    def text(self) -> str:
        """Return all text, in columns."""
        self.new_columns()
        return self._done


def align(text: str, *, padding: int = 2, with_tabs: bool = False) -> str:
    """Return the text with its tabs replaced by padding."""
    rows = [line.split("\t") for line in text.split("\n")]
    widths: list[list[int]] = [[0] * (len(row) - 1) for row in rows]
    for column in range(max(len(row) for row in rows) - 1):
        start = 0
        while start < len(rows):
            if column >= len(widths[start]):
                start += 1
                continue
            end = start
            while end < len(rows) and column < len(widths[end]):
                end += 1
            width = max(len(rows[row][column]) for row in range(start, end)) + padding
            for row in range(start, end):
                widths[row][column] = width
            start = end
    return "\n".join(_join(row, wide, with_tabs) for row, wide in zip(rows, widths, strict=True))


def _join(cells: list[str], widths: list[int], with_tabs: bool) -> str:
    parts = []
    for cell, width in zip(cells[:-1], widths, strict=True):
        if with_tabs:
            stop = -(-width // TAB_WIDTH) * TAB_WIDTH
            parts.append(cell + "\t" * (-(-(stop - len(cell)) // TAB_WIDTH)))
        else:
            parts.append(cell.ljust(width))
    return "".join(parts) + cells[-1]
