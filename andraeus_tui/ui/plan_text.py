"""The next run in words: what it trains and what it costs."""

from pathlib import Path

from andraeus_tui.plan import Plan
from andraeus_tui.progress import Training
from andraeus_tui.ui.run_view import duration
from schemas.events import CancelledByUser, Failed, Finished
from schemas.row import RowKind

_NAMES = {
    RowKind.YES_NO: "yes/no",
    RowKind.COMPOSITION: "two-fact",
    RowKind.ABSTENTION: '"I don\'t know"',
    RowKind.REPLAY: "general",
}


def next_run(plan: Plan) -> str:
    """Rows, model and recipe."""
    waiting = f"{plan.pending:,} rows wait in Review (3)" if plan.pending else ""
    if not plan.ready and waiting:
        return f"Nothing to train yet: no rows are approved. {waiting}."
    if not plan.ready:
        return "Nothing to train yet. Make rows in Generate (2) and approve them in Review (3)."
    kinds = ", ".join(f"{count:,} {_NAMES.get(kind, kind.value)}" for kind, count in plan.rows)
    model = Path(plan.settings.model.name)
    if plan.parent:
        kinds = "what changed, and a few rows of the rest"
    more = f" {waiting} and do not train." if waiting else ""
    rows = "approved rows" if plan.parent else f"{plan.total:,} approved rows"
    # How many rows an update has, and so how many passes, is known when it is frozen.
    passes = "" if plan.parent else f", {plan.recipe.epochs} {'pass' if plan.recipe.epochs == 1 else 'passes'}"
    return (
        f"Next run: {rows} into {model.name if model.is_absolute() else model} "
        f"(preset {plan.settings.recipe.preset.value}{passes}): {kinds}.{more}"
    )


def update_line(plan: Plan) -> str:
    """What could be continued, and which of both is chosen; empty when there is nothing."""
    if plan.update is None:
        return ""
    since = f"Since run {plan.update.run}: {plan.update.text}."
    if plan.continues:
        return f"{since} The next run continues it. Key c: from scratch (deleted facts are surely forgotten only so)."
    return f"{since} The next run starts from scratch. Key c: continue that run instead, which takes less time."


def question_of(plan: Plan) -> str:
    """What is asked before it starts."""
    if plan.parent:
        return f"Continue run {plan.parent} on what changed now?"
    return f"Train {plan.total:,} rows now?"


def preflight_line(estimate: Training | None) -> str:
    """What the preflight found, or that there was none."""
    if estimate is None:
        return "Preflight: key p looks at rows, time and memory."
    match estimate.ended:
        case None:
            return f"Preflight: {estimate.text or 'Reading the rows'} ..."
        case Finished():
            return f"Preflight: {cost_of(estimate)}"
        case CancelledByUser():
            return "Preflight: stopped."
        case Failed(message=message, hint=hint):
            return f"Preflight failed: {message} {hint}".rstrip()


def cost_of(estimate: Training) -> str:
    """The numbers of a preflight, and where it would run."""
    cost = estimate.cost
    text = (
        f"{cost['tokens']:,.0f} tokens, {cost['steps']:,.0f} steps at most, about {duration(cost['minutes'] * 60)}, "
        f"{cost['memory_gb']:.1f} of {cost['available_gb']:.1f} GB free. {estimate.machine}"
    )
    if cost["memory_gb"] > cost["available_gb"]:
        text += " Warning: that is more memory than is free."
    return text
