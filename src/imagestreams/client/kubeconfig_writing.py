"""Changing the current namespace in a kubeconfig file, and nothing else.

Entries that this program does not know stay as they are; the file keeps its mode and is replaced in one step, under
the lock file that other clients use too.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from imagestreams.client.errors import ClientError
from imagestreams.client.kubeconfig import Overrides, load_kubeconfig, read_document


def set_namespace(namespace: str, overrides: Overrides, environment: Mapping[str, str] = os.environ) -> Path:
    """Make a namespace the current one of the context in use; return the file that says so.

    Raises:
        ClientError: there is no context, or its file can't be written.
    """
    merged = load_kubeconfig(overrides, environment)
    context = overrides.context or merged.current_context
    origin = merged.origins.get(("contexts", context))
    if origin is None:
        raise ClientError("no context is in use whose namespace could be changed")
    path = Path(os.path.realpath(origin))
    with _locked(path):
        document = read_document(path)
        for entry in document.get("contexts") or []:
            if entry.get("name") == context:
                entry["context"] = {**(entry.get("context") or {}), "namespace": namespace}
                break
        _replace(path, document)
    return path


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    lock = path.with_name(path.name + ".lock")
    try:
        os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError as error:
        raise ClientError(f"open {lock}: file exists") from error
    except OSError as error:
        raise ClientError(f"open {lock}: {(error.strerror or '').lower()}") from error
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.unlink(lock)


def _replace(path: Path, document: Mapping[str, object]) -> None:
    import yaml

    try:
        mode = path.stat().st_mode & 0o7777
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".kubeconfig-")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                yaml.safe_dump(document, file, sort_keys=False, allow_unicode=True)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, mode)
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
    except OSError as error:
        raise ClientError(f"can't write {path}: {(error.strerror or '').lower()}") from error
