"""Fact files and pasted text read into entries: JSON, JSONL, CSV, YAML, plain text. Pure parsing; importing.py judges."""

import codecs
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from andraeus_tui import bars
from andraeus_tui.entries import Entry, tidy
from andraeus_tui.fact_tables import csv_entries
from schemas.errors import InputError

FILE_LIMIT = 50_000_000
PASTED = "The pasted text"
"""What errors call text that has no path."""
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def entries_of(path: Path) -> Iterator[Entry]:
    """The file's entries. Raises InputError when it is no readable fact file at all."""
    text = _read_text(path)
    if not text.strip():
        raise InputError(f"{path} is empty.")
    reader = _READERS.get(path.suffix.casefold())
    if reader is None:
        raise InputError(
            f"{path} has an unknown ending.", "Use .json, .jsonl, .csv, .yaml or .txt (lines of 'key: value')."
        )
    return reader(text, path)


def entries_of_text(text: str, name: str = PASTED) -> Iterator[Entry]:
    """Entries of text without a file in any of the formats, told by its looks. Raises InputError when it holds none."""
    if not text.strip():
        raise InputError(f"{name} is empty.")
    return _READERS[guess_format(text)](text, name)


def guess_format(text: str) -> str:
    """The file ending that fits the text: ".json", ".jsonl", ".csv", ".yaml", else ".txt"."""
    lines = [line for line in text.splitlines() if line.strip()]
    if re.match(r"\s*(?:\{|\[\s*[\[{\"\]])", text):
        return ".jsonl" if len(lines) > 1 and all(_is_object(line) for line in lines[:2]) else ".json"
    first = lines[0].casefold() if lines else ""
    if any({"attribute", "value"} <= {cell.strip() for cell in first.split(mark)} for mark in ",;\t"):
        return ".csv"
    for mark in ",;\t":
        # One line with a comma is more likely a sentence.
        if (len(lines) > 1 or mark == "\t") and all(
            line.count(mark) == 1 and not re.search("[:=]", line) for line in lines
        ):
            return ".csv"
    # Lists below a key and objects with named fields are YAML's; a plain "key: value" is read as text, which is milder.
    if first == "---" or re.search(r"^-?\s*attribute\s*:.*\n\s+\w+\s*:|^[^\s#:][^:\n]*:\s*\n\s*- ", text, re.MULTILINE):
        return ".yaml"
    return ".txt"


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (json.JSONDecodeError, RecursionError):
        return False


def _read_text(path: Path) -> str:
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder, not a file.")
        with path.open("rb") as file:
            data = file.read(FILE_LIMIT + 1)
    except FileNotFoundError as error:
        raise InputError(f"There is no file {path}.") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    return decoded(data, path)


def decoded(data: bytes, path: Path | str) -> str:
    """Text of a file, or of what has a name in its place. Raises InputError when there is too much, or it is none."""
    if len(data) > FILE_LIMIT:
        raise InputError(f"{path} is larger than {FILE_LIMIT // 1_000_000} MB; split it.")
    encoding = next((name for mark, name in _BOMS if data.startswith(mark)), "utf-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} is not UTF-8 text (byte 0x{data[error.start]:02x} at position {error.start}).", "Save it as UTF-8."
        ) from error


_IS_OBJECT = "the value is an object; give text, a number or a list"


class _Pairs(list[tuple[str, Any]]):
    """A JSON object as its pairs, so that a key that stands twice is seen."""


def _as_written(digits: str) -> float | str:
    """A number, or its digits where the number would be written otherwise: 1.10 is a version, not 1.1."""
    return float(digits) if str(float(digits)) == digits else digits


def _json(text: str, path: Path | str) -> Iterator[Entry]:
    try:
        data = json.loads(text, object_pairs_hook=_Pairs, parse_float=_as_written)
    except (json.JSONDecodeError, RecursionError) as error:
        where = (
            f" (line {error.lineno}, column {error.colno}: {error.msg})"
            if isinstance(error, json.JSONDecodeError)
            else ""
        )
        raise InputError(f"{path} is not valid JSON{where}.") from error
    return _from_data(data, path)


def _from_data(data: Any, path: Path | str) -> Iterator[Entry]:
    if isinstance(data, _Pairs):
        return _from_mapping(data)
    if isinstance(data, list):
        return (_from_object(f"entry {number}", body) for number, body in enumerate(data, start=1))
    raise InputError(f"{path} holds neither a list of facts nor a mapping of attributes to values.")


def _from_mapping(pairs: _Pairs) -> Iterator[Entry]:
    """The seed's flat form: {"pet_name": "Max", ...}. A single fact object is taken as one."""
    keys = [key for key, _ in pairs]
    if {"attribute", "value"} <= set(keys):
        yield _from_object("entry 1", pairs)
        return
    for number, (key, value) in enumerate(pairs, start=1):
        if value is None or value == "":
            yield Entry(f"entry {number}", {"attribute": key, "value": value}, "the value is empty")
        elif isinstance(value, _Pairs):
            yield Entry(f"entry {number}", {"attribute": key}, _IS_OBJECT)
        else:
            yield Entry(f"entry {number}", {"attribute": tidy(key), "value": _tidy_value(value)})


def _from_object(place: str, body: Any) -> Entry:
    if not isinstance(body, _Pairs):
        return Entry(place, body, "is no object with attribute and value")
    keys = [key for key, _ in body]
    if any(key == "value" and isinstance(value, _Pairs) for key, value in body):
        return Entry(place, {"attribute": dict(body).get("attribute")}, _IS_OBJECT)
    twice = sorted({key for key in keys if keys.count(key) > 1})
    fields = {key: _tidy_value(value) for key, value in body if value is not None}
    if isinstance(one := fields.get("questions"), str):
        fields["questions"] = bars.split(one)
    return Entry(place, fields, f"the key {twice[0]!r} stands twice" if twice else "")


def _jsonl(text: str, path: Path | str) -> Iterator[Entry]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            body = json.loads(line, object_pairs_hook=_Pairs, parse_float=_as_written)
        except (json.JSONDecodeError, RecursionError) as error:
            raise InputError(f"{path} is not valid JSONL: line {number} is no JSON.") from error
        yield _from_object(f"line {number}", body)


def _yaml(text: str, path: Path | str) -> Iterator[Entry]:
    import yaml

    try:
        return _from_data(yaml.load(text, Loader=_pairs_loader()), path)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1}: {getattr(error, 'problem', '')})" if mark else ""
        raise InputError(f"{path} is not valid YAML{where}.") from error


def _pairs_loader() -> Any:
    """A safe loader that keeps every pair of a mapping, and all that would come back otherwise as it was written: dates, codes
    ("0042" is an octal number to YAML, "12:30" one of base 60), "no" and "on"."""
    import yaml

    class Loader(yaml.SafeLoader):
        """Safe: no Python objects; anchors are refused, since a few lines of them can fill the memory."""

        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.events.AliasEvent):
                raise yaml.YAMLError("aliases are not supported")
            return super().compose_node(parent, index)

    def pairs(loader: Any, node: Any) -> _Pairs:
        return _Pairs(
            (str(loader.construct_object(key, deep=True)), loader.construct_object(value, deep=True))
            for key, value in node.value
        )

    Loader.add_constructor("tag:yaml.org,2002:map", pairs)

    def as_it_stands(loader: Any, node: Any) -> Any:
        read = {
            "int": loader.construct_yaml_int,
            "float": loader.construct_yaml_float,
            "bool": loader.construct_yaml_bool,
        }
        value = read[node.tag.rsplit(":", 1)[1]](node)
        return value if str(value).casefold() == node.value.casefold() else str(node.value)

    for kind in ("int", "float", "bool"):
        Loader.add_constructor(f"tag:yaml.org,2002:{kind}", as_it_stands)
    Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda loader, node: str(node.value))
    return Loader


def _text(text: str, path: Path | str) -> Iterator[Entry]:
    """One "key: value" (or "key = value") a line; empty lines and # comments are passed over."""
    found = False
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = re.match(r"^\s*[-*]?\s*([^:=]{1,200}?)\s*[:=]\s*(.*\S)?\s*$", line)
        if not match:
            yield Entry(f"line {number}", line.strip(), "is no 'key: value'")
            continue
        found = True
        key, value = match.groups()
        if not value:
            yield Entry(f"line {number}", {"attribute": key}, "the value is empty")
            continue
        yield Entry(f"line {number}", {"attribute": tidy(key), "value": tidy(value)})
    if not found:
        raise InputError(f"{path} has no line of the form 'key: value'.")


def _tidy_value(value: Any) -> Any:
    if isinstance(value, str):
        return tidy(value)
    if isinstance(value, list) and not isinstance(value, _Pairs):
        return [tidy(item) if isinstance(item, str) else item for item in value]
    return value


_READERS: dict[str, Callable[[str, Path | str], Iterator[Entry]]] = {
    ".json": _json,
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".csv": csv_entries,
    ".tsv": csv_entries,
    ".yaml": _yaml,
    ".yml": _yaml,
    ".txt": _text,
    ".md": _text,
    ".text": _text,
}
