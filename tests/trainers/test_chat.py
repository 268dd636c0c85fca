"""The chat worker on the tiny model: what it streams, how it is stopped, and that text never becomes control tokens."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import InputError
from tests.trainers.adapters import random_adapter

torch = pytest.importorskip("torch")

LIMIT = 24
Body = dict[str, Any]


@pytest.fixture(scope="module")
def adapter(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random adapter, strong enough to change every answer."""
    return random_adapter(tiny_model, tmp_path_factory.mktemp("adapter") / "adapter", 0.5)


class Worker:
    """The process, spoken to as the front end does."""

    def __init__(self, model: Path, adapter: Path | None, limit: int = LIMIT) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "trainers", "chat"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
        )  # fmt: skip
        job = {"model": str(model), "system_prompt": "", "cache": "/nowhere", "max_new_tokens": limit}
        self.say({**job, "adapter": str(adapter) if adapter else None})

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert pipe
            pipe.close()

    def say(self, body: object) -> None:
        assert self.process.stdin
        self.process.stdin.write((body if isinstance(body, str) else json.dumps(body)) + "\n")
        self.process.stdin.flush()

    def ask(self, *turns: str, source: str = "tuned", id: str = "q", **more: str) -> None:
        messages = [{"role": ("user", "assistant")[at % 2], "content": text} for at, text in enumerate(turns)]
        self.say({"command": "ask", "id": id, "source": source, "messages": messages, **more})

    def events(self) -> Iterator[Body]:
        assert self.process.stdout
        for line in self.process.stdout:
            yield json.loads(line)

    def until(self, name: str) -> list[Body]:
        seen = []
        for event in self.events():
            seen.append(event)
            if event["event"] == name:
                return seen
        raise AssertionError(f"no {name} in {seen}")

    def answer(self, *turns: str, source: str = "tuned", **more: str) -> tuple[Body, list[Body]]:
        self.ask(*turns, source=source, **more)
        seen = self.until("answer_ended")
        (said,) = [event["answer"] for event in seen if event["event"] == "answer"]
        return said, seen


@pytest.fixture
def worker(tiny_model: Path, adapter: Path) -> Iterator[Worker]:
    one = Worker(tiny_model, adapter)
    yield one
    one.end()


def test_the_whole_conversation_with_a_worker(worker: Worker, tiny_model: Path, adapter: Path) -> None:
    from trainers.generation import replies
    from trainers.lora import load_adapter
    from trainers.models import Device, load_model, load_tokenizer
    from trainers.tokens import ChatCodec

    torch.set_num_threads(1)
    codec = ChatCodec(load_tokenizer(tiny_model), "")
    model = load_adapter(load_model(tiny_model, Device.best()), adapter)
    wanted = {}
    for source in ("tuned", "base"):
        if source == "base":
            with model.disable_adapter():
                ((_, reply),) = replies(model, codec, ["Where do I work?"], LIMIT, 1)
        else:
            ((_, reply),) = replies(model, codec, ["Where do I work?"], LIMIT, 1)
        wanted[source] = reply
    assert wanted["tuned"].text != wanted["base"].text, "the adapter must matter"

    for source in ("tuned", "base", "tuned"):
        said, seen = worker.answer("Where do I work?", source=source)
        assert said["answer"] == wanted[source].text
        assert said["prompt_tokens"] == wanted[source].prompt_tokens
        assert said["prompt"] == codec.render("Where do I work?")
        streamed = "".join(event["text"] for event in seen if event["event"] == "delta")
        assert said["answer"].startswith(streamed)
        assert not said["answer"][len(streamed) :].strip("\N{REPLACEMENT CHARACTER} \n\t")
        assert all(event["source"] == source for event in seen if event["event"] == "delta")
        assert seen[-1]["reason"] in {"complete", "length"}

    said, _ = worker.answer("a <|im_end|>", "b <|im_start|>", "<|im_end|>\x1b[31m [b]")
    # One byte is one token here, and each control token of the template is one: text that looks like one is not.
    texts = "a <|im_end|>" + "b <|im_start|>" + "<|im_end|>\x1b[31m [b]"
    frame = "user\n" * 2 + "assistant\n" * 2 + "\n" * 3
    assert said["prompt_tokens"] == len(texts) + len(frame) + 7

    worker.say("no json at all")
    worker.say({"command": "ask", "id": "x", "source": "tuned", "messages": []})
    worker.say("[]")
    said, seen = worker.answer("Still there?")
    assert [event["level"] for event in seen if event["event"] == "log"] == ["warning"] * 3

    long = "y" * 150
    said, seen = worker.answer(long, long, long, long, "And now?")
    (log,) = [event for event in seen if event["event"] == "log"]
    assert "oldest question was left out" in log["message"]
    assert said["prompt"] == codec.render(long, long, "And now?")
    worker.ask("z" * 600)
    assert [event.get("reason") for event in worker.until("answer_ended")] == ["too_long"]

    worker.say({"command": "stop"})
    assert worker.until("finished")[-1]["result"]["answered"] >= 0
    assert worker.process.wait(30) == 0
    worker_log = worker.process.stderr.read() if worker.process.stderr else ""
    assert "Where do I work" not in worker_log


def test_cancel_stops_the_present_answer_and_those_that_wait(tiny_model: Path, adapter: Path) -> None:
    worker = Worker(tiny_model, adapter, limit=250)
    try:
        worker.ask("Tell me all.", id="first")
        worker.ask("And more.", id="second")
        worker.until("delta")
        worker.say({"command": "cancel"})
        worker.ask("A new question", id="third", source="base")
        seen = [event for _ in range(3) for event in worker.until("answer_ended")]
        ended = {event["id"]: event["reason"] for event in seen if event["event"] == "answer_ended"}
        assert (ended["first"], ended["second"]) == ("cancelled", "cancelled")
        assert ended["third"] != "cancelled", "asked after the cancel"
    finally:
        worker.end()


def test_the_end_of_the_input_ends_it(worker: Worker) -> None:
    worker.until("stage")
    assert worker.process.stdin
    worker.process.stdin.close()
    assert worker.process.wait(60) == 3


def test_the_trained_model_is_not_made_up(tiny_model: Path) -> None:
    worker = Worker(tiny_model, None)
    worker.ask("Hi?", source="base")
    worker.until("answer")
    worker.ask("Hi?", source="tuned")
    assert worker.until("failed")[-1]["kind"] == "input"
    worker.end()


@pytest.mark.parametrize("system", ["", "Be [brief] <|im_end|>."])
def test_one_turn_of_a_conversation_is_the_prompt_of_training(tiny_model: Path, system: str) -> None:
    """Token for token what the template gives, and no text in any turn becomes a control token."""
    from trainers.models import load_tokenizer
    from trainers.tokens import ChatCodec

    tokenizer = load_tokenizer(tiny_model)
    codec = ChatCodec(tokenizer, system)
    end = tokenizer.eos_token_id
    example = codec.example("What?", "That.")
    assert list(example.ids[: example.answer_start]) == codec.prompt("What?")
    turns = ("one <|im_end|>", "two <|im_start|>", "three \ue0101\ue011")
    ids = codec.prompt(*turns)
    assert ids.count(end) == 3 + bool(system)
    assert tokenizer.decode(ids) == codec.render(*turns)
    messages = [{"role": "system", "content": "plain"}] if system else []
    messages += [{"role": role, "content": text} for role, text in (("user", "a"), ("assistant", "b"), ("user", "c"))]
    plain = ChatCodec(tokenizer, "plain" if system else "")
    assert plain.prompt("a", "b", "c") == list(
        tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
    )


def test_a_template_that_leaves_a_turn_out_is_refused(tiny_model: Path) -> None:
    from trainers.models import load_tokenizer
    from trainers.tokens import ChatCodec

    tokenizer = load_tokenizer(tiny_model)
    tokenizer.chat_template = "{{ messages[-1]['content'] }}"
    codec = ChatCodec(tokenizer, "")
    assert codec.render("a") == "a"
    with pytest.raises(InputError, match="leaves out"):
        codec.prompt("a", "b", "c")


def test_a_cut_character_waits_for_its_other_bytes(tiny_model: Path) -> None:
    from trainers.generation import settled
    from trainers.models import load_tokenizer
    from trainers.tokens import ChatCodec

    codec = ChatCodec(load_tokenizer(tiny_model), "")
    text = "Zoë 🦦 fährt"
    ids = codec.tokenizer(text, add_special_tokens=False)["input_ids"]
    assert len(ids) > len(text)
    shown = [settled(codec.decode(ids[:count])) for count in range(len(ids) + 1)]
    assert all(text.startswith(piece) for piece in shown)
    assert shown[-1] == text
