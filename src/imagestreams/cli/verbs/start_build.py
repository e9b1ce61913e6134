"""`isctl start-build`: make a new build of a build config, or run a build again."""

import sys
from typing import Any, Final

import click

from imagestreams.cli.builds import sources
from imagestreams.cli.builds.following import LogCutOff, show_log, wait_for_end
from imagestreams.cli.builds.selection import Object, meant
from imagestreams.cli.builds.variables import Variable, parse_variables, several_in_one
from imagestreams.cli.builds.webhooks import call_webhook, list_webhooks
from imagestreams.cli.command import verb
from imagestreams.cli.errors import CliError, standard_message, usage_error
from imagestreams.cli.flags import flag, list_flag, switch
from imagestreams.cli.printers.choice import reference_of
from imagestreams.cli.printers.go_text import quoted
from imagestreams.cli.session import Session
from imagestreams.client.errors import ClientError
from imagestreams.client.resources import BUILD_CONFIGS, BUILDS, CONFIG_MAPS, SECRETS

_MANUAL: Final = "Manually triggered"
_FROM: Final = ("from_file", "from_dir", "from_repo", "from_archive")
_LISTED: Final = ("all", "generic", "github")


@verb(
    "start-build",
    help="""Start a new build.

Makes a build of a build config, or with --from-build another one like a build. A source can be sent along: a directory,
a file, an archive, or a commit of a local repository. It takes the place of the repository in the build config for this
build alone.

\b
  isctl start-build hello-world
  isctl start-build --from-build=hello-world-1
  isctl start-build hello-world --from-dir=src/
  isctl start-build hello-world --from-repo=../hello-world --commit=v2
  isctl start-build hello-world --follow
  isctl start-build hello-world --wait
  isctl start-build --from-webhook=https://…/webhooks/SECRET/generic
""",
)
@flag("--from-build", default="", help="The name of a build to run again.")
@flag("--commit", default="", help="The commit to build.")
@list_flag("-e", "--env", help="KEY=VALUE for the environment of the build; may be repeated, - reads lines.")
@list_flag("--build-arg", "build_args", help="KEY=VALUE for an ARG of the Dockerfile; may be repeated.")
@flag("--build-loglevel", default="", help="How much the build tells.")
@switch("-F", "--follow", help="Show the log until the build is over.")
@switch("-w", "--wait", help="Wait for the build; fail when it does.")
@switch("--incremental", default=None, help="Take up what the build before saved, whatever the config says.")
@switch("--no-cache", default=None, help="Use nothing of earlier builds again, whatever the config says.")
@flag("--from-dir", default="", help="A directory to send as the source.")
@flag("--from-file", default="", help="A file to send; it is the only one of the source.")
@flag("--from-archive", default="", help="An archive (tar, tar.gz, zip) to send as the source.")
@flag("--from-repo", default="", help="A local repository; the commit is sent as the source.")
@flag("--exclude", help="Leave out what matches this regular expression; by default .git.")
@flag("--list-webhooks", default="", help="Show the webhooks of a config instead: all, generic or github.")
@flag("--from-webhook", default="", help="Call this generic webhook, an address, instead of naming a config.")
@flag("--git-post-receive", default="", help="With --from-webhook: a file with what Git's post-receive hook got, or -.")
@flag("--git-repository", default="", help="The repository that was pushed to; the current directory if left out.")
@flag("-o", "--output", default="", help="name prints the name alone.")
@click.argument("arguments", nargs=-1, metavar="(BUILDCONFIG | --from-build=BUILD)")
@click.pass_context
def start_build(ctx: click.Context, /, arguments: tuple[str, ...], output: str, **given: Any) -> None:
    session: Session = ctx.obj
    if output not in ("", "name"):
        raise usage_error(f"Unsupported output format: {output}", ctx.command_path)
    if given["from_webhook"]:
        _from_webhook(ctx, session, arguments, output, given)
        return
    is_upload = _check_sources(given)
    if len(arguments) != 1 and not given["from_build"]:
        told = (
            "Must pass a name of a build config or specify build name with '--from-build' flag.\n"
            'Use "isctl get buildconfig" to list all available build configs.'
        )
        raise usage_error(told, ctx.command_path)
    name = _name(session, arguments, given)
    if given["list_webhooks"]:
        list_webhooks(session, name, given["list_webhooks"])
        return
    build = _upload(session, name, given) if is_upload else _request(session, name, given)
    reference = reference_of(build)
    session.say(reference if output else f"{reference} started")
    made = str(build["metadata"]["name"])
    if given["follow"]:
        _follow(session, made, given["wait"])
    if given["wait"]:
        wait_for_end(session, made)


def _from_webhook(
    ctx: click.Context, session: Session, arguments: tuple[str, ...], output: str, given: dict[str, Any]
) -> None:
    address = given["from_webhook"]
    if arguments or given["from_build"] or any(given[flag] for flag in _FROM):
        told = "The '--from-webhook' flag is incompatible with arguments and all '--from-*' flags"
        raise usage_error(told, ctx.command_path)
    if not address.endswith("/generic"):
        session.note("warning: the '--from-webhook' flag should be called with a generic webhook URL.")
    build = call_webhook(session, address, given["git_post_receive"], given["git_repository"])
    if build is None:
        return
    if build.get("kind") != BUILDS.kind:
        session.note(str(build.get("message", "")))
        return
    reference = reference_of(build)
    session.say(reference if output else f"{reference} started")


def _check_sources(given: dict[str, Any]) -> bool:
    """Return whether a source is sent along."""
    named = [flag for flag in _FROM if given[flag]]
    if len(named) > 1:
        raise CliError("only one of --from-file, --from-repo, --from-archive or --from-dir may be specified")
    if given["exclude"] is not None and not (given["from_dir"] or given["from_archive"]):
        raise CliError("the --exclude flag is only supported with --from-dir")
    if named and given["from_build"]:
        raise CliError("cannot use '--from-build' flag with binary builds")
    if given["list_webhooks"] not in ("", *_LISTED):
        raise CliError("--list-webhooks must be 'all', 'generic', or 'github'")
    return bool(named)


def _name(session: Session, arguments: tuple[str, ...], given: dict[str, Any]) -> str:
    """Return the name of the config, or with `--from-build` of the build, that is meant."""
    resource, name = BUILDS, str(given["from_build"])
    if not name:
        resource, name = meant(session, arguments[0], BUILD_CONFIGS)
        if resource is BUILDS and not given["list_webhooks"]:
            raise CliError("use --from-build to rerun your builds")
    if not name:
        raise CliError("a resource name is required either as an argument or by using --from-build")
    if resource is BUILDS and given["list_webhooks"]:
        config = (session.resources(BUILDS).get(name).get("status") or {}).get("config")
        if not config:
            told = f"the provided Build {quoted(name)} was not created from a BuildConfig and cannot have webhooks"
            raise CliError(told)
        return str(config.get("name"))
    return name


def _variables(session: Session, given: dict[str, Any]) -> tuple[list[Variable], list[Variable]]:
    """Return the environment and the build arguments that are given."""
    for text in several_in_one(given["env"]):
        session.note(
            f"warning: --env no longer accepts comma-separated lists of values. {quoted(text)} will be treated as a "
            "single key-value pair."
        )
    env = parse_variables(given["env"], "environment variable", sys.stdin)
    if given["build_loglevel"]:
        env.append({"name": "BUILD_LOGLEVEL", "value": given["build_loglevel"]})
    return env, parse_variables(given["build_args"], "build-arg", sys.stdin)


def _request(session: Session, name: str, given: dict[str, Any]) -> Object:
    env, build_args = _variables(session, given)
    docker: Object = {"buildArgs": build_args} if build_args else {}
    if given["no_cache"] is not None:
        docker["noCache"] = given["no_cache"]
    source: Object = {"incremental": given["incremental"]} if given["incremental"] is not None else {}
    request: Object = {
        "apiVersion": BUILDS.api_version,
        "kind": "BuildRequest",
        "metadata": {"name": name},
        "triggeredBy": [{"message": _MANUAL}],
        "dockerStrategyOptions": docker,
        "sourceStrategyOptions": source,
    }
    if env:
        request["env"] = env
    if given["commit"]:
        request["revision"] = {"type": "Git", "git": {"commit": given["commit"]}}
    again = bool(given["from_build"])
    resources = session.resources(BUILDS if again else BUILD_CONFIGS)
    try:
        return resources.create(request, name=name, subresource="clone" if again else "instantiate")
    except ClientError as error:
        raise _explained(error, f"{session.namespace}/{name}", name, again=again) from error


def _explained(error: ClientError, where: str, name: str, *, again: bool) -> CliError | ClientError:
    """Say what to do about a failure that is easily mended."""
    details = error.status.details if error.status is not None else None
    causes = (details.causes or []) if details is not None else []
    if error.reason == "Invalid" and any(cause.field == "spec.source" for cause in causes):
        if again:
            return CliError(
                f"build {where} has no valid source inputs and '--from-build' cannot be used for binary builds"
            )
        return CliError(
            f"build configuration {where} has no valid source inputs, if this is a binary build you must specify one "
            "of '--from-dir', '--from-repo', or '--from-file'"
        )
    if error.reason == "AlreadyExists":
        told = f'{error.message}. Retry building BuildConfig "{name}" or delete the conflicting builds'
        return CliError(told)
    return error


def _upload(session: Session, name: str, given: dict[str, Any]) -> Object:
    env, build_args = _variables(session, given)
    if given["build_loglevel"]:
        session.note("WARNING: Specifying --build-loglevel with binary builds is not supported.")
    if given["env"] and env:
        session.note("WARNING: Specifying environment variables with binary builds is not supported.")
    if build_args:
        session.note("WARNING: Specifying build arguments with binary builds is not supported.")
    resources = session.resources(BUILD_CONFIGS)
    _require_files(session, resources.get(name))
    exclude = sources.DEFAULT_EXCLUDE if given["exclude"] is None else given["exclude"]
    with sources.opened(
        session,
        directory=given["from_dir"],
        archive=given["from_archive"],
        file=given["from_file"],
        repository=given["from_repo"],
        commit=given["commit"],
        exclude=exclude,
    ) as source:
        path = resources.path(name, "instantiatebinary")
        try:
            build = session.client.upload(path, source.pieces, query=source.told).json()
        except ClientError as error:
            raise _explained(error, f"{session.namespace}/{name}", name, again=False) from error
    session.note("\nUploading finished")
    return build


def _require_files(session: Session, config: Object) -> None:
    """Refuse an upload for a config whose secrets or config maps are missing."""
    spec = config.get("spec") or {}
    source, strategy = spec.get("source") or {}, spec.get("strategy") or {}
    secrets = [(one.get("secret") or {}).get("name", "") for one in source.get("secrets") or []]
    maps = [(one.get("configMap") or {}).get("name", "") for one in source.get("configMaps") or []]
    chosen = strategy.get("dockerStrategy") or strategy.get("sourceStrategy") or {}
    for volume in chosen.get("volumes") or []:
        held = volume.get("source") or {}
        secrets += [name for name in [(held.get("secret") or {}).get("secretName", "")] if name]
        maps += [name for name in [(held.get("configMap") or {}).get("name", "")] if name]
    told = []
    for what, resource, names in (("Config Maps", CONFIG_MAPS, maps), ("Secrets", SECRETS, secrets)):
        missing = [name for name in names if not _is_there(session, resource, name)]
        if missing:
            told.append(f"{what}: {', '.join(missing)}")
    if told:
        raise CliError("\n".join(["Missing resources", *told]))


def _is_there(session: Session, resource: Any, name: str) -> bool:
    try:
        session.resources(resource).get(name)
    except ClientError as error:
        if error.reason != "NotFound":
            raise
        return False
    return True


def _follow(session: Session, build: str, waits: bool) -> None:
    while True:
        try:
            show_log(session, build, follow="true")
        except (ClientError, LogCutOff) as error:
            if waits and isinstance(error, ClientError) and error.reason == "Timeout":
                continue
            session.note(
                f"Failed to stream the build logs - to view the logs, run isctl logs build/{build}\n"
                f"Error: unable to stream the build logs; caused by: {standard_message(error)}"
            )
        return
