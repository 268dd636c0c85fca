"""The command rate: options and help; andraeus_tui.commands.rate does the work."""

from pathlib import Path

import click

from andraeus_tui.cli_options import OUTPUT, RUN


@click.command()
@click.option("--project", type=click.Path(path_type=Path), metavar="DIR", help="Rate models of this project.")
@RUN
@click.option("--runs", metavar="A,B", help="Rate these two runs; without it, a run and the base model.")
@click.option(
    "--study", "study_folder", type=click.Path(path_type=Path), metavar="DIR", help="Rate arms of this study."
)
@click.option("--arms", metavar="X,Y", help="With --study: which two.")
@click.option("--rater", default="me", show_default=True, metavar="NAME", help="Who rates.")
@click.option(
    "--share",
    type=click.FloatRange(0, 1, min_open=True),
    help="Of all pairs, drawn at random, the same for all raters.  [default: as before, or all]",
)
@click.option("--result", is_flag=True, help="Print what all raters found, with the sources.")
@OUTPUT
@click.pass_context
def rate(
    context: click.Context, project: Path | None, run_name: str | None, runs: str | None, study_folder: Path | None,
    arms: str | None, rater: str, share: float | None, result: bool, output: str,
) -> None:  # fmt: skip
    """Judge pairs of answers by hand without knowing whose they are, or see the result."""
    if (project is None) == (study_folder is None):
        raise click.UsageError("Give either --project DIR or --study DIR.")
    if (study_folder is None) != (arms is None):
        raise click.UsageError("--study DIR and --arms X,Y go together.")
    if study_folder and (runs or run_name):
        raise click.UsageError("--run and --runs need --project.")
    if runs and run_name:
        raise click.UsageError("Give --run or --runs, not both.")
    if output == "json" and not result:
        raise click.UsageError("--output json needs --result.")
    from andraeus_tui.commands.rate import pairs_of_project, pairs_of_study, rate_pairs, show_result

    if project is not None:
        rated = pairs_of_project(project, run_name, _two(runs, "--runs"))
    else:
        two = _two(arms, "--arms")
        assert study_folder is not None and two is not None
        rated = pairs_of_study(study_folder, two)
    context.exit(show_result(rated, output) if result else rate_pairs(rated, rater, share))


def _two(names: str | None, option: str) -> tuple[str, str] | None:
    if names is None:
        return None
    found = [name.strip() for name in names.split(",")]
    if len(found) != 2 or not all(found):
        raise click.UsageError(f"{option} takes two names with a comma between them.")
    return found[0], found[1]
