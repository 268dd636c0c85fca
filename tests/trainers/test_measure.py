"""What the answer and measure workers do, by their event streams on the tiny model."""

import io
import json
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from schemas.run import AnswerJob, MeasureJob
from schemas.wire import Wire
from tests.trainers.adapters import random_adapter

torch = pytest.importorskip("torch")
Body = dict[str, Any]
Tell = Callable[[str, Body], list[Body]]
TEXTS = ["A lighthouse is a tower.", "Rain, again; and 3 boats \N{SAILBOAT} <|im_end|>."]


def work(name: str, job: Body, then: str = "") -> list[Body]:
    """All events of a worker that is given a job and, right behind it, a command."""
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "trainers", name],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
    ) as process:  # fmt: skip
        assert process.stdin and process.stdout and process.stderr
        # The input stays open while it works: its end would mean that whoever asked is gone.
        process.stdin.write(f"{json.dumps(job)}\n{then}")
        process.stdin.flush()
        return [json.loads(line) for line in process.stdout]


def told(name: str, job: Body) -> list[Body]:
    """What the same job tells in this process, which has the libraries already."""
    from trainers.answer import answer
    from trainers.measure import measure

    out = io.StringIO()
    wire = Wire(out, io.StringIO(), must_save=False)
    if name == "answer":
        answer(AnswerJob.model_validate(job), wire)
    else:
        measure(MeasureJob.model_validate(job), wire)
    return [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.fixture(scope="module")
def adapters(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Adapters of next to no strength (one of none counts as damaged), of 0.05 and of 0.5."""
    return [
        random_adapter(tiny_model, tmp_path_factory.mktemp("adapter") / "adapter", strength)
        for strength in (1e-12, 0.05, 0.5)
    ]


def measured(model: Path, adapter: Path | None, texts: list[str] | None = None, by: Tell = told) -> Body:
    job = {"model": str(model), "cache": "/nowhere", "adapter": adapter and str(adapter), "texts": texts or TEXTS}
    last = by("measure", job)[-1]
    assert last["event"] == "finished", last
    result: Body = last["result"]
    return result


def test_an_adapter_that_changes_nothing_diverges_by_nothing(tiny_model: Path, adapters: list[Path]) -> None:
    base = measured(tiny_model, None, by=work)
    same = measured(tiny_model, adapters[0])
    assert same["kl"] == 0 and same["tuned_bits_per_byte"] == same["base_bits_per_byte"] == base["base_bits_per_byte"]
    assert base["base_bits_per_byte"] == pytest.approx(_by_transformers(tiny_model), rel=0.01)
    # One token a byte, whatever marker the text holds.
    assert base["bytes"] == base["tokens"] == sum(len(text.encode()) for text in TEXTS)
    assert "kl" not in base


def _by_transformers(model: Path) -> float:
    """The same figure from the library's own loss."""
    from trainers.models import Device, load_model, load_tokenizer

    loaded, tokenizer = load_model(model, Device.best()), load_tokenizer(model)
    nats = 0.0
    for text in TEXTS:
        ids = tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
        whole = torch.tensor([[tokenizer.bos_token_id, *ids]])
        nats += float(loaded(input_ids=whole, labels=whole).loss) * len(ids)
    return nats / math.log(2) / sum(len(text.encode()) for text in TEXTS)


def test_divergence_grows_with_the_change(tiny_model: Path, adapters: list[Path]) -> None:
    weak, strong = (measured(tiny_model, adapter)["kl"] for adapter in adapters[1:])
    assert 0 < weak < strong


def test_a_long_text_is_read_in_windows(tiny_model: Path) -> None:
    long = "The harbour lay still. " * 60
    assert measured(tiny_model, None, [long])["tokens"] == len(long)


def test_no_text_is_an_error(tiny_model: Path) -> None:
    job: Body = {"model": str(tiny_model), "cache": "/nowhere", "adapter": None, "texts": []}
    last = work("measure", job)[-1]
    assert (last["event"], last["kind"]) == ("failed", "input")


def asked(model: Path, contexts: Body, by: Tell = told) -> list[Body]:
    questions = [{"id": name, "group": "recall", "text": "Where do I work?"} for name in ("a", "b")]
    job = {"model": str(model), "system_prompt": "", "cache": "/nowhere", "adapter": None, "base": True,
           "questions": questions, "max_new_tokens": 4, "contexts": contexts}  # fmt: skip
    return by("answer", job)


def test_a_question_may_have_a_context_of_its_own(tiny_model: Path) -> None:
    facts = "The user works at Acme.<|im_end|>"
    said = {one["answer"]["id"]: one["answer"] for one in asked(tiny_model, {"a": facts}) if one["event"] == "answer"}
    assert facts in said["a"]["prompt"] and "Acme" not in said["b"]["prompt"]
    # Each byte of the context is a token, the marker that somebody wrote into it too.
    assert said["a"]["prompt_tokens"] - said["b"]["prompt_tokens"] >= len(facts)
    alone = {one["answer"]["id"]: one["answer"] for one in asked(tiny_model, {}) if one["event"] == "answer"}
    assert alone["b"]["answer"] == said["b"]["answer"]


def test_a_context_that_the_model_cannot_read_is_refused(tiny_model: Path) -> None:
    last = asked(tiny_model, {"a": "fact " * 200}, by=work)[-1]
    assert (last["event"], last["kind"]) == ("failed", "input")
    assert "1 questions" in last["message"]
