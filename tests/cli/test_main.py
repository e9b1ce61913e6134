"""The frame: flags as oc takes them, errors as oc tells them."""

import os
import subprocess
import sys
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagestreams.api.meta import Status, StatusCause, StatusDetails
from imagestreams.cli.errors import CliError, Failures, line_of
from imagestreams.cli.flags import Flag, rewrite
from imagestreams.cli.texts.durations import parse_duration_s
from imagestreams.client.errors import ClientError, connection_refused

OPTIONS: list[click.Option] = [
    Flag(["-n", "--namespace"]),
    Flag(["-o", "--output"]),
    Flag(["-A", "--all-namespaces"], bare="true"),
    Flag(["-w", "--watch"], bare="true"),
    Flag(["--dry-run"], bare="unchanged"),
    click.Option(["--plain"], is_flag=True),
    click.Option(["--both/--neither"], is_flag=True),
]


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("is -n ns", ["--namespace=ns", "--", "is"]),
        ("-nns is", ["--namespace=ns", "--", "is"]),
        ("-n=ns --output json", ["--namespace=ns", "--output=json", "--"]),
        ("-ojsonpath={.a=b}", ["--output=jsonpath={.a=b}", "--"]),
        ("-Aw -Aojson", ["--all-namespaces=true", "--watch=true", "--all-namespaces=true", "--output=json", "--"]),
        ("--watch=false --watch", ["--watch=false", "--watch=true", "--"]),
        ("--dry-run client", ["--dry-run=unchanged", "--", "client"]),
        ("--dry-run=client", ["--dry-run=client", "--"]),
        ("--plain --plain=true --plain=false", ["--plain", "--plain", "--"]),
        ("--both=false --both=true", ["--neither", "--both", "--"]),
        ("-f - -- --watch", None),
        ("a - -- --watch", ["--", "a", "-", "--watch"]),
    ],
)
def test_flags_are_read_as_oc_reads_them(typed: str, read: list[str] | None) -> None:
    if read is None:
        with pytest.raises(CliError, match="unknown shorthand flag: 'f' in -f"):
            rewrite(typed.split(), OPTIONS, True, "isctl get")
        return

    assert rewrite(typed.split(), OPTIONS, True, "isctl get") == read


def test_a_frame_leaves_alone_what_follows_its_verb() -> None:
    assert rewrite(["-n", "x", "get", "-w"], OPTIONS, False, "isctl") == ["--namespace=x", "get", "-w"]


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("--foo", "unknown flag: --foo"),
        ("-wz", "unknown shorthand flag: 'z' in -wz"),
        ("-n", "flag needs an argument: 'n' in -n"),
        ("--output", "flag needs an argument: --output"),
        ("--plain=x", 'invalid argument "x" for "--plain" flag: strconv.ParseBool: parsing "x": invalid syntax'),
    ],
)
def test_wrong_flags_are_told_in_ocs_words(typed: str, problem: str) -> None:
    with pytest.raises(CliError) as caught:
        rewrite(typed.split(), OPTIONS, True, "isctl get")

    assert str(caught.value) == f"{problem}\nSee 'isctl get --help' for usage."


@given(st.lists(st.text(alphabet="-=nowAa ", max_size=6), max_size=6))
def test_any_arguments_are_read_or_refused(arguments: list[str]) -> None:
    try:
        read = rewrite(arguments, OPTIONS, True, "isctl")
    except CliError:
        return

    assert "--" in read


def _refusal(**parts: Any) -> ClientError:
    return ClientError.from_status(Status(message="the message", **parts))


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (CliError("no"), "error: no"),
        (CliError("no", plain=True), "no"),
        (ClientError("no"), "error: no"),
        (_refusal(reason="NotFound"), "Error from server (NotFound): the message"),
        (_refusal(), "Error from server: the message"),
        (_refusal(reason="Unauthorized"), "error: You must be logged in to the server (the message)"),
        (_refusal(reason="Invalid"), "The request is invalid: the message"),
        (
            _refusal(reason="Invalid", details=StatusDetails(kind="ImageStream", name="x")),
            'The ImageStream "x" is invalid',
        ),
        (
            _refusal(
                reason="Invalid",
                details=StatusDetails(kind="K", name="x", causes=[StatusCause(message="m", field="f")]),
            ),
            'The K "x" is invalid: f: m',
        ),
        (
            _refusal(
                reason="Invalid",
                details=StatusDetails(
                    kind="K", name="x", causes=[StatusCause(message=m, field="f") for m in ("m", "n", "m")]
                ),
            ),
            'The K "x" is invalid: \n* f: m\n* f: n',
        ),
        (
            connection_refused("h:1"),
            "The connection to the server h:1 was refused - did you specify the right host or port?",
        ),
        (Failures([CliError("a"), _refusal(reason="Conflict")]), "a\nError from server (Conflict): the message"),
    ],
)
def test_errors_are_told_as_oc_tells_them(error: Exception, line: str) -> None:
    assert line_of(error) == line


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0), ("5s", 5), ("1h2m3.5s", 3723.5), ("300ms", 0.3), ("-1m", -60), (".5s", 0.5)]
)
def test_durations_are_read_as_go_writes_them(text: str, seconds: float) -> None:
    assert parse_duration_s(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "5", "s", "1x", "1s2", "-"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(CliError, match="invalid duration"):
        parse_duration_s(text)


def test_the_frame_imports_none_of_what_verbs_need() -> None:
    program = (
        "import sys, imagestreams.cli.main\n"
        "heavy = {'urllib3', 'yaml', 'msgspec', 'aiohttp', 'imagestreams.apiserver', 'imagestreams.cli.verbs.get'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


def test_help_lists_the_verbs(api: Any) -> None:
    done = api.isctl("--help")

    assert done.code == 0
    assert all(f"\n  {verb} " in done.stdout for verb in ("get", "tag", "import-image", "serve", "rollback"))


def test_help_of_a_verb_can_be_asked_for_in_three_ways(api: Any) -> None:
    asked = [api.run("get", "-h"), api.run("get", "--help"), api.run("help", "get")]

    assert {one.code for one in asked} == {0}
    assert len({one.stdout for one in asked}) == 1
    assert "--show-labels" in asked[0].stdout


def test_a_reader_that_leaves_early_is_no_trouble(api: Any) -> None:
    for number in range(3000):
        api.stream(f"stream-{number:04d}-{'x' * 60}")
    program = [sys.executable, "-m", "imagestreams.cli.main", "get", "is", "-o", "yaml"]
    environment = {**os.environ, "KUBECONFIG": api.kubeconfig}
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()

    assert errors == b""


def test_an_unknown_verb_brings_the_near_ones(api: Any) -> None:
    done = api.run("gett")

    assert (done.code, done.stdout) == (1, "")
    assert done.stderr == 'error: unknown command "gett" for "isctl"\n\nDid you mean this?\n\tget\n'


@pytest.mark.parametrize("group", [["rollout"], ["set"], ["hook"], ["notify"], ["admission"], ["create", "secret"]])
def test_a_group_without_a_word_fails_and_lists_its_words(api: Any, group: list[str]) -> None:
    done = api.run(*group)

    assert (done.code, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Usage: isctl {' '.join(group)} ") and "\nCommands:\n" in done.stderr


def test_a_bad_value_of_a_flag_is_told(api: Any) -> None:
    done = api.run("get", "is", "--chunk-size=x")

    assert done.stderr == (
        'error: invalid argument "x" for "--chunk-size" flag: strconv.ParseInt: parsing "x": invalid syntax\n'
        "See 'isctl get --help' for usage.\n"
    )


def test_nobody_listening_ends_with_one_line(api: Any) -> None:
    done = api.isctl("get", "is", "--server=http://127.0.0.1:1")

    assert done == type(done)(
        1, "", "The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?\n"
    )


def test_the_version_needs_no_server(api: Any) -> None:
    assert api.run("version", "--client").stdout.startswith("Client Version: ")
    assert "Kubernetes Version: v1.32.0\n" in api.run("version").stdout
    assert '"gitVersion": "v1.32.0"' in api.run("version", "-o", "json").stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_name_isctl(api: Any, shell: str) -> None:
    done = api.run("completion", shell)

    assert done.code == 0
    assert "_ISCTL_COMPLETE" in done.stdout


def test_completion_completes_verbs_and_flags(api: Any) -> None:
    verbs = api.run(env={"_ISCTL_COMPLETE": "bash_complete", "COMP_WORDS": "isctl imp", "COMP_CWORD": "1"})
    flags = api.run(env={"_ISCTL_COMPLETE": "bash_complete", "COMP_WORDS": "isctl get --show-l", "COMP_CWORD": "2"})

    assert "import-image" in verbs.stdout
    assert "--show-labels" in flags.stdout


def test_a_warning_can_be_made_an_error(api: Any) -> None:
    api.warnings = ["old"]

    done = api.run("get", "ns", "--warnings-as-errors")

    assert done.code == 1
    assert done.stderr == "Warning: old\nerror: 1 warning received\n"
