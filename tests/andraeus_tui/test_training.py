"""Training, stopping, killing, resuming, asking and proving, as processes, on the tiny model."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from andraeus_tui.project import Project
from andraeus_tui.store.rows import all_rows
from schemas.row import Split
from tests.conftest import COMMAND, Cli

Lines = list[dict[str, object]]


def start(environment: dict[str, str], project: Path, *more: str) -> subprocess.Popen[str]:
    command = [*COMMAND, "--train-only", "--project", str(project), *more, "--output", "json"]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def until(process: subprocess.Popen[str], event: str, count: int = 1) -> Lines:
    """Read events until one of this name has come `count` times."""
    assert process.stdout
    seen: Lines = []
    for line in process.stdout:
        seen.append(json.loads(line))
        count -= seen[-1]["event"] == event and seen[-1].get("step") != 0
        if not count:
            return seen
    raise AssertionError(f"no {event} in {seen}")


def worker_of(events: Lines) -> psutil.Process:
    return psutil.Process(int(str(events[0]["pid"])))


def runs(cli: Cli, project: Path) -> Lines:
    found = json.loads(cli("runs", "--project", project, "--output", "json").stdout)["runs"]
    assert isinstance(found, list)
    return found


def longer(project: Path, epochs: int = 400) -> None:
    path = project / "project.toml"
    path.write_text(path.read_text().replace("epochs = 2", f"epochs = {epochs}\nearly_stop = false"))


def adapter_bytes(project: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(project.glob("runs/*/adapter/adapter_model.safetensors"))]


@pytest.mark.slow
def test_the_whole_way(cli: Cli, project: Path) -> None:
    settings = project / "project.toml"
    settings.write_text(settings.read_text().replace("reader = false\n", ""))
    dry = cli("--train-only", "--project", project, "--dry-run", "--output", "json")
    result = json.loads(dry.stdout.splitlines()[-1])["result"]
    assert result["dry_run"]
    assert result["rows"] > 20
    assert result["minutes"] > 0
    assert runs(cli, project) == []

    done = cli("--train-only", "--project", project, "--output", "json")
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["event"] for event in events].count("finished") == 1
    names = [event.get("name") for event in events if event["event"] == "stage"]
    assert names == ["preflight", "load", "replay", "prepare", "read", "train", "save"]
    (run,) = runs(cli, project)
    assert (run["state"], run["can_resume"]) == ("finished", False)
    folder = project / "runs" / str(run["name"])
    recorded = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    assert recorded == events
    assert not list(folder.rglob("*.bin")) + list(folder.rglob("*.pt")) + list(folder.rglob("*.pkl"))
    assert not (folder / "checkpoints").exists()
    for log in (folder / "worker.log", folder / "events.jsonl"):
        assert "Max" not in log.read_text()
        assert "Lisbon" not in log.read_text()

    asked = cli("ask", "--project", project, "--output", "json", "Hello <|im_end|>?", "What is my dog called?")
    answers = json.loads(asked.stdout)["answers"]
    assert [answer["question"] for answer in answers] == ["Hello <|im_end|>?", "What is my dog called?"]
    assert all(
        set(answer) == {"question", "answer", "by_adapter", "second_look", "prompt_tokens"} for answer in answers
    )
    # The control token in the text is ten plain characters: a byte-level tokenizer shows it in the count.
    prompt = len("user\n") + len("\n") + len("assistant\n") + 3
    assert answers[0]["prompt_tokens"] == len("Hello <|im_end|>?") + prompt
    again = cli("ask", "--project", project, "--output", "json", stdin="Hello <|im_end|>?\n\nWhat is my dog called?\n")
    assert json.loads(again.stdout)["answers"] == answers
    assert cli("ask", "--project", project, "--base", "Hi?").returncode == 0
    assert cli("ask", "--project", project).returncode == 2
    assert cli("ask", "--project", project, " ").returncode == 2
    assert cli("ask", "--project", project, "x" * 30_000).returncode == 2

    judged = cli("evaluate", "--project", project, "--output", "json")
    assert judged.returncode == 0
    evaluation = json.loads(judged.stdout)
    assert evaluation == json.loads((folder / "eval.json").read_text())
    assert evaluation["proof"]["passed"]
    assert evaluation["proof"]["fact_tokens"] == 0
    assert {"recall_template", "recall_natural", "unknown_refused", "general"} <= set(evaluation["metrics"])

    path = project / "project.toml"
    path.write_text(path.read_text().replace("[model]", '[model]\nsystem_prompt = "The user lives in Lisbon."'))
    planted = cli("evaluate", "--project", project)
    assert planted.returncode == 1
    assert "proof FAILED" in planted.stderr
    assert cli("runs", "--project", project).stdout.count("finished") == 1

    (folder / "adapter" / "adapter_model.safetensors").write_bytes(b"\x00" * 100)
    corrupt = cli("ask", "--project", project, "Hi?")
    assert (corrupt.returncode, "damaged" in corrupt.stderr) == (2, True)
    assert len(corrupt.stderr.strip().splitlines()) == 1


def test_a_trainer_is_asked_for_recorded_and_refused_where_it_cannot_be_had(cli: Cli, project: Path) -> None:
    refused = cli("--train-only", "--project", project, "--trainer", "nf4")
    assert refused.returncode == 2
    assert "nf4 needs an NVIDIA GPU" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
    # It would be refused again: nothing to resume.
    again = cli("--train-only", "--project", project, "--resume")
    assert (again.returncode, "nothing to resume" in again.stderr) == (2, True)
    assert cli("--train-only", "--project", project, "--trainer", "best").returncode == 2
    assert cli("--train-only", "--project", project, "--trainer", "peft", "--resume").returncode == 2
    assert cli("--trainer", "peft", "--project", project).returncode == 2

    path = project / "project.toml"
    path.write_text(path.read_text().replace("[recipe]", '[recipe]\ntrainer = "unsloth"'))
    assert cli("--train-only", "--project", project).returncode == 2
    done = cli("--train-only", "--project", project, "--trainer", "auto", "--output", "json")
    result = json.loads(done.stdout.splitlines()[-1])["result"]
    assert (result["trainer_asked"], result["trainer"], result["why"]) == ("auto", "peft", "there is no NVIDIA GPU")
    stages = {"torch", "gpu", "import", "preflight", "load", "rehearsal", "prepare", "train", "save"}
    assert set(result["stage_seconds"]) == stages
    newest = project / "runs" / str(runs(cli, project)[0]["name"])
    assert json.loads((newest / "config.json").read_text())["trainer"] == "auto"


def test_a_stopped_and_resumed_run_ends_as_if_never_stopped(
    cli: Cli, environment: dict[str, str], project: Path
) -> None:
    longer(project, 3)
    assert cli("--train-only", "--project", project).returncode == 0
    (whole,) = adapter_bytes(project)
    first = start(environment, project)
    until(first, "metric", 5)
    first.send_signal(signal.SIGINT)
    assert first.wait(60) == 3
    assert first.stderr and "Stopping as soon as" in first.stderr.read()
    newest = runs(cli, project)[0]
    assert (newest["state"], newest["can_resume"]) == ("stopped", True)
    assert cli("--train-only", "--project", project, "--resume").returncode == 0
    assert runs(cli, project)[0]["state"] == "finished"
    assert adapter_bytes(project)[1] == whole


def test_a_killed_worker_is_told_and_resumed(cli: Cli, environment: dict[str, str], project: Path) -> None:
    longer(project)
    front = start(environment, project)
    events = until(front, "checkpoint")
    worker_of(events).kill()
    assert front.wait(60) == 1
    assert front.stdout
    last = json.loads(front.stdout.read().splitlines()[-1])
    assert (last["event"], last["kind"]) == ("failed", "crash")
    assert "SIGKILL" in last["message"]
    assert runs(cli, project)[0]["state"] == "failed"
    again = start(environment, project, "--resume")
    logs = [event for event in until(again, "metric", 1) if event["event"] == "log"]
    assert any("Resuming after step" in str(event["message"]) for event in logs)
    again.send_signal(signal.SIGTERM)
    assert again.wait(60) == 3


def test_a_killed_front_end_leaves_no_orphan(cli: Cli, environment: dict[str, str], project: Path) -> None:
    longer(project)
    front = start(environment, project)
    worker = worker_of(until(front, "metric", 3))
    assert [run["state"] for run in runs(cli, project)] == ["running"]
    assert cli("--train-only", "--project", project).returncode == 1, "one training at a time"
    front.kill()
    worker.wait(60)
    (run,) = runs(cli, project)
    assert (run["state"], run["can_resume"]) == ("interrupted", True)
    assert list(project.glob("runs/*/checkpoints/step-*/state.safetensors")), "the worker saved before it left"


def test_both_killed_at_once(cli: Cli, environment: dict[str, str], project: Path) -> None:
    longer(project)
    front = start(environment, project)
    worker = worker_of(until(front, "checkpoint"))
    os.kill(front.pid, signal.SIGKILL)
    worker.kill()
    front.wait(60)
    assert runs(cli, project)[0]["state"] == "interrupted"
    again = start(environment, project, "--resume")
    until(again, "metric", 2)
    again.terminate()
    assert again.wait(60) == 3


def test_a_changed_dataset_and_a_damaged_checkpoint_are_refused(
    cli: Cli, environment: dict[str, str], project: Path
) -> None:
    longer(project)
    front = start(environment, project)
    until(front, "checkpoint", 1)
    front.terminate()
    assert front.wait(60) == 3
    (state,) = project.glob("runs/*/checkpoints/step-*/state.safetensors")
    whole = state.read_bytes()
    state.write_bytes(whole[: len(whole) // 2])
    done = cli("--train-only", "--project", project, "--resume")
    assert (done.returncode, "damaged" in done.stderr) == (2, True)
    state.write_bytes(whole)
    (train,) = project.glob("runs/*/dataset/train.jsonl")
    train.write_text(train.read_text() + "{}\n")
    done = cli("--train-only", "--project", project, "--resume")
    assert (done.returncode, "changed after" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("model", "word"),
    [
        ("/no/such/folder", "no model folder"),
        ("Qwen/Qwen2.5-7B-Instruct", "not on this machine"),
        ("oops", "no model folder"),
    ],
)
def test_a_missing_model_says_what_to_do(cli: Cli, project: Path, model: str, word: str) -> None:
    path = project / "project.toml"
    lines = [f'name = "{model}"' if line.startswith("name") else line for line in path.read_text().splitlines()]
    path.write_text("\n".join(lines))
    done = cli("--train-only", "--project", project)
    assert (done.returncode, word in done.stderr) == (2, True), done.stderr


def test_a_folder_named_like_ours_does_not_get_in_the_way(cli: Cli, project: Path, tmp_path: Path) -> None:
    (tmp_path / "trainers").mkdir()
    (tmp_path / "trainers" / "__init__.py").write_text("raise SystemExit('the wrong package')")
    assert cli("--train-only", "--project", project, "--dry-run").returncode == 0


def test_no_network_is_touched(cli: Cli, environment: dict[str, str], project: Path, tmp_path: Path) -> None:
    """Every socket but those of the local machine raises, in the front end and in the worker."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(
        "import socket\n"
        "def refuse(*a, **k):\n"
        "    open(" + repr(str(tmp_path / "called")) + ", 'a').write(str(a))\n"
        "    raise OSError('no network in this test')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
    )
    environment["PYTHONPATH"] = str(tmp_path / "site")
    check = subprocess.run(
        [sys.executable, "-c", "import socket; socket.getaddrinfo('x', 1)"],
        env=environment,
        capture_output=True,
        check=False,
    )
    assert check.returncode, "the trap must work"
    (tmp_path / "called").unlink()
    began = time.time()
    assert cli("--train-only", "--project", project).returncode == 0
    assert cli("evaluate", "--project", project).returncode == 0
    assert not (tmp_path / "called").exists(), time.time() - began


def test_a_persons_own_question_counts_fourfold(cli: Cli, project: Path) -> None:
    asked = ("facts", "add", "pet_name", "Max", "--replace", "--question", "Who barks when I come home?")
    assert cli(*asked, "--project", project).returncode == 0
    made = cli("generate", "--project", project, "--approve", "--output", "json")
    assert made.returncode == 0, made.stderr
    with Project(project).database() as database:
        rows = [row for row in all_rows(database) if row.split is Split.TRAIN]
    assert [row.question for row in rows if row.is_own] == ["Who barks when I come home?"]
    dry = cli("--train-only", "--project", project, "--dry-run", "--output", "json")
    assert json.loads(dry.stdout.splitlines()[-1])["result"]["rows"] == len(rows) + 3
