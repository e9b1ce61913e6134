"""Rows of cells as aligned text, three spaces between columns, as oc prints tables.

Widths are remembered from one flush to the next, so that the events of a watch stand below each other.
"""

_PADDING = 3
_LEAST_WIDTH = 6


class Columns:
    """Collects rows; `flush` gives the text of those that were added since the last one."""

    def __init__(self) -> None:
        self._rows: list[list[str]] = []
        self._remembered: list[int] = []

    def add(self, cells: list[str]) -> None:
        """Add one row."""
        self._rows.append(cells)

    def forget_widths(self) -> None:
        """Start anew, for another table."""
        self._remembered = []

    def flush(self) -> str:
        """Return the rows as lines and forget them.

        A column is a block of neighbouring rows that have a cell there and another one after it.
        """
        rows, self._rows = self._rows, []
        widths: list[list[int]] = [[0] * max(len(row) - 1, 0) for row in rows]
        for column in range(max((len(row) for row in rows), default=0) - 1):
            start = 0
            while start < len(rows):
                if column >= len(widths[start]):
                    start += 1
                    continue
                end = start
                while end < len(rows) and column < len(widths[end]):
                    end += 1
                widest = max(len(rows[row][column]) for row in range(start, end)) + _PADDING
                width = self._remember(column, max(widest, _LEAST_WIDTH))
                for row in range(start, end):
                    widths[row][column] = width
                start = end
        lines = []
        for cells, wide in zip(rows, widths, strict=True):
            padded = [cell.ljust(width) for cell, width in zip(cells, wide, strict=False)]
            lines.append("".join([*padded, cells[-1] if cells else ""]) + "\n")
        return "".join(lines)

    def _remember(self, column: int, width: int) -> int:
        if column == len(self._remembered):
            self._remembered.append(width)
        elif column < len(self._remembered):
            self._remembered[column] = width = max(width, self._remembered[column])
        return width
