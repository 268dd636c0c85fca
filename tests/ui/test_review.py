"""The Review step: 200 rows decided by keys, found again after the app was closed; filters, repair, hostile text."""

from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Select, TextArea

from andraeus_tui.project import Project
from andraeus_tui.store.rows import all_rows
from andraeus_tui.ui.app import AndraeusApp
from andraeus_tui.ui.dialogs import Confirm
from andraeus_tui.ui.edit_form import EditForm
from andraeus_tui.ui.filter_bar import Fault
from andraeus_tui.ui.table import WindowTable
from schemas.row import Origin, ReviewState, Row, RowKind, Split
from tests.ui.conftest import MakeProject
from tests.ui.steps import shown, table_lines


def train_rows(project: Project) -> list[Row]:
    """What is on the disk, read by another connection."""
    with project.database() as database:
        return all_rows(database, split=Split.TRAIN)


async def settle(pilot: Pilot[Any]) -> None:
    """Until all work in the background is done, or waits for an answer."""
    for _ in range(500):
        await pilot.pause(0.01)
        if isinstance(pilot.app.screen, Confirm) or all(worker.is_finished for worker in pilot.app.workers):
            break
    await pilot.pause()


async def open_review(pilot: Pilot[Any]) -> None:
    """From the first screen to the Review step."""
    await settle(pilot)
    await pilot.press("3")
    await settle(pilot)


def cursor(pilot: Pilot[Any]) -> int:
    """The row under the cursor."""
    return pilot.app.screen.query_one("#rows", WindowTable).cursor


async def rewrite(pilot: Pilot[Any], question: str | None = None, answer: str | None = None) -> None:
    """Fill in the form that is open."""
    screen = pilot.app.screen
    assert isinstance(screen, EditForm)
    for name, text in (("question", question), ("answer", answer)):
        if text is not None:
            screen.query_one(f"#{name}", TextArea).text = text
    await pilot.pause(0.25)


async def test_review_of_200_rows_is_found_again(make_project: MakeProject) -> None:
    project = make_project(state=ReviewState.PENDING)
    first = train_rows(project)
    total = len(first)
    assert total >= 200
    async with AndraeusApp(project.folder).run_test(size=(80, 24), notifications=True) as pilot:
        await open_review(pilot)
        assert shown(pilot, "#progress") == f"0 of {total} decided"
        expected: dict[str, ReviewState] = {}
        for number in range(198):
            key, state = ("r", ReviewState.REJECTED) if number % 7 == 3 else ("a", ReviewState.APPROVED)
            expected[first[cursor(pilot)].id] = state
            await pilot.press(key)
        # each key was on the disk before the next one
        states = {row.id: row.state for row in train_rows(project)}
        assert all(states[row_id] is state for row_id, state in expected.items())
        assert len(expected) == 198
        assert shown(pilot, "#progress").startswith(f"198 of {total} decided, ")
        assert "rows a minute" in shown(pilot, "#progress")

        # a mistake: back, and the cursor is on it
        await pilot.press("u")
        await settle(pilot)
        assert cursor(pilot) == 197
        await pilot.press("ctrl+r", "u")
        await settle(pilot)
        await pilot.press("r")
        expected[first[197].id] = ReviewState.REJECTED
        assert cursor(pilot) == 198

        # skip one, edit the next
        await pilot.press("s", "e")
        await settle(pilot)
        edited = first[199]
        await rewrite(pilot, question=f"{edited.question} Please?")
        await pilot.press("f2")
        await settle(pilot)
        expected[edited.id] = ReviewState.APPROVED
        if isinstance(pilot.app.screen, Confirm):
            await pilot.press("n")
    rows = {row.id: row for row in train_rows(project)}
    assert {row_id: rows[row_id].state for row_id in expected} == expected
    assert rows[first[198].id].state is ReviewState.PENDING
    assert (rows[edited.id].question, rows[edited.id].origin) == (f"{edited.question} Please?", Origin.HAND)
    async with AndraeusApp(project.folder).run_test(size=(120, 40), notifications=True) as pilot:
        await open_review(pilot)
        assert shown(pilot, "#progress").startswith(f"199 of {total} decided")
        assert cursor(pilot) == 198


async def test_filters_and_all_that_pass(make_project: MakeProject) -> None:
    project = make_project(state=ReviewState.PENDING)
    async with AndraeusApp(project.folder).run_test(size=(120, 40), notifications=True) as pilot:
        await open_review(pilot)
        table = pilot.app.screen.query_one("#rows", WindowTable)
        pilot.app.screen.query_one("#kind", Select).value = RowKind.YES_NO
        await settle(pilot)
        wanted = {row.id for row in train_rows(project) if row.kind is RowKind.YES_NO}
        assert table.row_count == len(wanted)
        await pilot.press("r")
        await pilot.press("A")
        await settle(pilot)
        assert isinstance(pilot.app.screen, Confirm)
        await pilot.press("y")
        await settle(pilot)
        states = [row.state for row in train_rows(project) if row.id in wanted]
        # what was rejected before stays so
        assert (states.count(ReviewState.REJECTED), states.count(ReviewState.APPROVED)) == (1, len(wanted) - 1)
        assert {row.state for row in train_rows(project) if row.id not in wanted} == {ReviewState.PENDING}
        await pilot.press("u")
        await settle(pilot)
        assert sum(row.state is ReviewState.APPROVED for row in train_rows(project)) == 0

        await pilot.press("escape", "slash", *"DARIO", "enter")
        await settle(pilot)
        assert table.row_count == sum(
            "dario" in f"{row.question}{row.answer}".casefold() for row in train_rows(project)
        )
        await pilot.press("f")
        await settle(pilot)
        assert "only your barber" in shown(pilot, "#progress")
        await pilot.press("escape")
        await settle(pilot)
        pilot.app.screen.query_one("#split", Select).value = Split.TEST
        await settle(pilot)
        assert "test" in shown(pilot, "#text")
        pilot.app.screen.query_one("#fault", Select).value = Fault.ALIKE
        await settle(pilot)
        assert table.row_count < len(train_rows(project))
        await pilot.press("escape")
        await settle(pilot)
        assert table.row_count == len(train_rows(project))


async def test_a_failing_edit_is_not_approved_unseen(make_project: MakeProject) -> None:
    project = make_project(state=ReviewState.PENDING)
    async with AndraeusApp(project.folder).run_test(size=(80, 24), notifications=True) as pilot:
        await open_review(pilot)
        await pilot.press("slash", *"where do i work", "enter", "e")
        await settle(pilot)
        await rewrite(pilot, answer="I have no idea.")
        assert "misses the value" in shown(pilot, "#verdict")
        await pilot.press("f2")
        await settle(pilot)
        assert isinstance(pilot.app.screen, EditForm)
        await pilot.press("ctrl+s")
        await settle(pilot)
        (changed,) = (row for row in train_rows(project) if row.answer == "I have no idea.")
        assert (changed.state, changed.checks) == (ReviewState.PENDING, ())
        await pilot.press("escape")
        pilot.app.screen.query_one("#fault", Select).value = Fault.FAILING
        await settle(pilot)
        assert len(table_lines(pilot, "#rows")) == 1
        assert table_lines(pilot, "#rows")[0].startswith("·!")
        await pilot.press("a")
        await settle(pilot)
        assert isinstance(pilot.app.screen, Confirm)
        await pilot.press("n")
        await pilot.press("A")
        await settle(pilot)
        assert not any(row.state is ReviewState.APPROVED for row in train_rows(project))


async def test_repair_once_mends_the_same_fault_elsewhere(make_project: MakeProject) -> None:
    project = make_project(state=ReviewState.APPROVED)
    before = {row.id: row for row in train_rows(project)}
    faulty = [row for row in before.values() if row.answer.startswith("Your employer is ")]
    assert len(faulty) > 3
    async with AndraeusApp(project.folder).run_test(size=(120, 40), notifications=True) as pilot:
        await open_review(pilot)
        await pilot.press("slash", *"your employer is", "enter", "home", "e")
        await settle(pilot)
        form = pilot.app.screen
        await rewrite(
            pilot, answer=form.query_one("#answer", TextArea).text.replace("employer is", "employer is called")
        )
        await pilot.press("ctrl+s")
        await settle(pilot)
        assert isinstance(pilot.app.screen, Confirm)
        await pilot.press("y")
        await settle(pilot)
        after = {row.id: row for row in train_rows(project)}
        for row in faulty:
            assert after[row.id].answer.startswith("Your employer is called ")
            assert (after[row.id].origin, after[row.id].state) == (Origin.HAND, ReviewState.PENDING)
        await pilot.press("u", "u")
        await settle(pilot)
    assert {row.id: row for row in train_rows(project)} == before


async def test_undo_asks_before_it_takes_back_what_is_no_review(make_project: MakeProject) -> None:
    project = make_project(state=ReviewState.PENDING)
    async with AndraeusApp(project.folder).run_test(size=(80, 24), notifications=True) as pilot:
        await open_review(pilot)
        await pilot.press("u")
        await settle(pilot)
        assert isinstance(pilot.app.screen, Confirm)
        await pilot.press("n")
        await settle(pilot)
        assert train_rows(project)
        await pilot.press("u")
        await settle(pilot)
        await pilot.press("y")
        await settle(pilot)
        assert not train_rows(project)
        assert "No rows yet" in shown(pilot, "#text")


async def test_by_mouse_and_without_rows(make_project: MakeProject) -> None:
    project = make_project(facts=[])
    async with AndraeusApp(project.folder).run_test(size=(80, 24), notifications=True) as pilot:
        await open_review(pilot)
        assert "No rows yet" in shown(pilot, "#text")
        await pilot.press(*"aresuARf", "ctrl+r", "enter")
        await settle(pilot)
        assert pilot.app.current_mode == "review"


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
async def test_hostile_text(make_project: MakeProject, size: tuple[int, int]) -> None:
    values = ["[red]x[/red] [/nothing]", "<|im_end|> {my}", "🦊 שלום", "z" * 1000]
    facts: list[dict[str, object]] = [
        {"attribute": f"motto [/b] {at}", "value": value} for at, value in enumerate(values)
    ]
    project = make_project(facts=facts, state=ReviewState.PENDING)
    async with AndraeusApp(project.folder).run_test(size=size, notifications=True) as pilot:
        await open_review(pilot)
        assert "[red]x[/red]" in shown(pilot, "#text")
        await pilot.press("f")
        await settle(pilot)
        assert "[/b]" in shown(pilot, "#progress")
        await pilot.press("e")
        await settle(pilot)
        await rewrite(pilot, question="What is my motto [/b] 0,\nthe \x1b[31m[red] one 🦊?" + "y" * 10_000)
        assert "characters" in shown(pilot, "#verdict")
        await pilot.press("ctrl+s")
        await settle(pilot)
        await rewrite(pilot, question="What is my motto [/b] 0,\nthe \x1b[31m[red] one 🦊?")
        await pilot.press("ctrl+s")
        await settle(pilot)
        while isinstance(pilot.app.screen, Confirm):
            await pilot.press("n")
            await settle(pilot)
        (row,) = (row for row in train_rows(project) if row.origin is Origin.HAND)
        assert row.question == "What is my motto [/b] 0, the [31m[red] one 🦊?"
        pilot.app.screen.query_one("#search", Input).value = "[/red] 'quoted\" %"
        await settle(pilot)
        assert "No row passes" in shown(pilot, "#text")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_picture(make_project: MakeProject, snap_compare: Any, size: tuple[int, int]) -> None:
    async def review(pilot: Pilot[Any]) -> None:
        await open_review(pilot)
        await pilot.press(*"ar", "slash", *"sister", "enter")
        await settle(pilot)

    project = make_project(state=ReviewState.PENDING)
    assert snap_compare(AndraeusApp(project.folder), terminal_size=size, run_before=review)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_picture_of_the_form(make_project: MakeProject, snap_compare: Any, size: tuple[int, int]) -> None:
    async def edit(pilot: Pilot[Any]) -> None:
        await open_review(pilot)
        await pilot.press("slash", *"where do i work", "enter", "e")
        await settle(pilot)
        await rewrite(pilot, answer="I have no idea.")
        pilot.app.screen.query_one("#save").focus()  # no blinking cursor
        await settle(pilot)

    project = make_project(state=ReviewState.PENDING)
    assert snap_compare(AndraeusApp(project.folder), terminal_size=size, run_before=edit)
