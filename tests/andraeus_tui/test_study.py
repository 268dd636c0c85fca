"""Studies by the command line on the tiny model: planned, run, resumed, scored; and what arms do to facts."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from andraeus_tui.study.asking import ask_about
from andraeus_tui.study.scoring import questions_in
from andraeus_tui.study.variants import bare_rows, shuffled, updated
from evaluators.everyday import wordings
from evaluators.people import person
from evaluators.proof import prove
from evaluators.studies import studies
from generators.build import build
from generators.topics import complete
from schemas.evaluation import Question, QuestionGroup
from schemas.events import Answered, parse_event
from schemas.fact import Fact
from schemas.primed import primed_questions
from schemas.row import Row, Split, Wording
from schemas.run import TrainConfig
from schemas.settings import GenerationSettings
from schemas.study import Cell, StudyResult
from tests.conftest import Cli

HEAVY_HERE = ("textual", "scipy", "statsmodels", "evaluators", "generators", "andraeus_tui", "rapidfuzz", "matplotlib")


def facts_of(number: int, size: int = 50) -> list[Fact]:
    return [complete(fact) for fact in person(number, size)]


def cells_of(folder: Path) -> dict[str, Path]:
    return {f"{path.parent.parent.name}/{path.parent.name}": path.parent for path in folder.glob("cells/*/*/cell.json")}


def told(folder: Path) -> tuple[list[Question], list[Fact]]:
    """Questions and facts of the first person."""
    home = folder / "people/p00-10"
    facts = json.loads((home / "facts.json").read_text("utf-8"))
    return questions_in(home), [Fact.model_validate(one) for one in facts]


def planned(cli: Cli, folder: Path, name: str, model: Path, people: int = 2) -> None:
    done = cli("study", name, "--folder", folder, "--small", "--people", people, "--model", model, "--plan-only")
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_a_study_is_run_elsewhere_and_scored_here(cli: Cli, tmp_path: Path, tiny_model: Path) -> None:
    folder = tmp_path / "tiers"
    planned(cli, folder, "tiers", tiny_model)
    cells = cells_of(folder)
    assert cells.keys() == {"default/p00", "default/p01", "seed/p00", "seed/p01"}
    assert (folder / "people/p00-10/questions.jsonl").read_text().count("\n") > 60
    # Nothing is scored before anything was run.
    assert cli("study", "tiers", "--folder", folder, "--score-only").returncode == 2

    # Where it is run there is torch, transformers, peft and pydantic, and nothing else of ours.
    block = f"import sys; sys.modules.update(dict.fromkeys({HEAVY_HERE!r}))"
    run = f"{block}; sys.argv = ['study', {str(folder)!r}, '--model', {str(tiny_model)!r}, '--slots', '1'];"
    code = f"{run} from trainers.study import main, run_cell, open_cells; from pathlib import Path\n"
    one = f"f = Path({str(folder)!r}); run_cell(f, open_cells(f)[0], {str(tiny_model)!r}, {str(folder.parent / 'cache')!r}); print(len(open_cells(f)))"
    done = subprocess.run([sys.executable, "-c", code + one], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "3", done.stderr
    answered = {name: path / "answers.jsonl" for name, path in cells.items() if (path / "answers.jsonl").is_file()}
    assert len(answered) == 1
    part = cli("study", "tiers", "--folder", folder, "--score-only", "--output", "json")
    assert part.returncode == 0, part.stderr
    assert len(StudyResult.model_validate_json(part.stdout).missing) == 3

    # The command goes on with what is open, and leaves alone what is done.
    (name, path) = answered.popitem()
    before = path.stat().st_mtime_ns
    again = ("study", "tiers", "--folder", folder, "--small", "--people", 2, "--model", tiny_model)
    done_here = cli(*again, "--output", "json")
    assert done_here.returncode == 0, done_here.stderr
    assert path.stat().st_mtime_ns == before, name
    result = StudyResult.model_validate_json(done_here.stdout.splitlines()[-1])
    assert result.missing == () and result.proofs == {"default": "passed", "seed": "passed"}
    assert result.figures["default"]["recall_tier_1"].people == 2
    assert StudyResult.model_validate_json((folder / "results.json").read_bytes()) == result
    report = (folder / "report.md").read_text("utf-8")
    assert report.index("## Claim") < report.index("## Figures") < report.index("## Limits")
    page = (folder / "report.html").read_text("utf-8")
    assert "<svg" in page and "<script" not in page
    assert (folder / "plot.svg").read_text("utf-8").startswith("<svg")

    # Another study, or the same with other people, does not go into this folder.
    other = cli("study", "capability", "--folder", folder, "--small", "--model", tiny_model, "--plan-only")
    assert other.returncode == 2 and "another study" in other.stderr


def test_what_is_asked_names_no_value_and_stands_in_no_arms_training(
    cli: Cli, tmp_path: Path, tiny_model: Path
) -> None:
    folder = tmp_path / "ablation"
    planned(cli, folder, "ablation", tiny_model, people=1)
    cells = cells_of(folder)
    assert len(cells) == 13
    questions, facts = told(folder)
    texts = {one.text.casefold() for one in questions}
    for path in cells.values():
        rows = [
            Row.model_validate_json(line) for line in (path / "dataset/train.jsonl").read_text("utf-8").splitlines()
        ]
        assert rows and not {row.question.casefold() for row in rows} & texts
    assert not {question.casefold() for question in primed_questions(tmp_path)} & texts
    unnamed = [one for one in questions if one.group not in {QuestionGroup.GENERAL, QuestionGroup.PORTABILITY}]
    assert not [
        one.text for one in unnamed for fact in facts if f" {fact.text.casefold()} " in f" {one.text.casefold()} "
    ]

    def steps(name: str) -> tuple[int, int]:
        config = TrainConfig.model_validate_json((cells[f"{name}/p00"] / "config.json").read_bytes())
        an_epoch = -(-(config.dataset.train.rows + config.dataset.replay.rows) // config.recipe.batch_size)
        return an_epoch * config.recipe.epochs, an_epoch

    wanted, _ = steps("seed-20")
    for name in ("seed-1-steps-of-20", "seed-5-steps-of-20", "seed-10-steps-of-20"):
        found, an_epoch = steps(name)
        assert abs(found - wanted) <= an_epoch, name
    assert steps("seed-1")[0] < wanted / 3


def test_baselines_and_controls(cli: Cli, tmp_path: Path, tiny_model: Path) -> None:
    folder = tmp_path / "baselines"
    planned(cli, folder, "baselines", tiny_model)
    cells = {
        name: Cell.model_validate_json((path / "cell.json").read_bytes()) for name, path in cells_of(folder).items()
    }
    assert cells["another-person/p00"].adapter == "cells/default/p01/adapter"
    assert cells["another-person/p01"].adapter == "cells/default/p00/adapter"
    assert cells["base/p00"].adapter is None and not cells["base/p00"].train
    facts = json.loads((folder / "people/p00-10/facts.json").read_text("utf-8"))
    contexts = json.loads((folder / "cells/system-prompt/p00/contexts.json").read_text("utf-8"))
    assert all(
        str(one["value"]) in text for one in facts for text in contexts.values() if not isinstance(one["value"], list)
    )
    found = json.loads((folder / "cells/bm25/p00/contexts.json").read_text("utf-8"))
    assert found.keys() == contexts.keys() and all(len(text.splitlines()) == 6 for text in found.values())
    left = json.loads((folder / "plan.json").read_text("utf-8"))["left_out"]
    assert ("dense-retrieval/p00" in cells) != ("dense retrieval" in left)


@pytest.mark.parametrize("name", ["nothing", "../tiers"])
def test_an_unknown_study_is_one_sentence(cli: Cli, tmp_path: Path, name: str) -> None:
    done = cli("study", name, "--folder", tmp_path / "new")
    assert done.returncode == 2 and "There is no study" in done.stderr and "baselines" in done.stderr
    assert not (tmp_path / "new").exists()


def test_a_folder_with_other_things_is_left_alone(cli: Cli, tmp_path: Path, tiny_model: Path) -> None:
    (tmp_path / "mine" / "cells").mkdir(parents=True)
    (tmp_path / "mine" / "cells" / "letter.txt").write_text("keep")
    done = cli("study", "tiers", "--folder", tmp_path / "mine", "--small", "--model", tiny_model, "--plan-only")
    assert done.returncode == 2 and "holds no study" in done.stderr
    assert (tmp_path / "mine" / "cells" / "letter.txt").read_text() == "keep"


def test_exchanged_values_are_nobodys_own() -> None:
    facts = {fact.id: fact for fact in facts_of(3)}
    exchanged = shuffled(list(facts.values()), 3)
    assert len(exchanged) > 40
    assert all(fact.text != facts[fact.id].text and fact.kind is facts[fact.id].kind for fact in exchanged)
    assert sorted(fact.text for fact in exchanged) == sorted(facts[fact.id].text for fact in exchanged)
    assert exchanged == shuffled(list(facts.values()), 3)


@pytest.mark.parametrize("times", [0, 1, 4])
def test_updates_change_a_tenth_each(times: int) -> None:
    facts = facts_of(5)
    now, before = updated(facts, 5, times)
    assert [fact.id for fact in now] == [fact.id for fact in facts]
    changed = {new.id for new, old in zip(now, facts, strict=True) if new.text != old.text}
    assert changed <= before.keys() and sum(map(len, before.values())) == 5 * times
    assert all(old.text == before[old.id][0] for old in facts if old.id in before)
    assert all(new.kind is old.kind for new, old in zip(now, facts, strict=True))
    assert len({fact.text.casefold() for fact in now}) == len(now)


def test_bare_statements_say_each_fact_once() -> None:
    facts = facts_of(2, 15)
    rows = bare_rows(facts)
    assert [row.fact_ids for row in rows] == [(fact.id,) for fact in facts]
    assert all(item in row.answer for row, fact in zip(rows, facts, strict=True) for item in fact.items)


def test_the_proof_sees_a_context_that_holds_a_fact(cli: Cli, tmp_path: Path, tiny_model: Path) -> None:
    """The proof that studies run would fail an arm that put facts into prompts."""
    folder = tmp_path / "latency"
    planned(cli, folder, "latency", tiny_model, people=1)
    (question, *_), facts = told(folder)
    context = json.loads((folder / "cells/prompt-50-facts/p00/contexts.json").read_text("utf-8"))[question.id]
    body = {"id": question.id, "source": "base", "answer": "", "prompt": f"{context}\n{question.text}",
            "prompt_sha256": "0", "prompt_tokens": 1, "seconds": 0.0}  # fmt: skip
    event = parse_event(json.dumps({"event": "answer", "answer": body}))
    assert isinstance(event, Answered)
    assert not prove(facts, [question], [event.answer]).passed


def test_where_each_answer_is_timed_alone_few_are_asked_and_of_all_sorts() -> None:
    facts = facts_of(0, 15)
    rows = list(build(facts, GenerationSettings(variations=4)).rows)
    study = studies()["latency"]
    asked = {
        most: ask_about(facts, 0, rows, [], study.model_copy(update={"most": most})).questions for most in (None, 40)
    }
    few = [one.id for one in asked[40]]
    assert len(few) == len(set(few)) == 40 < len(asked[None])
    assert few == [one.id for one in asked[None] if one.id in few], "in the same order"
    assert {one.group for one in asked[40]} >= {one.group for one in asked[None]} - {QuestionGroup.UNSEEN}


def test_settings_are_chosen_by_other_people_and_by_dev_wordings_alone(
    cli: Cli, tmp_path: Path, tiny_model: Path
) -> None:
    folder = tmp_path / "recipes"
    planned(cli, folder, "recipes", tiny_model, people=1)
    cells = cells_of(folder)
    assert {name.split("/")[1] for name in cells} == {"p1000"}
    (home,) = (folder / "people").iterdir()
    asked = questions_in(home)
    dev = (cells["default/p1000"] / "dataset" / "dev.jsonl").read_text()
    mine = {one.text for one in asked if one.group is QuestionGroup.RECALL and not one.id.startswith("everyday/")}
    assert mine and mine <= {Row.model_validate_json(line).question for line in dev.splitlines()}
    # Nothing of the test's wordings; what is outside the lexicon is asked as people do in others.
    everyday = [one for one in asked if one.id.startswith("everyday/")]
    assert everyday and {one.text for one in everyday} <= {
        text for body in wordings(Split.DEV).values() for text in body["ask"]
    }
    groups = {one.group for one in everyday}
    assert QuestionGroup.RECALL in groups and groups & {QuestionGroup.UNKNOWN, QuestionGroup.UNSEEN}
    assert not {one.wording for one in asked} & {Wording.EVERYDAY}
    # A recipe of a study may change what project.toml does not have.
    wide = TrainConfig.model_validate_json((cells["all-linear-all-blocks/p1000"] / "config.json").read_bytes())
    assert (wide.recipe.targets, wide.recipe.frozen_below) == ("all-linear", 0.0)
