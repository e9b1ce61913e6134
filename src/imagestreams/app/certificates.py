"""The server's certificate and the authority that signs it, kept in the data directory.

The authority lives ten years, so that a kubeconfig stays good; the server's certificate is made anew when it is about
to expire or when the names that it has to vouch for change. What the certificate says is noted beside it: reading it
back would load a whole cryptography library into every server that has nothing to sign.
"""

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from imagestreams.app.private_files import write_private

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.x509 import Certificate, CertificateBuilder, GeneralName, KeyUsage

_AUTHORITY_LIFETIME: Final = timedelta(days=3650)
_LIFETIME: Final = timedelta(days=365)
_RENEW_BEFORE: Final = timedelta(days=60)
_CLOCK_SKEW: Final = timedelta(minutes=5)
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


def ensure_certificates(directory: Path, names: list[str], now: datetime) -> CertificateFiles:
    """Return a certificate that is good for the names and some time to come; make what is missing.

    Raises:
        OSError: the files can't be read or written.
    """
    files = CertificateFiles(directory / "ca.crt", directory / "server.crt", directory / "server.key")
    note = directory / "server.json"
    if _is_good(files, note, names, now):
        return files
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    not_after = _issue(files, directory / "ca.key", names, now)
    write_private(note, msgspec.json.encode(_Note(names, not_after)))
    return files


def _is_good(files: CertificateFiles, note: Path, names: list[str], now: datetime) -> bool:
    try:
        known = msgspec.json.decode(note.read_bytes(), type=_Note)
    except (OSError, msgspec.DecodeError):
        return False
    present = all(path.is_file() for path in (files.authority, files.certificate, files.key))
    return present and known.names == names and now < known.not_after - _RENEW_BEFORE


def _issue(files: CertificateFiles, authority_key: Path, names: list[str], now: datetime) -> datetime:
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    key, authority = _authority(files.authority, authority_key, now)
    server_key = ec.generate_private_key(ec.SECP256R1())
    not_after = min(now + _LIFETIME, authority.not_valid_after_utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "imagestreams")]))
        .issuer_name(authority.subject)
        .public_key(server_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(not_after)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(server_key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
    )
    certificate = _sign(builder, key)
    write_private(files.key, _private_pem(server_key))
    write_private(files.certificate, certificate.public_bytes(serialization.Encoding.PEM))
    return not_after


def _authority(path: Path, key_path: Path, now: datetime) -> "tuple[EllipticCurvePrivateKey, Certificate]":
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    if path.is_file() and key_path.is_file():
        found = serialization.load_pem_private_key(key_path.read_bytes(), None)
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        if isinstance(found, ec.EllipticCurvePrivateKey) and now + _LIFETIME < certificate.not_valid_after_utc:
            return found, certificate
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"imagestreams-ca@{int(now.timestamp())}")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + _AUTHORITY_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    certificate = _sign(builder, key)
    write_private(key_path, _private_pem(key))
    write_private(path, certificate.public_bytes(serialization.Encoding.PEM))
    return key, certificate


def _sign(builder: "CertificateBuilder", key: "EllipticCurvePrivateKey") -> "Certificate":
    from cryptography.hazmat.primitives import hashes

    return builder.sign(key, hashes.SHA256())


def _key_usage(*, signs_certificates: bool) -> "KeyUsage":
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(name: str) -> "GeneralName":
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _private_pem(key: "EllipticCurvePrivateKey") -> bytes:
    from cryptography.hazmat.primitives import serialization

    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
