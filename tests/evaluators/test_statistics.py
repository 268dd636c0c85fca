"""Intervals and tests against published figures and against what they must mean."""

import random
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.statistics import (
    cohens_kappa,
    equivalence,
    holm,
    mcnemar,
    mean_over_people,
    paired_difference,
    paired_test,
    wilson,
)

SHARES = st.lists(st.floats(0, 1), min_size=2, max_size=12)


def test_wilson_as_tabulated() -> None:
    half = wilson(5, 10)
    assert (round(half.low, 3), round(half.high, 3)) == (0.237, 0.763)  # Wilson (1927)
    assert wilson(0, 0).high == 1.0
    # Newcombe (1998), table I: 81 of 263 and 0 of 20.
    assert (round(wilson(81, 263).low, 4), round(wilson(81, 263).high, 4)) == (0.2553, 0.3662)
    assert (wilson(0, 20).low, round(wilson(0, 20).high, 4)) == (0.0, 0.1611)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_a_probability_and_takes_no_side(better: int, worse: int) -> None:
    assert 0 < mcnemar(better, worse) <= 1
    assert mcnemar(better, worse) == mcnemar(worse, better)


def test_mcnemar_as_tabulated() -> None:
    assert mcnemar(10, 0) == pytest.approx(2 / 1024)
    assert mcnemar(0, 0) == mcnemar(5, 5) == 1.0
    assert mcnemar(9, 1) == pytest.approx(0.021484375)


def test_holm_as_worked_out_by_hand() -> None:
    found = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})
    assert found == pytest.approx({"d": 0.02, "a": 0.03, "c": 0.06, "b": 0.06})
    assert holm({}) == {}


@settings(max_examples=30, deadline=None)
@given(SHARES)
def test_a_mean_lies_in_its_interval(shares: list[float]) -> None:
    found = mean_over_people(shares)
    assert found.low is not None and found.high is not None
    assert min(shares) - 1e-9 <= found.low <= found.mean + 1e-9 <= found.high + 2e-9 <= max(shares) + 3e-9
    assert found == mean_over_people(shares)


def test_the_bootstrap_covers_as_often_as_it_says() -> None:
    rng = random.Random(1)
    hits = 0
    for _ in range(120):
        found = mean_over_people([rng.gauss(0.5, 0.1) for _ in range(30)])
        assert found.low is not None and found.high is not None
        hits += found.low <= 0.5 <= found.high
    assert 106 <= hits <= 119


def test_one_person_has_no_interval() -> None:
    assert mean_over_people([0.5]).low is None
    with pytest.raises(ValueError, match="nobody"):
        mean_over_people([])


def test_differences_are_taken_person_by_person() -> None:
    ours = {"a": 0.9, "b": 0.5, "c": 0.7, "alone": 0.0}
    theirs = {"a": 0.8, "b": 0.4, "c": 0.6, "other": 1.0}
    found = paired_difference(ours, theirs)
    assert found.people == 3
    assert found.mean == pytest.approx(0.1)
    # Persons differ far more than methods do: only pairing shows so small a difference.
    assert found.low == pytest.approx(0.1) and found.high == pytest.approx(0.1)


def test_signs_flipped_at_random() -> None:
    assert paired_test([0.1] * 3) == pytest.approx(2 / 8)
    assert paired_test([0.1, -0.1, 0.2, -0.2]) == 1.0
    assert paired_test([0.0, 0.0]) == 1.0
    assert paired_test([0.05 + 0.01 * number for number in range(30)]) < 0.001


def test_equivalence_needs_closeness_not_just_no_difference() -> None:
    near = [0.002, -0.003, 0.001, -0.001, 0.002, -0.002] * 5
    assert equivalence(near, 0.01) < 0.001
    assert equivalence([one + 0.05 for one in near], 0.01) > 0.99
    wide = [0.2, -0.2, 0.1, -0.1, 0.15, -0.15]
    assert paired_test(wide) > 0.5 and equivalence(wide, 0.01) > 0.05
    assert equivalence([0.0, 0.0], 0.01) == 0.0 and equivalence([0.02, 0.02], 0.01) == 1.0
    for wrong in ([0.1], 0.01), ([0.1, 0.1], 0.0):
        with pytest.raises(ValueError, match="margin"):
            equivalence(*wrong)


def test_kappa_as_in_cohens_paper() -> None:
    # Cohen (1960), table 1, in counts of 200.
    table = [("1", "1", 88), ("1", "2", 14), ("1", "3", 18), ("2", "1", 10), ("2", "2", 40), ("2", "3", 10),
             ("3", "1", 2), ("3", "2", 6), ("3", "3", 12)]  # fmt: skip
    assert cohens_kappa([(a, b) for a, b, count in table for _ in range(count)]) == pytest.approx(0.492, abs=5e-4)
    assert cohens_kappa([("yes", "yes")] * 4) == 1.0


def test_nothing_heavy_is_loaded_before_it_is_needed() -> None:
    code = (
        "import sys, andraeus_tui.comparing, andraeus_tui.evidence, evaluators.statistics;"
        "print([name for name in ('scipy', 'statsmodels', 'pandas', 'numpy', 'bm25s') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
