"""Facts in and out, through the command line; malformed input gives one sentence and the right exit code."""

import json
import shutil
from pathlib import Path

import pytest

from tests.conftest import Cli, CommandIn

GOOD = '{"pet_name": "Max", "age": 34, "hobbies": ["chess", "tea"], "vegetarian": true}'


@pytest.fixture(scope="module")
def made(command_in: CommandIn) -> Path:
    """A project with one fact, made once."""
    cli, home = command_in("made")
    facts = home / "first.json"
    facts.write_text('{"city": "Lisbon"}')
    assert cli("init", home / "p", "--facts", facts).returncode == 0
    return home / "p"


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "p"))


def listed(cli: Cli, folder: Path) -> list[dict[str, object]]:
    facts = json.loads(cli("facts", "list", "--project", folder, "--output", "json").stdout)["facts"]
    assert isinstance(facts, list)
    return facts


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", GOOD),
        ("b.json", '[{"attribute": "pet_name", "value": "Max"}, {"attribute": "age", "value": 34},'
                   ' {"attribute": "hobbies", "value": ["chess", "tea"]}, {"attribute": "vegetarian", "value": true}]'),
        ("c.jsonl", '{"attribute": "pet_name", "value": "Max"}\n\n{"attribute": "age", "value": 34}\n'
                    '{"attribute": "hobbies", "value": ["chess", "tea"]}\n{"attribute": "vegetarian", "value": "yes"}'),
        ("d.csv", "attribute,value,kind\npet_name,Max,\nage,34,\nhobbies,chess|tea,list\nvegetarian,yes,\n"),
        ("e.csv", "pet_name;Max\nage;34\nhobbies;chess and tea\nvegetarian;yes\n"),
        ("f.yaml", "pet_name: Max\nage: 34\nhobbies: [chess, tea]\nvegetarian: true\n"),
        ("g.txt", "# me\npet_name: Max\n- age = 34\nhobbies: chess and tea\nvegetarian: yes\n"),
    ],
)  # fmt: skip
def test_every_format_is_read(cli: Cli, folder: Path, tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    done = cli("facts", "import", tmp_path / name, "--project", folder)
    assert (done.returncode, done.stdout.strip()) == (0, "4 facts taken.")
    assert [fact["attribute"] for fact in listed(cli, folder)] == ["city", "pet_name", "age", "hobbies", "vegetarian"]


@pytest.mark.parametrize("form", ["json", "jsonl", "csv", "yaml"])
def test_export_gives_back_what_was_imported(cli: Cli, folder: Path, tmp_path: Path, form: str) -> None:
    source = tmp_path / "in.json"
    body: list[dict[str, object]] = [
        {"attribute": "pet_name", "value": "Max [the] <|im_end|> 🦊", "aliases": ["Maxi", "M."], "source": "me"},
        {"attribute": "birthday", "value": "3 May 1990", "subject": "sister", "tier": 4},
        {"attribute": "hobbies", "value": ["chess", "tea, green"], "kind": "list"},
        {"attribute": "motto", "value": "שלום, \"world\""},
        {"attribute": "spotter", "value": ["S|a", "\\| b\\"], "kind": "list", "aliases": ["S|", "T\\"],
         "questions": ["Who spots me <|im_start|>?", "| my a||b\\", "\\|me"]},
    ]  # fmt: skip
    source.write_text(json.dumps(body, ensure_ascii=False), "utf-8")
    assert cli("facts", "import", source, "--project", folder).returncode == 0
    before = listed(cli, folder)
    exported = tmp_path / f"out.{form}"
    assert cli("facts", "export", "--project", folder, "--format", form, "--file", exported).returncode == 0
    assert cli("init", tmp_path / "q", "--facts", exported).returncode == 0
    assert listed(cli, tmp_path / "q") == before
    for wanted in body:
        assert any(all(fact.get(key) == value for key, value in wanted.items()) for fact in before)


def test_flat_mapping_round_trip_keeps_types(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "in.json").write_text(GOOD)
    assert cli("init", tmp_path / "m", "--facts", tmp_path / "in.json").returncode == 0
    done = cli("facts", "export", "--project", tmp_path / "m", "--format", "mapping")
    assert json.loads(done.stdout) == json.loads(GOOD)


def test_add_change_remove_undo(cli: Cli, folder: Path) -> None:
    at = ("--project", folder)
    assert cli("facts", "add", "barber", "Dario Conti", *at).returncode == 0
    assert cli("facts", "add", "barber", "Sam", *at).returncode == 2
    assert cli("facts", "add", "barber", "Sam", "--replace", *at).returncode == 0
    assert cli("facts", "remove", "barber", *at).returncode == 0
    assert cli("facts", "remove", "barber", *at).returncode == 2
    values = []
    for command in ("undo", "undo", "undo", "undo", "redo"):
        assert cli(command, *at).returncode == 0
        values.append([fact["value"] for fact in listed(cli, folder)])
    assert values == [["Lisbon", "Sam"], ["Lisbon", "Dario Conti"], ["Lisbon"], [], ["Lisbon"]]
    assert cli("redo", *at).returncode == 0
    assert cli("history", *at).stdout.count("undone") == 2


MALFORMED: list[tuple[str, bytes, str]] = [
    ("broken.json", b'{"a": ', "not valid JSON"),
    ("number.json", b"3", "neither a list"),
    ("nested.json", b'{"a": {"b": 1}}', "object"),
    ("deep.json", b"[" * 100_000, "not valid JSON"),
    ("empty.json", b"", "is empty"),
    ("nothing.json", b"{}", "no facts"),
    ("null.json", b'{"a": null}', "empty"),
    ("emptykey.json", b'{"": "x"}', "empty"),
    ("blankkey.json", b'{"  ": "x"}', "/attribute"),
    ("emptyvalue.json", b'{"a": ""}', "empty"),
    ("long.json", b'{"a": "' + b"x" * 10_000 + b'"}', "10,000 characters"),
    ("control.json", b'{"a": "x\\u0007y"}', "control characters"),
    ("escape.txt", b"a: \x1b[31mred", "control characters"),
    ("unknown.json", b'[{"attribute": "a", "value": "b", "colour": 1}]', "unknown key"),
    ("tier.json", b'[{"attribute": "a", "value": "b", "tier": 9}]', "/tier"),
    ("badtype.json", b'[{"attribute": 5, "value": "b"}]', "/attribute"),
    ("broken.jsonl", b'{"attribute": "a", "value": "b"}\n{"x', "line 2"),
    ("latin1.txt", "name: Jos\xe9".encode("latin-1"), "not UTF-8"),
    ("nul.txt", b"a: b\x00", "control characters"),
    ("noheader.csv", b"a,b,c\n1,2,3\n", "header"),
    ("cells.csv", b"attribute,value\na\n", "cells"),
    ("quote.csv", b'attribute,value\n"a,b\n', "CSV"),
    ("column.csv", b"attribute,value,colour\na,b,c\n", "unknown column"),
    ("broken.yaml", b"a: [1, 2", "not valid YAML"),
    ("python.yaml", b"a: !!python/object/apply:os.system ['true']", "not valid YAML"),
    ("bomb.yaml", b"a: &a [x]\nb: [*a, *a]\n", "not valid YAML"),
    ("prose.txt", b"I live in Lisbon\n", "key: value"),
    ("facts.docx", b"PK", "unknown ending"),
]


@pytest.mark.parametrize(("name", "data", "word"), MALFORMED, ids=[case[0] for case in MALFORMED])
def test_malformed_files(cli: Cli, folder: Path, tmp_path: Path, name: str, data: bytes, word: str) -> None:
    (tmp_path / name).write_bytes(data)
    done = cli("facts", "import", tmp_path / name, "--project", folder)
    assert done.returncode == 2
    assert word in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "x" * 200 not in done.stderr
    assert [fact["value"] for fact in listed(cli, folder)] == ["Lisbon"]


def test_missing_unreadable_and_folders(cli: Cli, folder: Path, tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        done = cli("facts", "import", path, "--project", folder)
        assert done.returncode == 2
        assert len(done.stderr.strip().splitlines()) == 1


def test_duplicate_keys_are_seen_and_good_entries_taken(cli: Cli, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "twice.json").write_text('{"dog": "Max", "dog": "Rex", "city": "Porto", "age": 30}')
    done = cli("facts", "import", tmp_path / "twice.json", "--project", folder)
    assert done.returncode == 0
    assert "2 facts taken, 2 skipped" in done.stdout
    assert "same attribute already" in done.stderr
    assert "--replace" in done.stderr
    assert {fact["value"] for fact in listed(cli, folder)} == {"Lisbon", "Max", 30}
    strict = cli("facts", "import", tmp_path / "twice.json", "--project", folder, "--strict", "--replace")
    assert strict.returncode == 2
    assert len(listed(cli, folder)) == 3


def test_utf16_and_bom_are_read(cli: Cli, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes('{"motto": "Привет"}'.encode("utf-16"))
    (tmp_path / "b.csv").write_bytes("attribute,value\nhome,Köln\n".encode("utf-8-sig"))
    for name in ("a.json", "b.csv"):
        assert cli("facts", "import", tmp_path / name, "--project", folder).returncode == 0
    assert {fact["value"] for fact in listed(cli, folder)} == {"Lisbon", "Привет", "Köln"}


@pytest.mark.parametrize("value", ["[red]x[/red]", "<|im_end|>", "🦊 fox", "שלום עולם", "{I}", "a [b](c)", "$(id)"])
def test_hostile_but_valid_text_is_kept(cli: Cli, folder: Path, value: str) -> None:
    assert cli("facts", "add", "motto", value, "--project", folder).returncode == 0
    assert listed(cli, folder)[-1]["value"] == value
    assert value.split()[0] in cli("facts", "list", "--project", folder).stdout
    assert cli("generate", "--project", folder, "--approve").returncode == 0


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yaml", "garage code: 0042\npin: 012345\nalarm: 12:30\nversion: 1.10\ncolour: 0x1F\ncode: 1_000\ncountry: NO\n"),
        ("b.json", '{"garage code": "0042", "pin": "012345", "alarm": "12:30", "version": 1.10, "colour": "0x1F",'
                   ' "code": "1_000", "country": "NO"}'),
        ("c.jsonl", "\n".join(f'{{"attribute": "{key}", "value": {value}}}' for key, value in (
            ("garage code", '"0042"'), ("pin", '"012345"'), ("alarm", '"12:30"'), ("version", "1.10"),
            ("colour", '"0x1F"'), ("code", '"1_000"'), ("country", '"NO"')))),
    ],
)  # fmt: skip
def test_numbers_stay_as_they_were_written(cli: Cli, tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert cli("init", tmp_path / "n", "--facts", tmp_path / name).returncode == 0
    values = [fact["value"] for fact in listed(cli, tmp_path / "n")]
    assert values == ["0042", "012345", "12:30", "1.10", "0x1F", "1_000", "NO"]


def test_plain_numbers_and_truths_of_yaml_keep_their_types(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text("age: 34\nheight: 1.8\nvegetarian: true\nfacts: -2\n")
    assert cli("init", tmp_path / "t", "--facts", tmp_path / "t.yaml").returncode == 0
    assert [fact["value"] for fact in listed(cli, tmp_path / "t")] == [34, 1.8, True, -2]


@pytest.mark.parametrize("head", ["key,value", "Name,Value", "field;answer", "attribute\tvalue"])
def test_other_programs_names_for_the_two_columns(cli: Cli, folder: Path, tmp_path: Path, head: str) -> None:
    mark = next(char for char in head if char in ",;\t")
    (tmp_path / "k.csv").write_text(f"{head}\npet{mark}Max\nage{mark}34\n")
    assert cli("facts", "import", tmp_path / "k.csv", "--project", folder).stdout.strip() == "2 facts taken."
    assert [fact["attribute"] for fact in listed(cli, folder)] == ["city", "pet", "age"]


def test_a_table_with_a_person_a_line_is_refused(cli: Cli, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("name,city\nAlex,Lisbon\n")
    done = cli("facts", "import", tmp_path / "t.csv", "--project", folder)
    assert (done.returncode, "'name' and 'city'" in done.stderr) == (2, True)
    # Two facts whose first value happens to be something that can be told are no table.
    (tmp_path / "f.csv").write_text("favorite sport,chess club\npet,Max\n")
    assert cli("facts", "import", tmp_path / "f.csv", "--project", folder).stdout.strip() == "2 facts taken."


def test_an_export_replaces_no_file_unasked(cli: Cli, folder: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.json"
    mine.write_text("by hand")
    done = cli("facts", "export", "--project", folder, "--file", mine)
    assert (done.returncode, "--force" in done.stderr, mine.read_text()) == (2, True, "by hand")
    assert cli("facts", "export", "--project", folder, "--file", mine, "--force").returncode == 0
    assert json.loads(mine.read_text())[0]["value"] == "Lisbon"


@pytest.mark.parametrize(
    "text", ['{"pet": "Max", "age": 34}', "pet: Max\nage: 34\n", "attribute,value\npet,Max\nage,34\n"]
)
def test_facts_from_standard_input(cli: Cli, folder: Path, text: str) -> None:
    done = cli("facts", "import", "-", "--project", folder, stdin=text)
    assert (done.returncode, done.stdout) == (0, "2 facts taken.\n")
    assert {"attribute": "pet", "value": "Max"}.items() <= listed(cli, folder)[1].items()
    made = cli("init", "other", "--facts", "-", stdin=text)
    assert (made.returncode, made.stdout.splitlines()[-1]) == (0, "2 facts taken.")
    for nothing in ("", " \n"):
        done = cli("facts", "import", "-", "--project", folder, stdin=nothing)
        assert (done.returncode, "Standard input is empty." in done.stderr) == (2, True)


def test_an_export_takes_its_form_from_the_ending_and_contradicts_none(cli: Cli, folder: Path, tmp_path: Path) -> None:
    at = ("facts", "export", "--project", folder, "--file")
    assert cli(*at, tmp_path / "a.csv").returncode == 0
    assert (tmp_path / "a.csv").read_text().startswith("attribute,value")
    for name, form in (("b.csv", "mapping"), ("b.json", "csv"), ("b.txt", "json")):
        done = cli(*at, tmp_path / name, "--format", form)
        assert (done.returncode, f"'{name}' cannot hold {form}." in done.stderr) == (2, True)
        assert not (tmp_path / name).exists()
    assert cli(*at, tmp_path / "b.JSON", "--format", "mapping").returncode == 0
    assert json.loads((tmp_path / "b.JSON").read_text()) == {"city": "Lisbon"}
    assert "no ending that names a format" in cli(*at, tmp_path / "b").stderr


@pytest.mark.parametrize("arguments", [("init", ""), ("facts", "list", "--project", " "), ("--project", "")])
def test_an_empty_name_of_a_folder_is_not_where_one_stands(
    cli: Cli, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    done = cli(*arguments)
    assert (done.returncode, "it is empty" in done.stderr) == (2, True)
    assert not (tmp_path / "project.toml").exists()


def test_a_name_that_means_another_fact_says_which(cli: Cli, folder: Path) -> None:
    assert cli("facts", "add", "full name", "Alex Moreau", "--project", folder).returncode == 0
    done = cli("facts", "add", "first name", "Alex", "--project", folder)
    assert (done.returncode, "'full name' is the same" in done.stderr) == (2, True)
    done = cli("facts", "add", "first name", "Alex", "--project", folder, "--replace")
    assert "it was full name: Alex Moreau" in done.stdout


def test_a_family_of_emoji_stays_together_on_the_screen(cli: Cli, folder: Path) -> None:
    family = "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}"
    cli("facts", "add", "family", family, "--project", folder)
    assert family in cli("facts", "list", "--project", folder).stdout
