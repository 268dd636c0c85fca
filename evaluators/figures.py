"""From the answers of one arm about one person to its figures, and from many persons' figures to a result."""

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any

from evaluators.metrics import metrics_of
from evaluators.normal import holds
from evaluators.options import outside
from evaluators.scorer import judge
from evaluators.statistics import (
    differences,
    equivalence,
    holm,
    mcnemar,
    mean_over_people,
    paired_difference,
    paired_test,
)
from schemas.evaluation import Answer, Question, QuestionGroup, Verdict
from schemas.fact import Fact
from schemas.row import Wording
from schemas.study import Contrast, Plan, StudyResult

MARGIN = 0.01
"""Two arms are equally able when their shares of general questions differ by less."""
_FOUR = ("recall_template", "recall_everyday", "known_refused", "unknown_refused")
"""Where settings are chosen nobody asks in everyday words of the test: natural ones of the dev split stand in."""
Shares = dict[str, dict[str, dict[str, float]]]
"""By arm, figure and person."""
Right = dict[str, dict[str, dict[str, bool]]]
"""By arm, person and question id: whether the answer is the one that is wanted."""


def figures_of(
    questions: Sequence[Question],
    answers: Sequence[Answer],
    facts: Sequence[Fact],
    before: Mapping[str, Sequence[str]],
    measured: Mapping[str, Any],
) -> dict[str, float]:
    """Every figure that the answers of one arm about one person allow. `before` are old values by fact id."""
    said = {answer.id: answer.answer for answer in answers}
    told = [(question, judge(question, said[question.id])) for question in questions]
    found = {name: proportion.share for name, proportion in metrics_of(told).items()}
    apart = {fact.id for fact in facts if fact.attribute in outside()}
    recall = [(question, verdict) for question, verdict in told if question.group is QuestionGroup.RECALL]

    def share(name: str, chosen: list[bool]) -> None:
        if chosen:
            found[name] = sum(chosen) / len(chosen)

    right = Verdict.RIGHT
    strange = [(one.wording, verdict) for one, verdict in recall if set(one.fact_ids) & apart]
    listed = [(one.wording, verdict) for one, verdict in recall if not set(one.fact_ids) & apart]
    share("recall_outside", [verdict is right for _, verdict in strange])
    share("recall_everyday_listed", [verdict is right for wording, verdict in listed if wording is Wording.EVERYDAY])
    # The lexicon has no natural wordings of these: where settings are chosen, natural ones are the dev split's everyday ones.
    share(
        "recall_everyday_outside", [verdict is right for wording, verdict in strange if wording is not Wording.GENERIC]
    )
    share("recall_apart", [verdict is right for one, verdict in recall if not one.confusable])
    share(
        "named_another",
        [any(holds(said[one.id], rival) for rival in one.rivals) for one, _ in recall if one.confusable],
    )
    if before:
        changed = [(one, verdict) for one, verdict in recall if set(one.fact_ids) & before.keys()]
        share("recall_changed", [verdict is right for _, verdict in changed])
        share("recall_kept", [verdict is right for one, verdict in recall if not set(one.fact_ids) & before.keys()])
        old = [any(holds(said[one.id], value) for value in before[one.fact_ids[0]]) for one, _ in changed]
        share("said_old_value", old)
    for area in sorted({one.topic for one, _ in told if one.group is QuestionGroup.GENERAL}):
        in_area = [
            verdict is right for one, verdict in told if one.group is QuestionGroup.GENERAL and one.topic == area
        ]
        share(f"general_{area}", in_area)
    natural = {"recall_everyday": found["recall_natural"]} if "recall_natural" in found else {}
    four = natural | found
    if all(name in four for name in _FOUR):
        found["sum_of_four"] = (
            four["recall_template"] + four["recall_everyday"] + four["unknown_refused"] + 1 - four["known_refused"]
        ) / 4
    found["seconds"] = mean(answer.seconds for answer in answers)
    found["prompt_tokens"] = mean(answer.prompt_tokens for answer in answers)
    return found | _language(measured)


def right_answers(questions: Sequence[Question], answers: Sequence[Answer]) -> dict[str, bool]:
    """For each question (by id) whether the answer is the one that is wanted."""
    said = {answer.id: answer.answer for answer in answers}
    never = {QuestionGroup.UNKNOWN, QuestionGroup.UNSEEN}
    wanted = {one.id: Verdict.REFUSED if one.group in never else Verdict.RIGHT for one in questions}
    return {one.id: judge(one, said[one.id]) is wanted[one.id] for one in questions}


def _language(measured: Mapping[str, Any]) -> dict[str, float]:
    bits = measured.get("tuned_bits_per_byte", measured.get("base_bits_per_byte"))
    return {} if bits is None else {"bits_per_byte": float(bits), "kl": float(measured.get("kl", 0.0))}


def result_of(
    plan: Plan,
    shares: Shares,
    right: Right,
    proofs: Mapping[str, str],
    missing: Sequence[str],
    dropped: Mapping[str, int],
) -> StudyResult:
    """Means over persons with intervals, and every arm against the reference, corrected for their number."""
    figures = {
        arm: {name: mean_over_people(list(by_person.values())) for name, by_person in sorted(found.items())}
        for arm, found in shares.items()
    }
    return StudyResult(
        plan=plan,
        figures=figures,
        shares=shares,
        contrasts=_contrasts(plan, shares, right),
        proofs=dict(proofs),
        missing=tuple(missing),
        dropped=dict(dropped),
    )


def _contrasts(plan: Plan, shares: Shares, right: Right) -> tuple[Contrast, ...]:
    """On the primary figure; on general questions, if they are the primary one, also for equivalence."""
    study = plan.study
    reference = shares.get(study.reference, {}).get(study.primary, {})
    found: list[Contrast] = []
    for arm in study.arms:
        theirs = shares.get(arm.name, {}).get(study.primary, {})
        shared = differences(reference, theirs)
        if arm.name == study.reference or not shared:
            continue
        several = len(shared) > 1
        same = study.primary == "general" and several
        found.append(
            Contrast(
                arm=arm.name,
                figure=study.primary,
                difference=paired_difference(reference, theirs),
                p=paired_test(shared) if several else None,
                holm=None,
                equivalent=equivalence(shared, MARGIN) if same else None,
                margin=MARGIN if same else None,
                mcnemar=_mcnemar(right.get(study.reference, {}), right.get(arm.name, {})),
            )
        )
    corrected = holm({one.arm: one.p for one in found if one.p is not None})
    return tuple(one.model_copy(update={"holm": corrected.get(one.arm)}) for one in found)


def _mcnemar(ours: Mapping[str, Mapping[str, bool]], theirs: Mapping[str, Mapping[str, bool]]) -> dict[str, float]:
    """For each person over the questions that both arms were asked."""
    found = {}
    for person in sorted(ours.keys() & theirs.keys()):
        both = ours[person].keys() & theirs[person].keys()
        better = sum(ours[person][one] and not theirs[person][one] for one in both)
        worse = sum(theirs[person][one] and not ours[person][one] for one in both)
        found[person] = mcnemar(better, worse)
    return found
