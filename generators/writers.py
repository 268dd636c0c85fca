"""Who writes the question wordings on this machine, and why. Light: the front end asks it too."""

import ctypes
import importlib.util
import os
import shutil
from dataclasses import dataclass
from urllib.parse import urlsplit

from schemas.errors import InputError
from schemas.settings import Backend, GenerationSettings
from schemas.weights import size_of

LARGE_ENOUGH = 1_000_000_000
"""Parameters from which `auto` lets the base model write. Of what SmolLM2-135M wrote 1 in 100 wordings was good
(docs/results): asking so small a model costs a minute and brings next to nothing."""
_INSTALL = "Install the GPU extra, in the folder that this program came in: pip install '.[gpu]'"


@dataclass(frozen=True)
class Machine:
    """What this machine has."""

    gpu: bool
    """An NVIDIA GPU that this process may use."""
    vllm: bool
    """vLLM, as a package beside us or as a command."""


@dataclass(frozen=True)
class Writer:
    """Who writes. `backend` is never `auto`."""

    backend: Backend
    why: str
    asked: bool = True
    """Whether a person chose it; then nothing else may stand in for it."""


def this_machine() -> Machine:
    """Looks, without importing anything heavy or waking the GPU."""
    return Machine(gpu=_has_gpu(), vllm=has_vllm())


def has_vllm() -> bool:
    """Whether `vllm serve` can be started."""
    return importlib.util.find_spec("vllm") is not None or shutil.which("vllm") is not None


def _has_gpu() -> bool:
    if os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in {"", "-1"}:
        return False
    try:
        nvml = ctypes.CDLL("libnvidia-ml.so.1")
        count = ctypes.c_uint()
        found = nvml.nvmlInit_v2() == 0 and nvml.nvmlDeviceGetCount_v2(ctypes.byref(count)) == 0
        nvml.nvmlShutdown()
    except (OSError, AttributeError):
        return False
    return found and count.value > 0


def choose(settings: GenerationSettings, machine: Machine, model: str) -> Writer:
    """The writer for these settings and this base model (its name or folder).

    Raises InputError when the one that was chosen cannot write here.
    """
    match settings.backend:
        case Backend.TEMPLATES:
            return Writer(Backend.TEMPLATES, "you chose them")
        case Backend.ENDPOINT if not settings.endpoint:
            raise InputError("The endpoint has no address.", "Give --endpoint URL, or set generation.endpoint.")
        case Backend.ENDPOINT:
            return Writer(Backend.ENDPOINT, "you chose it")
        case Backend.VLLM if not machine.vllm:
            raise InputError("vLLM is not installed on this machine.", _INSTALL)
        case Backend.VLLM:
            return Writer(Backend.VLLM, "you chose it")
        case Backend.AUTO:
            return _best(settings, machine, model)


def _best(settings: GenerationSettings, machine: Machine, model: str) -> Writer:
    if settings.endpoint:
        return Writer(Backend.ENDPOINT, "an endpoint is set")
    if not machine.gpu:
        return Writer(Backend.TEMPLATES, "no endpoint is set, and there is no NVIDIA GPU here", asked=False)
    if not machine.vllm:
        return Writer(Backend.TEMPLATES, "no endpoint is set, and vLLM is not installed", asked=False)
    if _is_small(model):
        return Writer(
            Backend.TEMPLATES, "no endpoint is set, and the base model is too small to word questions", asked=False
        )
    return Writer(Backend.VLLM, "this machine has an NVIDIA GPU and vLLM", asked=False)


def _is_small(model: str) -> bool:
    """A model whose folder is not known yet is not small: the worker, which is told the folder, asks again."""
    return 0 < size_of(model) < LARGE_ENOUGH


def explain(writer: Writer, settings: GenerationSettings) -> str:
    """Who writes and why, in one sentence for people."""
    match writer.backend:
        case Backend.VLLM:
            text = "The base model writes the questions through vLLM"
        case Backend.ENDPOINT:
            text = f"The model at {host_of(settings.endpoint)} writes the questions"
        case _:
            text = "Templates write the questions, and no model is used"
    return f"{text}: {writer.why}."


def host_of(url: str) -> str:
    """The machine in an address: "127.0.0.1:8000"."""
    return urlsplit(url).netloc


def is_loopback(url: str) -> bool:
    """Whether what is sent to this address stays on this machine."""
    host = (urlsplit(url).hostname or "").casefold()
    return host in {"localhost", "::1"} or host.startswith("127.")
