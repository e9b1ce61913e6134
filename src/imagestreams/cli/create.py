"""`isctl create`: from files, or a stream, secret, config map or namespace from flags."""

import base64
from typing import Any

import click

from imagestreams.cli import key_sources, manifests
from imagestreams.cli.apply import with_last_applied
from imagestreams.cli.changes import (
    Reporter,
    dry_run_flag,
    dry_run_strategy,
    field_validation,
    file_flags,
    output_flags,
    validate_flag,
    with_source,
)
from imagestreams.cli.command import VerbGroup, verb
from imagestreams.cli.errors import CliError, raise_failures, usage_error
from imagestreams.cli.flags import flag, list_flag, switch
from imagestreams.cli.selection import Object, target_of
from imagestreams.cli.session import Session
from imagestreams.client.discovery import ResourceType
from imagestreams.client.errors import ClientError
from imagestreams.client.resources import IMAGE_STREAMS, NAMESPACES, SECRETS

CONFIG_MAPS = ResourceType("", "v1", "configmaps", "ConfigMap", "configmap")
DOCKER_CONFIG_KEY = ".dockerconfigjson"


def creation_flags(function: Any) -> Any:
    """Add the flags that all creations share."""
    for decorate in (
        output_flags,
        dry_run_flag,
        validate_flag,
        switch("--save-config", help="Keep what was given as an annotation, for a later apply."),
        flag("--field-manager", default="kubectl-create", help="The name under which fields are managed."),
    ):
        function = decorate(function)
    return function


class Creation:
    """Creates objects with the options that the flags give."""

    def __init__(
        self,
        session: Session,
        dry_run: str,
        validate: str,
        save_config: bool,
        field_manager: str,
        **printing: Any,
    ) -> None:
        self.session = session
        self.strategy = dry_run_strategy(session, dry_run)
        self.save_config = save_config
        self.query = {
            "field_manager": field_manager,
            "field_validation": field_validation(validate),
            "dry_run": "All" if self.strategy == "server" else "",
        }
        self.validates = self.query["field_validation"] != "Ignore"
        self.reporter = Reporter(session, strategy=self.strategy, **printing)

    def create(self, kind: ResourceType, namespace: str, value: Object, failure: str = "") -> None:
        """Create one object and tell; `failure` goes before the server's message.

        Raises:
            ClientError, CliError: the server refused.
        """
        if self.save_config:
            value = with_last_applied(value)
        if self.strategy != "client":
            try:
                value = self.session.resources(kind, namespace).create(value, **self.query)
            except ClientError as error:
                if failure and error.status is not None:
                    raise CliError(f"{failure} {error.message}") from error
                raise
        self.reporter.report(value, "created")

    def object(self, kind: ResourceType, name: str, **parts: Any) -> tuple[str, Object]:
        """Return the namespace and the beginnings of an object; the namespace stands in it when `-n` was given."""
        metadata = {"name": name}
        namespace = self.session.namespace if kind.namespaced and self._needs_namespace() else ""
        if namespace and self.session.config.namespace_given:
            metadata["namespace"] = namespace
        return namespace, {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, **parts}

    def _needs_namespace(self) -> bool:
        return self.strategy != "client" or "namespace" in self.session.flags


@click.group("create", cls=VerbGroup, invoke_without_command=True, help="Create objects from files or flags.")
@file_flags
@creation_flags
@flag("-l", "--selector", default="", help="Create only objects with these labels.")
@flag("--raw", default="", help="Send the file to a path.")
@click.pass_context
def create(
    ctx: click.Context,
    /,
    filename: tuple[str, ...],
    recursive: bool,
    kustomize: str,
    selector: str,
    raw: str,
    **given: Any,
) -> None:
    if ctx.invoked_subcommand is not None:
        return
    session: Session = ctx.obj
    if not filename and not kustomize:
        raise CliError("must specify one of -f and -k")
    if raw:
        if len(filename) != 1:
            raise CliError("--raw can only use a single local file or stdin")
        data = manifests.read_bytes(filename[0])
        answer = session.client.request("POST", raw, body=data)
        session.out.write(answer.body.decode("utf-8", "replace"))
        return
    creation = Creation(session, **given)
    found = manifests.read_manifests(filename, recursive, kustomize, validate=creation.validates)
    if selector.strip():
        from imagestreams.cli.label_selection import matches

        found = [one for one in found if matches(selector, one.object)]
    if not found:
        raise CliError("no objects passed to create")
    failures: list[CliError | ClientError] = []
    for manifest in found:
        try:
            target = target_of(session, manifest, enforce_namespace=session.config.namespace_given)
            try:
                creation.create(target.type, target.namespace, target.manifest or {})
            except ClientError as error:
                raise with_source(error, "creating", target.source) from error
        except (ClientError, CliError) as error:
            if isinstance(error, ClientError) and error.connection:
                raise
            failures.append(error)
    raise_failures(failures)


def _one_name(names: tuple[str, ...], command: str) -> str:
    if len(names) != 1:
        raise usage_error(f"exactly one NAME is required, got {len(names)}", command)
    return names[0]


@verb("imagestream", help="Create an image stream without tags: 'isctl create imagestream python'.")
@creation_flags
@switch("--lookup-local", help="Pods of the project may use the stream by its name alone.")
@click.argument("names", nargs=-1, metavar="NAME")
@click.pass_obj
def imagestream(session: Session, /, names: tuple[str, ...], lookup_local: bool, **given: Any) -> None:
    name = _one_name(names, "isctl create imagestream")
    creation = Creation(session, **given)
    namespace, value = creation.object(
        IMAGE_STREAMS,
        name,
        spec={"lookupPolicy": {"local": lookup_local}},
        status={"dockerImageRepository": ""},
    )
    creation.create(IMAGE_STREAMS, namespace, value)


@verb("namespace", help="Create a namespace.")
@creation_flags
@click.argument("names", nargs=-1, metavar="NAME")
@click.pass_obj
def namespace(session: Session, /, names: tuple[str, ...], **given: Any) -> None:
    creation = Creation(session, **given)
    _, value = creation.object(NAMESPACES, _one_name(names, "isctl create namespace"), spec={}, status={})
    creation.create(NAMESPACES, "", value)


@verb("configmap", help="Create a config map: 'isctl create configmap settings --from-file=settings.ini'.")
@creation_flags
@list_flag("--from-file", split=True, help="[KEY=]FILE, or a directory whose files become keys.")
@list_flag("--from-literal", help="KEY=VALUE.")
@list_flag("--from-env-file", split=True, help="A file with lines KEY=VALUE.")
@click.argument("names", nargs=-1, metavar="NAME")
@click.pass_obj
def configmap(
    session: Session,
    /,
    names: tuple[str, ...],
    from_file: tuple[str, ...],
    from_literal: tuple[str, ...],
    from_env_file: tuple[str, ...],
    **given: Any,
) -> None:
    name = _one_name(names, "isctl create configmap")
    creation = Creation(session, **given)
    data = key_sources.collect("ConfigMap", name, from_file, from_literal, from_env_file)
    text: dict[str, str] = {}
    binary: dict[str, str] = {}
    for key, value in data.items():
        try:
            text[key] = value.decode()
        except UnicodeDecodeError:
            binary[key] = base64.b64encode(value).decode()
    parts = {key: part for key, part in (("data", text), ("binaryData", binary)) if part}
    place, whole = creation.object(CONFIG_MAPS, name, **parts)
    creation.create(CONFIG_MAPS, place, whole, "failed to create configmap:")


@click.group("secret", cls=VerbGroup, help="Create a secret: generic, docker-registry or tls.")
def secret() -> None:
    pass


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
    name = _one_name(names, "isctl create secret generic")
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
    name = _one_name(names, "isctl create secret docker-registry")
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
    name = _one_name(names, "isctl create secret tls")
    creation = Creation(session, **given)
    if not cert or not key:
        raise CliError("key and cert must be specified")
    data = key_sources.collect("Secret", name, (f"tls.crt={cert}", f"tls.key={key}"), (), ())
    _create_secret(creation, name, data, "kubernetes.io/tls")


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


for _command, _names in (
    (imagestream, ("imagestream", "is")),
    (namespace, ("namespace", "ns")),
    (configmap, ("configmap", "cm")),
    (secret, ("secret",)),
):
    create.add_verb(_command, *_names)
for _command in (generic, docker_registry, tls):
    secret.add_verb(_command, str(_command.name))
