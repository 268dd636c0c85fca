"""Options that several commands share."""

from pathlib import Path

import click

PROJECT = click.option(
    "--project", "folder", required=True, type=click.Path(path_type=Path), metavar="DIR", help="The project's folder."
)
OUTPUT = click.option("--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
RUN = click.option("--run", "run_name", metavar="NAME", help="A run's name; the newest finished one if left out.")
