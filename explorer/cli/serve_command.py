"""serve: the page."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from explorer.cli.modules import import_module_here
from explorer.cli.told_errors import explained
from explorer.extras import package

_CATALOGUE, _STORES = "experiments", "runs/"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to bind; only loopback is private.")
@click.option("--port", default=8050, show_default=True, type=click.IntRange(0, 65535), help="Port to bind.")
@click.option("--catalogue", default=_CATALOGUE, show_default=True, help="Module whose STUDIES are shown.")
@click.option("--stores", default=_STORES, show_default=True, type=click.Path(path_type=Path),
              help="Folder whose stores are shown at /slice.")  # fmt: skip
@click.option("--trust", multiple=True, metavar="MODULE",
              help="Module whose functions annotated as returning an Objective a store may name; repeatable. A store "
              "is data: else only what the catalogue declares in FACTORIES is called for it.")  # fmt: skip
@click.option("--factory-seconds", default=60.0, show_default=True, type=click.FloatRange(min=0, min_open=True),
              help="That such a function may take to make its objective, in a process of its own.")  # fmt: skip
@click.option("--factory-gib", default=4.0, show_default=True, type=click.FloatRange(min=0, min_open=True),
              help="Memory that such a process may take, in GiB.")  # fmt: skip
@click.pass_context
def serve(
    context: click.Context, host: str, port: int, catalogue: str, stores: Path, trust: tuple[str, ...],
    factory_seconds: float, factory_gib: float,
) -> None:  # fmt: skip
    """Serve the page.

    \b
    python -m explorer serve
    python -m explorer serve --catalogue my_studies --port 8080
    python -m explorer serve --stores results --trust train    exact values of stores made from train:objective
    """
    with explained():
        package("dash", "dashboard")
    optional = context.get_parameter_source("catalogue") != ParameterSource.COMMANDLINE
    studies, factories = load(catalogue, optional=optional)
    from explorer.dashboard import create_app
    from explorer.dashboard import serve as serve_app
    from explorer.dashboard.app import LOOPBACK
    from explorer.dashboard.child import Limits

    hosts = ("*",) if host in ("0.0.0.0", "::") else (*LOOPBACK, host)
    limits = Limits(factory_seconds, round(factory_gib * (1 << 30)))
    app = create_app(studies, hosts=hosts, stores=stores, factories=factories, trusted=trust, limits=limits)
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    if studies:
        click.echo(f"Loss explorer on {address}, slices of {stores} on {address}/slice (Ctrl-C stops it)")
    else:
        click.echo(f"Slices of {stores} on {address}/slice (Ctrl-C stops it)")
        click.echo(f"There is no catalogue of studies ({catalogue!r}) here, so there is no other page.")
    try:
        serve_app(app, host, port)
    except (OSError, ValueError) as error:
        raise click.ClickException(f"Cannot serve on {host}:{port}: {error}. Choose another with --port.") from None


def load(catalogue: str, *, optional: bool = False) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return STUDIES and FACTORIES of a catalogue module, looked for from the working directory first; none if it may
    be missing."""
    try:
        module = import_module_here(catalogue)
    except ModuleNotFoundError as error:
        if optional and error.name == catalogue:
            return {}, {}
        hint = f"There is no module {error.name!r} here."
        raise click.ClickException(f"{hint} Run it from the checkout, or name a module with --catalogue.") from None
    studies, factories = getattr(module, "STUDIES", None), getattr(module, "FACTORIES", {})
    if not isinstance(studies, Mapping) or not studies:
        raise click.ClickException(f"Module {catalogue!r} was expected to define STUDIES, a dict of name -> Study.")
    if not isinstance(factories, Mapping) or not all(callable(each) for each in factories.values()):
        raise click.ClickException(f"FACTORIES of {catalogue!r} was expected to be a dict of name -> function.")
    return studies, factories
