"""What the judge pass is worth: it judges questions that were labelled by hand, on a server that is started as always.

    python -m benchmarks.paraphrase_judge MODEL OUT.json LABELLED.jsonl WORDINGS_FOLDER NAME

Needs vLLM on the path, and no network. WORDINGS_FOLDER and NAME are OUT and NAME of benchmarks.paraphrase; LABELLED.jsonl
comes from benchmarks.paraphrase_labels, or has whole rows (`fact`, `question`, `verdict`, `good`) of an earlier
measurement of the same facts. Every labelled question is judged, those that the checks refuse too; what is counted are
those that pass them: how many are good before the judge and after it, and how many good ones it drops.
"""

import argparse
import asyncio
import io
import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.paraphrase_labels import facts_of, lines, passed_checks
from evaluators.statistics import wilson
from generators.paraphrase import judge
from generators.paraphrase.client import Client, connect
from generators.paraphrase.server import REQUESTS, Served, serving
from schemas.fact import Fact
from schemas.wire import Wire

Row = dict[str, Any]


def labelled(labels: Path, out: Path, name: str) -> list[Row]:
    """Every labelled question with its fact's id, its label, and what the checks said of it.

    Raises ValueError when a label is missing or does not belong to its wording.
    """
    wordings = lines(out / f"{name}.wordings.jsonl")
    found = []
    for body in lines(labels):
        label, wording = body.get("label", body.get("good")), body
        if "number" in body and "label" in body:
            wording = wordings[body["number"]]
        if label not in (0, 1) or wording["question"] != body["question"]:
            raise ValueError(f"This label does not fit: {body}")
        found.append({
            "fact": wording["fact"], "question": wording["question"], "good": bool(label),
            "passed_checks": passed_checks(wording), "problem": wording["problem"],
        })  # fmt: skip
    return found


async def judge_all(rows: list[Row], facts: dict[str, Fact], served: Served) -> float:
    """Add the judge's answer and verdict to every row; the seconds from the first question to the last answer."""
    client = await connect(served.url, served.model, served.key, REQUESTS)
    gate = asyncio.Semaphore(REQUESTS)
    try:
        begun = time.monotonic()
        await asyncio.gather(*(_judge(row, facts, client, gate) for row in rows))
        return time.monotonic() - begun
    finally:
        await client.close()


async def _judge(row: Row, facts: dict[str, Fact], client: Client, gate: asyncio.Semaphore) -> None:
    fact = facts[row["fact"]]
    async with gate:
        row["answer"] = await client.answer(judge.messages_for(row["question"], fact, list(facts.values())))
    row["value"], row["kept_by_judge"] = fact.text, judge.leads_to_value(row["answer"], fact)


def counted(rows: list[Row]) -> dict[str, Any]:
    """Precision of the checks alone and of checks and judge, and what the judge drops of good and of bad ones."""
    passed = [row for row in rows if row["passed_checks"]]
    good = [row for row in passed if row["good"]]
    bad = [row for row in passed if not row["good"]]
    return {
        "checks alone": _precision(passed),
        "checks and judge": _precision([row for row in passed if row["kept_by_judge"]]),
        "good ones that the judge drops": _dropped(good),
        "bad ones that the judge drops": _dropped(bad),
    }


def _precision(rows: list[Row]) -> dict[str, Any]:
    good = sum(row["good"] for row in rows)
    return {"n": len(rows), "good": good, "precision": wilson(good, len(rows)).model_dump()}


def _dropped(rows: list[Row]) -> dict[str, Any]:
    return wilson(sum(not row["kept_by_judge"] for row in rows), len(rows)).model_dump()


def main() -> None:
    """Judge, count, and write all down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("labels", type=Path)
    parser.add_argument("wordings", type=Path)
    parser.add_argument("name")
    given = parser.parse_args()
    facts, rows = facts_of(given.wordings, given.name), labelled(given.labels, given.wordings, given.name)
    with serving(str(given.model.resolve()), len(rows), Wire(sys.stderr, io.StringIO(), must_save=False)) as served:
        seconds = asyncio.run(judge_all(rows, facts, served))
    body = {
        "model": given.model.name, "labels": given.labels.name, "wordings": given.name,
        "load_seconds": round(served.load_seconds, 2), "judged": len(rows), "seconds": round(seconds, 3),
        "judgements_per_second": round(len(rows) / seconds, 2),
    }  # fmt: skip
    # What the GPU was needed for is written before anything is made of it.
    _write(given.out, body | {"rows": rows})
    body |= counted(rows)
    _write(given.out, body | {"rows": rows})
    print(json.dumps(body, ensure_ascii=False, indent=1))


def _write(path: Path, body: Row) -> None:
    path.write_text(json.dumps(body, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
