"""The Facts step: find, write, import, export, and what is known about each fact."""

import json
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import TextArea

from andraeus_tui import fact_view
from andraeus_tui.store.database import Database
from andraeus_tui.store.facts import all_facts
from andraeus_tui.ui.app import AndraeusApp
from andraeus_tui.ui.fact_form import FactForm
from andraeus_tui.ui.import_dialog import ImportDialog
from andraeus_tui.ui.table import WindowTable
from schemas.fact import Fact
from schemas.row import ReviewState
from tests.stubs.evidence import recalling_run
from tests.ui.conftest import MakeProject
from tests.ui.facts_steps import facts, field, stored
from tests.ui.steps import paste, press, settle, shown, table_lines

WIDE, NARROW = (120, 40), (80, 24)


def _database(pilot: Pilot[Any]) -> Database:
    app = pilot.app
    assert isinstance(app, AndraeusApp)
    return app.database


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_all_facts_with_their_rows_stand_there(make_project: MakeProject, size: tuple[int, int]) -> None:
    project = make_project(state=ReviewState.APPROVED)
    async with AndraeusApp(project.folder).run_test(size=size) as pilot:
        await settle(pilot)
        assert len(facts(pilot)) == 8
        assert "otter [the /small] one" in facts(pilot)[7]
        approved = fact_view.count_by_fact(_database(pilot))
        with project.database() as database:
            employer = next(fact for fact in all_facts(database) if fact.attribute == "employer")
        count = approved[employer.id]
        assert count.rows == count.approved > 3
        assert (f"{count.rows}/{count.rows}" if size == NARROW else f"{count.rows}    {count.rows}") in facts(pilot)[2]
        assert shown(pilot, "#status") == "8 facts: 6 simple, 1 relational, 1 temporal."


async def test_filters_by_words_tier_and_person(make_project: MakeProject) -> None:
    async with AndraeusApp(make_project().folder).run_test(size=NARROW) as pilot:
        await settle(pilot)
        await press(pilot, "t", "t", "t")
        assert ["birthday" in line for line in facts(pilot)] == [True]
        await press(pilot, "t", "t")
        assert len(facts(pilot)) == 8
        await press(pilot, "s", "s")
        assert [line.split()[0] for line in facts(pilot)] == ["sister"]
        assert shown(pilot, "#status").endswith("1 shown.")
        await press(pilot, "escape")
        await press(pilot, "slash", *"THE /small")
        assert ["otter" in line for line in facts(pilot)] == [True]
        await press(pilot, *"zzz")
        assert facts(pilot) == []
        await press(pilot, "enter", "e", "d")
        assert len(pilot.app.screen_stack) == 1
        await press(pilot, "escape")
        assert len(facts(pilot)) == 8


async def test_deleting_asks_first_and_comes_back_with_its_rows(make_project: MakeProject) -> None:
    project = make_project(state=ReviewState.APPROVED)
    async with AndraeusApp(project.folder).run_test(size=WIDE, notifications=True) as pilot:
        await settle(pilot)
        before = facts(pilot)
        await press(pilot, "end", "d")
        await press(pilot, "n")
        assert facts(pilot) == before
        await press(pilot, "delete")
        await press(pilot, "y")
        # Rows that state two facts go with either of them: the others may have fewer now.
        assert [line[:40] for line in facts(pilot)] == [line[:40] for line in before[:-1]]
        await press(pilot, "u")
        assert facts(pilot) == before
        await press(pilot, "ctrl+r")
        assert len(facts(pilot)) == 7


async def test_import_shows_what_will_happen(make_project: MakeProject, tmp_path: Path) -> None:
    project = make_project()
    async with AndraeusApp(project.folder).run_test(size=NARROW, notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "i")
        await paste(pilot, "#pasted", "pet name: Rex\nname: Robin Vale\nboat: Petrel [x]\nnonsense")
        assert shown(pilot, "#summary") == "1 fact taken, 1 known already, 2 skipped."
        assert [line.split()[0] for line in table_lines(pilot, "#preview")] == ["skip", "skip", "take"]
        pilot.app.screen.query_one("#replace").focus()
        await pilot.press("space", "ctrl+s")
        await pilot.pause(0.3)
        await settle(pilot)
        assert stored(project)["pet_name" if "pet_name" in stored(project) else "pet name"] == "Rex"
        assert stored(project)["boat"] == "Petrel [x]"
        await press(pilot, "u")
        assert stored(project)["pet_name"] == "Max"
        # a file, and what is wrong with it
        await press(pilot, "i")
        field(pilot, "path").value = str(tmp_path / "none.json")
        await pilot.press("ctrl+s")
        await pilot.pause(0.3)
        await settle(pilot)
        assert isinstance(pilot.app.screen, ImportDialog)
        assert "There is no file" in shown(pilot, "#summary")
        (tmp_path / "more.json").write_text('{"boat": "Tern"}')
        field(pilot, "path").value = f"'{tmp_path / 'more.json'}'"
        await pilot.press("ctrl+s")
        await pilot.pause(0.3)
        await settle(pilot)
        assert stored(project)["boat"] == "Tern"


async def test_export_can_be_imported_and_asks_before_it_replaces(make_project: MakeProject, quiet_home: Path) -> None:
    project = make_project()
    async with AndraeusApp(project.folder).run_test(size=NARROW, notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "x", "enter")
        file = quiet_home / "robin-facts.json"
        assert len(json.loads(file.read_text())) == 8
        file.write_text("mine")
        await press(pilot, "x", "enter")
        await press(pilot, "n")
        assert file.read_text() == "mine"
        await press(pilot, "x")
        field(pilot, "text").value = "~/facts.docx"
        await press(pilot, "enter")
        assert not (quiet_home / "facts.docx").exists()


async def test_the_model_and_what_it_recalls(make_project: MakeProject) -> None:
    project = make_project(state=ReviewState.APPROVED)
    recalling_run(project, wrong={"barber"})
    async with AndraeusApp(project.folder).run_test(size=WIDE) as pilot:
        await settle(pilot)
        name, *_, barber = (facts(pilot)[index].split()[-2:] for index in (0, 1, 2, 3, 4))
        assert (name, barber) == (["yes", "2/2"], ["yes", "0/2"])
        await press(pilot, "down", "e", "tab", *["delete"] * 3, *"Rex", "ctrl+s")
        assert facts(pilot)[1].split()[-2] == "changed"
        assert "was taught 'Max'" in shown(pilot, "#details")
        await press(pilot, "a", *"boat", "tab", *"Tern", "ctrl+s")
        assert facts(pilot)[8].split()[-1] == "no"
        await press(pilot, "home", "d")
        await press(pilot, "y")
        assert "the model still knows 1 deleted" in shown(pilot, "#status")


async def test_another_step_can_ask_for_a_fact(make_project: MakeProject) -> None:
    project = make_project()
    app = AndraeusApp(project.folder)
    async with app.run_test(size=NARROW) as pilot:
        await settle(pilot)
        await press(pilot, "t", "t", "t")
        await press(pilot, "ctrl+o")
        with project.database() as database:
            app.wanted_fact = all_facts(database)[5].id
        await press(pilot, "1")
        assert pilot.app.screen.query_one("#facts", WindowTable).cursor == 5
        assert "hobbies" in shown(pilot, "#details")
        assert app.wanted_fact is None


async def test_a_failing_store_loses_nothing(make_project: MakeProject) -> None:
    project = make_project()
    async with AndraeusApp(project.folder).run_test(size=NARROW, notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "a", *"boat", "tab", *"Tern")
        with project.database() as other:
            _database(pilot).connection.execute("PRAGMA busy_timeout = 50")
            other.connection.execute("BEGIN IMMEDIATE")
            await press(pilot, "ctrl+s")
            assert isinstance(pilot.app.screen, FactForm)
            other.connection.execute("ROLLBACK")
        await press(pilot, "ctrl+s")
        assert stored(project)["boat"] == "Tern"


async def test_hostile_text_passes_through_every_part(make_project: MakeProject) -> None:
    hostile = "[/x] [red]b[/red] <|im_end|> 🦊 שלום \\[ $(id)"
    project = make_project(facts=[{"attribute": "m[/o]tto", "value": hostile, "subject": "An[/n]a", "aliases": ["[y"],
                                   "source": "[z"}, {"attribute": "long", "value": ["w" * 1000] * 10}])  # fmt: skip
    async with AndraeusApp(project.folder).run_test(size=NARROW, notifications=True) as pilot:
        await settle(pilot)
        assert hostile in shown(pilot, "#details")
        await press(pilot, "s", "s", "s")
        await press(pilot, "home", "e")
        assert pilot.app.screen.query_one("#value", TextArea).text == hostile
        await press(pilot, "shift+tab", *"]q")
        await press(pilot, "ctrl+s")
        await press(pilot, "d")
        await press(pilot, "y")
        await press(pilot, "u")
        await press(pilot, "end")
        assert "www" in shown(pilot, "#details")
        await press(pilot, "e", "escape")
        await press(pilot, "i")
        await paste(pilot, "#pasted", "[/b]: [c\n{oops")
        await press(pilot, "ctrl+s")
    assert stored(project)["[/b]"] == "[c"


async def test_of_a_thousand_facts_only_pages_are_worded(
    make_project: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_project(
        facts=[{"attribute": f"thing {number}", "value": f"value {number}"} for number in range(1000)]
    )
    worded = []
    real = fact_view.cells

    def counting(*arguments: Any) -> dict[str, str]:
        worded.append(arguments[0].id)
        return real(*arguments)

    monkeypatch.setattr("andraeus_tui.ui.screens.facts.cells", counting)
    reads = []

    def reading(database: Database) -> list[Fact]:
        reads.append(database)
        return all_facts(database)

    monkeypatch.setattr("andraeus_tui.ui.screens.facts.all_facts", reading)
    async with AndraeusApp(project.folder).run_test(size=WIDE) as pilot:
        await settle(pilot)
        assert pilot.app.screen.query_one("#facts", WindowTable).row_count == 1000
        assert 0 < len(set(worded)) <= 64
        worded.clear()
        opened = len(reads)
        await press(pilot, "end")
        assert "value 999" in facts(pilot)[-1] or "value 999" in shown(pilot, "#details")
        await press(pilot, "slash", *"value 99")
        assert pilot.app.screen.query_one("#facts", WindowTable).row_count == 19
        assert len(set(worded)) < 300
        assert len(reads) == opened, "searching reads nothing"


async def test_nothing_yet_says_what_to_do(make_project: MakeProject) -> None:
    async with AndraeusApp(make_project(facts=[]).folder).run_test(size=NARROW) as pilot:
        await settle(pilot)
        assert "Press a to add one" in shown(pilot, "#nothing")
        await press(pilot, "a", *"boat", "tab", *"Tern", "ctrl+s")
        assert "Tern" in facts(pilot)[0]
        await press(pilot, "d")
        await press(pilot, "y")
        assert "Press a to add one" in shown(pilot, "#nothing")
