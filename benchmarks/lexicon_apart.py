"""How near the lexicon's wordings of less common attributes come to what people are tested with.

python -m benchmarks.lexicon_apart OUT.json     # some three minutes on two cores

The leakage audit of a study compares words. Here meanings are compared, too, by the sentence encoder: names with the names of
what no list may have (told or never told), wordings with the held-out questions about those. A line for each file.
"""

import argparse
import json
import sys
import tomllib
from pathlib import Path

import torch

from evaluators.audit import Seen, words_of
from evaluators.everyday import wordings
from evaluators.options import outside
from generators import lexicon
from generators.language import USER, render
from schemas.row import Split
from schemas.weights import ENCODER_INSTALL, encoder_folder
from trainers.encoder import Encoder

_FOLDER = Path(lexicon.__file__).parent
_NAMES, _WORDINGS = (0.6, 0.7, 0.8), (0.7, 0.8)
"""Cosines from which on the things and wordings are counted that are nearer than that."""


def tested_names() -> list[str]:
    """What is asked for in tests and stands in no list: of what may be told, and of what never is."""
    never = tomllib.loads((_FOLDER / "never.toml").read_text("utf-8"))
    return sorted(outside() | {name for body in never.values() for name in body})


def tested_questions() -> list[str]:
    """The everyday questions of dev and test about what may be told and stands in no list."""
    return [
        text
        for split in (Split.DEV, Split.TEST)
        for name, body in wordings(split).items()
        if name in outside()
        for text in body["ask"]
    ]


def look_at(
    path: Path, encoder: Encoder, names: torch.Tensor, questions: torch.Tensor, held: Seen
) -> dict[str, object]:
    """Counts for one file of the lexicon."""
    body = tomllib.loads(path.read_text("utf-8"))
    tables = [table for table in body.values() if isinstance(table, dict)] or [body]
    things = {name: forms for table in tables for name, forms in table.items()}
    texts = [render(form, USER) for forms in things.values() for form in forms]
    near_names = (encoder.encode(list(things)) @ names.T).max(1).values
    near = (encoder.encode(texts) @ questions.T).max(1).values
    return {
        "file": path.stem,
        "things": len(things),
        "wordings": len(texts),
        "names": {str(border): int((near_names >= border).sum()) for border in _NAMES},
        "meanings": {str(border): int((near >= border).sum()) for border in _WORDINGS},
        "the same words": sum(words_of(text) in held for text in texts),
    }


def main() -> None:
    """Compare, print and write."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("out", type=Path)
    given = options.parse_args()
    folder = encoder_folder()
    if not folder:
        sys.exit(f"The sentence encoder is not installed: {ENCODER_INSTALL}")
    encoder, asked = Encoder(folder, "cpu"), tested_questions()
    names, questions, held = encoder.encode(tested_names()), encoder.encode(asked), Seen(asked)
    rows = []
    for path in sorted((_FOLDER / "lexicon" / "uncommon").rglob("*.toml")):
        if path.parent.name != "heldout":
            rows.append(look_at(path, encoder, names, questions, held) | {"file": f"{path.parent.name}/{path.stem}"})
            print(json.dumps(rows[-1]), flush=True)
    given.out.write_text(json.dumps({"names": len(names), "questions": len(asked), "files": rows}, indent=1), "utf-8")


if __name__ == "__main__":
    main()
