"""Texts joined by bars come apart as they were."""

from hypothesis import given
from hypothesis import strategies as st

from andraeus_tui import bars

TEXTS = st.lists((st.text("|\\ a", max_size=8) | st.text(max_size=20)).map(str.strip).filter(bool), max_size=5)


@given(TEXTS)
def test_what_was_joined_comes_apart(texts: list[str]) -> None:
    assert bars.split(bars.join(texts)) == texts


@given(st.text("|\\ a"))
def test_what_was_typed_stays_the_same_once_it_was_read(typed: str) -> None:
    texts = bars.split(typed)
    assert all(text and text == text.strip() for text in texts)
    assert bars.split(bars.join(texts)) == texts
