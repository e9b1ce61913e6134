"""As whom a foreign cluster is asked: a kubeconfig, read anew when what it gave is no longer taken.

Token files are read again from time to time, as they are renewed in place; an exec plugin runs when the login is made,
never on the server's terminal.
"""

import asyncio
import dataclasses
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from multidict import CIMultiDict
from yarl import URL

from imagestreams import __version__
from imagestreams.client.credentials import credentials_for
from imagestreams.client.errors import ClientError
from imagestreams.client.kubeconfig import ClientConfig, NoServer, Overrides, load_config
from imagestreams.client.tls import tls_context
from imagestreams.daemon_threads import in_daemon_thread
from imagestreams.registries.proxies import proxies_of
from imagestreams.targets.error import ClusterError
from imagestreams.targets.target import Target

TOKEN_FILE_S: Final = 60.0
"""How long a token that was read from a file is used before it is read again."""


@dataclass(frozen=True)
class Login:
    """What every request to a cluster needs; `until` is the loop's time at which it is to be made anew.

    The headers hold secrets, and stay out of `repr`; so does the proxy, which may.
    """

    base: URL
    headers: CIMultiDict[str] = field(repr=False)
    tls: ssl.SSLContext | None
    server_name: str | None
    proxy: URL | None = field(repr=False)
    until: float | None


async def log_in(target: Target, environment: Mapping[str, str]) -> Login:
    """Read a target's kubeconfig and get its credentials.

    Raises:
        ClusterError: that can't be done now.
    """
    try:
        config, headers, tls = await in_daemon_thread(lambda: _read(target, environment))
    except ClientError as error:
        raise ClusterError(error.message) from error
    loop = asyncio.get_running_loop()
    return Login(
        URL(config.server.rstrip("/")),
        headers,
        tls,
        config.tls_server_name,
        _proxy(config, environment),
        loop.time() + TOKEN_FILE_S if config.identity.token_file else None,
    )


def client_config(target: Target, environment: Mapping[str, str]) -> ClientConfig:
    """Read a target's kubeconfig.

    Raises:
        ClientError: it can't be read, or names no server.
    """
    try:
        config = load_config(Overrides(kubeconfig=str(target.kubeconfig), context=target.context or None), environment)
    except NoServer as error:
        raise ClientError(f"{target.kubeconfig} names no cluster") from error
    parts = urlsplit(config.server)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ClientError(f'server "{config.server}" is no http or https URL')
    plugin = config.identity.exec_plugin
    if plugin is None:
        return config
    quiet = dataclasses.replace(config.identity, exec_plugin={**plugin, "interactiveMode": "Never"})
    return dataclasses.replace(config, identity=quiet)


def _read(
    target: Target, environment: Mapping[str, str]
) -> tuple[ClientConfig, CIMultiDict[str], ssl.SSLContext | None]:
    config = client_config(target, environment)
    credentials = credentials_for(config, environment)
    headers = CIMultiDict({"User-Agent": f"imagestreams/{__version__}", **credentials.headers})
    for group in config.identity.as_groups:
        headers.add("Impersonate-Group", group)
    secure = urlsplit(config.server).scheme == "https"
    return config, headers, tls_context(config, credentials) if secure else None


def _proxy(config: ClientConfig, environment: Mapping[str, str]) -> URL | None:
    if not config.proxy_url:
        try:
            return proxies_of(environment)(URL(config.server))
        except ValueError as error:
            raise ClusterError(str(error)) from error
    proxy = URL(config.proxy_url)
    if proxy.scheme not in ("http", "https"):
        raise ClusterError(f'proxy URL scheme of "{proxy.scheme}" is not supported')
    return proxy
