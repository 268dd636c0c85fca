"""From a model's answers to rows: each wording is judged, and the good ones are taken from all registers in turn."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import IO

from generators.checks import RowChecker
from generators.make import Asked, make_row
from generators.paraphrase.asks import Ask
from generators.paraphrase.relevance import Relevance
from generators.paraphrase.tally import Tally
from generators.templates import answer_of
from generators.topics import topic_of_fact
from generators.wordings import WORDING_CHECKS, Setting, names_attribute, problem_of, setting_of
from schemas.events import RowMade
from schemas.fact import Fact
from schemas.row import Origin, Row, RowKind, Split, Wording
from schemas.wire import Wire

RELEVANT, JUDGED = "meaning", "judge"
"""Names under which rows say that embeddings, and the judge, found nothing against them."""


@dataclass
class Candidate:
    """A wording on its way."""

    ask: Ask
    number: int
    text: str
    problem: str = ""
    judged: bool = False


class Verdicts:
    """Judges wordings one fact at a time, tells each verdict as an event, and counts. One thread uses it at a time."""

    def __init__(
        self,
        facts: list[Fact],
        checker: RowChecker,
        relevance: Relevance | None,
        tally: Tally,
        wire: Wire,
        record: IO[str] | None,
    ) -> None:
        self._facts, self._checker, self._relevance = facts, checker, relevance
        self._tally, self._wire, self._record = tally, wire, record
        self._settings: dict[str, Setting] = {}
        self._taken: dict[str, list[str]] = {}

    def judge(self, fact: Fact, answers: Iterable[tuple[Ask, list[str]]]) -> list[Candidate]:
        """The wordings of some answers about a fact, each with what is to be said against it."""
        found = [Candidate(ask, number, text) for ask, texts in answers for number, text in enumerate(texts)]
        if fact.id not in self._settings:
            self._settings[fact.id] = setting_of(fact, self._facts)
        for one in found:
            one.problem = problem_of(one.text, replace(self._settings[fact.id], example=one.ask.example.questions))
        good = [one for one in found if not one.problem]
        if self._relevance and good:
            for one, problem in zip(good, self._relevance.problems_of([one.text for one in good], fact), strict=True):
                one.problem = problem
        return found

    def take(self, fact: Fact, candidates: list[Candidate], wanted: int) -> int:
        """Tell what becomes of each: at most `wanted` good ones become rows. How many did."""
        taken = 0
        for one in _in_turn(candidates):
            row = self._row(fact, one) if not one.problem else None
            if row and taken < wanted:
                one.problem = self._repeated(fact, one.text)
                if not one.problem:
                    row, one.problem = self._checker(row)
                    taken += not one.problem
            elif row:
                self._note(one, "surplus")
                continue
            self._tell(fact, one, row)
        return taken

    def _row(self, fact: Fact, one: Candidate) -> Row:
        topic = topic_of_fact(fact)
        wording = Wording.GENERIC if names_attribute(one.text, topic) else Wording.NATURAL
        asked = Asked(one.text, f"{one.ask.family}/{one.number}", wording)
        return make_row(
            RowKind.QUESTION, asked, answer_of(fact), topic.key, Split.TRAIN,
            fact_ids=(fact.id,), values=fact.items, origin=Origin.MODEL,
        )  # fmt: skip

    def _repeated(self, fact: Fact, text: str) -> str:
        same = self._relevance and self._relevance.repeats(text, self._taken.get(fact.id, ()))
        return "duplicate: it means the same as one that is there" if same else ""

    def _tell(self, fact: Fact, one: Candidate, row: Row | None) -> None:
        self._note(one, "refused" if one.problem else "accepted")
        if one.problem:
            self._tally.refused[one.problem] += 1
            digest = hashlib.sha256(f"{fact.id}\x1f{one.text}".encode()).hexdigest()[:16]
            self._emit(digest, fact, one.problem, None)
            return
        assert row
        self._tally.by_fact[fact.id] += 1
        self._taken.setdefault(fact.id, []).append(one.text)
        names = (*WORDING_CHECKS, *([RELEVANT] if self._relevance else []), *([JUDGED] if one.judged else []))
        self._emit(row.id, fact, "", row.model_copy(update={"checks": (*row.checks, *names)}))

    def _emit(self, row_id: str, fact: Fact, problem: str, row: Row | None) -> None:
        topic = topic_of_fact(fact)
        made = RowMade(
            row_id=row_id, topic=topic.key, kind=RowKind.QUESTION, split=Split.TRAIN, problem=problem, row=row
        )
        self._wire.emit(made)

    def _note(self, one: Candidate, verdict: str) -> None:
        self._tally.count(one.ask.register, verdict)
        if self._record:
            body = {
                "fact": one.ask.fact_id,
                "register": one.ask.register,
                "round": one.ask.round,
                "named": one.ask.named,
                "number": one.number,
                "question": one.text,
                "verdict": verdict,
                "problem": one.problem,
            }
            self._record.write(json.dumps(body, ensure_ascii=False) + "\n")
            self._record.flush()


def _in_turn(candidates: list[Candidate]) -> list[Candidate]:
    """The first wording of every register, then every second one, and so on: rows shall differ from each other."""
    return sorted(candidates, key=lambda one: one.number)
