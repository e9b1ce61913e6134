"""Which proxy leads to a registry: the rules of `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` that Go programs follow."""

import ipaddress
from collections.abc import Callable, Mapping

from yarl import URL

ProxyChoice = Callable[[URL], URL | None]
"""Says which proxy a request goes through; `None` for none."""


def direct(url: URL) -> URL | None:
    """Use no proxy."""
    return None


def proxies_of(environment: Mapping[str, str]) -> ProxyChoice:
    """Return the choice that environment variables make; the machine itself is never reached through a proxy.

    Raises:
        ValueError: a variable holds no usable address.
    """
    proxies = {scheme: _proxy(_variable(environment, f"{scheme}_proxy")) for scheme in ("http", "https")}
    exceptions = [one.strip().lower() for one in _variable(environment, "no_proxy").split(",") if one.strip()]

    def choose(url: URL) -> URL | None:
        proxy = proxies.get(url.scheme)
        if proxy is None or _is_own(url.host or "") or any(_excepts(one, url) for one in exceptions):
            return None
        return proxy

    return choose


def _variable(environment: Mapping[str, str], name: str) -> str:
    return environment.get(name.upper()) or environment.get(name) or ""


def _proxy(text: str) -> URL | None:
    if not text:
        return None
    url = URL(text if "://" in text else f"http://{text}")
    if url.scheme not in ("http", "https") or not url.host:
        # The text may hold a password.
        raise ValueError("a proxy must be an http or https address")
    return url


def _is_own(host: str) -> bool:
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _excepts(exception: str, url: URL) -> bool:
    """Return whether an entry of `NO_PROXY` means a host: `*`, a domain, an address or a network, maybe with a port."""
    if exception == "*":
        return True
    host, address = (url.host or "").lower(), _address(url.host or "")
    network = _network(exception)
    if network is not None:
        return address is not None and address in network
    name, _, port = exception.rpartition(":") if exception.rpartition(":")[2].isdigit() else (exception, "", "")
    if port and port != str(url.port):
        return False
    name = name.strip("[]").removeprefix("*")
    return host == name or host.endswith(name if name.startswith(".") else f".{name}")


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
