"""Descriptions in kubectl's style: core kinds, kinds nobody knows, and events."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest

from imagestreams.cli.describers.anything import describe_anything, field_in_words
from imagestreams.cli.describers.core import (
    describe_config_map,
    describe_namespace,
    describe_secret,
    describe_service_account,
)
from imagestreams.cli.describers.events import write_events
from imagestreams.cli.describers.project import describe_project
from imagestreams.cli.texts.tab_stops import TabbedText, align

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


def test_columns_reach_only_over_lines_without_a_gap() -> None:
    assert align("a\tb\nlong\tc\n\nx\ty\n") == "a     b\nlong  c\n\nx  y\n"


def test_what_follows_the_last_tab_belongs_to_no_column() -> None:
    assert align("a\tb\tc\nlong\tlonger than the rest\n") == "a     b  c\nlong  longer than the rest\n"


def test_padding_with_tabs_goes_to_stops_eight_apart() -> None:
    assert align("Name:\tx\nAnnotations:\ty\n", padding=1, with_tabs=True) == "Name:\t\tx\nAnnotations:\ty\n"


def test_a_secret_shows_how_long_its_values_are_and_not_the_values() -> None:
    data = {"password": base64.b64encode(b"s3cret").decode(), ".dockerconfigjson": base64.b64encode(b"{}").decode()}
    secret = {"metadata": {"name": "pull", "namespace": "ns"}, "type": "kubernetes.io/dockerconfigjson", "data": data}

    assert describe_secret(secret) == (
        "Name:         pull\n"
        "Namespace:    ns\n"
        "Labels:       <none>\n"
        "Annotations:  <none>\n"
        "\n"
        "Type:  kubernetes.io/dockerconfigjson\n"
        "\n"
        "Data\n"
        "====\n"
        ".dockerconfigjson:  2 bytes\n"
        "password:           6 bytes\n"
    )


def test_long_annotations_stand_on_lines_of_their_own_and_are_cut() -> None:
    annotations = {
        "a": "short",
        "kubectl.kubernetes.io/last-applied-configuration": "{}",
        "lines": "one\ntwo\n",
        "long": "x" * 200,
    }

    text = describe_secret({"metadata": {"name": "n", "annotations": annotations}, "type": "Opaque"})

    assert text.splitlines()[3:9] == [
        "Annotations:  a: short",
        "              lines:",
        "                one",
        "                two",
        "              long:",
        "                " + "x" * 138 + "...",
    ]


def test_a_config_map_shows_its_texts_and_the_sizes_of_its_bytes() -> None:
    config_map = {
        "metadata": {"name": "c", "namespace": "ns", "labels": {"b": "2", "a": "1"}},
        "data": {"key": "value"},
        "binaryData": {"bin": base64.b64encode(b"123").decode()},
    }

    assert describe_config_map(config_map, [], NOW) == (
        "Name:         c\nNamespace:    ns\nLabels:       a=1\n              b=2\nAnnotations:  <none>\n"
        "\nData\n====\nkey:\n----\nvalue\n\n\nBinaryData\n====\nbin: 3 bytes\n\nEvents:  <none>\n"
    )


def test_a_service_account_lists_its_pull_secrets() -> None:
    account = {"metadata": {"name": "default", "namespace": "ns"}, "imagePullSecrets": [{"name": "a"}, {"name": "b"}]}

    lines = describe_service_account(account, None, NOW).splitlines()

    assert lines[0] == "Name:                default"
    assert lines[-2:] == ["Image pull secrets:  a", "                     b"]


def test_a_namespace_shows_its_conditions_and_limits() -> None:
    condition = {
        "type": "Gone",
        "status": "True",
        "lastTransitionTime": "2026-11-24T11:00:00Z",
        "reason": "R",
        "message": "M",
    }
    quota = {"metadata": {"name": "q"}, "status": {"hard": {"pods": "4"}, "used": {"pods": "1"}}}
    limits = {"spec": {"limits": [{"type": "Container", "max": {"cpu": "2"}, "default": {"cpu": "1"}}]}}

    text = describe_namespace(
        {"metadata": {"name": "ns"}, "status": {"phase": "Active", "conditions": [condition]}}, [quota], [limits]
    )

    assert "Status:       Active\n" in text
    assert "Gone  True    Tue, 24 Nov 2026 11:00:00 +0000  R       M\n" in text
    assert (
        "\nResource Quotas\n  Name:     q\n  Resource  Used  Hard\n  --------  ---   ---\n  pods      1     4\n" in text
    )
    assert text.splitlines()[-1].split() == ["Container", "cpu", "-", "2", "-", "1", "-"]


def test_a_server_without_quotas_says_nothing_of_them() -> None:
    text = describe_namespace({"metadata": {"name": "ns"}, "status": {"phase": "Active"}}, None, None)

    assert text == "Name:         ns\nLabels:       <none>\nAnnotations:  <none>\nStatus:       Active\n"


def test_a_project_shows_what_its_annotations_mean() -> None:
    annotations = {"openshift.io/display-name": "My project", "openshift.io/node-selector": "a=b"}
    project = {
        "metadata": {"name": "p", "creationTimestamp": "2026-11-24T10:00:00Z", "annotations": annotations},
        "status": {"phase": "Active"},
    }

    lines = [line.split("\t") for line in describe_project(project, [], [], NOW).splitlines()]

    assert [(line[0], line[-1]) for line in lines] == [
        ("Name:", "p"),
        ("Created:", "2 hours ago"),
        ("Labels:", "<none>"),
        ("Annotations:", "openshift.io/display-name=My project"),
        ("", "openshift.io/node-selector=a=b"),
        ("Display Name:", "My project"),
        ("Description:", "<none>"),
        ("Status:", "Active"),
        ("Node Selector:", "a=b"),
        ("Quota:", "<none>"),
        ("Resource limits:", "<none>"),
    ]


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("dockerImageReference", "Docker Image Reference"),
        ("apiVersion", "API Version"),
        ("uid", "UID"),
        ("creationTimestamp", "Creation Timestamp"),
        ("HTTPServer", "Http Server"),
        ("a.b/c", "a.b/c"),
        ("sha256", "sha256"),
    ],
)
def test_field_names_become_words(field: str, words: str) -> None:
    assert field_in_words(field) == words


def test_a_kind_that_nobody_knows_is_told_field_by_field() -> None:
    value = {
        "kind": "Odd",
        "apiVersion": "v1",
        "metadata": {"name": "n", "namespace": "ns", "managedFields": [{}], "uid": "u"},
        "items": [{"a": 1, "b": None}, "text", True],
        "nested": {"deep": {"x": 1.5}},
    }

    assert describe_anything(value, None, NOW) == (
        "Name:         n\nNamespace:    ns\nLabels:       <none>\nAnnotations:  <none>\nAPI Version:  v1\n"
        "Items:\n  A:  1\n  B:  <nil>\n  text\n  true\nKind:  Odd\nMetadata:\n  UID:  u\n"
        "Nested:\n  Deep:\n    X:  1.5\n"
    )


def events_text(*events: dict[str, Any]) -> str:
    text = TabbedText()
    write_events(text, events, NOW)
    return text.text()


def test_events_come_oldest_first_with_how_often_they_were() -> None:
    common = {"type": "Warning", "reason": "ImportFailed", "source": {"component": "importer"}}
    first = "2026-11-24T11:00:00Z"

    text = events_text(
        {**common, "message": " again ", "count": 3, "firstTimestamp": first, "lastTimestamp": "2026-11-24T11:59:00Z"},
        {**common, "message": "once", "count": 1, "firstTimestamp": first, "lastTimestamp": first},
    )

    assert text == (
        "Events:\n"
        "  Type     Reason        Age                From      Message\n"
        "  ----     ------        ----               ----      -------\n"
        "  Warning  ImportFailed  60m                importer  once\n"
        "  Warning  ImportFailed  60s (x3 over 60m)  importer  again\n"
    )


def test_events_of_a_series_name_their_reporter() -> None:
    event = {
        "type": "Normal",
        "reason": "R",
        "eventTime": "2026-11-24T11:50:00.000000Z",
        "series": {"count": 2, "lastObservedTime": "2026-11-24T11:59:30.000000Z"},
        "reportingComponent": "ctl",
        "message": "m",
        "involvedObject": {"fieldPath": "spec.x"},
    }

    words = events_text(event).splitlines()[-1].split()

    assert words == ["Normal", "R", "30s", "(x2", "over", "10m)", "ctl", "spec.x:", "m"]


def test_no_events_are_told_unless_nobody_asked() -> None:
    text = TabbedText()

    write_events(text, None, NOW)

    assert text.text() == ""
    assert events_text() == "Events:  <none>\n"
