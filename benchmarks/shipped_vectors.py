"""Makes trainers/primers/wordings.safetensors again, after the lexicon's wordings changed: some 20 s on two cores.

python -m benchmarks.shipped_vectors
"""

import sys

import torch
from safetensors.torch import save_file

from generators.reading import common_wordings
from schemas.weights import ENCODER_INSTALL, encoder_folder
from trainers.encoder import Encoder
from trainers.shipped_vectors import FILE, key_of


def main() -> None:
    """Encode and write them."""
    folder = encoder_folder()
    if not folder:
        sys.exit(f"The sentence encoder is not installed: {ENCODER_INSTALL}")
    texts = common_wordings()
    keys = torch.tensor([key_of(text) for text in texts])
    save_file({"keys": keys, "vectors": Encoder(folder, "cpu").encode(texts).half()}, FILE)
    print(f"{FILE.name}: {len(texts)} wordings, {FILE.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
