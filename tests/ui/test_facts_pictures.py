"""Pictures of the Start and Facts steps at both sizes."""

from typing import Any

import pytest
from textual.pilot import Pilot

from andraeus_tui import preferences
from andraeus_tui.project import Project
from andraeus_tui.ui.app import AndraeusApp
from schemas.row import ReviewState
from tests.stubs.evidence import recalling_run
from tests.ui.conftest import MakeProject
from tests.ui.steps import paste, press, settle

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
Size = tuple[int, int]

PASTED = "name: Robin Vale\npet name: Rex\nboat: Petrel [of 1962]\njust some words"


def trained(make_project: MakeProject, name: str = "home/robin") -> Project:
    project = make_project(name, state=ReviewState.APPROVED)
    recalling_run(project, wrong={"barber"})
    return project


@SIZES
def test_first_start(snap_compare: Any, size: Size) -> None:
    async def look(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        await paste(pilot, "#pasted", PASTED)
        pilot.app.screen.query_one("#make").focus()
        await settle(pilot)

    assert snap_compare(AndraeusApp(), terminal_size=size, run_before=look)


@SIZES
def test_wrong_answers(snap_compare: Any, size: Size) -> None:
    async def look(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        pilot.app.screen.query_one("#source").focus()
        await press(pilot, "down", "enter", "ctrl+s")
        pilot.app.screen.query_one("#make").focus()
        await settle(pilot)

    assert snap_compare(AndraeusApp(), terminal_size=size, run_before=look)


@SIZES
def test_projects(snap_compare: Any, make_project: MakeProject, size: Size) -> None:
    for project in (make_project("home/second [draft]", facts=[]), trained(make_project)):
        preferences.remember_project(project.folder)
    assert snap_compare(AndraeusApp(), terminal_size=size, run_before=settle)


@SIZES
def test_facts(snap_compare: Any, make_project: MakeProject, size: Size) -> None:
    async def look(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        await press(pilot, "down", "e", "tab", *["delete"] * 3, *"Rex", "ctrl+s")

    assert snap_compare(AndraeusApp(trained(make_project).folder), terminal_size=size, run_before=look)


@SIZES
def test_no_facts(snap_compare: Any, make_project: MakeProject, size: Size) -> None:
    assert snap_compare(AndraeusApp(make_project(facts=[]).folder), terminal_size=size, run_before=settle)


@SIZES
def test_the_form(snap_compare: Any, make_project: MakeProject, size: Size) -> None:
    async def look(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        await press(pilot, "end", "up", "e", "tab", "tab", *"sister's dog")
        pilot.app.screen.query_one("#aliases").value = "x" * 1001  # type: ignore[attr-defined]
        pilot.app.screen.query_one("#save").focus()
        await settle(pilot)

    assert snap_compare(AndraeusApp(trained(make_project).folder), terminal_size=size, run_before=look)


@SIZES
def test_import(snap_compare: Any, make_project: MakeProject, size: Size) -> None:
    async def look(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        await press(pilot, "i")
        await paste(pilot, "#pasted", PASTED)
        pilot.app.screen.query_one("#take").focus()
        await settle(pilot)

    assert snap_compare(AndraeusApp(make_project().folder), terminal_size=size, run_before=look)


@SIZES
def test_deleting(snap_compare: Any, make_project: MakeProject, size: Size) -> None:
    async def look(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        await press(pilot, "end", "d")

    assert snap_compare(AndraeusApp(trained(make_project).folder), terminal_size=size, run_before=look)
