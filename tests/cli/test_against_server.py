"""The verbs against the real server, each in its own process."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Isctl = Callable[..., "subprocess.CompletedProcess[str]"]

STREAM = """apiVersion: image.openshift.io/v1
kind: ImageStream
metadata:
  name: applied
spec:
  tags:
  - name: "1"
    from: {kind: DockerImage, name: "127.0.0.1:1/x:1"}
    reference: true
"""


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A server on free loopback ports, found through its data directory."""
    directory = tmp_path_factory.mktemp("server") / "data"
    listen = ["--listen", "https://127.0.0.1:0", "--listen", "http://127.0.0.1:0"]
    command = [sys.executable, "-m", "imagestreams.cli.main", "serve", "--data-dir", str(directory), *listen]
    with open(directory.parent / "log", "wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + 60
        while _isctl(directory, "get", "--raw", "/readyz").returncode:
            assert process.poll() is None, (directory.parent / "log").read_text()
            assert time.monotonic() < deadline, (directory.parent / "log").read_text()
            time.sleep(0.1)
        yield directory
    finally:
        process.terminate()
        process.wait(30)


def _isctl(data_dir: Path, *arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
    environment = {key: value for key, value in os.environ.items() if key != "KUBECONFIG"}
    environment |= {"HOME": str(data_dir.parent), "IMAGESTREAMS_DATA_DIR": str(data_dir), **env}
    return subprocess.run(
        [sys.executable, "-m", "imagestreams.cli.main", *arguments],
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
        check=False,
    )


@pytest.fixture
def isctl(data_dir: Path, request: pytest.FixtureRequest) -> Isctl:
    """Runs isctl in a project of the test's own."""
    name = request.node.name.replace("_", "-")[:40].strip("-")
    assert _isctl(data_dir, "new-project", name, "--skip-config-write").returncode == 0
    return lambda *arguments, **env: _isctl(data_dir, "-n", name, *arguments, **env)


def test_the_local_server_is_found_without_a_kubeconfig(isctl: Isctl) -> None:
    assert isctl("whoami").stdout == "system:admin\n"


def test_a_stream_is_created_shown_and_deleted(isctl: Isctl) -> None:
    created = isctl("create", "imagestream", "python")
    again = isctl("create", "is", "python")
    shown = isctl("get", "is/python", "-o", "jsonpath={.kind} {.spec.lookupPolicy.local}")
    deleted = isctl("delete", "is", "python")
    gone = isctl("get", "is", "python")

    assert created.stdout == "imagestream.image.openshift.io/python created\n"
    assert again.stderr == (
        'Error from server (AlreadyExists): imagestreams.image.openshift.io "python" already exists\n'
    )
    assert shown.stdout == "ImageStream false"
    assert deleted.stdout.startswith('imagestream.image.openshift.io "python" deleted from ')
    assert gone.stderr == 'Error from server (NotFound): imagestreams.image.openshift.io "python" not found\n'


def test_apply_goes_from_created_to_unchanged_to_configured(isctl: Isctl, tmp_path: Path) -> None:
    path = tmp_path / "stream.yaml"
    path.write_text(STREAM)

    first, second = isctl("apply", "-f", str(path)), isctl("apply", "-f", str(path))
    path.write_text(STREAM + '  - name: "2"\n    from: {kind: ImageStreamTag, name: "applied:1"}\n')
    third = isctl("apply", "-f", str(path))
    by_server = isctl("apply", "-f", str(path), "--server-side", "--force-conflicts")

    assert [one.stdout.split()[-1] for one in (first, second, third, by_server)] == [
        "created",
        "unchanged",
        "configured",
        "serverside-applied",
    ]
    tags = isctl("get", "is", "applied", "-o", "jsonpath={.spec.tags[*].name}")
    assert tags.stdout == "1 2"


def test_several_objects_that_are_applied_are_printed_as_one_list(isctl: Isctl, tmp_path: Path) -> None:
    path = tmp_path / "streams.yaml"
    path.write_text(f"{STREAM}---\n{STREAM.replace('name: applied', 'name: other')}")

    both = isctl("apply", "-f", str(path), "-o", "jsonpath={.kind} {.items[*].metadata.name}")
    by_server = isctl("apply", "-f", str(path), "--server-side", "-o", "jsonpath={.items[*].metadata.name}")
    names = isctl("apply", "-f", str(path), "-o", "name")

    assert (both.stdout, by_server.stdout) == ("List applied other", "applied other")
    assert names.stdout.splitlines() == [
        "imagestream.image.openshift.io/applied",
        "imagestream.image.openshift.io/other",
    ]


def test_a_field_applied_here_before_goes_away_when_the_server_applies(isctl: Isctl, tmp_path: Path) -> None:
    path = tmp_path / "stream.yaml"
    path.write_text(STREAM.replace("name: applied", "name: applied\n  labels: {kept: a, dropped: b}"))
    isctl("apply", "-f", str(path))

    path.write_text(STREAM.replace("name: applied", "name: applied\n  labels: {kept: a}"))
    isctl("apply", "-f", str(path), "--server-side")

    assert isctl("get", "is", "applied", "-o", "jsonpath={.metadata.labels}").stdout == '{"kept":"a"}'


def test_one_can_go_back_from_applying_by_the_server(isctl: Isctl, tmp_path: Path) -> None:
    path = tmp_path / "stream.yaml"
    path.write_text(STREAM.replace("name: applied", "name: applied\n  labels: {kept: a, dropped: b}"))
    isctl("create", "--save-config", "-f", str(path))

    path.write_text(STREAM.replace("name: applied", "name: applied\n  labels: {kept: a}"))
    by_server = isctl("apply", "-f", str(path), "--server-side", "--force-conflicts")
    path.write_text(STREAM)
    back = isctl("apply", "-f", str(path))

    assert (by_server.stderr, back.stderr) == ("", "")
    assert isctl("get", "is", "applied", "-o", "jsonpath={.metadata.labels}").stdout == ""


def test_unknown_fields_are_refused_or_warned_of(isctl: Isctl, tmp_path: Path) -> None:
    path = tmp_path / "stream.yaml"
    path.write_text(STREAM.replace("spec:", "spec:\n  foo: 1"))

    strict = isctl("create", "-f", str(path))
    lenient = isctl("create", "-f", str(path), "--validate=warn")

    assert strict.returncode == 1
    assert 'unknown field "spec.foo"' in strict.stderr
    assert lenient.stderr == 'Warning: unknown field "spec.foo"\n'
    assert lenient.stdout == "imagestream.image.openshift.io/applied created\n"


def test_labels_and_edits_reach_the_server(isctl: Isctl) -> None:
    isctl("create", "is", "python")

    labelled = isctl("label", "is", "python", "app=web")
    refused = isctl("label", "is", "python", "app=db")
    edited = isctl("edit", "is/python", KUBE_EDITOR="sed -i s/app:/tier:/")

    assert labelled.stdout == "imagestream.image.openshift.io/python labeled\n"
    assert refused.stderr == "error: 'app' already has a value (web), and --overwrite is false\n"
    assert edited.stdout == "imagestream.image.openshift.io/python edited\n"
    assert isctl("get", "is", "-l", "tier=web", "-o", "name").stdout == "imagestream.image.openshift.io/python\n"


def test_a_watch_shows_changes_as_they_come(isctl: Isctl, data_dir: Path) -> None:
    isctl("create", "is", "python")
    namespace = isctl("get", "is", "python", "-o", "jsonpath={.metadata.namespace}").stdout
    command = [
        sys.executable,
        "-m",
        "imagestreams.cli.main",
        "-n",
        namespace,
        "get",
        "is",
        "-w",
        "--output-watch-events",
    ]
    environment = {**os.environ, "KUBECONFIG": str(data_dir / "admin.kubeconfig")}
    with subprocess.Popen([*command, "-o", "name"], stdout=subprocess.PIPE, text=True, env=environment) as watch:
        assert watch.stdout is not None
        first = watch.stdout.readline()
        isctl("create", "is", "ruby")
        second = watch.stdout.readline()
        watch.terminate()

    assert first == "imagestream.image.openshift.io/python\n"
    assert second == "imagestream.image.openshift.io/ruby\n"


def test_an_empty_namespace_says_so_on_stderr(isctl: Isctl) -> None:
    done = isctl("get", "is")

    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith("No resources found in test-an-empty-namespace")


def test_a_project_becomes_the_current_one(data_dir: Path, isctl: Isctl) -> None:
    made = _isctl(data_dir, "new-project", "made-here", "--display-name=Made here")

    assert made.stdout.startswith('Now using project "made-here" on server "https://127.0.0.1:')
    assert _isctl(data_dir, "project", "-q").stdout == "made-here\n"
    assert "  * made-here - Made here\n" in _isctl(data_dir, "projects").stdout
    assert _isctl(data_dir, "project", "default").returncode == 0
