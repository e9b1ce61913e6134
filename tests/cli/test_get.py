"""`isctl get` against a small server, and side by side with kubectl."""

import json
from typing import Any

import pytest

CONFIG_MAP = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "cm", "namespace": "default"},
    "data": {
        "a": "<x>&\u2028é😀",
        "b10": "two\nlines\n",
        "b2": "trailing \n x",
        "long": "word " * 40,
        "y": "y",
        "date": "2020-01-01",
        "octal": "0o17",
        "quotes": 'it\'s: "q"',
        "control": "a\u0001b",
        "_x": "1",
        "A": "~",
    },
    "numbers": {"f": 1.5, "big": 1e21, "whole": 1000000.0, "small": 0.00001, "i": 123456789012, "none": None},
}

SAME_AS_KUBECTL = [
    ("get", "is"),
    ("get", "is", "python"),
    ("get", "is", "python", "ruby"),
    ("get", "is", "python", "nope", "ruby"),
    ("get", "is/python", "cm/cm", "is/nope"),
    ("get", "is,cm"),
    ("get", "is,cm", "-A"),
    ("get", "ns,is", "-A"),
    ("get", "is", "--show-labels"),
    ("get", "is", "-L", "app,a/b"),
    ("get", "is", "-o", "wide"),
    ("get", "is", "--no-headers"),
    ("get", "is", "--show-kind"),
    ("get", "is", "-Aoname"),
    ("get", "is", "-o", "json"),
    ("get", "is", "-oyaml"),
    ("get", "is", "ruby", "-o=yaml", "--show-managed-fields"),
    ("get", "cm", "cm", "-o", "yaml"),
    ("get", "cm", "cm", "-o", "json"),
    ("get", "is", "-o", "jsonpath={.items[*].metadata.name}"),
    ("get", "is", "-ojsonpath={range .items[*]}{.metadata.name}{'\\n'}{end}"),
    ("get", "is", "-o", 'jsonpath={.items[?(@.metadata.name=="ruby")].metadata.uid}'),
    ("get", "cm", "cm", "-o", "jsonpath={.numbers}|{.numbers.whole}|{.numbers.none}|{.numbers.i}"),
    ("get", "cm", "cm", "-o", "jsonpath-as-json={.numbers}"),
    ("get", "cm", "cm", "-o", "jsonpath={.data[0]}"),
    ("get", "cm", "cm", "-o", "jsonpath={.data["),
    ("get", "cm", "cm", "-o", "jsonpath"),
    ("get", "is", "-o", "custom-columns=N:.metadata.name,L:.metadata.labels,X:.nope"),
    ("get", "is", "-o", "custom-columns=N:metadata.name", "--no-headers"),
    ("get", "is", "-o", "custom-columns=N"),
    ("get", "is", "-o", "custom-columns="),
    ("get", "is", "--sort-by=.metadata.uid"),
    ("get", "is", "--sort-by={.metadata.name}", "-o", "name"),
    ("get", "is", "-l", "app=web"),
    ("get", "is", "-l", "app=none"),
    ("get", "is", "-A", "-l", "app=none"),
    ("get", "is", "-n", "nowhere"),
    ("get", "is", "x", "-n", "nowhere"),
    ("-n", "else", "get", "is"),
    ("get", "is", "-nelse"),
    ("get", "is", "x", "--ignore-not-found"),
    ("get", "is", "python", "-l", "a=b"),
    ("get", "is", "python", "-A"),
    ("get", "is/a/b"),
    ("get", "/a"),
    ("get", "foo"),
    ("get", "foo.bar"),
    ("get", "imagestreams.v1.image.openshift.io"),
    ("get", "ImageStream"),
    ("get", "secrets"),
    ("get", "secrets", "-o", "json"),
    ("get", "secrets", "-o", "name"),
    ("get", "--raw", "/version"),
    ("get", "--raw", "/nope"),
    ("get", "is", "--raw", "/version"),
    ("get", "is", "-o", "json", "--show-labels"),
    ("get", "is", "--output-watch-events"),
    ("get", "is,cm", "-w"),
    ("get", "is", "-w"),
    ("get", "is", "-w", "--output-watch-events"),
    ("get", "is", "-w", "--output-watch-events", "-o", "json"),
    ("get", "is", "--watch-only", "-o", "name"),
    ("get", "-f", "/nope.yaml"),
]


REFUSED = [("get", "is", "--field-selector", "foo=a"), ("get", "is", "-l", "(", "-oname"), ("get", "is")]


@pytest.mark.parametrize("arguments", REFUSED)
def test_a_refused_list_says_what_was_asked_for(filled: Any, arguments: tuple[str, ...]) -> None:
    status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "BadRequest", "message": "no"}
    path = "/apis/image.openshift.io/v1/namespaces/default/imagestreams"
    filled.answers[("GET", path)] = (400, {**status, "code": 400})

    done = filled.run(*arguments)

    assert "Unable to " in done.stderr
    assert done == filled.kubectl(*arguments)


@pytest.fixture
def filled(api: Any) -> Any:
    api.stream("python", labels={"app": "web", "a/b": "x"})
    ruby = api.stream("ruby", labels={"app": "db"}, managedFields=[{"manager": "x"}])
    api.stream("other", namespace="else")
    api.put(json.loads(json.dumps(CONFIG_MAP)))
    partial = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": ruby["metadata"]}
    table = {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "columnDefinitions": [],
        "rows": [{"cells": ["ruby", 7, "uid", "9y"], "object": partial}],
    }
    api.events = [{"type": "MODIFIED", "object": table}]
    return api


@pytest.mark.parametrize("arguments", SAME_AS_KUBECTL, ids=[" ".join(one)[:60] for one in SAME_AS_KUBECTL])
def test_get_prints_what_kubectl_prints(filled: Any, arguments: tuple[str, ...]) -> None:
    if "-o" in arguments and ("-w" in arguments or "--watch-only" in arguments):
        filled.events = [{"type": "DELETED", "object": filled.stream("gone")}]

    assert filled.run(*arguments) == filled.kubectl(*arguments)


def test_a_table_is_asked_for_in_pages(filled: Any) -> None:
    filled.run("get", "is", "--chunk-size=7", "-l", "app=web")

    path, query, _ = filled.asked("GET")[-1]
    assert path == "/apis/image.openshift.io/v1/namespaces/default/imagestreams"
    assert query == {"limit": "7", "labelSelector": "app=web"}


def test_go_templates_are_refused(filled: Any) -> None:
    done = filled.run("get", "is", "-o", "go-template={{.kind}}")

    assert done.code == 1
    assert done.stderr.startswith("error: Go templates are not supported")


def test_templates_come_from_files_too(filled: Any, tmp_path: Any) -> None:
    (tmp_path / "path").write_text("{.metadata.name}")
    (tmp_path / "columns").write_text("NAME  NS\n.metadata.name {.metadata.namespace}\n")

    by_path = filled.run("get", "is", "python", "-o", f"jsonpath-file={tmp_path}/path")
    by_columns = filled.run("get", "is", "python", "-o", f"custom-columns-file={tmp_path}/columns")

    assert by_path.stdout == "python"
    assert by_columns.stdout == "NAME     NS\npython   default\n"


def test_a_table_sorted_by_what_no_row_has_shows_nothing_and_a_document_is_an_error(filled: Any) -> None:
    table = filled.run("get", "is", "--sort-by=.nope")
    done = filled.run("get", "is", "-o", "name", "--sort-by=.nope")

    assert (table.code, table.stdout) == (0, "")
    assert table.stderr == "No resources found in default namespace.\n"
    assert (done.code, done.stdout) == (1, "")
    assert done.stderr == 'error: couldn\'t find any field with path "{.nope}" in the list of objects\n'


def test_a_watch_of_one_object_shows_it_once(filled: Any) -> None:
    python = filled.stream("python")
    filled.events = [{"type": "ADDED", "object": python}, {"type": "DELETED", "object": python}]

    done = filled.run("get", "is", "python", "-w", "-o", "name")

    assert done.stdout == "imagestream.image.openshift.io/python\n" * 2
    assert filled.asked("GET")[-1][1] == {
        "fieldSelector": "metadata.name=python",
        "resourceVersion": "0",
        "watch": "true",
    }


def test_a_watch_takes_no_longer_than_a_request_may(filled: Any) -> None:
    filled.run("get", "is", "-w", "-o", "name", "--request-timeout=1.5s")

    assert filled.asked("GET")[-1][1]["timeoutSeconds"] == "2"


def test_an_error_in_a_watch_is_told(filled: Any) -> None:
    status = {"kind": "Status", "status": "Failure", "reason": "Expired", "message": "too old", "code": 410}
    filled.events = [{"type": "ERROR", "object": status}]

    done = filled.run("get", "is", "-w", "--no-headers", "-oname")

    assert done.code == 1
    assert done.stderr == "Error from server (Expired): too old\n"


def test_without_a_type_the_way_on_is_shown(filled: Any) -> None:
    done = filled.run("get")

    assert done.code == 1
    assert done.stderr.startswith("You must specify the type of resource to get. Use")
    assert "\nerror: Required resource not specified.\n" in done.stderr


def test_warnings_of_the_server_are_shown(filled: Any) -> None:
    filled.warnings = ["something is old"]

    assert filled.run("get", "is", "python", "-oname").stderr == "Warning: something is old\n"
