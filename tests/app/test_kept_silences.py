"""Until when registries want to be left alone, in the data directory."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from imagestreams.app.kept_silences import kept_silences

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_a_silence_is_kept_in_a_private_file(tmp_path: Path) -> None:
    kept_silences(tmp_path).note("quay.io", NOON + timedelta(hours=2), NOON)

    file = tmp_path / "registry-silences.json"
    assert kept_silences(tmp_path).until("quay.io", NOON) == NOON + timedelta(hours=2)
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_directory_that_can_not_be_written_forgets_only_what_a_restart_would_need(tmp_path: Path) -> None:
    silences = kept_silences(tmp_path / "missing")

    silences.note("quay.io", NOON + timedelta(hours=2), NOON)

    assert silences.until("quay.io", NOON) == NOON + timedelta(hours=2)
