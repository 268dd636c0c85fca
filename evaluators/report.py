"""The report: one HTML file with everything in it, no script and nothing from the network.

Facts, questions and answers are somebody else's text: all of it goes through the template's escaping.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from evaluators.plots import metrics_plot, tiers_plot
from evaluators.rating_words import result_lines
from evaluators.summary import (
    FEWER_IS_BETTER,
    NAMES,
    TIERS,
    beside_text,
    claims,
    count,
    expected,
    failures,
    general,
    in_words,
    interval,
    is_right,
    never_told,
    percent,
)
from schemas.evaluation import Evaluation, QuestionGroup
from schemas.rating import RatingResult
from schemas.run import TrainConfig

_JOINERS = "\u200c\u200d"
"""Without them some scripts and some emoji fall apart; they steer nothing."""


def render(evaluation: Evaluation, config: TrainConfig, ratings: Sequence[RatingResult] = ()) -> str:
    """The whole report. Equal arguments give the same text."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "shown": shown,
        "percent": percent,
        "interval": interval,
        "count": count,
        "expected": expected,
        "moment": _moment,
    }
    environment.globals |= {"in_words": in_words, "is_right": is_right}
    has_tiers = any(f"recall_tier_{tier}" in evaluation.metrics for tier in TIERS)
    return environment.get_template("report.html.j2").render(
        evaluation=evaluation,
        beside=beside_text(evaluation),
        config=config,
        recipe=config.recipe.model_dump(mode="json"),
        claims=claims(evaluation),
        names={
            name: text.replace("  ", "\N{HORIZONTAL ELLIPSIS} ")
            for name, text in NAMES.items()
            if name in evaluation.metrics
        },
        tiers={
            f"recall_tier_{tier}": f"{tier} {text}"
            for tier, text in TIERS.items()
            if f"recall_tier_{tier}" in evaluation.metrics
        },
        fewer=FEWER_IS_BETTER,
        failures=failures(evaluation.judged),
        asked=sum(one.question.group in {QuestionGroup.RECALL, QuestionGroup.PORTABILITY} for one in evaluation.judged),
        never_told=never_told(evaluation.judged),
        general=general(evaluation.judged),
        metrics_plot=metrics_plot(evaluation) if evaluation.metrics else "",
        tiers_plot=tiers_plot(evaluation) if has_tiers else "",
        ratings=[[line for line in result_lines(rating) if line] for rating in ratings],
    )


def shown(text: str | None) -> str:
    """The text as it may stand on a page: characters that cannot be seen are marked, line breaks stay."""
    return "".join(
        char if char.isprintable() or char in "\n\t" or char in _JOINERS else "\N{REPLACEMENT CHARACTER}"
        for char in text or ""
    )


def _moment(created: str) -> str:
    """ "2026-11-25T09:43:41+00:00" as "25 November 2026, 09:43 UTC"."""
    moment = datetime.fromisoformat(created)
    return f"{moment.day} {moment:%B %Y, %H:%M} {moment.tzname() or ''}".strip()
