"""Values as Go prints them, for error texts that show them."""

from typing import Any


def plain(value: Any) -> str:
    """Return a value as `%v` prints it."""
    match value:
        case None:
            return "<nil>"
        case bool():
            return "true" if value else "false"
        case dict():
            return "map[" + " ".join(f"{key}:{plain(value[key])}" for key in sorted(value)) + "]"
        case list():
            return "[" + " ".join(map(plain, value)) + "]"
        case float():
            return f"{value:g}"
    return str(value)


def syntax(value: Any) -> str:
    """Return a value as `%#v` prints it."""
    match value:
        case None:
            return "interface {}(nil)"
        case str():
            return _quoted(value)
        case dict():
            return (
                "map[string]interface {}{" + ", ".join(f"{_quoted(k)}:{syntax(value[k])}" for k in sorted(value)) + "}"
            )
        case list():
            return "[]interface {}{" + ", ".join(map(syntax, value)) + "}"
    return plain(value)


def type_name(value: Any) -> str:
    """Return a value's type as `%T` prints it."""
    match value:
        case None:
            return "<nil>"
        case bool():
            return "bool"
        case str():
            return "string"
        case int():
            return "int64"
        case float():
            return "float64"
        case list():
            return "[]interface {}"
    return "map[string]interface {}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'
