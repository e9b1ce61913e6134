"""How notifications leave this machine: the settings of an operator, and whose certificates are believed."""

import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import pytest
from aiohttp import web

from imagestreams.app.certificates import ensure_certificates, server_names
from imagestreams.app.notification_delivery import courier
from imagestreams.app.settings.error import SettingsError
from imagestreams.app.settings.settings import load_settings
from imagestreams.notifications.presets.request import OutgoingRequest
from imagestreams.resources.notifications.urls import UrlRules

REQUEST = OutgoingRequest("application/json", b"{}")


def test_an_operator_says_where_notifications_may_go() -> None:
    names = ("ALLOW_HTTP", "FORBID_PRIVATE")
    chosen = {f"IMAGESTREAMS_NOTIFICATIONS_{name}": "true" for name in names}

    settings = load_settings({}, {"HOME": "/", **chosen, "IMAGESTREAMS_NOTIFICATIONS_CA_FILE": "/etc/ca.pem"})
    default = load_settings({}, {"HOME": "/"})

    assert (settings.notifications_allow_http, settings.notifications_forbid_private) == (True, True)
    assert settings.notifications_ca_file == Path("/etc/ca.pem")
    assert (default.notifications_allow_http, default.notifications_forbid_private) == (False, False)


def test_yes_and_no_are_true_and_false(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("notificationsAllowHttp: true\n")

    assert load_settings({}, {"HOME": "/"}, file).notifications_allow_http is True
    with pytest.raises(SettingsError, match="notificationsAllowHttp must be true or false, not 'yes'"):
        load_settings({}, {"HOME": "/", "IMAGESTREAMS_NOTIFICATIONS_ALLOW_HTTP": "yes"})


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "No such file"), (b"hello", "holds no certificates"), (b"", "holds no certificates")],
)
def test_a_file_without_authorities_is_refused(tmp_path: Path, content: bytes | None, told: str) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(SettingsError, match=told):
        courier(UrlRules(), file, {})


def test_a_proxy_that_is_no_address_is_refused_without_showing_it() -> None:
    with pytest.raises(SettingsError) as refused:
        courier(UrlRules(), None, {"HTTPS_PROXY": "ftp://user:s3cret@proxy"})

    assert "s3cret" not in str(refused.value)


@pytest.fixture
async def secure(tmp_path: Path) -> AsyncIterator[tuple[SplitResult, Path]]:
    """A receiver with TLS, and the authority that signed for it."""
    files = ensure_certificates(tmp_path / "tls", server_names([]), datetime.now(UTC))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)

    async def take(request: web.Request) -> web.Response:
        return web.Response()

    application = web.Application()
    application.router.add_post("/", take)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    yield urlsplit(f"https://127.0.0.1:{runner.addresses[0][1]}/"), files.authority
    await runner.cleanup()


async def test_an_authority_of_the_settings_is_believed(secure: tuple[SplitResult, Path]) -> None:
    url, authority = secure

    assert (await courier(UrlRules(), authority, {}).send(url, REQUEST)).delivered


async def test_a_certificate_of_an_unknown_authority_is_not_believed(secure: tuple[SplitResult, Path]) -> None:
    url, _ = secure

    outcome = await courier(UrlRules(), None, {}).send(url, REQUEST)

    assert not outcome.delivered
    assert outcome.message == ("the receiver's certificate is not trusted: unable to get local issuer certificate")
