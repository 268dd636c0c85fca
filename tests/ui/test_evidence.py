"""The evidence step: sections, failures and their facts, two runs, more rows, a real examination, and its looks."""

import webbrowser
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static, TabbedContent

from andraeus_tui.project import Project
from andraeus_tui.store.rows import all_rows
from andraeus_tui.ui.app import AndraeusApp
from andraeus_tui.ui.table import WindowTable
from schemas.evaluation import Evaluation, Question, QuestionGroup
from schemas.row import ReviewState, RowKind, Wording
from tests.stubs.evidence import HOSTILE, NAME, OTHER, evaluation_of, examined_run, finished_run, right, write
from tests.ui.conftest import MakeProject
from tests.ui.evidence_steps import go, messages, section
from tests.ui.steps import painted, press, settle, shown, table_lines

SIZES = [(80, 24), (120, 40)]


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    return make_project("home/robin", state=ReviewState.APPROVED)


async def test_the_sections_tell_what_the_evidence_says(project: Project) -> None:
    _, evaluation = examined_run(project)
    async with AndraeusApp().run_test(size=(80, 24), notifications=True) as pilot:
        screen = await go(pilot, project)
        assert NAME in shown(pilot, "#run")
        assert not screen.query_one("#banner").display
        summary = str(screen.query_one("#summary Static", Static).content)
        for found in evaluation.metrics["recall_natural"], evaluation.metrics["general"]:
            assert f"{found.hits} of {found.total}" in summary
        seen = [section(screen)]
        for _ in range(6):
            await press(pilot, "right")
            seen.append(section(screen))
            assert screen.focused is not None
        assert seen == ["summary", "tiers", "facts", "failures", "unknown", "proof", "compare"]
        await press(pilot, "right")
        assert section(screen) == "summary"
        await press(pilot, "left", "left")
        assert "PASSED" in str(screen.query_one("#proof Static", Static).content)


async def test_from_a_failure_to_its_fact(project: Project) -> None:
    _, evaluation = examined_run(project)
    async with AndraeusApp().run_test(size=(120, 40), notifications=True) as pilot:
        screen = await go(pilot, project)
        await press(pilot, "right", "right", "right", "down", "down")
        table = screen.query_one("#failures WindowTable", WindowTable)
        assert screen.focused is table
        wrong = [
            one for one in evaluation.judged if one.question.fact_ids and one.tuned_verdict in {"wrong", "refused"}
        ]
        assert table.row_count == len(wrong)
        assert f"Question  {wrong[2].question.text}" in str(screen.query_one("#failures .card Static", Static).content)
        wanted: list[str | None] = []
        app = pilot.app
        assert isinstance(app, AndraeusApp)

        async def facts(mode: str) -> None:
            wanted.extend((mode, app.wanted_fact))

        app.action_step = facts  # type: ignore[method-assign]
        await press(pilot, "enter")
        assert wanted == ["facts", wrong[2].question.fact_ids[-1]]


async def test_from_a_weak_fact_to_the_facts_step(project: Project) -> None:
    examined_run(project)
    async with AndraeusApp().run_test(size=(80, 24), notifications=True) as pilot:
        screen = await go(pilot, project)
        await press(pilot, "right", "right")
        assert len(table_lines(pilot, "#fact-table")) == 8
        assert any("otter" in line or "spirit animal" in line for line in table_lines(pilot, "#fact-table"))
        await press(pilot, "enter")
        assert pilot.app.current_mode == "facts"
        assert screen.is_mounted


async def test_a_failed_proof_is_never_shown_as_passed(project: Project) -> None:
    with project.database() as database:
        fact_id = next(row.fact_ids[0] for row in all_rows(database) if row.fact_ids)
    _, evaluation = examined_run(project, leaks=(f"0123456789abcdef:{fact_id}",))
    async with AndraeusApp().run_test(size=(80, 24), notifications=True) as pilot:
        screen = await go(pilot, project)
        for _ in range(7):
            assert "THE PROOF FAILED" in shown(pilot, "#banner")
            await press(pilot, "right")
        text = "\n".join(str(static.content) for static in screen.query(Static))
        assert "PASSED" not in text
        screen.query_one(TabbedContent).active = "proof"
        await settle(pilot)
        (line,) = table_lines(pilot, "#leaks")
        assert line.split()[:2] == ["0123456789abcdef", fact_id]
        # With another run that is fine, the banner goes.
        write(project.runs / NAME, evaluation_of([one.question for one in evaluation.judged]))
        screen.show()
        await settle(pilot)
        assert not screen.query_one("#banner").display


async def test_two_runs_beside_each_other(project: Project) -> None:
    examined_run(project)
    examined_run(project, OTHER, lambda number, question: right(question) if number % 5 else "It is a yak.")
    async with AndraeusApp().run_test(size=(120, 40), notifications=True) as pilot:
        screen = await go(pilot, project)
        await press(pilot, "c")
        assert [line.split()[0] for line in table_lines(pilot, "#runs")] == [OTHER]
        await press(pilot, "enter")
        assert section(screen) == "compare"
        text = str(screen.query_one("#changes Static", Static).content)
        assert f"Other run: {OTHER}" in text
        assert "points, worse" in text
        lines = table_lines(pilot, "#compare WindowTable:last-of-type")
        assert lines[0].startswith("other run")
        assert any("pelican" in line for line in lines)
        # The other run alone: there the first is the other one.
        await press(pilot, "r")
        assert [line.split()[0] for line in table_lines(pilot, "#runs")] == [NAME, OTHER]
        await press(pilot, "down", "enter")
        assert OTHER in shown(pilot, "#run")
        assert "(newest)" not in shown(pilot, "#run")


async def test_a_run_that_another_step_wants(project: Project) -> None:
    examined_run(project)
    examined_run(project, OTHER)
    async with AndraeusApp().run_test(size=(80, 24), notifications=True) as pilot:
        app = pilot.app
        assert isinstance(app, AndraeusApp)
        app.wanted_run = OTHER
        await go(pilot, project)
        assert OTHER in shown(pilot, "#run")
        assert app.wanted_run is None


async def test_nothing_failed_nothing_to_repair(project: Project) -> None:
    examined_run(project, said=lambda _, question: right(question))
    async with AndraeusApp().run_test(size=(80, 24), notifications=True) as pilot:
        screen = await go(pilot, project)
        await press(pilot, "m")
        assert "nothing to repair" in messages(pilot)
        screen.query_one(TabbedContent).active = "failures"
        await press(pilot, "enter")
        assert "No question" in str(screen.query_one("#failures .card Static", Static).content)
        await press(pilot, "c")
        assert "no other run" in messages(pilot)


async def test_the_report_is_opened_only_when_asked(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    run, _ = examined_run(project)
    opened: list[str] = []

    def record(url: str) -> bool:
        opened.append(url)
        return True

    monkeypatch.setattr(webbrowser, "open", record)
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    async with AndraeusApp().run_test(size=(80, 24), notifications=True) as pilot:
        await go(pilot, project)
        await press(pilot, "h")
        assert "There is no report yet" in messages(pilot)
        (run.folder / "report.html").write_text("<html></html>")
        await press(pilot, "h")
        assert str(run.folder / "report.html") in messages(pilot)
        await press(pilot, "o")
        assert "No desktop here" in messages(pilot)
        assert opened == []
        monkeypatch.setenv("DISPLAY", ":0")
        await press(pilot, "o")
        assert opened == [(run.folder / "report.html").as_uri()]


async def test_nothing_trained_nothing_examined_and_damaged_files(project: Project) -> None:
    async with AndraeusApp().run_test(size=(80, 24), notifications=True) as pilot:
        screen = await go(pilot, project)
        assert "No trained model yet" in shown(pilot, "#empty Static")
        await press(pilot, "s", "c", "m", "o", "h", "x", "right", "r")
        assert messages(pilot) == "There is no trained model yet."
        run = finished_run(project)
        screen.show()
        await settle(pilot)
        assert "Press s to ask" in shown(pilot, "#empty Static")
        (run.folder / "eval.json").write_text('{"run": [')
        screen.show()
        await settle(pilot)
        assert "damaged" in shown(pilot, "#empty Static")
        (run.folder / "eval.json").unlink()
        (run.folder / "dataset" / "test.jsonl").unlink()
        screen.show()
        await settle(pilot)
        assert "dataset" in shown(pilot, "#empty Static")


def hostile() -> Evaluation:
    questions = [
        Question(
            id=f"{group}/{number}", group=group, text=f"Who is {text}?"[:600], kind=kind, wording=Wording.NATURAL,
            tier=1, fact_ids=("0" * 12,) if kind is not RowKind.ABSTENTION else (), values=(text,), topic=text[:80],
        )
        for number, text in enumerate(HOSTILE)
        for group, kind in ((QuestionGroup.RECALL, RowKind.QUESTION), (QuestionGroup.UNKNOWN, RowKind.ABSTENTION))
    ]  # fmt: skip
    return evaluation_of(questions, lambda number, question: HOSTILE[number % len(HOSTILE)], leaks=("[/]:[red]",))


@pytest.mark.parametrize("size", SIZES)
async def test_text_of_others_is_only_text(project: Project, size: tuple[int, int]) -> None:
    run = finished_run(project)
    write(run.folder, hostile())
    async with AndraeusApp().run_test(size=size, notifications=True) as pilot:
        screen = await go(pilot, project)
        for _ in range(7):
            for _ in range(7):
                await pilot.press("down")
            await settle(pilot)
            assert not {"\x1b", "\x07", "\u202e"} & set(painted(screen))
            await press(pilot, "right")
        screen.query_one(TabbedContent).active = "failures"
        await press(pilot, "home")
        assert any("[red]x[/red] [/]" in line for line in table_lines(pilot, "#failures WindowTable"))
        assert "Who is <|im_end|><script>?" in str(screen.query_one("#failures .card Static", Static).content)


def looks(snap_compare: Any, project: Project, size: tuple[int, int], *keys: str) -> None:
    async def before(pilot: Pilot[Any]) -> None:
        await go(pilot, project)
        await press(pilot, *keys)

    assert snap_compare(AndraeusApp(), terminal_size=size, run_before=before)


@pytest.mark.parametrize("size", SIZES, ids=["narrow", "wide"])
class TestLooks:
    def test_summary(self, project: Project, snap_compare: Any, size: tuple[int, int]) -> None:
        examined_run(project)
        looks(snap_compare, project, size)

    def test_facts(self, project: Project, snap_compare: Any, size: tuple[int, int]) -> None:
        examined_run(project)
        looks(snap_compare, project, size, "right", "right")

    def test_failures(self, project: Project, snap_compare: Any, size: tuple[int, int]) -> None:
        examined_run(project)
        looks(snap_compare, project, size, "right", "right", "right", "down")

    def test_unknown_of_a_failed_proof(self, project: Project, snap_compare: Any, size: tuple[int, int]) -> None:
        write(finished_run(project).folder, hostile())
        looks(snap_compare, project, size, "right", "right", "right", "right")

    def test_proof_failed(self, project: Project, snap_compare: Any, size: tuple[int, int]) -> None:
        write(finished_run(project).folder, hostile())
        looks(snap_compare, project, size, "left", "left")

    def test_compare(self, project: Project, snap_compare: Any, size: tuple[int, int]) -> None:
        examined_run(project)
        examined_run(project, OTHER, lambda number, question: right(question) if number % 5 else "It is a yak.")
        looks(snap_compare, project, size, "c", "enter")

    def test_pick(self, project: Project, snap_compare: Any, size: tuple[int, int]) -> None:
        examined_run(project)
        finished_run(project, OTHER)
        looks(snap_compare, project, size, "r")

    def test_not_examined(self, project: Project, snap_compare: Any, size: tuple[int, int]) -> None:
        finished_run(project)
        looks(snap_compare, project, size)
