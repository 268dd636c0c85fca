"""Projects and facts: init, import, list, export, add, remove, undo."""

from collections.abc import Mapping
from pathlib import Path

from andraeus_tui import exporting, importing
from andraeus_tui.beginning import begin, model_problem, source_of
from andraeus_tui.commands.show import document, line, note, table
from andraeus_tui.entries import Entry, tidy
from andraeus_tui.importing import Import, Skipped, refuse_if_useless
from andraeus_tui.project import Project
from andraeus_tui.store.facts import all_facts, put_facts, remove_facts
from generators.build import wants_paraphrases
from generators.topics import topic_of, topic_of_fact, wordings_text
from schemas.errors import InputError

_REPLACE_HINT = "; use --replace to change it, or give a list"


def init(folder: Path, facts_file: Path | None, model: str) -> None:
    """A new project, with facts if a file is given; a file that cannot be read leaves no project behind."""
    source, name = source_of(model)
    if problem := model_problem(source, name):
        raise InputError(
            f"The model {name!r} cannot be taken. {problem}", "Give embedded, a folder, or OWNER/NAME of a hub."
        )
    found = importing.read_facts(facts_file, []) if facts_file else None
    if found is not None and facts_file:
        refuse_if_useless(found, facts_file)
    project = begin(folder, model, found, f"import {facts_file.name}" if facts_file else "")
    line(f"Made the project {project.folder} with the model {model}.")
    if found is not None:
        _report(found)


def import_file(folder: Path, file: Path, replace: bool, strict: bool) -> None:
    """Import a file into a project, all that can be taken in one change."""
    with Project(folder).database() as database:
        found = importing.read_facts(file, all_facts(database), replace)
        refuse_if_useless(found, file)
        if strict and found.skipped:
            _report_skipped(found)
            raise InputError(f"{len(found.skipped)} entries of {file} cannot be taken; nothing was imported.")
        if found.changed:
            put_facts(database, found.changed, f"import {file.name}")
    _report(found)


def _report(found: Import) -> None:
    line(found.summary)
    _report_skipped(found)


def _report_skipped(found: Import) -> None:
    for skipped in found.skipped:
        note(f"  skipped {skipped.place}, {skipped.what!r}: {_why(skipped)}")


def _why(skipped: Skipped) -> str:
    return f"{skipped.reason}{_REPLACE_HINT if skipped.replaceable else ''}"


def show(folder: Path, output: str) -> None:
    """All facts, as a table or as JSON."""
    with Project(folder).database() as database:
        facts = all_facts(database)
    if output == "json":
        document({"facts": [{"id": fact.id, **exporting.fields(fact)} for fact in facts]})
        return
    if not facts:
        note("No facts yet.")
        return
    strangers = set(wants_paraphrases(facts))
    rows = [
        (fact.subject, fact.attribute, fact.text, fact.kind.value, str(int(fact.tier)),
         wordings_text(topic_of_fact(fact)) if fact.id in strangers else "")
        for fact in facts
    ]  # fmt: skip
    table(("subject", "attribute", "value", "kind", "tier", ""), rows)


def export(folder: Path, form: str | None, file: Path | None, force: bool) -> None:
    """All facts as text, in the form that the file's ending names unless one is given.

    Raises InputError when the file is there already, unless it may be replaced, or could not be imported by its name.
    """
    form = form or (exporting.format_of(file) if file else "json")
    if file is not None:
        exporting.refuse_other_ending(form, file)
    if file is not None and file.exists() and not force:
        raise InputError(f"{file} is there already.", "Give another name, or --force to replace it.")
    with Project(folder).database() as database:
        facts = all_facts(database)
    if file is None:
        import sys

        sys.stdout.write(exporting.FORMATS[form](facts))
        return
    exporting.write(facts, form, file)
    line(f"Wrote {file}.")


def add(folder: Path, given: Mapping[str, object], replace: bool) -> None:
    """One fact from the command line."""
    body = {name: value for name, value in given.items() if value not in (None, ())}
    values = body["value"]
    assert isinstance(values, tuple)
    body["value"] = tidy(values[0]) if len(values) == 1 else [tidy(value) for value in values]
    if "aliases" in body:
        body["aliases"] = list(body["aliases"])  # type: ignore[call-overload]
    if "questions" in body:
        body["questions"] = [tidy(text) for text in body["questions"]]  # type: ignore[attr-defined]
    with Project(folder).database() as database:
        before = all_facts(database)
        found = importing.sort_out(iter([Entry("the fact", body)]), before, replace)
        if found.skipped:
            raise InputError(f"{found.skipped[0].what!r} was not taken: {_why(found.skipped[0])}.")
        changed = found.changed
        if not changed:
            line("Known already.")
            return
        put_facts(database, changed, f"add {changed[0].attribute}")
    fact = changed[0]
    old = next((one for one in before if one.id == fact.id), None)
    was = f"; it was {old.attribute}: {old.text}" if old else ""
    line(f"{'Changed' if old else 'Added'} {fact.attribute} (kind {fact.kind}, tier {int(fact.tier)}){was}.")


def remove(folder: Path, attributes: tuple[str, ...], subject: str) -> None:
    """Facts by attribute or id; all of them or none."""
    with Project(folder).database() as database:
        facts = {topic_of_fact(fact).key: fact for fact in all_facts(database)}
        ids = {fact.id for fact in facts.values()}
        chosen = []
        for name in attributes:
            fact = facts.get(topic_of(subject, name).key)
            if fact is None and name not in ids:
                raise InputError(f"There is no fact {name!r}; nothing was removed.")
            chosen.append(fact.id if fact else name)
        count = remove_facts(database, chosen, f"remove {', '.join(attributes)}")
    line(
        f"Removed {count} {'fact' if count == 1 else 'facts'} and the rows made from {'it' if count == 1 else 'them'}."
    )


def step(folder: Path, *, back: bool) -> None:
    """Undo, or redo."""
    with Project(folder).database() as database:
        label = database.undo() if back else database.redo()
    if label is None:
        raise InputError(f"There is nothing to {'undo' if back else 'redo'}.")
    line(f"{'Undone' if back else 'Done again'}: {label}.")


def show_history(folder: Path) -> None:
    """The changes, newest first."""
    with Project(folder).database() as database:
        changes = database.history()
    table(("time", "change", ""), [(time, label, "undone" if undone else "") for label, time, undone in changes])
