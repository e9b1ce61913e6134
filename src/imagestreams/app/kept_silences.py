"""Where the data directory keeps until when registries want to be left alone."""

from pathlib import Path

from imagestreams.app.private_files import write_private
from imagestreams.registries.silences import Silences


def kept_silences(data_dir: Path) -> Silences:
    """Return what is known from before, kept from now on."""
    file = data_dir / "registry-silences.json"
    try:
        kept = file.read_bytes()
    except OSError:
        kept = b""
    return Silences(kept, lambda content: write_private(file, content))
