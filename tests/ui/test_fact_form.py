"""Writing and changing a fact: what the form suggests, explains, keeps."""

from textual.widgets import Select, TextArea

from andraeus_tui.project import Project
from andraeus_tui.store.facts import all_facts
from andraeus_tui.store.rows import all_rows, replace_generated
from andraeus_tui.ui.app import AndraeusApp
from andraeus_tui.ui.fact_form import FactForm
from andraeus_tui.ui.table import WindowTable
from generators.build import build
from schemas.fact import Fact, Tier
from schemas.row import ReviewState, Split
from schemas.settings import GenerationSettings
from tests.ui.conftest import MakeProject
from tests.ui.facts_steps import facts, field, hint, stored
from tests.ui.steps import press, settle, shown

WIDE, NARROW = (120, 40), (80, 24)


async def test_the_form_suggests_and_explains_while_typing(make_project: MakeProject) -> None:
    project = make_project()
    async with AndraeusApp(project.folder).run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "a", *"anniversary", "tab", *"14 June 2015")
        assert hint(pilot, "tier") == "tier 3 temporal: 'wedding anniversary' is about time"
        assert hint(pilot, "kind") == "kind date: the value looks like a date"
        assert hint(pilot, "attribute").endswith("has everyday wordings")
        await press(pilot, "shift+tab", *" stone")
        assert hint(pilot, "attribute").endswith("generic wordings only")
        # faults are told at once, at their field
        field(pilot, "attribute").value = "x" * 121
        await settle(pilot)
        assert "121 characters" in hint(pilot, "attribute")
        field(pilot, "attribute").value = "pet name"
        await settle(pilot)
        assert "known already ('Max')" in hint(pilot, "attribute")
        await press(pilot, "ctrl+s")
        assert isinstance(pilot.app.screen, FactForm)
        assert len(stored(project)) == 8
        # several lines are a list; a tier by hand
        field(pilot, "attribute").value = "instruments"
        pilot.app.screen.query_one("#value", TextArea).text = "oud\n\n  viola "
        pilot.app.screen.query_one("#tier", Select).value = Tier.MULTI_HOP
        field(pilot, "aliases").value = "lute | "
        await settle(pilot)
        assert hint(pilot, "kind") == "kind list: there are several values"
        await press(pilot, "ctrl+s")
        assert "you, your" not in facts(pilot)[8]
        with project.database() as database:
            fact = all_facts(database)[-1]
        assert (fact.value, fact.tier, fact.aliases) == (["oud", "viola"], Tier.MULTI_HOP, ("lute",))
        assert pilot.app.screen.query_one("#facts", WindowTable).cursor == 8
        assert "oud and viola" in shown(pilot, "#details")


async def test_empty_fields_are_told_and_typed_text_is_not_thrown_away(make_project: MakeProject) -> None:
    project = make_project()
    async with AndraeusApp(project.folder).run_test(size=NARROW) as pilot:
        await settle(pilot)
        await press(pilot, "a", "ctrl+s")
        assert "must be filled" in hint(pilot, "attribute")
        await press(pilot, *"moto", "escape")
        await press(pilot, "n")
        assert field(pilot, "attribute").value == "moto"
        await press(pilot, "escape")
        await press(pilot, "y")
        assert len(facts(pilot)) == 8


async def test_editing_keeps_place_and_rows_where_it_can(make_project: MakeProject) -> None:
    project = make_project(state=ReviewState.APPROVED)
    async with AndraeusApp(project.folder).run_test(size=WIDE) as pilot:
        await settle(pilot)
        before = facts(pilot)[2]
        await press(pilot, "down", "down", "enter")
        field(pilot, "source").value = "a letter"
        await press(pilot, "ctrl+s")
        assert facts(pilot)[2] == before, "a source stands in no row"
        assert "source: a letter" in shown(pilot, "#details")
        await press(pilot, "e")
        field(pilot, "attribute").value = "boat name"
        await settle(pilot)
        assert "Saving drops the" in shown(pilot, "#rows-hint")
        await press(pilot, "ctrl+s")
        assert facts(pilot)[2].split()[1:3] == ["boat", "name"]
        assert "none" in facts(pilot)[2]
        await press(pilot, "u")
        assert facts(pilot)[2] == before
        await press(pilot, "U")
        assert list(stored(project))[2] == "boat name"


async def test_numbers_and_lists_stay_what_they_were(make_project: MakeProject) -> None:
    bodies: list[dict[str, object]] = [
        {"attribute": "age", "value": 34},
        {"attribute": "vegetarian", "value": True},
        {"attribute": "hobbies", "value": ["chess"]},
    ]
    project = make_project(facts=bodies)
    async with AndraeusApp(project.folder).run_test(size=NARROW) as pilot:
        await settle(pilot)
        for key in ("home", "down", "down"):
            await press(pilot, key, "e")
            field(pilot, "source").value = "me"
            await press(pilot, "ctrl+s")
    assert stored(project) == {body["attribute"]: body["value"] for body in bodies}
    with project.database() as database:
        assert [fact.source for fact in all_facts(database)] == ["me"] * 3


async def test_own_questions_are_kept_and_undone_and_leave_the_other_rows(make_project: MakeProject) -> None:
    project = make_project(state=ReviewState.APPROVED)

    def asked() -> tuple[str, ...]:
        with project.database() as database:
            return all_facts(database)[-1].questions

    def trained() -> set[str]:
        with project.database() as database:
            return {row.question for row in all_rows(database, Split.TRAIN, ReviewState.APPROVED)}

    before = trained()
    async with AndraeusApp(project.folder).run_test(size=NARROW) as pilot:
        await settle(pilot)
        await press(pilot, "end", "e")
        field(pilot, "questions").value = "Which animal am I? | what's my [/beast]? | am I an otter [the /small] one?"
        await settle(pilot)
        assert "not used: 'am I an otter" in hint(pilot, "questions")
        assert hint(pilot, "attribute").endswith("everyday wordings made by rule and your own questions")
        assert not pilot.app.screen.query_one("#rows-hint").display, "no row says anything that is not true any more"
        await press(pilot, "ctrl+s")
        assert asked() == ("Which animal am I?", "what's my [/beast]?", "am I an otter [the /small] one?")
        assert "asked as: Which animal am I? | what's my [/beast]?" in shown(pilot, "#details")
        assert trained() == before
        generated(project)
        assert trained() >= {"Which animal am I?", "what's my [/beast]?"}
        # One is taken away: its row goes, the others stay as they were decided.
        await press(pilot, "e")
        assert field(pilot, "questions").value.startswith("Which animal am I? | ")
        whole = trained()
        field(pilot, "questions").value = "Which animal am I?"
        await press(pilot, "ctrl+s")
        assert whole - trained() == {"what's my [/beast]?"}
        await press(pilot, "u")
        assert len(asked()) == 3
        assert trained() == whole


async def test_a_bar_in_a_question_survives_open_and_save(make_project: MakeProject) -> None:
    asked = ["Who am I <|im_start|>?", "| my a||b\\", "what's my [/beast]?"]
    body: dict[str, object] = {"attribute": "spirit animal", "value": "otter", "questions": asked, "aliases": ["a|b"]}
    project = make_project(facts=[body])

    def kept() -> Fact:
        with project.database() as database:
            (fact,) = all_facts(database)
        return fact

    before = kept()
    async with AndraeusApp(project.folder).run_test(size=NARROW) as pilot:
        await settle(pilot)
        assert "asked as: Who am I <|im_start|>? |" in shown(pilot, "#details")
        await press(pilot, "e", "ctrl+s")
        assert kept() == before
        await press(pilot, "e")
        field(pilot, "source").value = "me"
        await press(pilot, "ctrl+s")
        assert kept() == before.model_copy(update={"source": "me"})
        await press(pilot, "e")
        field(pilot, "questions").focus()
        await press(pilot, "end", *" | which or \\| what am I?", "ctrl+s")
        assert kept().questions == (*asked, "which or | what am I?")


def generated(project: Project) -> None:
    with project.database() as database:
        made = build(all_facts(database), GenerationSettings(variations=4, abstention=0.2, replay=4)).rows
        replace_generated(database, made, ReviewState.APPROVED, "generate")
