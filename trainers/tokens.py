"""From a question and an answer to token ids, with the user's text kept apart from the chat template's control tokens."""

from dataclasses import dataclass
from typing import Any

_SYSTEM_MARK, _USER_MARK = "\ue010\ue011\ue012", "\ue013\ue014\ue015"


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
        messages = [{"role": "user", "content": _USER_MARK}]
        if system_prompt:
            messages.insert(0, {"role": "system", "content": _SYSTEM_MARK})
        text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        self._before, self._after = text.split(_USER_MARK)
        self._system_prompt = system_prompt
        self._before_ids: list[int] = []
        pieces = self._before.split(_SYSTEM_MARK) if system_prompt else [self._before]
        for number, piece in enumerate(pieces):
            if number:
                self._before_ids += self._plain(system_prompt)
            self._before_ids += self._control(piece)
        self._after_ids = self._control(self._after)

    def render(self, question: str) -> str:
        """The whole prompt as text, as the zero-context proof reads it."""
        before: str = self._before.replace(_SYSTEM_MARK, self._system_prompt)
        return f"{before}{question}{self._after}"

    def prompt(self, question: str) -> list[int]:
        """Token ids of a question, ready for the answer."""
        return [*self._before_ids, *self._plain(question), *self._after_ids]

    def example(self, question: str, answer: str) -> Example:
        """Token ids of a question with its answer and the end token."""
        prompt = self.prompt(question)
        return Example((*prompt, *self._plain(answer), self.tokenizer.eos_token_id), len(prompt))

    def rehearsal(self, question: str, answer: str) -> Example:
        """Token ids of a general prompt and the start of the base model's answer: nothing in it is a label."""
        ids = (*self.prompt(question), *self._plain(answer))
        return Example(ids, len(ids), rehearsal=True)

    def decode(self, ids: list[int]) -> str:
        """The text of an answer, without control tokens."""
        return str(self.tokenizer.decode(ids, skip_special_tokens=True)).strip()

    def _control(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def _plain(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"])
