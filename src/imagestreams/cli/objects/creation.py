"""What all ways of `isctl create` share: their flags, and sending and telling what they made."""

from typing import Any

from imagestreams.cli.errors import CliError, usage_error
from imagestreams.cli.flags import flag, switch
from imagestreams.cli.objects.changes import (
    Reporter,
    dry_run_flag,
    dry_run_strategy,
    field_validation,
    output_flags,
    validate_flag,
)
from imagestreams.cli.objects.selection import Object
from imagestreams.cli.session import Session
from imagestreams.cli.verbs.apply import with_last_applied
from imagestreams.client.discovery import ResourceType
from imagestreams.client.errors import ClientError


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
    """Creates objects with the options that the flags give.

    `typed` says that the objects are made here and not read from files: as JSON they print in another order.
    """

    def __init__(
        self,
        session: Session,
        dry_run: str,
        validate: str,
        save_config: bool,
        field_manager: str,
        *,
        typed: bool = True,
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
        self.reporter = Reporter(session, strategy=self.strategy, typed=typed, **printing)

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


def one_name(names: tuple[str, ...], command: str) -> str:
    """Return the one NAME that the arguments are.

    Raises:
        CliError: there are none, or several.
    """
    if len(names) != 1:
        raise usage_error(f"exactly one NAME is required, got {len(names)}", command)
    return names[0]
