"""Azure's own library gets a token of Entra ID, and the registry exchanges it for one of its own."""

import time
from collections.abc import AsyncIterator

import pytest
from yarl import URL

from imagestreams.registries.credentials import Login
from imagestreams.registries.errors import NoLoginGiven
from imagestreams.registries.keychains.azure import Azure
from imagestreams.registries.limits import Limits
from imagestreams.registries.transport import Transport
from imagestreams.tls_trust import system_trust
from tests.clouds import ACR_HOST, AzureRegistry, Clouds, Reply, Tunnels
from tests.faulty_registry import Certificates


@pytest.fixture
async def azure(acr: AzureRegistry, certificates: Certificates) -> AsyncIterator[Azure]:
    trust = system_trust(certificates.ca_file.read_text())
    with Tunnels({ACR_HOST: acr.port}) as tunnels:
        transport = Transport(Limits(connect_s=2, total_s=5, attempts=1), trust, lambda url: URL(tunnels.url))
        yield Azure(transport)
        await transport.close()


async def test_a_token_is_exchanged_and_tells_its_end(clouds: Clouds, acr: AzureRegistry, azure: Azure) -> None:
    lent = await azure.fetch(ACR_HOST)

    assert lent.login == Login(identity_token=acr.refresh_token)
    assert 10_700 < lent.ends_at - time.time() <= 10_800
    assert len(acr.exchanges()) == 1
    assert "resource=https://containerregistry.azure.net" in clouds.calls("azure")[0].path


async def test_a_refresh_token_that_does_not_tell_its_end_ends_with_the_first_token(
    clouds: Clouds, acr: AzureRegistry, azure: Azure
) -> None:
    acr.refresh_token = "opaque"

    assert 3500 < (await azure.fetch(ACR_HOST)).ends_at - time.time() <= 3600


async def test_other_clouds_of_azure_take_other_tokens(clouds: Clouds, azure: Azure) -> None:
    with pytest.raises(NoLoginGiven, match="exchange failed, Unreachable"):
        await azure.fetch("harbour.azurecr.cn")

    assert "resource=https://management.chinacloudapi.cn" in clouds.calls("azure")[0].path


@pytest.mark.parametrize(("status", "transient"), [(401, False), (403, False), (429, True), (500, True)])
async def test_a_registry_that_does_not_exchange(
    clouds: Clouds, acr: AzureRegistry, azure: Azure, status: int, transient: bool
) -> None:
    acr.exchange_status = status

    with pytest.raises(NoLoginGiven, match=rf"^exchange refused with {status}$") as caught:
        await azure.fetch(ACR_HOST)

    assert caught.value.transient is transient


async def test_a_registry_that_gives_nothing(clouds: Clouds, acr: AzureRegistry, azure: Azure) -> None:
    acr.refresh_token = ""

    with pytest.raises(NoLoginGiven, match=r"^unreadable answer$"):
        await azure.fetch(ACR_HOST)


async def test_a_server_that_is_nobody(clouds: Clouds, acr: AzureRegistry, azure: Azure) -> None:
    clouds.wrong["azure"] = Reply.json({"error": "no identity of harbour"}, 400)

    with pytest.raises(NoLoginGiven, match=r"^ClientAuthenticationError$"):
        await azure.fetch(ACR_HOST)

    assert acr.asked == []
