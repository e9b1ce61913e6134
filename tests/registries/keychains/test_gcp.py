"""Google's own library gets access tokens by application default credentials."""

import time

import pytest

from imagestreams.registries.credentials import Login
from imagestreams.registries.errors import NoLoginGiven
from imagestreams.registries.keychains.gcp import Gcp
from tests.clouds import GCP_HOST, GCP_TOKEN, Clouds, Reply


async def fetched() -> tuple[Login, float]:
    gcp = Gcp()
    lent = await gcp.fetch(gcp.key(GCP_HOST) or "")
    return lent.login, lent.ends_at


async def test_the_token_of_a_service_account(clouds: Clouds) -> None:
    login, ends_at = await fetched()

    assert login == Login("oauth2accesstoken", GCP_TOKEN)
    assert 3400 < ends_at - time.time() <= 3600
    (call,) = clouds.calls("gcp")
    assert call.form()["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"


@pytest.mark.parametrize(
    ("reply", "transient"),
    [
        (Reply.json({"error": "invalid_grant", "error_description": "robot@a-project"}, 400), False),
        (Reply.json({"error": "internal_failure"}, 400), True),
    ],
    ids=["forbidden", "down"],
)
async def test_what_is_wrong_is_told_in_a_word(clouds: Clouds, reply: Reply, transient: bool) -> None:
    clouds.wrong["gcp"] = reply

    with pytest.raises(NoLoginGiven) as caught:
        await fetched()

    assert (caught.value.kind, caught.value.transient) == ("RefreshError", transient)


async def test_a_file_that_is_not_there(clouds: Clouds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nonexistent/account.json")

    with pytest.raises(NoLoginGiven, match=r"^DefaultCredentialsError$"):
        await fetched()
