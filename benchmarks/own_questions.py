"""Do own questions help where no everyday wording is known? python -m benchmarks.own_questions OUT.json [--model NAME]

Two projects with the facts of own_questions.toml, one with the person's own questions and one without, are trained with
the settings of the demo and asked the same everyday questions, none of which trained. Takes about six minutes on 2 cores.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from typing import Any

from evaluators.normal import holds
from evaluators.scorer import is_refusal, judge
from schemas.evaluation import Question, QuestionGroup, Verdict

DEMO = Path(__file__).parent.parent / "examples" / "demo.toml"
CLI = [sys.executable, "-P", "-m", "andraeus_tui.cli"]


def cli(*arguments: object) -> str:
    """What one command prints; whatever it says when it fails ends the benchmark."""
    done = subprocess.run([*CLI, *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return done.stdout


def is_right(question: str, value: str, answer: str) -> bool:
    """By the scorer of every evaluation."""
    asked = Question(id="", group=QuestionGroup.RECALL, text=question, values=(value,))
    return judge(asked, answer) is Verdict.RIGHT


def measure(folder: Path, facts: list[dict[str, Any]], never: list[str], model: str, own: bool) -> dict[str, Any]:
    """Train one arm and ask it."""
    given = [
        {key: fact[key] for key in ("attribute", "value", "questions") if key != "questions" or own} for fact in facts
    ]
    (folder / "facts.json").write_text(json.dumps(given))
    project = folder / "project"
    cli("init", project, "--facts", folder / "facts.json", "--model", model)
    settings = tomllib.loads(DEMO.read_text("utf-8"))
    with (project / "project.toml").open("a") as file:
        for table in ("generation", "recipe"):
            lines = [f"{key} = {value}" for key, value in settings[table].items()]
            file.write("\n".join([f"[{table}]", *lines, ""]))
    cli("generate", "--project", project, "--approve", "--backend", "templates")
    began = time.monotonic()
    cli("--train-only", "--project", project)
    seconds = round(time.monotonic() - began, 1)
    questions = [question for fact in facts for question in fact["asked"]] + never
    said = json.loads(cli("ask", "--project", project, "--output", "json", *questions))["answers"]
    answers = {one["question"]: one["answer"] for one in said}
    known = [(fact["value"], question, answers[question]) for fact in facts for question in fact["asked"]]
    values = [fact["value"] for fact in facts]
    return {
        "own questions": own,
        "seconds of training": seconds,
        "right": sum(is_right(question, value, answer) for value, question, answer in known),
        "refused": sum(is_refusal(answer) for _, _, answer in known),
        "asked": len(known),
        "never told, refused": sum(is_refusal(answers[question]) for question in never),
        "never told, answered with a fact": sum(
            any(holds(answers[question], value) for value in values) for question in never
        ),
        "never told": len(never),
        "answers": answers,
    }


def main() -> None:
    """Both arms, one after the other."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("out", type=Path)
    options.add_argument("--model", default="embedded")
    given = options.parse_args()
    body = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    found = []
    for own in (True, False):
        with tempfile.TemporaryDirectory() as folder:
            found.append(measure(Path(folder), body["fact"], body["others"]["never"], given.model, own))
        print({name: value for name, value in found[-1].items() if name != "answers"}, flush=True)
    given.out.write_text(json.dumps({"model": given.model, "arms": found}, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
