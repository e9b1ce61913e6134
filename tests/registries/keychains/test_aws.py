"""Amazon's own library gets logins from a small ECR."""

import time

import pytest

from imagestreams.registries.credentials import Login
from imagestreams.registries.errors import NoLoginGiven
from imagestreams.registries.keychains.aws import Aws
from tests.clouds import AWS_PASSWORD, ECR_HOST, Clouds, Reply


async def fetched(host: str) -> tuple[Login, float]:
    aws = Aws()
    lent = await aws.fetch(aws.key(host) or "")
    return lent.login, lent.ends_at


async def test_a_login_of_a_region(clouds: Clouds) -> None:
    login, ends_at = await fetched(ECR_HOST)

    assert login == Login("AWS", AWS_PASSWORD)
    assert 3500 < ends_at - time.time() <= 3600
    (call,) = clouds.calls("aws")
    assert call.headers["x-amz-target"] == "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"
    assert "/eu-central-1/ecr/aws4_request" in call.headers["authorization"]


async def test_a_login_of_the_public_gallery_is_given_in_virginia(clouds: Clouds) -> None:
    login, _ = await fetched("public.ecr.aws")

    assert login == Login("AWS", AWS_PASSWORD)
    assert "/us-east-1/ecr-public/aws4_request" in clouds.calls("aws")[0].headers["authorization"]


async def test_a_server_that_is_nobody_gets_none(clouds: Clouds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    with pytest.raises(NoLoginGiven, match=r"^NoCredentialsError$"):
        await fetched(ECR_HOST)

    assert clouds.asked == []


@pytest.mark.parametrize(
    ("reply", "kind", "transient"),
    [
        (
            Reply.json({"__type": "AccessDeniedException", "Message": "arn:aws:iam::1:user/me"}, 400),
            "AccessDeniedException",
            False,
        ),
        (Reply(503), "503", True),
        (Reply.json({}), "unreadable answer", False),
        (Reply.json({"authorizationData": [{"authorizationToken": "!", "expiresAt": 1}]}), "unreadable answer", False),
    ],
    ids=["forbidden", "down", "empty", "no-login"],
)
async def test_what_is_wrong_is_told_in_a_word(clouds: Clouds, reply: Reply, kind: str, transient: bool) -> None:
    clouds.wrong["aws"] = reply

    with pytest.raises(NoLoginGiven) as caught:
        await fetched(ECR_HOST)

    assert (caught.value.kind, caught.value.transient) == (kind, transient)


async def test_a_service_that_is_not_there(clouds: Clouds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")

    with pytest.raises(NoLoginGiven, match=r"^EndpointConnectionError$") as caught:
        await fetched(ECR_HOST)

    assert caught.value.transient


def test_the_endpoints_are_those_of_each_partition(clouds: Clouds, monkeypatch: pytest.MonkeyPatch) -> None:
    from botocore.config import Config
    from botocore.session import Session

    monkeypatch.delenv("AWS_ENDPOINT_URL")

    def endpoint(host: str) -> str:
        service, region, *fips = (Aws().key(host) or "").split()
        config = Config(use_fips_endpoint=True if fips else None)
        url: str = Session().create_client(service, region_name=region, config=config).meta.endpoint_url
        return url

    account = "123456789012.dkr"
    assert endpoint(f"{account}.ecr.cn-north-1.amazonaws.com.cn") == "https://api.ecr.cn-north-1.amazonaws.com.cn"
    assert endpoint(f"{account}.ecr-fips.us-gov-west-1.amazonaws.com") == "https://ecr-fips.us-gov-west-1.amazonaws.com"
    assert endpoint(f"{account}-ecr.eu-west-1.on.aws") == "https://api.ecr.eu-west-1.amazonaws.com"
