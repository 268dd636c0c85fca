"""Fixtures for the cores: a store with rows to review, made once and copied for every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from andraeus_tui.store.database import Database
from tests.andraeus_tui.reviewable import copy_of, filled


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "memory.db"
    filled(path).close()
    return path


@pytest.fixture
def database(template: Path, tmp_path: Path) -> Iterator[Database]:
    with copy_of(template, tmp_path) as opened:
        yield opened
