"""Train: a run that goes on from the last one, offered when facts changed since."""

from collections.abc import Callable

import pytest

from andraeus_tui.project import Project
from andraeus_tui.runs import RunState, all_runs, config_of
from andraeus_tui.store.facts import all_facts, put_facts, remove_facts
from andraeus_tui.store.rows import replace_generated
from andraeus_tui.training import new_run
from andraeus_tui.ui.app import AndraeusApp
from andraeus_tui.updating import gone_facts
from generators.build import candidates
from schemas.row import ReviewState
from tests.stubs.evidence import finished_run
from tests.ui.conftest import MakeProject, facts_of
from tests.ui.steps import add_settings, shown, until
from tests.ui.train_steps import begin, go, heading


def change(project: Project) -> None:
    """A new value, a fact less, and rows for both."""
    with project.database() as database:
        put_facts(database, facts_of([{"attribute": "pet_name", "value": "Rex"}]), "edit")
        (city,) = [fact.id for fact in all_facts(database) if fact.attribute == "city"]
        remove_facts(database, [city], "remove")
        facts = all_facts(database)
        rows = candidates(facts, project.settings.generation, gone=gone_facts(project.runs, facts))
        replace_generated(database, rows, ReviewState.APPROVED, "generate")


async def test_the_last_run_is_continued_when_a_person_chooses_so(tiny: Callable[[int], Project]) -> None:
    project = tiny(2)
    async with AndraeusApp().run_test(size=(80, 24)) as pilot:
        await go(pilot, project)
        await begin(pilot)
        await until(pilot, lambda: "finished" in heading(pilot))
        assert not pilot.app.screen.query_one("#update").display, "nothing changed: nothing to continue"
        change(project)
        await pilot.press("1")
        await pilot.pause(0.3)
        await pilot.press("4")
        (first,) = all_runs(project.runs)
        offer = pilot.app.screen.query_one("#update")
        await until(pilot, lambda: offer.display and "starts from scratch" in shown(pilot, "#update"))
        assert f"Since run {first.name}: 1 changed, 1 deleted, 1 kept" in shown(pilot, "#update")
        await pilot.press("c")
        await until(pilot, lambda: "The next run continues it" in shown(pilot, "#update"))
        assert "what changed" in shown(pilot, "#plan")
        await begin(pilot)
        continued = f"finished; continues {first.name}: 1 changed, 1 deleted, 1 kept"
        await until(pilot, lambda: continued in heading(pilot))
        await until(pilot, lambda: "no proof of forgetting" in shown(pilot, "#said"))
    second = all_runs(project.runs)[0]
    assert second.state is RunState.FINISHED
    parent = config_of(second.folder).parent
    assert parent is not None
    assert parent.run == first.name


@pytest.mark.parametrize("setting", ["", "rank = 8"])
async def test_scratch_is_the_default_and_other_settings_offer_nothing(
    make_project: MakeProject, known_cost: None, setting: str
) -> None:
    project = make_project(state=ReviewState.APPROVED)
    finished_run(project, "20260301-090000-ab12")
    change(project)
    project = add_settings(project, f"[recipe]\n{setting}\n")
    async with AndraeusApp().run_test(size=(120, 40)) as pilot:
        await go(pilot, project)
        offered = pilot.app.screen.query_one("#update").display
        assert offered is (not setting)
        await pilot.press("c", "c")
        assert "approved rows into" in shown(pilot, "#plan")
    held = new_run(project)
    assert config_of(held.folder).parent is None
