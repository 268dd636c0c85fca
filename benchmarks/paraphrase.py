"""Paraphrases on a GPU: our path through `vllm serve` against one plain `LLM.chat` batch on the same prompts.

    python -m benchmarks.paraphrase MODEL_FOLDER OUT_FOLDER NAME [--only plain,ours,again,kill,warm] [--facts 50] [--judge]

Needs vLLM on the path, and no network. Parts run in processes of their own with time limits, and each writes its result
as soon as it has one, so that a part that fails loses nothing else:

    NAME.machine.json    the machine, before
    NAME.plain.json      the baseline, twice in one process; NAME.again.json once more after `ours`, with warm caches
    NAME.ours.json       our worker: times, tokens, yields by reason; what is left of it afterwards
    NAME.wordings.jsonl  every wording with its verdict;  NAME.facts.json  the facts
    NAME.kill.json       what is left after kill -9 of the worker while it asks
    NAME.warm.json       our worker twice against one server: the first time as cold as the first batch of `plain`, the
                         second time as warm as its second one
    NAME.summary.json    rates and ratios
"""

import argparse
import io
import json
import os
import signal
import subprocess
import sys
import time
import traceback
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.left_behind import ROOT, after, environment, left_of, smi
from benchmarks.paraphrase_facts import facts
from benchmarks.paraphrase_summary import summary
from generators.paraphrase.asks import ROUNDS, SCHEMA, TOKENS, asks_for, registers
from generators.paraphrase.client import KEY_VARIABLE, TEMPERATURE, TOP_P
from generators.paraphrase.gpu import gpu_memory
from generators.paraphrase.server import CONTEXT_TOKENS, EAGER_BELOW, REQUESTS, SEQUENCES, Served, memory_share, serving
from schemas.fact import Fact
from schemas.run import GenerateJob
from schemas.settings import Backend, GenerationSettings
from schemas.wire import Wire

_JUDGE, _GATE = "ANDRAEUS_BENCHMARK_JUDGE", "ANDRAEUS_BENCHMARK_GATE"
_EVERYTHING = 200
"""Wordings a fact that are wanted: more than all asks can give, so that every ask is made and no good one is left."""
_OURS_SECONDS, _PLAIN_SECONDS, _WARM_SECONDS = 300, 260, 150


def job_for(model: Path, told: list[Fact], record: str, served: Served | None = None) -> GenerateJob:
    """All asks for these facts, and as little else as possible; with the judge pass where this process was told so.

    They go to `served` when there is one, as many at a time as to a server that the worker starts itself.
    """
    settings = GenerationSettings(
        backend=Backend.VLLM, variations=_EVERYTHING, abstention=0, replay=0, judge=_JUDGE in os.environ
    )
    if served:
        there = {"backend": Backend.ENDPOINT, "endpoint": served.url, "endpoint_model": served.model}
        settings = settings.model_copy(update=there | {"concurrency": REQUESTS})
    return GenerateJob(facts=tuple(told), settings=settings, model=str(model), record=record)


def worker(job: GenerateJob, mark: str, log: Path, key: str = "") -> subprocess.Popen[str]:
    """The worker that the front end would start, its job told; `key` is that of the endpoint, if it wants one."""
    with log.open("ab") as file:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "generators", "generate"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=file, text=True, env=environment(mark) | ({KEY_VARIABLE: key} if key else {}),
            start_new_session=True,
        )  # fmt: skip
    assert process.stdin
    process.stdin.write(job.model_dump_json() + "\n")
    process.stdin.flush()
    return process


def ours(model: Path, out: Path, name: str, told: list[Fact]) -> None:
    """Our path, from the first event to the last, and what is left of it."""
    mark, before, record = uuid.uuid4().hex, gpu_memory(), out / f"{name}.wordings.jsonl"
    record.unlink(missing_ok=True)
    begun, events = time.monotonic(), list[dict[str, Any]]()
    body: dict[str, Any] = {"events": events}
    process = worker(job_for(model, told, str(record)), mark, out / f"{name}.worker.log")
    alarm = subprocess.Popen(["sleep", str(_OURS_SECONDS)])
    assert process.stdout
    for line in _lines(process, alarm):
        event = json.loads(line)
        if event["event"] not in {"row", "progress"}:
            events.append({"at": round(time.monotonic() - begun, 2), **event})
            _write(out / f"{name}.ours.json", body)
    body["seconds"], body["exit"] = time.monotonic() - begun, process.wait(60)
    _write(out / f"{name}.ours.json", body | {"after": after(mark, before)})


def _lines(process: subprocess.Popen[str], alarm: subprocess.Popen[bytes]) -> Any:
    """The worker's lines; when the alarm goes off it is asked to stop."""
    import threading

    def stop() -> None:
        alarm.wait()
        if process.poll() is None and process.stdin:
            try:
                process.stdin.write('{"command": "stop"}\n')
                process.stdin.flush()
            except (BrokenPipeError, ValueError):
                pass

    threading.Thread(target=stop, daemon=True).start()
    assert process.stdout
    yield from process.stdout
    alarm.kill()


def kill(model: Path, out: Path, name: str, told: list[Fact]) -> None:
    """kill -9 of the worker in the middle of its asks."""
    mark, before = uuid.uuid4().hex, gpu_memory()
    process = worker(job_for(model, told, ""), mark, out / f"{name}.worker.log")
    assert process.stdout
    rows = 0
    for line in process.stdout:
        rows += json.loads(line)["event"] == "row"
        if rows >= 5:
            break
    during = {"processes": left_of(mark), "gpu": gpu_memory(), "rows_seen": rows}
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    _write(out / f"{name}.kill.json", {"during": during, "after": after(mark, before)})


def warm(model: Path, out: Path, name: str, told: list[Fact]) -> None:
    """Our worker twice against one server, every ask from scratch, and what is left of all."""
    mark, before, path = uuid.uuid4().hex, gpu_memory(), out / f"{name}.warm.json"
    passes = list[dict[str, Any]]()
    body: dict[str, Any] = {"concurrency": REQUESTS, "passes": passes}
    # Sized as the worker sizes its own.
    asks = len(told) * len(registers())
    with (
        (out / f"{name}.server.log").open("w") as log,
        _marked(mark),
        serving(str(model), asks, Wire(log, io.StringIO(), must_save=False)) as served,
    ):
        body["load_seconds"] = served.load_seconds
        for number in (1, 2):
            record = out / f"{name}.warm_{number}.wordings.jsonl"
            record.unlink(missing_ok=True)
            job = job_for(model, told, str(record), served)
            passes.append(_pass(job, mark, out / f"{name}.worker.log", served.key))
            _write(path, body)
    _write(path, body | {"after": after(mark, before)})


@contextmanager
def _marked(mark: str) -> Iterator[None]:
    """Makes what this process starts part of `mark`."""
    kept = dict(os.environ)
    os.environ.update(environment(mark))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)


def _pass(job: GenerateJob, mark: str, log: Path, key: str) -> dict[str, Any]:
    """What came of one worker: its times and counts, and everything that it told beside rows and progress."""
    begun, events = time.monotonic(), list[dict[str, Any]]()
    process = worker(job, mark, log, key)
    for line in _lines(process, subprocess.Popen(["sleep", str(_WARM_SECONDS)])):
        event = json.loads(line)
        if event["event"] not in {"row", "progress"}:
            events.append({"at": round(time.monotonic() - begun, 2), **event})
    body: dict[str, Any] = {"exit": process.wait(60), "whole_seconds": time.monotonic() - begun}
    for told in (event["result"]["paraphrases"] for event in events if event["event"] == "finished"):
        body |= {"asks": told["asks"], "completion_tokens": told["tokens"]["completion"],
                 "seconds": told["seconds"]["ask"], "accepted": told["accepted"], "paraphrases": told}  # fmt: skip
    return body | {"events": events}


def plain(model: Path, out: Path, name: str, told: list[Fact], part: str = "plain") -> None:
    """The baseline in a process of its own."""
    mark, before = uuid.uuid4().hex, gpu_memory()
    asks = [ask for number in range(ROUNDS) for fact in told for ask in asks_for(fact, number, 0)]
    body = {
        "context": CONTEXT_TOKENS, "sequences": SEQUENCES, "memory": memory_share(), "tokens": TOKENS,
        "eager": len(asks) < EAGER_BELOW, "temperature": TEMPERATURE, "top_p": TOP_P, "schema": SCHEMA,
        "asks": [{"messages": ask.messages, "seed": ask.seed} for ask in asks],
    }  # fmt: skip
    prompts = out / f"{name}.prompts.json"
    _write(prompts, body)
    with (out / f"{name}.{part}.log").open("wb") as log:
        command = [
            sys.executable,
            "-m",
            "benchmarks.plain_chat",
            str(model),
            str(prompts),
            str(out / f"{name}.{part}.json"),
        ]
        process = subprocess.Popen(
            command, stdout=log, stderr=log, env=environment(mark), cwd=ROOT, start_new_session=True
        )
        try:
            _gate_opens()
            process.wait(_PLAIN_SECONDS)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    after(mark, before)
    if process.returncode:
        tail = (out / f"{name}.{part}.log").read_text("utf-8", errors="replace")[-3000:]
        raise RuntimeError(f"the baseline ended with {process.returncode}: {tail}")


def _gate_opens() -> None:
    """Until the baseline may begin: its process waits for the same file, with the imports behind it."""
    while (gate := os.environ.get(_GATE)) and not Path(gate).exists():
        time.sleep(0.2)


def again(model: Path, out: Path, name: str, told: list[Fact]) -> None:
    """The baseline once more."""
    plain(model, out, name, told, "again")


def _write(path: Path, body: object) -> None:
    path.write_text(json.dumps(body, ensure_ascii=False, indent=1), "utf-8")


PARTS: dict[str, Callable[[Path, Path, str, list[Fact]], None]] = {
    "plain": plain,
    "ours": ours,
    "again": again,
    "kill": kill,
    "warm": warm,
}


def main() -> None:
    """Every part in turn; what went wrong is written down and the rest goes on."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("name")
    parser.add_argument("--only", default=",".join(PARTS))
    parser.add_argument("--facts", type=int, default=50)
    parser.add_argument("--judge", action="store_true", help="ours with the judge pass")
    parser.add_argument("--gate", default="", help="file that the baseline waits for, its imports done")
    options = parser.parse_args()
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)
    os.environ |= {name: value for name, value in ((_JUDGE, "1" * options.judge), (_GATE, options.gate)) if value}
    told = facts(options.facts)
    _write(out / f"{options.name}.facts.json", [fact.model_dump(mode="json") for fact in told])
    _write(out / f"{options.name}.machine.json", {"nvidia_smi": smi(), "memory": gpu_memory(), "python": sys.version})
    for part in options.only.split(","):
        begun = time.monotonic()
        try:
            PARTS[part](options.model.resolve(), out, options.name, told)
            problem = ""
        except Exception:
            problem = traceback.format_exc()
            _write(out / f"{options.name}.{part}.failed.json", problem)
        print(f"{options.name} {part}: {time.monotonic() - begun:.1f} s {problem[-1500:]}", flush=True)
        _write(out / f"{options.name}.summary.json", summary(out, options.name))
    print(json.dumps(summary(out, options.name), indent=1)[:6000])


if __name__ == "__main__":
    main()
