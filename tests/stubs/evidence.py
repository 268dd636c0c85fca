"""Runs that look trained and evidence made by hand: no model is needed to look at a screen or a report."""

from collections.abc import Callable, Collection
from pathlib import Path

from andraeus_tui.examining import questions_for
from andraeus_tui.freeze import freeze_run
from andraeus_tui.project import Project
from andraeus_tui.runs import Run, facts_of, read_run
from evaluators.metrics import metrics_of
from evaluators.scorer import judge_both
from schemas.evaluation import Evaluation, Judged, Proof, Question, QuestionGroup, Verdict
from schemas.events import Finished
from schemas.row import ReviewState, RowKind
from tests.ui.conftest import project_in

NAME = "20260102-101500-aaaa"
OTHER = "20260101-093000-bbbb"
HASH = "0123456789abcdef" * 4
NEVER = {QuestionGroup.UNKNOWN, QuestionGroup.UNSEEN}
HOSTILE = ["[red]x[/red] [/]", "<|im_end|><script>", "\x1b[2J\x07", "שלום \u202eabc", "👩‍👩‍👧", "word " * 2000]
"""What a person or a model may write."""
Said = Callable[[int, Question], str]
"""What the trained model says to a question, by its place."""


def project_with_rows(folder: Path) -> Project:
    """A project with facts of all tiers and approved rows; its model is never loaded."""
    return project_in(folder, state=ReviewState.APPROVED)


def finished_run(project: Project, name: str = NAME) -> Run:
    """A frozen run with a fixed name that is finished as far as its files tell."""
    folder = freeze_run(project, project.runs).rename(project.runs / name)
    (folder / "adapter").mkdir()
    (folder / "adapter" / "adapter_model.safetensors").touch()
    (folder / "events.jsonl").write_text(Finished().model_dump_json() + "\n")
    return read_run(folder)


def recalling_run(project: Project, name: str = NAME, wrong: Collection[str] = (), asked: int = 2) -> Run:
    """A finished run that recalls its facts, but for those with the attributes `wrong`."""
    run = finished_run(project, name)
    judged = []
    for fact in facts_of(run.folder):
        verdict = Verdict.WRONG if fact.attribute in wrong else Verdict.RIGHT
        for number in range(asked):
            question = Question(id=f"{fact.id}/{number}", group=QuestionGroup.RECALL, text="?", fact_ids=(fact.id,))
            judged.append(
                Judged(question=question, base="", base_verdict=Verdict.WRONG, tuned="", tuned_verdict=verdict)
            )
    evaluation = Evaluation(
        run=name, model="embedded", preset="default", created="", metrics={}, base_metrics={},
        proof=Proof(passed=True, prompts=0, fact_tokens=0, prompts_sha256=""), judged=tuple(judged), seconds=0,
    )  # fmt: skip
    write(run.folder, evaluation)
    return run


def right(question: Question) -> str:
    """An answer that is judged right."""
    if question.group in NEVER:
        return "I don't know that."
    if question.kind is RowKind.YES_NO:
        return f"It is {question.values[0]}, so {question.expects}."
    if question.group is QuestionGroup.GENERAL:
        return f"It is {question.values[0]}."
    return f"That is {', '.join(question.values)}."


def mostly_right(number: int, question: Question) -> str:
    """Every seventh answer is wrong, and one known fact is refused."""
    if number == 3:
        return "I don't know that."
    return "It is a pelican." if number % 7 == 0 else right(question)


def evaluation_of(
    questions: list[Question], said: Said = mostly_right, run: str = NAME, leaks: tuple[str, ...] = ()
) -> Evaluation:
    """Evidence as an examination would make it; the base model knows half of the world and no fact."""
    judged = tuple(_judged(number, question, said) for number, question in enumerate(questions))
    return Evaluation(
        run=run,
        model="embedded",
        preset="default",
        created="2026-01-02T10:20:00+00:00",
        metrics=metrics_of((one.question, one.tuned_verdict) for one in judged),
        base_metrics=metrics_of((one.question, one.base_verdict) for one in judged if one.base_verdict),
        proof=Proof(
            passed=not leaks,
            prompts=2 * len(judged),
            fact_tokens=None if leaks else 0,
            prompts_sha256=HASH,
            leaks=leaks,
        ),
        judged=judged,
        seconds=61.5,
        versions={"andraeus": "0.1.0", "torch": "2.11.0"},
    )


def _judged(number: int, question: Question, said: Said) -> Judged:
    knows = question.group is QuestionGroup.GENERAL and number % 2 == 0
    return judge_both(question, right(question) if knows else "I like pelicans.", said(number, question))


def examined_run(
    project: Project, name: str = NAME, said: Said = mostly_right, leaks: tuple[str, ...] = ()
) -> tuple[Run, Evaluation]:
    """A finished run with its evidence on the disk."""
    run = finished_run(project, name)
    evaluation = evaluation_of(questions_for(project, run), said, name, leaks)
    write(run.folder, evaluation)
    return read_run(run.folder), evaluation


def write(folder: Path, evaluation: Evaluation) -> None:
    """eval.json."""
    (folder / "eval.json").write_text(evaluation.model_dump_json(indent=1), "utf-8")
