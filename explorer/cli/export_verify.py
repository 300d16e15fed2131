"""export, report and verify: what is done with a store once it is there."""

from pathlib import Path

import click
import xarray as xr

from explorer.checklist import report
from explorer.cli.told_errors import explained, in_shell
from explorer.exports import export
from explorer.landscape import SEED, seeds_of
from explorer.store import Store, open_landscape

_FILE = click.Path(path_type=Path)


@click.command("export")
@click.argument("store", type=_FILE)
@click.argument("file", type=_FILE)
@click.option("--seed", type=int, help="Of a store of several seeds, the one to export.")
def export_store(store: Path, file: Path, seed: int | None) -> None:
    """Write a landscape into one file, whose ending says the format.

    \b
    python -m explorer export runs/x.zarr x.nc      NetCDF: everything, for xarray, MATLAB, R
    python -m explorer export runs/x.zarr x.h5      HDF5 as the scripts of Li et al. (2018) read it
    python -m explorer export runs/x.zarr x.vti     VTK image, for ParaView
    python -m explorer export runs/x.zarr x.csv     a table, every bit of every number
    python -m explorer export runs/x.zarr x.html    a page with figure, report and provenance

    Of a sweep that is still running what is there is taken.
    """
    with explained():
        landscape = open_landscape(store)
        if seed is not None:
            landscape = _of_seed(landscape, seed, store)
        export(landscape, file)
    done, total = landscape.attrs["done_points"], landscape.attrs["total_points"]
    click.echo(f"{file}: {done:,} of {total:,} points, {file.stat().st_size / 1e6:.3g} MB")
    _tell_damaged(landscape, store)


def _tell_damaged(landscape: xr.Dataset, store: Path) -> None:
    if "damaged" in landscape.attrs:
        again = f"python -m explorer verify {in_shell(store)}"
        click.echo(f"Some chunks are damaged and left out: {again}", err=True)


def _of_seed(landscape: xr.Dataset, seed: int, store: Path) -> xr.Dataset:
    seeds = seeds_of(landscape)
    if not seeds:
        raise click.ClickException(f"{store} holds one plane, so there is no seed to choose: leave --seed out")
    if seed not in seeds:
        raise click.ClickException(f"expected --seed among {seeds} of {store}; got {seed}")
    return landscape.sel({SEED: seed})


@click.command("report")
@click.argument("store", type=_FILE)
def report_store(store: Path) -> None:
    """Print the report on a landscape: is my plot right? It is what its sweep found; nothing is computed.

    \b
    python -m explorer report runs/x.zarr

    Ends with 1 where there is none.
    """
    with explained():
        landscape = open_landscape(store)
        found = report(landscape)
    if not found.entries:
        raise click.ClickException(_why_none(landscape, found.instead, store))
    click.echo(found)
    _tell_damaged(landscape, store)


def _why_none(landscape: xr.Dataset, instead: str, store: Path) -> str:
    """Return why there is no report on a landscape, and what to do."""
    done, total = landscape.attrs["done_points"], landscape.attrs["total_points"]
    if landscape.attrs.get("report", "[]") != "[]":
        return f"{store}: {instead}"
    if done < total:
        return (
            f"{store} holds {done:,} of {total:,} points, and the report comes at the end: run the sweep's own words on"
        )
    return f"there is no report in {store}: run the sweep's own words again, with --report quick or full"


@click.command("verify")
@click.argument("store", type=_FILE)
def verify_store(store: Path) -> None:
    """Check every checksum of a store; damaged chunks are taken out.

    \b
    python -m explorer verify runs/x.zarr

    Run the sweep's own words again to compute their points again. Ends with 1 if anything was damaged.
    """
    with explained():
        opened = Store.open(store)
        checked = len(opened.numbers)
        damaged = Store.open(store, write=opened.can_continue).verify()
        left = opened.points - int(opened.landscape().attrs["done_points"])
    if damaged:
        numbers = ", ".join(map(str, damaged[:10])) + (", ..." if len(damaged) > 10 else "")
        cure = (
            "taken out: run the sweep's own words again to compute their points"
            if opened.can_continue
            else "not read; a store of format 1 is not continued, so sweep again into another place"
        )
        raise click.ClickException(f"{len(damaged)} of {checked} chunks of {store} are damaged ({numbers}) and {cure}")
    which = "1 chunk is" if checked == 1 else f"{checked} chunks are"
    points = f"; {left:,} of {opened.points:,} points are not computed" if left else ""
    click.echo(f"{store}: {which} sound{points}")
