"""Stands in for the `vllm` command: checks how it is called, starts a child as vLLM does, and serves the stub's answers.

FAKE_VLLM says how it behaves: `ok`, `fails` (ends while loading), `never` (is never ready), `crash` (ends while it is
asked), `stubborn` (it and its child ignore SIGTERM), or whatever tests/stubs/openai_server.py knows.
"""

import argparse
import os
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path


def main() -> None:
    """`vllm serve FOLDER --port ... --served-model-name ...`"""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("command", choices=["serve"])
    parser.add_argument("folder", type=Path)
    for name in ("--host", "--port", "--served-model-name", "--max-model-len", "--max-num-seqs",
                 "--gpu-memory-utilization", "--generation-config", "--structured-outputs-config", "--load-format"):  # fmt: skip
        parser.add_argument(name, required=True)
    for name in ("--disable-uvicorn-access-log", "--enforce-eager"):
        parser.add_argument(name, action="store_true")
    options = parser.parse_args()
    assert options.host == "127.0.0.1"
    assert os.environ["VLLM_API_KEY"] not in sys.argv
    assert os.environ["HF_HUB_OFFLINE"] == os.environ["VLLM_NO_USAGE_STATS"] == "1"
    assert "ANDRAEUS_API_KEY" not in os.environ
    behaviour = os.environ.get("FAKE_VLLM", "ok")
    if behaviour == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # The engine of vLLM is a child process too; an ignored signal stays ignored in it.
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    print("INFO loading weights", flush=True)
    if behaviour == "fails":
        print("ValueError: the model cannot be served", file=sys.stderr, flush=True)
        sys.exit(1)
    if behaviour == "never":
        time.sleep(600)
    answers = {"ok": "x", "stubborn": "x", "crash": "dies"}.get(behaviour, behaviour)
    sys.argv = ["openai_server.py", options.port, f"{answers},model={options.served_model_name}"]
    runpy.run_path(str(Path(__file__).with_name("openai_server.py")), run_name="__main__")


if __name__ == "__main__":
    main()
