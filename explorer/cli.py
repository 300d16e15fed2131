"""The command line: python -m explorer."""

import importlib
import os
import sys
from collections.abc import Mapping
from typing import Any

import click


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def main(context: click.Context) -> None:
    """Loss landscapes you can see, touch and trust. Without a command: serve.

    \b
    python -m explorer                     open the page on http://127.0.0.1:8050
    python -m explorer serve --port 8080   the same on another port
    """
    if context.invoked_subcommand is None:
        context.invoke(serve)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to bind; only loopback is private.")
@click.option("--port", default=8050, show_default=True, type=click.IntRange(0, 65535), help="Port to bind.")
@click.option("--catalogue", default="experiments", show_default=True, help="Module whose STUDIES are shown.")
def serve(host: str, port: int, catalogue: str) -> None:
    """Serve the page.

    \b
    python -m explorer serve
    python -m explorer serve --catalogue my_studies --port 8080
    """
    studies = load(catalogue)
    from explorer.dashboard import create_app
    from explorer.dashboard import serve as serve_app
    from explorer.dashboard.app import LOOPBACK

    app = create_app(studies, hosts=("*",) if host in ("0.0.0.0", "::") else (*LOOPBACK, host))
    click.echo(f"Loss explorer on http://{f'[{host}]' if ':' in host else host}:{port} (Ctrl-C stops it)")
    try:
        serve_app(app, host, port)
    except OSError as error:
        raise click.ClickException(f"Cannot serve on {host}:{port}: {error}. Choose another with --port.") from None


def load(catalogue: str) -> Mapping[str, Any]:
    """Return STUDIES of a catalogue module, looked for from the working directory first."""
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        studies = getattr(importlib.import_module(catalogue), "STUDIES", None)
    except ModuleNotFoundError as error:
        hint = f"There is no module {error.name!r} here."
        raise click.ClickException(f"{hint} Run it from the checkout, or name a module with --catalogue.") from None
    if not isinstance(studies, Mapping) or not studies:
        raise click.ClickException(f"Module {catalogue!r} was expected to define STUDIES, a dict of name -> Study.")
    return studies
