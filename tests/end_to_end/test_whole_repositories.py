"""A repository of more than a thousand tags, imported whole by `isctl` from a real registry."""

import os
import pty
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.running_server import ISCTL, RunningServer

TAGS, CAP, IMAGES = 1230, 1150, 10


@pytest.fixture(scope="module")
def small_cap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that takes at most CAP tags of a repository."""
    data_dir = tmp_path_factory.mktemp("whole") / "data"
    with RunningServer(data_dir, environment={"IMAGESTREAMS_MAX_REPOSITORY_TAGS": str(CAP)}) as running:
        yield running


@pytest.fixture(scope="module")
def repository(docker_registry: Any) -> str:
    """A repository of many tags that share a few images; its newest are 1.1229 and lower."""
    name = "whole/many"
    images = [docker_registry.image(name, f"1.{number}", seed=number) for number in range(IMAGES)]
    for number in range(IMAGES, TAGS):
        image = images[number % IMAGES]
        docker_registry.send("PUT", f"/v2/{name}/manifests/1.{number}", image.body, Content_Type=image.media_type)
    return f"{docker_registry.host}/{name}"


def tags_of(server: RunningServer, stream: str) -> list[str]:
    answer = server.request("GET", f"/apis/image.openshift.io/v1/namespaces/default/imagestreams/{stream}")[1]
    return [one["tag"] for one in answer["status"].get("tags") or [] if one.get("items")]


def manifest_requests(registry: Any, mark: int) -> Counter[str]:
    return Counter(method for method, path, _ in registry.requests(mark) if "/manifests/" in path)


def test_all_tags_up_to_the_cap_are_imported_and_repeating_costs_a_head_each(
    small_cap: RunningServer, docker_registry: Any, repository: str
) -> None:
    command = ("import-image", "many", f"--from={repository}", "--all", "--confirm", "--insecure")
    mark = docker_registry.mark()

    first = small_cap.isctl(*command, check=True)
    asked_first, mark = manifest_requests(docker_registry, mark), docker_registry.mark()
    again = small_cap.isctl(*command, check=True)
    asked_again = manifest_requests(docker_registry, mark)

    wanted = {f"1.{number}" for number in range(TAGS - CAP, TAGS)}
    assert set(tags_of(small_cap, "many")) == wanted
    left = f"contained {TAGS - CAP} additional tags which were not imported: 1.79, 1.78, "
    assert left in first.stdout and left in again.stdout
    assert (first.stderr, again.stderr) == ("", "")
    assert asked_first["GET"] + asked_first["HEAD"] >= CAP
    assert asked_again == {"HEAD": CAP}


def test_an_import_that_was_broken_off_goes_on_from_there(
    small_cap: RunningServer, docker_registry: Any, repository: str
) -> None:
    body = {
        "kind": "ImageStreamImport",
        "apiVersion": "image.openshift.io/v1",
        "metadata": {"name": "broken-off", "annotations": {"imagestreams.dev/tag-slice": "0:100"}},
        "spec": {
            "import": True,
            "repository": {"from": {"kind": "DockerImage", "name": repository}, "importPolicy": {"insecure": True}},
        },
    }
    path = "/apis/image.openshift.io/v1/namespaces/default/imagestreamimports"
    assert small_cap.request("POST", path, body)[0] == 201
    assert len(tags_of(small_cap, "broken-off")) == 100
    before = small_cap.request("GET", "/apis/image.openshift.io/v1/namespaces/default/imagestreams/broken-off")[1]

    command = ("import-image", "broken-off", f"--from={repository}", "--all", "--confirm", "--insecure")
    small_cap.isctl(*command, check=True)

    after = small_cap.request("GET", "/apis/image.openshift.io/v1/namespaces/default/imagestreams/broken-off")[1]
    assert len(after["status"]["tags"]) == CAP
    kept = {one["tag"]: one["items"] for one in before["status"]["tags"]}
    assert {one["tag"]: one["items"] for one in after["status"]["tags"] if one["tag"] in kept} == kept


@pytest.mark.parametrize(
    ("chosen", "tags"),
    [
        (">=1.1200 <1.1203", {"1.1200", "1.1201", "1.1202"}),
        ("semver:1.7", {"1.7"}),
        (r"regex:^1\.99$", {"1.99"}),
        (r"\.100\d$", {f"1.{number}" for number in range(1000, 1010)}),
    ],
)
def test_a_filter_takes_ranges_and_patterns(
    small_cap: RunningServer, repository: str, chosen: str, tags: set[str], request: pytest.FixtureRequest
) -> None:
    name = "filtered-" + re.sub("[^0-9]+", "-", chosen).strip("-")

    done = small_cap.isctl(
        "import-image", name, f"--from={repository}", "--all", "--confirm", "--insecure", f"--filter={chosen}"
    )

    assert done.returncode == 0, done.stderr
    assert set(tags_of(small_cap, name)) == tags
    assert "additional tags" not in done.stdout


def test_a_filter_that_can_not_be_read_is_refused(small_cap: RunningServer, repository: str) -> None:
    done = small_cap.isctl(
        "import-image", "never", f"--from={repository}", "--all", "--confirm", "--insecure", "--filter=semver:what"
    )

    assert done.returncode == 1
    assert "metadata.annotations[imagestreams.dev/tag-filter]: Invalid value" in done.stderr
    assert small_cap.request("GET", "/apis/image.openshift.io/v1/namespaces/default/imagestreams/never")[0] == 404


def test_a_filter_that_nothing_fits_is_told(small_cap: RunningServer, repository: str) -> None:
    done = small_cap.isctl(
        "import-image", "none", f"--from={repository}", "--all", "--confirm", "--insecure", "--filter=>=99"
    )

    assert (done.returncode, done.stderr) == (0, "info: No tag of the remote repository is within >=99\n")
    assert not tags_of(small_cap, "none")


def test_a_filter_needs_a_repository(small_cap: RunningServer, repository: str) -> None:
    done = small_cap.isctl("import-image", "one:1", f"--from={repository}:1.1", "--confirm", "--filter=~1")

    assert done.returncode == 1
    assert done.stderr.startswith("error: --filter chooses tags of a whole repository")


def test_a_terminal_shows_progress_and_is_left_clean(small_cap: RunningServer, repository: str, tmp_path: Path) -> None:
    terminal, other_end = pty.openpty()
    command = [str(ISCTL), "import-image", "bar", f"--from={repository}", "--all", "--confirm", "--insecure"]
    command.append("--filter=<1.250")
    with (tmp_path / "out").open("wb") as out:
        environment = {**os.environ, "KUBECONFIG": str(small_cap.kubeconfig)}
        code = subprocess.run(command, stdout=out, stderr=other_end, env=environment, timeout=120).returncode
    os.close(other_end)
    shown = os.read(terminal, 1 << 16).decode()
    os.close(terminal)

    assert code == 0
    bars = re.findall(r"\r\[([#.]{40})\] (\d+) of (\d+) tags", shown)
    assert [(done, total) for _, done, total in bars] == [("100", "250"), ("200", "250"), ("250", "250")]
    assert [bar.count("#") for bar, _, _ in bars] == [16, 32, 40]
    assert shown.endswith(" \r")
    assert "[####" not in (tmp_path / "out").read_text()
