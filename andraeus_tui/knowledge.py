"""What the newest trained model was taught and how much of it it recalled, read from its run's files."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from andraeus_tui.examining import evaluation_of
from andraeus_tui.runs import CONFIG_FILE, EVALUATION_FILE, FACTS_FILE, RunState, facts_of, read_run
from schemas.errors import InputError
from schemas.evaluation import QuestionGroup, Verdict
from schemas.fact import Fact

Stamp = tuple[int, int]
"""Time and size of a file: what was read stays valid as long as both are the same."""


@dataclass(frozen=True)
class Knowledge:
    """One trained model."""

    run: str
    facts: Mapping[str, Fact]
    """The facts as they were when the run was frozen, by id."""
    recalled: Mapping[str, tuple[int, int]]
    """For each fact (right answers, questions) of the evaluation; empty before there is one."""


def newest_knowledge(runs: Path) -> Knowledge | None:
    """Of the newest finished run whose files are whole; None when there is none."""
    for config in sorted(runs.glob(f"*/{CONFIG_FILE}"), reverse=True):
        folder = config.parent
        if read_run(folder).state is not RunState.FINISHED:
            continue
        try:
            facts = _facts(folder, _stamp(folder / FACTS_FILE))
        except InputError:
            continue
        return Knowledge(folder.name, facts, _recalled(folder, _stamp(folder / EVALUATION_FILE)))
    return None


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=4)
def _facts(folder: Path, stamp: Stamp) -> Mapping[str, Fact]:
    return {fact.id: fact for fact in facts_of(folder)}


@lru_cache(maxsize=4)
def _recalled(folder: Path, stamp: Stamp) -> Mapping[str, tuple[int, int]]:
    try:
        evaluation = evaluation_of(folder)
    except InputError:
        evaluation = None
    counted: dict[str, list[bool]] = defaultdict(list)
    for one in evaluation.judged if evaluation else ():
        if one.question.group is QuestionGroup.RECALL:
            for fact_id in one.question.fact_ids:
                counted[fact_id].append(one.tuned_verdict is Verdict.RIGHT)
    return {fact_id: (sum(right), len(right)) for fact_id, right in counted.items()}
