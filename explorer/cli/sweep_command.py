"""sweep: a slice of the user's own model, into a store."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import torch
from click.core import ParameterSource

from explorer.checklist import Depth, report
from explorer.cli.executors import ExecutorWords, executor_of, executor_options
from explorer.cli.factories import objective_of, read_settings
from explorer.cli.grids import grid_on
from explorer.cli.options import (
    read_device,
    read_entries,
    read_names,
    read_radius,
    read_seeds,
    read_skip,
    read_tolerance,
    spread,
)
from explorer.cli.planes import KINDS, OF_SOME, Chosen, Words
from explorer.cli.same_words import refuse_other_words
from explorer.cli.summary import evaluated_words
from explorer.cli.told_errors import explained, in_shell
from explorer.errors import ExplorerError
from explorer.grid import Grid
from explorer.quantities import BUILT_IN
from explorer.store import Store, open_landscape
from explorer.store.create import is_free
from explorer.sweeps import estimate, sweep
from explorer.sweeps.default_quantities import LOSS, kept_quantities
from explorer.sweeps.resume import is_finished

_SIGINT, _FAILED = 130, 3
"""Exit codes of a command that Ctrl-C ended, 128 + SIGINT; and of one that finished with points that failed."""
_DEPTHS: dict[str, Depth] = {"quick": True, "full": "full", "none": False}
_DTYPES = {"float32": torch.float32, "float64": torch.float64, "float16": torch.float16, "bfloat16": torch.bfloat16}


class _Sweep(click.Command):
    """A command whose --checkpoints and --trajectory take all words up to the next option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, spread(spread(args, "--checkpoints"), "--trajectory"))
        except click.MissingParameter as error:
            option = next((each for each in ("--checkpoints", "--trajectory") if each in args), None)
            if option is None:
                raise
            first = f"{option} takes all words after it, so the factory comes before it: "
            cure = f"sweep train:objective {option} ..."
            raise click.UsageError(f"{error.format_message()} {first}{cure}") from None

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        options, *arguments = super().collect_usage_pieces(ctx)
        return [*arguments, options]


@click.command("sweep", cls=_Sweep)
@click.argument("factory", metavar="MODULE:FACTORY")
@click.option("--out", type=click.Path(path_type=Path), help="The store to write, such as runs/x.zarr.")
@click.option("--points", default="51", show_default=True, help="Along each axis, or 51x41 (alpha x beta).")
@click.option("--radius", type=float, callback=read_radius,
              help="Half the width of the picture, in directions.  [default: 1; or what shows all checkpoints or the "
              "trajectory that span the plane]")  # fmt: skip
@click.option("--directions", "kind", type=click.Choice(list(KINDS)), default="gaussian", show_default=True,
              help="What spans the plane.")  # fmt: skip
@click.option("--count", type=click.IntRange(1, 2), default=2, show_default=True, help="1: a line, 2: a plane.")
@click.option("--checkpoints", multiple=True, type=click.Path(path_type=Path), metavar="A B [C]",
              help="Weights (files of most kinds, or folders of a model) that span the line (between) or plane "
              "(through), or that are projected onto another; up to the next option, so MODULE:FACTORY comes "
              "before.")  # fmt: skip
@click.option("--trajectory", multiple=True, type=click.Path(path_type=Path), metavar="DIR",
              help="Folder that explorer.record has written, or of checkpoints in natural order of names: it spans "
              "the plane (principal), or is projected onto it; several, up to the next option, do so "
              "together.")  # fmt: skip
@click.option("--key", help="Which of several sets of weights in the files, such as state_dict_ema.")
@click.option("--entries", default="", callback=read_entries,
              help="Of --directions axes: such as w,b or fc.weight[0,1],fc.bias[2].")  # fmt: skip
@click.option("--normalize", type=click.Choice(["filter", "layer", "weight", "dfilter", "dlayer", "none"]),
              default="filter", show_default=True, help="Of random directions.")  # fmt: skip
@click.option("--skip", default="bias,norm", show_default=True, callback=read_skip,
              help="Parameters that random directions leave alone; none for none.")  # fmt: skip
@click.option("--seed", "seeds", default="0", show_default=True, callback=read_seeds,
              help="Of the directions; 0,1,2 for several planes.")  # fmt: skip
@click.option("--quantities", callback=read_names,
              help=f"Among {', '.join(BUILT_IN)}; metrics come by themselves.  "
              "[default: loss; or what the store holds already]")  # fmt: skip
@click.option("--batchnorm", type=click.Choice(["eval", "recompute"]), default="eval", show_default=True,
              help="Normalize by the model's running statistics, or by those of the data at every point, as between "
              "checkpoints that have statistics of their own.")  # fmt: skip
@click.option("--tolerance", type=float, callback=read_tolerance, metavar="SHARE",
              help="Evaluate only what is needed to know the loss everywhere to within this share of the range of its "
              "logarithm, such as 0.01, and interpolate the rest.  [default: evaluate every point]")  # fmt: skip
@click.option("--dtype", type=click.Choice(list(_DTYPES)), help="Evaluate in it.  [default: the model's]")
@click.option("--device", callback=read_device, help="Evaluate there, such as cuda.  [default: the model's]")
@executor_options
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE",
              help="A keyword of the factory; JSON where it can be, else text; repeatable.")  # fmt: skip
@click.option("--report", "depth", type=click.Choice(list(_DEPTHS)), default="quick", show_default=True,
              help="Is my plot right? What takes little beside the sweep, all of it, or nothing.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Say what it would cost, and stop.")
def sweep_factory(
    factory: str,
    out: Path | None,
    points: str,
    radius: float | None,
    tolerance: float | None,
    dtype: str | None,
    device: str | None,
    quantities: tuple[str, ...] | None,
    settings: tuple[str, ...],
    batchnorm: str,
    depth: str,
    dry_run: bool,
    **words: Any,
) -> None:
    """Measure a slice of a model of your own. MODULE:FACTORY names a function that returns an explorer.Objective.

    \b
    # train.py:  def objective(depth=20): return explorer.Objective(model, loss, data)
    python -m explorer sweep train:objective --out runs/x.zarr
    python -m explorer sweep train:objective --set depth=56 --points 101x51 --radius 0.5 --out runs/deep.zarr
    python -m explorer sweep train:objective --directions between --checkpoints sgd.pt adam.pt --out runs/line.zarr
    python -m explorer sweep train:objective --directions principal --trajectory runs/t --out runs/path.zarr
    python -m explorer sweep train:objective --directions principal --trajectory runs/sgd runs/adam --out runs/two.zarr
    python -m explorer sweep train:objective --directions hessian --quantities loss,curvature --out runs/sharp.zarr
    python -m explorer sweep train:objective --count 1 --seed 0,1,2,3 --out runs/band.zarr
    python -m explorer sweep train:objective --points 201 --tolerance 0.01 --out runs/fine.zarr
    python -m explorer sweep train:objective --workers 4 --out runs/x.zarr
    python -m explorer sweep train:objective --dry-run

    A sweep that was stopped or killed goes on where it was when the same words are run again; a finished one returns
    at once, with chunks that were damaged computed again and checkpoints projected anew; other words on the same store
    are refused, naming what differs.
    """
    if out is None and not dry_run:
        raise click.UsageError("Missing option '--out': the store to write, such as runs/x.zarr (or --dry-run).")
    words["normalize"] = None if words["normalize"] == "none" else words["normalize"]
    crew = ExecutorWords(**{name: words.pop(name) for name in ExecutorWords.__dataclass_fields__})
    keywords: dict[str, Any] = {"device": device, "dtype": _DTYPES.get(dtype or "")}
    given = {name for name in OF_SOME if _is_given(name)}
    asked = Words(**words, given=frozenset(given))
    try:
        with explained():
            keywords["quantities"] = kept_quantities(LOSS if quantities is None else quantities, out)
            objective = objective_of(factory, read_settings(settings))
            if batchnorm == "recompute":
                objective = objective.with_recomputed_batchnorm()
            chosen = Chosen(objective, asked, out)
            grid = grid_on(chosen, points, radius)
            if out is None or dry_run:
                _estimate(chosen, grid, keywords, tolerance)
            else:
                with executor_of(crew) as executor:
                    more = {} if executor is None else {"executor": executor}
                    _sweep(chosen, grid, out, {**keywords, "tolerance": tolerance, "report": _DEPTHS[depth], **more})
    except KeyboardInterrupt:
        click.echo(_saved(out), err=True)
        raise click.exceptions.Exit(_SIGINT) from None


def _is_given(option: str) -> bool:
    name = "seeds" if option == "seed" else option
    return click.get_current_context().get_parameter_source(name) == ParameterSource.COMMANDLINE


def _estimate(chosen: Chosen, grid: Grid, keywords: Mapping[str, Any], tolerance: float | None) -> None:
    plan = estimate(chosen.objective, chosen.planes, grid, **keywords)
    least = "" if tolerance is None else "; with the tolerance a small part of it where the surface is smooth"
    click.echo(plan.text(len(chosen.planes) * grid.size) + least)


def _sweep(chosen: Chosen, grid: Grid, out: Path, keywords: Mapping[str, Any]) -> None:
    """Sweep, print the report, and where the landscape is."""
    store = None if is_free(out) else Store.open(out)
    if store is not None:
        refuse_other_words(store, chosen.objective)
    finished = store is not None and is_finished(store.landscape(), report=keywords["report"])
    found = sweep(chosen.objective, chosen.planes, grid, store=out, checkpoints=chosen.shown, **keywords)
    if "report" in found.attrs:
        click.echo(report(found))
    done, total = found.attrs["done_points"], found.attrs["total_points"]
    said = f"was finished already, all {total:,} points" if finished else "is finished"
    said += evaluated_words(found.attrs)
    click.echo(f"{out} {said}." if done == total else f"{out} holds {done:,} of {total:,} points; the others failed.")
    click.echo(f"See it:  python -m explorer serve --stores {in_shell(out.parent)}")
    click.echo(f"Take it: python -m explorer export {in_shell(out)} {in_shell(Path(f'{out.stem}.html'))}")
    if done < total:
        raise click.exceptions.Exit(_FAILED)


def _saved(out: Path | None) -> str:
    try:
        attrs = open_landscape(out).attrs if out is not None and not is_free(out) else None
    except ExplorerError:
        attrs = None
    if attrs is None:
        return "\nInterrupted before anything was saved."
    points = f"{attrs['done_points']:,} of {attrs['total_points']:,} points"
    return f"\nInterrupted: {points} are in {out}. Run the same words again to go on."
