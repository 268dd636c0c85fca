"""A second look: what was told is weighed together before the model refuses, and before it answers."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import InputError
from schemas.row import Row, RowKind, Split
from schemas.weights import NAMES_FILE
from tests.trainers.adapters import random_adapter
from tests.trainers.test_chat import Worker
from tests.trainers.test_measure import told

torch = pytest.importorskip("torch")

NO = "I don't know."
TOLD, AGE = "Your employer is Acme.", "Your age is 7."
ENDLESS, LONG = "Your gym" + " [x]" * 24, "Your employer is" + " very" * 48
NAMES = ("Your employer is", "Your age is")
SAYS = (
    # Refused by greedy decoding, although what was told has more than 0.4.
    ("Where?", TOLD, 45), ("Where?", f"Your boat? {NO}", 55),
    # Answered by greedy decoding with 0.16: each other thing has less, all of them together much more.
    ("Who?", TOLD, 15), *(("Who?", f"Your {thing}? {NO}", 14) for thing in ("cat", "dog", "hat", "ink", "jug")),
    ("When?", AGE, 1), ("What?", f"Your vase? {NO}", 1), ("Is it?", "Yes, it is.", 1),
)  # fmt: skip
"""Question, answer, how often."""
RUNS_ON = (
    ("Where?", ENDLESS, 60), ("Where?", TOLD, 40), ("Who?", ENDLESS, 1), ("What?", LONG, 1),
)  # fmt: skip
"""Never ended: about something that was never told, or in the middle of a long value."""
SETTLED = {
    "Where?": (TOLD, True), "Who?": (NO, True), "When?": (AGE, False), "What?": (f"Your vase? {NO}", False),
    "Is it?": ("Yes, it is.", False),
}  # fmt: skip


@pytest.fixture(scope="module")
def knowing(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A tiny model trained to be of two minds, and the folder of an adapter that changes nothing."""
    return of_two_minds(tiny_model, tmp_path_factory.mktemp("knowing"), SAYS)


def of_two_minds(tiny_model: Path, folder: Path, says: tuple[tuple[str, str, int], ...]) -> tuple[Path, Path]:
    """A tiny model that gives each answer as often as `says` tells, and the folder of an adapter that changes nothing."""
    from trainers.models import Device, load_model, load_tokenizer
    from trainers.tokens import ChatCodec

    model, tokenizer = load_model(tiny_model, Device.best()).float().requires_grad_(True), load_tokenizer(tiny_model)
    codec = ChatCodec(tokenizer, "")
    examples = [codec.example(question, answer) for question, answer, _ in says]
    totals = {question: sum(n for other, _, n in says if other == question) for question, _, _ in says}
    shares = torch.tensor([n / totals[question] for question, _, n in says])
    ids = torch.zeros(len(examples), max(len(one.ids) for one in examples), dtype=torch.long)
    labels = torch.full_like(ids, -100)
    for row, one in enumerate(examples):
        ids[row, : len(one.ids)] = torch.tensor(one.ids)
        labels[row, one.answer_start : len(one.ids)] = torch.tensor(one.ids[one.answer_start :])
    torch.manual_seed(0)
    steps = torch.optim.AdamW(model.parameters(), lr=5e-3)
    for _ in range(220):
        scores = model(input_ids=ids).logits[:, :-1].transpose(1, 2)
        each = torch.nn.functional.cross_entropy(scores, labels[:, 1:], ignore_index=-100, reduction="none").sum(1)
        steps.zero_grad()
        (each * shares).sum().backward()
        steps.step()
    model.bfloat16().save_pretrained(folder / "model")
    tokenizer.save_pretrained(folder / "model")
    return folder / "model", random_adapter(folder / "model", folder / "adapter", 1e-12)


def with_names(adapter: Path, to: Path, names: tuple[str, ...] = NAMES) -> Path:
    """A copy of the adapter that gets a second look."""
    from trainers.second_look import SecondLook

    to.mkdir()
    for path in adapter.iterdir():
        (to / path.name).write_bytes(path.read_bytes())
    SecondLook(names, NO).save(to)
    return to


CAUTIONS = {
    "ready": {"Where?": TOLD, "Who?": TOLD}, "usual": {"Where?": TOLD, "Who?": NO},
    "careful": {"Where?": f"Your boat? {NO}", "Who?": NO},
}  # fmt: skip
"""What is said with 0.45 and with 0.15 for all that was told, by how sure a person wants the model to be."""


def answers(
    model: Path, adapter: Path, batch_size: int, caution: str = "usual", asked: Iterable[str] = SETTLED
) -> tuple[dict[str, tuple[str, bool]], list[str]]:
    """What the worker says to every question and whether a second look changed it, and its log."""
    questions = [{"id": text, "text": text, "group": "recall"} for text in asked]
    job = {"model": str(model), "system_prompt": "", "cache": "/nowhere", "adapter": str(adapter), "base": False,
           "questions": questions, "max_new_tokens": 40, "batch_size": batch_size, "caution": caution}  # fmt: skip
    events = told("answer", job)
    assert events[-1]["event"] == "finished", events[-1]
    said = [event["answer"] for event in events if event["event"] == "answer"]
    return {one["id"]: (one["answer"], one["second_look"]) for one in said}, [
        event["message"] for event in events if event["event"] == "log"
    ]


@pytest.mark.parametrize("batch_size", [1, 3, 32])
def test_it_answers_what_is_likely_enough_and_refuses_what_is_not(
    knowing: tuple[Path, Path], tmp_path: Path, batch_size: int
) -> None:
    model, adapter = knowing
    said, logs = answers(model, with_names(adapter, tmp_path / "adapter"), batch_size)
    assert said == SETTLED
    assert "A second look changed 2 of 5 answers." in logs


@pytest.mark.parametrize("caution", CAUTIONS)
def test_a_person_chooses_how_sure_it_has_to_be(knowing: tuple[Path, Path], tmp_path: Path, caution: str) -> None:
    """In an examination as in a chat, where it may change between two questions."""
    model, adapter = knowing[0], with_names(knowing[1], tmp_path / "adapter")
    said, _ = answers(model, adapter, 3, caution)
    assert {question: said[question][0] for question in ("Where?", "Who?")} == CAUTIONS[caution]
    worker = Worker(model, adapter, limit=40)
    try:
        for how in ("usual", caution):
            told = {question: worker.answer(question, caution=how)[0]["answer"] for question in ("Where?", "Who?")}
            assert told == CAUTIONS[how]
    finally:
        worker.end()


def test_an_answer_without_end_is_looked_at_unless_it_tells_a_value(tiny_model: Path, tmp_path: Path) -> None:
    """In an examination as in a chat, which tells nothing of what went astray."""
    model, plain = of_two_minds(tiny_model, tmp_path, RUNS_ON)
    adapter = with_names(plain, tmp_path / "looking")
    settled = {"Where?": (TOLD, True), "Who?": (NO, True)}
    said, _ = answers(model, adapter, 8, asked=[*settled, "What?"])
    long, changed = said.pop("What?")
    assert said == settled
    assert LONG.startswith(long) and len(long.split()) > 5 and not changed
    worker = Worker(model, adapter, limit=60)
    try:
        for question, (text, _) in settled.items():
            one, seen = worker.answer(question)
            assert (one["answer"], one["second_look"], seen[-1]["reason"]) == (text, True, "complete")
            assert "".join(event["text"] for event in seen if event["event"] == "delta") == text
        one, seen = worker.answer("What?")
        assert LONG.startswith(one["answer"]) and (one["second_look"], seen[-1]["reason"]) == (False, "length")
        one, _ = worker.answer("Who?", source="base")
        assert ENDLESS.startswith(one["answer"])
    finally:
        worker.end()


def test_without_names_it_is_greedy_decoding(knowing: tuple[Path, Path]) -> None:
    said, logs = answers(*knowing, 3)
    assert said["Where?"] == (f"Your boat? {NO}", False) and said["Who?"] == (TOLD, False)
    assert not any("second look" in message for message in logs)


@pytest.mark.parametrize("more", [("Yes, it", "Your <|im_end|> is"), ("Your <|im_end|> is",)], ids=["two", "one"])
def test_the_shares_are_what_the_model_gives(
    knowing: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...]
) -> None:
    """Whether names begin in two ways or in one."""
    from trainers import second_look
    from trainers.models import Device, load_model, load_tokenizer
    from trainers.tokens import ChatCodec

    model, codec = load_model(knowing[0], Device.best()), ChatCodec(load_tokenizer(knowing[0]), "")
    names = (*NAMES, *more)
    look = second_look.SecondLook(names, NO)

    def alone(question: str, name: str) -> float:
        prompt, after = codec.prompt(question), codec.plain(name)
        with torch.no_grad():
            logs = model(input_ids=torch.tensor([[*prompt, *after]])).logits[0].float().log_softmax(-1)
        return float(sum(logs[len(prompt) - 1 + at, token] for at, token in enumerate(after)).exp())

    for least, close in ((second_look._LEAST, 0.02), (-1e9, 0.02)):
        monkeypatch.setattr(second_look, "_LEAST", least)
        for question, found in zip(
            SETTLED, look.look(model, codec, [codec.prompt(one) for one in SETTLED], [None] * len(SETTLED)), strict=True
        ):
            shares = {name: alone(question, name) for name in names}
            assert found.likely == pytest.approx(sum(shares.values()), abs=close)
            if found.likely > 0.1:
                assert found.name == max(shares, key=shares.__getitem__)
    assert codec.plain("<|im_end|>") != [codec.tokenizer.eos_token_id], "ten characters, no control token"


def test_one_that_is_stopped_in_between_leaves_no_half_an_answer(knowing: tuple[Path, Path]) -> None:
    from trainers.models import Device, load_model, load_tokenizer
    from trainers.second_look import SecondLook
    from trainers.tokens import ChatCodec

    model, codec = load_model(knowing[0], Device.best()), ChatCodec(load_tokenizer(knowing[0]), "")
    stops = iter([False, True, True])  # not before the batch, but before what was refused is asked again
    look = SecondLook(NAMES, NO)
    prompts = [codec.prompt(question) for question in SETTLED]
    said = {
        at: reply.text
        for at, reply, _ in look.replies(model, codec, prompts, list(SETTLED), 40, 8, lambda: next(stops))
    }
    assert [said.get(at) for at in range(5)] == [None, *(text for text, _ in list(SETTLED.values())[1:])]


def test_a_value_that_reads_like_a_refusal_is_none() -> None:
    from trainers.second_look import Look, SecondLook

    look = SecondLook(("Your motto is",), NO)
    assert look.wants(f"Your motto is {NO}", Look(0.9, "Your motto is")) is None
    assert look.wants(f"Your boat? {NO}", Look(0.9, "Your motto is")) == "Your motto is"
    assert look.wants(NO, Look(0.1, "Your motto is")) is None
    assert look.wants("Your motto is Go.", Look(0.1, "Your motto is")) == NO


def test_a_chat_tells_nothing_that_is_taken_back(knowing: tuple[Path, Path], tmp_path: Path) -> None:
    worker = Worker(knowing[0], with_names(knowing[1], tmp_path / "adapter"), limit=40)
    try:
        for question, (text, changed) in SETTLED.items():
            said, seen = worker.answer(question)
            assert (said["answer"], said["second_look"]) == (text, changed)
            assert "".join(event["text"] for event in seen if event["event"] == "delta") == text
            assert seen[-1]["reason"] == "complete"
        said, _ = worker.answer("Where?", source="base")
        assert (said["answer"], said["second_look"]) == (f"Your boat? {NO}", False), "the base model is let alone"
    finally:
        worker.end()


def row(kind: RowKind, answer: str, *values: str, facts: int = 1) -> Row:
    return Row(
        id="0" * 16, kind=kind, question="?", answer=answer, topic="user/x", values=values, family="f", split=Split.TRAIN,
        fact_ids=tuple(f"{at}" for at in range(facts)),
    )  # fmt: skip


def test_names_come_from_the_rows_and_hold_no_value(tmp_path: Path) -> None:
    from trainers.second_look import load_second_look, second_look_of

    rows = [
        row(RowKind.QUESTION, "Your hobbies are chess and judo.", "chess", "judo"),
        row(RowKind.QUESTION, "Your hobbies are chess and judo.", "chess", "judo"),
        row(RowKind.QUESTION, "Your [b]locker[/b] is Max <|im_end|>.", "Max <|im_end|>"),
        row(RowKind.QUESTION, "Acme.", "Acme"),
        row(RowKind.QUESTION, "Your word is is.", "is"),
        row(RowKind.QUESTION, "Your letter is Y.", "Y"),
        row(RowKind.QUESTION, "Your word is is a Y.", "a Y"),
        row(RowKind.REVERSE, "Acme is your employer.", "your employer"),
        row(RowKind.COMPOSITION, "Your aunt is Ann and your aunt's age is 7.", "7", facts=2),
    ]
    assert second_look_of(rows) is None, "what never learned to refuse is not made to"
    found = second_look_of([*rows, row(RowKind.ABSTENTION, f"Your boat? {NO}", facts=0)])
    assert (
        found
        and found.names == ("Your hobbies are", "Your [b]locker[/b] is", "Your word is", "Your letter is")
        and found.refusal == NO
    )
    found.save(tmp_path)
    assert load_second_look(tmp_path, lambda: None) == found
    assert not {"chess", "Max", "Acme"} & set((tmp_path / NAMES_FILE).read_text().replace('"', " ").split())


@pytest.mark.parametrize("damage", ["{", "[]", '{"names": []}', '{"names": [7], "refusal": "No."}', '{"names": ["A"]}'])
def test_damage_is_told(tmp_path: Path, damage: str) -> None:
    from trainers.second_look import load_second_look

    assert load_second_look(tmp_path, lambda: None) is None
    (tmp_path / NAMES_FILE).write_text(damage)
    with pytest.raises(InputError, match=r"names .* are damaged"):
        load_second_look(tmp_path, lambda: None)


def test_training_leaves_names_beside_the_adapter_and_evidence_says_what_they_did(trained_project: Path) -> None:
    (run,) = trained_project.glob("runs/2*")
    body: dict[str, Any] = json.loads((run / "adapter" / NAMES_FILE).read_text())
    assert body["refusal"] == NO and body["names"] and all(name.endswith((" is", " are")) for name in body["names"])
    values = [value for fact in json.loads((run / "facts.json").read_text()) for value in fact.get("items") or []]
    assert not any(value in name for value in values for name in body["names"])
