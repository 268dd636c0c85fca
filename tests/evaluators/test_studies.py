"""Studies as data, the figures of an arm, and what a report says first."""

from html.parser import HTMLParser
from pathlib import Path

import pytest

from evaluators.baselines import FOUND, context_of, everything, found_by_bm25, statement
from evaluators.figures import figures_of, result_of, right_answers
from evaluators.studies import find_study, small, studies
from evaluators.study_report import claim_of, html, limits_of, markdown, rows_of
from schemas.errors import InputError
from schemas.evaluation import Answer, Question
from schemas.fact import Fact
from schemas.row import Split
from schemas.study import Arm, Plan, Source, Study, StudyResult
from tests.generators.facts import fact

SISTER, BROTHER = fact("birthday", "3 May 1990", "sister"), fact("birthday", "7 June 1992", "brother")
PET, STARTER = fact("pet_name", "Max"), fact("sourdough starter's name", "Gloop")
FACTS = [SISTER, BROTHER, PET, STARTER]


def asked(name: str, about: Fact, wording: str = "everyday", **more: object) -> Question:
    body = {"id": name, "group": "recall", "text": "?", "kind": "question", "wording": wording,
            "fact_ids": (about.id,), "values": about.items, "value_kind": about.kind, "tier": about.tier}  # fmt: skip
    return Question.model_validate({**body, **more})


QUESTIONS = [
    asked("sister", SISTER, confusable=True, rivals=BROTHER.items),
    asked("brother", BROTHER, confusable=True, rivals=SISTER.items),
    asked("pet", PET, "generic"),
    asked("starter", STARTER),
    Question.model_validate({"id": "never", "group": "unseen", "text": "?", "kind": "abstention"}),
    Question.model_validate(
        {"id": "sum", "group": "general", "text": "2 + 2?", "topic": "arithmetic", "values": ["4"]}
    ),
]
SAID = {"sister": "7 June 1992.", "brother": "Your brother's birthday is 7 June 1992.", "pet": "I don't know.",
        "starter": "Gloop.", "never": "I don't know.", "sum": "5"}  # fmt: skip


def answers(said: dict[str, str]) -> list[Answer]:
    return [
        Answer(id=name, source="tuned", answer=text, prompt="?", prompt_sha256="0", prompt_tokens=10 + at, seconds=0.5)
        for at, (name, text) in enumerate(said.items())
    ]


def test_figures_of_one_person() -> None:
    found = figures_of(QUESTIONS, answers(SAID), FACTS, {}, {})
    assert found["recall_everyday"] == pytest.approx(2 / 3)
    assert found["recall_template"] == 0.0 and found["known_refused"] == 0.25
    assert found["recall_confusable"] == found["named_another"] == found["recall_apart"] == 0.5
    assert found["recall_outside"] == found["recall_everyday_outside"] == 1.0 and found["recall_everyday_listed"] == 0.5
    assert found["unknown_refused"] == 1.0 and found["general"] == found["general_arithmetic"] == 0.0
    assert found["sum_of_four"] == pytest.approx((0 + 2 / 3 + 1 + 0.75) / 4)
    assert found["seconds"] == 0.5 and found["prompt_tokens"] == 12.5
    assert not {"bits_per_byte", "recall_changed"} & found.keys()


def test_figures_of_updates_and_of_language() -> None:
    said = {**SAID, "pet": "Your pet's name is Rex."}
    found = figures_of(QUESTIONS, answers(said), FACTS, {PET.id: ["Rex"]}, {"tuned_bits_per_byte": 1.25, "kl": 0.1})
    assert found["said_old_value"] == 1.0 and found["recall_changed"] == 0.0
    assert found["recall_kept"] == pytest.approx(2 / 3)
    assert (found["bits_per_byte"], found["kl"]) == (1.25, 0.1)
    base = figures_of(QUESTIONS, answers(said), FACTS, {}, {"base_bits_per_byte": 1.0})
    assert (base["bits_per_byte"], base["kl"]) == (1.0, 0.0)


def test_refusing_what_was_never_told_is_right() -> None:
    assert right_answers(QUESTIONS, answers(SAID)) == {
        "sister": False, "brother": True, "pet": False, "starter": True, "never": True, "sum": False,
    }  # fmt: skip


def plan(people: int = 6) -> Plan:
    study = Study(
        name="try", title="<b>A try</b>", question="Does it hold?", reference="ours", primary="recall_everyday",
        shown=("recall_everyday", "prompt_tokens"), arms=(Arm(name="ours"), Arm(name="theirs"), Arm(name="same")),
    )  # fmt: skip
    return Plan(study=study, people=people, model="embedded", versions={"torch": "2"})


def result(missing: tuple[str, ...] = (), proofs: dict[str, str] | None = None) -> StudyResult:
    people = [f"p{number:02}" for number in range(6)]
    ours = {one: 0.9 + 0.01 * at for at, one in enumerate(people)}
    shares = {
        "ours": {"recall_everyday": ours, "prompt_tokens": dict.fromkeys(people, 40.0)},
        "theirs": {"recall_everyday": {one: value - 0.2 for one, value in ours.items()}},
        "same": {"recall_everyday": ours},
    }
    right = {"ours": {"p00": dict.fromkeys("abcdefgh", True)}, "theirs": {"p00": dict.fromkeys("abcdefgh", False)}}
    return result_of(plan(), shares, right, proofs or {"ours": "passed"}, missing, {"stands in training (exact)": 3})


def test_arms_are_compared_person_by_person() -> None:
    theirs, same = result().contrasts
    assert theirs.difference.mean == pytest.approx(0.2)
    assert theirs.p == pytest.approx(2 / 2**6) and theirs.holm == pytest.approx(4 / 2**6)
    assert theirs.mcnemar == {"p00": pytest.approx(2 / 2**8)}
    assert (same.difference.mean, same.p, same.holm) == (0.0, 1.0, 1.0)


def test_equivalence_is_tested_where_ability_decides() -> None:
    study = plan().study.model_copy(update={"primary": "general"})
    near = {f"p{number}": 0.6 + 0.002 * (number % 2) for number in range(8)}
    shares = {"ours": {"general": near}, "theirs": {"general": dict.fromkeys(near, 0.6)}}
    found = result_of(plan().model_copy(update={"study": study}), shares, {}, {}, [], {})
    assert found.contrasts[0].equivalent is not None and found.contrasts[0].equivalent < 0.01
    assert "equivalence within 0.01 shown" in claim_of(found)[1]


def test_the_claim_comes_first_with_its_interval_and_then_the_limits() -> None:
    text = markdown(result())
    assert text.index("0.925 (0.912 to 0.938) over 6 people") < text.index("| arm |") < text.index("## Limits")
    assert "p = 0.0625 after Holm" in text
    limits = limits_of(result(missing=("ours, p03",), proofs={"ours": "FAILED"}))
    assert any("Only 6 people" in one for one in limits)
    assert any("1 cells are missing: ours, p03" in one for one in limits)
    assert any("FAILED for: ours" in one for one in limits)
    assert any("3 stands in training" in one for one in limits)
    assert rows_of(result())[2][0] == "theirs" and rows_of(result())[2][2] == "-"


def test_the_page_holds_everything_and_lets_nothing_in() -> None:
    from evaluators.plots import study_plot

    found = result()
    bars = {"recall": [(arm, figures["recall_everyday"]) for arm, figures in found.figures.items()]}
    plot = study_plot(bars, found.plan.study.title)
    assert plot == study_plot(bars, found.plan.study.title)
    page = html(found, plot)
    seen: list[tuple[str, dict[str, str | None]]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
            seen.append((tag, dict(attributes)))

    Reader().feed(page)
    assert not {tag for tag, _ in seen} & {"script", "img", "link", "iframe", "b"}
    assert not [body for _, body in seen if str(body.get("href", "#"))[:1] != "#" or "src" in body]
    assert "&lt;b&gt;A try&lt;/b&gt;" in page and "0.925 (0.912 to 0.938)" in page


def test_every_study_is_sound() -> None:
    expected = {
        "ablation",
        "scale",
        "tiers",
        "generalization",
        "baselines",
        "capability",
        "interference",
        "updates",
        "latency",
        "recipes",
    }
    assert studies().keys() == expected
    for study in studies().values():
        names = [arm.name for arm in study.arms]
        assert len(set(names)) == len(names) and study.reference in names
        for at, arm in enumerate(study.arms):
            # What an arm leans on is planned before it.
            assert not arm.steps_of or arm.steps_of in names[:at]
            if arm.start:
                (before,) = [one for one in study.arms[:at] if one.name == arm.start]
                assert arm.update == before.update + 1 and arm.facts == before.facts
            assert (arm.source is Source.OTHER) == bool(arm.of) and (not arm.of or arm.of in names[:at])
        few = small(study)
        assert few.people == 2 and all(arm.recipe["epochs"] == 3 for arm in few.arms)
        assert [arm.name for arm in few.arms] == names
    with pytest.raises(InputError, match="There is no study 'x'"):
        find_study("x")


def test_facts_in_the_prompt() -> None:
    assert statement(PET) == "The user's pet name is Max."
    assert statement(SISTER) == "The user's sister's birthday is 3 May 1990."
    assert statement(fact("employer", "Acme", "Ingrid")) == "Ingrid's employer is Acme."
    all_of_them = everything(FACTS, QUESTIONS)
    assert all_of_them.keys() == {one.id for one in QUESTIONS}
    assert all(statement(one) in all_of_them["pet"] for one in FACTS)
    assert context_of(["A.", "B."]).endswith("\n- A.\n- B.")


def test_bm25_finds_the_fact_whose_words_are_asked_for() -> None:
    many = [*FACTS, *(fact(f"trinket {number}", f"value{number}") for number in range(20))]
    questions = [
        asked("q", PET, text="What is my pet called, the pet name?"),
        asked("r", SISTER, text="sister birthday"),
    ]
    found = found_by_bm25(many, questions)
    assert found["q"].split("\n")[1] == "- The user's pet name is Max."
    assert found["r"].split("\n")[1] == "- The user's sister's birthday is 3 May 1990."
    assert all(len(text.split("\n")) == FOUND + 1 for text in found.values())
    assert len(found_by_bm25(FACTS[:2], questions)["q"].split("\n")) == 3


def test_a_study_of_ones_own_comes_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        '[mine]\ntitle = "A try"\nquestion = "Does it?"\nreference = "default"\nprimary = "recall"\nshown = ["recall"]\n'
        'choosing = true\narms = [{ name = "default" }, { name = "slow", recipe = { learning_rate = 1e-4 } }]\n'
    )
    found = find_study(str(path))
    assert (found.name, found.split, len(found.arms)) == ("mine", Split.DEV, 2)


@pytest.mark.parametrize("text", ["[mine]\n", "[mine\n", "", "[one]\n[two]\n", "[mine]\ntitle = 3\n"])
def test_a_file_that_holds_no_study_is_refused_in_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(InputError, match="holds no study"):
        find_study(str(path))
    with pytest.raises(InputError, match="cannot be read"):
        find_study(str(tmp_path / "none.toml"))
