"""What can be listened on."""

import pytest

from imagestreams.app.listeners import Listener, bind, parse_listener
from imagestreams.app.settings.error import SettingsError


@pytest.mark.parametrize(
    ("url", "listener"),
    [
        ("https://127.0.0.1:8443", Listener("https", "127.0.0.1", 8443)),
        ("https://0.0.0.0", Listener("https", "0.0.0.0", 443)),
        ("http://localhost:5000/", Listener("http", "localhost", 5000)),
        ("http://[::1]:0", Listener("http", "::1", 0)),
    ],
)
def test_a_url_names_scheme_host_and_port(url: str, listener: Listener) -> None:
    assert parse_listener(url) == listener


@pytest.mark.parametrize("url", ["http://0.0.0.0:5000", "http://192.0.2.1", "http://example.com:80"])
def test_plain_http_is_for_loopback_only(url: str) -> None:
    with pytest.raises(SettingsError, match="plain HTTP is for loopback addresses only"):
        parse_listener(url)


@pytest.mark.parametrize("url", ["127.0.0.1:80", "ftp://127.0.0.1", "https://", "https://h:99999", "https://u:p@h/x"])
def test_what_is_no_listener_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="can't listen on"):
        parse_listener(url)


def test_a_taken_address_is_named() -> None:
    listener, held = bind(Listener("http", "127.0.0.1", 0))

    with held, pytest.raises(SettingsError, match=rf"{listener.port}: address already in use; choose"):
        bind(listener)


def test_a_wildcard_address_is_reached_over_loopback() -> None:
    assert Listener("https", "0.0.0.0", 8443).url == "https://127.0.0.1:8443"
    assert Listener("https", "::", 8443).url == "https://[::1]:8443"
