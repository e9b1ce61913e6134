"""`isctl whoami`: as whom, and where."""

import click

from imagestreams.cli.command import verb
from imagestreams.cli.errors import CliError
from imagestreams.cli.flags import switch
from imagestreams.cli.objects.changes import output_flags
from imagestreams.cli.printers.choice import print_object
from imagestreams.cli.session import Session
from imagestreams.client.errors import ClientError

_REVIEWS = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
_MYSELF = "/apis/user.openshift.io/v1/users/~"


@verb("whoami", help="Show as whom you are logged in.")
@output_flags
@switch("-t", "--show-token", help="Print the token.")
@switch("-c", "--show-context", help="Print the context's name.")
@switch("--show-server", help="Print the server's URL.")
@click.argument("arguments", nargs=-1)
@click.pass_obj
def whoami(
    session: Session,
    /,
    arguments: tuple[str, ...],
    show_token: bool,
    show_context: bool,
    show_server: bool,
    output: str,
    **_printing: object,
) -> None:
    if output and (show_token or show_context or show_server):
        raise CliError("--output cannot be used with --show-token, --show-context, --show-server, or --show-console")
    if show_token:
        token = session.config.identity.token
        if not token:
            raise CliError("no token is currently in use for this session")
        session.say(token)
    elif show_context:
        if not session.config.context:
            raise CliError("no context has been set")
        session.say(session.config.context)
    elif show_server:
        session.say(session.config.server)
    else:
        name, groups = who_am_i(session)
        if output:
            user = {"apiVersion": "user.openshift.io/v1", "kind": "User", "metadata": {"name": name}, "groups": groups}
            print_object(session, output, user)
        else:
            session.say(name)


def who_am_i(session: Session) -> tuple[str, list[str]]:
    """Return the name and the groups of the user that the server takes this client for.

    Raises:
        ClientError: it doesn't say.
    """
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    try:
        answer = session.client.request("POST", _REVIEWS, body=review).json()
        info = (answer.get("status") or {}).get("userInfo") or {}
        return str(info.get("username", "")), list(info.get("groups") or [])
    except ClientError as error:
        if error.reason not in ("NotFound", "Forbidden", "MethodNotAllowed"):
            raise
    user = session.client.request("GET", _MYSELF).json()
    return str((user.get("metadata") or {}).get("name", "")), list(user.get("groups") or [])
