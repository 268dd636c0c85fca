"""A generation in words: what rows are made of, how many came, how it ended."""

from __future__ import annotations

from andraeus_tui.generating import Making
from generators.build import wants_paraphrases
from schemas.events import Failed, Finished
from schemas.fact import Fact
from schemas.settings import Backend

_WRITERS = {Backend.TEMPLATES: "Templates write the questions: no model is used."}


def about(facts: list[Fact], backend: Backend) -> str:
    """What rows are made of, and by whom."""
    if not facts:
        return "No facts yet. Add some in the Facts step (key 1)."
    lines = [f"{len(facts):,} {'fact' if len(facts) == 1 else 'facts'}. {_WRITERS[backend]}"]
    strangers = set(wants_paraphrases(facts))
    if names := [fact.attribute for fact in facts if fact.id in strangers]:
        more = f" and {len(names) - 5:,} more" if len(names) > 5 else ""
        lines.append(f"No everyday wordings are known for: {', '.join(names[:5])}{more}. Plain ones are used.")
    return "\n".join(lines)


def counts(making: Making) -> str:
    """Accepted and refused, each reason with its number."""
    lines = [f"{making.accepted:,} accepted, {sum(making.refused.values()):,} refused"]
    reasons = sorted(making.refused.items(), key=lambda pair: -pair[1])
    return "\n".join([*lines, *(f"  {count:,} refused, {reason}" for reason, count in reasons[:3])])


def end_text(making: Making) -> str:
    """How it ended."""
    match making.end:
        case Finished(result=result):
            return f"Done: {result['new']:,} new rows, {result['gone']:,} gone."
        case Failed(message=message, hint=hint):
            return f"{message} {hint}".strip()
        case _:
            return "Stopped. Start goes on from there."
