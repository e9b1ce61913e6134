"""Addresses that others wrote: whether anybody can go there at all.

The URL library looks at host and port when they are first used, so that a wrong one would show anywhere.
"""

from yarl import URL


class UnusableAddress(ValueError):
    """Nobody can go there; the text says why, as Go's standard library does."""


def read_address(text: str) -> URL:
    """Return an address as it is written: signed ones break when they are quoted anew.

    Raises:
        UnusableAddress: it is none.
    """
    try:
        url = URL(text, encoded=True)
    except ValueError as error:
        raise UnusableAddress(str(error)) from error
    check_address(url)
    return url


def check_address(url: URL) -> None:
    """Find out whether host and port can be.

    >>> check_address(URL("https://quay.io:5000/v2/", encoded=True))
    >>> check_address(URL("https://quay.io:70000/v2/", encoded=True))
    Traceback (most recent call last):
    ...
    imagestreams.registries.addresses.UnusableAddress: dial tcp: address 70000: invalid port

    Raises:
        UnusableAddress: they can't.
    """
    try:
        _ = url.explicit_port
    except ValueError as error:
        raise UnusableAddress(f"dial tcp: address {url.raw_authority.rpartition(':')[2]}: invalid port") from error
    try:
        _ = url.host
    except ValueError as error:
        raise UnusableAddress(f"dial tcp: lookup {url.raw_host}: no such host") from error
