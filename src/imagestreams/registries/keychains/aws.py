"""Logins at Amazon's registries: those of accounts (ECR, a login for each region) and the public gallery."""

import base64
import binascii
import functools
import re
from typing import Any, Final

from imagestreams.registries.credentials import Login
from imagestreams.registries.errors import NoLoginGiven
from imagestreams.registries.keychains.cloud import Lent
from imagestreams.registries.keychains.threads import DaemonThreads

_PRIVATE: Final = re.compile(
    r"\d{12}\.dkr[.-]ecr(?P<fips>-fips)?\.(?P<region>[a-z0-9]+(?:-[a-z0-9]+)*)"
    r"\.(?:amazonaws\.com(?:\.cn)?|amazonaws\.eu|on\.aws|on\.amazonwebservices\.com\.cn"
    r"|sc2s\.sgov\.gov|c2s\.ic\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)"
)
_PUBLIC: Final = frozenset({"public.ecr.aws", "ecr-public.aws.com"})
_PUBLIC_KEY: Final = "ecr-public us-east-1"
"""The gallery's logins are given in this region only."""


class Aws:
    """A login opens all registries of a region that the server's identity may read, whosever account they are in."""

    name = "aws"
    libraries = ("botocore",)

    def __init__(self) -> None:
        self._threads = DaemonThreads(8)

    def key(self, host: str) -> str | None:
        """Return service and region of a host, as `ecr eu-central-1`."""
        if host in _PUBLIC:
            return _PUBLIC_KEY
        found = _PRIVATE.fullmatch(host)
        if found is None:
            return None
        return f"ecr {found['region']}{' fips' if found['fips'] else ''}"

    async def fetch(self, key: str) -> Lent:
        """Ask the service of a region.

        Raises:
            NoLoginGiven: it gives none.
        """
        service, region, *fips = key.split()
        return await self._threads.run(functools.partial(_ask, service, region, bool(fips)))


def _ask(service: str, region: str, fips: bool) -> Lent:
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
    from botocore.exceptions import ConnectionError as NotConnected
    from botocore.session import Session

    config = Config(
        connect_timeout=5,
        read_timeout=10,
        retries={"total_max_attempts": 2, "mode": "standard"},
        use_fips_endpoint=True if fips else None,
    )
    try:
        answer = Session().create_client(service, region_name=region, config=config).get_authorization_token()
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        code = str(error.response.get("Error", {}).get("Code", "")) or "ClientError"
        raise NoLoginGiven(code, transient=status >= 500 or status == 429) from None
    except BotoCoreError as error:
        raise NoLoginGiven(type(error).__name__, transient=isinstance(error, (HTTPClientError, NotConnected))) from None
    return _read(answer.get("authorizationData"))


def _read(data: Any) -> Lent:
    """Read what the two services give: the one a list, the other its only entry."""
    given = data[0] if isinstance(data, list) and data else data
    try:
        username, colon, password = base64.b64decode(given["authorizationToken"]).decode().partition(":")
        ends_at = given["expiresAt"].timestamp()
    except (TypeError, KeyError, AttributeError, binascii.Error, UnicodeDecodeError):
        raise NoLoginGiven("unreadable answer") from None
    if not colon:
        raise NoLoginGiven("unreadable answer")
    return Lent(Login(username, password), ends_at)
