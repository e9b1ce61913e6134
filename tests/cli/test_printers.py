"""Tables, documents and numbers as oc prints them."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from imagestreams.cli.errors import CliError
from imagestreams.cli.objects.yaml_reading import ManifestLoader
from imagestreams.cli.printers import go_text
from imagestreams.cli.printers.choice import printer_for
from imagestreams.cli.printers.columns import Columns
from imagestreams.cli.printers.documents import json_text, yaml_text
from imagestreams.cli.printers.jsonpath_syntax import JsonPathError
from imagestreams.cli.printers.sorting import order_of
from imagestreams.cli.printers.tables import TableOptions, TablePrinter

_texts = st.text(st.characters(exclude_categories=["Cs", "Co", "Cn"]), max_size=30)
_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | _texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_texts, inner, max_size=4),
    max_leaves=15,
)


@given(_values)
def test_json_reads_back(value: Any) -> None:
    assert json.loads(json_text(value)) == value


@given(st.dictionaries(st.text("abcXYZ.-_/019", min_size=1, max_size=8), _values, max_size=5))
def test_yaml_reads_back(value: dict[str, Any]) -> None:
    assert yaml.load(yaml_text(value), Loader=ManifestLoader) == value


def test_yaml_has_natural_key_order_plain_lists_and_quotes_where_needed() -> None:
    text = yaml_text({"b10": "1", "b2": "yes", "A": [{"x": 1}], "a": "2020-01-01", "t": "two\nlines\n", "f": 1000000.0})

    assert text == ('A:\n- x: 1\na: "2020-01-01"\nb2: "yes"\nb10: "1"\nf: 1000000\nt: |\n  two\n  lines\n')


def test_json_has_sorted_keys_four_spaces_and_escapes_html() -> None:
    assert json_text({"b": "<&>", "a": [], "c": {}}) == (
        '{\n    "a": [],\n    "b": "\\u003c\\u0026\\u003e",\n    "c": {}\n}\n'
    )


@pytest.mark.parametrize(
    ("value", "general", "as_json"),
    [(1.5, "1.5", "1.5"), (1e6, "1e+06", "1000000"), (1e21, "1e+21", "1e+21"), (1e-5, "1e-05", "0.00001"),
     (1e-7, "1e-07", "1e-7"), (0.0, "0", "0"), (-2.0, "-2", "-2"), (123456.5, "123456.5", "123456.5")],
)  # fmt: skip
def test_floats_print_as_in_go(value: float, general: str, as_json: str) -> None:
    assert go_text.general_float(value) == general
    assert go_text.json_float(value) == as_json


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_printed_floats_read_back(value: float) -> None:
    assert float(go_text.general_float(value)) == value
    assert float(go_text.json_float(value)) == value


def test_columns_are_three_apart_and_remember_their_width() -> None:
    columns = Columns()
    columns.add(["NAME", "AGE"])
    columns.add(["a-long-name", "5d"])

    first = columns.flush()
    columns.add(["x", "1s"])

    assert first == "NAME          AGE\na-long-name   5d\n"
    assert columns.flush() == "x             1s\n"


def _table(*names: str) -> dict[str, Any]:
    return {
        "kind": "Table",
        "columnDefinitions": [
            {"name": "Name", "type": "string", "format": "name"},
            {"name": "Detail", "type": "string", "priority": 1},
            {"name": "Age", "type": "string"},
        ],
        "rows": [
            {"cells": [name, "d", "1d"], "object": {"metadata": {"namespace": "ns", "labels": {"a/b": name}}}}
            for name in names
        ],
    }


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (TableOptions(), "NAME   AGE\nx      1d\n"),
        (TableOptions(wide=True), "NAME   DETAIL   AGE\nx      d        1d\n"),
        (TableOptions(no_headers=True), "x     1d\n"),
        (TableOptions(with_namespace=True), "NAMESPACE   NAME   AGE\nns          x      1d\n"),
        (TableOptions(kind="is.g"), "NAME     AGE\nis.g/x   1d\n"),
        (TableOptions(show_labels=True), "NAME   AGE   LABELS\nx      1d    a/b=x\n"),
        (TableOptions(label_columns=("a/b", "c")), "NAME   AGE   B     C\nx      1d    x     \n"),
    ],
)
def test_a_table_shows_what_was_asked_for(options: TableOptions, text: str) -> None:
    columns = Columns()

    TablePrinter(options).print(_table("x"), columns)

    assert columns.flush() == text


def test_headers_come_once_and_only_with_rows() -> None:
    printer, columns = TablePrinter(TableOptions()), Columns()

    printer.print(_table(), columns)
    printer.print(_table("x"), columns, "ADDED")
    printer.print({**_table("y"), "columnDefinitions": []}, columns, "MODIFIED")

    assert columns.flush() == "EVENT      NAME   AGE\nADDED      x      1d\nMODIFIED   y      1d\n"


def test_cells_can_neither_break_lines_nor_steer_the_terminal() -> None:
    columns = Columns()

    TablePrinter(TableOptions()).print(_table("a\nb", "\x1b[31mred"), columns)

    assert columns.flush() == "NAME        AGE\na...        1d\n^[[31mred   1d\n"


def test_sorting_puts_missing_fields_first_and_compares_quantities() -> None:
    objects = [{"q": "1Gi"}, {"q": "500Mi"}, {}, {"q": "2Gi"}]

    assert order_of(objects, ".q") == [2, 1, 0, 3]
    with pytest.raises(JsonPathError, match=r'couldn\'t find any field with path "\{\.z\}" in the list of objects'):
        order_of(objects, "z")


def test_go_templates_are_refused_clearly() -> None:
    with pytest.raises(CliError, match="Go templates are not supported"):
        printer_for("go-template={{.}}")


def test_an_unknown_format_names_the_known_ones() -> None:
    with pytest.raises(CliError, match='unable to match a printer suitable for the output format "foo", allowed forma'):
        printer_for("foo")


def test_yaml_documents_are_separated_and_managed_fields_left_out() -> None:
    render = printer_for("yaml")
    value = {"kind": "A", "metadata": {"name": "x", "managedFields": []}}

    assert render(value) + render(value) == "kind: A\nmetadata:\n  name: x\n---\nkind: A\nmetadata:\n  name: x\n"
