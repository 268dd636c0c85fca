"""The rules of the house: what imports what, and what a module may be."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
HEAVY = ("torch", "transformers", "peft", "unsloth", "vllm", "accelerate")


FRONT = ("generators.build", "evaluators.scorer", "schemas.validate")
"""What the front end uses of the other folders."""


def _modules(package: str) -> list[str]:
    paths = (ROOT / package).rglob("*.py")
    return sorted(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in paths)


def test_the_front_end_never_imports_heavy_libraries() -> None:
    # One process for all of them, so that the first that brings a library in is told.
    modules = [*FRONT, *(name for name in _modules("andraeus_tui") if not name.endswith("__main__"))]
    code = (
        "import importlib, sys\n"
        f"for name in {modules!r}:\n"
        "    importlib.import_module(name)\n"
        f"    found = [heavy for heavy in {HEAVY!r} if heavy in sys.modules]\n"
        "    assert not found, (name, found)\n"
        "print(len(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr.strip().splitlines()[-1:]
    assert {"andraeus_tui.training", "andraeus_tui.supervisor", "andraeus_tui.ui.screens.evidence"} <= set(modules)


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
