"""A step in parts, padded or whole, changes the adapter in the same way."""

from pathlib import Path
from typing import Any

import pytest

from schemas.settings import PRESETS, Preset, Recipe

torch = pytest.importorskip("torch")

RECIPE: Recipe = PRESETS[Preset.DEFAULT].model_copy(update={"rank": 4, "alpha": 8, "targets": "all-linear"})
WORDS = ("Hi?", "What is my dog called?", "Who am I to you, then?", "Where do I live now?", "How old?")


@pytest.fixture
def made(tiny_model: Path) -> Any:
    """Makes (split model, optimizer, feed), the same each time: rows with answers and rehearsal rows."""
    from trainers.batches import Feed
    from trainers.frozen import SplitModel
    from trainers.lora import attach, first_block
    from trainers.models import Device, load_model, load_tokenizer
    from trainers.optimizer import MasterAdamW
    from trainers.tokens import ChatCodec

    codec = ChatCodec(load_tokenizer(tiny_model), "")

    def make() -> tuple[Any, Any, Any]:
        model = load_model(tiny_model, Device("cpu", torch.float32, ""))
        split = SplitModel(model, first_block(model, RECIPE))
        examples = [codec.example(word, f"It is {number}.") for number, word in enumerate(WORDS)]
        examples += [codec.rehearsal(word, "A general answer") for word in WORDS[:3]]
        feed = Feed(split.prepare(examples, 0), torch.device("cpu"))
        return split, MasterAdamW(attach(model, RECIPE, 0).train(), RECIPE), feed

    return make


def after_steps(made: Any, steps_of: Any, count: int = 3) -> tuple[list[float], Any]:
    split, optimizer, feed = made()
    with split.trained_blocks():
        steps = steps_of(split, optimizer, feed)
        plans = steps.plan([list(range(len(feed)))] * count, 0)
        losses = [steps.run(plan, 1e-2).item() for plan in plans]
    return losses, optimizer.master.detach().clone()


def test_parts_of_a_batch_add_up_to_it(made: Any) -> None:
    from trainers.steps import EagerSteps

    whole = after_steps(made, lambda split, optimizer, feed: EagerSteps(split, optimizer, RECIPE, feed))
    parts = after_steps(made, lambda split, optimizer, feed: EagerSteps(split, optimizer, RECIPE, feed, micro=3))
    assert whole[0] == pytest.approx(parts[0], rel=1e-5)
    assert whole[0][-1] < whole[0][0], "something is learned"
    torch.testing.assert_close(whole[1], parts[1], rtol=1e-3, atol=1e-5)


class Padded:
    """The plan and the arithmetic of recorded steps, run eagerly: a CPU has no graphs."""

    def __init__(self, split: Any, optimizer: Any, feed: Any) -> None:
        from trainers.steps import GraphedSteps

        self.inner = GraphedSteps(split, optimizer, RECIPE, feed)
        self.optimizer = optimizer
        self.plan = self.inner.plan

    def run(self, plan: Any, rate: float) -> Any:
        self.optimizer.set_rate(rate)
        return self.inner.once(plan[0])


def test_recomputing_activations_changes_nothing(made: Any) -> None:
    from trainers.steps import EagerSteps

    def recomputing(split: Any, optimizer: Any, feed: Any) -> Any:
        split.model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": True})
        split.model.train()
        split.recomputes = True
        assert split.model.is_gradient_checkpointing
        return EagerSteps(split, optimizer, RECIPE, feed)

    whole = after_steps(made, lambda split, optimizer, feed: EagerSteps(split, optimizer, RECIPE, feed))
    again = after_steps(made, recomputing)
    assert whole[0] == pytest.approx(again[0], rel=1e-5)
    torch.testing.assert_close(whole[1], again[1], rtol=1e-3, atol=1e-5)


def test_padding_to_a_shape_changes_nothing(made: Any) -> None:
    from trainers.steps import EagerSteps

    whole = after_steps(made, lambda split, optimizer, feed: EagerSteps(split, optimizer, RECIPE, feed))
    padded = after_steps(made, Padded)
    assert whole[0] == pytest.approx(padded[0], rel=1e-5)
    torch.testing.assert_close(whole[1], padded[1], rtol=1e-3, atol=1e-5)


def test_few_shapes_cover_every_batch(made: Any) -> None:
    from trainers.steps import GraphedSteps

    split, optimizer, feed = made()
    steps = GraphedSteps(split, optimizer, RECIPE, feed)
    single = {plan[0].shape for plan in steps.plan([[row] for row in range(len(feed))], 0)}
    together = {plan[0].shape for plan in steps.plan([[0, 1], [2, 3, 4], list(range(len(feed)))], 5)}
    assert together <= single
    assert {shape.rows for shape in single} == {RECIPE.batch_size}


def test_a_state_is_put_back_in_place(made: Any) -> None:
    """As a recorded graph needs it: the tensors stay where they are, their values go back to those of the beginning.

    They are all there before the first step, so that a trial of what fits the memory is made with them.
    """
    from trainers.steps import EagerSteps

    split, optimizer, feed = made()
    before = {name: tensor.clone() for name, tensor in optimizer.state().items()}
    places = {name: tensor.data_ptr() for name, tensor in optimizer.state().items()}
    assert optimizer.state()["adamw.exp_avg"].numel() == optimizer.flat.numel()
    first = optimizer.flat.clone()
    with split.trained_blocks():
        steps = EagerSteps(split, optimizer, RECIPE, feed)
        (plan,) = steps.plan([[0, 1, 2]], 0)
        steps.run(plan, 1e-2)
        assert places == {name: tensor.data_ptr() for name, tensor in optimizer.state().items()}
        moved = optimizer.flat.clone()
        optimizer.load_state(before)
        assert torch.equal(optimizer.flat, first)
        assert places == {name: tensor.data_ptr() for name, tensor in optimizer.state().items()}
        steps.run(steps.plan([[0, 1, 2]], 0)[0], 1e-2)
    assert torch.equal(optimizer.flat, moved)


def test_rehearsed_positions_take_turns(made: Any) -> None:
    _, _, feed = made()
    turns = [feed.whole([0, 5, 2], turn=turn) for turn in range(4)]
    seen = [set(batch.rehearsed.tolist()) for batch in turns]
    assert seen[0] == seen[3]
    assert sum(map(len, seen[:3])) == len(set.union(*seen)) == feed.lengths[5], "each position once in three steps"
    assert all(int(batch.learned) == len(batch.at) + len(batch.rehearsed) for batch in turns)


def test_blocks_that_cannot_run_apart_are_told(made: Any) -> None:
    """A decoder that does something to its input before the first block would be trained on wrong states."""
    from schemas.errors import AndraeusError
    from trainers.frozen import SplitModel
    from trainers.tokens import Example

    split, _, _ = made()
    decoder = split.model.get_decoder()
    forward = decoder.forward
    decoder.forward = lambda **given: forward(
        **(given | ({"inputs_embeds": given["inputs_embeds"] * 3} if "inputs_embeds" in given else {}))
    )
    with pytest.raises(AndraeusError, match="cannot be trained apart"):
        SplitModel(split.model, 1).prepare([Example((1, 5, 6, 7), 2)], 0)
