"""The report: everything of somebody else's is escaped, every number is the evidence's, nothing comes from outside."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluators.metrics import kept_general
from evaluators.report import render, shown
from evaluators.statistics import wilson
from evaluators.summary import failures, percent
from schemas.evaluation import Evaluation, Proportion, Question, QuestionGroup
from schemas.row import RowKind, Wording
from schemas.run import Dataset, DatasetFile, TrainConfig
from schemas.settings import Preset, ProjectSettings, resolve_recipe
from tests.stubs.evidence import evaluation_of, right

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }} {% raw %}",
    "[red]no markup[/red] <|im_end|>",
    "\x1b[31mred\x07",
    "\u202eright to left\u202c שלום",
    "👩‍👩‍👧 family",
    "long " * 2000,
]


def config() -> TrainConfig:
    file = DatasetFile(path="dataset/x.jsonl", rows=12, sha256="0" * 64)
    return TrainConfig(
        model="embedded",
        system_prompt="",
        preset=Preset.DEFAULT,
        recipe=resolve_recipe(ProjectSettings()),
        seed=7,
        dataset=Dataset(train=file, dev=file, test=file, replay=file, fact_ids=("0" * 12,)),
    )


def questions(texts: list[str]) -> list[Question]:
    made = []
    for number, text in enumerate(texts):
        wording = Wording.NATURAL if number % 2 else Wording.GENERIC
        known: dict[str, object] = {
            "topic": "user/pet",
            "fact_ids": ("0" * 12,),
            "values": (text,),
            "tier": 1 + number % 4,
        }
        kinds: tuple[dict[str, object], ...] = (
            {"group": QuestionGroup.RECALL, "kind": RowKind.QUESTION, "wording": wording, **known},
            {"group": QuestionGroup.PORTABILITY, "kind": RowKind.REVERSE, **known},
            {"group": QuestionGroup.UNKNOWN, "kind": RowKind.ABSTENTION},
            {"group": QuestionGroup.UNSEEN, "kind": RowKind.ABSTENTION},
            {"group": QuestionGroup.GENERAL, "values": (text,)},
        )
        made += [
            Question.model_validate({"id": f"{number}/{at}", "text": f"Who is {text}?", **body})
            for at, body in enumerate(kinds)
        ]
    return made


class Page(HTMLParser):
    """Tags with their attributes, the text, and the cells of rows that name a metric."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.metrics: dict[str, list[str]] = {}
        self._row: list[str] | None = None
        self._quiet = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        self._quiet = tag == "style"
        if tag == "tr":
            self._row = self.metrics.setdefault(found["data-metric"] or "", []) if "data-metric" in found else None
        if tag in {"td", "th"} and self._row is not None:
            self._row.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "tr":
            self._row = None

    def handle_data(self, data: str) -> None:
        if not self._quiet:
            self.text += data
        if self._row:
            self._row[-1] += data.strip()


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    return evaluation_of(questions(HOSTILE), lambda number, question: right(question) if number % 3 else HOSTILE[0])


@pytest.fixture(scope="module")
def report(evaluation: Evaluation) -> str:
    return render(evaluation, config())


def test_text_of_others_is_text_and_nothing_else(report: str) -> None:
    page = Page(report)
    assert not {tag for tag, _ in page.tags} & {"script", "img", "iframe", "link", "object", "base", "form"}
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert "<script>alert(1)</script>" in page.text
    assert "{{ 7 * 7 }} {% raw %}" in page.text
    assert "49" not in re.findall(r"Who is (\S+)", page.text)
    for gone in ("\x1b", "\x07", "\u202e"):
        assert gone not in report
    assert "👩‍👩‍👧" in page.text


def test_nothing_comes_from_outside(report: str) -> None:
    rest = re.sub(r'xmlns(?::\w+)?="[^"]*"', "", report)
    assert not re.search(r"https?:", rest)
    assert not re.search(r"url\((?!#)|@import|\bsrc=", rest.replace("<img src=x", "").replace("&lt;img src=x", ""))
    assert "default-src 'none'" in report


def test_every_number_is_the_evidence_s(report: str, evaluation: Evaluation) -> None:
    page = Page(report)

    def cells(found: Proportion) -> list[str]:
        return [
            f"{found.hits} of {found.total} ({percent(found.share)})",
            f"{percent(found.low)} to {percent(found.high)}",
        ]

    wanted = {name for name in evaluation.metrics if name not in {"recall", "unknown_refused_taught"}}
    assert set(page.metrics) == wanted
    for name, found in page.metrics.items():
        assert found[1:] == [*cells(evaluation.base_metrics[name]), *cells(evaluation.metrics[name])], name
    known = [*evaluation.metrics.values(), *evaluation.base_metrics.values(), kept_general(evaluation.judged)]
    allowed = {(one.hits, one.total) for one in known}
    asked = sum(one.question.fact_ids != () for one in evaluation.judged)
    allowed.add((len(failures(evaluation.judged)), asked))
    told = {(int(a), int(b)) for a, b in re.findall(r"(\d+) of (?:the )?(\d+)", page.text)}
    assert told <= allowed
    shares = {percent(value) for one in known for value in (one.share, one.low, one.high)}
    drawn = {"0%", "25%", "50%", "75%", "100%", "95%"}
    assert set(re.findall(r"[\d.]+%", page.text)) <= shares | drawn
    for text in (str(evaluation.proof.prompts), evaluation.proof.prompts_sha256, "7", "61.5 seconds", "2.11.0"):
        assert text in page.text


def test_the_bars_are_as_long_as_the_shares(report: str, evaluation: Evaluation) -> None:
    plot = report.split("<figure>")[1]
    widths = []
    for path in re.findall(r'<path d="([^"]*z)[^>]*? style="fill: var\(--tuned\)', plot):
        across = [float(x) for x in re.findall(r"[ML] ([-\d.]+)", path)]
        widths.append(max(across) - min(across))
    names = ("recall_natural", "recall_template", "known_refused", "unknown_refused", "portability_reverse", "general")
    wanted = [evaluation.metrics[name].share for name in reversed(names)]
    *bars, _legend = widths
    whole = max(bars) / max(wanted)
    assert [width / whole for width in bars] == pytest.approx(wanted, abs=0.001)


def test_it_is_readable_by_all(report: str) -> None:
    page = Page(report)
    assert ("html", {"lang": "en"}) in page.tags
    assert "prefers-color-scheme: dark" in report
    assert "@media print" in report
    for tag, attributes in page.tags:
        if tag == "svg":
            assert attributes["role"] == "img"
            assert f'<title id="{attributes["aria-labelledby"]}">' in report
        if tag == "th":
            assert attributes.get("scope") in {"col", "row"}
    names = [tag for tag, _ in page.tags]
    assert names.count("table") == names.count("caption")
    ids = re.findall(r'\bid="([^"]+)"', report)
    assert len(ids) == len(set(ids))


def test_the_same_evidence_gives_the_same_report(report: str, evaluation: Evaluation) -> None:
    assert render(evaluation, config()) == report


def test_a_failed_proof_cannot_be_overlooked() -> None:
    leaks = ("0/0:000000000000", "general/a:b:000000000000")
    text = Page(render(evaluation_of(questions(["Max"]), leaks=leaks), config())).text
    assert text.index("The zero-context proof FAILED") < text.index("The claim")
    assert "Passed" not in text
    assert "No fact stood in any prompt" not in text
    assert "general/a:b" in text


def test_no_questions_at_all_still_give_a_report() -> None:
    text = Page(render(evaluation_of([]), config())).text
    assert "None of the 0 questions about given facts." in text


def test_as_a_process(tmp_path: Path, evaluation: Evaluation, report: str) -> None:
    (tmp_path / "eval.json").write_text(evaluation.model_dump_json())
    (tmp_path / "config.json").write_text(config().model_dump_json())
    done = subprocess.run([sys.executable, "-P", "-m", "evaluators", tmp_path], capture_output=True, check=True)
    assert done.stdout.decode() == report


@given(st.text())
def test_shown_hides_nothing_and_steers_nothing(text: str) -> None:
    safe = shown(text)
    assert len(safe) == len(text)
    assert all(char.isprintable() or char in "\n\t\u200c\u200d" for char in safe)


def test_kept_looks_only_at_what_the_base_model_could() -> None:
    judged = evaluation_of(questions(["Max", "Rex", "Tom", "Kit"]), lambda number, question: "nothing").judged
    could = [one for one in judged if one.question.group is QuestionGroup.GENERAL and one.base_verdict == "right"]
    assert kept_general(judged) == wilson(0, len(could))
    assert could
