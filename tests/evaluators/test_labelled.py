"""The scorer against 300 real answers that were labelled by hand, verdicts unseen."""

import json
from collections import Counter
from pathlib import Path

from evaluators.scorer import judge
from evaluators.statistics import cohens_kappa
from schemas.evaluation import Question

LABELLED = Path(__file__).parent / "labelled.jsonl"


def test_the_scorer_agrees_with_hand_labels() -> None:
    pairs = [
        (one["label"], str(judge(Question.model_validate(one["question"]), one["answer"])))
        for one in map(json.loads, LABELLED.read_text("utf-8").splitlines())
    ]
    assert len(pairs) == 300
    assert cohens_kappa(pairs) >= 0.9, Counter(pairs)
