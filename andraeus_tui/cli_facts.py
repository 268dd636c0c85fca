"""The commands about facts: options and help; andraeus_tui.commands.facts does the work."""

from pathlib import Path

import click

from andraeus_tui.cli_options import OUTPUT, PROJECT


@click.group()
def facts() -> None:
    """What the model is to know."""


@facts.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@PROJECT
@click.option("--replace", is_flag=True, help="Change facts that have another value already.")
@click.option("--strict", is_flag=True, help="Import nothing if any entry cannot be taken.")
def facts_import(file: Path, folder: Path, replace: bool, strict: bool) -> None:
    """Import facts from JSON, JSONL, CSV, YAML or lines of 'key: value'; "-" reads them from standard input."""
    from andraeus_tui.commands.facts import import_file

    import_file(folder, file, replace, strict)


@facts.command("list")
@PROJECT
@OUTPUT
def facts_list(folder: Path, output: str) -> None:
    """Show all facts."""
    from andraeus_tui.commands.facts import show

    show(folder, output)


@facts.command("export")
@PROJECT
@click.option(
    "--format",
    "form",
    type=click.Choice(["json", "jsonl", "csv", "yaml", "mapping"]),
    help="What the file's ending says, or json, if left out.",
)
@click.option("--file", type=click.Path(path_type=Path), help="Write here instead of to the screen.")
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
def facts_export(folder: Path, form: str | None, file: Path | None, force: bool) -> None:
    """Write all facts in a form that can be imported."""
    from andraeus_tui.commands.facts import export

    export(folder, form, file, force)


@facts.command("add")
@click.argument("attribute")
@click.argument("value", nargs=-1, required=True)
@PROJECT
@click.option("--subject", help="Whom it is about: a relation (sister) or a name; you, if left out.")
@click.option("--kind", type=click.Choice(["text", "number", "date", "person", "place", "list"]))
@click.option("--tier", type=click.IntRange(1, 4), help="1 simple, 2 relational, 3 temporal, 4 multi-hop.")
@click.option("--alias", "aliases", multiple=True, help="Another spelling that counts as right; may be repeated.")
@click.option("--question", "questions", multiple=True, help="How you would ask for it, one question; may be repeated.")
@click.option("--source", help="Where you know it from.")
@click.option("--replace", is_flag=True, help="Change it if it is there already.")
def facts_add(folder: Path, replace: bool, **given: object) -> None:
    """Add one fact; several VALUEs make a list."""
    from andraeus_tui.commands.facts import add

    add(folder, given, replace)


@facts.command("remove")
@click.argument("attributes", nargs=-1, required=True)
@PROJECT
@click.option("--subject", default="user", help="Whom it is about.")
def facts_remove(attributes: tuple[str, ...], folder: Path, subject: str) -> None:
    """Remove facts and the rows made from them."""
    from andraeus_tui.commands.facts import remove

    remove(folder, attributes, subject)
