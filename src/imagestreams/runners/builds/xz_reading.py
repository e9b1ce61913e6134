"""Reads an xz or lzma file whose decoder may take only so much memory.

Such a file says itself how much its decoder has to remember, up to 4 GiB, and `lzma.open` knows no limit.
"""

import io
import lzma
from pathlib import Path
from typing import Final

MEMORY_MAX_BYTES: Final = 128 * 1024 * 1024
"""Twice what the highest of `xz`'s presets needs."""
_BLOCK_BYTES: Final = 64 * 1024


class XzFile(io.RawIOBase):
    """A compressed file from its begin to its end; it is gone to a place only by reading what lies before."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._decoder = _decoder()
        self._position = 0

    def read(self, size: int = -1, /) -> bytes:
        """Read up to so many bytes; fewer only at the end.

        Raises:
            lzma.LZMAError: it is broken, or its decoder would need too much memory.
            EOFError: its end is missing.
        """
        parts, left = [], size
        while left != 0 and (part := self._some(left if left > 0 else _BLOCK_BYTES)):
            parts.append(part)
            self._position += len(part)
            left -= len(part) if left > 0 else 0
        return b"".join(parts)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go on to a place.

        Raises:
            io.UnsupportedOperation: the place lies behind us.
        """
        if whence != io.SEEK_SET or offset < self._position:
            raise io.UnsupportedOperation("a compressed file is read in one direction")
        while self._position < offset and self.read(min(offset - self._position, _BLOCK_BYTES)):
            pass
        return self._position

    def tell(self) -> int:
        """Return how much was read."""
        return self._position

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()

    def _some(self, size: int) -> bytes:
        while True:
            if self._decoder.eof:
                # Files may stand behind each other, with zeros between them.
                rest = self._decoder.unused_data.lstrip(b"\0")
                while not rest and (block := self._file.read(_BLOCK_BYTES)):
                    rest = block.lstrip(b"\0")
                if not rest:
                    return b""
                self._decoder = _decoder()
                found = self._decoder.decompress(rest, size)
            elif self._decoder.needs_input:
                block = self._file.read(_BLOCK_BYTES)
                if not block:
                    raise EOFError("the compressed file ends before its end-of-stream marker was reached")
                found = self._decoder.decompress(block, size)
            else:
                found = self._decoder.decompress(b"", size)
            if found:
                return found


def _decoder() -> lzma.LZMADecompressor:
    return lzma.LZMADecompressor(memlimit=MEMORY_MAX_BYTES)
