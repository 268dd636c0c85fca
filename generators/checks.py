"""Checks that every row passes before a person sees it. Each gives a reason, or nothing when all is well."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache

from pydantic import ValidationError

from generators.language import Owner
from generators.owners import also_called
from generators.topics import topic_of_fact
from schemas.fact import Fact
from schemas.row import ANSWER_LIMIT, QUESTION_LIMIT, Origin, Row, RowKind, Split, Wording
from schemas.validate import problems

NEAR = 94.0
"""Token-sorted similarity (0 to 100) from which two questions of one topic count as the same."""

_FIRST_PERSON = re.compile(r"\b(?:i|me|my|mine|myself|im|ive|i'm|i've|i'd|i'll)\b", re.IGNORECASE)
_ASKS_FOR_ONE = frozenset({RowKind.QUESTION, RowKind.STATEMENT})

Check = Callable[[Row, tuple[Fact, ...]], str]


def contains(text: str, value: str) -> bool:
    """Whether the value stands in the text as whole words, whatever the case and spacing."""
    wanted = normal(value)
    return bool(wanted) and bool(re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", normal(text)))


def normal(text: str) -> str:
    """Case and white space folded."""
    return re.sub(r"\s+", " ", text).strip().casefold()


def schema(row: Row, facts: tuple[Fact, ...]) -> str:
    """The row fits the JSON Schema. It is made from the type, which is asked first: it is a hundred times as quick."""
    try:
        Row.model_validate_json(row.model_dump_json())
    except ValidationError:
        return next(iter(problems("row", row.model_dump(mode="json"))), "it is no row")
    return ""


def length(row: Row, facts: tuple[Fact, ...]) -> str:
    """Neither side is too long to learn."""
    if len(row.question) > QUESTION_LIMIT:
        return f"question of {len(row.question)} characters"
    return f"answer of {len(row.answer)} characters" if len(row.answer) > ANSWER_LIMIT else ""


def leak(row: Row, facts: tuple[Fact, ...]) -> str:
    """A question that asks for a value does not hold it."""
    if row.kind not in _ASKS_FOR_ONE:
        return ""
    spellings = [spelling for fact in facts for spelling in (*fact.items, fact.text, *fact.aliases)]
    return "the answer stands in the question" if any(contains(row.question, one) for one in spellings) else ""


def answer_value(row: Row, facts: tuple[Fact, ...]) -> str:
    """The answer holds what it must; a refusal holds no value."""
    if not row.answer.strip() and row.kind is not RowKind.REPLAY:
        return "the answer is empty"
    missing = [value for value in row.values if not contains(row.answer, value)]
    return "the answer misses the value" if missing else ""


def about(row: Row, facts: tuple[Fact, ...]) -> str:
    """The question names whose fact it asks for, and in a generic wording what of it."""
    if row.kind not in _ASKS_FOR_ONE or not facts:
        return ""
    topic = topic_of_fact(facts[0])
    if not names_owner(row.question, topic.owner):
        return "the question does not say whose fact it asks for"
    by_template = row.wording is Wording.GENERIC and row.origin is not Origin.MODEL  # a model may misspell it
    if by_template and not any(contains(row.question, noun.text) for noun in topic.nouns):
        return "the question does not ask for this fact"
    return ""


def names_owner(question: str, owner: Owner) -> bool:
    """Whether the question says whose fact it asks for: "I", or the other person's name, "my old friend" for "my friend",
    "my mum" for "my mother"."""
    if owner.is_user:
        return bool(_FIRST_PERSON.search(question))
    return any(_names(question, noun) for noun in (owner.noun, *also_called(owner)))


def _names(question: str, called: str) -> bool:
    text, noun = (normal(one.replace("'s", " ").replace("'", " ")) for one in (question, called))
    # Who types in a hurry leaves the apostrophe out: "my sisters birthday".
    pattern = rf"my (?:\w+ ){{0,2}}{re.escape(noun[3:])}" if noun.startswith("my ") else re.escape(noun)
    return bool(re.search(rf"(?<!\w){pattern}s?(?!\w)", text))


CHECKS: Mapping[str, Check] = {
    "schema": schema,
    "length": length,
    "leak": leak,
    "answer": answer_value,
    "about": about,
}
"""Name of the check -> the check. Duplicates are looked for across rows, in `check_rows`."""
ALL_CHECKS = (*CHECKS, "duplicate")
"""Names of the checks that a sound row passed, in their order."""


class RowChecker:
    """Checks rows one after the other and remembers those that passed, since a later one may not repeat them.

    `kept` are rows that stay in any case; a new one that repeats them is refused. Of rows that repeat each other the
    first stays. Dev and test questions also refuse to hold any fact's value: they would not prove anything. Words in
    which a person asks for one fact ask for no other, and for nothing unknown.
    """

    def __init__(self, facts: Iterable[Fact], kept: Iterable[Row] = ()) -> None:
        self._by_id = {fact.id: fact for fact in facts}
        self._held = _held_by(self._by_id.values())
        self._seen: dict[str, dict[str, None]] = {}
        self._own: dict[str, str] = {}
        for fact in self._by_id.values():
            for text in fact.questions:
                self._own.setdefault(_bare(text), fact.id)
        for row in kept:
            self._remember(row)

    def __call__(self, row: Row) -> tuple[Row, str]:
        """The row with its problem: "" when it passed, and then the names of the checks are in it."""
        own = tuple(self._by_id[fact_id] for fact_id in row.fact_ids if fact_id in self._by_id)
        problem = next((f"{name}: {why}" for name, check in CHECKS.items() if (why := check(row, own))), "")
        if not problem and row.split is not Split.TRAIN and row.kind in {*_ASKS_FOR_ONE, RowKind.ABSTENTION}:
            problem = "leak: a fact's value stands in the question" if self._held(row.question) else ""
        if not problem and row.kind in {*_ASKS_FOR_ONE, RowKind.ABSTENTION}:
            asked = self._own.get(_bare(row.question), "")
            problem = "duplicate: another fact is asked in these words" if asked not in {"", *row.fact_ids} else ""
        problem = problem or _repeated(row, self._seen)
        if problem:
            return row, problem
        self._remember(row)
        return row.model_copy(update={"checks": ALL_CHECKS}), ""

    def _remember(self, row: Row) -> None:
        self._seen.setdefault(_asks(row), {})[normal(row.question)] = None


def check_rows(rows: Iterable[Row], facts: Iterable[Fact], kept: Iterable[Row] = ()) -> Iterator[tuple[Row, str]]:
    """Each row with its problem, as `RowChecker` tells them, as they come."""
    return map(RowChecker(facts, kept), rows)


def _bare(text: str) -> str:
    """The words alone; the text itself when it has none."""
    return " ".join(re.findall(r"\w+", text.casefold())) or text


def _asks(row: Row) -> str:
    """Rows with the same key may not repeat each other: near-duplicates with unlike answers teach nothing."""
    return f"{row.topic}/{row.kind}" if row.kind in {RowKind.YES_NO, RowKind.REVERSE} else row.topic


def _repeated(row: Row, seen: Mapping[str, Mapping[str, None]]) -> str:
    from rapidfuzz import fuzz, process

    others = seen.get(_asks(row), {})
    question = normal(row.question)
    if question in others:
        return "duplicate: the same question is there already"
    # A yes/no question differs from its twin in the value alone, a replay prompt or a pair is what it is.
    if row.kind in {RowKind.YES_NO, RowKind.REVERSE, RowKind.REPLAY, RowKind.COMPOSITION}:
        return ""
    near = process.extractOne(question, others.keys(), scorer=fuzz.token_sort_ratio, score_cutoff=NEAR)
    return "duplicate: almost the same question is there already" if near else ""


def _held_by(facts: Iterable[Fact]) -> Callable[[str], bool]:
    """Whether a text holds a value of any fact. One search for all: with 500 facts one by one would take minutes.

    The search is put together when it is first asked for: rows of the train split never do.
    """

    @cache
    def pattern() -> re.Pattern[str] | None:
        spellings = {normal(text) for fact in facts for text in (*fact.items, fact.text, *fact.aliases)}
        wanted = sorted((text for text in spellings if text), key=len, reverse=True)
        return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, wanted))})(?!\w)") if wanted else None

    def held(text: str) -> bool:
        found = pattern()
        return bool(found and found.search(normal(text)))

    return held
