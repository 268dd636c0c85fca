"""Which questions are left to the base model: what the gate learns, keeps on the disk, and does to answers."""

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import InputError
from tests.conftest import Cli
from tests.trainers.adapters import random_adapter, randomize
from tests.trainers.test_chat import Worker
from tests.trainers.test_measure import told

torch = pytest.importorskip("torch")

WORDS = ("cat", "sister", "locker", "street", "doctor", "garden", "bicycle", "pillow", "teacher", "window")
OWN = [f"{start} my {word}?" for start in ("Where is", "Who is", "How old is", "What about") for word in WORDS]
GENERAL = [f"{a} + {b} = ?" for a in range(10, 26) for b in (3, 11, 27, 58)]
NEW_OWN, NEW_GENERAL = "Where was my umbrella?", "31 + 46 = ?"


def learned(model: Path, first: int, general: list[str]) -> tuple[Any, Any, Any]:
    """A gate, the model with a strong adapter, the codec."""
    from schemas.settings import PRESETS, Preset
    from trainers.frozen import SplitModel
    from trainers.gate import learn
    from trainers.lora import attach
    from trainers.models import Device, load_model, load_tokenizer
    from trainers.tokens import ChatCodec

    loaded, tokenizer = load_model(model, Device.best()), load_tokenizer(model)
    codec = ChatCodec(tokenizer, "")
    examples = [codec.example(text, "Here.") for text in OWN] + [codec.rehearsal(text, "Some") for text in general]
    gate = learn(SplitModel(loaded, first).prepare(examples, tokenizer.pad_token_id), OWN + general, codec, first)
    recipe = PRESETS[Preset.DEFAULT].model_copy(update={"frozen_below": 0.0})
    tuned = attach(loaded, recipe, seed=0)
    randomize(tuned, 0.5)
    return gate, tuned, codec


@pytest.fixture(scope="module")
def gated(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A strong adapter with a gate; its folder."""
    folder = random_adapter(tiny_model, tmp_path_factory.mktemp("gated") / "adapter", 0.5)
    gate, _, _ = learned(tiny_model, 1, GENERAL)
    gate.save(folder)
    return folder


@pytest.mark.parametrize("first", [0, 1])
def test_it_tells_the_persons_questions_from_others_whatever_the_adapter_does(tiny_model: Path, first: int) -> None:
    gate, tuned, codec = learned(tiny_model, first, GENERAL)
    asked = [NEW_OWN, NEW_GENERAL, *OWN[:3], *GENERAL[:3], "x" * 300]
    assert gate.opens(tuned, codec, asked)[:8] == [True, False, True, True, True, False, False, False]
    assert gate.opens(tuned, codec, [NEW_GENERAL]) == [False], "alone as in a batch"


def test_without_enough_general_prompts_there_is_none(tiny_model: Path) -> None:
    assert learned(tiny_model, 1, GENERAL[:63])[0] is None


def test_a_question_without_words_and_one_that_looks_like_control_tokens(tiny_model: Path) -> None:
    gate, tuned, codec = learned(tiny_model, 1, GENERAL)
    start, end = codec.span("<|im_end|>")
    assert end - start == len("<|im_end|>"), "ten characters, one token each"
    assert len(gate.opens(tuned, codec, ["", " ", "<|im_end|>", "\u05e9\u05dc\u05d5\u05dd"])) == 4


def test_what_is_saved_is_what_was_learned_and_damage_is_told(gated: Path, tmp_path: Path) -> None:
    from schemas.weights import GATE_FILE
    from trainers.gate import load_gate

    found = load_gate(gated)
    assert found is not None and found.block == 1
    assert load_gate(tmp_path) is None
    (tmp_path / GATE_FILE).write_bytes((gated / GATE_FILE).read_bytes()[:-9])
    with pytest.raises(InputError, match=r"gate .* is damaged"):
        load_gate(tmp_path)


def test_the_base_answers_what_is_left_to_it_and_the_adapter_the_rest(
    tiny_model: Path, gated: Path, tmp_path: Path
) -> None:
    def answers(adapter: Path, base: bool) -> dict[tuple[str, str], tuple[str, bool]]:
        asked = (NEW_OWN, NEW_GENERAL, OWN[0], GENERAL[0])
        questions = [{"id": str(at), "text": text, "group": "general"} for at, text in enumerate(asked)]
        job = {"model": str(tiny_model), "system_prompt": "", "cache": "/nowhere", "adapter": str(adapter), "base": base,
               "questions": questions, "max_new_tokens": 8, "batch_size": 3}  # fmt: skip
        events = told("answer", job)
        assert events[-1]["event"] == "finished", events[-1]
        logs = [event["message"] for event in events if event["event"] == "log"]
        assert ("The gate leaves 2 of 4 questions to the base model." in logs) == (adapter == gated)
        said = [event["answer"] for event in events if event["event"] == "answer"]
        return {(one["source"], one["id"]): (one["answer"], one["by_adapter"]) for one in said}

    bare = tmp_path / "adapter"
    bare.mkdir()
    for path in gated.iterdir():
        if path.suffix != ".safetensors" or path.name.startswith("adapter"):
            (bare / path.name).write_bytes(path.read_bytes())
    with_gate, without = answers(gated, base=True), answers(bare, base=False)
    for number, by_adapter in (("0", True), ("1", False), ("2", True), ("3", False)):
        text, _ = without["tuned", number] if by_adapter else with_gate["base", number]
        assert with_gate["tuned", number] == (text, by_adapter)
        assert with_gate["base", number][1] is False
        assert without["tuned", number][1] is True
        assert without["tuned", number][0] != with_gate["base", number][0], "the adapter changes every answer"


def test_a_conversation_about_the_person_stays_with_the_adapter(tiny_model: Path, gated: Path) -> None:
    worker = Worker(tiny_model, gated)
    try:
        asked = {"a": (NEW_GENERAL,), "b": (NEW_OWN,), "c": (NEW_OWN, "In the hall.", NEW_GENERAL)}
        for name, turns in asked.items():
            worker.ask(*turns, id=name)
        found = {}
        for event in worker.events():
            if event["event"] == "answer":
                found[event["answer"]["id"]] = event["answer"]["by_adapter"]
            if len(found) == len(asked):
                break
        assert found == {"a": False, "b": True, "c": True}
    finally:
        worker.end()


def test_training_makes_one_unless_it_is_switched_off(cli: Cli, project: Path) -> None:
    settings = project / "project.toml"
    settings.write_text(settings.read_text().replace("replay = 8", "replay = 80"))
    assert cli("generate", "--project", project, "--approve").returncode == 0
    for switch, made in (("", True), ("gate = false\nsecond_look = false\n", False)):
        settings.write_text(settings.read_text().replace("[recipe]\n", f"[recipe]\n{switch}"))
        done = cli("--train-only", "--project", project, "--output", "json")
        assert done.returncode == 0, done.stderr
        result = json.loads(done.stdout.splitlines()[-1])["result"]
        assert result["gate"] is made and result["second_look"] is made
        if made:
            told = cli("evaluate", "--project", project)
            assert (
                "The adapter's gate left " in told.stdout and " of 4 general questions to the base model" in told.stdout
            )
            assert "A second look changed " in told.stdout
        newest = max(project.glob("runs/2*"), key=lambda path: path.name)
        for name in ("gate.safetensors", "names.json"):
            assert (newest / "adapter" / name).is_file() is made


def test_too_few_general_prompts_are_told(trained_project: Path) -> None:
    (run,) = trained_project.glob("runs/2*")
    assert not (run / "adapter" / "gate.safetensors").exists()
    assert "No gate: 8 general prompts are too few" in (run / "events.jsonl").read_text("utf-8")


def test_an_adapter_that_is_taken_along_keeps_its_gate(gated: Path, tmp_path: Path) -> None:
    from schemas.weights import GATE_FILE, take_adapter

    take_adapter(gated, tmp_path / "parent")
    assert (tmp_path / "parent" / GATE_FILE).read_bytes() == (gated / GATE_FILE).read_bytes()
