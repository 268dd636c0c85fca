"""What a part of a benchmark leaves behind: its processes, found by a mark in their environment, and GPU memory."""

import os
import subprocess
import time
from pathlib import Path
from typing import Any

import psutil

from generators.paraphrase.gpu import gpu_memory

ROOT = Path(__file__).parent.parent
MARK = "ANDRAEUS_BENCHMARK"
_GONE_SECONDS = 60


def environment(mark: str) -> dict[str, str]:
    """The environment of every part; `mark` finds whatever is left of one."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
    quiet = {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", "VLLM_USE_FLASHINFER_SAMPLER": "0"}
    return {**os.environ, **quiet, "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "PYTHONPATH": path, MARK: mark}


def left_of(mark: str) -> list[str]:
    """Processes that a part left behind."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get(MARK) == mark:
                found.append(f"{process.pid} {process.status()} {' '.join(process.cmdline())[:120]}")
        except psutil.Error:
            continue
    return found


def after(mark: str, before: tuple[int, int] | None) -> dict[str, Any]:
    """How long until nothing was left of a part, and the GPU memory that is in use then beyond what was before it."""
    begun = time.monotonic()
    while (left := left_of(mark)) and time.monotonic() - begun < _GONE_SECONDS:
        time.sleep(0.1)
    gone = time.monotonic() - begun
    now = gpu_memory()
    while before and now and now[0] < before[0] - 50_000_000 and time.monotonic() - begun < _GONE_SECONDS:
        time.sleep(0.2)
        now = gpu_memory()
    return {
        "processes_left": left,
        "seconds_until_gone": round(gone, 2),
        "gpu_bytes_more_in_use": before[0] - now[0] if before and now else None,
        "nvidia_smi": smi("--query-compute-apps=pid,used_memory", "--format=csv,noheader"),
    }


def smi(*options: str) -> str:
    """What nvidia-smi says, or why it says nothing."""
    try:
        return subprocess.run(["nvidia-smi", *options], capture_output=True, text=True, timeout=20, check=False).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
