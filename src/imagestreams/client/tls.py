"""TLS as the configuration wants it: whom to trust, whom to be."""

import os
import ssl
import tempfile

from imagestreams.client.credentials import Credentials
from imagestreams.client.errors import ClientError
from imagestreams.client.kubeconfig import ClientConfig
from imagestreams.tls_trust import with_private_authorities


def tls_context(config: ClientConfig, credentials: Credentials) -> ssl.SSLContext:
    """Build the context of all connections to the server.

    Raises:
        ClientError: a certificate or key can't be read.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if config.insecure_skip_tls_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif config.certificate_authority is not None:
        try:
            context.load_verify_locations(cadata=config.certificate_authority.decode("ascii"))
        except (ssl.SSLError, ValueError) as error:
            raise ClientError("unable to load root certificates: unable to parse bytes as PEM block") from error
        with_private_authorities(context)
    else:
        context.load_default_certs()
    if credentials.certificate is not None:
        _load_pair(context, credentials.certificate, credentials.key or b"")
    return context


def _load_pair(context: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    # OpenSSL's loader wants a file: it lives for one call, readable by this user only.
    descriptor, path = tempfile.mkstemp(prefix="isctl-", suffix=".pem")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(certificate + b"\n" + key)
        context.load_cert_chain(path, password=lambda: "")
    except ssl.SSLError as error:
        raise ClientError("tls: failed to find any PEM data in certificate input or its key") from error
    finally:
        os.unlink(path)


def tls_problem(error: ssl.SSLError, host: str) -> str:
    """Say what went wrong in a handshake in the words that users can look up."""
    if isinstance(error, ssl.SSLCertVerificationError):
        text = {
            9: "certificate is not yet valid",
            10: "certificate has expired or is not yet valid",
            62: f"certificate is not valid for {host}",
            64: f"certificate is not valid for {host}",
        }.get(error.verify_code, "certificate signed by unknown authority")
        return f"tls: failed to verify certificate: x509: {text}"
    reason = (error.reason or "").upper()
    if reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST"):
        return "http: server gave HTTP response to HTTPS client"
    if "ALERT" in reason:
        return "remote error: tls: " + reason.split("ALERT_")[-1].replace("_", " ").lower()
    return f"tls: {(error.reason or 'handshake failure').replace('_', ' ').lower()}"
