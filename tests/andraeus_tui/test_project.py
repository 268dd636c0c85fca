"""Projects, settings and the command line's manners."""

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from andraeus_tui.project import Project
from andraeus_tui.store.facts import all_facts, remove_facts
from schemas.errors import InputError
from schemas.settings import GenerationSettings, Preset, wordings_of
from tests.conftest import COMMAND, Cli


def test_private_folder_and_second_init(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "p"
    assert cli("init", folder).returncode == 0
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "memory.db").stat().st_mode) == 0o600
    again = cli("init", folder)
    assert (again.returncode, "already" in again.stderr) == (2, True)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    assert cli("init", tmp_path / "full").returncode == 2


def test_a_bad_facts_file_leaves_no_project(cli: Cli, tmp_path: Path) -> None:
    assert cli("init", tmp_path / "p", "--facts", tmp_path / "none.json").returncode == 2
    assert not (tmp_path / "p").exists()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[model]\nnam = 'x'", "nam"),
        ("[generation]\nvariations = 0", "generation.variations"),
        ("[recipe]\npreset = 'best'", "recipe.preset"),
        ("[recipe]\nlearning_rate = 'fast'", "recipe.learning_rate"),
        ("x = [", "not valid TOML"),
        ("[other]", "other"),
    ],
)
def test_wrong_settings_are_named(cli: Cli, tmp_path: Path, text: str, word: str) -> None:
    cli("init", tmp_path / "p")
    (tmp_path / "p" / "project.toml").write_text(text)
    done = cli("generate", "--project", tmp_path / "p")
    assert done.returncode == 2
    assert word in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_damaged_database_is_left_as_it_is(cli: Cli, tmp_path: Path) -> None:
    cli("init", tmp_path / "p")
    database = tmp_path / "p" / "memory.db"
    database.write_bytes(b"this is no database" * 100)
    done = cli("facts", "list", "--project", tmp_path / "p")
    assert (done.returncode, "damaged" in done.stderr) == (2, True)
    assert database.read_bytes().startswith(b"this is no database")


def test_no_project_no_rows_no_runs(cli: Cli, tmp_path: Path) -> None:
    assert cli("facts", "list", "--project", tmp_path / "none").returncode == 2
    cli("init", tmp_path / "p")
    for command in (
        ["generate"],
        ["--train-only"],
        ["--train-only", "--resume"],
        ["evaluate"],
        ["ask", "Hi?"],
        ["undo"],
    ):
        done = cli(*command, "--project", tmp_path / "p")
        assert done.returncode == 2, command
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr


@pytest.mark.parametrize(
    "arguments",
    [[], ["nonsense"], ["--train-only"], ["--resume"], ["generate"], ["--project", "x", "runs", "--project", "x"],
     ["generate", "--project", "x", "--variations", "0"], ["ask", "--project"]],
)  # fmt: skip
def test_usage(cli: Cli, arguments: list[str]) -> None:
    assert cli(*arguments).returncode == (2 if arguments else 0)


def test_help_is_quick_and_imports_nothing_heavy(environment: dict[str, str]) -> None:
    code = (
        "import sys; from andraeus_tui.cli import main_group; main_group.main(['--help'], standalone_mode=False); "
        "print([m for m in ('torch', 'transformers', 'textual', 'pydantic', 'jsonschema', 'rich') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.endswith("[]\n")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(cli: Cli, shell: str) -> None:
    assert "andraeus-tui" in cli("completion", shell).stdout


def test_generate_keeps_decisions_and_prints_events(cli: Cli, project: Path) -> None:
    done = cli("generate", "--project", project, "--output", "json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert events[0]["event"] == "started"
    assert events[-1]["event"] == "finished"
    result = events[-1]["result"]
    assert (result["new"], result["gone"]) == (0, 0)
    assert set(result["states"]) == {"dev/approved", "test/approved", "train/approved"}
    assert sum(event["event"] == "row" and not event["problem"] for event in events) == result["rows"]
    assert "Max" not in done.stdout
    approved = result["states"]["train/approved"]
    assert f"Approved to train: {approved}." in cli("generate", "--project", project).stdout


def test_a_new_fact_takes_back_its_abstention_rows(cli: Cli, project: Path) -> None:
    import sqlite3

    connection = sqlite3.connect(project / "memory.db")
    (topic,) = connection.execute("SELECT topic FROM rows WHERE kind = 'abstention' AND topic LIKE 'user/%'").fetchone()
    attribute = topic.removeprefix("user/")
    assert cli("facts", "add", attribute, "Something Else", "--project", project).returncode == 0
    assert not connection.execute("SELECT 1 FROM rows WHERE topic = ?", (topic,)).fetchall()
    assert cli("undo", "--project", project).returncode == 0
    assert connection.execute("SELECT 1 FROM rows WHERE topic = ?", (topic,)).fetchall()


def test_unapproved_rows_do_not_train(cli: Cli, tmp_path: Path) -> None:
    facts = tmp_path / "f.json"
    facts.write_text('{"dog": "Max"}')
    cli("init", tmp_path / "p", "--facts", facts)
    done = cli("generate", "--project", tmp_path / "p")
    assert "wait for review" in done.stderr
    done = cli("--train-only", "--project", tmp_path / "p", "--output", "json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["event"] == "failed"
    assert "approved" in done.stderr


def test_the_help_tells_the_default(cli: Cli) -> None:
    told = " ".join(cli("generate", "--help").stdout.split())
    usual, more = (wordings_of(GenerationSettings(), preset) for preset in (Preset.DEFAULT, Preset.THOROUGH))
    assert f"at most: {usual}, with the preset thorough {more}, unless project.toml says else" in told


def test_500_facts_make_correct_rows(cli: Cli, tmp_path: Path) -> None:
    facts = {f"thing number {number}": f"value {number * 7}" for number in range(500)}
    (tmp_path / "f.json").write_text(json.dumps(facts))
    assert cli("init", tmp_path / "p", "--facts", tmp_path / "f.json").returncode == 0
    made = ("generate", "--project", tmp_path / "p", "--approve", "--variations", "12", "--output", "json")
    done = cli(*made)
    result = json.loads(done.stdout.splitlines()[-1])["result"]
    assert result["wants_paraphrases"] == 500
    assert result["states"]["train/approved"] > 500 * 10


def test_a_full_disk_loses_nothing(environment: dict[str, str], cli: Cli, tmp_path: Path) -> None:
    """A real file system of 512 KB: the database cannot grow, the sentence says so, and what was there stays."""
    small = tmp_path / "small"
    small.mkdir()
    if (
        os.geteuid()
        or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", small], check=False).returncode
    ):
        pytest.skip("needs the right to mount a small file system")
    try:
        (tmp_path / "a.json").write_text('{"city": "Lisbon"}')
        assert cli("init", small / "p", "--facts", tmp_path / "a.json").returncode == 0
        many = {f"thing {number}": "x" * 900 for number in range(2000)}
        (tmp_path / "b.json").write_text(json.dumps(many))
        done = cli("facts", "import", tmp_path / "b.json", "--project", small / "p")
        assert done.returncode == 1
        assert "disk is full" in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
        facts = json.loads(cli("facts", "list", "--project", small / "p", "--output", "json").stdout)["facts"]
        assert [fact["value"] for fact in facts] == ["Lisbon"]
    finally:
        subprocess.run(["umount", small], check=False)


def test_two_processes_write_at_once(environment: dict[str, str], cli: Cli, tmp_path: Path) -> None:
    cli("init", tmp_path / "p")
    command = (*COMMAND, "facts", "add", "--project", str(tmp_path / "p"))
    both = [
        subprocess.Popen([*command, f"thing {number}", "x"], env=environment, stdout=subprocess.DEVNULL)
        for number in range(6)
    ]
    assert [process.wait(60) for process in both] == [0] * 6
    facts = json.loads(cli("facts", "list", "--project", tmp_path / "p", "--output", "json").stdout)["facts"]
    assert len(facts) == 6


def test_a_kill_in_the_middle_of_generating_loses_no_approved_row(
    environment: dict[str, str], cli: Cli, project: Path
) -> None:
    import sqlite3

    before = sqlite3.connect(project / "memory.db").execute("SELECT id, state FROM rows ORDER BY id").fetchall()
    command = [*COMMAND, "generate", "--project", str(project), "--variations", "60"]
    for delay in (0.3, 0.5, 0.7, 0.9):
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(delay)
        process.kill()
        process.wait()
        rows = dict(sqlite3.connect(project / "memory.db").execute("SELECT id, state FROM rows").fetchall())
        for row_id, state in before:
            assert rows.get(row_id, state) == state
    assert cli("generate", "--project", project).returncode == 0


def test_a_project_moves(cli: Cli, project: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    shutil.copytree(project, moved)
    assert cli("facts", "list", "--project", moved).stdout == cli("facts", "list", "--project", project).stdout


def test_a_lost_database_is_told_and_not_made_anew(cli: Cli, tmp_path: Path) -> None:
    cli("init", tmp_path / "p")
    (tmp_path / "p" / "memory.db").unlink()
    done = cli("facts", "list", "--project", tmp_path / "p")
    assert (done.returncode, "memory.db is missing" in done.stderr) == (2, True)
    assert not (tmp_path / "p" / "memory.db").exists()


@pytest.mark.parametrize("model", ["gpt9", "./nothing", "a/b/c"])
def test_a_mistyped_model_makes_no_project(cli: Cli, tmp_path: Path, model: str) -> None:
    done = cli("init", tmp_path / "p", "--model", model)
    assert (done.returncode, model in done.stderr, (tmp_path / "p").exists()) == (2, True, False)


def test_what_may_only_be_read_can_be_read(cli: Cli, project: Path) -> None:
    # In a folder that others may enter: the tests may run as root, whom no permission stops, and step down for this. What is
    # imported late is imported before that.
    with Project(project).database() as database:
        wanted = all_facts(database)
        remove_facts(database, [wanted[0].id], "remove")
        database.undo()
    with tempfile.TemporaryDirectory() as name:
        copy = Path(shutil.copytree(project, Path(name) / "backup"))
        for path in (Path(name), *Path(name).rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)
        try:
            with Project(copy).database() as database:
                facts = all_facts(database)
                with pytest.raises(InputError, match="cannot be opened for writing"):
                    remove_facts(database, [facts[0].id], "remove")
                assert all_facts(database) == facts
        finally:
            if root:
                os.seteuid(0)
            for path in (Path(name), *Path(name).rglob("*")):
                path.chmod(0o700)
    assert facts == wanted and len(wanted) == 3
