"""Primers: made by a worker, found by the base model's weights, and what training does with one and without."""

import json
import lzma
from pathlib import Path
from typing import Any

import pytest

from andraeus_tui.freeze import write_rows
from evaluators.options import outside
from generators.build import build
from generators.priming import general_rows, priming_rows
from schemas.errors import InputError
from schemas.primed import SHIPPED, primed_questions
from schemas.row import Row, RowKind, Split
from schemas.run import Dataset, TrainConfig
from schemas.settings import PRESETS, GenerationSettings, Preset, Recipe
from schemas.weights import NAMES_FILE, QUESTIONS_FILE, sha256_of, take_adapter
from tests.conftest import Cli
from tests.generators.facts import facts_of
from tests.trainers.test_measure import work

pytest.importorskip("torch")

NO = "I don't know."
STOP = '{"command": "stop"}\n'
SMALL = PRESETS[Preset.DEFAULT].model_copy(update={"epochs": 1, "batch_size": 4, "early_stop": False, "gate": False})


def run_folder(folder: Path, model: Path, recipe: Recipe, rows: list[Row]) -> Path:
    """A frozen run of a few rows."""
    folder.mkdir(parents=True)
    parts: dict[str, list[Row]] = {"train": rows, "replay": [], "dev": [], "test": []}
    files = {name: write_rows(folder, name, part) for name, part in parts.items()}
    config = TrainConfig(
        model=str(model), system_prompt="", preset=Preset.DEFAULT, recipe=recipe, seed=0,
        dataset=Dataset(**files, fact_ids=()),
    )  # fmt: skip
    (folder / "config.json").write_text(config.model_dump_json())
    return folder


def trained(folder: Path, cache: Path) -> tuple[dict[str, Any], list[str]]:
    """The result of a run, and what the worker said on the way."""
    events = work("train", {"folder": str(folder), "cache": str(cache)})
    assert events[-1]["event"] == "finished", events[-1]
    return events[-1]["result"], [event["message"] for event in events if event["event"] == "log"]


def about_somebody() -> list[Row]:
    facts = facts_of({"pet_name": "Max", "garage code": "4711"})
    rows = build(facts, GenerationSettings(variations=4, abstention=0.2)).rows
    return [row for row in rows if row.split is Split.TRAIN and row.kind is not RowKind.REPLAY][:40]


@pytest.fixture(scope="module")
def primed(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A cache with a primer of the tiny model, and what its worker said at the end."""
    home = tmp_path_factory.mktemp("primed")
    rows = [row for row in about_somebody() if row.kind is RowKind.ABSTENTION][:12]
    recipe = SMALL.model_copy(update={"primer": False, "second_look": False})
    folder = run_folder(home / "run", tiny_model, recipe, rows)
    events = work("prime", {"folder": str(folder), "cache": str(home / "cache")})
    assert events[-1]["event"] == "finished", events[-1]
    return home / "cache", events[-1]["result"]


@pytest.fixture(scope="module")
def rows_of_today() -> list[Row]:
    """What a primer would be trained on now: half a minute's work."""
    return priming_rows(barred=outside())


def weights(adapter: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return dict(load_file(adapter / "adapter_model.safetensors"))


def test_training_begins_with_the_primer_of_its_base_model(
    primed: tuple[Path, dict[str, Any]], tiny_model: Path, tmp_path: Path
) -> None:
    cache, made = primed
    place = Path(made["primer"])
    assert place.parent == cache / "primers" and sha256_of(place) == made["sha256"]
    rows = (cache.parent / "run" / "dataset" / "train.jsonl").read_text("utf-8").splitlines()
    asked = {json.loads(line)["question"] for line in rows}
    assert len(asked) > 8
    assert primed_questions(cache) == primed_questions(tmp_path) | asked, "what it saw is known where it lies"
    # A rate at which no weight moves: what comes out is what it began with.
    still = SMALL.model_copy(update={"learning_rate": 1e-30})
    result, said = trained(run_folder(tmp_path / "with", tiny_model, still, about_somebody()), cache)
    assert result["primer"] == made["sha256"]
    assert any("begins with a primer" in message for message in said)
    begun = weights(tmp_path / "with" / "adapter")
    assert begun and all((begun[name] == value).all() for name, value in weights(place).items())


@pytest.mark.parametrize("body", [b"", b"not packed", lzma.compress(b"What?")[:-4], lzma.compress(b"\xff")])
def test_what_it_saw_is_damaged(body: bytes, tmp_path: Path) -> None:
    place = tmp_path / "primers" / "3f9c"
    place.mkdir(parents=True)
    (place / QUESTIONS_FILE).write_bytes(body)
    with pytest.raises(InputError, match="damaged"):
        primed_questions(tmp_path)


def test_without_one_it_says_so_and_how_to_get_one(tiny_model: Path, tmp_path: Path) -> None:
    result, said = trained(run_folder(tmp_path / "run", tiny_model, SMALL, about_somebody()), tmp_path / "cache")
    assert result["primer"] == ""
    assert any("no primer" in message and "andraeus-tui prime --model" in message for message in said)
    body = json.loads((tmp_path / "run" / "adapter" / NAMES_FILE).read_text())
    assert body["borders"] == {"listed": 0.2, "unlisted": 0.2}


def test_one_that_is_switched_off_is_not_spoken_of(
    primed: tuple[Path, dict[str, Any]], tiny_model: Path, tmp_path: Path
) -> None:
    off = SMALL.model_copy(update={"primer": False})
    result, said = trained(run_folder(tmp_path / "run", tiny_model, off, about_somebody()), primed[0])
    assert result["primer"] == "" and not any("primer" in message for message in said)


def test_the_second_look_asks_less_of_what_a_primed_adapter_was_told(
    primed: tuple[Path, dict[str, Any]], tiny_model: Path, tmp_path: Path
) -> None:
    from trainers.second_look import Look, load_second_look

    trained(run_folder(tmp_path / "run", tiny_model, SMALL, about_somebody()), primed[0])
    update = run_folder(tmp_path / "update", tiny_model, SMALL, about_somebody())
    sha256 = take_adapter(tmp_path / "run" / "adapter", update / "parent")
    config = json.loads((update / "config.json").read_text()) | {"parent": {"run": "run", "sha256": sha256}}
    (update / "config.json").write_text(json.dumps(config))
    trained(update, tmp_path / "no cache")
    for adapter in (tmp_path / "run" / "adapter", update / "adapter"):  # an update goes on with it
        look = load_second_look(adapter, lambda: None)
        assert look and look.unlisted == {"Your garage code is"} and "Your pet's name is" in look.names
        refused, known = f"Your boat? {NO}", "Your pet's name is"
        assert look.wants(refused, Look(0.05, "Your garage code is")) == "Your garage code is"
        assert look.wants(refused, Look(0.005, "Your garage code is")) is None
        assert look.wants(refused, Look(0.05, known)) is None
        assert look.wants(refused, Look(0.15, known)) == known


def test_preparing_says_how_far_it_is_and_hears_a_stop_at_once(tiny_model: Path, tmp_path: Path) -> None:
    job = {"folder": str(run_folder(tmp_path / "run", tiny_model, SMALL, about_somebody())), "cache": str(tmp_path)}
    stopped, whole = work("train", job, STOP), work("train", job)
    told = [(event["done"], event["total"]) for event in whole if event.get("stage") == "prepare"]
    assert len(told) > 1 and told == sorted(set(told)) and told[-1][0] == told[-1][1]
    assert stopped[-1]["event"] == "cancelled" and "nothing was lost" in stopped[-1]["message"]
    assert not [event for event in stopped if event.get("stage") == "prepare"]


def test_another_base_model_or_shape_has_another_primer(tiny_model: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    from trainers.primer import name_of

    (weights_file,) = tiny_model.glob("*.safetensors")
    body = load_file(weights_file)
    norm = next(name for name, value in body.items() if value.ndim == 1)
    (tmp_path / "same").mkdir()
    (tmp_path / "other").mkdir()
    save_file(body, tmp_path / "same" / "renamed.safetensors")
    save_file(body | {norm: body[norm] + torch.tensor(1.0, dtype=body[norm].dtype)}, tmp_path / "other" / "model.safetensors")  # fmt: skip
    assert name_of(tmp_path / "same", SMALL) == name_of(tiny_model, SMALL)
    assert name_of(tmp_path / "other", SMALL) != name_of(tiny_model, SMALL)
    assert name_of(tiny_model, SMALL.model_copy(update={"rank": 8})) != name_of(tiny_model, SMALL)


def test_the_command_says_what_is_missing_before_it_does_anything(cli: Cli, tmp_path: Path) -> None:
    done = cli("prime", "--model", tmp_path / "nothing")
    assert done.returncode == 2 and "There is no model folder" in done.stderr
    assert not list(tmp_path.rglob("train.jsonl"))


@pytest.mark.slow
def test_the_shipped_ones_are_of_the_embedded_model_and_say_what_they_saw(
    cache: Path, rows_of_today: list[Row]
) -> None:
    from trainers.primer import primer_for

    (base,) = (path for path in (cache / "models").iterdir() if path.is_dir())
    for preset in (Preset.DEFAULT, Preset.THOROUGH):
        place = primer_for(base, PRESETS[preset], Path("/nowhere"))
        assert place and place.parent == SHIPPED
        assert all(value.isfinite().all() for value in weights(place).values())
    saw = primed_questions(Path("/nowhere"))
    assert len(saw) > 200_000
    # Most are what today's code would train as well: the others were drawn from the same wordings.
    assert sum(row.question in saw for row in rows_of_today) > 0.5 * len(saw)


@pytest.mark.slow
def test_its_rows_name_what_is_asked_and_know_nothing(rows_of_today: list[Row]) -> None:
    rows = rows_of_today
    assert len(rows) > 150_000
    assert len({row.question for row in rows}) == len(rows)
    assert all(row.answer.endswith(f"? {NO}") and not row.fact_ids and row.split is Split.TRAIN for row in rows)
    assert not {row.topic.removeprefix("user/").casefold() for row in rows} & {name.casefold() for name in outside()}
    general = general_rows()
    assert {row.kind for row in general} == {RowKind.REPLAY} and not any("{" in row.question for row in general)
    # What keeps an adapter able where no gate does it for it.
    assert 1 / 11 < len(general) / (len(rows) + len(general)) < 1 / 6
