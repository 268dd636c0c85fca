"""An adapter of ours in other people's hands: plain transformers and PEFT, with nothing of this project."""

import json
import subprocess
import sys
from pathlib import Path

from tests.conftest import Cli

QUESTIONS = ("Where do I work?", "What is my pet called?", "What is my blood type?", "Name a color.")
PLAIN = """
import json, sys
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

base, adapter, *questions = sys.argv[1:]
tokenizer = AutoTokenizer.from_pretrained(adapter)
def answers(model):
    said = []
    for question in questions:
        turn = [{"role": "user", "content": question}]
        ids = tokenizer.apply_chat_template(turn, add_generation_prompt=True, return_tensors="pt", return_dict=True)
        out = model.generate(**ids, max_new_tokens=5, do_sample=False)
        said.append(tokenizer.decode(out[0, ids["input_ids"].shape[1]:], skip_special_tokens=True).strip())
    return said

model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16)
alone = answers(model)
print(json.dumps([answers(PeftModel.from_pretrained(model, adapter, autocast_adapter_dtype=False)), alone]))
"""


def plainly(base: Path, adapter: Path) -> tuple[list[str], list[str]]:
    """What the model says with the adapter, and what it says without."""
    command = [sys.executable, "-P", "-c", PLAIN, str(base), str(adapter), *QUESTIONS]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    with_adapter, without = json.loads(done.stdout.splitlines()[-1])
    return with_adapter, without


def test_plain_peft_gives_the_answers_that_we_give(cli: Cli, project: Path, tiny_model: Path) -> None:
    # So many steps at such a rate that the adapter says other things than the base. Only the first words are compared:
    # what a tiny model says later hangs on how its numbers are rounded. A second look would change what never ends.
    more = "epochs = 20\nlearning_rate = 0.01\nsecond_look = false"
    settings = (project / "project.toml").read_text().replace("epochs = 2", more)
    (project / "project.toml").write_text(settings)
    assert cli("--train-only", "--project", project).returncode == 0
    (adapter,) = project.glob("runs/*/adapter")
    asked = cli("ask", "--project", project, *QUESTIONS, "--output", "json")
    assert asked.returncode == 0, asked.stderr
    ours = [one["answer"].strip() for one in json.loads(asked.stdout)["answers"]]
    plain, base = plainly(tiny_model, adapter)
    assert all(said and mine.startswith(said) for mine, said in zip(ours, plain, strict=True)), (ours, plain)
    assert not set(plain) & set(base)
