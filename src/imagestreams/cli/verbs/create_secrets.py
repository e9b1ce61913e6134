"""`isctl create secret`: generic, docker-registry or tls."""

import base64
from typing import Any

import click

from imagestreams.cli.command import VerbGroup, verb
from imagestreams.cli.errors import CliError
from imagestreams.cli.flags import flag, list_flag
from imagestreams.cli.objects import key_sources
from imagestreams.cli.objects.creation import Creation, creation_flags, one_name
from imagestreams.cli.objects.selection import Object
from imagestreams.cli.session import Session
from imagestreams.client.resources import SECRETS

DOCKER_CONFIG_KEY = ".dockerconfigjson"


@click.group("secret", cls=VerbGroup, help="Create a secret: generic, docker-registry or tls.")
def secret() -> None:
    """Everything is done by the words below."""


@verb("generic", help="Create a secret from files and literals.")
@creation_flags
@list_flag("--from-file", split=True, help="[KEY=]FILE, or a directory whose files become keys.")
@list_flag("--from-literal", help="KEY=VALUE; prefer --from-file, arguments can be seen by others.")
@list_flag("--from-env-file", split=True, help="A file with lines KEY=VALUE.")
@flag("--type", "secret_type", default="", help="The type of the secret.")
@click.argument("names", nargs=-1, metavar="NAME")
@click.pass_obj
def generic(
    session: Session,
    /,
    names: tuple[str, ...],
    from_file: tuple[str, ...],
    from_literal: tuple[str, ...],
    from_env_file: tuple[str, ...],
    secret_type: str,
    **given: Any,
) -> None:
    name = one_name(names, "isctl create secret generic")
    creation = Creation(session, **given)
    _create_secret(
        creation, name, key_sources.collect("Secret", name, from_file, from_literal, from_env_file), secret_type
    )


@verb("docker-registry", help="Create a secret with the login of a registry.")
@creation_flags
@flag("--docker-server", default="https://index.docker.io/v1/", help="The registry.")
@flag("--docker-username", default="", help="The user.")
@flag("--docker-password", default="", help="The password; prefer --from-file, arguments can be seen by others.")
@flag("--docker-email", default="", help="The mail address.")
@list_flag("--from-file", split=True, help="A docker config file.")
@click.argument("names", nargs=-1, metavar="NAME")
@click.pass_obj
def docker_registry(
    session: Session,
    /,
    names: tuple[str, ...],
    docker_server: str,
    docker_username: str,
    docker_password: str,
    docker_email: str,
    from_file: tuple[str, ...],
    **given: Any,
) -> None:
    name = one_name(names, "isctl create secret docker-registry")
    creation = Creation(session, **given)
    if from_file:
        sources = tuple(one if "=" in one else f"{DOCKER_CONFIG_KEY}={one}" for one in from_file)
        data = key_sources.collect("Secret", name, sources, (), ())
    else:
        if not (docker_username and docker_password and docker_server):
            raise CliError(
                "either --from-file or the combination of --docker-username, --docker-password and --docker-server is"
                " required"
            )
        data = {DOCKER_CONFIG_KEY: docker_config(docker_server, docker_username, docker_password, docker_email)}
    _create_secret(creation, name, data, "kubernetes.io/dockerconfigjson")


@verb("tls", help="Create a secret with a certificate and its key.")
@creation_flags
@flag("--cert", default="", help="File with the certificate.")
@flag("--key", default="", help="File with the key.")
@click.argument("names", nargs=-1, metavar="NAME")
@click.pass_obj
def tls(session: Session, /, names: tuple[str, ...], cert: str, key: str, **given: Any) -> None:
    name = one_name(names, "isctl create secret tls")
    creation = Creation(session, **given)
    if not cert or not key:
        raise CliError("key and cert must be specified")
    data = {"tls.crt": key_sources.read_whole(cert), "tls.key": key_sources.read_whole(key)}
    check_key_pair(data["tls.crt"], data["tls.key"])
    _create_secret(creation, name, data, "kubernetes.io/tls")


def check_key_pair(certificates: bytes, key: bytes) -> None:
    """Refuse a key that isn't the certificate's.

    Raises:
        CliError: so, or one of them can't be read.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    for data, what in ((certificates, "certificate"), (key, "key")):
        if b"-----BEGIN " not in data:
            raise CliError(f"tls: failed to find any PEM data in {what} input")
    try:
        certificate = x509.load_pem_x509_certificates(certificates)[0]
    except ValueError as error:
        raise CliError("tls: failed to parse certificate") from error
    try:
        private = load_pem_private_key(key, None)
    except (ValueError, TypeError) as error:
        raise CliError("tls: failed to parse private key") from error
    if private.public_key() != certificate.public_key():
        raise CliError("tls: private key does not match public key")


def docker_config(server: str, username: str, password: str, email: str) -> bytes:
    """Return the docker config file that holds one login."""
    import msgspec

    auth = base64.b64encode(f"{username}:{password}".encode()).decode()
    login = {"username": username, "password": password, **({"email": email} if email else {}), "auth": auth}
    return msgspec.json.encode({"auths": {server: login}})


def _create_secret(creation: Creation, name: str, data: dict[str, bytes], secret_type: str) -> None:
    encoded = {key: base64.b64encode(value).decode() for key, value in data.items()}
    parts: Object = {"data": encoded} if encoded else {}
    if secret_type:
        parts["type"] = secret_type
    namespace, value = creation.object(SECRETS, name, **parts)
    creation.create(SECRETS, namespace, value, "failed to create secret")


for _command in (generic, docker_registry, tls):
    secret.add_verb(_command, str(_command.name))
