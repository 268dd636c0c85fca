"""The sections of the evidence: each shows one view of it and has one widget that keys go to."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static, TabPane

from andraeus_tui.comparing import Comparison, Flip
from andraeus_tui.evidence import Examined, FactScore, leaks_of, measures, tiers
from andraeus_tui.ui.labels import legible, retell
from andraeus_tui.ui.shares import LEGEND, claim_lines, comparison_lines, measure_lines, proof_lines
from andraeus_tui.ui.table import Column, WindowTable
from evaluators.summary import expected, general, in_words, is_right, never_told
from schemas.evaluation import Judged, QuestionGroup, Verdict

_GROUPS = {
    QuestionGroup.UNKNOWN: "never told",
    QuestionGroup.UNSEEN: "never told",
    QuestionGroup.GENERAL: "general",
}


class Pane(TabPane):
    """A section. `paint` shows the evidence; `main` is where keys go."""

    class FactWanted(Message):
        """Somebody wants to see this fact."""

        def __init__(self, fact_id: str) -> None:
            super().__init__()
            self.fact_id = fact_id

    def paint(self, examined: Examined, wide: bool) -> None:
        """Show this evidence."""

    @property
    def main(self) -> Widget:
        """What gets the keys while the section is in front."""
        return self.query_one(".main")


class TextPane(Pane):
    """A section of text."""

    def __init__(self, title: str, name: str, write: Callable[[Examined, bool], str]) -> None:
        super().__init__(title, id=name)
        self._write = write

    def compose(self) -> ComposeResult:
        """Text that scrolls."""
        with VerticalScroll(classes="main"):
            yield Static(markup=False)

    def paint(self, examined: Examined, wide: bool) -> None:
        """Write it."""
        self.query_one(Static).update(self._write(examined, wide))


def summary_text(examined: Examined, wide: bool) -> str:
    """The claim, and every number of both models."""
    evaluation = examined.evaluation
    return f"{claim_lines(evaluation)}\n\n{LEGEND}\n\n{measure_lines(measures(evaluation), wide)}"


def tiers_text(examined: Examined, wide: bool) -> str:
    """Recall by how much a question asks of the model."""
    head = "Questions about given facts answered right, by how much they ask of the model."
    return f"{head}\n\n{LEGEND}\n\n{measure_lines(tiers(examined.evaluation), wide)}"


class FactsPane(Pane):
    """Every fact and how it is known, the weakest first."""

    _NARROW = (Column("fact"), Column("natural", 7), Column("template", 8), Column("other", 5), Column("refused", 7),
               Column("worst answer", 22))  # fmt: skip
    _WIDE = (Column("fact", 32), Column("natural", 7), Column("template", 8), Column("other", 5), Column("refused", 7),
             Column("worst answer"))  # fmt: skip

    def __init__(self) -> None:
        super().__init__("Facts", id="facts")
        self._facts: tuple[FactScore, ...] = ()

    def compose(self) -> ComposeResult:
        """The table and what its columns mean."""
        yield WindowTable(self._NARROW, id="fact-table", classes="main")
        yield Static(
            "Right of asked: natural wording, templates, other (reverse, yes/no, two facts). Enter shows the fact.",
            classes="hint",
            markup=False,
        )

    def paint(self, examined: Examined, wide: bool) -> None:
        """Show the facts."""
        self._facts = examined.facts
        table = self.query_one(WindowTable)
        table.set_columns(self._WIDE if wide else self._NARROW)
        table.set_rows(len(self._facts), self._cells)

    def _cells(self, offset: int, limit: int) -> list[tuple[str, ...]]:
        return [
            (fact.name, str(fact.natural), str(fact.template), str(fact.other), str(fact.refused),
             fact.worst.tuned if fact.worst else "all right")
            for fact in self._facts[offset : offset + limit]
        ]  # fmt: skip

    @on(WindowTable.Chosen)
    def _choose(self, event: WindowTable.Chosen) -> None:
        event.stop()
        self.post_message(self.FactWanted(self._facts[event.index].fact_id))


class AnswersPane(Pane):
    """A table of judged questions, and the one under the cursor in full."""

    def __init__(self, title: str, name: str, none: str, cells: Callable[[Judged], tuple[str, ...]]) -> None:
        """`none` is said when there are no questions; `cells` gives the cells of one."""
        super().__init__(title, id=name)
        self._none, self._cells_of = none, cells
        self._judged: Sequence[Judged] = ()
        self._examined: Examined | None = None

    def compose(self) -> ComposeResult:
        """The table and the card."""
        yield WindowTable((), on_move=self._show_card, classes="main")
        with VerticalScroll(classes="card", can_focus=False):
            yield Static(markup=False)

    def _show(self, judged: Sequence[Judged], examined: Examined, columns: Sequence[Column]) -> None:
        self._judged, self._examined = judged, examined
        table = self.query_one(WindowTable)
        table.set_columns(columns)
        table.set_rows(len(judged), self._cells)
        self._show_card()

    def _cells(self, offset: int, limit: int) -> list[tuple[str, ...]]:
        return [self._cells_of(one) for one in self._judged[offset : offset + limit]]

    def _show_card(self) -> None:
        card = self.query_one(".card", VerticalScroll)
        card.scroll_home(animate=False, immediate=True)
        retell(card.query_one(Static), self._card())

    def _card(self) -> str:
        if not self._judged or not self._examined:
            return self._none
        one = self._judged[self.query_one(WindowTable).cursor]
        base = f"{legible(one.base or '')}  [{in_words(one.question, one.base_verdict)}]" if one.base_verdict else "-"
        lines = [
            f"Question  {legible(one.question.text)}",
            f"Expected  {legible(expected(one.question))}",
            f"Trained   {legible(one.tuned)}  [{in_words(one.question, one.tuned_verdict)}]",
            f"Base      {base}",
        ]
        names = [legible(self._examined.names.get(fact_id, fact_id)) for fact_id in one.question.fact_ids]
        if names:
            lines.append(f"Fact      {', '.join(names)}   (Enter goes there)")
        return "\n".join(lines)


class FailuresPane(AnswersPane):
    """Questions about given facts that were not answered right."""

    def __init__(self) -> None:
        super().__init__("Failures", "failures", "No question about a given fact failed.", self._cells_of_one)

    def paint(self, examined: Examined, wide: bool) -> None:
        """Show the failures."""
        more = (Column("base said", 24),) if wide else ()
        columns = (Column("verdict", 7), Column("question"), Column("expected", 16), Column("trained said", 24), *more)
        self._show(examined.failures, examined, columns)

    @staticmethod
    def _cells_of_one(one: Judged) -> tuple[str, ...]:
        """Verdict, question, expected, said."""
        verdict = in_words(one.question, one.tuned_verdict)
        return (verdict, one.question.text, expected(one.question), one.tuned, one.base or "")

    @on(WindowTable.Chosen)
    def _choose(self, event: WindowTable.Chosen) -> None:
        event.stop()
        if ids := self._judged[event.index].question.fact_ids:
            self.post_message(self.FactWanted(ids[-1]))


class OthersPane(AnswersPane):
    """Things never told and general questions, those that went wrong first."""

    def __init__(self) -> None:
        super().__init__("Unknown", "unknown", "No such question was asked.", self._cells_of_one)

    def paint(self, examined: Examined, wide: bool) -> None:
        """Show them."""
        judged = examined.evaluation.judged
        found = sorted(
            [*never_told(judged), *general(judged)], key=lambda one: is_right(one.question, one.tuned_verdict)
        )
        more = (Column("base said", 28),) if wide else ()
        columns = (Column("verdict", 8), Column("about", 10), Column("question"), Column("trained said", 26), *more)
        self._show(found, examined, columns)

    @staticmethod
    def _cells_of_one(one: Judged) -> tuple[str, ...]:
        """What became of it, what it is about, question, said."""
        return (_became(one), _GROUPS[one.question.group], one.question.text, one.tuned, one.base or "")


def _became(one: Judged) -> str:
    """A general question that the base model answers and the trained one does not is lost."""
    lost = one.question.group is QuestionGroup.GENERAL and one.base_verdict is Verdict.RIGHT
    if lost and one.tuned_verdict is not Verdict.RIGHT:
        return "lost"
    return in_words(one.question, one.tuned_verdict)


class ProofPane(Pane):
    """The zero-context proof, and where facts were found when it failed."""

    def __init__(self) -> None:
        super().__init__("Proof", id="proof")
        self._leaks: tuple[tuple[str, str, str], ...] = ()

    def compose(self) -> ComposeResult:
        """The proof in words; the leaks."""
        with VerticalScroll(classes="main"):
            yield Static(markup=False)
        yield WindowTable((Column("question id"), Column("fact id", 13), Column("fact", 30)), id="leaks")

    def paint(self, examined: Examined, wide: bool) -> None:
        """Show it."""
        self.query_one(Static).update(proof_lines(examined.evaluation))
        self._leaks = tuple(
            (question, fact, examined.names.get(fact, "")) for question, fact in leaks_of(examined.evaluation)
        )
        table = self.query_one(WindowTable)
        table.display = bool(self._leaks)
        table.set_rows(len(self._leaks), lambda offset, limit: self._leaks[offset : offset + limit])

    @on(WindowTable.Chosen)
    def _choose(self, event: WindowTable.Chosen) -> None:
        event.stop()
        self.post_message(self.FactWanted(self._leaks[event.index][1]))


class ComparePane(Pane):
    """This run beside another."""

    def __init__(self) -> None:
        super().__init__("Compare", id="compare")
        self._flips: tuple[Flip, ...] = ()

    def compose(self) -> ComposeResult:
        """The numbers; the questions that flipped."""
        with VerticalScroll(id="changes"):
            yield Static("Press c to choose a run to compare with.", markup=False)
        yield WindowTable(
            (Column("only right", 10), Column("question"), Column("this run said", 22), Column("other run said", 22)),
            classes="main",
        )

    def show_comparison(self, found: Comparison | None, now: str) -> None:
        """Show it, or what to do when there is none."""
        text = "Press c to choose a run to compare with." if found is None else comparison_lines(found, now)
        self.query_one(Static).update(text)
        self._flips = found.flips if found else ()
        self.query_one(WindowTable).set_rows(len(self._flips), self._cells, cursor=0)

    def _cells(self, offset: int, limit: int) -> list[tuple[str, ...]]:
        return [
            ("this run" if flip.better else "other run", flip.question.text, flip.now, flip.other)
            for flip in self._flips[offset : offset + limit]
        ]
