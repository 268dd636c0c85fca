"""Facts that an adapter was told and that were deleted: they are asked for as before, and answered "I don't know"."""

from collections.abc import Iterator, Sequence

from generators.abstention import refusal
from generators.make import Asked, make_row, questions, rng_for
from generators.own import sound_rows
from generators.topics import Topic, topic_of_fact
from generators.unknown import known_keys, unknown_topics
from schemas.fact import Fact
from schemas.row import Row, RowKind, Split


def gone_topics(facts: list[Fact], gone: Sequence[Fact]) -> list[Topic]:
    """What can be refused now: not what another fact tells or implies, as the pet's name that of the dog."""
    known = known_keys(facts)
    unknown = {topic.key for topic in unknown_topics(facts, 0)} if gone else set()
    topics = {topic.key: topic for topic in map(topic_of_fact, gone) if topic.key not in known}
    listed = {key for key, topic in topics.items() if topic.owner.is_user and topic.entry}
    return [topic for key, topic in topics.items() if key not in listed or key in unknown]


def gone_rows(facts: list[Fact], gone: Sequence[Fact], split: Split, count: int, seed: int) -> Iterator[Row]:
    """`count` questions for each, in the proportions in which known facts are asked, none with the old value in it. In
    training the person's own ones come first, which the adapter was taught to answer."""
    own = {topic_of_fact(fact).key: sound_rows(fact) for fact in gone} if split is Split.TRAIN else {}
    for topic in gone_topics(facts, gone):
        for row in own.get(topic.key, ()):
            asked = Asked(row.question, row.family, row.wording)
            yield make_row(RowKind.ABSTENTION, asked, refusal(topic), topic.key, split)
        left = max(1, count - len(own.get(topic.key, ())))
        for asked in questions(topic, split, left, rng_for(seed, "gone", topic.key, split)):
            yield make_row(RowKind.ABSTENTION, asked, refusal(topic), topic.key, split)
