"""The parts of training that must equal what they replace."""

from pathlib import Path
from typing import Any

import pytest

from schemas.settings import PRESETS, Preset, Recipe
from tests.trainers.adapters import randomize

torch = pytest.importorskip("torch")

RECIPE: Recipe = PRESETS[Preset.DEFAULT].model_copy(update={"rank": 4, "alpha": 8, "targets": "all-linear"})


@pytest.fixture
def parts(tiny_model: Path) -> Any:
    """(model in float32 with a random adapter, codec)."""
    from trainers.lora import attach
    from trainers.models import Device, load_model, load_tokenizer
    from trainers.tokens import ChatCodec

    model = load_model(tiny_model, Device("cpu", torch.float32, ""))
    tuned = attach(model, RECIPE.model_copy(update={"frozen_below": 0.0}), seed=0).train()
    randomize(tuned, 0.1)
    return model, tuned, ChatCodec(load_tokenizer(tiny_model), "")


def test_fused_lora_equals_peft(parts: Any) -> None:
    from trainers.fused import fused

    _, tuned, _ = parts
    ids = torch.arange(3, 43).view(2, 20)
    found = []
    for fuse in (False, True):
        tuned.zero_grad()
        if fuse:
            with fused(tuned):
                loss = tuned(input_ids=ids, labels=ids).loss
                loss.backward()
        else:
            loss = tuned(input_ids=ids, labels=ids).loss
            loss.backward()
        found.append((loss.item(), [w.grad.clone() for w in tuned.parameters() if w.requires_grad]))
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-5)
    for left, right in zip(found[0][1], found[1][1], strict=True):
        torch.testing.assert_close(left, right, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("first", [0, 1, 2])
def test_split_model_equals_the_whole(parts: Any, first: int) -> None:
    """Scores at answer positions from cached lower blocks and padded batches are those of the plain model."""
    from trainers.batches import Feed
    from trainers.frozen import SplitModel

    model, _, codec = parts
    examples = [codec.example("Hi?", "Hello."), codec.example("A longer question?", "No.")]
    split = SplitModel(model, first)
    with torch.no_grad():
        for weight in model.parameters():
            weight.requires_grad_(False)
        prepared = split.prepare(examples, pad=0)
        batch = Feed(prepared, torch.device("cpu")).whole([0, 1])
        with split.trained_blocks():
            scores = split.head(split.hidden(batch.states)[batch.at])
        wanted = [
            model(input_ids=torch.tensor([example.ids])).logits[0, example.answer_start - 1 : -1]
            for example in examples
        ]
    torch.testing.assert_close(scores, torch.cat(wanted), rtol=1e-4, atol=1e-4)
    assert batch.labels.tolist() == [token for e in examples for token in e.ids[e.answer_start :]]
    assert len(model.get_decoder().layers) == 3


def test_attention_without_a_mask_equals_attention_with_one(parts: Any) -> None:
    """What training on a GPU does, on rows padded on the right."""
    from trainers.causal import causal_only

    model, _, _ = parts
    model.set_attn_implementation("sdpa")
    ids = torch.arange(3, 43).view(2, 20)
    mask = torch.ones_like(ids)
    mask[1, 12:] = 0
    asked: list[Any] = []
    hook = (
        model.get_decoder()
        .layers[0]
        .self_attn.register_forward_pre_hook(
            lambda module, inputs, given: asked.append(given["attention_mask"]), with_kwargs=True
        )
    )
    with torch.no_grad():
        wanted = model(input_ids=ids, attention_mask=mask).logits
        with causal_only(model):
            found = model(input_ids=ids).logits
        model(input_ids=ids, attention_mask=mask)
    hook.remove()
    assert [one is None for one in asked] == [False, True, False], "and the usual attention is back"
    torch.testing.assert_close(found[mask.bool()], wanted[mask.bool()], rtol=1e-4, atol=1e-4)


def test_loss_is_on_the_answer_alone_and_rehearsal_starts_at_zero(parts: Any) -> None:
    from trainers.batches import Feed
    from trainers.frozen import SplitModel
    from trainers.objective import loss_of

    def batch(prepared: Any) -> Any:
        return Feed(prepared, torch.device("cpu")).whole([0])

    model, tuned, codec = parts
    split = SplitModel(model, 0)
    with tuned.disable_adapter(), split.trained_blocks():
        rehearsal = split.prepare([codec.rehearsal("What is it?", "A thing")], pad=0)
        assert loss_of(split, batch(rehearsal), 3.0).item() == pytest.approx(0.0, abs=1e-5)
        known = split.prepare([codec.example("Hi?", "Hello.")], pad=0)
        ids = torch.tensor([known[0].example.ids])
        labels = ids.clone()
        labels[:, : known[0].example.answer_start] = -100
    with tuned.disable_adapter():
        wanted = model(input_ids=ids, labels=labels).loss.item()
        with split.trained_blocks():
            assert loss_of(split, batch(known), 3.0).item() == pytest.approx(wanted, rel=1e-3)


def test_user_text_never_becomes_a_control_token(parts: Any) -> None:
    _, _, codec = parts
    end = codec.tokenizer.eos_token_id
    example = codec.example("a <|im_end|> b <|im_start|>system", "x <|im_end|> y")
    assert example.ids.count(end) == 2, "the template's and the answer's own"
    assert example.ids[-1] == end
    assert codec.decode(list(example.ids[example.answer_start : -1])) == "x <|im_end|> y"
    assert codec.render("<|im_end|>").count("<|im_end|>") == 2


@pytest.mark.parametrize("system", ["", "You are <|im_end|> kind."])
def test_rows_encoded_together_are_those_encoded_one_by_one(parts: Any, system: str) -> None:
    from trainers.tokens import ChatCodec

    codec = ChatCodec(parts[2].tokenizer, system)
    rows = [
        ("Where?", "Here."),
        ("a <|im_end|> b", "<|im_start|>system"),
        ("", "x"),
        ("[b]\u202e\U0001f600 " * 300, ""),
    ]
    assert codec.examples(rows) == [codec.example(*row) for row in rows]
    assert codec.examples([]) == []


def test_batches_depend_on_seed_and_epoch_alone_and_bucket_lengths() -> None:
    from trainers.batches import epoch_batches

    lengths = [5 + number % 40 for number in range(500)]
    one = epoch_batches(lengths, 16, seed=1, epoch=2)
    assert one == epoch_batches(lengths, 16, seed=1, epoch=2)
    assert one != epoch_batches(lengths, 16, seed=1, epoch=3)
    assert sorted(index for batch in one for index in batch) == list(range(500))
    padded = sum(max(lengths[index] for index in batch) * len(batch) for batch in one)
    assert padded < 1.1 * sum(lengths)


def test_dev_score_calls_right_what_greedy_decoding_says(parts: Any) -> None:
    from trainers.batches import Feed
    from trainers.frozen import SplitModel
    from trainers.objective import dev_score

    model, _, codec = parts
    right, wrong = [], []
    for question in ("a?", "bb?", "what is it?"):
        prompt = codec.prompt(question)
        ids = list(prompt)
        with torch.no_grad():
            for _ in range(4):
                ids.append(int(model(input_ids=torch.tensor([ids])).logits[0, -1].argmax()))
        example = codec.rehearsal(question, "")
        right.append(type(example)(tuple(ids), len(prompt)))
        wrong.append(type(example)((*ids[:-1], (ids[-1] + 1) % 250), len(prompt)))
    split = SplitModel(model, 1)
    known, unknown = split.prepare(right, 0), split.prepare(wrong, 0)
    with split.trained_blocks():
        score = dev_score(split, *(Feed(part, torch.device("cpu")) for part in (known, unknown)))
    assert (score.recall, score.abstention) == (1.0, 0.0)


def test_refusals_are_judged_by_what_they_share() -> None:
    from trainers.dataset import shared_end
    from trainers.tokens import Example

    answers = [(7, 8, 50, 51, 2), (9, 50, 51, 2), (7, 8, 9, 50, 51, 2)]
    cut = shared_end([Example((1, 1, *answer), 2) for answer in answers])
    assert [example.ids[example.answer_start :] for example in cut] == [(50, 51, 2)] * 3
    assert shared_end([]) == []
