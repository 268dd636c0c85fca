"""The command study: options and help; andraeus_tui.commands.study does the work."""

from pathlib import Path

import click

from andraeus_tui.cli_options import OUTPUT


@click.command()
@click.argument("name", metavar="NAME|FILE.toml")
@click.option(
    "--folder",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where it is planned, run and scored.",
)
@click.option("--people", type=click.IntRange(1, 200), help="Invented people; the study says how many, usually 30.")
@click.option("--model", default="embedded", show_default=True, metavar="NAME|PATH|embedded", help="The base model.")
@click.option("--small", is_flag=True, help="A few facts, people and questions, to see that it runs.")
@click.option("--plan-only", is_flag=True, help="Write the folder, to be run on another machine by trainers.study.")
@click.option("--score-only", is_flag=True, help="Score what was run, here or elsewhere.")
@OUTPUT
@click.pass_context
def study(
    context: click.Context, name: str, folder: Path, people: int | None, model: str, small: bool, plan_only: bool,
    score_only: bool, output: str,
) -> None:  # fmt: skip
    """Compare ways to make a model know facts: ablation, scale, tiers, generalization, baselines, capability,
    interference, updates, latency, recipes, or a study of your own in a TOML file. Given again, it goes on where it was
    stopped.
    """
    if plan_only and score_only:
        raise click.UsageError("Give --plan-only or --score-only, not both.")
    from andraeus_tui.commands.study import study as run

    context.exit(run(name, folder, people, model, small, plan_only, score_only, output))
