"""Evidence as text for the terminal: shares as bars with their intervals, and words that are safe to show."""

from collections.abc import Iterable

from rich.cells import cell_len, set_cell_size

from andraeus_tui.comparing import Comparison
from andraeus_tui.evidence import Examined, Measure, Overview
from evaluators.summary import claims, count, interval, percent
from schemas.evaluation import Evaluation, Proportion

LEGEND = "█ up to the 95% interval   ▒ the interval   ┃ measured"


def bar(found: Proportion, width: int) -> str:
    """A share on a line of so many cells: solid up to the interval, shaded inside, a stroke where it was measured."""
    low, high = round(found.low * width), round(found.high * width)
    stroke = min(width - 1, int(found.share * width))
    cells = ["█" if at < low else "▒" if at < high else "·" for at in range(width)]
    cells[stroke] = "┃"
    return "".join(cells)


def measure_lines(found: Iterable[Measure], wide: bool) -> str:
    """Two lines a number: the trained model's and the base model's."""
    width = 30 if wide else 14
    lines = []
    for measure in found:
        lines.append(measure.label)
        for name, share in (("trained", measure.tuned), ("base", measure.base)):
            if share is None:
                lines.append(f"  {name:<7}  not asked")
                continue
            numbers = f"{count(share):>12}  {percent(share.share):>6}  {interval(share)}"
            lines.append(f"  {name:<7}  {bar(share, width)} {numbers}")
    return "\n".join(lines)


def claim_lines(evaluation: Evaluation) -> str:
    """The claim in words."""
    lines = []
    for claim in claims(evaluation):
        base = f" The base model: {count(claim.base)}." if claim.base else ""
        lines.append(f"- {claim.text}: {count(claim.tuned)} ({interval(claim.tuned)}).{base}")
    return "\n".join(lines)


def warning_text(examined: Examined | None) -> str:
    """What stands over all sections when the proof failed; nothing when it did not."""
    if examined is None or examined.evaluation.proof.passed:
        return ""
    return (
        f"! THE PROOF FAILED (leaks found: {len(examined.evaluation.proof.leaks)}). "
        "Prompts held facts, so these numbers show nothing. See Proof."
    )


def proof_lines(evaluation: Evaluation) -> str:
    """The zero-context proof in words."""
    proof = evaluation.proof
    if proof.passed:
        head = "PASSED: no value or other spelling of any fact stands in any prompt."
    else:
        head = (
            f"FAILED: prompts held values of facts (leaks found: {len(proof.leaks)}). The numbers do not show that the "
            "model knows anything. Take facts out of the system prompt (Settings) and examine the run again."
        )
    tokens = "unknown, more than 0" if proof.fact_tokens is None else str(proof.fact_tokens)
    return (
        f"{head}\n\n"
        f"Prompts searched       {proof.prompts}\n"
        f"Tokens spent on facts  {tokens}\n"
        f"SHA-256 of all prompts {proof.prompts_sha256}\n\n"
        "Every prompt, special tokens included, was searched for every value as whole words. Where a question names a "
        "value by its nature, its own text was left out and the rest was searched. A paraphrase would not be found."
    )


def comparison_lines(found: Comparison, now: str) -> str:
    """What the flips tell, and the numbers of two runs side by side."""
    worse = len(found.flips) - found.better
    lines = [f"This run:  {now}", f"Other run: {found.other.name}"]
    if found.proof_failed:
        lines.append("The zero-context proof of the other run FAILED: its numbers show nothing.")
    lines.append(
        f"\nOf {found.shared} questions asked in both, only this run is right on {found.better}, only the other on {worse}."
    )
    if found.flips:
        lines.append(f"Were both equally good, chance alone would do this in {percent(found.chance)} of cases.")
    lines.append(f"\n{'':<38} {'this':>6} {'other':>6}  difference")
    for change in found.changes:
        label = _cut(change.label, 38)
        if change.other is None or change.points is None:
            lines.append(f"{label} {percent(change.now.share):>6} {'-':>6}  not asked there")
        else:
            shares = f"{percent(change.now.share):>6} {percent(change.other.share):>6}"
            lines.append(f"{label} {shares}  {change.points:+7.1f} points, {change.verdict}")
    return "\n".join(lines)


def _cut(text: str, width: int) -> str:
    if cell_len(text) > width:
        return set_cell_size(text, width - 1) + "\N{HORIZONTAL ELLIPSIS}"
    return set_cell_size(text, width)


def plan_text(found: Overview) -> str:
    """What an examination will do, for a run that has none."""
    if found.run is None:
        return "No trained model yet.\n\nTrain one first (4)."
    if found.problem:
        return f"{found.problem}\n\nPress s to examine this run."
    took = f"The last examination took {found.last_seconds:.0f} seconds." if found.last_seconds is not None else ""
    return (
        "This run was not examined yet.\n\n"
        f"Press s to ask the base model and the trained model {found.questions} questions each:\n"
        "- your facts, in wordings that were never trained\n"
        "- things that you never told\n"
        "- general questions, to see what training has cost\n\n"
        "Every prompt is searched for your facts: the model must know them from its weights alone.\n"
        "The evidence and a report are kept in the run's folder. Nothing leaves this machine.\n\n"
        f"{took}"
    ).rstrip()


def run_line(found: Overview) -> str:
    """Which run is shown, and since when there is evidence about it."""
    if found.run is None:
        return "No run"
    newest = " (newest)" if found.runs and found.run == found.runs[0] else ""
    if found.examined is None:
        return f"Run {found.run.name}{newest}, not examined"
    evaluation = found.examined.evaluation
    moment = evaluation.created[:16].replace("T", " ")
    return f"Run {found.run.name}{newest}, examined {moment} UTC, {len(evaluation.judged)} questions"
