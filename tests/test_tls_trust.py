"""Certificates of private authorities are believed as Go believes them, whatever Python's defaults are."""

import datetime
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from imagestreams.tls_trust import system_trust, with_private_authorities

Key = ec.EllipticCurvePrivateKey


def certificate(name: str, key: Key, issuer: str, signer: Key, *, ca: bool) -> x509.Certificate:
    """A certificate with nothing in it but what TLS itself needs: no key identifiers, no key usage."""
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(signer, hashes.SHA256())
    )


def pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


class Chain:
    """A root, an authority below it, and a server of that; the server shows its own certificate only."""

    def __init__(self, directory: Path) -> None:
        root, authority, server = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
        self.root = pem(certificate("root", root, "root", root, ca=True))
        self.authority = pem(certificate("authority", authority, "root", root, ca=True))
        self.server = pem(certificate("registry.test", server, "authority", authority, ca=False))
        self.stranger = pem(certificate("authority", root, "authority", root, ca=True))
        key = server.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (directory / "server.pem").write_bytes(key + self.server.encode())
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(directory / "server.pem")

    def is_believed(self, trust: ssl.SSLContext, name: str = "registry.test") -> bool:
        to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = trust.wrap_bio(to_client, to_server, server_hostname=name)
        server = self.context.wrap_bio(to_server, to_client, server_side=True)
        for _ in range(4):
            for side in (client, server):
                try:
                    side.do_handshake()
                except ssl.SSLWantReadError:
                    continue
                except ssl.SSLCertVerificationError:
                    return False
        return client.version() is not None


@pytest.fixture
def chain(tmp_path: Path) -> Chain:
    return Chain(tmp_path)


def strict(authorities: str) -> ssl.SSLContext:
    """What Python 3.13 makes by default, and earlier ones if they are asked to."""
    context = ssl.create_default_context(cadata=authorities)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


def test_a_sparse_certificate_is_believed(chain: Chain) -> None:
    everything = chain.root + chain.authority

    assert not chain.is_believed(strict(everything))
    assert chain.is_believed(with_private_authorities(strict(everything)))
    assert chain.is_believed(system_trust(everything))


@pytest.mark.parametrize("trusted", ["authority", "server"])
def test_it_is_enough_to_trust_a_part_of_the_chain(chain: Chain, trusted: str) -> None:
    assert chain.is_believed(system_trust(getattr(chain, trusted)))


def test_nobody_else_is_believed(chain: Chain) -> None:
    assert not chain.is_believed(system_trust())
    assert not chain.is_believed(system_trust(chain.root))
    assert not chain.is_believed(system_trust(chain.stranger))
    assert not chain.is_believed(system_trust(chain.authority), name="other.test")
