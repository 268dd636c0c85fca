"""Facts with all that is known about them, filtered and worded for a table. Free of any screen."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from andraeus_tui.knowledge import Knowledge, newest_knowledge
from andraeus_tui.project import Project
from andraeus_tui.store.database import Database
from generators.topics import explain_kind, explain_tier, topic_of_fact, wordings_text
from schemas.fact import Fact, ImportedFact, Tier

TIER_NAMES: Mapping[Tier, str] = {
    Tier.SIMPLE: "simple",
    Tier.RELATIONAL: "relational",
    Tier.TEMPORAL: "temporal",
    Tier.MULTI_HOP: "multi-hop",
}


@dataclass(frozen=True)
class RowCount:
    """Training rows of a fact."""

    rows: int
    approved: int


@dataclass(frozen=True)
class Marks:
    """What is known about facts besides themselves. Counted in one query; `knowledge` comes from a run's files."""

    rows: Mapping[str, RowCount]
    knowledge: Knowledge | None

    def deleted(self, facts: Iterable[Fact]) -> int:
        """How many facts the model was taught that are no longer among these."""
        return len(set(self.knowledge.facts) - {fact.id for fact in facts}) if self.knowledge else 0


def count_by_fact(database: Database) -> dict[str, RowCount]:
    """Training rows and approved ones of every fact that has any."""
    found = database.connection.execute(
        "SELECT fact_id, count(*), sum(state = 'approved') FROM row_facts JOIN rows ON rows.id = row_facts.row_id "
        "WHERE split = 'train' GROUP BY fact_id"
    ).fetchall()
    return {fact_id: RowCount(rows, approved) for fact_id, rows, approved in found}


def look_into(project: Project, facts: "FactList", rows: Mapping[str, RowCount] | None = None) -> Marks:
    """All marks of a project's facts; finds out whom each is about too. Takes longer than a frame: run it in a thread.

    `rows` are the counted rows if they are still known.
    """
    if rows is None:
        with project.database() as database:
            rows = count_by_fact(database)
    facts.prepare()
    return Marks(rows, newest_knowledge(project.runs))


class FactList:
    """All facts, searched without reading anything again: a key typed into the search costs a scan of ready text."""

    def __init__(self, facts: Sequence[Fact]) -> None:
        self.facts = tuple(facts)

    @cached_property
    def _owners(self) -> tuple[str, ...]:
        return tuple(about_text(fact) for fact in self.facts)

    @cached_property
    def _texts(self) -> tuple[str, ...]:
        return tuple(_haystack(fact) for fact in self.facts)

    def prepare(self) -> None:
        """Do now what the first search would wait for."""
        assert len(self._owners) == len(self._texts)

    def find(self, words: str = "", tier: Tier | None = None, owner: str | None = None) -> tuple[Fact, ...]:
        """Facts that hold every word, of one tier and about one person if asked, in their own order."""
        wanted = words.casefold().split()
        if not wanted and tier is None and owner is None:
            return self.facts
        return tuple(
            fact
            for fact, whose, text in zip(self.facts, self._owners, self._texts, strict=True)
            if (tier is None or fact.tier is tier)
            and (owner is None or whose == owner)
            and all(word in text for word in wanted)
        )

    @property
    def owners(self) -> tuple[str, ...]:
        """Whom facts are about, in the order in which they first come."""
        return tuple(dict.fromkeys(self._owners))

    @property
    def summary(self) -> str:
        """ "15 facts: 9 simple, 3 relational, 2 temporal, 1 multi-hop"."""
        counts = Counter(fact.tier for fact in self.facts)
        total = f"{len(self.facts):,} {'fact' if len(self.facts) == 1 else 'facts'}"
        parts = [f"{counts[tier]:,} {TIER_NAMES[tier]}" for tier in Tier if counts[tier]]
        return f"{total}: {', '.join(parts)}" if parts else "No facts yet"


def _haystack(fact: Fact) -> str:
    parts = (
        about_text(fact),
        fact.attribute,
        fact.attribute.replace("_", " "),
        fact.text,
        *fact.aliases,
        *fact.questions,
        fact.source,
    )
    return "\n".join(parts).casefold()


def about_text(fact: Fact) -> str:
    """Whom the fact is about: "you" for the user, else "sister", "Anna"; "sister_birthday" is about the sister."""
    owner = topic_of_fact(fact).owner
    return "you" if owner.is_user else owner.noun.removeprefix("my ")


def tier_text(tier: Tier) -> str:
    """ "3 temporal"."""
    return f"{int(tier)} {TIER_NAMES[tier]}"


def model_text(fact: Fact, marks: Marks) -> str:
    """Whether the newest model was taught the fact: "yes", "no", "changed" (it was taught another value), "" (no model)."""
    if marks.knowledge is None:
        return ""
    taught = marks.knowledge.facts.get(fact.id)
    if taught is None:
        return "no"
    return "yes" if taught.items == fact.items else "changed"


def recall_text(fact: Fact, marks: Marks) -> str:
    """Right answers of the evaluation's questions about it: "5/5"."""
    found = marks.knowledge.recalled.get(fact.id) if marks.knowledge else None
    return f"{found[0]}/{found[1]}" if found else ""


def cells(fact: Fact, marks: Marks) -> dict[str, str]:
    """Every cell of the table by its name."""
    count = marks.rows.get(fact.id, RowCount(0, 0))
    return {
        "about": about_text(fact),
        "attribute": fact.attribute,
        "value": fact.text,
        "kind": fact.kind.value,
        "tier": tier_text(fact.tier),
        "tier number": str(int(fact.tier)),
        "rows": str(count.rows) if count.rows else "none",
        "approved": str(count.approved) if count.rows else "",
        "approved of rows": f"{count.approved}/{count.rows}" if count.rows else "none",
        "in model": model_text(fact, marks),
        "recalled": recall_text(fact, marks),
    }


def details(fact: Fact, marks: Marks) -> tuple[str, ...]:
    """Everything about one fact in a few lines, the value in full."""
    topic = topic_of_fact(fact)
    bare = ImportedFact.model_validate(fact.model_dump(exclude={"id", "kind", "tier"}))
    kind, kind_why = explain_kind(bare)
    tier, tier_why = explain_tier(bare)
    lines = [f"{topic.named}: {fact.text}"]
    lines.append(
        f"kind {fact.kind} ({kind_why if kind is fact.kind else 'set by hand'}), "
        f"tier {tier_text(fact.tier)} ({tier_why if tier is fact.tier else 'set by hand'})"
    )
    extra = [f"also right: {', '.join(fact.aliases)}"] if fact.aliases else []
    extra += [f"source: {fact.source}"] if fact.source else []
    extra += [f"asked as: {' | '.join(fact.questions)}"] if fact.questions else []
    extra += [] if topic.entry or fact.questions else [wordings_text(topic)]
    if model_text(fact, marks) == "changed" and marks.knowledge:
        extra.insert(0, f"the model was taught {marks.knowledge.facts[fact.id].text!r}")
    return (*lines, "; ".join(extra)) if extra else tuple(lines)


def status_text(facts: FactList, shown: Sequence[Fact], marks: Marks) -> str:
    """The counts: "15 facts: 9 simple, 3 relational. 2 shown."."""
    parts = [facts.summary]
    if len(shown) != len(facts.facts):
        parts.append(f"{len(shown):,} shown")
    if deleted := marks.deleted(facts.facts):
        parts.append(f"the model still knows {deleted:,} deleted")
    return ". ".join(parts) + "."


def deletion_text(fact: Fact, marks: Marks) -> str:
    """What deleting the fact means, as a question."""
    value = fact.text if len(fact.text) <= 80 else f"{fact.text[:79]}\N{HORIZONTAL ELLIPSIS}"
    count = marks.rows.get(fact.id, RowCount(0, 0))
    parts = [f"Delete {topic_of_fact(fact).named} ({value})?"]
    if count.rows:
        parts.append(f"Its {count.rows} training rows go too, {count.approved} of them approved.")
    if model_text(fact, marks) in {"yes", "changed"}:
        parts.append("The trained model knows it until you train again.")
    return "\n".join([*parts, "Undo (u) brings it back."])
