"""Objects from `-f`: files, directories, standard input and URLs, YAML or JSON, several in one stream."""

import glob
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from imagestreams.cli.errors import CliError
from imagestreams.cli.printers.go_text import json_text

Object = dict[str, Any]

LIMIT_BYTES = 64 * 1024 * 1024
NODE_LIMIT = 4_000_000
URL_TIMEOUT_S = 30.0
_EXTENSIONS = (".json", ".yaml", ".yml")


@dataclass(frozen=True)
class Manifest:
    """One object and where it was read."""

    object: Object
    source: str


def read_manifests(
    filenames: tuple[str, ...], recursive: bool = False, kustomize: str = "", *, validate: bool = False
) -> list[Manifest]:
    """Read all objects, lists unfolded; `validate` is for objects that are to be sent.

    Raises:
        CliError: something can't be read or is no object.
    """
    if kustomize:
        raise CliError("kustomization directories (-k) are not supported; build them first and pass the result with -f")
    found = []
    for source, data in _sources(filenames, recursive):
        for document in read_documents(data, source, validate=validate):
            found += [Manifest(item, source) for item in unfolded(document, source)]
    return found


def _validate(value: Any, source: str) -> None:
    problems = []
    if not isinstance(value, dict):
        problems.append("invalid object to validate")
    else:
        for key in ("apiVersion", "kind"):
            if key not in value or value[key] is None:
                problems.append(f"{key} not set")
            elif not isinstance(value[key], str):
                problems.append(f"{key} isn't string type")
    if problems:
        text = problems[0] if len(problems) == 1 else "[" + ", ".join(problems) + "]"
        raise CliError(
            f'error validating "{source}": error validating data: {text}; if you choose to ignore these errors, turn'
            " validation off with --validate=false"
        )


def is_single_file(filenames: tuple[str, ...], recursive: bool) -> bool:
    """Tell whether one plain file was named, which may then stand for one object."""
    return len(filenames) == 1 and not recursive and os.path.isfile(filenames[0])


def read_documents(data: bytes, source: str, *, validate: bool = False) -> Iterator[Object]:
    """Read the documents of a stream.

    Raises:
        CliError: the text is neither YAML nor JSON, or a document is no object.
    """
    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise CliError(f"error parsing {source}: yaml: invalid leading UTF-8 octet") from error
    for value in _parsed(text, source):
        if value is None:
            continue
        try:
            plain = _json_value(value, source, [0])
        except RecursionError:
            raise CliError(f"error parsing {source}: yaml: exceeded max depth") from None
        if validate:
            _validate(plain, source)
        if not isinstance(plain, dict):
            raise CliError(
                f'unable to decode "{source}": json: cannot unmarshal {_json_type(plain)} into Go value of type'
                " unstructured.detector"
            )
        if not plain.get("kind") or not isinstance(plain["kind"], str):
            raise CliError(f"unable to decode \"{source}\": Object 'Kind' is missing in '{json_text(plain)}'")
        yield plain


def read_values(text: str) -> Iterator[Any]:
    """Read the values of a YAML or JSON text, of whatever kind.

    Raises:
        CliError: it is neither; the message is the reason alone.
    """
    try:
        for value in _parsed(text, ""):
            yield _json_value(value, "", [0])
    except RecursionError:
        raise CliError("yaml: exceeded max depth") from None
    except CliError as error:
        reason = error.message.removeprefix("error parsing : ").removeprefix("error converting YAML to JSON: ")
        raise CliError(reason) from error


def read_bytes(filename: str) -> bytes:
    """Read one file, or standard input, as it is.

    Raises:
        CliError: it can't be read.
    """
    return b"".join(data for _, data in _sources((filename,), False))


def _sources(filenames: tuple[str, ...], recursive: bool) -> Iterator[tuple[str, bytes]]:
    if list(filenames).count("-") > 1:
        raise CliError("standard input cannot be used for multiple arguments")
    for filename in filenames:
        if filename == "-":
            yield "STDIN", sys.stdin.buffer.read(LIMIT_BYTES + 1)
        elif filename.startswith(("http://", "https://")):
            yield filename, _download(filename)
        else:
            for path in _paths(filename, recursive):
                yield path, _read(path)


def _paths(filename: str, recursive: bool) -> list[str]:
    matches = [filename] if os.path.exists(filename) else sorted(glob.glob(filename))
    if not matches:
        raise CliError(f'the path "{filename}" does not exist')
    found: list[str] = []
    for match in matches:
        if not os.path.isdir(match):
            found.append(match)
            continue
        files = []
        for directory, below, names in os.walk(match):
            below.sort()
            files += [os.path.join(directory, name) for name in names if name.endswith(_EXTENSIONS)]
            if not recursive:
                break
        found += sorted(files)
    if not found:
        listed = " ".join(_EXTENSIONS)
        raise CliError(f"error reading [{' '.join(matches)}]: recognized file extensions are [{listed}]")
    return found


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            data = file.read(LIMIT_BYTES + 1)
    except OSError as error:
        raise CliError(f"open {path}: {(error.strerror or str(error)).lower()}") from error
    if len(data) > LIMIT_BYTES:
        raise CliError(f"{path} is larger than {LIMIT_BYTES} bytes")
    return data


def _download(url: str) -> bytes:
    import urllib3

    pool = urllib3.PoolManager(timeout=URL_TIMEOUT_S)
    try:
        answer = pool.request("GET", url, preload_content=False, retries=urllib3.Retry(3, backoff_factor=0.5))
        data = answer.read(LIMIT_BYTES + 1, decode_content=True)
        answer.close()
    except urllib3.exceptions.HTTPError as error:
        raise CliError(f'unable to read URL "{url}": {type(error).__name__}') from error
    if answer.status != 200:
        status = f"{answer.status} {answer.reason or ''}".strip()
        raise CliError(f'unable to read URL "{url}", server reported {status}, status code={answer.status}')
    if len(data) > LIMIT_BYTES:
        raise CliError(f"{url} is larger than {LIMIT_BYTES} bytes")
    return data


def _parsed(text: str, source: str) -> Iterator[Any]:
    import json

    stripped = text.lstrip()
    if stripped.startswith("{"):
        decoder, position = json.JSONDecoder(), len(text) - len(stripped)
        try:
            while position < len(text):
                value, position = decoder.raw_decode(text, position)
                yield value
                position += len(text[position:]) - len(text[position:].lstrip())
            return
        except (ValueError, RecursionError):
            if position > len(text) - len(stripped):
                raise CliError(f"error parsing {source}: invalid JSON after offset {position}") from None
    yield from _parsed_yaml(text, source)


def _parsed_yaml(text: str, source: str) -> Iterator[Any]:
    import yaml

    from imagestreams.cli.objects.yaml_reading import ManifestLoader

    if len(text) > LIMIT_BYTES:
        raise CliError(f"{source} is larger than {LIMIT_BYTES} bytes")
    try:
        yield from yaml.load_all(text, Loader=ManifestLoader)
    except yaml.YAMLError as error:
        problem = getattr(error, "problem", None) or "could not be parsed"
        where = f"line {line}: " if (line := _line_of(error)) else ""
        raise CliError(f"error parsing {source}: error converting YAML to JSON: yaml: {where}{problem}") from error
    except (ValueError, RecursionError, OverflowError) as error:
        raise CliError(f"error parsing {source}: error converting YAML to JSON: yaml: {error}") from error


def _line_of(error: Exception) -> int:
    """Return the line as Go's parser counts it: where the construct began, and one less unless scanning failed."""
    for name in ("context_mark", "problem_mark"):
        mark = getattr(error, name, None)
        if mark is not None and mark.line:
            return int(mark.line) + (type(error).__name__ == "ScannerError")
    return 0


def _json_value(value: Any, source: str, count: list[int]) -> Any:
    """Give what was read the shape of JSON: texts as keys; aliases that multiply are refused."""
    count[0] += 1
    if count[0] > NODE_LIMIT:
        raise CliError(f"error parsing {source}: yaml: document contains excessive aliasing")
    if isinstance(value, dict):
        return {_key(key): _json_value(inner, source, count) for key, inner in value.items()}
    if isinstance(value, list):
        return [_json_value(inner, source, count) for inner in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        raise CliError(f"error parsing {source}: json: unsupported value: {value}")
    return value


def _key(key: Any) -> str:
    if isinstance(key, bool):
        return "true" if key else "false"
    return key if isinstance(key, str) else "null" if key is None else str(key)


def _json_type(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    return "array" if isinstance(value, list) else "string" if isinstance(value, str) else "number"


def unfolded(document: Object, source: str) -> Iterator[Object]:
    """Yield the items of a list, or the object itself.

    Raises:
        CliError: an item is no object, or has no kind.
    """
    items = document.get("items")
    if not (isinstance(items, list) and document["kind"].endswith("List")):
        yield document
        return
    kind, api_version = document["kind"].removesuffix("List"), document.get("apiVersion")
    for item in items:
        if not isinstance(item, dict):
            raise CliError(f'unable to decode "{source}": an item of the list is no object')
        whole = item if item.get("kind") else {"apiVersion": api_version, "kind": kind, **item} if kind else item
        if not whole.get("kind"):
            raise CliError(f"unable to decode \"{source}\": Object 'Kind' is missing in '{json_text(item)}'")
        yield from unfolded(whole, source)
