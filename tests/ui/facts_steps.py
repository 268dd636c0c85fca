"""What stands at the Facts step."""

from typing import Any

from textual.pilot import Pilot
from textual.widgets import Input

from andraeus_tui.project import Project
from andraeus_tui.store.facts import all_facts
from tests.ui.steps import shown, table_lines


def facts(pilot: Pilot[Any]) -> list[str]:
    return table_lines(pilot, "#facts")


def stored(project: Project) -> dict[str, object]:
    with project.database() as database:
        return {fact.attribute: fact.value for fact in all_facts(database)}


def field(pilot: Pilot[Any], name: str) -> Input:
    return pilot.app.screen.query_one(f"#{name}", Input)


def hint(pilot: Pilot[Any], name: str) -> str:
    return shown(pilot, f"#{name}-hint")
