"""ask: questions to the trained model, with no fact in the prompt."""

import sys
from pathlib import Path

from andraeus_tui.answering import collect, pick_run
from andraeus_tui.chatting import QUESTION_LIMIT
from andraeus_tui.commands.show import document, line, note
from andraeus_tui.jobs import stop_on_signals
from andraeus_tui.project import Project
from schemas.errors import InputError
from schemas.evaluation import Question, QuestionGroup
from schemas.events import Event, Log

MAX_NEW_TOKENS = 128


def ask(folder: Path, given: tuple[str, ...], run_name: str | None, base: bool, output: str) -> None:
    """Answer each question in the order asked."""
    project = Project(folder)
    run = None if base else pick_run(project, run_name)
    texts = [text for text in given if text.strip()] if given else _from_stdin()
    if not texts:
        raise InputError("There is no question.", "Give one as an argument, or one a line on standard input.")
    if any(len(text) > QUESTION_LIMIT for text in texts):
        raise InputError(f"A question is longer than {QUESTION_LIMIT:,} characters; shorten it.")
    questions = [Question(id=str(at), group=QuestionGroup.GENERAL, text=text) for at, text in enumerate(texts)]
    answers = collect(
        project, run, questions, base=base, max_new_tokens=MAX_NEW_TOKENS, tell=_warn, started=stop_on_signals
    )
    said = {answer.id: answer for answer in answers}
    if output == "json":
        body = [
            {
                "question": text,
                "answer": said[str(at)].answer,
                "by_adapter": said[str(at)].by_adapter,
                "second_look": said[str(at)].second_look,
                "prompt_tokens": said[str(at)].prompt_tokens,
            }
            for at, text in enumerate(texts)
        ]
        document({"answers": body})
        return
    for at, text in enumerate(texts):
        if len(texts) > 1:
            line(f"> {text}")
        line(said[str(at)].answer)


def _warn(event: Event) -> None:
    """What answers otherwise than the person would expect is told beside the answers."""
    if isinstance(event, Log) and event.level == "warning":
        note(event.message)


def _from_stdin() -> list[str]:
    if sys.stdin is None or sys.stdin.isatty():
        return []
    text = sys.stdin.buffer.read().decode("utf-8-sig", errors="replace")
    return [one.strip() for one in text.splitlines() if one.strip()]
