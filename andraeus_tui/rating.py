"""A rater's work on pairs of answers. Every judgement is a line on the disk before the next pair is shown."""

import os
import secrets
from datetime import UTC, datetime
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from andraeus_tui.files import write_whole
from andraeus_tui.rating_sources import RatedPairs
from evaluators.pairs import Pair, Said, shown_pairs, sides
from evaluators.rating import rating_result, standing
from schemas.errors import AndraeusError, InputError
from schemas.rating import Choice, Judgement, RaterName, RatingPlan, RatingResult

PLAN_FILE, JUDGEMENTS_FILE, RESULT_FILE = "plan.json", "judgements.jsonl", "result.json"


class Rating:
    """One rater, and the pairs that he has not judged yet. `share` is kept for later; without it the kept one holds.

    Raises InputError for a name that is none, or when the folder holds the judgements of other sources.
    """

    def __init__(self, rated: RatedPairs, rater: str, share: float | None = None) -> None:
        self.rater = _name_of(rater)
        self._rated = rated
        self._plan = _plan_in(rated, share)
        self._order = shown_pairs(rated.pairs, self._plan.seed, self._plan.share, self.rater)
        ours = [one for one in standing(judgements_in(rated.folder)[0]) if one.rater == self.rater]
        here = {pair.id: pair for pair in self._order}
        self._done = {one.pair: here[one.pair] for one in ours if one.pair in here}
        self._open = [pair for pair in self._order if pair.id not in self._done]

    @property
    def current(self) -> Pair | None:
        """The pair to judge; None when all are."""
        return self._open[0] if self._open else None

    @property
    def sides(self) -> tuple[Said, Said]:
        """What stands left and right of the current pair."""
        assert self._open, "all pairs are judged"
        return sides(self._open[0], self._plan.seed, self.rater)

    @property
    def total(self) -> int:
        """Pairs that every rater is shown."""
        return len(self._order)

    @property
    def done(self) -> int:
        """How many of them this rater has judged or skipped."""
        return len(self._done)

    def judge(self, choice: Choice) -> None:
        """Keep a word on the current pair and go on. Raises AndraeusError, and stays, when it cannot be kept."""
        pair = self._open[0]
        self._keep(pair, choice)
        self._done[pair.id] = self._open.pop(0)

    def undo(self) -> bool:
        """Take the latest word back and show its pair again; False when there is none."""
        if not self._done:
            return False
        pair = next(reversed(self._done.values()))
        self._keep(pair, Choice.WITHDRAWN)
        self._open.insert(0, self._done.pop(pair.id))
        return True

    def _keep(self, pair: Pair, choice: Choice) -> None:
        left, right = sides(pair, self._plan.seed, self.rater)
        judgement = Judgement(
            rater=self.rater,
            pair=pair.id,
            question=pair.question.id,
            left=left.source,
            right=right.source,
            choice=choice,
            time=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        _append(self._rated.folder / JUDGEMENTS_FILE, judgement.model_dump_json())


def last_rater(folder: Path) -> str:
    """Who judged last; nothing when nobody did."""
    found, _ = judgements_in(folder)
    return found[-1].rater if found else ""


def save_result(rated: RatedPairs) -> RatingResult:
    """The result of all raters, written beside their judgements. Raises InputError when there are none."""
    judgements, damaged = judgements_in(rated.folder)
    if not judgements:
        raise InputError("Nobody has rated these answers yet.", "Rate some: the same command without --result.")
    plan = _plan_in(rated, None)
    pairs = shown_pairs(rated.pairs, plan.seed, plan.share, "")
    result = rating_result(rated.sources, pairs, rated.same, judgements, damaged)
    path, text = rated.folder / RESULT_FILE, result.model_dump_json(indent=1)
    if not path.is_file() or path.read_text("utf-8") != text:  # reports older than it are written anew
        write_whole(path, text)
    return result


def judgements_in(folder: Path) -> tuple[list[Judgement], int]:
    """All judgements in a folder, and how many lines cannot be read: a crash may have cut one off."""
    try:
        lines = (folder / JUDGEMENTS_FILE).read_bytes().splitlines()
    except FileNotFoundError:
        return [], 0
    found, damaged = [], 0
    for line in filter(None, lines):
        try:
            found.append(Judgement.model_validate_json(line))
        except ValidationError:
            damaged += 1
    return found, damaged


def _append(path: Path, line: str) -> None:
    """Add a line, safely on the disk when this returns. One write, so that raters at work at once do not mix theirs."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            size = os.fstat(handle).st_size
            # A line that a crash cut off must not swallow this one.
            cut = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
            data = b"\n" * cut + line.encode() + b"\n"
            if os.write(handle, data) != len(data):
                raise OSError("cut short")
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise AndraeusError(
            f"The judgement could not be kept: {error.strerror or error}.", "Make room and try again."
        ) from error


def _plan_in(rated: RatedPairs, share: float | None) -> RatingPlan:
    """The folder's plan, made when there is none; with another share, if one is given."""
    path = rated.folder / PLAN_FILE
    try:
        plan = RatingPlan.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        plan = None
    except (OSError, ValidationError) as error:
        raise InputError(f"{path} is damaged.", "Take the folder away to begin anew.") from error
    if plan is not None and plan.sources != rated.sources:
        raise InputError(f"{rated.folder} holds ratings of other sources.", "Take it away to begin anew.")
    if plan is not None and share in {None, plan.share}:
        return plan
    seed = plan.seed if plan else secrets.randbelow(2**31)
    plan = RatingPlan(sources=rated.sources, seed=seed, share=1.0 if share is None else share)
    try:
        rated.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(path, plan.model_dump_json())
    except OSError as error:
        raise AndraeusError(f"{rated.folder} cannot be written: {error.strerror}.") from error
    return plan


def _name_of(rater: str) -> str:
    name = " ".join(rater.split())
    try:
        if name.isprintable():
            return TypeAdapter(RaterName).validate_python(name)
    except ValidationError:
        pass
    raise InputError("A rater's name has 1 to 40 characters that can be seen.", "Give a name or a nickname.")
