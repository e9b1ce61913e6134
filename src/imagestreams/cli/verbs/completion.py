"""`isctl completion bash|zsh|fish`: the script that teaches a shell isctl's words."""

import click

from imagestreams.cli.command import verb
from imagestreams.cli.errors import usage_error
from imagestreams.cli.session import Session

_SHELLS = ("bash", "fish", "zsh")


@verb("completion", help="Print the completion script of a shell: 'source <(isctl completion bash)'.")
@click.argument("shells", nargs=-1, metavar="(bash | zsh | fish)")
@click.pass_obj
def completion(session: Session, /, shells: tuple[str, ...]) -> None:
    from click.shell_completion import get_completion_class

    from imagestreams.cli.main import cli

    if not shells:
        raise usage_error("Shell not specified.", "isctl completion")
    if len(shells) > 1:
        raise usage_error("Too many arguments. Expected only the shell type.", "isctl completion")
    script = get_completion_class(shells[0]) if shells[0] in _SHELLS else None
    if script is None:
        raise usage_error(f'Unsupported shell type "{shells[0]}".', "isctl completion")
    session.out.write(_source(script(cli, {}, "isctl", "_ISCTL_COMPLETE")) + "\n")


def _source(script: "click.shell_completion.ShellComplete") -> str:
    # Formatted here rather than by source(), which asks the shell for its version first.
    return script.source_template % script.source_vars()
