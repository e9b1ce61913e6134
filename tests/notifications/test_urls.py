"""Which addresses are told, by what they say and by where they lead."""

import ipaddress

import pytest

from imagestreams.resources.notifications.urls import UnusableUrl, UrlRules, check_url, shown_url

PUBLIC_ONLY = UrlRules(forbid_private=True)


@pytest.mark.parametrize(
    "url",
    [
        "https://ci.example.com/events?x=1",
        "https://10.0.0.1:8443/",
        "https://[2001:db8::1]/",
        "http://localhost:8080/x",
        "http://127.0.0.1/x",
        "http://[::1]:80/",
    ],
)
def test_https_goes_anywhere_and_http_stays_on_this_machine(url: str) -> None:
    assert check_url(url, UrlRules()).geturl() == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ci.example.com",
        "ftp://ci.example.com/",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "http://ci.example.com/",
        "http://10.0.0.1/",
        "http://127.0.0.1.example.com/",
        "https://user:pass@ci.example.com/",
        "https://ci.example.com:0/",
        "https://ci.example.com:99999/",
        "https://ci.example.com/#fragment",
        "https://ci.example.com/a b",
        "https://ci.example.com\\@evil.example.com/",
        "https://ci.example.com/\r\nX: y",
        "https://exämple.com/",
        "https://[::1",
        "https://x/" + "a" * 2048,
    ],
)
def test_what_is_no_address_of_a_receiver_is_refused(url: str) -> None:
    with pytest.raises(UnusableUrl):
        check_url(url, UrlRules())


def test_http_goes_further_where_the_operator_allows_it() -> None:
    check_url("http://ci.example.com/", UrlRules(allow_http=True))


@pytest.mark.parametrize(
    "host", ["10.1.2.3", "127.0.0.1", "169.254.169.254", "[::1]", "[fd00::1]", "[::ffff:10.0.0.1]"]
)
def test_addresses_that_are_not_public_can_be_forbidden(host: str) -> None:
    with pytest.raises(UnusableUrl):
        check_url(f"https://{host}/", PUBLIC_ONLY)


@pytest.mark.parametrize(
    ("address", "admitted"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("10.0.0.1", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("127.0.0.1", False),
        ("0.0.0.0", False),
        ("169.254.169.254", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("fe80::1", False),
        ("fc00::1", False),
        ("ff0e::1", False),
        ("::ffff:192.168.1.1", False),
        ("::ffff:93.184.216.34", True),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False),
    ],
)
def test_what_counts_is_the_address_in_the_end(address: str, admitted: bool) -> None:
    assert PUBLIC_ONLY.admits("https", ipaddress.ip_address(address)) is admitted
    assert UrlRules().admits("https", ipaddress.ip_address(address))


def test_http_leads_to_this_machine_whatever_its_name_says() -> None:
    assert UrlRules().admits("http", ipaddress.ip_address("127.0.0.2"))
    assert not UrlRules().admits("http", ipaddress.ip_address("10.0.0.1"))
    assert UrlRules(allow_http=True).admits("http", ipaddress.ip_address("10.0.0.1"))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://hooks.slack.com/services/T0/B0/secret?x#y", "https://hooks.slack.com"),
        ("https://u:p@ci.example.com:8443/x", "https://ci.example.com:8443"),
        ("http://[::1]:80/", "http://[::1]:80"),
        ("https://[", "<unreadable>"),
    ],
)
def test_neither_path_nor_login_is_shown(url: str, shown: str) -> None:
    assert shown_url(url) == shown
