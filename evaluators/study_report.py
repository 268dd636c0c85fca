"""The report of a study, as Markdown and as one HTML file: python -P -m evaluators.study_report FOLDER

The claim with its interval comes first, then the table and the plot, then the limits.
"""

import sys
from collections.abc import Sequence
from html import escape
from pathlib import Path

from evaluators.plots import study_plot
from evaluators.rating import results_in
from evaluators.rating_words import result_lines
from schemas.rating import RatingResult
from schemas.study import Contrast, Estimate, StudyResult

NAMES = {
    "recall": "recall, all wordings",
    "recall_template": "recall, held-out templates",
    "recall_natural": "recall, held-out natural wording",
    "recall_everyday": "recall, everyday wording written apart",
    "recall_confusable": "recall, confusable facts",
    "recall_apart": "recall, other facts",
    "recall_outside": "recall, attributes outside the lexicon",
    "recall_everyday_listed": "everyday wording, attributes of the lexicon",
    "recall_everyday_outside": "everyday wording, attributes outside it",
    "recall_tier_1": "recall, tier 1 simple",
    "recall_tier_2": "recall, tier 2 relational",
    "recall_tier_3": "recall, tier 3 temporal",
    "recall_tier_4": "recall, tier 4 multi-hop",
    "recall_changed": "recall, changed facts",
    "recall_kept": "recall, unchanged facts",
    "said_old_value": "old value said",
    "named_another": "another fact's value said",
    "known_refused": "known facts refused",
    "unknown_refused": 'never told, "I don\'t know"',
    "portability_reverse": "reverse questions",
    "portability_yes_no": "yes/no questions",
    "portability_composition": "two-fact questions",
    "sum_of_four": "mean of the four goals",
    "general": "general questions",
    "bits_per_byte": "bits per byte, neutral text",
    "kl": "KL to the base, nats a token",
    "seconds": "seconds an answer",
    "training_seconds": "seconds of training",
    "prompt_tokens": "prompt tokens",
}
"""Figures as a reader knows them; the areas of general questions speak for themselves."""
_PLAIN = frozenset({"bits_per_byte", "kl", "seconds", "training_seconds", "prompt_tokens"})
_LIMITS = (
    "All people are invented and all questions are English; the wordings were written for this project, by rule or by "
    "hand, and the audit against training rows compares words, not meanings.",
    "Answers are judged by rules (see evaluators/scorer.py), which agree with hand labels but are no person.",
    "Intervals are over persons (bootstrap, 95%); each person is trained with one seed.",
)


def label_of(figure: str) -> str:
    """What a figure is called in tables."""
    return NAMES.get(figure, figure.replace("_", ": ", 1))


def shown(found: Estimate | None, figure: str) -> str:
    """ "0.95 (0.93-0.97)"."""
    if found is None:
        return "-"
    digits = 1 if figure == "prompt_tokens" else 3
    if found.low is None or found.high is None:
        return f"{found.mean:.{digits}f}"
    return f"{found.mean:.{digits}f} ({found.low:.{digits}f} to {found.high:.{digits}f})"


def claim_of(result: StudyResult) -> list[str]:
    """The answer to the study's question, in sentences."""
    study = result.plan.study
    name = label_of(study.primary)
    first = result.figures.get(study.reference, {}).get(study.primary)
    people = first.people if first else 0
    found = [f"{study.reference}: {name} {shown(first, study.primary)} over {_people(people)}."]
    return found + [_against(one, study.reference, study.primary) for one in result.contrasts]


def _against(one: Contrast, reference: str, primary: str) -> str:
    text = f"{reference} minus {one.arm}: {shown(one.difference, primary)}"
    if one.holm is not None:
        text += f", p = {one.holm:.4f} after Holm"
    if one.equivalent is not None:
        verdict = "shown" if one.equivalent < 0.05 else "not shown"
        text += f"; equivalence within {one.margin:.2f} {verdict} (p = {one.equivalent:.4f})"
    if one.mcnemar:
        few = sum(p < 0.05 for p in one.mcnemar.values())
        text += f"; their answers differ beyond chance for {few} of {_people(len(one.mcnemar))} (McNemar, p < 0.05)"
    return text + "."


def _people(count: int) -> str:
    return f"{count} {'person' if count == 1 else 'people'}"


def limits_of(result: StudyResult) -> list[str]:
    """What the reader must know before he believes it."""
    found = []
    first = next(iter(result.figures.values()), {})
    people = max((one.people for one in first.values()), default=0)
    if people < 30:
        found.append(f"Only {_people(people)}: intervals are wide, and no verdict should rest on this.")
    if result.missing:
        found.append(f"{len(result.missing)} cells are missing: {'; '.join(result.missing[:6])}.")
    found += [f"Left out: {arm}. {why}" for arm, why in result.plan.left_out.items()]
    failed = [arm for arm, proof in result.proofs.items() if proof != "passed"]
    if failed:
        found.append(f"The zero-context proof FAILED for: {', '.join(failed)}.")
    dropped = ", ".join(f"{count} {reason}" for reason, count in sorted(result.dropped.items()))
    if dropped:
        found.append(f"Questions left out before anything was asked: {dropped}.")
    return [*found, *_LIMITS]


def rows_of(result: StudyResult) -> list[list[str]]:
    """The table: head and one line an arm."""
    study = result.plan.study
    head = ["arm", *(label_of(name) for name in study.shown)]
    body = [
        [arm.name, *(shown(result.figures.get(arm.name, {}).get(name), name) for name in study.shown)]
        for arm in study.arms
        if arm.name in result.figures
    ]
    return [head, *body]


def rated_lines(ratings: Sequence[RatingResult]) -> list[str]:
    """Blind ratings by people, a line each."""
    return [line for rating in ratings for line in result_lines(rating) if line]


def markdown(result: StudyResult, ratings: Sequence[RatingResult] = ()) -> str:
    """The whole report."""
    study = result.plan.study
    head, *body = rows_of(result)
    lines = [f"# {study.title}", "", study.question, "", "## Claim", ""]
    lines += [f"- {sentence}" for sentence in claim_of(result)]
    if result.proofs:
        proved = [arm for arm, proof in result.proofs.items() if proof == "passed"]
        lines += ["", f"No prompt held a value of any fact (zero-context proof) in: {', '.join(proved) or 'no arm'}."]
    lines += ["", "## Figures", "", f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(row)} |" for row in body]
    lines += ["", "![Figures by arm](plot.svg)", ""]
    if rated := rated_lines(ratings):
        lines += ["## Blind rating by people", "", *(f"- {escape(one.strip(), quote=False)}" for one in rated), ""]
    lines += ["## Limits", ""]
    lines += [f"- {one}" for one in limits_of(result)]
    versions = ", ".join(f"{name} {number}" for name, number in result.plan.versions.items())
    lines += ["", f"Planned with {versions}. Raw numbers: results.json.", ""]
    return "\n".join(lines)


def html(result: StudyResult, plot: str, ratings: Sequence[RatingResult] = ()) -> str:
    """The same as one file, with nothing from outside and no script."""
    study = result.plan.study
    head, *body = rows_of(result)

    def items(texts: list[str]) -> str:
        return "".join(f"<li>{escape(text)}</li>" for text in texts)

    cells = "".join(f"<th>{escape(name)}</th>" for name in head)
    lines = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in body)
    rated = rated_lines(ratings)
    people = f"<h2>Blind rating by people</h2><ul>{items(rated)}</ul>" if rated else ""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(study.title)}</title>'
        "<style>:root{color-scheme:light dark;--base:#8a8f98;--tuned:#2f6fde;--grid:#8884}"
        "body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}"
        "table{border-collapse:collapse;font-size:.85rem}td,th{border-bottom:1px solid #8886;padding:.3rem .6rem;"
        "text-align:left}div{overflow-x:auto}svg{max-width:100%}</style></head><body>"
        f"<h1>{escape(study.title)}</h1><p>{escape(study.question)}</p><h2>Claim</h2><ul>{items(claim_of(result))}</ul>"
        f"<h2>Figures</h2><div><table><tr>{cells}</tr>{lines}</table></div>{plot}{people}"
        f"<h2>Limits</h2><ul>{items(limits_of(result))}</ul></body></html>\n"
    )


def main(folder: Path) -> None:
    """Write report.md, plot.svg and report.html beside results.json."""
    result = StudyResult.model_validate_json((folder / "results.json").read_bytes())
    ratings = results_in(folder)
    bars = {
        figure: [
            (arm.name, result.figures[arm.name][figure])
            for arm in result.plan.study.arms
            if figure in result.figures.get(arm.name, {})
        ]
        for figure in result.plan.study.shown
        if figure not in _PLAIN or figure == result.plan.study.primary
    }
    plot = study_plot({label_of(figure): found for figure, found in bars.items() if found}, result.plan.study.title)
    (folder / "report.md").write_text(markdown(result, ratings), "utf-8")
    (folder / "plot.svg").write_text(plot.replace("var(--tuned)", "#2f6fde").replace("var(--grid)", "#cccccc"), "utf-8")
    (folder / "report.html").write_text(html(result, plot, ratings), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
