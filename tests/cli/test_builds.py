"""`start-build`, `logs` and `cancel-build` against a real server; the test stands in for what runs builds."""

import io
import json
import os
import subprocess
import tarfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.running_server import RunningServer

CONFIG = """
apiVersion: build.openshift.io/v1
kind: BuildConfig
metadata: {name: web}
spec:
  source: {git: {uri: "https://git.example.com/web.git"}}
  strategy: {dockerStrategy: {from: {kind: DockerImage, name: "registry.example.com/base:1"}}}
  triggers:
  - {type: GitHub, github: {secret: hush}}
  - {type: Generic, generic: {secretReference: {name: hook}}}
"""
STAMP = "2026-11-25T03:00:00.000000000Z "


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("server") / "data") as running:
        yield running


@pytest.fixture
def project(server: RunningServer, request: pytest.FixtureRequest) -> str:
    name = f"p{abs(hash(request.node.name)) % 10**9}"
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    assert server.request("POST", "/api/v1/namespaces", body)[0] == 201
    server.isctl("apply", "-n", name, "-f", "-", stdin=CONFIG, check=True)
    return name


def builds(project: str) -> str:
    return f"/apis/build.openshift.io/v1/namespaces/{project}/builds"


def move(server: RunningServer, project: str, name: str, phase: str) -> None:
    headers = {"Content-Type": "application/merge-patch+json"}
    assert server.request("PATCH", f"{builds(project)}/{name}", {"status": {"phase": phase}}, headers)[0] == 200


def write_log(server: RunningServer, project: str, name: str, *lines: str) -> None:
    _, build = server.request("GET", f"{builds(project)}/{name}")
    logs = server.data_dir / "builds" / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    (logs / f"{build['metadata']['uid']}.log").write_text("".join(f"{STAMP}{line}\n" for line in lines))


def test_a_build_is_started_by_the_name_of_its_config(server: RunningServer, project: str) -> None:
    started = server.isctl("start-build", "web", "-n", project)
    named = server.isctl("start-build", "bc/web", "-n", project, "-o", "name")

    assert (started.returncode, started.stdout) == (0, "build.build.openshift.io/web-1 started\n")
    assert named.stdout == "build.build.openshift.io/web-2\n"


def test_flags_change_a_single_build(server: RunningServer, project: str) -> None:
    flags = ("--env=A=1", "-e", "B=2", "--build-arg=C=3", "--commit=abc", "--no-cache", "--build-loglevel=5")

    server.isctl("start-build", "web", "-n", project, *flags, check=True)

    _, build = server.request("GET", f"{builds(project)}/web-1")
    strategy = build["spec"]["strategy"]["dockerStrategy"]
    assert strategy["env"] == [
        {"name": "A", "value": "1"},
        {"name": "B", "value": "2"},
        {"name": "BUILD_LOGLEVEL", "value": "5"},
    ]
    assert (strategy["buildArgs"], strategy["noCache"]) == ([{"name": "C", "value": "3"}], True)
    assert build["spec"]["revision"] == {
        "type": "Git",
        "git": {"commit": "abc", "author": {}, "committer": {}},
    }


def test_a_build_is_run_again(server: RunningServer, project: str) -> None:
    server.isctl("start-build", "web", "-n", project, check=True)

    again = server.isctl("start-build", "--from-build=web-1", "-n", project)

    assert again.stdout == "build.build.openshift.io/web-2 started\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "Must pass a name of a build config or specify build name with '--from-build' flag."),
        (("build/web-1",), "error: use --from-build to rerun your builds"),
        (("nothing",), 'Error from server (NotFound): buildconfigs.build.openshift.io "nothing" not found'),
        (("web", "--env=A"), 'error: environment variables must be of the form key=value, but is "A"'),
        (("web", "--env=1A=2"), "error: environment variable 1A=2 is invalid, a valid environment variable name must"),
        (
            ("web", "--from-dir=.", "--from-file=x"),
            "error: only one of --from-file, --from-repo, --from-archive or --from-dir may be specified",
        ),
        (("web", "--exclude=x"), "error: the --exclude flag is only supported with --from-dir"),
        (("web", "--list-webhooks=x"), "error: --list-webhooks must be 'all', 'generic', or 'github'"),
        (("is/web",), "error: invalid resource provided: imagestreams.image.openshift.io"),
    ],
)
def test_what_can_not_be_started_is_told_in_the_words_of_oc(
    server: RunningServer, project: str, arguments: tuple[str, ...], told: str
) -> None:
    done = server.isctl("start-build", *arguments, "-n", project)

    assert done.returncode == 1
    assert told in done.stderr


def test_a_build_is_followed_and_waited_for(server: RunningServer, project: str) -> None:
    def run() -> None:
        deadline = time.monotonic() + 30
        while server.request("GET", f"{builds(project)}/web-1")[0] != 200 and time.monotonic() < deadline:
            time.sleep(0.05)
        write_log(server, project, "web-1", "STEP 1/1: FROM base", "", "COMMIT")
        move(server, project, "web-1", "Running")
        move(server, project, "web-1", "Failed")

    runner = threading.Thread(target=run)
    runner.start()

    done = server.isctl("start-build", "web", "-n", project, "--follow", "--wait")

    runner.join()
    assert done.stdout == "build.build.openshift.io/web-1 started\nSTEP 1/1: FROM base\n\nCOMMIT\n"
    assert (done.returncode, done.stderr) == (1, f'error: the build {project}/web-1 status is "Failed"\n')


def test_logs_are_those_of_the_newest_build_of_a_config(server: RunningServer, project: str) -> None:
    for name in ("web-1", "web-2"):
        server.isctl("start-build", "web", "-n", project, check=True)
        write_log(server, project, name, f"one of {name}", f"two of {name}")

    def logs(*arguments: str) -> str:
        return server.isctl("logs", *arguments, "-n", project, check=True).stdout

    assert logs("bc/web") == "one of web-2\ntwo of web-2\n"
    assert logs("bc/web", "--version=1", "--tail=1") == "two of web-1\n"
    assert logs("-f", "build/web-1", "--timestamps", "--tail=1") == f"{STAMP}two of web-1\n"
    assert logs("build/web-2", "--previous", "--limit-bytes=3") == "one"


def test_a_log_that_is_followed_and_ends_before_its_build_was_cut_off(server: RunningServer, project: str) -> None:
    server.isctl("start-build", "web", "-n", project, check=True)
    write_log(server, project, "web-1", "one")
    # The server of this test builds nothing: what another one had begun waits for its builder again.
    begun_at = {"status": {"phase": "Running", "startTimestamp": "2026-11-25T03:00:00Z"}}
    headers = {"Content-Type": "application/merge-patch+json"}
    assert server.request("PATCH", f"{builds(project)}/web-1", begun_at, headers)[0] == 200

    followed = server.isctl("logs", "-f", "build/web-1", "-n", project)
    read = server.isctl("logs", "build/web-1", "-n", project)
    begun = server.isctl("logs", "-f", "build/web-1", "--limit-bytes=2", "-n", project)

    told = f"error: the log of build {project}/web-1 was cut off: the build is not over, its phase is "
    assert (followed.returncode, followed.stdout) == (1, "one\n")
    assert followed.stderr.startswith(told)
    assert (read.returncode, read.stdout, read.stderr) == (0, "one\n", "")
    assert (begun.returncode, begun.stdout, begun.stderr) == (0, "on", "")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("build/web-9",), 'Error from server (NotFound): builds.build.openshift.io "web-9" not found'),
        (("bc/web",), 'error: no builds found for "web"'),
        (("build/web-1", "--version=1"), "error: cannot specify a version and a build"),
        (("is/web",), "error: cannot get the logs from ImageStream: only builds and build configs have logs here"),
        (("bc/web", "--tail=-2"), "error: --tail must be greater than or equal to -1"),
        (
            ("bc/web", "--since=1s", "--since-time=2026-11-25T03:00:00Z"),
            "error: at most one of `sinceTime` or `sinceSeconds` may be specified",
        ),
    ],
)
def test_logs_that_are_not_there(server: RunningServer, project: str, arguments: tuple[str, ...], told: str) -> None:
    done = server.isctl("logs", *arguments, "-n", project)

    assert (done.returncode, done.stderr) == (1, told + "\n")


def test_builds_are_cancelled_when_what_runs_them_says_so(server: RunningServer, project: str) -> None:
    for _ in range(2):
        server.isctl("start-build", "web", "-n", project, check=True)
    move(server, project, "web-1", "Complete")

    def run() -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            _, build = server.request("GET", f"{builds(project)}/web-2")
            if build["status"].get("cancelled"):
                move(server, project, "web-2", "Cancelled")
                return
            time.sleep(0.05)

    runner = threading.Thread(target=run)
    runner.start()

    done = server.isctl("cancel-build", "bc/web", "--restart", "-n", project)

    runner.join()
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "build.build.openshift.io/web-2 marked for cancellation, waiting to be cancelled",
        "build.build.openshift.io/web-2 cancelled",
        "build.build.openshift.io/web-2 restarted",
    ]
    assert server.request("GET", f"{builds(project)}/web-3")[0] == 200


def test_what_can_not_be_cancelled(server: RunningServer, project: str) -> None:
    missing = server.isctl("cancel-build", "web-7", "-n", project)
    odd = server.isctl("cancel-build", "web-7", "--state=done", "-n", project)

    assert missing.stderr == (f"error: build {project}/web-7 not found\nerror: failure during the build cancellation\n")
    assert odd.stderr == "error: invalid --state flag value, must be one of 'new', 'pending', or 'running'\n"


def test_webhooks_are_listed_without_their_secrets(server: RunningServer, project: str) -> None:
    done = server.isctl("start-build", "web", "--list-webhooks=all", "-n", project, check=True)

    base = f"/apis/build.openshift.io/v1/namespaces/{project}/buildconfigs/web/webhooks/<secret>"
    assert [line.split(" https://127.0.0.1:") for line in done.stdout.splitlines()] == [
        ["GitHub", f"{server.urls['https'].rpartition(':')[2]}{base}/github"],
        ["Generic", f"{server.urls['https'].rpartition(':')[2]}{base}/generic"],
    ]


def webhook(server: RunningServer, project: str, secret: str, kind: str = "generic", scheme: str = "https") -> str:
    path = f"/apis/build.openshift.io/v1/namespaces/{project}/buildconfigs/web/webhooks/{secret}/{kind}"
    return server.urls[scheme] + path


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_a_generic_webhook_is_called(server: RunningServer, project: str, scheme: str) -> None:
    server.isctl("create", "secret", "generic", "hook", "--from-literal=WebHookSecretKey=hush", "-n", project)

    started = server.isctl("start-build", "--from-webhook", webhook(server, project, "hush", scheme=scheme))

    assert (started.returncode, started.stdout) == (0, "build.build.openshift.io/web-1 started\n")


def test_what_was_pushed_is_told_to_a_webhook(server: RunningServer, project: str, source: Path) -> None:
    server.isctl("create", "secret", "generic", "hook", "--from-literal=WebHookSecretKey=hush", "-n", project)
    shown = subprocess.run(["git", "-C", source, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    commit, nothing = shown.stdout.strip(), "0" * 40
    call = ("start-build", "--from-webhook", webhook(server, project, "hush"), "--git-post-receive=-")

    other = server.isctl(*call, stdin=f"{nothing} {commit} refs/heads/other\n")
    built = server.isctl(*call, f"--git-repository={source}", stdin=f"{nothing} {commit} refs/heads/master\n")

    assert (other.returncode, other.stdout) == (0, "")
    assert 'skipping build. None of the supplied refs matched ""' in other.stderr
    assert built.stdout == "build.build.openshift.io/web-1 started\n"
    revision = server.request("GET", f"{builds(project)}/web-1")[1]["spec"]["revision"]["git"]
    assert (revision["commit"], revision["author"], revision["message"]) == (
        commit,
        {"name": "Jane", "email": "jane@example.com"},
        "first",
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("web",), "error: The '--from-webhook' flag is incompatible with arguments and all '--from-*' flags"),
        (("--from-build=web-1",), "error: The '--from-webhook' flag is incompatible"),
        (
            ("--git-post-receive=/nothing",),
            "error: unable to open --git-post-receive argument as a file: open /nothing",
        ),
        ((), "error: server rejected our request 401\nremote: "),
    ],
)
def test_what_can_not_be_told_to_a_webhook(
    server: RunningServer, project: str, arguments: tuple[str, ...], told: str
) -> None:
    done = server.isctl("start-build", "--from-webhook", webhook(server, project, "wrong"), *arguments)

    assert done.returncode == 1
    assert done.stderr.startswith(told)
    assert "wrong" not in done.stderr


@pytest.mark.parametrize("place", ["ftp://localhost", "https://[::1", "https://localhost:https", "https://:443"])
def test_what_is_no_address_of_a_webhook(server: RunningServer, place: str) -> None:
    done = server.isctl("start-build", f"--from-webhook={place}/hush/generic")

    assert (done.returncode, done.stderr) == (1, "error: the webhook is no http or https URL\n")


def uploaded(server: RunningServer, project: str, name: str) -> tuple[dict[str, Any], bytes]:
    _, build = server.request("GET", f"{builds(project)}/{name}")
    return build, (server.data_dir / "builds" / "uploads" / build["metadata"]["uid"]).read_bytes()


def members(archive: bytes) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return [member.name for member in tar.getmembers()]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A Git repository with one commit, and a file that is not part of it."""
    root = tmp_path / "src"
    (root / "app").mkdir(parents=True)
    (root / "Dockerfile").write_text("FROM scratch\n")
    (root / "app" / "run.sh").write_text("#!/bin/sh\n")
    identity = {
        "GIT_AUTHOR_NAME": "Jane",
        "GIT_AUTHOR_EMAIL": "jane@example.com",
        "GIT_COMMITTER_NAME": "Joe",
        "GIT_COMMITTER_EMAIL": "joe@example.com",
    }
    for command in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "first")):
        subprocess.run(["git", *command], cwd=root, check=True, env={**os.environ, **identity})
    (root / "later.txt").write_text("not committed")
    return root


def test_a_directory_is_sent_without_its_repository(server: RunningServer, project: str, source: Path) -> None:
    done = server.isctl("start-build", "web", f"--from-dir={source}", "-n", project, check=True)

    build, archive = uploaded(server, project, "web-1")
    assert done.stdout == "build.build.openshift.io/web-1 started\n"
    assert f'Uploading directory "{source}" as binary input for the build ...' in done.stderr
    assert members(archive) == ["Dockerfile", "app", "app/run.sh", "later.txt"]
    revision = build["spec"]["revision"]["git"]
    assert (revision["author"], revision["committer"]) == (
        {"name": "Jane", "email": "jane@example.com"},
        {"name": "Joe", "email": "joe@example.com"},
    )
    assert (len(revision["commit"]), revision["message"]) == (40, "first")
    assert build["spec"]["source"] == {"type": "Binary", "binary": {}}


def test_a_commit_is_sent_as_it_was(server: RunningServer, project: str, source: Path) -> None:
    server.isctl("start-build", "web", f"--from-repo={source}", "-n", project, check=True)

    _, archive = uploaded(server, project, "web-1")
    assert members(archive) == ["Dockerfile", "app", "app/run.sh"]


def test_what_matches_is_left_out(server: RunningServer, project: str, source: Path) -> None:
    server.isctl("start-build", "web", f"--from-dir={source}", r"--exclude=^(\.git|app)", "-n", project, check=True)

    _, archive = uploaded(server, project, "web-1")
    assert members(archive) == ["Dockerfile", "later.txt"]


def test_a_file_is_sent_alone(server: RunningServer, project: str, source: Path) -> None:
    server.isctl("start-build", "web", f"--from-file={source / 'Dockerfile'}", "-n", project, check=True)

    build, content = uploaded(server, project, "web-1")
    assert content == b"FROM scratch\n"
    assert build["spec"]["source"]["binary"] == {"asFile": "Dockerfile"}


def test_an_archive_is_sent_as_it_is(server: RunningServer, project: str, source: Path, tmp_path: Path) -> None:
    archive = tmp_path / "source.tar"
    with tarfile.open(archive, "w") as tar:
        tar.add(source / "Dockerfile", "Dockerfile")

    sent = server.isctl("start-build", "web", f"--from-archive={archive}", "-n", project, check=True)
    odd = server.isctl("start-build", "web", f"--from-archive={source / 'Dockerfile'}", "-n", project, check=True)

    assert uploaded(server, project, "web-1")[1] == archive.read_bytes()
    assert "WARNING: the provided file may not be an archive" in odd.stderr
    assert "WARNING" not in sent.stderr


def test_nothing_is_sent_while_files_of_the_config_are_missing(
    server: RunningServer, project: str, source: Path
) -> None:
    patch = {
        "spec": {"source": {"secrets": [{"secret": {"name": "key"}}], "configMaps": [{"configMap": {"name": "m"}}]}}
    }
    path = f"/apis/build.openshift.io/v1/namespaces/{project}/buildconfigs/web"
    headers = {"Content-Type": "application/merge-patch+json"}
    assert server.request("PATCH", path, json.dumps(patch).encode(), headers)[0] == 200

    done = server.isctl("start-build", "web", f"--from-dir={source}", "-n", project)

    assert done.stderr == "error: Missing resources\nConfig Maps: m\nSecrets: key\n"


def test_a_source_that_is_not_there(server: RunningServer, project: str, tmp_path: Path) -> None:
    done = server.isctl("start-build", "web", f"--from-dir={tmp_path / 'nothing'}", "-n", project)

    assert done.stderr == f"error: stat {tmp_path / 'nothing'}: no such file or directory\n"


def test_a_config_is_described_with_its_builds(server: RunningServer, project: str) -> None:
    server.isctl("start-build", "web", "-n", project, check=True)

    config = server.isctl("describe", "bc/web", "-n", project, check=True).stdout
    build = server.isctl("describe", "build/web-1", "-n", project, check=True).stdout

    assert f"/namespaces/{project}/buildconfigs/web/webhooks/<secret>/github" in config
    assert "\nweb-1 \tnew \t" in config
    assert "\nBuild trigger cause:\tManually triggered\n" in build
