"""From a question and an answer to token ids, with the user's text kept apart from the chat template's control tokens."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from schemas.errors import InputError

_MARK = re.compile("\ue010([0-9]+)\ue011")


def _mark(number: int) -> str:
    """Stands in the template for a text that a person or the model wrote."""
    return f"\ue010{number}\ue011"


@dataclass(frozen=True)
class _Frame:
    """A chat template's own pieces, as text and as token ids, and the numbers of the texts between them."""

    texts: tuple[str, ...]
    ids: tuple[tuple[int, ...], ...]
    slots: tuple[int, ...]

    def around(self, texts: Sequence[list[int]]) -> list[int]:
        """The whole prompt's ids, from those of the texts in the order of `slots`."""
        ids = list(self.ids[0])
        for text, after in zip(texts, self.ids[1:], strict=True):
            ids += text
            ids += after
        return ids


@dataclass(frozen=True)
class Example:
    """One row as tokens: the prompt, then the answer with its end token. Loss is on the answer alone."""

    ids: tuple[int, ...]
    answer_start: int
    rehearsal: bool = False
    """A general text on which the model should go on predicting what the base model predicts."""

    @property
    def answer_length(self) -> int:
        """Tokens that are learned."""
        return len(self.ids) - self.answer_start


class ChatCodec:
    """Renders and encodes chats for one tokenizer and system prompt.

    A fact that holds "<|im_end|>" is encoded as these ten characters, never as the control token: the template's own
    pieces are encoded with control tokens, what a person wrote without.
    """

    def __init__(self, tokenizer: Any, system_prompt: str) -> None:
        self.tokenizer = tokenizer
        self._system_prompt = system_prompt
        self._frames: dict[int, _Frame] = {}

    def render(self, *turns: str) -> str:
        """The whole prompt as text, as the zero-context proof reads it. Turns are a question, or more of them with
        the answers in between."""
        frame, texts = self._frame(len(turns)), (self._system_prompt, *turns)
        return frame.texts[0] + "".join(
            texts[slot] + after for slot, after in zip(frame.slots, frame.texts[1:], strict=True)
        )

    def prompt(self, *turns: str) -> list[int]:
        """Token ids of the same prompt, ready for the answer."""
        frame, texts = self._frame(len(turns)), (self._system_prompt, *turns)
        return frame.around([self.plain(texts[slot]) for slot in frame.slots])

    def span(self, question: str) -> tuple[int, int]:
        """Where the question's own tokens lie in its prompt: the first, and the one after the last."""
        end = len(self.prompt(question)) - len(self._frame(1).ids[-1])
        return end - len(self.plain(question)), end

    def _frame(self, turns: int) -> "_Frame":
        """What the template puts around so many turns; the system prompt is number 0 and the turns follow."""
        if turns not in self._frames:
            messages = [{"role": ("assistant", "user")[at % 2], "content": _mark(at)} for at in range(1, turns + 1)]
            if self._system_prompt:
                messages.insert(0, {"role": "system", "content": _mark(0)})
            text = self.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
            parts = _MARK.split(text)
            texts, slots = tuple(parts[::2]), tuple(int(number) for number in parts[1::2])
            if sorted(slots) != list(range(0 if self._system_prompt else 1, turns + 1)):
                raise InputError(
                    "The model's chat template leaves out a part of the conversation.", "Take another model."
                )
            self._frames[turns] = _Frame(texts, tuple(tuple(self._control(piece)) for piece in texts), slots)
        return self._frames[turns]

    def example(self, question: str, answer: str) -> Example:
        """Token ids of a question with its answer and the end token."""
        prompt = self.prompt(question)
        return Example((*prompt, *self.plain(answer), self.tokenizer.eos_token_id), len(prompt))

    def examples(self, asked: Sequence[tuple[str, str]]) -> list[Example]:
        """`example` of each question and answer, their texts encoded together: about twice as quick for many."""
        if not asked:
            return []
        questions, answers = (self._plain_each(texts) for texts in zip(*asked, strict=True))
        frame, system, end = self._frame(1), self.plain(self._system_prompt), self.tokenizer.eos_token_id
        found = []
        for question, answer in zip(questions, answers, strict=True):
            prompt = frame.around([question if slot else system for slot in frame.slots])
            found.append(Example((*prompt, *answer, end), len(prompt)))
        return found

    def rehearsal(self, question: str, answer: str) -> Example:
        """Token ids of a general prompt and the start of the base model's answer: nothing in it is a label."""
        ids = (*self.prompt(question), *self.plain(answer))
        return Example(ids, len(ids), rehearsal=True)

    def plain(self, text: str) -> list[int]:
        """Token ids of what a person wrote, or of a part of an answer: no control token, whatever it looks like."""
        return list(self.tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"])

    def _plain_each(self, texts: Sequence[str]) -> list[list[int]]:
        return list(self.tokenizer(list(texts), add_special_tokens=False, split_special_tokens=True)["input_ids"])

    def decode(self, ids: list[int]) -> str:
        """The text of an answer, without control tokens."""
        return str(self.tokenizer.decode(ids, skip_special_tokens=True)).strip()

    def _control(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])
