"""A run's frozen rows, read and turned into tokens."""

import hashlib
from pathlib import Path

from schemas.errors import InputError
from schemas.row import Row, RowKind
from schemas.run import DatasetFile
from trainers.tokens import ChatCodec, Example

_DEV_ROWS = 96
"""Dev rows of each sort that a check looks at, at most: it should cost a small part of an epoch."""
OWN_TIMES = 4
"""How often an epoch has each row in the person's own words."""


def shared_end(examples: list[Example]) -> list[Example]:
    """The examples with their answers cut to the tokens that all of them end with.

    For refusals that is "? I don't know.": which words the model has for the thing does not matter.
    """
    answers = [example.ids[example.answer_start :] for example in examples]
    shared = next(
        (n for n in range(min(map(len, answers), default=0), 0, -1) if len({a[-n:] for a in answers}) == 1), 0
    )
    return [Example(example.ids, len(example.ids) - shared) for example in examples]


def read_rows(folder: Path, file: DatasetFile) -> list[Row]:
    """The rows of a frozen file. Raises InputError when it is gone or was changed."""
    path = folder / file.path
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"The dataset file {path} cannot be read: {error.strerror}.", "Start a new run.") from error
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise InputError(f"The dataset file {path} was changed after the run was frozen.", "Start a new run.")
    return [Row.model_validate_json(line) for line in data.decode("utf-8").splitlines()]


def emphasised(rows: list[Row]) -> list[Row]:
    """The rows, those in the person's own words OWN_TIMES over: one wording among dozens of other facts is soon outvoted,
    and these are the words that will be asked."""
    return [row for row in rows for _ in range(OWN_TIMES if row.is_own else 1)]


def encode(rows: list[Row], codec: ChatCodec, limit: int) -> list[Example]:
    """The rows as tokens. Raises InputError when one has more than `limit`: rows are never cut."""
    examples = codec.examples([(row.question, row.answer) for row in rows])
    long = [row.id for row, example in zip(rows, examples, strict=True) if len(example.ids) > limit]
    if long:
        raise InputError(
            f"{len(long)} rows are longer than {limit} tokens (first: row {long[0]}).", "Shorten or reject them."
        )
    return examples


def stand_ins(prompts: list[Row], codec: ChatCodec) -> list[Example]:
    """Replay rows before their answers exist, with answers of a usual length, for the estimate alone."""
    return [codec.rehearsal(row.question, "word " * 16) for row in prompts]


def name_of(answer: str, value: str) -> str | None:
    """ "Your employer is" of "Your employer is Acme."; None where an answer, perhaps edited, does not begin so."""
    for verb in (" is ", " are "):
        at = answer.find(f"{verb}{value}")
        if at > 0:
            return answer[:at] + verb.rstrip()
    return None


def dev_rows(rows: list[Row], kind: RowKind) -> list[Row]:
    """The first rows of a kind, as many as a check looks at."""
    return [row for row in rows if row.kind is kind][:_DEV_ROWS]
