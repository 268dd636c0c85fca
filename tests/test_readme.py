"""The README's commands work as they stand there (on the tiny model, so that it takes seconds)."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from schemas.settings import PRESETS, Preset, ProjectSettings
from tests.conftest import ROOT, Cli

README = (ROOT / "README.md").read_text("utf-8")


@pytest.mark.slow
def test_the_commands_run(cli: Cli, tmp_path: Path, tiny_model: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    block = README.split("<!-- commands -->")[1].split("<!-- end -->")[0]
    commands = [shlex.split(line) for line in block.strip().splitlines()]
    assert len(commands) >= 8
    for command in commands:
        assert command[0] == "andraeus-tui"
        more = ["--model", str(tiny_model)] if command[1] == "init" else []
        done = cli(*command[1:], *more)
        assert done.returncode == 0, (command, done.stderr)
        if command[1] == "init":
            settings = tmp_path / "me" / "project.toml"
            settings.write_text(
                settings.read_text() + "[recipe]\nepochs = 1\nreader = false\n[evaluation]\nmax_new_tokens = 4\n"
            )


def test_the_settings_are_the_defaults() -> None:
    block = re.search(r"( {4}\[model\].*?)\n\n[A-Z]", README, re.DOTALL)
    assert block
    shown = tomllib.loads("\n".join(line.strip() for line in block.group(1).splitlines()))
    defaults = ProjectSettings().model_dump(mode="json")
    for section, values in shown.items():
        for key, value in values.items():
            assert defaults[section][key] == value, (section, key)


def test_the_numbers_it_names() -> None:
    from generators import lexicon
    from generators.families import families

    assert f"{len(lexicon.entries())} common attributes" in README
    assert f"{len(lexicon.uncommon()):,} others" in README
    assert f"{len(lexicon.uncommon()):,} less common attributes" in README
    assert f"{sum(map(len, families().values()))} generic" in README
    seed = PRESETS[Preset.SEED]
    assert f"rank {seed.rank}, alpha {seed.alpha}, {seed.epochs} epochs" in README


def test_makefile_has_both_commands() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for command in re.findall(r"^ {4}make (\w+)", README, re.MULTILINE):
        assert f"\n{command}:" in makefile
