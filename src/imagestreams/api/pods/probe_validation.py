"""What probes and hooks of containers must look like; rules and texts are those of Kubernetes."""

from typing import Final

from imagestreams.api.errors import FieldError
from imagestreams.api.pods.probes import HTTPGetAction, Lifecycle, LifecycleHandler, Probe
from imagestreams.api.pods.value_rules import (
    NOT_NEGATIVE,
    header_problems,
    named_port_problems,
    port_problems,
    told,
)

LIVENESS: Final = "livenessProbe"
READINESS: Final = "readinessProbe"
STARTUP: Final = "startupProbe"
_SECOND_HANDLER: Final = "may not specify more than 1 handler type"


def validate_probe(probe: Probe | None, kind: str, grace_seconds: int | None, path: str) -> list[FieldError]:
    """Check a probe of a kind, such as `LIVENESS`."""
    if probe is None:
        return []
    errors = _validate_handler(probe, grace_seconds, path)
    for field, number in (
        ("initialDelaySeconds", probe.initial_delay_seconds),
        ("timeoutSeconds", probe.timeout_seconds),
        ("periodSeconds", probe.period_seconds),
        ("successThreshold", probe.success_threshold),
        ("failureThreshold", probe.failure_threshold),
    ):
        errors += told(f"{path}.{field}", number, [NOT_NEGATIVE] if number < 0 else [])
    own_grace = probe.termination_grace_period_seconds
    if own_grace is not None and own_grace <= 0:
        errors.append(FieldError.invalid(f"{path}.terminationGracePeriodSeconds", own_grace, "must be greater than 0"))
    if kind == READINESS:
        if own_grace is not None:
            detail = "must not be set for readinessProbes"
            errors.append(FieldError.invalid(f"{path}.terminationGracePeriodSeconds", own_grace, detail))
    elif probe.success_threshold != 1:
        errors.append(FieldError.invalid(f"{path}.successThreshold", probe.success_threshold, "must be 1"))
    return errors


def validate_lifecycle(lifecycle: Lifecycle, grace_seconds: int | None, path: str) -> list[FieldError]:
    """Check what is done after a container's start and before its end."""
    errors: list[FieldError] = []
    if lifecycle.post_start is not None:
        errors += _validate_handler(lifecycle.post_start, grace_seconds, f"{path}.postStart")
    if lifecycle.pre_stop is not None:
        errors += _validate_handler(lifecycle.pre_stop, grace_seconds, f"{path}.preStop")
    return errors


def _validate_handler(handler: Probe | LifecycleHandler, grace_seconds: int | None, path: str) -> list[FieldError]:
    """Check that exactly one way is named, and that it is sound; of several only the first is looked into."""
    named: list[tuple[str, list[FieldError]]] = []
    if handler.exec is not None:
        missing = [] if handler.exec.command else [FieldError.required(f"{path}.exec.command")]
        named.append(("exec", missing))
    if handler.http_get is not None:
        named.append(("httpGet", _validate_http_get(handler.http_get, f"{path}.httpGet")))
    if handler.tcp_socket is not None:
        port = handler.tcp_socket.port
        named.append(("tcpSocket", told(f"{path}.tcpSocket.port", port, named_port_problems(port))))
    if isinstance(handler, Probe) and handler.grpc is not None:
        number = handler.grpc.port
        named.append(("grpc", told(f"{path}.grpc.port", number, port_problems(number))))
    if isinstance(handler, LifecycleHandler) and handler.sleep is not None:
        named.append(("sleep", _validate_sleep(handler.sleep.seconds, grace_seconds, f"{path}.sleep")))
    if not named:
        return [FieldError.required(path, "must specify a handler type")]
    first, *others = named
    return [*first[1], *(FieldError.forbidden(f"{path}.{name}", _SECOND_HANDLER) for name, _ in others)]


def _validate_http_get(action: HTTPGetAction, path: str) -> list[FieldError]:
    errors = [] if action.path else [FieldError.required(f"{path}.path")]
    errors += told(f"{path}.port", action.port, named_port_problems(action.port))
    if action.scheme not in ("HTTP", "HTTPS"):
        errors.append(FieldError.not_supported(f"{path}.scheme", action.scheme, ["HTTP", "HTTPS"]))
    for header in action.http_headers or []:
        errors += told(f"{path}.httpHeaders", header.name, header_problems(header.name))
    return errors


def _validate_sleep(seconds: int, grace_seconds: int | None, path: str) -> list[FieldError]:
    if grace_seconds is None or 0 < seconds <= grace_seconds:
        return []
    detail = (
        f"must be greater than 0 and less than terminationGracePeriodSeconds ({grace_seconds}). "
        "Enable AllowPodLifecycleSleepActionZeroValue feature gate for zero sleep."
    )
    return [FieldError.invalid(path, seconds, detail)]
