"""A cloud is asked once for a login, and again shortly before it ends."""

import asyncio
import logging
import time

import pytest

from imagestreams.registries.credentials import Login
from imagestreams.registries.errors import NoLoginGiven
from imagestreams.registries.keychains.cloud import Lent
from imagestreams.registries.keychains.keychain import Keychain
from imagestreams.registries.keychains.threads import DaemonThreads


class Cloud:
    """Gives logins with a number, for an hour of its own clock."""

    name = "sky"
    libraries = ()

    def __init__(self) -> None:
        self.seconds = 1_000_000.0
        self.asked: list[str] = []
        self.failure: Exception | None = None
        self.hangs = False

    def key(self, host: str) -> str | None:
        return host.partition("-")[0] if host.endswith(".sky") else None

    async def fetch(self, key: str) -> Lent:
        self.asked.append(key)
        await asyncio.sleep(60 if self.hangs else 0)
        if self.failure is not None:
            raise self.failure
        return Lent(Login("sky", f"password-{len(self.asked)}"), self.seconds + 3600)

    def now(self) -> float:
        return self.seconds


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()


@pytest.fixture
def keychain(cloud: Cloud) -> Keychain:
    return Keychain(cloud, cloud.now, timeout_s=0.05)


async def test_all_who_want_a_login_at_once_share_one_question(cloud: Cloud, keychain: Keychain) -> None:
    logins = await asyncio.gather(*(keychain.login(f"eu-{number}.sky") for number in range(20)))

    assert len(set(logins)) == 1
    assert cloud.asked == ["eu"]


async def test_other_keys_have_other_logins(cloud: Cloud, keychain: Keychain) -> None:
    assert await keychain.login("eu-1.sky") != await keychain.login("us-1.sky")
    assert cloud.asked == ["eu", "us"]


async def test_a_login_is_renewed_when_a_tenth_of_its_time_is_left(cloud: Cloud, keychain: Keychain) -> None:
    first = await keychain.login("eu-1.sky")
    cloud.seconds += 3600 - 361
    kept = await keychain.login("eu-1.sky")
    cloud.seconds += 2
    renewed = await keychain.login("eu-1.sky")

    assert kept == first != renewed


async def test_a_login_that_can_not_be_renewed_is_used_until_its_end(cloud: Cloud, keychain: Keychain) -> None:
    first = await keychain.login("eu-1.sky")
    cloud.failure = NoLoginGiven("ServiceUnavailable")
    cloud.seconds += 3600 - 300
    kept = [await keychain.login("eu-1.sky") for _ in range(3)]
    asked = len(cloud.asked)
    cloud.seconds += 299
    kept.append(await keychain.login("eu-1.sky"))
    cloud.seconds += 2

    with pytest.raises(NoLoginGiven, match="ServiceUnavailable"):
        await keychain.login("eu-1.sky")

    assert kept == [first] * 4
    assert asked == 2


async def test_a_failure_is_told_to_all_and_asked_about_again_after_a_minute(
    cloud: Cloud, keychain: Keychain, caplog: pytest.LogCaptureFixture
) -> None:
    cloud.failure = NoLoginGiven("AccessDenied")
    for _ in range(3):
        with pytest.raises(NoLoginGiven, match=r"^AccessDenied$"):
            await keychain.login("eu-1.sky")
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    cloud.failure = None
    cloud.seconds += 61

    await keychain.login("eu-1.sky")

    assert len(cloud.asked) == 2
    assert told == ["the sky keychain gave no login for eu-1.sky: AccessDenied"]


async def test_what_a_library_says_is_not_told_but_of_what_kind_it_is(
    cloud: Cloud, keychain: Keychain, caplog: pytest.LogCaptureFixture
) -> None:
    cloud.failure = RuntimeError("the key is s3cret")

    with pytest.raises(NoLoginGiven) as caught:
        await keychain.login("eu-1.sky")

    assert caught.value.kind == "RuntimeError"
    assert "s3cret" not in caplog.text + str(caught.value)


async def test_a_cloud_that_does_not_answer_is_not_waited_for(cloud: Cloud, keychain: Keychain) -> None:
    cloud.hangs = True

    with pytest.raises(NoLoginGiven, match="no answer in time") as caught:
        await keychain.login("eu-1.sky")

    assert caught.value.transient


async def test_a_refused_login_is_renewed_unless_it_is_new_itself(cloud: Cloud, keychain: Keychain) -> None:
    first = await keychain.login("eu-1.sky")
    keychain.refused("eu-1.sky")
    assert await keychain.login("eu-1.sky") == first

    cloud.seconds += 61
    keychain.refused("eu-1.sky")

    assert await keychain.login("eu-1.sky") != first


async def test_a_host_of_nobody_has_no_login(keychain: Keychain) -> None:
    assert not keychain.opens("quay.io")
    with pytest.raises(NoLoginGiven):
        await keychain.login("quay.io")


async def test_calls_that_never_come_back_do_not_pile_up() -> None:
    threads = DaemonThreads(2)
    hanging = [asyncio.create_task(threads.run(lambda: time.sleep(0.2))) for _ in range(2)]
    await asyncio.sleep(0)
    for one in hanging:
        one.cancel()
    await asyncio.gather(*hanging, return_exceptions=True)

    with pytest.raises(NoLoginGiven, match="too many unanswered calls"):
        await threads.run(lambda: None)


async def test_a_call_gives_what_it_returns_or_raises() -> None:
    threads = DaemonThreads(1)

    def fail() -> None:
        raise KeyError("x")

    assert await threads.run(lambda: 42) == 42
    with pytest.raises(KeyError):
        await threads.run(fail)
    assert await threads.run(lambda: 43) == 43
