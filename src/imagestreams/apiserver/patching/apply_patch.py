"""The body of a server-side apply."""

from functools import cached_property
from typing import Any

from imagestreams.api.errors import ApiError, bad_request, reasonless
from imagestreams.api.json_syntax import JsonSyntaxError
from imagestreams.api.metadata.managed_times import keep_times
from imagestreams.apiserver.bodies.objects import convert, read_document
from imagestreams.apiserver.bodies.type_check import json_kind
from imagestreams.apiserver.bodies.yaml_text import YamlError, read_yaml
from imagestreams.apiserver.negotiation import JSON
from imagestreams.apiserver.ownership.defaults import apply_defaults
from imagestreams.apiserver.ownership.server_side_apply import apply
from imagestreams.apiserver.patching.patch import ANY_MAP, Patch


class ApplyPatch(Patch):
    """What a manager wants of an object, in JSON or YAML; `force` takes fields from other managers."""

    creates = True
    force = False

    @cached_property
    def _config(self) -> tuple[dict[str, Any], str]:
        """The configuration, and what is wrong with it in a strict sense."""
        lines = ""
        try:
            document, duplicates = read_document(self._body, JSON)
            is_json = not duplicates
        except JsonSyntaxError:
            is_json = False
        if not is_json:  # YAML, or JSON with keys given twice, of which the lines are to be told
            try:
                document, complaints = read_yaml(self._body)
            except YamlError as error:
                raise bad_request(f"error decoding patch: error converting YAML to JSON: yaml: {error}") from error
            lines = "".join(f"\n  {line}" for line in complaints)
        if document is None:
            document = {}
        if not isinstance(document, dict):
            raise bad_request(
                "error decoding patch: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal "
                f"{json_kind(document)} into Go value of type {ANY_MAP}"
            )
        return document, f"error converting YAML to JSON: yaml: unmarshal errors:{lines}" if lines else ""

    def _apply(self, current: Any | None) -> Any:
        config, problem = self._config
        document, entries = apply(current, config, self._info, self._manager, self._now, force=self.force)
        if problem and self._validation == "Strict":
            raise bad_request(f"error strict decoding patch: {problem}")
        self._warnings = (problem,) if problem and self._validation == "Warn" else ()
        try:
            wanted = convert(document, self._info)
        except ApiError as error:
            told = f"failed to convert new typed object to object: {error.status.message}"
            raise reasonless(500, told) from error
        apply_defaults(wanted, self._info)
        wanted.metadata.managed_fields = entries
        if current is not None:
            keep_times(wanted, current)
        return wanted
