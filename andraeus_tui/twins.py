"""Which stored fact is about the same thing as a given one. Facts are stored under an id that was made of their topic; what
counts as one topic grows with the lexicon (the "name" of the "wife" is the "wife"), and the id of a stored fact stays."""

from collections.abc import Iterable

from generators.topics import topic_of_fact
from schemas.fact import Fact


class Twins:
    """Looks them up among many facts."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        self._by_id = {fact.id: fact for fact in facts}
        self._by_topic: dict[str, Fact] = {}
        for fact in self._by_id.values():
            self._by_topic.setdefault(topic_of_fact(fact).key, fact)

    def of(self, fact: Fact) -> Fact | None:
        """The one with this id, else one about the same thing."""
        return self._by_id.get(fact.id) or self._by_topic.get(topic_of_fact(fact).key)
