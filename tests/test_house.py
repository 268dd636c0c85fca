"""The rules of the house: what imports what, and what a module may be."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEAVY = ("torch", "transformers", "peft", "unsloth", "vllm", "accelerate")


@pytest.mark.parametrize(
    "module",
    ["andraeus_tui.cli", "andraeus_tui.commands.train", "andraeus_tui.commands.evaluate", "andraeus_tui.commands.generate",
     "andraeus_tui.commands.ask", "andraeus_tui.jobs", "generators.build", "evaluators.scorer", "schemas.validate"],
)  # fmt: skip
def test_the_front_end_never_imports_heavy_libraries(module: str) -> None:
    code = f"import sys, {module}; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_schemas_import_little() -> None:
    code = "import sys, schemas.run, schemas.events; print([m for m in ('click', 'rich', 'yaml', 'torch') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_modules_stay_small() -> None:
    packages = ("andraeus_tui", "generators", "trainers", "evaluators", "schemas")
    long = {
        str(path.relative_to(ROOT)): count
        for package in packages
        for path in (ROOT / package).rglob("*.py")
        if (count := len(path.read_text().splitlines())) > 320
    }
    assert not long
