"""project.toml as a form: what is typed, what is written, and what never is."""

from pathlib import Path

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from andraeus_tui.project import Project, change_setting, create, read_settings, reset_setting
from andraeus_tui.settings_form import Kind, Setting, all_settings, as_text, check, in_force, read, stored
from schemas.errors import InputError
from schemas.settings import PRESETS, Preset, ProjectSettings, RecipeSettings

SETTINGS = {setting.name: setting for setting in all_settings()}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return create(tmp_path_factory.mktemp("form") / "p", "embedded")


def test_every_setting_is_there_and_explained() -> None:
    sections = ProjectSettings().model_dump()
    assert [(s.section, s.key) for s in all_settings()] == [(name, key) for name in sections for key in sections[name]]
    assert [setting.name for setting in all_settings() if not setting.help] == []
    assert SETTINGS["generation.variations"].bounds == "1 to 200"
    assert SETTINGS["recipe.learning_rate"].bounds == "more than 0, at most 1"
    assert SETTINGS["recipe.schedule"].choices == ("cosine", "constant")
    assert SETTINGS["model.system_prompt"].kind is Kind.TEXT


def test_preset_stands_in_where_nothing_is_set() -> None:
    chosen = ProjectSettings(recipe=RecipeSettings(preset=Preset.SEED, epochs=2))
    rank, epochs, early = (SETTINGS[f"recipe.{key}"] for key in ("rank", "epochs", "early_stop"))
    assert stored(chosen, rank) is None
    assert in_force(chosen, rank) == PRESETS[Preset.SEED].rank
    assert stored(chosen, epochs) == in_force(chosen, epochs) == 2
    assert in_force(chosen, early) is False
    wordings = SETTINGS["generation.variations"]
    assert in_force(ProjectSettings(), wordings) == 120
    thorough = ProjectSettings(recipe=RecipeSettings(preset=Preset.THOROUGH))
    assert in_force(thorough, wordings) == 200
    few = ProjectSettings()
    assert (in_force(few, epochs), in_force(few, epochs, rows=100), in_force(few, epochs, rows=50_000)) == (1, 8, 1)


@pytest.mark.parametrize(
    ("name", "text", "word"),
    [
        ("generation.variations", "300", "at most 200"),
        ("generation.variations", "0", "at least 1"),
        ("generation.variations", "ten", "whole number"),
        ("generation.variations", "1.5", "whole number"),
        ("generation.replay", "", "whole number"),
        ("generation.variations", "\u0663", "whole number"),
        ("generation.variations", "9" * 5000, "whole number"),
        ("generation.seed", "2147483648", "at most 2,147,483,647"),
        ("recipe.seed", "2147483648", "at most 2,147,483,647"),
        ("recipe.seed", "-1", "at least 0"),
        ("generation.abstention", "nan", "number"),
        ("generation.abstention", "inf", "number"),
        ("recipe.learning_rate", "0", "more than 0"),
        ("recipe.schedule", "linear", "one of cosine, constant"),
        ("recipe.early_stop", "maybe", "yes or no"),
        ("model.name", "  ", "empty"),
        ("model.system_prompt", "x" * 10_001, "10,001"),
    ],
)
def test_problems_help(name: str, text: str, word: str) -> None:
    found = read(SETTINGS[name], text)
    assert word in found.problem
    assert found.value is None
    assert len(found.problem) < 200


def test_the_largest_seed_is_taken_and_told() -> None:
    for name in ("generation.seed", "recipe.seed"):
        assert read(SETTINGS[name], "2147483647").value == 2**31 - 1
        assert SETTINGS[name].bounds == "0 to 2,147,483,647"


def test_empty_field_leaves_it_to_the_preset() -> None:
    assert read(SETTINGS["recipe.rank"], " ").value is None
    assert read(SETTINGS["recipe.rank"], " ").problem == ""


@given(st.sampled_from(all_settings()), st.text() | st.integers().map(str) | st.floats().map(str))
def test_read_never_raises_and_what_it_gives_is_valid(setting: Setting, text: str) -> None:
    found = read(setting, text)
    if not found.problem and found.value is not None:
        body = {setting.section: {setting.key: found.value}}
        assert stored(ProjectSettings.model_validate(body), setting) == found.value
        assert read(setting, as_text(found.value)) == found


@given(st.text())
@settings(max_examples=60)
def test_any_text_survives_the_file(project: Project, text: str) -> None:
    if check(SETTINGS["model.system_prompt"], text).problem:
        return
    change_setting(project, "model", "system_prompt", text)
    assert project.settings.model.system_prompt == text
    assert Project(project.folder).settings == project.settings


def test_comments_and_order_stay(tmp_path: Path) -> None:
    project = create(tmp_path / "p", "embedded")
    path = project.folder / "project.toml"
    path.write_text(
        '# mine\n[recipe] # how\nepochs = 3 # few\nseed = 1\n\n[model]\nname = "embedded" # small\n', "utf-8"
    )
    change_setting(project, "recipe", "epochs", 4)
    change_setting(project, "generation", "variations", 7)
    assert path.read_text("utf-8").startswith(
        '# mine\n[recipe] # how\nepochs = 4 # few\nseed = 1\n\n[model]\nname = "embedded" # small\n'
    )
    assert project.settings.generation.variations == 7
    reset_setting(project, "recipe", "epochs")
    assert project.settings.recipe.epochs is None
    assert "seed = 1" in path.read_text("utf-8")
    reset_setting(project, "generation", "variations")
    assert "[generation]" not in path.read_text("utf-8"), "nothing is left in it"
    reset_setting(project, "recipe", "seed")
    assert "[recipe] # how\n" in path.read_text("utf-8"), "somebody wrote something there"
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("key", "value"), [("variations", 300), ("variations", "x"), ("abstention", -1), ("no", 1)])
def test_invalid_value_never_lands_in_the_file(tmp_path: Path, key: str, value: object) -> None:
    project = create(tmp_path / "p", "embedded")
    before, held = (project.folder / "project.toml").read_bytes(), project.settings
    with pytest.raises(InputError, match=key):
        change_setting(project, "generation", key, value)
    assert (project.folder / "project.toml").read_bytes() == before
    assert project.settings == held


def test_file_broken_from_outside_is_not_overwritten(tmp_path: Path) -> None:
    project = create(tmp_path / "p", "embedded")
    path = project.folder / "project.toml"
    for broken in ("[model\nname = 1", "model = 3\n", "[generation]\nvariations = 0\n"):
        path.write_text(broken)
        with pytest.raises(InputError):
            change_setting(project, "model", "system_prompt", "x")
        assert path.read_text() == broken
    change_setting(project, "generation", "variations", 5)
    assert read_settings(path).generation.variations == 5
    reset_setting(project, "recipe", "rank")


def test_resetting_what_is_not_set_changes_nothing(tmp_path: Path) -> None:
    project = create(tmp_path / "p", "embedded")
    before = (project.folder / "project.toml").stat().st_mtime_ns
    reset_setting(project, "recipe", "rank")
    reset_setting(project, "model", "system_prompt")
    assert (project.folder / "project.toml").stat().st_mtime_ns == before


def test_model_folder_is_kept_by_its_full_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = create(tmp_path / "p", "embedded")
    (tmp_path / "weights").mkdir()
    monkeypatch.chdir(tmp_path)
    change_setting(project, "model", "name", "weights")
    assert project.settings.model.name == str(tmp_path / "weights")
    change_setting(project, "model", "name", "a" * 5000)
    assert project.settings.model.name == "a" * 5000
    assert tomlkit.parse((project.folder / "project.toml").read_text())["model"]["name"] == "a" * 5000
