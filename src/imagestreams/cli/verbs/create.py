"""`isctl create`: objects from files, or of some kinds from flags."""

import base64
from typing import Any

import click

from imagestreams.cli.command import VerbGroup, verb
from imagestreams.cli.errors import CliError, raise_failures
from imagestreams.cli.flags import flag, list_flag
from imagestreams.cli.objects import key_sources, manifests
from imagestreams.cli.objects.changes import file_flags, with_source
from imagestreams.cli.objects.creation import Creation, creation_flags, one_name
from imagestreams.cli.objects.selection import target_of
from imagestreams.cli.session import Session
from imagestreams.cli.verbs.create_configs import deploymentconfig
from imagestreams.cli.verbs.create_secrets import secret
from imagestreams.cli.verbs.create_streams import imagestream, imagestreamtag
from imagestreams.cli.verbs.create_workloads import cronjob, deployment, job
from imagestreams.client.discovery import ResourceType
from imagestreams.client.errors import ClientError
from imagestreams.client.resources import NAMESPACES

CONFIG_MAPS = ResourceType("", "v1", "configmaps", "ConfigMap", "configmap")
SERVICE_ACCOUNTS = ResourceType("", "v1", "serviceaccounts", "ServiceAccount", "serviceaccount")


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
    creation = Creation(session, typed=False, **given)
    found = manifests.read_manifests(filename, recursive, kustomize, validate=creation.validates)
    if selector.strip():
        from imagestreams.cli.objects.label_selection import matches

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


@verb("namespace", help="Create a namespace.")
@creation_flags
@click.argument("names", nargs=-1, metavar="NAME")
@click.pass_obj
def namespace(session: Session, /, names: tuple[str, ...], **given: Any) -> None:
    creation = Creation(session, **given)
    _, value = creation.object(NAMESPACES, one_name(names, "isctl create namespace"), spec={}, status={})
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
    name = one_name(names, "isctl create configmap")
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


@verb("serviceaccount", help="Create a service account.")
@creation_flags
@click.argument("names", nargs=-1, metavar="NAME")
@click.pass_obj
def serviceaccount(session: Session, /, names: tuple[str, ...], **given: Any) -> None:
    name = one_name(names, "isctl create serviceaccount")
    creation = Creation(session, **given)
    place, value = creation.object(SERVICE_ACCOUNTS, name)
    creation.create(SERVICE_ACCOUNTS, place, value, "failed to create serviceaccount:")


for _command, _names in (
    (imagestream, ("imagestream", "is")),
    (imagestreamtag, ("imagestreamtag", "istag")),
    (namespace, ("namespace", "ns")),
    (configmap, ("configmap", "cm")),
    (serviceaccount, ("serviceaccount", "sa")),
    (secret, ("secret",)),
    (deployment, ("deployment", "deploy")),
    (job, ("job",)),
    (cronjob, ("cronjob", "cj")),
    (deploymentconfig, ("deploymentconfig", "dc")),
):
    create.add_verb(_command, *_names)
