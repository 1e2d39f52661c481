# SPDX-License-Identifier: Apache-2.0
"""The command line: ``tapetum VERB``.

A verb is one file with one function of the verb's name, and one line in `COMMANDS`. The file is
imported to show its help, so that whatever is slow to import belongs inside the function.
"""

from importlib import import_module

import typer
from rich.console import Console
from typer.core import TyperGroup

from tapetum.config import ConfigError

from .errors import UserError
from .garbage import collect_seldom

__all__ = ["COMMANDS", "app", "main"]

COMMANDS = {
    "sim": "tapetum_sim.commands.sim",
    "serve": "tapetum_sim.commands.serve",
    "replay": "tapetum_sim.commands.replay",
    "characterise": "tapetum_sim.commands.characterise",
    "faults": "tapetum_sim.commands.faults",
    "bench": "tapetum_sim.commands.bench",
    "compile": "tapetum_compiler.command",
    "infer": "tapetum_sim.commands.infer",
    "train": "tapetum_sim.commands.train",
    "verilog": "tapetum_sim.commands.verilog",
    "board": "tapetum_boards.command",
    "registers": "tapetum_sim.commands.registers",
    "presets": "tapetum_sim.commands.presets",
    "version": "tapetum_sim.commands.version",
}
"""Module by verb, in the order in which the help lists them."""


class _Group(TyperGroup):
    """Turns what the user can put right into one sentence and exit code 2."""

    def invoke(self, ctx):
        try:
            return super().invoke(ctx)
        except (UserError, ConfigError) as error:
            Console(stderr=True, soft_wrap=True).print(
                f"tapetum: {error}", style="bold red", markup=False, highlight=False)
            raise typer.Exit(2) from None


app = typer.Typer(
    name="tapetum", cls=_Group, no_args_is_help=True, rich_markup_mode="rich",
    pretty_exceptions_show_locals=False, context_settings={"help_option_names": ["-h", "--help"]},
    help="The logic die of a stacked CMOS image sensor: simulate it, look at it, build it.",
)


@app.callback()
def _verbs() -> None:
    """Keep `app` a group of verbs, however few there are."""


for verb, module in COMMANDS.items():
    found = getattr(import_module(module), verb)
    if isinstance(found, typer.Typer):  # a verb with verbs of its own
        app.add_typer(found, name=verb)
    else:
        app.command(verb)(found)


def main() -> None:
    """Run the command line."""
    collect_seldom()
    app()
