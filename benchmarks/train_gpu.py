"""Training on an NVIDIA GPU, against the seed's settings and trainer against trainer.

    python -m benchmarks.train_gpu OUT --models FOLDER [--only seven,b,c] [--minutes 9]

FOLDER holds `qwen` (Qwen2.5 0.5B) and `smol` (SmolLM2-135M-Instruct); `seven`, of Qwen2.5-7B's shape with random weights,
is made there. Every arm is a process of its own with a time limit and leaves OUT/ARM.json and OUT/ARM.log, so that one
that fails stops no other. With --serve PATH the vLLM arm runs with that folder alone on its path.

  seven  makes the 7B shape      a  the seed's settings written plainly (24 batches, extrapolated)
  t      --train-only as `auto` picks it: cold, three times with warm caches
  t2     the same with the default's adapter (rank 16, MLPs of the upper two thirds)
  i      bytecode for packages that came without it, as installing writes it; where the imports' time goes
  b      ours, Unsloth, 4 bit    c  ours, NF4        d  ours, NF4, the default recipe's adapter (b to d: cold and warm)
  b2     b with compiled blocks
  f      SmolLM2, 50 facts, default rows: recorded, eager, larger batches, Unsloth
  e      Qwen2.5 0.5B, question rows: Unsloth, PEFT and NF4 at equal batch      q  the recorded arm of it alone
  g      products' rate, and where a step's time goes
  h      the answers of e's and f's adapters: in the training process, in plain PEFT, in vLLM
  m      one process against one a GPU, eager
  p      a card that is nearly full: another process leaves 14 GB free, then 30 (--free); needs the 7B shape
"""

import argparse
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.gpu_bench import DEFAULTS_ADAPTER, ROOT, SEED_ROWS, Bench, compile_packages

_IMPORTED = ("torch", "triton", "numpy", "transformers", "peft", "accelerate", "bitsandbytes", "huggingface_hub", "tokenizers",
             "safetensors", "pydantic", "sympy")  # fmt: skip
ORDER = ("seven", "t", "c", "b", "a", "f", "d", "e", "g", "h", "b2")


def seven(bench: Bench) -> None:
    """Makes the 7B shape."""
    bench.part("seven", ["seven", bench.models / "seven", bench.models / "qwen"], 180)


def a(bench: Bench) -> None:
    """The baseline."""
    bench.part("a", ["baseline", bench.frozen("a", "seven", SEED_ROWS, "nf4"), bench.out / "a.json"], 120)


def b(bench: Bench) -> None:
    """Unsloth."""
    bench.command("b_unsloth_cold", "unsloth", cold=True)
    bench.command("b_unsloth_warm", "unsloth", cold=False)


def b2(bench: Bench) -> None:
    """Unsloth with its blocks compiled, twice: the second time from its cache."""
    for turn in ("first", "again"):
        bench.command(f"b_unsloth_compiled_{turn}", "unsloth", cold=False, UNSLOTH_BLOCK_COMPILE="1")


def t(bench: Bench) -> None:
    """The whole command."""
    bench.command("t_auto_cold", "auto", cold=True)
    bench.command("t_auto_warm", "auto", cold=False)
    bench.command("t_auto_warm_2", "auto", cold=False)
    bench.command("t_auto_warm_3", "auto", cold=False)


def t2(bench: Bench) -> None:
    """The whole command with the default's adapter, on as many question rows and passes."""
    bench.command("t_default_cold", "auto", cold=True, recipe=DEFAULTS_ADAPTER)
    for turn in ("warm", "warm_2", "warm_3"):
        bench.command(f"t_default_{turn}", "auto", cold=False, recipe=DEFAULTS_ADAPTER)


def u(bench: Bench, cards: str = "0,1") -> None:
    """The whole command with the default's adapter, where it may choose among several GPUs."""
    bench.command("u_auto_all", "auto", cold=False, recipe=DEFAULTS_ADAPTER, CUDA_VISIBLE_DEVICES=cards)


def i(bench: Bench) -> None:
    """What the imports cost, before and after there is bytecode for all packages."""
    code = (
        "import torch; from trainers import spare; spare.leave_out(); "
        "from transformers import AutoModelForCausalLM, AutoTokenizer, Qwen2ForCausalLM; import peft, bitsandbytes"
    )
    bench.run("i_before", [sys.executable, "-X", "importtime", "-c", code], 120)
    told = compile_packages(_IMPORTED)
    for turn in ("after", "after_2"):
        _, told[f"seconds_{turn}"] = bench.run(f"i_{turn}", [sys.executable, "-X", "importtime", "-c", code], 120)
    bench.keep("i_bytecode", told)


def c(bench: Bench) -> None:
    """NF4, eager and recorded."""
    bench.command("c_nf4_cold", "nf4", cold=True)
    bench.command("c_nf4_warm", "nf4", cold=False)
    bench.train("c_nf4_graphs", bench.frozen("c_graphs", "seven", SEED_ROWS, "nf4"), 120, "yes")


def d(bench: Bench) -> None:
    """The default recipe's adapter on the seed's rows: rank 16 on the MLPs of the upper two thirds."""
    ours = {"rank": 16, "alpha": 32, "targets": "mlp", "frozen_below": 1 / 3}
    bench.train("d_nf4", bench.frozen("d_nf4", "seven", SEED_ROWS, "nf4", **ours), 120)
    bench.train("d_unsloth", bench.frozen("d_unsloth", "seven", SEED_ROWS, "unsloth", **ours), 120)


def e(bench: Bench) -> None:
    """Trainers at equal batch on Qwen2.5 0.5B: Unsloth and PEFT in 16 bits, which is what so small a model gets, and NF4."""
    rows = SEED_ROWS | {"learning_rate": 1e-3}
    for arm, trainer, graphs in (("e_peft_graphs", "peft", "yes"), ("e_peft_eager", "peft", "no"),
                                 ("e_unsloth", "unsloth", ""), ("e_nf4", "nf4", "no")):  # fmt: skip
        bench.train(arm, bench.frozen(arm, "qwen", rows, trainer), 110, graphs)


def q(bench: Bench) -> None:
    """Adapters of both small models for h."""
    rows = SEED_ROWS | {"learning_rate": 1e-3}
    bench.train("e_peft_graphs", bench.frozen("e_peft_graphs", "qwen", rows, "peft"), 110, "yes")
    bench.train("f_graphs_32", bench.frozen("f_graphs_32", "smol", {"early_stop": False}, "peft"), 60, "yes")


def m(bench: Bench) -> None:
    """One process a GPU; two at least. Steps are not recorded then, so neither are those of one process."""
    for model, recipe, trainer in (
        ("seven", SEED_ROWS, "nf4"),
        ("smol", {"batch_size": 64, "epochs": 2, "early_stop": False}, "peft"),
    ):
        for count in (1, 2):
            arm = f"m_{model}_{count}"
            bench.train(arm, bench.frozen(arm, model, recipe, trainer), 170, "no", count)


def p(bench: Bench, free: str = "14,30") -> None:
    """The 7B shape in NF4 on a card of which another process holds all but so many GB."""
    for room in free.split(","):
        arm = f"p_free_{room}"
        told, held = bench.out / f"{arm}.json", bench.out / f"{arm}.held.json"
        for path in (told, held):
            path.unlink(missing_ok=True)
        run = bench.frozen(arm, "seven", SEED_ROWS | {"epochs": 1}, "nf4")
        with _held(bench, room, held):
            command: list[str | Path] = [sys.executable, "-m", "benchmarks.gpu_parts", "train", run, told]
            code, seconds = bench.run(arm, command, 170)
        body: dict[str, Any] = json.loads(told.read_text()) if told.is_file() else {"arm": arm}
        log = bench.out / f"{arm}.log"
        chosen = {name: body.get("result", {}).get(name) for name in ("micro_batch", "recompute", "graphs", "seconds")}
        bench.keep(arm, {
            "arm": arm, "exit": code, "command_seconds": round(seconds, 2), "peak_gb": body.get("peak_gb"), **chosen,
            "held": json.loads(held.read_text()), "told": _logs_of(run), **body,
            "last_lines": log.read_text(errors="replace").splitlines()[-8:] if code and log.is_file() else [],
        })  # fmt: skip


@contextlib.contextmanager
def _held(bench: Bench, room: str, ready: Path) -> Iterator[None]:
    """Another process holds the card's memory but for `room` GB. Raises RuntimeError when it does not come to it."""
    with (bench.out / f"{ready.stem}.log").open("w") as log:
        holder = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.gpu_parts", "hold", str(ready), "--free", room],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True, env=bench.environment(),
        )  # fmt: skip
    try:
        until = time.monotonic() + 90
        while not ready.is_file():
            if holder.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"the memory was not taken: see {ready.stem}.log")
            time.sleep(0.2)
        yield
    finally:
        holder.kill()
        holder.wait()


def _logs_of(run: Path) -> list[str]:
    """What a run told in its log before it ended, however it ended."""
    path = run / "events.jsonl"
    events = (
        [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")] if path.is_file() else []
    )
    return [event["message"] for event in events if event["event"] in {"log", "failed"}]


def f(bench: Bench) -> None:
    """SmolLM2 on the default rows. Eager arms take one epoch: they are slow, and only their speed is asked."""
    for arm, batch, epochs, trainer, graphs in (
        ("f_graphs_16", 16, 3, "peft", "yes"),
        ("f_eager_32", 32, 1, "peft", "no"),
        ("f_graphs_32", 32, 3, "peft", "yes"),
        ("f_graphs_64", 64, 3, "peft", "yes"),
        ("f_unsloth_32", 32, 1, "unsloth", ""),
    ):
        recipe = {"batch_size": batch, "epochs": epochs, "early_stop": False}
        bench.train(arm, bench.frozen(arm, "smol", recipe, trainer), 100, graphs)


def g(bench: Bench) -> None:
    """Where the time goes."""
    bench.part("g_rate", ["rate", bench.out / "g_rate.json"], 60)
    for arm, trainer, more in (
        ("g_nf4", "nf4", []),
        ("g_unsloth", "unsloth", []),
        ("g_nf4_graphs", "nf4", ["--graphs"]),
    ):
        run = bench.frozen(arm, "seven", SEED_ROWS, trainer)
        command: list[str | Path] = [
            sys.executable,
            "-m",
            "benchmarks.gpu_profile",
            run,
            bench.out / f"{arm}.json",
            trainer,
            *more,
        ]
        bench.run(arm, command, 110)


def h(bench: Bench) -> None:
    """Whether adapters say the same elsewhere. Nothing is timed, so both models are asked at once."""

    def ask(model: str, arms: str) -> None:
        adapters = sorted(path for path in bench.work.glob(f"{arms}/runs/*/adapter") if path.is_dir())
        if not adapters:
            print(f"h: there is no adapter of {model}", flush=True)
            return
        name, told = bench.models / model, bench.out / f"h_plain_{model}.json"
        bench.part(f"h_plain_{model}", ["answers", name, told, *adapters], 90)
        if told.is_file():
            bench.keep(f"h_agreement_{model}", agreement(bench.out, json.loads(told.read_text())["arms"]))
        if bench.serve and told.is_file():
            command: list[str | Path] = [sys.executable, ROOT / "benchmarks" / "gpu_serve.py", name, told,
                       bench.out / f"h_vllm_{model}.json", *adapters]  # fmt: skip
            bench.run(f"h_vllm_{model}", command, 160, PYTHONPATH=bench.serve, VLLM_NO_USAGE_STATS="1", DO_NOT_TRACK="1",
                      VLLM_USE_FLASHINFER_SAMPLER="0")  # fmt: skip

    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(ask, *one) for one in (("smol", "f_graphs_*"), ("qwen", "e_*"))]
    for one in asked:
        one.result()


def agreement(out: Path, arms: dict[str, Any]) -> dict[str, Any]:
    """For each adapter, answers of the training process that plain PEFT gives too."""
    found: dict[str, Any] = {}
    for adapter, plain in arms.items():
        arm = Path(adapter).parent.parent.parent.name
        body = json.loads((out / f"{arm}.json").read_text()) if (out / f"{arm}.json").is_file() else {}
        said = body.get("answers", {})
        same = sum(plain["answers"].get(name) == text for name, text in said.items())
        shares = {name: value for name, value in plain.items() if name != "answers"}
        found[arm] = {"same_as_in_training": same, "asked": len(said)} | shares
    return found


def main() -> None:
    """Run the parts asked for, the most important first."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("out", type=Path)
    options.add_argument("--models", type=Path, required=True)
    options.add_argument("--only", default=",".join(ORDER))
    options.add_argument("--serve", default="")
    options.add_argument("--minutes", type=float, default=9.5)
    options.add_argument("--free", default="14,30", help="for p: GB that are left free, an arm each")
    options.add_argument("--all", default="0,1", help="for u: the GPUs in sight, as CUDA_VISIBLE_DEVICES names them")
    given = options.parse_args()
    bench = Bench(given.out.resolve(), given.models.resolve(), given.serve, given.minutes)
    parts: dict[str, Callable[[Bench], None]] = {"seven": seven, "a": a, "b": b, "b2": b2, "c": c, "d": d, "e": e, "f": f, "g": g, "h": h,
             "i": i, "t": t, "t2": t2, "q": q, "m": m, "u": partial(u, cards=given.all), "p": partial(p, free=given.free)}  # fmt: skip
    for name in given.only.split(","):
        try:
            parts[name](bench)
        except Exception as error:
            print(f"{name}: {type(error).__name__}: {error}", flush=True)


if __name__ == "__main__":
    main()
