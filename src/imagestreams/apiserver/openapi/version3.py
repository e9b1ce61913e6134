"""OpenAPI v3 from v2: bodies apart from parameters, answers by media type, references that stand alone."""

from collections.abc import Iterable, Mapping
from typing import Any

from imagestreams.apiserver.openapi.definitions import REFERENCE
from imagestreams.apiserver.openapi.plain_definitions import OF_SEVERAL_TYPES

_METHODS = ("get", "put", "post", "delete", "patch")
_OF_PARAMETERS = ("name", "in", "required", "description")


def definition(name: str, value: dict[str, Any]) -> Any:
    """Convert a definition; one whose values are of several types says so."""
    if types := OF_SEVERAL_TYPES.get(name):
        rest = {key: element for key, element in value.items() if key != "type"}
        return {**rest, "oneOf": [{"type": kind} for kind in types]}
    return schema(value)


def schema(value: Any) -> Any:
    """Convert a schema; a reference with a default or description beside it becomes the only member of `allOf`."""
    if isinstance(value, list):
        return [schema(element) for element in value]
    if not isinstance(value, dict):
        return value
    converted = {key: schema(element) for key, element in value.items() if key != "$ref"}
    if not isinstance(target := value.get("$ref"), str):
        return converted
    reference = {"$ref": "#/components/schemas/" + target.removeprefix(REFERENCE)}
    return {"allOf": [reference], **converted} if converted else reference


def path_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """Convert all that can be done under a path."""
    converted: dict[str, Any] = {method: _operation(item[method]) for method in _METHODS if method in item}
    if "parameters" in item:
        converted["parameters"] = [_parameter(parameter) for parameter in item["parameters"]]
    return converted


def _operation(operation: Mapping[str, Any]) -> dict[str, Any]:
    moved = ("consumes", "produces", "schemes", "parameters", "responses")
    converted = {key: value for key, value in operation.items() if key not in moved}
    parameters = operation.get("parameters", [])
    if others := [_parameter(parameter) for parameter in parameters if parameter["in"] != "body"]:
        converted["parameters"] = others
    for body in (parameter for parameter in parameters if parameter["in"] == "body"):
        converted["requestBody"] = {
            "content": _content(operation["consumes"], body["schema"]),
            **({"required": True} if body.get("required") else {}),
        }
    converted["responses"] = {
        code: _response(response, operation["produces"]) for code, response in operation["responses"].items()
    }
    return converted


def _parameter(parameter: Mapping[str, Any]) -> dict[str, Any]:
    outer = {key: parameter[key] for key in _OF_PARAMETERS if key in parameter}
    return {**outer, "schema": {key: value for key, value in parameter.items() if key not in _OF_PARAMETERS}}


def _response(response: Mapping[str, Any], produces: Iterable[str]) -> dict[str, Any]:
    converted: dict[str, Any] = {"description": response["description"]}
    if "schema" in response:
        converted["content"] = _content(produces, response["schema"])
    return converted


def _content(media_types: Iterable[str], of: Any) -> dict[str, Any]:
    return {media_type: {"schema": schema(of)} for media_type in media_types}
