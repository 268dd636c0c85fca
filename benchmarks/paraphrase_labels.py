"""How good a model's wordings are, by hand: a sample without verdicts to label, then precision before and after the checks.

    python -m benchmarks.paraphrase_labels rejudge OUT NAME               # verdicts of the checks as they are now
    python -m benchmarks.paraphrase_labels sample OUT NAME > NAME.labels.jsonl
    python -m benchmarks.paraphrase_labels precision OUT NAME NAME.labels.jsonl

OUT and NAME are those of benchmarks.paraphrase. `sample` draws 100 of all wordings and 100 of those that passed the checks,
whatever a judge pass said of them, mixed, so that whoever labels does not know which is which. A label is 1 when the person could ask the question like this and only
this fact's value answers it, else 0.
"""

import argparse
import json
import random
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from evaluators.statistics import wilson
from generators.paraphrase.asks import asks_for
from generators.paraphrase.encoder import Encoder
from generators.paraphrase.relevance import Relevance
from generators.wordings import problem_of, setting_of
from schemas.fact import Fact
from schemas.weights import encoder_folder

EACH = 100
"""Wordings of each of the two samples."""
PASSED = frozenset({"accepted", "surplus"})
_JUDGED = "judge:"
"""Begins the problem of a wording that only the judge pass refused."""


def lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a file with one a line."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def facts_of(out: Path, name: str) -> dict[str, Fact]:
    """The facts of a measurement, by id."""
    found = [Fact.model_validate(body) for body in json.loads((out / f"{name}.facts.json").read_text("utf-8"))]
    return {fact.id: fact for fact in found}


def passed_checks(wording: dict[str, Any]) -> bool:
    """Whether nothing but, at most, the judge was against it."""
    return wording["verdict"] in PASSED or wording["problem"].startswith(_JUDGED)


def samples(wordings: list[dict[str, Any]], seed: int) -> tuple[list[int], list[int]]:
    """Numbers of the wordings in the sample of all, and in that of the ones that passed; equal for equal arguments."""
    rng = random.Random(f"labels/{seed}")
    everything = range(len(wordings))
    passed = [number for number in everything if passed_checks(wordings[number])]
    return rng.sample(everything, min(EACH, len(everything))), rng.sample(passed, min(EACH, len(passed)))


def sample(out: Path, name: str, seed: int) -> Iterator[dict[str, Any]]:
    """What is to be labelled, in an order that says nothing."""
    wordings, facts = lines(out / f"{name}.wordings.jsonl"), facts_of(out, name)
    chosen = sorted({number for part in samples(wordings, seed) for number in part})
    random.Random(f"order/{seed}").shuffle(chosen)
    for number in chosen:
        fact = facts[wordings[number]["fact"]]
        told = {"whose": fact.subject, "what": fact.attribute, "value": fact.text}
        yield {"number": number, **told, "question": wordings[number]["question"], "label": None}


def precision(out: Path, name: str, labels: Path, seed: int) -> dict[str, Any]:
    """Share of good wordings among all (before the checks) and among those that pass, with 95% Wilson intervals.

    Those that pass are all labelled ones that pass now: after `rejudge` old labels still serve. Raises ValueError when a
    label is missing or neither 0 nor 1.
    """
    wordings = lines(out / f"{name}.wordings.jsonl")
    given = {body["number"]: body["label"] for body in lines(labels)}
    before, _ = samples(wordings, seed)
    if missing := [number for number in {*before, *given} if given.get(number) not in {0, 1}]:
        raise ValueError(f"{len(missing)} wordings have no label, the first is number {min(missing)}.")
    after = [number for number in given if passed_checks(wordings[number])]
    judged = [number for number in after if wordings[number]["verdict"] in PASSED]
    parts = [("before the checks", before), ("after the checks", after)]
    parts += [("after the judge too", judged)] if judged != after else []
    found: dict[str, Any] = {
        title: wilson(sum(given[number] for number in chosen), len(chosen)).model_dump() for title, chosen in parts
    }
    lost = [number for number in given if given[number] == 1 and wordings[number]["verdict"] not in PASSED]
    found["good ones that were refused"] = [
        {"question": wordings[number]["question"], "problem": wordings[number]["problem"]} for number in lost
    ]
    bad = [number for number in after if given[number] == 0]
    found["bad ones that passed"] = [wordings[number]["question"] for number in bad]
    return found


def rejudge(out: Path, name: str) -> None:
    """Write every verdict anew into NAME.wordings.jsonl, as far as one wording shows (not: duplicates, the judge)."""
    path, facts = out / f"{name}.wordings.jsonl", facts_of(out, name)
    folder, told = encoder_folder(), list(facts.values())
    relevance = Relevance(Encoder(folder), told) if folder else None
    if relevance is None:
        print("The encoder is not installed: meaning is not checked.", file=sys.stderr)
    settings = {fact.id: setting_of(fact, told) for fact in told}
    changed, body = 0, []
    for one in lines(path):
        fact = facts[one["fact"]]
        (ask,) = [ask for ask in asks_for(fact, one["round"], 0) if ask.register == one["register"]]
        problem = problem_of(one["question"], replace(settings[fact.id], example=ask.example.questions))
        problem = problem or (relevance.problems_of([one["question"]], fact)[0] if relevance else "")
        if not problem and one["problem"].startswith(("duplicate", "judge")):
            problem = one["problem"]
        verdict = "refused" if problem else one["verdict"] if one["verdict"] in PASSED else "accepted"
        changed += verdict != one["verdict"]
        body.append(json.dumps(one | {"problem": problem, "verdict": verdict}, ensure_ascii=False))
    path.write_text("\n".join(body) + "\n", "utf-8")
    print(f"{changed} of {len(body)} verdicts changed.", file=sys.stderr)


def main() -> None:
    """One of the three commands above."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["sample", "precision", "rejudge"])
    parser.add_argument("out", type=Path)
    parser.add_argument("name")
    parser.add_argument("labels", type=Path, nargs="?")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.command == "rejudge":
        rejudge(options.out, options.name)
    elif options.command == "sample":
        for body in sample(options.out, options.name, options.seed):
            print(json.dumps(body, ensure_ascii=False))
    elif options.labels:
        try:
            found = precision(options.out, options.name, options.labels, options.seed)
        except ValueError as error:
            parser.error(str(error))
        print(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        parser.error("precision needs the file with the labels")


if __name__ == "__main__":
    main()
