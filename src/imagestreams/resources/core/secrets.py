"""Secrets: confidential values, with rules for the types that others rely on. Values never show in errors."""

import base64
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from imagestreams.api.core import Secret
from imagestreams.api.errors import FieldError
from imagestreams.api.json_syntax import JsonSyntaxError, check_json
from imagestreams.api.metadata.object_meta_validation import dns_subdomain_problems
from imagestreams.resources.core.config_data import DATA_MAX_BYTES, decode_values, frozen_errors, key_errors
from imagestreams.resources.core.tables import secret_table
from imagestreams.resources.resource import ALL_VERBS, RequestContext, ResourceInfo
from imagestreams.resources.storage import ObjectStorage
from imagestreams.resources.stored import Strategy
from imagestreams.store.cache import ObservableStore

OPAQUE: Final = "Opaque"
_ACCOUNT_NAME: Final = "kubernetes.io/service-account.name"
_LOGIN_KEYS: Final = {"kubernetes.io/dockercfg": ".dockercfg", "kubernetes.io/dockerconfigjson": ".dockerconfigjson"}


def secret_storage(store: ObservableStore, clock: Callable[[], datetime]) -> ObjectStorage[Secret]:
    """Return where secrets are kept."""
    info = ResourceInfo(
        group="",
        version="v1",
        plural="secrets",
        singular="secret",
        kind="Secret",
        object_type=Secret,
        verbs=ALL_VERBS,
        table=secret_table(clock),
        field_labels=frozenset({"metadata.name", "metadata.namespace", "type"}),
    )
    return ObjectStorage(store, info, Secret)


class SecretStrategy(Strategy[Secret]):
    """The rules of secrets."""

    may_update_without_version = True

    async def prepare_create(self, context: RequestContext, value: Secret) -> None:
        _fill(value)

    async def prepare_update(self, context: RequestContext, value: Secret, old: Secret) -> None:
        _fill(value)

    def validate_name(self, name: str) -> list[str]:
        return dns_subdomain_problems(name)

    def validate(self, value: Secret) -> list[FieldError]:
        data = decode_values("Secret", value.data)
        errors: list[FieldError] = []
        for key in sorted(data):
            errors += key_errors("data", key)
        if sum(map(len, data.values())) > DATA_MAX_BYTES:
            errors.append(FieldError.too_long("data", DATA_MAX_BYTES))
        return errors + _type_errors(value, data)

    def validate_update(self, value: Secret, old: Secret) -> list[FieldError]:
        errors = []
        if value.type != old.type:
            errors.append(FieldError.invalid("type", value.type, "field is immutable"))
        errors += frozen_errors(value.immutable, old.immutable, {"data": (value.data or {}) != (old.data or {})})
        return errors + self.validate(value)

    def field_values(self, value: Secret) -> Mapping[str, str]:
        return {**super().field_values(value), "type": value.type}


def _fill(value: Secret) -> None:
    """Take what was given as plain text over into the data, and name the type."""
    # Broken base64 is told before anything else, as by a server that can't read the object.
    decode_values("Secret", value.data)
    if value.string_data:
        encoded = {key: base64.b64encode(text.encode()).decode() for key, text in value.string_data.items()}
        value.data = {**(value.data or {}), **encoded}
    value.string_data = None
    if value.data is not None:
        value.data = dict(sorted(value.data.items()))
    value.type = value.type or OPAQUE


def _type_errors(value: Secret, data: Mapping[str, bytes]) -> list[FieldError]:
    match value.type:
        case "kubernetes.io/dockercfg" | "kubernetes.io/dockerconfigjson":
            return _login_errors(_LOGIN_KEYS[value.type], data)
        case "kubernetes.io/service-account-token":
            named = (value.metadata.annotations or {}).get(_ACCOUNT_NAME)
            return [] if named else [FieldError.required(f"metadata.annotations[{_ACCOUNT_NAME}]")]
        case "kubernetes.io/basic-auth":
            if "username" in data or "password" in data:
                return []
            return [FieldError.required("data[username]"), FieldError.required("data[password]")]
        case "kubernetes.io/ssh-auth":
            return [] if data.get("ssh-privatekey") else [FieldError.required("data[ssh-privatekey]")]
        case "kubernetes.io/tls":
            return [FieldError.required(f"data[{key}]") for key in ("tls.crt", "tls.key") if key not in data]
        case _:
            return []


def _login_errors(key: str, data: Mapping[str, bytes]) -> list[FieldError]:
    field = f"data[{key}]"
    if key not in data:
        return [FieldError.required(field)]
    problem = _json_problem(data[key])
    return [FieldError.invalid(field, "<secret contents redacted>", problem)] if problem else []


def _json_problem(text: bytes) -> str:
    """Say why a text is not a JSON object, in words that repeat one character of it at most."""
    try:
        check_json(text)
    except JsonSyntaxError as error:
        return str(error)
    kind = _kind_of(text)
    return f"json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}" if kind else ""


def _kind_of(text: bytes) -> str:
    """Return what a JSON value is that is neither an object nor null."""
    match text.lstrip()[:1]:
        case b"[":
            return "array"
        case b'"':
            return "string"
        case b"t" | b"f":
            return "bool"
        case b"{" | b"n":
            return ""
        case _:
            return "number"
