"""What the Facts step knows, without a screen: search, counts, the model's knowledge, drafts, pasted text."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from andraeus_tui.beginning import ModelSource, begin, folder_problem, free_folder, model_problem
from andraeus_tui.drafts import Draft, advise, draft_of, save
from andraeus_tui.exporting import FORMATS, format_of
from andraeus_tui.fact_view import FactList, Marks, RowCount, cells, count_by_fact, details, status_text
from andraeus_tui.freeze import freeze_run
from andraeus_tui.importing import Import, preview, read_pasted, refuse_if_useless
from andraeus_tui.knowledge import newest_knowledge
from andraeus_tui.project import Project
from andraeus_tui.readers import guess_format
from andraeus_tui.recent import Summary, summary
from andraeus_tui.store.facts import all_facts, put_facts
from andraeus_tui.store.rows import all_rows, replace_generated
from generators.build import build
from generators.topics import complete, explain_kind, explain_tier
from schemas.errors import InputError
from schemas.fact import Fact, ImportedFact, Tier, ValueKind
from schemas.row import ReviewState, Split
from schemas.settings import GenerationSettings
from tests.generators.facts import fact
from tests.stubs.evidence import recalling_run

TEXT = st.text(min_size=1, max_size=40)


SOME = (
    fact("employer", "Harbor Radio", source="payslip"),
    fact("sister_birthday", "3 May 1990"),
    fact("birthday", "1 June 1991", subject="Anna"),
    fact("pet_name", "Straße", aliases=["Strolch"]),
)
NOTHING = Marks({}, None)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Three facts with approved rows."""
    facts = Import(taken=[fact("pet_name", "Max"), fact("employer", "Acme"), fact("city", "Lisbon")])
    made = begin(tmp_path / "p", "embedded", facts, "import")
    settings = GenerationSettings(variations=4, abstention=0.2, replay=4)
    with made.database() as database:
        replace_generated(database, build(facts.taken, settings).rows, ReviewState.APPROVED, "generate")
    return made


@pytest.mark.parametrize(
    ("words", "found"),
    [("", 4), ("harbor", 1), ("BIRTHDAY", 2), ("birthday anna", 1), ("strolch", 1), ("strasse", 1), ("payslip", 1),
     ("pet name", 1), ("sister", 1), ("birthday harbor", 0)],
)  # fmt: skip
def test_search_wants_every_word_somewhere(words: str, found: int) -> None:
    assert len(FactList(SOME).find(words)) == found


def test_filters_and_counts() -> None:
    facts = FactList(SOME)
    assert facts.owners == ("you", "sister", "Anna")
    assert [one.value for one in facts.find(owner="sister")] == ["3 May 1990"]
    assert len(facts.find(tier=Tier.TEMPORAL)) == 2
    assert facts.summary == "4 facts: 2 simple, 2 temporal"
    assert status_text(facts, facts.find("harbor"), NOTHING) == "4 facts: 2 simple, 2 temporal. 1 shown."
    assert FactList(()).summary == "No facts yet"


def test_rows_are_counted_for_training_only(project: Project) -> None:
    with project.database() as database:
        counts = count_by_fact(database)
        wanted = Counter(fact_id for row in all_rows(database, Split.TRAIN) for fact_id in row.fact_ids)
    assert counts == {fact_id: RowCount(count, count) for fact_id, count in wanted.items()}


def test_what_the_model_knows_follows_the_files(project: Project) -> None:
    with project.database() as database:
        facts = all_facts(database)
    assert newest_knowledge(project.runs) is None
    assert cells(facts[0], NOTHING)["in model"] == ""
    older = recalling_run(project, "20260101-000000-aaaa", wrong={"city"}, asked=3)
    freeze_run(project, project.runs).rename(project.runs / "20260102-000000-bbbb")
    knowledge = newest_knowledge(project.runs)
    assert knowledge is not None
    assert knowledge.run == older.name, "a newer run that never finished is passed over"
    marks = Marks({}, knowledge)
    assert [cells(one, marks)["in model"] for one in facts] == ["yes"] * 3
    assert [cells(one, marks)["recalled"] for one in facts] == ["3/3", "3/3", "0/3"]
    other = fact("pet_name", "Rex")
    assert cells(other, marks)["in model"] == "changed"
    assert "the model was taught 'Max'" in details(other, marks)[-1]
    assert cells(fact("boat", "Tern"), marks)["in model"] == "no"
    assert marks.deleted(facts[1:]) == 1
    (older.folder / "eval.json").write_text("{broken")
    assert newest_knowledge(project.runs).recalled == {}  # type: ignore[union-attr]


def test_a_draft_says_what_is_missing_wrong_and_suggested() -> None:
    assert advise(Draft(), {}).missing == ("attribute", "value")
    good = advise(Draft("birthday", "3 May 1990", "sister"), {})
    assert good.fact is not None
    assert (good.kind, good.tier) == (
        "kind date: the value looks like a date",
        "tier 3 temporal: 'birthday' is about time",
    )
    assert advise(Draft("spirit animal", "otter"), {}).wordings.endswith("everyday wordings made by rule")
    assert advise(Draft("quux", "otter"), {}).wordings.endswith("generic wordings only")
    wrong = advise(Draft("birthday", "3 May 1990", aliases="x" * 1001), {})
    assert (wrong.fact, list(wrong.problems)) == (None, ["aliases"])
    assert wrong.tier, "what is right is still advised on"
    crowded = advise(Draft("spotter", "Bo", questions=" | ".join(f"Who is my {n}?" for n in range(21))), {})
    assert list(crowded.problems) == ["questions"]
    asked = advise(Draft("spotter", "Bo", questions="Who do I lift with?|Is it Bo I lift with? "), {})
    assert asked.wordings.endswith("your own questions")
    assert asked.questions == "not used: 'Is it Bo I lift with?': leak: the answer stands in the question"
    assert asked.fact is not None
    assert advise(Draft("hobbies", "a\nb", kind=ValueKind.TEXT), {}).problems["kind"] == "several values are a list"
    known = {SOME[0].id: SOME[0]}
    assert "Harbor Radio" in advise(Draft("my employer", "Acme"), known).problems["attribute"]
    assert advise(Draft("my employer", "Acme"), known, SOME[0]).fact is not None


@pytest.mark.parametrize(
    "one",
    [
        *SOME,
        fact("spotter", "Bo", questions=["Who spots me?", "Who do I trust?"]),
        fact("spotter", "Bo", aliases=["B|o", "\\|"], questions=["Who spots me <|im_start|>?", "| my a||b\\", "\\|me"]),
        fact("hobbies", ["chess", "tea"]),
        fact("motto", "a | b", tier=4, kind="place"),
    ],
)
def test_a_draft_of_a_fact_is_that_fact(one: Fact) -> None:
    assert advise(draft_of(one), {one.id: one}, one).fact == one


@given(TEXT, TEXT, *[st.text(max_size=20)] * 3)
def test_any_typing_is_judged(attribute: str, value: str, subject: str, aliases: str, questions: str) -> None:
    advice = advise(Draft(attribute, value, subject, aliases=aliases, questions=questions), {})
    assert (advice.fact is None) == bool(advice.problems or advice.missing)


@given(TEXT, TEXT)
def test_reasons_go_with_the_suggestions(attribute: str, value: str) -> None:
    try:
        imported = ImportedFact(attribute=attribute, value=value)
        made = complete(imported)
    except ValueError:
        return
    assert (explain_kind(imported)[0], explain_tier(imported)[0]) == (made.kind, made.tier)
    assert explain_tier(imported)[1]


def test_saving_keeps_the_place_and_undoes_as_one(project: Project) -> None:
    with project.database() as database:
        before = all_facts(database)
        rows = all_rows(database)
        save(database, before[0].model_copy(update={"source": "a letter"}), before[0])
        assert all_rows(database) == rows
        moved = fact("boat", "Tern")
        save(database, moved, before[0])
        assert [one.attribute for one in all_facts(database)] == ["boat", "employer", "city"]
        assert not any(before[0].id in row.fact_ids for row in all_rows(database))
        assert database.undo() == "edit boat"
        assert [one.attribute for one in all_facts(database)] == ["pet_name", "employer", "city"]
        assert all_rows(database) == rows


PASTED = {
    ".json": '{"a": 1}',
    ".jsonl": '{"attribute": "a", "value": "b"}\n{"attribute": "c", "value": "d"}',
    ".csv": "attribute;value\na;b",
    ".yaml": "hobbies:\n  - chess\n  - tea\n",
    ".txt": "- a: b\n- c = d",
}


@pytest.mark.parametrize(("form", "text"), PASTED.items(), ids=PASTED)
def test_pasted_text_is_told_by_its_looks(form: str, text: str) -> None:
    assert guess_format(text) == form
    assert read_pasted(text, []).taken


@pytest.mark.parametrize("text", ["[note] a: b", "I live in Rome, Italy: always", "a: [x, y]", "# {\na: b"])
def test_plain_lines_stay_plain(text: str) -> None:
    assert guess_format(text) == ".txt"


@given(st.text(max_size=200))
def test_any_pasted_text_gives_facts_or_one_reason(text: str) -> None:
    try:
        found = read_pasted(text, [])
    except InputError as error:
        assert error.message
    else:
        assert len(preview(found, [])) == len(found.taken) + len(found.skipped)


@pytest.mark.parametrize("form", ["json", "jsonl", "csv", "yaml"])
def test_every_export_can_be_pasted(form: str) -> None:
    assert format_of(Path(f"a.{form}")) == form
    assert read_pasted(FORMATS[form](list(SOME)), []).taken == list(SOME)


def test_preview_says_what_happens_to_each_entry() -> None:
    old = [fact("pet_name", "Max"), fact("city", "Rome")]
    text = "pet name: Rex\ncity: Rome\nboat: Tern\nwords"
    kept, replaced = read_pasted(text, old), read_pasted(text, old, replace=True)
    assert [line[0] for line in preview(kept, old)] == ["skip", "skip", "take"]
    assert kept.skipped[0].replaceable
    assert kept.summary == "1 fact taken, 1 known already, 2 skipped."
    assert preview(replaced, old)[1] == ("replace", "", "pet name", "Max \N{RIGHTWARDS ARROW} Rex")
    with pytest.raises(InputError, match="no entry that can be taken"):
        refuse_if_useless(read_pasted("a:\nb: c\x07", []), "it")


def test_answers_of_the_new_project_form_are_judged(tmp_path: Path, project: Project) -> None:
    assert free_folder(tmp_path).name == "andraeus"
    (tmp_path / "andraeus").mkdir()
    assert free_folder(tmp_path).name == "andraeus-2"
    assert folder_problem(str(tmp_path / "andraeus")) == ""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    for bad in (
        "",
        " ",
        str(tmp_path / "full"),
        str(tmp_path / "full" / "x"),
        str(project.folder),
        "a\x00b",
        "~nobody0/x",
    ):
        assert folder_problem(bad)
    assert model_problem(ModelSource.EMBEDDED, "") == ""
    assert model_problem(ModelSource.HUB, "Qwen/Qwen2.5-0.5B-Instruct") == ""
    for bad in ("", "qwen", "a/b/c", "../x y"):
        assert model_problem(ModelSource.HUB, bad)
    for bad in ("", str(tmp_path / "none"), str(tmp_path / "full"), "a\x00b"):
        assert model_problem(ModelSource.FOLDER, bad)
    (tmp_path / "full" / "config.json").write_text("{}")
    assert model_problem(ModelSource.FOLDER, str(tmp_path / "full")) == ""


def test_a_glance_at_a_project_changes_nothing(project: Project) -> None:
    with project.database() as database:
        # First: a row that says "I don't know" about a boat goes with it.
        put_facts(database, [fact("boat", "Tern")], "add")
        approved = len(all_rows(database, Split.TRAIN, ReviewState.APPROVED))
    assert summary(project.folder) == Summary("4", f"{approved}", "not trained")
    recalling_run(project)
    assert summary(project.folder).run == "finished"
    (project.folder / "memory.db").unlink()
    assert summary(project.folder).facts == "unreadable"
    assert not (project.folder / "memory.db").exists()
