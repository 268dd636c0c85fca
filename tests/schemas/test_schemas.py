"""The JSON Schemas on disk are the types, and their messages help."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from schemas.events import Log, Metric, parse_event
from schemas.fact import ImportedFact, split_list
from schemas.settings import (
    PRESETS,
    GenerationSettings,
    ModelSettings,
    Preset,
    ProjectSettings,
    RecipeSettings,
    resolve_recipe,
    wordings_of,
)
from schemas.validate import FOLDER, generate, problems


def test_files_equal_the_types() -> None:
    written = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.json")}
    assert written == generate(), "run: python -m schemas"
    assert set(written) == {f"{n}.schema.json" for n in ("fact", "row", "dataset", "project", "event", "evaluation")}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.name)
def test_files_are_valid_draft_2020_12(path: object) -> None:
    schema = json.loads(FOLDER.joinpath(str(path)).read_text("utf-8"))
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize(
    ("body", "pointer", "word"),
    [
        ({"attribute": "a"}, "/", "value"),
        ({"attribute": "a", "value": ""}, "/value", "empty"),
        ({"attribute": "a", "value": "x" * 10_000}, "/value", "10,000"),
        ({"attribute": "a\x07", "value": "x"}, "/attribute", "control"),
        ({"attribute": "a\n", "value": "x"}, "/attribute", "control"),
        ({"attribute": "a", "value": None}, "/value", "null"),
        ({"attribute": "a", "value": "x", "tier": 5}, "/tier", "one of"),
        ({"attribute": "a", "value": "x", "colour": 1}, "/", "colour"),
        ({"attribute": "a", "value": "x", "questions": ["a|b", "\x07"]}, "/questions/1", "take them out"),
        ({"attribute": "a", "value": "x", "questions": ["x" * 301]}, "/questions/0", "301"),
    ],
)
def test_problems_name_pointer_and_reason(body: dict[str, object], pointer: str, word: str) -> None:
    found = list(problems("fact", body))
    assert len(found) == 1
    assert found[0].startswith(f"{pointer}:")
    assert word in found[0]


@given(
    st.dictionaries(
        st.sampled_from(["attribute", "value", "subject", "tier", "questions", "x"]),
        st.text() | st.integers() | st.none() | st.lists(st.text()),
    )
)
def test_schema_and_type_agree(body: dict[str, object]) -> None:
    try:
        ImportedFact.model_validate(body, strict=False)
        accepted = True
    except ValueError:
        accepted = False
    if not list(problems("fact", body)):
        assert accepted


@given(st.lists(st.text() | st.sampled_from(["Who?", "WHO?", " Who? "]), max_size=21))
def test_questions_that_the_schema_takes_stand_once_and_stripped(questions: list[str]) -> None:
    body = {"attribute": "a", "value": "x", "questions": questions}
    if list(problems("fact", body)):
        return
    kept = ImportedFact.model_validate(body).questions
    folded = [text.casefold() for text in kept]
    assert len(set(folded)) == len(folded)
    assert set(folded) == {text.strip().casefold() for text in questions}
    assert all(text == text.strip() for text in kept)


@given(st.integers(0, 10**6), st.floats(allow_nan=False, allow_infinity=False), st.text())
def test_events_survive_the_pipe(step: int, value: float, text: str) -> None:
    for event in (Metric(step=step, total_steps=step, epoch=0.5, values={"loss": value}), Log(message=text)):
        line = event.model_dump_json()
        assert "\n" not in line
        assert parse_event(line) == event


def test_seed_preset_is_the_seeds() -> None:
    seed = PRESETS[Preset.SEED]
    assert (seed.rank, seed.alpha, seed.epochs, seed.learning_rate) == (64, 128, 5, 3e-4)
    assert (seed.schedule, seed.warmup, seed.targets) == ("cosine", 0.03, "all-linear")
    assert resolve_recipe(ProjectSettings(recipe=RecipeSettings(preset=Preset.SEED, epochs=2))).epochs == 2


def test_a_preset_says_how_many_wordings_unless_the_person_does() -> None:
    unset = GenerationSettings()
    assert {preset: wordings_of(unset, preset) for preset in Preset} == {
        Preset.SEED: 60, Preset.DEFAULT: 120, Preset.THOROUGH: 200,
    }  # fmt: skip
    assert wordings_of(GenerationSettings(variations=7), Preset.THOROUGH) == 7


def test_few_rows_are_passed_over_more_often_unless_the_person_says_how_often() -> None:
    def epochs(rows: int, **changes: Any) -> int:
        return resolve_recipe(ProjectSettings(recipe=RecipeSettings(**changes)), rows).epochs

    assert [epochs(rows) for rows in (0, 100_000, 11_000, 5600, 3200, 1600, 320, 1)] == [1, 1, 1, 2, 4, 7, 8, 8]
    assert epochs(1600, epochs=1) == 1
    assert epochs(1600, preset=Preset.SEED) == 5
    assert epochs(1600, batch_size=8) == 2


def weights(path: Path, count: int) -> None:
    """A safetensors file's header: as far as a size goes, a model."""
    header = json.dumps({"w": {"dtype": "BF16", "shape": [count], "data_offsets": [0, 2 * count]}}).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(len(header).to_bytes(8, "little") + header)


def test_the_larger_a_model_the_lower_its_learning_rate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub_home"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)

    def rate(name: str, **changes: Any) -> float:
        settings = ProjectSettings(model=ModelSettings(name=name), recipe=RecipeSettings(**changes))
        return resolve_recipe(settings).learning_rate

    for count in (1_000, 500_000_000, 7_600_000_000):
        weights(tmp_path / str(count) / "model.safetensors", count)
    rates = [rate("embedded"), *(rate(str(tmp_path / str(count))) for count in (1_000, 500_000_000, 7_600_000_000))]
    assert rates == [2e-3, 2e-3, 5e-4, 2e-4]
    assert rate("Qwen/Qwen2.5-0.5B-Instruct") == 2e-4  # Not here yet: as careful as with a large one.
    weights(tmp_path / "hub_home/hub/models--Qwen--Qwen2.5-0.5B-Instruct/snapshots/1/model.safetensors", 500_000_000)
    assert rate("Qwen/Qwen2.5-0.5B-Instruct") == 5e-4
    (tmp_path / "1000" / "model.safetensors").write_bytes(b"broken")
    assert rate(str(tmp_path / "1000")) == 2e-4
    assert rate("x" * 10_000) == rate("x/" + "y" * 10_000) == rate("a\0b") == rate("~nobody/x") == 2e-4
    assert rate("embedded", learning_rate=1e-4) == 1e-4 and rate("embedded", preset=Preset.SEED) == 3e-4
    assert rate("embedded", preset=Preset.THOROUGH) == 1e-3 and rate("x", preset=Preset.THOROUGH) == 2e-4


@pytest.mark.parametrize(
    ("text", "items"), [("chess, hiking and tea", 3), ("a;b", 2), ("rock and roll", 2), ("one", 1), (" , ", 0)]
)
def test_split_list(text: str, items: int) -> None:
    assert len(split_list(text)) == items
