"""The vectors that come along for the reader: made again after the lexicon's wordings changed, or timed.

python -m benchmarks.shipped_vectors            # writes trainers/primers/wordings.safetensors, some 20 s on two cores
python -m benchmarks.shipped_vectors --time     # reads what a training of the example's 15 facts reads, with them and without
"""

import argparse
import sys
import time

import torch
from safetensors.torch import save_file

from andraeus_tui.importing import read_facts
from benchmarks.train_cpu import EXAMPLES
from generators.reading import common_wordings, reading_rows
from schemas.weights import ENCODER_INSTALL, encoder_folder
from trainers.encoder import Encoder
from trainers.shipped_vectors import FILE, key_of, vectors_of


def write(encoder: Encoder) -> None:
    """Encode all of them."""
    texts = common_wordings()
    keys = torch.tensor([key_of(text) for text in texts])
    save_file({"keys": keys, "vectors": encoder.encode(texts).half()}, FILE)
    print(f"{FILE.name}: {len(texts)} wordings, {FILE.stat().st_size / 1e6:.1f} MB")


def compare(encoder: Encoder) -> None:
    """Time both ways, one after the other."""
    facts = read_facts(EXAMPLES / "alex.json", []).taken
    facts += read_facts(EXAMPLES / "people.yaml", facts).taken
    texts = [*dict.fromkeys(row.question for row in reading_rows(facts, 0))]
    encoder.encode(texts[:200])
    began = time.perf_counter()
    found = vectors_of(texts, encoder)
    with_them = time.perf_counter() - began
    wanted = encoder.encode(texts)
    without = time.perf_counter() - began - with_them
    off = float((found - wanted).abs().max())
    print(
        f"{len(texts)} questions: {with_them:.1f} s with, {without:.1f} s without: {without / with_them:.2f} times as fast"
    )
    print(f"largest difference of a number: {off:.1e}")


def main() -> None:
    """Write them or time them."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--time", action="store_true")
    given = options.parse_args()
    folder = encoder_folder()
    if not folder:
        sys.exit(f"The sentence encoder is not installed: {ENCODER_INSTALL}")
    (compare if given.time else write)(Encoder(folder, "cpu"))


if __name__ == "__main__":
    main()
