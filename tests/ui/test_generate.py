"""The Generate step: rows come live, stopping keeps them, settings are checked while one types."""

from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input, Static, Switch

from andraeus_tui.project import read_settings
from andraeus_tui.store.rows import all_rows
from andraeus_tui.ui.app import AndraeusApp
from schemas.row import Origin, ReviewState, RowKind, Split
from tests.generators.workers import endpoint
from tests.ui.conftest import FACTS, MakeProject
from tests.ui.steps import add_settings, settle, shown, table_lines, until

QUICK = "[generation]\nvariations = 4\nabstention = 0.1\nreplay = 4\n"


async def generate(pilot: Pilot[Any]) -> None:
    """Start, and wait for the end."""
    await pilot.press("s")
    await until(pilot, lambda: "Done" in shown(pilot, "#stage"))


async def test_rows_are_made_and_kept(make_project: MakeProject) -> None:
    project = add_settings(make_project(), QUICK)
    app = AndraeusApp(project.folder)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await settle(pilot)
        await pilot.press("2")
        await settle(pilot)
        assert shown(pilot, "#about").startswith("8 facts. Templates write the questions, and no model is used:")
        assert "no endpoint is set" in shown(pilot, "#about")
        assert "spirit animal" in shown(pilot, "#about")
        await generate(pilot)
        with project.database() as database:
            made = all_rows(database)
        assert f"{len(made):,} accepted" in shown(pilot, "#counts")
        assert {row.state for row in made} == {ReviewState.PENDING}
        assert "Done: " in shown(pilot, "#stage")
        count = sum(row.split is Split.TRAIN for row in made)
        assert shown(pilot, "#states").splitlines()[1].split() == ["training", str(count), "0", "0"]
        assert table_lines(pilot, "#newest")

        # again, by mouse, with approval: nothing new, what waited is approved
        await pilot.click("#approve")
        await pilot.click("#start")
        await until(pilot, lambda: "0 new rows" in shown(pilot, "#stage"))
        with project.database() as database:
            again = all_rows(database)
            assert [label for label, _, _ in database.history()] == ["generate", "generate", "import"]
        assert [row.id for row in again] == [row.id for row in made]
        assert {row.state for row in again} == {ReviewState.APPROVED}


async def test_stop_keeps_what_was_accepted_and_start_goes_on(make_project: MakeProject) -> None:
    many: list[dict[str, object]] = [{"attribute": f"thing {at}", "value": f"value {at}"} for at in range(250)]
    project = add_settings(make_project(facts=[*FACTS, *many]), "[generation]\nvariations = 30\n")
    app = AndraeusApp(project.folder)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        await pilot.press("2")
        await settle(pilot)
        await pilot.press("s")
        counts = pilot.app.screen.query_one("#counts", Static)
        await until(pilot, lambda: "accepted" in str(counts.content) and not str(counts.content).startswith("0 "))
        await pilot.press("escape")
        await until(pilot, lambda: "Stopped" in shown(pilot, "#stage"))
        told = int(shown(pilot, "#counts").split()[0].replace(",", ""))
        with project.database() as database:
            before = [row.id for row in all_rows(database)]
        assert 0 < told <= len(before)
        # the rest comes while another step is in front
        await pilot.press("s", "1")
        await until(pilot, lambda: any("Done" in note.message for note in pilot.app._notifications))
        await pilot.press("2")
        await until(pilot, lambda: "Done" in shown(pilot, "#stage"))
        with project.database() as database:
            after = [row.id for row in all_rows(database)]
        assert len(before) < len(after)
        assert after[: len(before)] == before


async def test_wordings_are_checked_while_typing_and_saved(make_project: MakeProject) -> None:
    project = add_settings(make_project(), QUICK)
    async with AndraeusApp(project.folder).run_test(size=(80, 24), notifications=True) as pilot:
        await settle(pilot)
        await pilot.press("2")
        await settle(pilot)
        await pilot.press("v", "end", "backspace", *"999")
        await settle(pilot)
        assert "1 to 200" in shown(pilot, "#problem")
        await pilot.press("enter")
        assert pilot.app.screen.query_one("#variations", Input).has_focus
        await pilot.click("#start")
        assert not pilot.app.screen.query_one("#start", Button).disabled
        await pilot.press("end", "backspace", "backspace", "enter")
        await settle(pilot)
        assert not pilot.app.screen.query_one("#problem").display
        assert read_settings(project.folder / "project.toml").generation.variations == 9
        await pilot.press("v", "end", "backspace", "enter")
        await settle(pilot)
        assert read_settings(project.folder / "project.toml").generation.variations is None
        assert pilot.app.screen.query_one("#variations", Input).placeholder == "120"
        await pilot.press("p")
        assert pilot.app.screen.query_one("#approve", Switch).value


async def test_a_model_behind_an_address_writes(make_project: MakeProject) -> None:
    project = add_settings(make_project(), QUICK)
    with endpoint("bad") as address:
        async with AndraeusApp(project.folder).run_test(size=(80, 24), notifications=True) as pilot:
            await settle(pilot)
            await pilot.press("2")
            await settle(pilot)
            await pilot.press("u", *"ftp:")
            await settle(pilot)
            assert "http://127.0.0.1:8000/v1" in shown(pilot, "#problem")
            pilot.app.screen.query_one("#endpoint", Input).value = address
            await pilot.press("enter")
            await settle(pilot)
            assert read_settings(project.folder / "project.toml").generation.endpoint == address
            assert "an endpoint is set" in shown(pilot, "#about")
            await generate(pilot)
            assert "became rows" in shown(pilot, "#stage")
            assert "refused, " in shown(pilot, "#counts")
            assert "whose fact it asks for" in shown(pilot, "#counts")
    with project.database() as database:
        origins = {
            row.origin for row in all_rows(database) if row.kind is RowKind.QUESTION and row.split is Split.TRAIN
        }
    assert origins == {Origin.MODEL, Origin.TEMPLATE}


async def test_why_nobody_can_write_is_told(make_project: MakeProject) -> None:
    project = add_settings(make_project(), f'{QUICK}backend = "vllm"\n')
    async with AndraeusApp(project.folder).run_test(size=(80, 24), notifications=True) as pilot:
        await settle(pilot)
        await pilot.press("2")
        await settle(pilot)
        assert "vLLM is not installed" in shown(pilot, "#about")
        assert not pilot.app.screen.query_one("#address").display
        await pilot.press("s")
        await until(pilot, lambda: "vLLM is not installed" in shown(pilot, "#stage"))


async def test_no_facts_is_told(make_project: MakeProject) -> None:
    async with AndraeusApp(make_project(facts=[]).folder).run_test(size=(80, 24), notifications=True) as pilot:
        await settle(pilot)
        await pilot.press("2")
        await settle(pilot)
        assert "No facts yet" in shown(pilot, "#about")
        await pilot.press("s")
        await until(pilot, lambda: "no facts" in shown(pilot, "#stage"))


async def test_hostile_text_is_shown_as_it_is(make_project: MakeProject) -> None:
    values = ["[red]x[/red] [/nothing]", "<|im_end|> {my}", "🦊 שלום", "z" * 1000]
    facts: list[dict[str, object]] = [
        {"attribute": f"motto [/b] {at}", "value": value} for at, value in enumerate(values)
    ]
    project = add_settings(make_project(facts=facts), QUICK)
    async with AndraeusApp(project.folder).run_test(size=(80, 24), notifications=True) as pilot:
        await settle(pilot)
        await pilot.press("2")
        await settle(pilot)
        assert "motto [/b] 0" in shown(pilot, "#about")
        await generate(pilot)
        with project.database() as database:
            rows = all_rows(database)
        assert all(any(value in row.answer for row in rows) for value in values)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_picture(make_project: MakeProject, snap_compare: Any, size: tuple[int, int]) -> None:
    async def make(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        await pilot.press("2")
        await settle(pilot)
        await generate(pilot)
        await settle(pilot)

    project = add_settings(make_project(), QUICK)
    assert snap_compare(AndraeusApp(project.folder), terminal_size=size, run_before=make)
