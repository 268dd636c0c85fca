"""evaluate: the evidence about a trained model, against the untouched one."""

from pathlib import Path

from andraeus_tui.answering import ignore, pick_run
from andraeus_tui.commands.show import EventPrinter, document, line, note, table
from andraeus_tui.examining import REPORT_FILE, examine
from andraeus_tui.jobs import stop_on_signals
from andraeus_tui.project import Project
from andraeus_tui.runs import EVALUATION_FILE, Run
from evaluators.summary import NAMES, beside_text, never_told
from schemas.errors import ExitCode
from schemas.evaluation import Evaluation, Judged, QuestionGroup


def evaluate(folder: Path, run_name: str | None, output: str) -> int:
    """Examine a run and print the evidence. Exit code 1 when the proof fails."""
    project = Project(folder)
    run = pick_run(project, run_name)
    tell = EventPrinter(output)
    result = examine(project, run, ignore if tell.json else tell, stop_on_signals)
    if tell.json:
        document(result.model_dump(mode="json"))
    else:
        _print(result, run)
    if not result.proof.passed:
        note(f"andraeus-tui: The zero-context proof FAILED: {len(result.proof.leaks)} prompts hold a fact's value. "
             "Take facts out of model.system_prompt in project.toml.")  # fmt: skip
        return int(ExitCode.FAILED)
    return int(ExitCode.DONE)


def _print(result: Evaluation, run: Run) -> None:
    known = [one for one in result.judged if one.question.group is QuestionGroup.RECALL]
    line("\nEvery held-out question about a given fact (no such wording was trained):")
    table(("question", "base model", "trained model", ""), [_row(one) for one in known], width=0)
    line("\nA few things that were never told:")
    table(("question", "base model", "trained model", ""), [_row(one) for one in never_told(result.judged)[:8]])
    line("\nIn numbers (95% interval):")
    rows = []
    for key, name in NAMES.items():
        if key in result.metrics:
            base, tuned = result.base_metrics[key], result.metrics[key]
            rows.append(
                (name, f"{base.share:.2f}", f"{tuned.share:.2f}", f"{tuned.low:.2f}-{tuned.high:.2f}", str(tuned.total))
            )
    table(("", "base", "trained", "interval", "questions"), rows)
    if left := beside_text(result):
        line(left)
    proof = result.proof
    verdict = "passed: no value or alias of any fact stands in any of them" if proof.passed else "FAILED"
    line(f"Zero-context proof over {proof.prompts} prompts {verdict}.")
    line(f"Prompt tokens spent on facts: {proof.fact_tokens if proof.passed else 'more than 0'}.")
    line(f"Saved: {run.folder / EVALUATION_FILE} ({result.seconds:.0f} s)")
    line(f"Report: {run.folder / REPORT_FILE}")


def _row(one: Judged) -> tuple[str, str, str, str]:
    return one.question.text, _short(one.base or ""), _short(one.tuned), one.tuned_verdict.value


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 70 else f"{flat[:67]}..."
