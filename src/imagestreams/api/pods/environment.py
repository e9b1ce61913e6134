"""Environment variables, and where their values come from."""

from imagestreams.api.pods.values import Quantity
from imagestreams.api.wire import Wire, always


class ObjectFieldSelector(Wire):
    """A field of the pod itself."""

    api_version: str = ""
    field_path: str = always("")


class ResourceFieldSelector(Wire):
    """A request or limit of a container."""

    container_name: str = ""
    resource: str = always("")
    divisor: Quantity = always("0")


class ConfigMapKeySelector(Wire):
    """One key of a config map."""

    name: str = ""
    key: str = always("")
    optional: bool | None = None


class SecretKeySelector(Wire):
    """One key of a secret."""

    name: str = ""
    key: str = always("")
    optional: bool | None = None


class EnvVarSource(Wire):
    """Where a variable's value comes from; exactly one source is set."""

    field_ref: ObjectFieldSelector | None = None
    resource_field_ref: ResourceFieldSelector | None = None
    config_map_key_ref: ConfigMapKeySelector | None = None
    secret_key_ref: SecretKeySelector | None = None


class EnvVar(Wire):
    """An environment variable."""

    name: str = always("")
    value: str = ""
    value_from: EnvVarSource | None = None


class ConfigMapEnvSource(Wire):
    """A config map whose keys all become variables."""

    name: str = ""
    optional: bool | None = None


class SecretEnvSource(Wire):
    """A secret whose keys all become variables."""

    name: str = ""
    optional: bool | None = None


class EnvFromSource(Wire):
    """Many variables from one source."""

    prefix: str = ""
    config_map_ref: ConfigMapEnvSource | None = None
    secret_ref: SecretEnvSource | None = None
