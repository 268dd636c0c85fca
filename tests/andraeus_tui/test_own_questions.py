"""The person's own questions from the command line: in by every format, out again, into rows, changed and taken back."""

import json
import shutil
from pathlib import Path

import pytest

from andraeus_tui.entries import Entry
from andraeus_tui.importing import preview, sort_out
from andraeus_tui.matching import candidates
from andraeus_tui.project import Project
from andraeus_tui.store.rows import all_rows, review
from generators.topics import complete
from schemas.fact import ImportedFact
from schemas.row import ReviewState, Row, RowKind, Split, Wording
from tests.andraeus_tui.test_updating import newest, refused, trained_rows
from tests.conftest import Cli, CommandIn

LIFT, WHO = "Who do I lift with on Mondays?", "who spots me, [red]?"
BARS = ["Who spots me <|im_start|>?", "| who is my a||b", "my c:\\", "\\|mine\\\\|"]
"""Bars at both ends and behind backslashes."""
BODY = {"attribute": "deadlift spotter", "value": "Samira"}


@pytest.fixture(scope="module")
def made(command_in: CommandIn) -> Path:
    """An empty project, made once."""
    cli, home = command_in("made")
    assert cli("init", home / "p").returncode == 0
    return home / "p"


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "p"))


def questions(cli: Cli, folder: Path) -> list[object]:
    listed = json.loads(cli("facts", "list", "--project", folder, "--output", "json").stdout)["facts"]
    return [fact.get("questions") for fact in listed]


def rows(folder: Path) -> list[Row]:
    with Project(folder).database() as database:
        return all_rows(database)


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("a.json", json.dumps([{**BODY, "questions": [LIFT, f" {WHO}\n", LIFT.upper()]}]), [LIFT, WHO]),
        ("b.json", json.dumps([{**BODY, "questions": LIFT}]), [LIFT]),
        ("c.json", json.dumps([{**BODY, "questions": " "}]), None),
        ("d.jsonl", json.dumps({**BODY, "questions": [LIFT, WHO]}), [LIFT, WHO]),
        ("e.yaml", f"- attribute: spotter\n  value: Samira\n  questions: {LIFT}\n", [LIFT]),
        ("f.yaml", f"- attribute: spotter\n  value: Samira\n  questions: ['{LIFT}', '{WHO}']\n", [LIFT, WHO]),
        ("g.csv", f'attribute,value,questions\nspotter,Samira,"{LIFT} | {WHO} |"\n', [LIFT, WHO]),
        ("h.csv", f"attribute,value,questions\nspotter,Samira,Who \\| me?|{LIFT}\n", ["Who | me?", LIFT]),
        ("i.json", json.dumps([{**BODY, "questions": f"{LIFT} | {WHO} \\|"}]), [LIFT, f"{WHO} |"]),
        ("j.yaml", "- attribute: spotter\n  value: Samira\n  questions:\n  - Who | me?\n", ["Who | me?"]),
    ],
)
def test_every_format_takes_them_and_gives_them_back(
    cli: Cli, folder: Path, tmp_path: Path, name: str, text: str, wanted: list[str] | None
) -> None:
    (tmp_path / name).write_text(text)
    done = cli("facts", "import", tmp_path / name, "--project", folder)
    assert (done.returncode, done.stdout.strip()) == (0, "1 fact taken."), done.stderr
    assert questions(cli, folder) == [wanted]
    out = tmp_path / f"out{Path(name).suffix}"
    assert cli("facts", "export", "--project", folder, "--file", out, "--format", out.suffix[1:]).returncode == 0
    assert cli("init", tmp_path / "q", "--facts", out).returncode == 0
    assert questions(cli, tmp_path / "q") == [wanted]


@pytest.mark.parametrize(
    ("given", "word"),
    [
        (["x" * 301], "301 characters"),
        ([f"Who is it, {number}?" for number in range(21)], "21 items"),
        (["Who\x07?"], "control characters"),
        (["Who?", ""], "'deadlift spotter': /questions/1: is empty; fill it in.\n"),
        ([3], "must be string"),
        (5, "must be array"),
        ({"a": "b"}, "must be string"),
    ],
)
def test_what_is_no_question_is_refused_in_one_sentence(
    cli: Cli, folder: Path, tmp_path: Path, given: object, word: str
) -> None:
    (tmp_path / "bad.json").write_text(json.dumps([{**BODY, "questions": given}]))
    done = cli("facts", "import", tmp_path / "bad.json", "--project", folder)
    assert (done.returncode, len(done.stderr.strip().splitlines())) == (2, 1)
    assert word in done.stderr
    assert questions(cli, folder) == []


def test_added_generated_changed_and_taken_back(cli: Cli, folder: Path) -> None:
    at = ("--project", folder)
    add = ("facts", "add", "deadlift spotter", "Samira")
    assert cli(*add, *at).returncode == 0
    told = cli("generate", *at)
    assert "--question TEXT" in told.stderr + told.stdout, "it says what to do"
    assert "generic wordings only" in cli("facts", "list", *at).stdout, "no rule has other words for it"
    (before,) = json.loads(cli("facts", "list", *at, "--output", "json").stdout)["facts"]

    refused = cli(*add, "--question", LIFT, *at)
    assert (refused.returncode, "other details" in refused.stderr) == (2, True), refused.stderr
    leaks = "Do I lift with Samira?"
    arguments = ("--replace", "--question", LIFT, "--question", WHO, "--question", leaks)
    assert cli(*add, *arguments, *at).returncode == 0
    assert questions(cli, folder) == [[LIFT, WHO, leaks]]
    done = cli("generate", *at, "--approve")
    assert done.returncode == 0
    assert "1 refused, leak: the answer stands in the question" in done.stdout
    assert "--question TEXT" not in done.stderr + done.stdout
    assert "paraphrases" not in cli("facts", "list", *at).stdout
    (after,) = json.loads(cli("facts", "list", *at, "--output", "json").stdout)["facts"]
    assert after["id"] == before["id"]

    own = [row for row in rows(folder) if row.question in {LIFT, WHO, leaks}]
    assert [row.question for row in own] == [LIFT, WHO]
    assert {(row.kind, row.split, row.wording, row.state) for row in own} == {
        (RowKind.QUESTION, Split.TRAIN, Wording.NATURAL, ReviewState.APPROVED)
    }
    assert cli("undo", *at).returncode == cli("undo", *at).returncode == 0
    assert questions(cli, folder) == [None]
    assert cli("redo", *at).returncode == 0
    assert questions(cli, folder) == [[LIFT, WHO, leaks]]


def test_a_bar_is_a_character_like_others(cli: Cli, folder: Path) -> None:
    at = ("--project", folder)
    options = [part for text in BARS for part in ("--question", text)]
    assert cli("facts", "add", "deadlift spotter", "Samira", *options, *at).returncode == 0
    assert questions(cli, folder) == [BARS]
    assert cli("generate", "--approve", *at).returncode == 0
    trained = {row.question for row in rows(folder) if row.state is ReviewState.APPROVED and row.split is Split.TRAIN}
    assert set(BARS) <= trained


def test_a_question_that_is_gone_leaves_no_row(cli: Cli, folder: Path) -> None:
    at = ("--project", folder)
    add = ("facts", "add", "deadlift spotter", "Samira", "--replace")
    assert cli(*add, "--question", LIFT, "--question", WHO, *at).returncode == 0
    assert cli("generate", *at).returncode == 0
    assert cli(*add, "--question", WHO, *at).returncode == 0
    assert cli("generate", *at, "--approve").returncode == 0
    assert {row.question for row in rows(folder)} & {LIFT, WHO} == {WHO}


def test_a_preview_says_when_only_the_questions_differ() -> None:
    old = complete(ImportedFact(attribute="deadlift spotter", value="Samira"))
    found = sort_out(iter([Entry("entry 1", {**BODY, "questions": [LIFT]})]), [old], replace=True)
    assert preview(found, [old]) == [("replace", "", "deadlift spotter", "Samira (other details)")]


def test_a_question_like_an_own_one_is_about_its_fact() -> None:
    others = [complete(ImportedFact(attribute=name, value="Bo")) for name in ("barber", "best friend", "boat")]
    own = complete(ImportedFact(attribute="deadlift spotter", value="Samira", questions=(LIFT,)))
    assert [one.fact for one in candidates([*others, own], "who do i lift with on tuesdays?", "Nobody.")] == [own]


def test_a_flat_mapping_cannot_hold_them(cli: Cli, folder: Path) -> None:
    assert cli("facts", "add", "spotter", "Samira", "--question", LIFT, "--project", folder).returncode == 0
    done = cli("facts", "export", "--project", folder, "--format", "mapping")
    assert (done.returncode, "questions" in done.stderr) == (2, True)


def test_a_fact_that_is_asked_anew_stays_and_trains_whole(cli: Cli, project: Path) -> None:
    at = ("--project", project)
    assert cli("--train-only", *at).returncode == 0
    add = ("facts", "add", "city", "Lisbon", "--replace", *at)
    assert cli(*add, "--question", "Where do I hang my hat?").returncode == 0
    assert cli("generate", "--approve", *at).returncode == 0
    with Project(project).database() as database:
        (row,) = (row for row in all_rows(database) if row.question == "Where do I hang my hat?")
        review(database, [row.id], ReviewState.REJECTED, "reject")
        refused(cli, project, "latest", "no approved rows for the questions", "generate")
        review(database, [row.id], ReviewState.APPROVED, "approve")
        about = {row.id for row in all_rows(database, Split.TRAIN) if row.fact_ids and row.topic == "user/city"}
    done = cli("--train-only", "--from", "latest", *at)
    assert done.returncode == 0, done.stderr
    run, folder = newest(cli, project)
    assert run["facts"] == {"new": 0, "changed": 0, "asked_anew": 1, "deleted": 0, "kept": 3}
    rows = trained_rows(folder)
    assert about == {row.id for row in rows if row.topic == "user/city" and row.fact_ids}
    # Fewer questions are no change.
    assert cli(*add).returncode == 0
    assert cli("generate", "--approve", *at).returncode == 0
    refused(cli, project, "latest", "No fact changed")
