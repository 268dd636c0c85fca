"""Rates of the parts of benchmarks.paraphrase, and ours over the baseline's."""

import json
from pathlib import Path
from typing import Any


def summary(out: Path, name: str) -> dict[str, Any]:
    """Rates of both, and ours over the baseline's."""
    found: dict[str, Any] = {}
    for part in ("plain", "again"):
        if (path := out / f"{name}.{part}.json").is_file():
            for number, one in enumerate(json.loads(path.read_text())["passes"], 1):
                found[f"{part} {number}"] = _rates(one["asks"], one["completion_tokens"], one["seconds"])
    if (path := out / f"{name}.ours.json").is_file():
        body = json.loads(path.read_text())
        ended = [event for event in body["events"] if event["event"] == "finished"]
        if ended:
            told = ended[0]["result"]["paraphrases"]
            found["ours"] = _rates(told["asks"], told["tokens"]["completion"], told["seconds"]["ask"]) | {
                "rows_per_second": told["accepted"] / told["seconds"]["ask"], "accepted": told["accepted"],
                "questions": told["questions"], "load_seconds": told["seconds"]["load"], "refused": told["refused"],
            }  # fmt: skip
            for part, rates in list(found.items()):
                if part != "ours":
                    rates["ours_over_it"] = found["ours"]["asks_per_second"] / rates["asks_per_second"]
        found["after"] = body.get("after")
    _add_warm(found, out / f"{name}.warm.json")
    if (path := out / f"{name}.kill.json").is_file():
        found["after_kill"] = json.loads(path.read_text())["after"]
    return found


def _add_warm(found: dict[str, Any], path: Path) -> None:
    """The passes against one server, each over the baseline's pass that was as cold or as warm."""
    if not path.is_file():
        return
    body = json.loads(path.read_text())
    for number, one in enumerate(body["passes"], 1):
        if "asks" not in one:
            continue
        rates = _rates(one["asks"], one["completion_tokens"], one["seconds"]) | {"accepted": one["accepted"]}
        for part in ("plain", "again"):
            if baseline := found.get(f"{part} {number}"):
                rates[f"over_{part}_{number}"] = rates["asks_per_second"] / baseline["asks_per_second"]
        found[f"warm {number}"] = rates
    found["after_warm"] = body.get("after")


def _rates(asks: int, tokens: int, seconds: float) -> dict[str, Any]:
    return {
        "asks": asks, "seconds": seconds, "completion_tokens": tokens,
        "asks_per_second": asks / seconds, "tokens_per_second": tokens / seconds,
    }  # fmt: skip
