"""What the numbers in the second look's rule do, where a reader helps: every cell of a study is read once, every rule decides.

    andraeus-tui study docs/results/recipes/dev_round22.toml --folder DIR
    python -m benchmarks.deciding DIR OUT.json [--model embedded]

An answer is put together: where the right thing is named, its value is taken to be right. What the gate leaves to the base
model is left out. Choose by people on whom nothing is tested (`choosing = true` in the study).
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import torch

from andraeus_tui.project import cache_folder
from andraeus_tui.study.scoring import answers_in, questions_in
from evaluators.figures import figures_of
from evaluators.statistics import mean_over_people, paired_difference
from schemas.evaluation import Answer, Question, QuestionGroup
from schemas.fact import Fact
from schemas.row import Row, RowKind
from schemas.study import Cell
from schemas.wire import Wire
from trainers.dataset import name_of
from trainers.generation import replies_to
from trainers.lora import load_adapter
from trainers.models import Device, load_for_answers, load_tokenizer, resolve
from trainers.reader import encoder_for, thing_of
from trainers.rule import READ, Borders, Rule
from trainers.second_look import Look, SecondLook, load_second_look
from trainers.tokens import ChatCodec

_ASKED = {QuestionGroup.RECALL, QuestionGroup.UNKNOWN, QuestionGroup.UNSEEN}
_BORDERS = (
    (0.2, 0.02),
    (0.1, 0.02),
    (0.1, 0.01),
    (0.1, 0.005),
    (0.1, 0.003),
    (0.05, 0.005),
    (0.05, 0.003),
    (0.03, 0.001),
)
_GRID = product((0.6, 0.7, 0.8, 0.9, 1.0), (0.0, 1.0, 2.0, 3.0), _BORDERS)
RULES = tuple(dict.fromkeys([READ, *(Rule(trust, odds, Borders(*borders)) for trust, odds, borders in _GRID)]))


@dataclass(frozen=True)
class Heard:
    """What one cell's adapter and reader say of its questions."""

    look: SecondLook
    questions: Sequence[Question]
    greedy: Sequence[str]
    logs: torch.Tensor
    read: torch.Tensor
    facts: Sequence[Fact]
    known: dict[str, str]
    """The answer that training has for each name."""

    def decided(self, rule: Rule) -> dict[str, float]:
        """The figures of what is answered by this rule."""
        look = replace(self.look, rule=rule)
        shares, best = rule.together(self.logs, self.read, look.are_unlisted)
        said = []
        for question, greedy, share, name in zip(self.questions, self.greedy, shares, best, strict=True):
            start = None
            if look.concerns(greedy) and not look.joins(greedy):
                start = look.wants(greedy, Look(float(share), look.names[int(name)], read=True))
            said.append(_answer(question, self.known.get(start or "", start or greedy)))
        return figures_of(self.questions, said, self.facts, {}, {})


def hear(folder: Path, path: Path, base: Path, wire: Wire) -> Heard | None:
    """Ask one cell's adapter; None when it has no second look with a reader."""
    cell = Cell.model_validate_json((path / "cell.json").read_bytes())
    if not cell.adapter:
        return None
    look = load_second_look(folder / cell.adapter, lambda: encoder_for("cpu", wire))
    if not look or not look.reader:
        return None
    home = folder / cell.questions
    left_to_base = {answer.id for answer in answers_in(path) if answer.by_adapter is False}
    questions = [one for one in questions_in(home) if one.group in _ASKED and one.id not in left_to_base]
    model = load_adapter(load_for_answers(base, Device.best(base), wire), folder / cell.adapter)
    codec = ChatCodec(load_tokenizer(base), "")
    prompts = [codec.prompt(one.text) for one in questions]
    greedy = {at: reply.text for at, reply in replies_to(model, codec, prompts, cell.max_new_tokens, cell.batch_size)}
    size = cell.batch_size
    logs = torch.cat([look.weigh(model, codec, prompts[at : at + size]) for at in range(0, len(prompts), size)])
    rows = map(Row.model_validate_json, (path / "dataset" / "train.jsonl").read_bytes().splitlines())
    told = [row for row in rows if row.kind is RowKind.QUESTION and len(row.fact_ids) == 1 and row.values]
    return Heard(
        look=look,
        questions=questions,
        greedy=[greedy[at] for at in range(len(questions))],
        logs=logs,
        read=look.reader.logs([one.text for one in questions], [thing_of(name) for name in look.names]),
        facts=[Fact.model_validate(body) for body in json.loads((home / "facts.json").read_text("utf-8"))],
        known={name: row.answer for row in told if (name := name_of(row.answer, row.values[0]))},
    )


def _answer(question: Question, text: str) -> Answer:
    return Answer(id=question.id, source="tuned", answer=text, prompt="", prompt_sha256="", prompt_tokens=0, seconds=0)


def main() -> None:
    """Read every finished cell, print the ten best rules and write all of them."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=Path)
    options.add_argument("out", type=Path)
    options.add_argument("--model", default="embedded")
    given = options.parse_args()
    wire = Wire(sys.stderr, sys.stdin, must_save=False)
    base = resolve(given.model, cache_folder(), wire)
    found: dict[Rule, dict[str, dict[str, float]]] = {rule: {} for rule in RULES}
    for path in sorted(given.folder.glob("cells/*/*")):
        if (path / "answers.jsonl").is_file() and (heard := hear(given.folder, path, base, wire)):
            for rule in found:
                found[rule][f"{path.parent.name}/{path.name}"] = heard.decided(rule)
            print(path.name, len(heard.questions), flush=True)
    if not found[READ]:
        raise SystemExit(f"No cell that has run in {given.folder} has a second look with a reader.")
    mean = {rule: {of: one["sum_of_four"] for of, one in people.items()} for rule, people in found.items()}
    body: list[dict[str, Any]] = []
    for rule in sorted(RULES, key=lambda rule: -sum(mean[rule].values())):
        people = list(found[rule].values())
        names = sorted(people[0].keys() - {"prompt_tokens", "seconds"})
        each = {name: [one[name] for one in people if name in one] for name in names}
        body.append({
            "rule": asdict(rule),
            "figures": {name: mean_over_people(values).model_dump() for name, values in each.items()},
            "minus_todays": paired_difference(mean[rule], mean[READ]).model_dump(),
        })  # fmt: skip
        if len(body) <= 10:
            print(rule, round(body[-1]["figures"]["sum_of_four"]["mean"], 4))
    given.out.write_text(json.dumps(body, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
