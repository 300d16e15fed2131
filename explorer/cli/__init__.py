"""The command line: python -m explorer."""

import click

from explorer.cli.export_verify import export_store, report_store, verify_store
from explorer.cli.serve_command import serve
from explorer.cli.sweep_command import sweep_factory

_HELP = ("-h", "--help")


class _ServesByDefault(click.Group):
    """Commands, of which serve needs no word: what begins with an option are serve's."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        is_option = bool(args) and args[0].startswith("-") and args[0] not in _HELP
        return super().parse_args(context, ["serve", *args] if is_option else args)


@click.group(cls=_ServesByDefault, invoke_without_command=True, context_settings={"help_option_names": list(_HELP)})
@click.pass_context
def main(context: click.Context) -> None:
    """Loss landscapes you can see, touch and trust. Without a command: serve.

    \b
    python -m explorer                                      open the page on http://127.0.0.1:8050
    python -m explorer --port 8080                          the same, with any option of serve
    python -m explorer sweep train:objective --out runs/x.zarr
                                                            measure a slice of your own model
    python -m explorer report runs/x.zarr                   is the plot right? what the sweep found
    python -m explorer export runs/x.zarr x.vti             take it to ParaView
    python -m explorer serve --stores results               look at lesson and slices

    Ends with 0 when all went well, 1 on an error it explains, 2 on words it does not understand, 3 when it is finished
    but for points that failed, 130 when interrupted.
    """
    if context.invoked_subcommand is None:
        context.invoke(serve)


main.add_command(serve)
main.add_command(sweep_factory)
main.add_command(export_store)
main.add_command(report_store)
main.add_command(verify_store)
