"""Results of blind rating against counts made by hand and published figures."""

import random

import pytest

from evaluators.pairs import Pair, Said, pair_up
from evaluators.rating import rating_result, standing
from evaluators.rating_words import result_lines
from evaluators.statistics import cohens_kappa, interval_over_items, krippendorffs_alpha
from schemas.evaluation import Question, QuestionGroup
from schemas.rating import Choice, Judgement, RatingResult

SOURCES = ("base", "tuned")


def pair(number: int, base_right: bool = False, tuned_right: bool = True) -> Pair:
    question = Question(id=f"q{number}", group=QuestionGroup.RECALL, text="?", values=("Acme",))
    found = pair_up(question, Said("base", "a", base_right), Said("tuned", "b", tuned_right))
    assert found is not None
    return found


PAIRS = [pair(number) for number in range(10)]


def said(rater: str, number: int, choice: str, left: str = "base") -> Judgement:
    """`choice` may be the name of a source: then the side on which it stands."""
    right = SOURCES[1 - SOURCES.index(left)]
    side = {left: "left", right: "right"}.get(choice, choice)
    return Judgement(rater=rater, pair=PAIRS[number].id, question=f"q{number}", left=left, right=right,
                     choice=Choice(side), time="2026-01-02T10:00:00+00:00")  # fmt: skip


def result(*judgements: Judgement, damaged: int = 0) -> RatingResult:
    return rating_result(SOURCES, PAIRS, 3, judgements, damaged)


def test_one_rater_by_hand() -> None:
    words = ["tuned"] * 5 + ["base", "both_good", "both_bad", "skip"]
    found = result(*(said("me", number, word, SOURCES[number % 2]) for number, word in enumerate(words)))
    assert (found.pairs, found.same, found.rated) == (10, 3, 8)
    assert (found.first.hits, found.second.hits, found.first.total) == (1, 5, 6)
    # Wilson (1927) for 5 of 6.
    assert (round(found.second.low, 3), round(found.second.high, 3)) == (0.436, 0.970)
    assert found.p == pytest.approx(2 * (1 + 6) / 64)
    assert (found.both_good, found.both_bad, found.split) == (1, 1, 0)
    # tuned stood right, left, right, left, right; base right.
    assert (found.left.hits, found.left.total) == (2, 6)
    assert found.raters["me"].model_dump() == {"first": 1, "second": 5, "both_good": 1, "both_bad": 1, "skipped": 1}
    assert found.agreement is None
    assert "there is one rater" in "\n".join(result_lines(found))


def test_the_last_word_counts_and_what_was_taken_back_does_not() -> None:
    words = [said("me", 0, "base"), said("me", 1, "base"), said("me", 0, "withdrawn"), said("me", 1, "tuned"),
             said("you", 0, "tuned")]  # fmt: skip
    assert [(one.rater, one.question) for one in standing(words)] == [("me", "q1"), ("you", "q0")]
    found = result(*words)
    assert (found.first.hits, found.second.hits) == (0, 2)


def test_two_raters_agree_as_cohen_says_and_split_votes_are_told_apart() -> None:
    mine = ["tuned", "tuned", "base", "both_good", "both_bad", "tuned", "base", "skip"]
    yours = ["tuned", "tuned", "base", "both_good", "both_good", "base", "base", "tuned"]
    judgements = [said("me", number, word) for number, word in enumerate(mine)]
    judgements += [said("you", number, word, "tuned") for number, word in enumerate(yours)]
    found = result(*judgements)
    assert found.agreement is not None
    # 5 of 7 alike; by chance (3*2 + 2*3 + 1*2 + 1*0) / 49.
    assert found.agreement.value == pytest.approx((5 / 7 - 14 / 49) / (1 - 14 / 49))
    assert (found.agreement.measure, found.agreement.alike.total) == ("Cohen's kappa", 7)
    assert found.agreement.low is not None and found.agreement.high is not None
    assert found.agreement.alike.hits == 5
    assert found.agreement.low < found.agreement.value < found.agreement.high
    assert (found.first.hits, found.second.hits, found.both_good, found.both_bad, found.split) == (2, 3, 1, 0, 2)
    assert found == result(*judgements)


def test_three_raters_vote_and_agree_as_krippendorff_says() -> None:
    votes = [("tuned", "tuned", "base"), ("base", "base", "base"), ("both_bad", "tuned", "base"), ("tuned",) * 3]
    judgements = [
        said(rater, number, word) for number, vote in enumerate(votes) for rater, word in zip("abc", vote, strict=True)
    ]
    found = result(*judgements, said("a", 5, "tuned"))
    assert (found.first.hits, found.second.hits, found.split) == (1, 3, 1)
    assert found.agreement is not None
    # The pair that only one of them judged says nothing, and takes nothing away.
    assert (found.agreement.measure, found.agreement.alike.total) == ("Krippendorff's alpha", 4)
    assert found.agreement.alike.hits == 2
    # Labels of pairs judged by two or more: 6 tuned, 5 base, 1 both bad.
    assert found.agreement.value == pytest.approx(1 - (2 + 3) / ((144 - 36 - 25 - 1) / 11))
    some = result(*(one for one in judgements if (one.rater, one.question) != ("c", "q0")))
    assert some.agreement is not None and (some.agreement.alike.hits, some.agreement.alike.total) == (3, 4)


def test_raters_without_a_common_pair_have_no_agreement() -> None:
    found = result(said("me", 0, "tuned"), said("you", 1, "tuned"))
    assert found.agreement is None
    assert "no pair was judged by two of them" in "\n".join(result_lines(found))


def test_the_scorers_verdicts_are_compared_by_source_not_by_side() -> None:
    right = [(False, True), (True, False), (True, True), (False, False)] * 2
    pairs = [pair(number, *both) for number, both in enumerate(right)]
    words = ["tuned", "base", "both_good", "both_bad"] * 2
    judgements = [said("me", number, word, SOURCES[number // 4]) for number, word in enumerate(words)]
    found = rating_result(SOURCES, pairs, 0, judgements).scorer
    assert found is not None and (found.value, found.low, found.high, found.alike.hits) == (1.0, 1.0, 1.0, 8)
    wrong = [said("me", number, words[number - 1]) for number in range(8)]
    found = rating_result(SOURCES, pairs, 0, wrong).scorer
    assert found is not None and found.value == pytest.approx(-1 / 3)


def test_judgements_of_other_answers_and_damaged_lines_are_told() -> None:
    gone = said("me", 0, "tuned").model_copy(update={"pair": "another"})
    found = result(gone, said("me", 1, "tuned"), damaged=2)
    assert found.rated == 1 and found.raters["me"].second == 1
    text = "\n".join(result_lines(found))
    assert "do not count: 1." in text and "could not be read: 2." in text


def test_nothing_decided_is_no_percentage() -> None:
    text = "\n".join(result_lines(result(said("me", 0, "both_bad"))))
    assert "no pair decided" in text and "%" not in text.replace("95% interval", "")


@pytest.mark.parametrize(
    ("observers", "alpha"),
    [
        # Krippendorff (2011): four observers, twelve units.
        (("123321412...", "1233224125.3", ".3332342251.", "12332441251."), 0.743),
        # His example for data with many gaps: three coders, fifteen units.
        ((".....34121133.3", "1.213343.......", "..21344.21133.4"), 0.691),
    ],
)
def test_krippendorffs_alpha_as_published(observers: tuple[str, ...], alpha: float) -> None:
    units = [[label for label in labels if label != "."] for labels in zip(*observers, strict=True)]
    assert krippendorffs_alpha(units) == pytest.approx(alpha, abs=5e-4)


def test_krippendorffs_alpha_at_its_ends() -> None:
    assert krippendorffs_alpha([["a", "a"], ["b", "b", "b"], ["c"]]) == 1.0
    assert krippendorffs_alpha([["a", "a"]] * 3) == 1.0
    assert krippendorffs_alpha([["a", "b"], ["b", "a"]]) == pytest.approx(-0.5)
    with pytest.raises(ValueError, match="two raters"):
        krippendorffs_alpha([["a"], []])


def test_the_interval_of_agreement_covers_as_often_as_it_says() -> None:
    """Two raters who give the same of two labels 9 times in 10: kappa is 0.8."""
    rng = random.Random(4)
    hits = 0
    for _ in range(40):
        first = [rng.random() < 0.5 for _ in range(100)]
        interval = interval_over_items([(one, one is (rng.random() < 0.9)) for one in first], cohens_kappa)
        assert interval is not None
        hits += interval[0] <= 0.8 <= interval[1]
    assert hits >= 34
    assert interval_over_items([(True, True)], cohens_kappa) is None
