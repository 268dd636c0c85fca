"""Facts of invented people whose lives hold together (evaluators.lives): 10 to 1,000 of them, of tiers 1 to 4.

About 15 in 100 are things that no list of common attributes has ("bike lock code"), three in ten or more are about
people whom the person knows, and some are easily taken for one another. No two facts of a person share a value.
"""

import random
from typing import Any

from evaluators.lives import Somebody, data, life
from evaluators.options import Make, Options, outside, rare
from schemas.fact import ImportedFact, ValueKind

SMALLEST, LARGEST = 10, 1000
OUTSIDE_SHARE = 0.15


def person(number: int, size: int) -> list[ImportedFact]:
    """`size` facts of invented person `number`, the same for equal arguments, in an order that means nothing.

    Raises ValueError when `size` is outside 10 to 1,000.
    """
    if not SMALLEST <= size <= LARGEST:
        raise ValueError(f"a person has {SMALLEST} to {LARGEST} facts, not {size}")
    return _Teller(number, size).tell()


def confusable(facts: list[ImportedFact]) -> set[tuple[str, str]]:
    """(subject, attribute) of the facts that may be taken for another: the same thing of somebody else, or a twin."""
    found = {(fact.subject, fact.attribute) for fact in facts}
    owners: dict[str, set[str]] = {}
    for subject, attribute in found:
        owners.setdefault(attribute, set()).add(subject)
    chosen = {one for one in found if len(owners[one[1]]) > 1}
    for first, second in data()["confusable"]:
        for subject in owners.get(first, set()) & owners.get(second, set()):
            chosen |= {(subject, first), (subject, second)}
    return chosen


class _Teller:
    """Chooses what is told of a life, so that every value occurs once."""

    def __init__(self, number: int, size: int) -> None:
        self.rng = random.Random(f"facts/{number}/{size}")
        self.size, self.life = size, life(number)
        self.facts: dict[tuple[str, str], ImportedFact] = {}
        self._said: set[str] = set()
        self._text = ""
        self._options = Options(self.rng, self.life, self._any_clash)
        self._bars = [set(line.split()) for line in data()["exclusive"]]

    def tell(self) -> list[ImportedFact]:
        """The facts in shuffled order."""
        user, others = self.life.user, list(self.life.others)
        self._add(user, "name", lambda: user.name)
        apart = round(OUTSIDE_SHARE * self.size)
        of_others = round(0.3 * self.size)
        common, rare = self._options.of_user(), self._options.outside_of(user)
        bonds = ["mother", "best_friend", "cousin", "favorite_movie", "favorite_band"]
        self._tell_some(user, common, self._shuffled(bonds), 1)
        for pair in self.rng.sample(data()["confusable"], min(len(data()["confusable"]), max(1, self.size // 12))):
            if all(one in common or one in rare for one in pair):
                self._tell_some(user, common | rare, list(pair), 2)
        met = [one for one in others if one.subject in data()["relations"]]
        people = [*self.rng.sample(met, min(len(met), max(2, self.size // 12))), *others[len(met) :]]
        people = people[: max(2, self.size // 12)]
        if self.size <= 24 and not {"sister", "brother"} & {one.subject for one in people}:
            people = [one for one in met if one.subject in {"sister", "brother"}]
        # Who they are, so that some questions need two facts: "Where does Anna Berg work?"
        named = [one.subject.replace(" ", "_") for one in people[: max(1, self.size // 15)]]
        self._tell_some(user, common, named, len(named))
        self._of_the_others(people, max(2, of_others - round(0.3 * apart)))
        self._tell_some(user, rare, self._shuffled(rare), apart - self._apart())
        self._tell_some(
            user, common, self._shuffled(common), self.size - len(self.facts) - max(0, apart - self._apart())
        )
        for one in self._shuffled(people):
            options = self._options.outside_of(one)
            self._tell_some(one, options, self._shuffled(options), min(3, apart - self._apart()))
        # A large life: whatever is left is told of people whom the user knows, a little of each in turn.
        for count in range(1, 60):
            for one in others:
                options = self._options.of_other(one) | (self._options.outside_of(one) if self._apart() < apart else {})
                self._tell_some(one, options, self._shuffled(options), min(count, self.size - len(self.facts), 2))
            if len(self.facts) >= self.size:
                break
        if len(self.facts) != self.size:
            raise ValueError(f"a life of {self.size} facts has only {len(self.facts)}")
        told = list(self.facts.values())
        self.rng.shuffle(told)
        return told

    def _of_the_others(self, people: list[Somebody], count: int) -> None:
        """The same few things of several people, so that they can be taken for one another."""
        order = self._shuffled(dict.fromkeys(name for one in people for name in self._options.of_other(one)))
        order.sort(key=lambda name: name != "birthday")
        left = count
        for one in people:
            share = max(1, -(-left // max(1, len(people) - people.index(one))))
            left -= self._tell_some(one, self._options.of_other(one), order, min(share, left))

    def _apart(self) -> int:
        names = outside()
        return sum(attribute in names for _, attribute in self.facts)

    def _shuffled(self, items: Any) -> Any:
        items = list(items)
        return self.rng.sample(items, len(items))

    def _tell_some(self, one: Somebody, options: dict[str, Make], order: list[str], count: int) -> int:
        before = len(self.facts)
        for name in order:
            if len(self.facts) - before >= count:
                break
            if name in options:
                self._add(one, name, options[name])
        return len(self.facts) - before

    def _add(self, one: Somebody, attribute: str, make: Make) -> None:
        """Unless it is told already, something told bars it, or no value is left."""
        mine = {name for subject, name in self.facts if subject == one.subject}
        if attribute in mine or any(attribute in bar and bar & mine for bar in self._bars):
            return
        value = make()
        if value is None or self._any_clash(value):
            return
        for part in value if isinstance(value, list) else [value]:
            self._said.add(str(part).casefold())
            self._text += f" | {str(part).casefold()} "
        kind = _kind_of(attribute) if attribute in rare() else None
        self.facts[one.subject, attribute] = ImportedFact(
            subject=one.subject, attribute=attribute, value=value, kind=kind
        )

    def _clashes(self, value: str) -> bool:
        """Whether the value is told already, alone or as words inside another one, or holds one."""
        words = value.casefold().split()
        runs = (" ".join(words[at : at + length]) for length in range(1, 6) for at in range(len(words) - length + 1))
        return f" {value.casefold()} " in self._text or any(run in self._said for run in runs)

    def _any_clash(self, value: Any) -> bool:
        return any(self._clashes(str(part)) for part in (value if isinstance(value, list) else [value]))


def _kind_of(attribute: str) -> ValueKind:
    source = data()["outside"]
    kinds = {"person": ValueKind.PERSON, "place": ValueKind.PLACE, "past": ValueKind.DATE, "future": ValueKind.DATE,
             "number": ValueKind.NUMBER}  # fmt: skip
    return next((kind for name, kind in kinds.items() if attribute in source[name]), ValueKind.TEXT)
