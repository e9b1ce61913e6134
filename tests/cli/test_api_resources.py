"""`isctl api-resources` and `isctl api-versions` print what kubectl prints, and what was recorded."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from imagestreams.cli.main import run

STEPS = json.loads((Path(__file__).parents[1] / "contract" / "transcripts" / "discovery.json").read_text())["steps"]


def recorded(path: str) -> dict[str, Any]:
    answer: dict[str, Any] = next(s["answer"]["body"] for s in STEPS if s.get("http") == ["GET", path])
    return answer


@dataclass(frozen=True)
class Told:
    """What isctl printed and how it ended."""

    code: int
    stdout: str
    stderr: str


@pytest.fixture
def isctl(api: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Told]:
    """Runs isctl against the API server, within this process."""
    monkeypatch.setenv("KUBECONFIG", api.kubeconfig)

    def told(*arguments: str) -> Told:
        code = run(list(arguments))
        return Told(code, *capsys.readouterr())

    return told


@pytest.fixture
def image_group(api: Any) -> Any:
    """The API server with the image group as it was recorded."""
    api.answers["GET", "/apis/image.openshift.io/v1"] = (200, recorded("/apis/image.openshift.io/v1"))
    return api


def test_the_image_group_is_listed_as_recorded(image_group: Any, isctl: Callable[..., Told]) -> None:
    step = next(s for s in STEPS if s.get("cli", [""])[0] == "api-resources")

    told = isctl(*step["cli"])

    assert {"exit": told.code, "stdout": told.stdout, "stderr": told.stderr} == step["answer"]


@pytest.mark.parametrize(
    "arguments",
    [
        "api-versions",
        "api-versions x",
        "api-resources",
        "api-resources --api-group=",
        "api-resources --api-group=nope",
        "api-resources --namespaced=false",
        "api-resources --namespaced",
        "api-resources -o wide",
        "api-resources -o name",
        "api-resources --sort-by=name",
        "api-resources --sort-by=kind -o name",
        "api-resources --sort-by=age",
        "api-resources --no-headers",
        "api-resources --no-headers --api-group=image.openshift.io --verbs=list,watch --namespaced=false",
        "api-resources --verbs=list --verbs=deletecollection -o name",
        "api-resources --categories=all --cached",
        "api-resources --categories=none",
        "api-resources x y",
    ],
)
def test_it_prints_what_kubectl_prints(image_group: Any, isctl: Callable[..., Told], arguments: str) -> None:
    wanted = image_group.kubectl(*arguments.split())

    told = isctl(*arguments.split())

    assert (told.code, told.stdout) == (wanted.code, wanted.stdout)
    assert told.stderr == wanted.stderr.replace("kubectl", "isctl")


def test_resources_are_documents_too(image_group: Any, isctl: Callable[..., Told]) -> None:
    told = isctl("api-resources", "--api-group=image.openshift.io", "--verbs=watch", "-o", "json")
    as_yaml = isctl("api-resources", "--api-group=image.openshift.io", "--categories=all", "-o", "yaml")

    listed = json.loads(told.stdout)
    assert (listed["kind"], listed["apiVersion"]) == ("APIResourceList", "v1")
    assert [each["name"] for each in listed["resources"]] == ["images", "imagestreams"]
    assert listed["resources"][1]["shortNames"] == ["is"]
    assert as_yaml.stdout.startswith(
        'apiVersion: v1\ngroupVersion: ""\nkind: APIResourceList\nresources:\n- categories:\n  - all\n'
    )


def test_an_unknown_format_is_refused(image_group: Any, isctl: Callable[..., Told]) -> None:
    told = isctl("api-resources", "-o", "table")

    assert told.code == 1
    assert told.stderr == (
        'error: unable to match a printer suitable for the output format "table", '
        "allowed formats are: json,name,wide,yaml\n"
    )


def test_a_group_that_does_not_answer_is_named_after_the_rest(image_group: Any, isctl: Callable[..., Told]) -> None:
    image_group.answers["GET", "/apis/image.openshift.io/v1"] = (503, {"kind": "Status", "code": 503})

    told = isctl("api-resources", "-o", "name")

    assert told.code == 1
    assert told.stdout == "configmaps\nnamespaces\nsecrets\n"
    assert told.stderr == (
        "error: unable to retrieve the complete list of server APIs: "
        "image.openshift.io/v1: the server is currently unable to handle the request\n"
    )
