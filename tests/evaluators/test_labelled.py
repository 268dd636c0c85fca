"""The scorer against 300 real answers that were labelled by hand, verdicts unseen."""

import json
from collections import Counter
from pathlib import Path

from evaluators.scorer import judge
from schemas.evaluation import Question

LABELLED = Path(__file__).parent / "labelled.jsonl"


def test_the_scorer_agrees_with_hand_labels() -> None:
    pairs = Counter(
        (one["label"], str(judge(Question.model_validate(one["question"]), one["answer"])))
        for one in map(json.loads, LABELLED.read_text("utf-8").splitlines())
    )
    total = sum(pairs.values())
    agreed = sum(count for (hand, scored), count in pairs.items() if hand == scored) / total
    by_hand, by_scorer = Counter[str](), Counter[str]()
    for (hand, scored), count in pairs.items():
        by_hand[hand] += count
        by_scorer[scored] += count
    chance = sum(by_hand[verdict] * by_scorer[verdict] for verdict in by_hand) / total**2
    kappa = (agreed - chance) / (1 - chance)
    assert total == 300
    assert kappa >= 0.9, f"{kappa:.3f} over {dict(pairs)}"
