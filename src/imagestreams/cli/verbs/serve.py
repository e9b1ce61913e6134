"""`isctl serve`: run the server in the foreground until it is told to stop."""

import os
import signal
from pathlib import Path
from typing import Any, NoReturn

import click


@click.command(short_help="Run the server")
@click.option("--data-dir", type=click.Path(file_okay=False), help="Where everything is kept (made when missing).")
@click.option(
    "--listen",
    multiple=True,
    metavar="URL",
    help="https://HOST:PORT or, on loopback, http://HOST:PORT; may be given several times. Port 0: any free port.",
)
@click.option("--store", metavar="sqlite", help="Where objects are stored.")
@click.option("--registry-host", metavar="HOST[:PORT]", help="What the server calls its own registry in pull specs.")
@click.option(
    "--registry-ca",
    "registry_ca_file",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Authorities (PEM) to trust, besides the system's, when importing from other registries.",
)
@click.option(
    "--registries-conf-file",
    type=click.Path(dir_okay=False),
    help="A containers registries.conf (version 2) with mirrors, blocked and insecure registries.",
)
@click.option("--public-url", metavar="URL", help="Where others reach the server: registries that call hooks, for one.")
@click.option("--config", type=click.Path(dir_okay=False), help="A YAML file with settings.")
def serve(config: str | None, **flags: Any) -> None:
    """Run the server: API on HTTPS, and the same without TLS on loopback.

    Settings come from the flags, then from IMAGESTREAMS_… environment variables, then from the file. At start it
    writes DIR/admin.kubeconfig, with which every client gets in.
    """
    # Until the server listens to signals itself there is nothing to tidy up.
    signal.signal(signal.SIGTERM, _leave)
    from imagestreams.app.server import run
    from imagestreams.app.settings.error import SettingsError
    from imagestreams.app.settings.settings import load_settings
    from imagestreams.store.kv import StoreError

    try:
        settings = load_settings(flags, os.environ, Path(config) if config else None)
        run(settings, announce=click.echo)
    except (SettingsError, StoreError) as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error.strerror}: {error.filename}" if error.filename else str(error)) from error


def _leave(*_: object) -> NoReturn:
    raise SystemExit(0)
