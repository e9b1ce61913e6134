"""Making certificates; a program of its own, so that the server need not load what it takes.

`python -m imagestreams.app.issue_certificate DIRECTORY NOW NAME…` prints when the new certificate ends.
"""

import ipaddress
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.x509 import Certificate, CertificateBuilder, GeneralName, KeyUsage
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from imagestreams.app.certificates import certificate_files
from imagestreams.app.private_files import write_private

_AUTHORITY_LIFETIME: Final = timedelta(days=3650)
_LIFETIME: Final = timedelta(days=365)
_CLOCK_SKEW: Final = timedelta(minutes=5)


def issue(directory: Path, names: list[str], now: datetime) -> datetime:
    """Make a certificate for the names, and the authority where it is missing; return when the certificate ends.

    Raises:
        OSError: a file can't be read or written.
        ValueError: a key or certificate that is there can't be read.
    """
    files, authority_key = certificate_files(directory), directory / "ca.key"
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


def _authority(path: Path, key_path: Path, now: datetime) -> tuple[EllipticCurvePrivateKey, Certificate]:
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


def _sign(builder: CertificateBuilder, key: EllipticCurvePrivateKey) -> Certificate:
    return builder.sign(key, hashes.SHA256())


def _key_usage(*, signs_certificates: bool) -> KeyUsage:
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


def _general_name(name: str) -> GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _private_pem(key: EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


if __name__ == "__main__":
    _, _directory, _moment, *_names = sys.argv
    print(issue(Path(_directory), _names, datetime.fromisoformat(_moment)).isoformat())
