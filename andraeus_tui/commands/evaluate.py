"""evaluate: the evidence about a trained model, against the untouched one."""

import hashlib
import time
from datetime import UTC, datetime
from pathlib import Path

from andraeus_tui.commands.answers import collect, pick_run
from andraeus_tui.commands.show import EventPrinter, document, line, note, table
from andraeus_tui.files import write_whole
from andraeus_tui.project import Project
from andraeus_tui.runs import EVALUATION_FILE, Run, config_of, facts_of
from evaluators.metrics import metrics_of
from evaluators.proof import prove
from evaluators.questions import questions_of
from evaluators.scorer import judge
from schemas.errors import ExitCode, InputError
from schemas.evaluation import Answer, Evaluation, Judged, Question, QuestionGroup
from schemas.row import Row, RowKind
from schemas.run import DatasetFile

_NAMES = {
    "recall_template": "recall, held-out templates",
    "recall_natural": "recall, natural wording that never names the attribute",
    "known_refused": "known facts refused",
    "unknown_refused": 'never-given facts answered with "I don\'t know"',
    "unknown_refused_unseen": "  of attributes that no row ever mentioned",
    "portability_reverse": "reverse questions",
    "portability_yes_no": "yes/no questions",
    "portability_composition": "two-fact questions",
    "general": "general knowledge",
}


def evaluate(folder: Path, run_name: str | None, output: str) -> int:
    """Ask base and trained model, judge, prove, save eval.json, print. Exit code 1 when the proof fails."""
    project = Project(folder)
    run = pick_run(project, run_name)
    result = _examine(project, run, EventPrinter(output))
    write_whole(run.folder / EVALUATION_FILE, result.model_dump_json(indent=1))
    if output == "json":
        document(result.model_dump(mode="json"))
    else:
        _print(result, run)
    if not result.proof.passed:
        note(f"andraeus-tui: The zero-context proof FAILED: {len(result.proof.leaks)} prompts hold a fact's value. "
             "Take facts out of model.system_prompt in project.toml.")  # fmt: skip
        return int(ExitCode.FAILED)
    return int(ExitCode.DONE)


def _examine(project: Project, run: Run, tell: EventPrinter) -> Evaluation:
    began = time.monotonic()
    config = config_of(run.folder)
    facts = facts_of(run.folder)
    taught = {row.topic for row in _rows(run.folder, config.dataset.train) if row.kind is RowKind.ABSTENTION}
    settings = project.settings.evaluation
    questions = questions_of(facts, _rows(run.folder, config.dataset.test), taught, settings)
    show = (lambda event: None) if tell.json else tell
    answers = collect(project, run, questions, base=True, max_new_tokens=settings.max_new_tokens, tell=show)
    said = {(answer.source, answer.id): answer for answer in answers}
    judged = tuple(_judged(question, said) for question in questions)
    return Evaluation(
        run=run.name,
        model=project.settings.model.name,
        preset=config.preset.value,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        metrics=metrics_of((one.question, one.tuned_verdict) for one in judged),
        base_metrics=metrics_of((one.question, one.base_verdict) for one in judged if one.base_verdict),
        proof=prove(facts, questions, answers),
        judged=judged,
        seconds=round(time.monotonic() - began, 1),
    )


def _judged(question: Question, said: dict[tuple[str, str], Answer]) -> Judged:
    base, tuned = said["base", question.id].answer, said["tuned", question.id].answer
    return Judged(
        question=question,
        base=base,
        base_verdict=judge(question, base),
        tuned=tuned,
        tuned_verdict=judge(question, tuned),
    )


def _rows(folder: Path, file: DatasetFile) -> list[Row]:
    try:
        data = (folder / file.path).read_bytes()
    except OSError as error:
        raise InputError(f"The dataset of run {folder.name} is missing.", "Start a new run.") from error
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise InputError(f"The dataset of run {folder.name} was changed after it was frozen.", "Start a new run.")
    return [Row.model_validate_json(one) for one in data.decode("utf-8").splitlines()]


def _print(result: Evaluation, run: Run) -> None:
    known = [one for one in result.judged if one.question.group is QuestionGroup.RECALL]
    line("\nEvery held-out question about a given fact (no such wording was trained):")
    table(("question", "base model", "trained model", ""), [_row(one) for one in known], width=0)
    others = [one for one in result.judged if one.question.group in {QuestionGroup.UNKNOWN, QuestionGroup.UNSEEN}]
    line("\nA few things that were never told:")
    table(("question", "base model", "trained model", ""), [_row(one) for one in others[:8]])
    line("\nIn numbers (95% interval):")
    rows = []
    for key, name in _NAMES.items():
        if key in result.metrics:
            base, tuned = result.base_metrics[key], result.metrics[key]
            rows.append(
                (name, f"{base.share:.2f}", f"{tuned.share:.2f}", f"{tuned.low:.2f}-{tuned.high:.2f}", str(tuned.total))
            )
    table(("", "base", "trained", "interval", "questions"), rows)
    proof = result.proof
    verdict = "passed: no value or alias of any fact stands in any of them" if proof.passed else "FAILED"
    line(f"Zero-context proof over {proof.prompts} prompts {verdict}.")
    line(f"Prompt tokens spent on facts: {proof.fact_tokens if proof.passed else 'more than 0'}.")
    line(f"Saved: {run.folder / EVALUATION_FILE} ({result.seconds:.0f} s)")


def _row(one: Judged) -> tuple[str, str, str, str]:
    return one.question.text, _short(one.base or ""), _short(one.tuned), one.tuned_verdict.value


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 70 else f"{flat[:67]}..."
