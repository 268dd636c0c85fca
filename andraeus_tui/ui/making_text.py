"""A generation in words: what rows are made of, how many came, how it ended."""

from __future__ import annotations

from andraeus_tui.generating import Making, yield_text
from generators.build import wants_paraphrases
from generators.writers import choose, explain, this_machine
from schemas.errors import AndraeusError
from schemas.events import Failed, Finished
from schemas.fact import Fact
from schemas.settings import GenerationSettings

_REASONS = 3
"""Reasons that are shown, the most frequent ones."""


def writer_text(settings: GenerationSettings, model: str) -> str:
    """Who would write the questions now and why, or why nobody can."""
    try:
        return explain(choose(settings, this_machine(), model), settings)
    except AndraeusError as error:
        return str(error)


def about(facts: list[Fact], settings: GenerationSettings, model: str) -> str:
    """What rows are made of, and by whom."""
    if not facts:
        return "No facts yet. Add some in the Facts step (key 1)."
    lines = [f"{len(facts):,} {'fact' if len(facts) == 1 else 'facts'}. {writer_text(settings, model)}"]
    strangers = set(wants_paraphrases(facts))
    if names := [fact.attribute for fact in facts if fact.id in strangers]:
        more = f" and {len(names) - 5:,} more" if len(names) > 5 else ""
        lines.append(f"Not in the lexicon, worded by rule or plainly: {', '.join(names[:5])}{more}.")
        lines[-1] += " To add how you would ask: edit the fact (Asked as)."
    return "\n".join(lines)


def counts(making: Making) -> str:
    """Accepted and refused, each reason with its number; then what the worker warned of last."""
    lines = [f"{making.accepted:,} accepted, {sum(making.refused.values()):,} refused"]
    reasons = sorted(making.refused.items(), key=lambda pair: -pair[1])
    lines += [f"  {count:,} refused, {reason}" for reason, count in reasons[:_REASONS]]
    if more := len(reasons) - _REASONS:
        lines[-1] += f"; {more} more reasons" if more > 0 else ""
    warnings = [note for note in making.notes if note.startswith("Warning")]
    return "\n".join([*lines, *warnings[-1:]])


def end_text(making: Making) -> str:
    """How it ended."""
    match making.end:
        case Finished(result=result):
            text = f"Done: {result['new']:,} new rows, {result['gone']:,} gone."
            return f"{text} {yield_text(result['paraphrases'])}" if "paraphrases" in result else text
        case Failed(message=message, hint=hint):
            return f"{message} {hint}".strip()
        case _:
            return "Stopped. Start goes on from there."
