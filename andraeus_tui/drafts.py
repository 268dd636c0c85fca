"""A fact while it is being written: what the rules suggest, what is wrong, and the change that saves it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from andraeus_tui import bars
from andraeus_tui.entries import tidy
from andraeus_tui.fact_view import tier_text
from andraeus_tui.store.database import Database
from andraeus_tui.store.facts import change_fact
from andraeus_tui.twins import Twins
from generators.own import refusals
from generators.topics import complete, explain_kind, explain_tier, topic_of, wordings_text
from schemas.fact import USER, Fact, ImportedFact, Tier, ValueKind, plain_text
from schemas.validate import problems

_SAID_IN_ROWS = ("subject", "attribute", "value", "kind", "aliases")


@dataclass(frozen=True)
class Draft:
    """The form's fields as they were typed. `kind` and `tier` are None when the rules decide."""

    attribute: str = ""
    value: str = ""
    """One value; several lines are a list."""
    subject: str = ""
    kind: ValueKind | None = None
    tier: Tier | None = None
    aliases: str = ""
    """Other spellings, as `bars` joins them."""
    questions: str = ""
    """How the person would ask, as `bars` joins the questions."""
    source: str = ""


@dataclass(frozen=True)
class Advice:
    """What is to be said about a draft. `fact` is None as long as something is wrong."""

    fact: Fact | None
    problems: Mapping[str, str] = field(default_factory=dict)
    """Field -> what is wrong with it. An empty field that must be filled is no fault while typing: see `missing`."""
    missing: tuple[str, ...] = ()
    kind: str = ""
    tier: str = ""
    wordings: str = ""
    """Whether everyday questions are known for the attribute."""
    questions: str = ""
    """Which of the person's own questions no row is made from, and why."""


def draft_of(fact: Fact) -> Draft:
    """The fact as the form shows it. Kind and tier that the rules would choose too stay with the rules."""
    bare = ImportedFact.model_validate(fact.model_dump(exclude={"id", "kind", "tier"}))
    return Draft(
        attribute=fact.attribute,
        value="\n".join(fact.value) if isinstance(fact.value, list) else plain_text(fact.value),
        subject="" if fact.subject == USER else fact.subject,
        kind=None if explain_kind(bare)[0] is fact.kind else fact.kind,
        tier=None if explain_tier(bare)[0] is fact.tier else fact.tier,
        aliases=bars.join(fact.aliases),
        questions=bars.join(fact.questions),
        source=fact.source,
    )


def advise(draft: Draft, others: Mapping[str, Fact], edited: Fact | None = None) -> Advice:
    """Judge a draft. `others` are all facts of the project by id; `edited` is the one that the draft changes."""
    body = _body(draft, edited)
    missing = tuple(name for name in ("attribute", "value") if name not in body)
    found = dict(_problem(text) for text in problems("fact", body) if not text.startswith("/: misses"))
    wordings = _wordings(draft) if "attribute" in body and "attribute" not in found else ""
    kind = tier = ""
    if not missing and not found.keys() & {"attribute", "value", "subject"}:
        imported = ImportedFact.model_validate({name: value for name, value in body.items() if name not in found})
        (wanted, why_kind), (level, why_tier) = explain_kind(imported), explain_tier(imported)
        kind, tier = f"kind {wanted}: {why_kind}", f"tier {tier_text(level)}: {why_tier}"
        if wanted is not ValueKind.LIST and isinstance(imported.value, list):
            found["kind"] = "several values are a list"
    fact, asked = None, ""
    if not missing and not found:
        fact = complete(imported)
        asked = _refused(fact)
        twin = Twins(others.values()).of(fact)
        if twin is not None and edited is not None and twin.id == edited.id:
            fact = fact.model_copy(update={"id": edited.id})
        elif twin is not None:
            found["attribute"], fact = f"is known already ({_short(twin.text)}): edit that fact", None
    return Advice(fact, found, missing, kind, tier, wordings, asked)


def _body(draft: Draft, edited: Fact | None) -> dict[str, Any]:
    lines = [tidy(line) for line in draft.value.splitlines() if line.strip()]
    body: dict[str, Any] = {"attribute": tidy(draft.attribute), "subject": tidy(draft.subject)}
    if lines:
        body["value"] = lines[0] if len(lines) == 1 else lines
        # A number, a yes or a list of one stays what it was as long as nobody rewrites it.
        if edited is not None and lines == draft_of(edited).value.splitlines():
            body["value"] = edited.value
    body["kind"] = draft.kind.value if draft.kind else ""
    body["tier"] = int(draft.tier) if draft.tier else ""
    body["aliases"] = bars.split(tidy(draft.aliases))
    body["questions"] = bars.split(tidy(draft.questions))
    body["source"] = tidy(draft.source)
    return {name: value for name, value in body.items() if value not in ("", [])}


def _problem(text: str) -> tuple[str, str]:
    """ "/aliases/0: is empty" -> ("aliases", "is empty")."""
    pointer, _, reason = text.partition(": ")
    return pointer.split("/")[1], reason


def _wordings(draft: Draft) -> str:
    topic = topic_of(tidy(draft.subject) or USER, tidy(draft.attribute))
    how = wordings_text(topic)
    if not topic.entry and draft.questions.strip():
        how += " and your own questions"
    return f"asks for {topic.named}: {how}"


def _refused(fact: Fact) -> str:
    refused = refusals(fact)
    return f"not used: {'; '.join(f'{_short(text)}: {why}' for text, why in refused.items())}" if refused else ""


def _short(text: str) -> str:
    return repr(text if len(text) <= 30 else f"{text[:29]}\N{HORIZONTAL ELLIPSIS}")


def drops_rows(fact: Fact, edited: Fact) -> bool:
    """Whether rows made from the old fact would no longer be true: its tier and source do not stand in them."""
    return any(getattr(fact, name) != getattr(edited, name) for name in _SAID_IN_ROWS)


def save(database: Database, fact: Fact, edited: Fact | None) -> None:
    """Store a new or an edited fact in one change, which undo takes back."""
    label = f"{'add' if edited is None else 'edit'} {fact.attribute}"
    keep_rows = edited is not None and not drops_rows(fact, edited)
    change_fact(database, fact, label, old_id=edited.id if edited else fact.id, keep_rows=keep_rows)


def by_id(facts: Iterable[Fact]) -> dict[str, Fact]:
    """Facts by id."""
    return {fact.id: fact for fact in facts}
