"""What a training process takes along when it starts, and what it does not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

LOADS = "from transformers import AutoModelForCausalLM\nfrom transformers.generation import candidate_generator\n"


def planted(tmp_path: Path, code: str) -> bool:
    """Whether the code imports a scikit-learn that was planted and tells when it is imported."""
    folder, told = tmp_path / "sklearn", tmp_path / "imported"
    folder.mkdir()
    (folder / "__init__.py").write_text(f"open({str(told)!r}, 'w').close()\n__version__ = '9'\n")
    (folder / "metrics.py").write_text("roc_curve = None\n")
    (tmp_path / "scikit_learn-9.dist-info").mkdir()
    (tmp_path / "scikit_learn-9.dist-info" / "METADATA").write_text("Name: scikit-learn\nVersion: 9\n")
    path = os.pathsep.join((str(tmp_path), str(Path(__file__).parents[2])))
    subprocess.run([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": path}, check=True)
    return told.exists()


def test_transformers_is_loaded_without_what_text_does_not_need(tmp_path: Path) -> None:
    assert not planted(tmp_path, f"from trainers import spare\nspare.leave_out()\n{LOADS}")


def test_transformers_would_take_it_along(tmp_path: Path) -> None:
    assert planted(tmp_path, LOADS), "it does not any more: trainers/spare.py has nothing to do"
