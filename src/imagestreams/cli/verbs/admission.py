"""`isctl admission`: let other clusters look up images in the streams of this server."""

import base64
import binascii
import secrets
from typing import Final

import click

from imagestreams.cli.command import VerbGroup, verb
from imagestreams.cli.errors import CliError
from imagestreams.cli.flags import flag, switch
from imagestreams.cli.printers.choice import printer_for
from imagestreams.cli.session import Session
from imagestreams.cli.streams.admission_manifest import (
    TOKEN_KEY,
    TOKEN_NAMESPACE,
    TOKEN_SECRET,
    token_secret,
    webhook_configuration,
)
from imagestreams.cli.texts.durations import parse_duration_s
from imagestreams.client.errors import ClientError
from imagestreams.client.resources import SECRETS

_TOKEN_BYTES: Final = 32


@click.group(
    "admission",
    cls=VerbGroup,
    help="""Let other clusters look up images in the streams of this server.

\b
  isctl admission manifest --url https://images.example.com:8443 | kubectl --context=CLUSTER apply -f -
""",
)
def admission() -> None:
    pass


@verb(
    "manifest",
    help="""Print the webhook configuration for a Kubernetes cluster, to be installed there with 'kubectl apply -f -'.

The address in it holds a token, which is kept in the secret 'imagestreams-admission' of the namespace 'kube-system' of
this server, and is made by the first call.
""",
)
@flag("--url", default="", help="Where the cluster reaches this server; the server of the kubeconfig if left out.")
@flag("--failure-policy", default="Ignore", help="Ignore or Fail: what happens to workloads when nobody answers.")
@flag("--timeout", default="5s", help="How long the cluster waits for an answer.")
@flag("--certificate-bundle", default="", help="File with the authority to trust; the kubeconfig's if left out.")
@switch("--rotate-token", help="Make a new token; what was installed before is answered no more.")
@flag("-o", "--output", default="yaml", help="yaml or json.")
@click.pass_obj
def manifest(
    session: Session,
    /,
    url: str,
    failure_policy: str,
    timeout: str,
    certificate_bundle: str,
    rotate_token: bool,
    output: str,
) -> None:
    render = printer_for(output)
    address, waits_s = url or session.config.server, int(parse_duration_s(timeout))
    authority = session.config.certificate_authority
    if certificate_bundle:
        authority = _read(certificate_bundle)
    # All that can be wrong is found before anything is written.
    webhook_configuration(address, "", authority, failure_policy, waits_s)
    token = _token(session, rotate_token)
    session.out.write(render(webhook_configuration(address, token, authority, failure_policy, waits_s)))


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise CliError(f"can't read {path}: {error.strerror}") from error


def _token(session: Session, rotate: bool) -> str:
    """Return the token of the webhook's address; make it when there is none."""
    kept, made = session.resources(SECRETS, TOKEN_NAMESPACE), secrets.token_hex(_TOKEN_BYTES)
    try:
        found = kept.get(TOKEN_SECRET)
    except ClientError as error:
        if error.reason != "NotFound":
            raise
        kept.create(token_secret(made))
        return made
    known = _decoded((found.get("data") or {}).get(TOKEN_KEY, ""))
    if known and not rotate:
        return known
    kept.patch(TOKEN_SECRET, {"stringData": {TOKEN_KEY: made}})
    return made


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode("ascii").strip()
    except (binascii.Error, ValueError):
        return ""


admission.add_verb(manifest, "manifest")
