"""Which hosts are a cloud's registries. A login goes to no other."""

import pytest

from imagestreams.registries.client import RegistryClient
from imagestreams.registries.keychains.aws import Aws
from imagestreams.registries.keychains.azure import Azure
from imagestreams.registries.keychains.gcp import Gcp


@pytest.mark.parametrize(
    ("host", "key"),
    [
        ("123456789012.dkr.ecr.us-east-1.amazonaws.com", "ecr us-east-1"),
        ("123456789012.dkr.ecr.us-gov-west-1.amazonaws.com", "ecr us-gov-west-1"),
        ("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "ecr us-gov-west-1 fips"),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "ecr cn-north-1"),
        ("123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu", "ecr eusc-de-east-1"),
        ("123456789012.dkr-ecr.eu-west-1.on.aws", "ecr eu-west-1"),
        ("123456789012.dkr-ecr-fips.us-east-2.on.aws", "ecr us-east-2 fips"),
        ("123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn", "ecr cn-north-1"),
        ("123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov", "ecr us-iso-east-1"),
        ("123456789012.dkr.ecr.us-isob-east-1.sc2s.sgov.gov", "ecr us-isob-east-1"),
        ("123456789012.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk", "ecr eu-isoe-west-1"),
        ("123456789012.dkr.ecr.us-isof-south-1.csp.hci.ic.gov", "ecr us-isof-south-1"),
        ("public.ecr.aws", "ecr-public us-east-1"),
        ("ecr-public.aws.com", "ecr-public us-east-1"),
        ("123456789012.dkr.ecr.us-east-1.amazonaws.com.evil.example", None),
        ("evil.example.dkr.ecr.us-east-1.amazonaws.com", None),
        ("123456789012.dkr.ecr.us-east-1.evil.amazonaws.com", None),
        ("123456789012.dkr.ecr.us-east-1.amazonaws.com:5000", None),
        ("123456789012.dkr.ecr.us-east-1.amazonawsxcom", None),
        ("dkr.ecr.us-east-1.amazonaws.com", None),
        ("x.public.ecr.aws", None),
        ("docker.io", None),
    ],
)
def test_hosts_of_amazon(host: str, key: str | None) -> None:
    assert Aws().key(host) == key


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("gcr.io", True),
        ("eu.gcr.io", True),
        ("asia.gcr.io", True),
        ("us-docker.pkg.dev", True),
        ("europe-west3-docker.pkg.dev", True),
        ("europe-west3-python.pkg.dev", False),
        ("pkg.dev", False),
        ("evilgcr.io", False),
        ("gcr.io.evil.example", False),
        ("a.b.gcr.io", False),
        ("us-docker.pkg.dev.evil.example", False),
        ("evil.example/us-docker.pkg.dev", False),
    ],
)
def test_hosts_of_google(host: str, known: bool) -> None:
    assert (Gcp().key(host) is not None) is known


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("harbour.azurecr.io", True),
        ("harbour-a1b2c3.azurecr.io", True),
        ("harbour.azurecr.cn", True),
        ("harbour.azurecr.us", True),
        ("azurecr.io", False),
        (".azurecr.io", False),
        ("a.b.azurecr.io", False),
        ("harbour.azurecr.io:5000", False),
        ("harbour.azurecr.io.evil.example", False),
        ("harbour.azurecr.example", False),
    ],
)
async def test_hosts_of_azure(host: str, known: bool) -> None:
    async with RegistryClient() as client:
        assert Azure(client.transport).key(host) == (host if known else None)
