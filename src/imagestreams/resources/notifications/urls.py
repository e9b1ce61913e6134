"""Which addresses may be told of what happens here. Pure.

The check of the text comes first and is not enough: where a name leads to is known when the connection is made only, so
`UrlRules.admits` is asked again then, about the address that is really connected to.
"""

import ipaddress
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

URL_MAX: Final = 2048
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


class UnusableUrl(ValueError):
    """Nothing is sent to such an address; the message never repeats it, since it may be a secret."""


@dataclass(frozen=True, slots=True)
class UrlRules:
    """What an operator allows: http beyond this machine, and addresses that are not public."""

    allow_http: bool = False
    forbid_private: bool = False

    def admits(self, scheme: str, address: Address) -> bool:
        """Return whether a connection to an address may be made."""
        address = _meant(address)
        if scheme == "http" and not self.allow_http and not address.is_loopback:
            return False
        return not self.forbid_private or (address.is_global and not address.is_multicast)


def check_url(text: str, rules: UrlRules) -> SplitResult:
    """Read an address.

    Raises:
        UnusableUrl: nothing is sent to it.
    """
    if not text or len(text) > URL_MAX:
        raise UnusableUrl(f"must be a URL of at most {URL_MAX} characters")
    if not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        raise UnusableUrl("must be a URL without spaces, backslashes and characters beyond ASCII")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise UnusableUrl("must be a URL such as https://ci.example.com/events") from None
    if parts.scheme not in ("https", "http") or not host or port == 0:
        raise UnusableUrl("must be a URL such as https://ci.example.com/events")
    if "@" in parts.netloc:
        raise UnusableUrl("must hold no login; put it into a header with a secretRef")
    if parts.fragment:
        raise UnusableUrl("must have no fragment")
    address = literal_address(host)
    if parts.scheme == "http" and not rules.allow_http and not _is_own(host, address):
        raise UnusableUrl("must be https; http is for this machine only")
    if address is not None and not rules.admits(parts.scheme, address):
        raise UnusableUrl("must be a public address")
    return parts


def literal_address(host: str) -> Address | None:
    """Return the address that a host is, `None` when it is a name."""
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def shown_url(text: str) -> str:
    """Return what of an address may be shown: neither path nor login."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "<unreadable>"
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}:{port}" if port else f"{parts.scheme}://{host}"


def _is_own(host: str, address: Address | None) -> bool:
    return host == "localhost" if address is None else address.is_loopback


def _meant(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one stands for, if it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address
