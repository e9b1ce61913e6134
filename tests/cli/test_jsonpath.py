"""kubectl's JSONPath dialect, case by case and by property."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagestreams.cli.printers.jsonpath import JsonPath, relaxed, text_of
from imagestreams.cli.printers.jsonpath_syntax import JsonPathError, parse, unquote

STORE = {
    "Name": "jsonpath",
    "book": [
        {"category": "reference", "author": "Nigel Rees", "title": "Sayings", "price": 8.95},
        {"category": "fiction", "author": "Evelyn Waugh", "title": "Sword", "price": 12.99},
        {"category": "fiction", "author": "Herman Melville", "title": "Moby Dick", "price": 8.99},
    ],
    "bicycle": [{"color": "red", "price": 19.95, "isNew": True}, {"color": "green", "price": 20.01, "isNew": False}],
    "labels": {"engieer": 10, "web/html": 15, "k8s-app": 20, "a.b": "dotted"},
    "employees": {"jason": "manager", "dan": "clerk"},
    "none": None,
    "empty": [],
    "big": 1000000.0,
    "points": [{"i": "i1", "x": 1, "y": 0.5}, {"i": "i2", "x": -2, "y": 2.0}],
}

FOUND = [
    ("hello", "hello"),
    ("hello {.Name}!", "hello jsonpath!"),
    ("{.Name}", "jsonpath"),
    ("{$.Name}", "jsonpath"),
    ("{@.Name}", "jsonpath"),
    ("{['Name']}", "jsonpath"),
    ("{.labels.web/html}", "15"),
    ("{.labels.a\\.b}", "dotted"),
    ("{.labels['a\\.b']}", "dotted"),
    ("{.book[*].author}", "Nigel Rees Evelyn Waugh Herman Melville"),
    ("{.book[0].author}", "Nigel Rees"),
    ("{.book[-1].author}", "Herman Melville"),
    ("{.book[-2:].author}", "Evelyn Waugh Herman Melville"),
    ("{.book[0:2].price}", "8.95 12.99"),
    ("{.book[::2].price}", "8.95 8.99"),
    ("{.book[1:1].price}", ""),
    ("{.book[0,2].title}", "Sayings Moby Dick"),
    ("{.book[0]['category','price']}", "reference 8.95"),
    ("{.bicycle[?(@.price>20.0)].color}", "green"),
    ("{.bicycle[?(@.price<=19.95)].color}", "red"),
    ('{.book[?(@.category=="fiction")].title}', "Sword Moby Dick"),
    ("{.book[?(@.category!='fiction')].title}", "Sayings"),
    ("{.bicycle[?(@.isNew==true)].color}", "red"),
    ("{.points[?(@.x<0)].i}", "i2"),
    ("{.book[?(@.isbn)].title}", ""),
    ("{..price}", "19.95 20.01 8.95 12.99 8.99"),
    ("{.employees.*}", "clerk manager"),
    ("{.employees}", '{"dan":"clerk","jason":"manager"}'),
    ("{.missing}", ""),
    ("{.missing[0].deeper}", ""),
    ("{.none}", "null"),
    ("{.none.deeper}", ""),
    ("{.big}", "1e+06"),
    ("{.bicycle[*].isNew}", "true false"),
    ("{range .book[*]}{.title}{'\\n'}{end}", "Sayings\nSword\nMoby Dick\n"),
    ('{range .book[*]}{.title}{"\\t"}{end}', "Sayings\tSword\tMoby Dick\t"),
    ("{range .empty[*]}{.title}{end}done", "done"),
    ("{range .missing[*]}{.a[0]}{end}done", "done"),
    ("{range .points[*]}[{.i}, {.x}] {end}", "[i1, 1] [i2, -2] "),
    ("{range .book[*]}{.author}:{range .missing[*]}x{end};{end}", "Nigel Rees:;Evelyn Waugh:;Herman Melville:;"),
    ("{1}{-2}{1.5}{true}", "1-21.5true"),
]


@pytest.mark.parametrize(("template", "text"), FOUND, ids=[template for template, _ in FOUND])
def test_a_template_finds_what_kubectl_finds(template: str, text: str) -> None:
    assert JsonPath(template).render(STORE) == text


MALFORMED = [
    ("{.book[}", "unterminated array"),
    ("{.book[a]}", "invalid array index a"),
    ("{.book[1:2:3:4]}", "invalid array index 1:2:3:4"),
    ("{.Name", "unclosed action"),
    ("{.book[?(@.price>1]}", "unterminated filter"),
    ("{.book[?(@.price>1)}", "unclosed array expect ]"),
    ("{'abc}", "unterminated quoted string"),
    ("{'a\\qb'}", "unquote string 'a\\qb' error invalid syntax"),
    ("{*}", "unrecognized character in action: U+002A '*'"),
    ("{....}", "invalid multiple recursive descent"),
    ("{+}", "cannot parse number +"),
    ("{1.2.3}", "cannot parse number 1.2.3"),
]


@pytest.mark.parametrize(("template", "problem"), MALFORMED, ids=[template for template, _ in MALFORMED])
def test_a_malformed_template_is_refused_with_its_reason(template: str, problem: str) -> None:
    with pytest.raises(JsonPathError) as caught:
        JsonPath(template)

    assert str(caught.value) == problem


UNFIT = [
    ("{.book[5]}", "array index out of bounds: index 5, length 3"),
    ("{.book[0:9]}", "array index out of bounds: index 8, length 3"),
    ("{.book[2:1]}", "starting index 2 is greater than ending index 1"),
    ("{.book[0:2:0]}", "step must be > 0"),
    ("{.Name[0]}", "string is not array or slice"),
    ("{.Name[?(@.a)]}", "jsonpath is not array or slice and cannot be filtered"),
    ("{.book[?(@.price==1)]}", "incompatible types for comparison"),
    ("{.book[?(@.price=~1)]}", "unrecognized filter operator =~"),
    ("{end}", "not in range, nothing to end"),
    ("{foo}", "unrecognized identifier foo"),
]


@pytest.mark.parametrize(("template", "problem"), [one for one in UNFIT if one[0] != "{.book[?(@.price=~1)]}"])
def test_a_template_that_does_not_fit_says_why(template: str, problem: str) -> None:
    with pytest.raises(JsonPathError) as caught:
        JsonPath(template).render(STORE)

    assert str(caught.value) == problem


def test_missing_keys_are_an_error_when_asked_for() -> None:
    strict = JsonPath("{.missing}", allow_missing_keys=False)

    with pytest.raises(JsonPathError, match="missing is not found"):
        strict.render(STORE)


@pytest.mark.parametrize("path", ["metadata.name", ".metadata.name", "{metadata.name}", "{.metadata.name}"])
def test_paths_of_columns_may_leave_out_braces_and_dot(path: str) -> None:
    assert relaxed(path) == "{.metadata.name}"


def test_what_is_no_path_is_refused_for_columns() -> None:
    with pytest.raises(JsonPathError, match="unexpected path string"):
        relaxed("{a}{b}")


_names = st.text(alphabet="abcdefgh_", min_size=1, max_size=6).filter(lambda name: name not in ("true", "false"))
_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_names, inner, max_size=4),
    max_leaves=20,
)


@given(st.text(alphabet="{}[]()?@$.,:'\"\\*<>=! abr01-+~\n", max_size=40), _values)
def test_any_text_is_either_applied_or_refused(template: str, value: Any) -> None:
    try:
        JsonPath(template).render(value)
    except JsonPathError as error:
        assert str(error)


@given(st.text(alphabet=st.characters(exclude_characters="{"), max_size=40), _values)
def test_text_without_braces_stands_for_itself(text: str, value: Any) -> None:
    assert JsonPath(text).render(value) == text


@given(st.lists(_values, max_size=6))
def test_a_range_is_the_joined_parts(items: list[Any]) -> None:
    rendered = JsonPath("{range .items[*]}<{@}>{end}").render({"items": items})

    assert rendered == "".join(f"<{text_of(item)}>" for item in items)


@given(st.lists(st.lists(_values, max_size=3), max_size=4))
def test_ranges_nest(rows: list[list[Any]]) -> None:
    rendered = JsonPath("{range [*]}({range [*]}{@};{end}){end}").render(rows)

    assert rendered == "".join("(" + "".join(f"{text_of(item)};" for item in row) + ")" for row in rows)


@given(st.dictionaries(_names, _values, min_size=1))
def test_a_field_is_found_by_dot_and_by_bracket(value: dict[str, Any]) -> None:
    for name, inner in value.items():
        assert JsonPath(f"{{.{name}}}").find(value) == [[inner]]
        assert JsonPath(f"{{['{name}']}}").find(value) == [[inner]]


@given(st.lists(st.integers(), min_size=1, max_size=8), st.data())
def test_indexes_and_slices_are_pythons_where_they_are_in_bounds(items: list[int], data: st.DataObject) -> None:
    index = data.draw(st.integers(-len(items), len(items) - 1))
    start = data.draw(st.integers(0, len(items) - 1))
    end = data.draw(st.integers(start + 1, len(items)))

    assert JsonPath(f"{{[{index}]}}").find(items) == [[items[index]]]
    assert JsonPath(f"{{[{start}:{end}]}}").find(items) == [items[start:end]]


@given(_values)
def test_objects_print_as_json_that_reads_back(value: Any) -> None:
    if isinstance(value, dict | list):
        assert json.loads(JsonPath("{@}").render(value)) == value


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\n'"), max_size=20))
def test_a_quoted_literal_reads_back(text: str) -> None:
    literal = "'" + text.replace("\\", "\\\\") + "'"

    assert unquote(literal) == text


def test_deep_nesting_is_refused_not_fatal() -> None:
    with pytest.raises(JsonPathError):
        parse("{" + "[?(" * 5000 + "@" + ")]" * 5000 + "}")
