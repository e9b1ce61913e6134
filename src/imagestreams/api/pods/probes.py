"""How containers are asked whether they are well, and what is done when they start and stop."""

from imagestreams.api.pods.values import IntOrString
from imagestreams.api.wire import Wire, always


class ExecAction(Wire):
    """A command that is run in a container."""

    command: list[str] | None = None


class HTTPHeader(Wire):
    """A header of a request."""

    name: str = always("")
    value: str = always("")


class HTTPGetAction(Wire):
    """A GET request to a container."""

    path: str = ""
    port: IntOrString = always(0)
    host: str = ""
    scheme: str = ""
    http_headers: list[HTTPHeader] | None = None


class TCPSocketAction(Wire):
    """A connection to a container's port."""

    port: IntOrString = always(0)
    host: str = ""


class GRPCAction(Wire):
    """A call of the gRPC health service of a container."""

    port: int = always(0)
    service: str | None = always()


class SleepAction(Wire):
    """A pause."""

    seconds: int = always(0)


class Probe(Wire):
    """A check that is repeated while a container runs; exactly one of its ways of asking is set."""

    exec: ExecAction | None = None
    http_get: HTTPGetAction | None = None
    tcp_socket: TCPSocketAction | None = None
    grpc: GRPCAction | None = None
    initial_delay_seconds: int = 0
    timeout_seconds: int = 0
    period_seconds: int = 0
    success_threshold: int = 0
    failure_threshold: int = 0
    termination_grace_period_seconds: int | None = None


class LifecycleHandler(Wire):
    """What is done at one moment of a container's life; exactly one way is set."""

    exec: ExecAction | None = None
    http_get: HTTPGetAction | None = None
    tcp_socket: TCPSocketAction | None = None
    sleep: SleepAction | None = None


class Lifecycle(Wire):
    """What is done after a container's start and before its end."""

    post_start: LifecycleHandler | None = None
    pre_stop: LifecycleHandler | None = None
