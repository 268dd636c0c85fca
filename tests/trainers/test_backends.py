"""Which trainer is taken where, and how a batch is cut to the memory there is."""

import importlib.util
import io
import json
import struct
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import psutil
import pytest

from schemas.errors import AndraeusError, InputError
from schemas.settings import Trainer
from schemas.weights import parameters_of
from schemas.wire import Wire
from trainers import backends, models

torch = pytest.importorskip("torch")


@pytest.fixture
def model(tmp_path: Path) -> Any:
    """Writes the headers of a model of so many parameters; its weights are never read."""

    def make(parameters: int, model_type: str = "qwen2") -> Path:
        header = json.dumps({"__metadata__": {}, "a": {"shape": [parameters // 10, 10]}}).encode()
        (tmp_path / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header)
        (tmp_path / "config.json").write_text(json.dumps({"model_type": model_type}))
        return tmp_path

    return make


def have(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    found = importlib.util.find_spec("json")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: found if name in names else None)


LARGE, SMALL = 7_000_000_000, 135_000_000
GB = 1_000_000_000


@pytest.mark.parametrize(
    ("parameters", "model_type", "gigabytes", "installed", "taken"),
    [
        (LARGE, "qwen2", 80, ("unsloth", "bitsandbytes"), (Trainer.NF4, True)),
        (LARGE, "qwen2", 24, ("unsloth", "bitsandbytes"), (Trainer.UNSLOTH, True)),
        (LARGE, "gpt_neox", 24, ("unsloth", "bitsandbytes"), (Trainer.NF4, True)),
        (LARGE, "qwen2", 24, ("bitsandbytes",), (Trainer.NF4, True)),
        (LARGE, "qwen2", 80, (), (Trainer.PEFT, False)),
        (SMALL, "llama", 80, ("unsloth", "bitsandbytes"), (Trainer.PEFT, False)),
    ],
)
def test_auto_on_a_gpu(
    model: Any,
    monkeypatch: pytest.MonkeyPatch,
    parameters: int,
    model_type: str,
    gigabytes: int,
    installed: tuple[str, ...],
    taken: tuple[Trainer, bool],
) -> None:
    have(monkeypatch, *installed)
    choice = backends.choose(Trainer.AUTO, model(parameters, model_type), gigabytes * GB)
    assert (choice.trainer, choice.four_bit) == taken
    assert choice.why


@pytest.mark.parametrize(
    ("trainer", "parameters", "gigabytes", "records"),
    [
        (Trainer.AUTO, LARGE, 80, True),
        (Trainer.AUTO, SMALL, 8, True),
        (Trainer.NF4, LARGE, 24, False),
        (Trainer.UNSLOTH, LARGE, 80, False),
        (Trainer.PEFT, SMALL, 0, False),
    ],
)
def test_steps_are_recorded_where_they_fit(
    model: Any, monkeypatch: pytest.MonkeyPatch, trainer: Trainer, parameters: int, gigabytes: int, records: bool
) -> None:
    have(monkeypatch, "unsloth", "bitsandbytes")
    assert backends.choose(trainer, model(parameters), gigabytes * GB).records is records


def test_forced_on_a_gpu(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    have(monkeypatch, "unsloth", "bitsandbytes")
    small = model(SMALL)
    assert backends.choose(Trainer.UNSLOTH, small, 80 * GB).four_bit is False, "4 bits only where they pay"
    assert backends.choose(Trainer.NF4, small, 80 * GB).four_bit is True, "its name says it"
    have(monkeypatch)
    for trainer in (Trainer.UNSLOTH, Trainer.NF4):
        with pytest.raises(InputError, match="not installed"):
            backends.choose(trainer, small, 80 * GB)


def test_a_cpu_has_peft_alone(model: Any) -> None:
    assert backends.choose(Trainer.AUTO, model(SMALL), 0).trainer is Trainer.PEFT
    with pytest.raises(InputError, match="NVIDIA GPU"):
        backends.choose(Trainer.NF4, model(SMALL), 0)


def test_parameters_are_counted_and_damage_is_told(model: Any) -> None:
    folder = model(12_340)
    assert parameters_of(folder) == 12_340
    (folder / "model.safetensors").write_bytes(b"\x00" * 7)
    with pytest.raises(InputError, match="damaged"):
        parameters_of(folder)


def test_the_command_line_knows_every_trainer() -> None:
    from andraeus_tui.cli import main_group

    (option,) = (one for one in main_group.params if one.name == "trainer")
    assert isinstance(option.type, click.Choice)
    assert list(option.type.choices) == [trainer.value for trainer in Trainer]


@pytest.mark.parametrize(
    "full",
    [
        torch.OutOfMemoryError("too much"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate"),
    ],
)
@pytest.mark.parametrize(
    ("room", "rows", "recompute"),
    [(32, 32, False), (20, 16, False), (15, 32, True), (9, 16, True), (1, 2, True)],
)
def test_the_largest_part_that_fits(room: int, rows: int, recompute: bool, full: RuntimeError) -> None:
    """`room` rows fit, and thrice as many when activations are recomputed, which half a batch does not need."""
    from trainers.fitting import Fit, fit

    tried: list[tuple[int, bool]] = []
    recomputing = False

    def trial(count: int) -> None:
        tried.append((count, recomputing))
        if count > room * (3 if recomputing else 1):
            raise full

    def switch_on() -> None:
        nonlocal recomputing
        recomputing = True

    assert fit(32, trial, switch_on, lambda: 1e12) == Fit(rows, recompute)
    assert tried[-1] == (rows, recompute)
    assert recomputing == recompute


def test_what_fits_with_nothing_to_spare_is_cut_smaller() -> None:
    from trainers.fitting import Fit, fit

    left = 0.0

    def trial(count: int) -> None:
        nonlocal left
        left = 1e9 - 1e8 * count  # 0.2 GB beside eight rows, 0.6 beside four

    assert fit(8, trial, lambda: None, lambda: left) == Fit(4, False)


def test_one_row_that_does_not_fit_is_told() -> None:
    from trainers.fitting import fit

    def trial(count: int) -> None:
        raise torch.OutOfMemoryError("too much")

    with pytest.raises(AndraeusError, match="Not even one row"):
        fit(8, trial, lambda: None, lambda: 1e12)


def test_another_fault_is_not_taken_for_too_little_memory() -> None:
    from trainers.fitting import fit

    def trial(count: int) -> None:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="shapes"):
        fit(8, trial, lambda: None, lambda: 1e12)


@pytest.mark.parametrize(
    ("amx", "instructions", "slower", "parameters", "precision"),
    [
        (True, True, True, 0, "bfloat16"),
        (False, False, False, 0, "float32"),
        (False, True, False, 0, "bfloat16"),
        (False, True, True, 0, "float32"),
        (False, True, True, SMALL, "float32"),
        (False, True, True, LARGE, "bfloat16"),
    ],
)
def test_a_cpu_trains_in_the_precision_that_is_faster_and_fits(
    model: Any, monkeypatch: pytest.MonkeyPatch,
    amx: bool, instructions: bool, slower: bool, parameters: int, precision: str,
) -> None:  # fmt: skip
    linear, device = torch.nn.functional.linear, models.Device

    def timed(operand: Any, weight: Any) -> Any:
        waits = (operand.dtype is torch.bfloat16) is slower
        time.sleep(0.005 if waits else 0)
        return linear(operand[:1, :1], weight[:1, :1])

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: instructions)
    monkeypatch.setattr(torch.nn.functional, "linear", timed)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=8 * GB))
    models._bf16_is_faster.cache_clear()
    try:
        found = device.best(model(parameters) if parameters else None)
    finally:
        models._bf16_is_faster.cache_clear()
    assert (found.name, str(found.dtype)) == ("cpu", f"torch.{precision}")
    assert ("memory" in found.note) is (parameters == LARGE)


@pytest.mark.parametrize(
    ("parameters", "free", "four_bit"),
    [(SMALL, 34 * GB, False), (SMALL, GB // 5, None), (LARGE, 34 * GB, False), (LARGE, 10 * GB, True)],
)
def test_a_small_model_is_never_asked_in_four_bits(
    model: Any, monkeypatch: pytest.MonkeyPatch, parameters: int, free: int, four_bit: bool | None
) -> None:
    have(monkeypatch, "bitsandbytes")
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (free, 80 * GB))
    monkeypatch.setattr(models, "load_model", lambda folder, device, four_bit=False: four_bit)
    out = io.StringIO()
    gpu, wire = models.Device("cuda", torch.bfloat16, "a card"), Wire(out, io.StringIO(), must_save=False)
    if four_bit is None:
        with pytest.raises(AndraeusError, match=r"0\.3 GB .* 0\.2 GB are free"):
            models.load_for_answers(model(parameters), gpu, wire)
    else:
        assert models.load_for_answers(model(parameters), gpu, wire) is four_bit
        assert ("4 bits" if four_bit else "16 bits") in out.getvalue()
