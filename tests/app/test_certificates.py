"""The certificate of the server, checked by real TLS handshakes."""

import os
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from imagestreams.app.certificates import CertificateFiles, ensure_certificates, server_names

NOW = datetime.now(UTC)


def handshake(files: CertificateFiles, name: str) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(files.certificate, files.key)
    client = ssl.create_default_context(cafile=str(files.authority))
    ours, theirs = socket.socketpair()

    def answer() -> None:
        try:
            server.wrap_socket(theirs, server_side=True).close()
        except (ssl.SSLError, OSError):
            theirs.close()

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        client.wrap_socket(ours, server_hostname=name).close()
    finally:
        ours.close()
        thread.join()


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "registry.example.com"])
def test_clients_that_trust_the_authority_accept_every_name(tmp_path: Path, name: str) -> None:
    files = ensure_certificates(tmp_path, server_names(["registry.example.com"]), NOW)

    handshake(files, name)


def test_a_name_that_was_not_asked_for_is_refused(tmp_path: Path) -> None:
    files = ensure_certificates(tmp_path, server_names([]), NOW)

    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(files, "other.example.com")


def test_a_second_start_keeps_the_certificate(tmp_path: Path) -> None:
    first = ensure_certificates(tmp_path, ["localhost"], NOW).certificate.read_bytes()

    assert ensure_certificates(tmp_path, ["localhost"], NOW + timedelta(days=100)).certificate.read_bytes() == first


@pytest.mark.parametrize(("names", "later"), [(["localhost", "new"], 0), (["localhost"], 320)])
def test_new_names_or_the_coming_end_bring_a_new_certificate_of_the_same_authority(
    tmp_path: Path, names: list[str], later: int
) -> None:
    first = ensure_certificates(tmp_path, ["localhost"], NOW)
    old, authority = first.certificate.read_bytes(), first.authority.read_bytes()

    second = ensure_certificates(tmp_path, names, NOW + timedelta(days=later))

    assert second.certificate.read_bytes() != old
    assert second.authority.read_bytes() == authority


def test_private_keys_are_for_the_owner_alone(tmp_path: Path) -> None:
    files = ensure_certificates(tmp_path, ["localhost"], NOW)

    for path in (files.key, files.key.with_name("ca.key")):
        assert os.stat(path).st_mode & 0o777 == 0o600
