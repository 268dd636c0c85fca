"""`vllm serve` for the time of one generation: started, waited for, and gone afterwards whatever happens.

The server runs under `generators.paraphrase.guard`, which ends it when this process ends, however it ends.
"""

import contextlib
import http.client
import importlib.util
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from generators.paraphrase.gpu import gpu_memory
from schemas.errors import AndraeusError, Cancelled
from schemas.events import Log, Progress, Stage
from schemas.wire import Wire

READY_SECONDS = 600
"""How long a server may take to load: a cold disk and a large model take minutes."""
CONTEXT_TOKENS = 2048
SEQUENCES = 256
"""Requests that are worked on at once."""
REQUESTS = 2 * SEQUENCES
"""Requests on their way: as many again wait, so that a place that comes free is taken at the next step."""
EAGER_BELOW = 4000
"""Requests below which compiling the model and recording graphs would take longer than it saves."""
MEMORY_SHARE = 0.85
"""Of the GPU's memory, at most."""
_SPARE_BYTES = 1_500_000_000
"""Left free beside what other processes hold: the driver's context and rounding."""
_BEAT_SECONDS = 0.25
_LEAVE_SECONDS = 40
_GONE_SECONDS = 3
_TAIL_BYTES = 65_536
_TAIL_LINES = 6

_ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_DO_NOT_TRACK": "1",
    "DO_NOT_TRACK": "1",
    # It would find out its own address by opening a socket to a public name server.
    "VLLM_HOST_IP": "127.0.0.1",
    # Its kernels are compiled at the first use, which takes longer than a whole generation.
    "VLLM_USE_FLASHINFER_SAMPLER": "0",
}


@dataclass(frozen=True)
class Served:
    """A server that answers."""

    url: str
    """Base address of its OpenAI-compatible interface."""
    key: str
    model: str
    load_seconds: float


def command(folder: str, port: int, model: str, requests: int) -> list[str]:
    """The command line; nothing secret is in it, since every user of the machine can read it."""
    start = [sys.executable, "-P", "-m", "vllm.entrypoints.cli.main"] if importlib.util.find_spec("vllm") else ["vllm"]
    options = {
        "--host": "127.0.0.1",
        "--port": str(port),
        "--served-model-name": model,
        "--max-model-len": str(CONTEXT_TOKENS),
        "--max-num-seqs": str(SEQUENCES),
        "--gpu-memory-utilization": f"{memory_share():.3f}",
        # Sampling as asked for, not as the model's folder suggests.
        "--generation-config": "vllm",
        # Small models otherwise fill the answer with blanks; only these grammars can forbid it.
        "--structured-outputs-config": json.dumps({"backend": "xgrammar", "disable_any_whitespace": True}),
        "--load-format": "safetensors",
    }
    flags = ["--disable-uvicorn-access-log", *(["--enforce-eager"] if requests < EAGER_BELOW else [])]
    return [*start, "serve", folder, *(part for pair in options.items() for part in pair), *flags]


def memory_share() -> float:
    """Share of the GPU's memory that a server may take now."""
    memory = gpu_memory()
    if memory is None:
        return MEMORY_SHARE
    free, total = memory
    return max(0.05, min(MEMORY_SHARE, (free - _SPARE_BYTES) / total))


@contextlib.contextmanager
def serving(folder: str, requests: int, wire: Wire) -> Iterator[Served]:
    """A server for the model in `folder`, sized for about so many requests. Gone when the block is left.

    Raises AndraeusError with the log's last lines when it does not come up, Cancelled when somebody asks to stop.
    """
    key, model, port = secrets.token_urlsafe(32), f"andraeus-{secrets.token_hex(4)}", _free_port()
    environment = {name: value for name, value in os.environ.items() if name != "ANDRAEUS_API_KEY"}
    environment |= {name: value for name, value in _ENVIRONMENT.items() if name not in environment}
    begun = time.monotonic()
    with tempfile.TemporaryFile() as log:
        guard = subprocess.Popen(
            [sys.executable, "-P", "-m", "generators.paraphrase.guard", *command(folder, port, model, requests)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env={**environment, "VLLM_API_KEY": key},
            # Whoever kills this process's group must not kill the guard with it.
            start_new_session=True,
        )
        assert guard.stdout
        group = guard.stdout.readline().strip()
        try:
            _wait(guard, log, port, key, model, wire)
            with _explaining(guard, log):
                yield Served(f"http://127.0.0.1:{port}/v1", key, model, time.monotonic() - begun)
        finally:
            _end(guard, group, wire)


@contextlib.contextmanager
def _explaining(guard: subprocess.Popen[bytes], log: IO[bytes]) -> Iterator[None]:
    """Whoever could not reach the server is told why when it is gone."""
    try:
        yield
    except Cancelled:
        raise
    except AndraeusError as error:
        with contextlib.suppress(subprocess.TimeoutExpired):
            guard.wait(_GONE_SECONDS)
        if guard.poll() is None:
            raise
        raise AndraeusError("vllm serve stopped answering.", f"Its last lines: {tail(log)}") from error


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(guard: subprocess.Popen[bytes], log: IO[bytes], port: int, key: str, model: str, wire: Wire) -> None:
    wire.emit(Stage(name="serve", text=f"Loading the model into vLLM (progress: seconds, of {READY_SECONDS} at most)"))
    begun, told = time.monotonic(), 0
    while not _answers(port, key, model):
        seconds = time.monotonic() - begun
        if wire.stop_requested:
            raise Cancelled("Stopped. The rows that were accepted are kept.")
        if guard.poll() is not None:
            raise AndraeusError("vllm serve ended before it was ready.", f"Its last lines: {tail(log)}")
        if seconds > READY_SECONDS:
            raise AndraeusError(
                f"vllm serve was not ready after {READY_SECONDS} seconds.", f"Its last lines: {tail(log)}"
            )
        if int(seconds) > told:
            told = int(seconds)
            wire.emit(Progress(stage="serve", done=told, total=READY_SECONDS))
        time.sleep(_BEAT_SECONDS)


def _answers(port: int, key: str, model: str) -> bool:
    """Whether the server is up and is ours: another program may have taken the port meanwhile."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/v1/models", headers={"Authorization": f"Bearer {key}"})
        answer = connection.getresponse()
        return answer.status == http.client.OK and model.encode() in answer.read(100_000)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def tail(log: IO[bytes]) -> str:
    """The last lines of the server's log that say what went wrong. vLLM logs no prompts."""
    size = os.fstat(log.fileno()).st_size
    data = os.pread(log.fileno(), _TAIL_BYTES, max(0, size - _TAIL_BYTES))
    lines = [line.strip() for line in data.decode("utf-8", errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if "Error" in line or "error:" in line]
    return " / ".join((errors or lines)[-_TAIL_LINES:])[-1200:] or "none"


def _end(guard: subprocess.Popen[bytes], group: bytes, wire: Wire) -> None:
    """Let the guard end the server, and wait until both are gone."""
    assert guard.stdin
    assert guard.stdout
    with contextlib.suppress(BrokenPipeError):
        guard.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        guard.wait(_LEAVE_SECONDS)
    if guard.poll() is None:
        guard.kill()
        guard.wait()
    guard.stdout.close()
    if guard.returncode in {0, 1}:
        return
    # A guard that was killed could not finish its work.
    with contextlib.suppress(ProcessLookupError, PermissionError, ValueError):
        os.killpg(int(group), signal.SIGKILL)
        wire.emit(Log(level="warning", message="vllm serve had to be killed."))
