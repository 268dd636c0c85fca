"""What a run freezes beside the rows that it trains: what its reader reads."""

from pathlib import Path

import pytest

from andraeus_tui.freeze import freeze_run
from andraeus_tui.project import Project, change_setting
from andraeus_tui.store.rows import all_rows, review
from schemas.errors import InputError
from schemas.row import ReviewState, Row, RowKind, Split
from schemas.run import DatasetFile, TrainConfig
from tests.stubs.evidence import project_with_rows
from trainers.dataset import read_rows


def frozen(project: Project) -> tuple[Path, DatasetFile | None]:
    folder = freeze_run(project, project.runs)
    return folder, TrainConfig.model_validate_json((folder / "config.json").read_bytes()).dataset.reading


def test_more_is_read_than_trained_but_nothing_that_was_rejected(tmp_path: Path) -> None:
    project = project_with_rows(tmp_path / "p")
    with project.database() as database:
        trained = [row for row in all_rows(database, Split.TRAIN) if row.kind is RowKind.QUESTION]
    folder, file = frozen(project)
    assert file
    read = read_rows(folder, file)
    assert {row.question for row in trained} < {row.question for row in read}
    gone: Row = trained[0]
    with project.database() as database:
        review(database, [gone.id], ReviewState.REJECTED, "reject")
    folder, file = frozen(project)
    assert file
    assert {row.question for row in read} - {row.question for row in read_rows(folder, file)} == {gone.question}


def tampered(project: Project, **changes: object) -> str:
    """Change one approved question where no command can; what freezing says then."""
    with project.database() as database:
        row = next(
            row
            for row in all_rows(database, Split.TRAIN, ReviewState.APPROVED)
            if row.kind is RowKind.QUESTION and row.fact_ids
        )
        body = row.model_copy(update=changes).model_dump_json()
        with database.connection:
            database.connection.execute("UPDATE rows SET body = ? WHERE id = ?", (body, row.id))
    with pytest.raises(InputError) as told:
        freeze_run(project, project.runs)
    assert row.id in str(told.value) and not list(project.runs.glob("*/config.json"))
    return str(told.value)


def test_no_row_of_a_fact_that_is_gone_is_trained(tmp_path: Path) -> None:
    assert "a fact that is gone" in tampered(project_with_rows(tmp_path / "p"), fact_ids=("gone",))


def test_nothing_that_is_known_is_trained_to_be_refused(tmp_path: Path) -> None:
    said = tampered(project_with_rows(tmp_path / "p"), kind=RowKind.ABSTENTION)
    assert "says 'I don't know' of a fact that is known" in said


@pytest.mark.parametrize(("name", "value"), [("reader", False), ("preset", "seed")])
def test_where_nothing_helps_to_read_nothing_is_frozen_for_it(tmp_path: Path, name: str, value: object) -> None:
    project = project_with_rows(tmp_path / "p")
    change_setting(project, "recipe", name, value)
    assert frozen(project)[1] is None
