"""The command line: ``peil init | load | measures | explain | estimate | report`` and more.

Exit codes: 0 fine; 1 the evidence or a check falls short; 2 usage or configuration; 3 the data break their contract;
4 a disclosure rule would be broken; 70 a fault of Peil's own.
"""

from __future__ import annotations

import sys

import click

from peil.cli import (
    answering,
    asking,
    bots,
    cells,
    home,
    journeying,
    knowing,
    loading,
    patience,
    proposing,
    staff,
    studying,
    surveying,
    trends,
    trials,
    who,
)
from peil.cli.output import INTERNAL, USAGE, fail, wants_json
from peil.errors import PeilError


class _Commands(click.Group):
    """Commands in the order in which they are used, with a near name for a wrong one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order they were added."""
        del ctx
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Name the neighbours of a command that does not exist."""
        from peil.errors import neighbours

        if args and args[0] not in self.commands and not args[0].startswith("-"):
            raise click.UsageError(f"there is no command '{args[0]}'; {neighbours(args[0], self.commands)}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    "path",
    type=click.Path(),
    help="The project's folder or peil.yaml; otherwise PEIL_CONFIG, or the nearest upward.",
)
@click.version_option(package_name="peil", prog_name="peil")
@click.pass_context
def commands(ctx: click.Context, path: str | None) -> None:
    """Peil measures customer contact and says how sure it is."""
    ctx.obj = path


for each in (
    *loading.COMMANDS,
    *proposing.COMMANDS,
    *asking.COMMANDS,
    *surveying.COMMANDS,
    *answering.COMMANDS,
    *cells.COMMANDS,
    *journeying.COMMANDS,
    *knowing.COMMANDS,
    *who.COMMANDS,
    *studying.COMMANDS,
    *patience.COMMANDS,
    *home.COMMANDS,
    *staff.COMMANDS,
    *trends.COMMANDS,
    *trials.COMMANDS,
    *bots.COMMANDS,
):
    commands.add_command(each)


def main() -> None:
    """Run the command line; never ends in a traceback."""
    try:
        code = commands.main(standalone_mode=False)
    except click.exceptions.Exit as left:
        code = left.exit_code
    except click.ClickException as fault:
        if wants_json():
            fail(fault.format_message(), "see 'peil --help'", USAGE)
        else:
            fault.show()
        code = USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped; nothing half-done is left behind", err=True)
        code = 130
    except PeilError as fault:
        fail(fault.what, fault.remedy, fault.exit_code)
        code = fault.exit_code
    except BrokenPipeError:
        code = 0
    except Exception as fault:  # noqa: BLE001  # the last door: people see a word, not a traceback
        code = INTERNAL
        fail(
            f"this is a fault of Peil's own: {type(fault).__name__} in {_place(fault)}",
            "please report it with that place; set PEIL_TRACE=1 to see the trace (it may show data)",
            INTERNAL,
        )
    sys.exit(code if isinstance(code, int) else 0)


def _place(fault: BaseException) -> str:
    """Where it broke, without the values in the message: those may be somebody's data."""
    import os
    import traceback
    from pathlib import Path

    if os.environ.get("PEIL_TRACE"):
        traceback.print_exception(fault)
    last = traceback.extract_tb(fault.__traceback__)[-1]
    return f"{Path(last.filename).name}:{last.lineno}"
