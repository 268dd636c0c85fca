"""Options that several commands share."""

from pathlib import Path

import click


def named(_context: click.Context, _option: click.Parameter, value: str | None) -> Path | None:
    """A folder by its name. An empty one is as a rule a variable that is not set, and would mean where one stands."""
    if value is not None and not value.strip():
        raise click.BadParameter("it is empty; give the project's folder.")
    return Path(value) if value is not None else None


PROJECT = click.option(
    "--project", "folder", required=True, type=click.Path(), callback=named, metavar="DIR", help="The project's folder."
)
OUTPUT = click.option("--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
RUN = click.option("--run", "run_name", metavar="NAME", help="A run's name; the newest finished one if left out.")
