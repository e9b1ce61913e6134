"""`isctl hook`: addresses to which registries send notifications of pushes."""

from typing import Any, Final

import click

from imagestreams.cli.command import VerbGroup, verb
from imagestreams.cli.errors import CliError
from imagestreams.cli.flags import flag, list_flag, switch
from imagestreams.cli.printers.choice import printer_for, reference_of
from imagestreams.cli.session import Session
from imagestreams.cli.verbs.delete import delete as delete_verb
from imagestreams.cli.verbs.get import get as get_verb
from imagestreams.client.resources import REGISTRY_HOOKS

_SENDERS: Final = ("CloudEvents", "Distribution", "DockerHub", "GitHub", "Harbor", "Quay")
_TYPE: Final = "registryhooks.imagestreams.dev"

Object = dict[str, Any]


@click.group(
    "hook",
    cls=VerbGroup,
    help="""Let registries tell of pushes, so that tags are imported at once.

A hook is an address of this server that holds a secret token. Give it to a registry as the target of its notifications
(webhooks), and each push to a repository lets the tags that follow it be imported, whether they are scheduled or not.

\b
  isctl hook create ci --sender=distribution --registry=registry.example.com:5000
  isctl hook create hub --sender=dockerhub
  isctl hook create github --sender=github --secret=github-webhook
  isctl hook list
  isctl hook delete ci
""",
)
def hook() -> None:
    pass


@verb("create", help="Create a hook and show its address, once: 'hook create ci --sender=harbor --registry=HOST'.")
@flag("--sender", default="", help="One of cloudevents, distribution, dockerhub, github, harbor, quay.")
@list_flag("--registry", split=True, help="Host of the registry, as pull specs name it; may be repeated.")
@flag("--secret", default="", help="Secret that notifications must prove: NAME or NAME/KEY; the key is 'secret'.")
@switch("--all-namespaces", help="Import streams of all namespaces, not only of this one.")
@flag("-o", "--output", default="", help="json, yaml, name or jsonpath=…; .status.path is the path of the address.")
@click.argument("names", nargs=-1, metavar="NAME")
@click.pass_obj
def create(
    session: Session,
    /,
    names: tuple[str, ...],
    sender: str,
    registry: tuple[str, ...],
    secret: str,
    all_namespaces: bool,
    output: str,
) -> None:
    if len(names) != 1:
        raise CliError("exactly one NAME is required")
    render = printer_for(output) if output else None
    made = session.resources(REGISTRY_HOOKS).create(wanted_hook(names[0], sender, registry, secret, all_namespaces))
    if render is not None:
        session.out.write(render(made))
        return
    session.say(f"{reference_of(made)} created")
    session.say("Let the registry send its notifications to this address, which is not shown again:")
    status = made.get("status") or {}
    session.say(f"  {status.get('url') or session.config.server.rstrip('/') + status.get('path', '')}")


def wanted_hook(name: str, sender: str, registries: tuple[str, ...], secret: str, all_namespaces: bool) -> Object:
    """Return the hook that the flags ask for.

    Raises:
        CliError: a flag is missing or names an unknown sender.
    """
    known = {one.lower(): one for one in _SENDERS}
    if not sender:
        raise CliError(f"--sender is required; it must be one of {', '.join(known)}")
    if sender.lower() not in known:
        raise CliError(f'unknown sender "{sender}"; it must be one of {", ".join(known)}')
    spec: Object = {"sender": known[sender.lower()]}
    if registries:
        spec["registries"] = list(registries)
    if all_namespaces:
        spec["allNamespaces"] = True
    if secret:
        secret_name, _, key = secret.partition("/")
        spec["secretRef"] = {"name": secret_name, **({"key": key} if key else {})}
    return {
        "apiVersion": REGISTRY_HOOKS.api_version,
        "kind": REGISTRY_HOOKS.kind,
        "metadata": {"name": name},
        "spec": spec,
    }


@verb("list", help="List the hooks, with their last calls; tokens are not among it.")
@switch("-A", "--all-namespaces", help="Look into all namespaces.")
@flag("-o", "--output", default="", help="json, yaml, name, wide, jsonpath=…, custom-columns=….")
@click.pass_context
def list_hooks(ctx: click.Context, /, all_namespaces: bool, output: str) -> None:
    ctx.invoke(get_verb, arguments=(_TYPE,), all_namespaces=all_namespaces, output=output)


@verb("delete", help="Delete hooks; their addresses take nothing any more.")
@click.argument("names", nargs=-1, metavar="NAME [NAME ...]")
@click.pass_context
def delete(ctx: click.Context, /, names: tuple[str, ...]) -> None:
    if not names:
        raise CliError("at least one NAME is required")
    ctx.invoke(delete_verb, arguments=(_TYPE, *names))


hook.add_verb(create, "create")
hook.add_verb(list_hooks, "list", "ls")
hook.add_verb(delete, "delete")
