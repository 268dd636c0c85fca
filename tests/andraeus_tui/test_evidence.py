"""The views of the evidence: by fact, failures, two runs beside each other, and more rows for what failed."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from andraeus_tui.comparing import compare
from andraeus_tui.evidence import (
    Examined,
    by_fact,
    examined_of,
    failed_facts,
    leaks_of,
    measures,
    more_rows_for,
    overview,
    tiers,
)
from andraeus_tui.project import Project
from andraeus_tui.runs import read_run
from andraeus_tui.store.facts import all_facts, remove_facts
from andraeus_tui.store.rows import all_rows
from generators.topics import complete
from schemas.errors import InputError
from schemas.evaluation import Question, QuestionGroup
from schemas.events import Finished
from schemas.fact import ImportedFact
from schemas.row import ReviewState, Split, Wording
from tests.stubs.evidence import NAME, OTHER, evaluation_of, examined_run, finished_run, project_with_rows, right, write


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return project_with_rows(tmp_path / "robin")


def examined(project: Project, name: str = NAME) -> Examined:
    found = examined_of(read_run(project.runs / name))
    assert found
    return found


def test_every_question_of_a_fact_is_counted_once(project: Project) -> None:
    _, evaluation = examined_run(project)
    found = examined(project)
    assert [score.failed for score in found.facts] == sorted((score.failed for score in found.facts), reverse=True)
    asked = sum(score.natural.asked + score.template.asked for score in found.facts)
    assert asked == sum(one.question.group is QuestionGroup.RECALL for one in evaluation.judged)
    assert sum(score.refused for score in found.facts) == 1
    worst = found.facts[0]
    assert worst.worst
    assert worst.worst in found.failures
    assert str(found.facts[-1].natural).count("/") == 1 or str(found.facts[-1].natural) == "-"
    names = set(found.names.values())
    assert {"your pet's name", "your sister's birthday", "your spirit animal"} <= names


def test_what_an_unexamined_run_shows(project: Project) -> None:
    nothing = overview(project, None)
    assert (nothing.run, nothing.examined, nothing.runs) == (None, None, ())
    finished_run(project)
    found = overview(project, None)
    assert found.run
    assert found.examined is None
    assert found.questions > 50
    assert found.last_seconds is None
    examined_run(project, OTHER)
    found = overview(project, None)
    assert [run.name for run in found.runs] == [NAME, OTHER]
    assert found.last_seconds == 61.5
    older = overview(project, OTHER)
    assert older.examined
    assert overview(project, "gone").run == found.run


def test_a_changed_file_is_read_again_and_a_damaged_one_is_told(project: Project) -> None:
    run, evaluation = examined_run(project)
    assert len(examined(project).failures) > 0
    write(run.folder, evaluation_of([one.question for one in evaluation.judged], lambda _, question: right(question)))
    assert examined(project).failures == ()
    (run.folder / "eval.json").write_text("{")
    found = overview(project, None)
    assert found.examined is None
    assert "damaged" in found.problem


def test_numbers_are_told_in_order_and_say_which_way_is_better(project: Project) -> None:
    _, evaluation = examined_run(project)
    labels = [measure.label for measure in measures(evaluation)]
    assert labels[0] == "recall, held-out templates"
    assert "known facts refused (fewer is better)" in labels
    assert next(measure.label for measure in tiers(evaluation)) == "tier 1, simple"


def test_two_runs(project: Project) -> None:
    _, now = examined_run(project)
    run, other = examined_run(
        project, OTHER, lambda number, question: right(question) if number % 5 else "It is a yak."
    )
    found = compare(now, other, run)
    assert found.shared == len(now.judged)
    assert 0 < found.better < len(found.flips)
    assert [flip.better for flip in found.flips] == sorted(flip.better for flip in found.flips)
    assert 0 < found.chance <= 1
    for change in found.changes:
        assert change.points is not None
        if "refused (fewer" in change.label:
            assert (change.points > 0, change.verdict) == (True, "worse")
    same = compare(now, now, run)
    assert (same.flips, same.chance, {change.verdict for change in same.changes}) == ((), 1.0, {"same"})


def test_two_runs_with_no_question_in_common(project: Project) -> None:
    run, now = examined_run(project)
    found = compare(now, evaluation_of([]), run)
    assert found.shared == 0
    assert {change.points for change in found.changes} == {None}


def test_a_failed_proof_of_the_other_run_is_told(project: Project) -> None:
    run, now = examined_run(project)
    other = evaluation_of([one.question for one in now.judged], leaks=("q:0",))
    assert compare(now, other, run).proof_failed
    assert leaks_of(evaluation_of([], leaks=("general/a:b:0123", "q:45"))) == (("general/a:b", "0123"), ("q", "45"))


def test_more_rows_for_the_facts_that_failed_and_no_others(project: Project) -> None:
    with project.database() as database:
        facts = all_facts(database)
        before = {row.id for row in all_rows(database, Split.TRAIN)}
    examined_run(project, said=lambda _, question: "A yak." if facts[1].id in question.fact_ids else right(question))
    ids = failed_facts(examined(project))
    assert facts[1].id in ids
    events = list(more_rows_for(project, [facts[1].id]).events())
    assert isinstance(events[-1], Finished)
    with project.database() as database:
        new = [row for row in all_rows(database, Split.TRAIN) if row.id not in before]
    assert new
    assert events[-1].result["new"] >= len(new)
    assert {row.state for row in new} == {ReviewState.PENDING}
    assert all(facts[1].id in row.fact_ids for row in new if row.fact_ids)
    with project.database() as database:
        remove_facts(database, [facts[1].id], "remove")
    with pytest.raises(InputError, match="no longer"):
        more_rows_for(project, [facts[1].id])


@given(st.lists(st.tuples(st.sampled_from(QuestionGroup), st.sampled_from(Wording), st.booleans()), max_size=30))
def test_any_questions_are_counted(asked: list[tuple[QuestionGroup, Wording, bool]]) -> None:
    questions = [
        Question(id=str(at), group=group, text="?", wording=wording, values=("Max",), fact_ids=("0" * 12,))
        for at, (group, wording, _) in enumerate(asked)
    ]
    judged = evaluation_of(questions, lambda at, question: right(question) if asked[at][2] else "A yak.").judged
    known = [right for group, _, right in asked if group in {QuestionGroup.RECALL, QuestionGroup.PORTABILITY}]
    fact = complete(ImportedFact(attribute="dog", value="Max")).model_copy(update={"id": "0" * 12})
    (score,) = by_fact(judged, [fact])
    assert score.failed == known.count(False)
    assert (score.worst is None) is (score.failed == 0)


def test_nothing_is_written_by_looking(project: Project) -> None:
    run, _ = examined_run(project)
    before = {path: path.stat().st_mtime_ns for path in Path(run.folder).rglob("*")}
    overview(project, None)
    assert {path: path.stat().st_mtime_ns for path in Path(run.folder).rglob("*")} == before
