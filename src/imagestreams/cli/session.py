"""What one run of `isctl` shares: the global flags, the connection they describe, and the streams it writes to.

The connection is made when first needed, so that verbs that need none don't import any of it.
"""

import sys
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TextIO

from imagestreams.cli.errors import CliError

if TYPE_CHECKING:
    from imagestreams.client.discovery import Discovery, ResourceType
    from imagestreams.client.kubeconfig import ClientConfig, Overrides
    from imagestreams.client.resources import Resources
    from imagestreams.client.rest import RestClient


@dataclass
class Session:
    """Handed to each verb as click's context object.

    `flags` holds the global flags that were given, by their parameter name (`namespace`, `as_user`, …).
    """

    flags: dict[str, Any] = field(default_factory=dict)
    warnings: int = 0

    @property
    def out(self) -> TextIO:
        """Where results go."""
        return sys.stdout

    @property
    def err(self) -> TextIO:
        """Where everything else goes."""
        return sys.stderr

    def say(self, text: str) -> None:
        """Print one result line."""
        self.out.write(text + "\n")

    def note(self, text: str) -> None:
        """Print one line for the user that is no result."""
        self.out.flush()
        self.err.write(text + "\n")

    def warn(self, text: str) -> None:
        """Print a warning, as those that the server sends."""
        self.warnings += 1
        self.note(f"Warning: {text}")

    def refuse_warnings(self) -> None:
        """End a run that `--warnings-as-errors` was given for.

        Raises:
            CliError: there were warnings.
        """
        if self.warnings and self.flags.get("warnings_as_errors"):
            raise CliError(f"{self.warnings} warning{'s' if self.warnings > 1 else ''} received")

    @cached_property
    def overrides(self) -> "Overrides":
        """The global flags as the client's configuration wants them."""
        from imagestreams.client.kubeconfig import Overrides

        return Overrides(**{name: value for name, value in self.flags.items() if name in Overrides.__annotations__})

    @cached_property
    def config(self) -> "ClientConfig":
        """Which server, as whom, in which namespace.

        Raises:
            ClientError: the kubeconfig can't be read or names no server.
        """
        from imagestreams.client.kubeconfig import load_config

        return load_config(self.overrides)

    @cached_property
    def client(self) -> "RestClient":
        """The connection to the server."""
        from imagestreams.client.rest import RestClient

        return RestClient(self.config, warn=self.warn, timeout_s=self.request_timeout_s)

    @cached_property
    def discovery(self) -> "Discovery":
        """The server's resources."""
        from imagestreams.client.discovery import Discovery

        return Discovery(self.client)

    @property
    def namespace(self) -> str:
        """The namespace to work in."""
        return self.config.namespace

    @property
    def request_timeout_s(self) -> float | None:
        """Seconds that one request may take; None is as long as it needs."""
        text = str(self.flags.get("request_timeout") or "0")
        if text.replace(".", "", 1).isdigit():
            return float(text) or None
        from imagestreams.cli.texts.durations import parse_duration_s

        return parse_duration_s(text) or None

    def resources(self, resource: "ResourceType", namespace: str | None = None) -> "Resources":
        """Return the verbs of a resource in a namespace: the session's own when none is given."""
        from imagestreams.client.resources import Resources

        return Resources(self.client, resource, self.namespace if namespace is None else namespace)
