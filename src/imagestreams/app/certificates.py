"""The server's certificate and the authority that signs it, kept in the data directory.

The authority lives ten years, so that a kubeconfig stays good; the server's certificate is made anew when it is about
to expire or when the names that it has to vouch for change. What the certificate says is noted beside it: reading it
back, or signing in the server's own process, would keep a whole cryptography library in memory for nothing.
"""

import socket
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from imagestreams.app.private_files import write_private

_RENEW_BEFORE: Final = timedelta(days=60)
_ISSUE_TIMEOUT_S: Final = 60
_LOOPBACK_NAMES: Final = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """Where the PEM files are."""

    authority: Path
    certificate: Path
    key: Path


class _Note(msgspec.Struct):
    names: list[str]
    not_after: datetime


def server_names(hosts: Iterable[str]) -> list[str]:
    """Return the names that a certificate must vouch for, given the hosts that are listened on."""
    names = {*_LOOPBACK_NAMES, socket.gethostname().lower()}
    for host in hosts:
        if host not in ("0.0.0.0", "::"):
            names.add(host.lower())
    return sorted(name for name in names if name)


def certificate_files(directory: Path) -> CertificateFiles:
    """Return where a directory has them."""
    return CertificateFiles(directory / "ca.crt", directory / "server.crt", directory / "server.key")


def ensure_certificates(directory: Path, names: list[str], now: datetime) -> CertificateFiles:
    """Return a certificate that is good for the names and some time to come; make what is missing.

    Raises:
        OSError: the files can't be read or written.
    """
    files = certificate_files(directory)
    note = directory / "server.json"
    if _is_good(files, note, names, now):
        return files
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    not_after = _issue(directory, names, now)
    write_private(note, msgspec.json.encode(_Note(names, not_after)))
    return files


def _is_good(files: CertificateFiles, note: Path, names: list[str], now: datetime) -> bool:
    try:
        known = msgspec.json.decode(note.read_bytes(), type=_Note)
    except (OSError, msgspec.DecodeError):
        return False
    present = all(path.is_file() for path in (files.authority, files.certificate, files.key))
    return present and known.names == names and now < known.not_after - _RENEW_BEFORE


def _issue(directory: Path, names: list[str], now: datetime) -> datetime:
    """Let another process make the certificate; return when it ends."""
    command = [sys.executable, "-m", "imagestreams.app.issue_certificate", str(directory), now.isoformat(), *names]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_ISSUE_TIMEOUT_S, check=False
    )
    if done.returncode != 0:
        raise OSError(f"can't make a certificate in {directory}: {done.stderr.strip().splitlines()[-1:]}")
    return datetime.fromisoformat(done.stdout.strip())
