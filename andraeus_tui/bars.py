r"""Several texts in one string, as a form's field and a CSV cell hold them: | stands between two, \| is a bar in one."""

import re
from collections.abc import Iterable


def join(texts: Iterable[str]) -> str:
    r"""["a", "b|c"] -> "a | b\|c". The spaces keep a \ at a text's end from its neighbor's bar."""
    return " | ".join(text.replace("|", r"\|") for text in texts)


def split(text: str) -> list[str]:
    """The texts again, their ends trimmed; what is blank between two bars is none."""
    parts = (part.replace(r"\|", "|").strip() for part in re.split(r"(?<!\\)\|", text))
    return [part for part in parts if part]
