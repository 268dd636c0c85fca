"""Checkpoints are written while training goes on, and hold what was true when they were begun."""

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")


def test_a_checkpoint_holds_the_state_at_its_beginning(tmp_path: Path) -> None:
    from trainers.checkpoints import Position, Writer, latest

    told: list[tuple[int, str]] = []
    writer = Writer(tmp_path / "checkpoints", lambda position, path: told.append((position.step, path.name)))
    position, state = Position(step=3, history=[[1, 0.5, 0.5]]), {"master": torch.ones(1000)}
    writer.begin(position, state)
    position.step, position.history[0][1] = 4, 0.9
    state["master"].zero_()
    writer.wait()
    found = latest(tmp_path / "checkpoints")
    assert found
    assert (found[0].step, found[0].history) == (3, [[1, 0.5, 0.5]])
    assert found[1]["master"].sum() == 1000
    writer.begin(position, state)
    writer.wait()
    assert told == [(3, "step-000003"), (4, "step-000004")]
    assert len(list((tmp_path / "checkpoints").iterdir())) == 1


def test_a_checkpoint_that_cannot_be_written_fails_the_run(tmp_path: Path) -> None:
    from trainers.checkpoints import Position, Writer

    (tmp_path / "checkpoints").write_text("a file where the folder should be")
    told: list[int] = []
    writer = Writer(tmp_path / "checkpoints", lambda position, path: told.append(position.step))
    writer.begin(Position(step=1), {"master": torch.ones(1)})
    with pytest.raises(OSError, match="exists"):
        writer.wait()
    assert not told
    writer.wait()
