"""Invented people who know each other: families in which the years fit. Pure: a number gives the same life always."""

import random
import tomllib
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from schemas.fact import USER

TODAY = date(2026, 12, 1)
"""The day on which all lives are told: ages and plans fit it."""
_NAMED = 70
"""Friends and colleagues that a life has at most, told of by their first names."""


@cache
def data() -> dict[str, Any]:
    """What lives are made of (people.toml)."""
    with (Path(__file__).parent / "people.toml").open("rb") as file:
        return tomllib.load(file)


@dataclass(frozen=True)
class Somebody:
    """One person of a life."""

    subject: str
    """As facts name him: `user`, a relation ("sister") or a first name ("Ingrid")."""
    first: str
    last: str
    woman: bool
    born: date
    birthplace: tuple[str, str]
    """Town and country."""

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first} {self.last}"

    @property
    def age(self) -> int:
        """In whole years, today."""
        return TODAY.year - self.born.year - ((TODAY.month, TODAY.day) < (self.born.month, self.born.day))

    @property
    def works(self) -> bool:
        """Whether it is likely that he has a job: grown up and not yet retired."""
        return 23 <= self.age <= 64

    @property
    def grown(self) -> bool:
        """Whether he has a home and a car of his own."""
        return self.age >= 20


@dataclass(frozen=True)
class Life:
    """Who is there, and the dates that bind them."""

    user: Somebody
    others: tuple[Somebody, ...]
    wedding: date | None
    """The user's own; then `others` has a wife or husband under the subject "partner"."""

    def who(self, subject: str) -> Somebody | None:
        """Somebody by subject."""
        return next((one for one in self.others if one.subject == subject), None)


def day(rng: random.Random, first: date, last: date) -> date:
    """A day from `first` to `last`, both included."""
    return first + timedelta(days=rng.randint(0, (last - first).days))


def years_after(when: date, years: int) -> date:
    """That many years later, on the same day (28 February for leap days)."""
    return date(when.year + years, when.month, 28 if (when.month, when.day) == (2, 29) else when.day)


class _Names:
    """Every first name once."""

    def __init__(self, rng: random.Random) -> None:
        source = data()
        self._rng = rng
        self._first = {True: source["women"].split(), False: source["men"].split()}
        self._last = source["families"].split()
        for pool in (*self._first.values(), self._last):
            rng.shuffle(pool)

    def first(self, woman: bool) -> str:
        return str(self._first[woman].pop())

    def last(self) -> str:
        return str(self._rng.choice(self._last))


def life(number: int) -> Life:
    """The life of person `number`: the user, the family in which all ages fit, and people known by first name."""
    rng = random.Random(f"life/{number}")
    names, towns = _Names(rng), [tuple(town) for town in data()["towns"]]

    def make(subject: str, woman: bool, last: str, first_day: date, last_day: date) -> Somebody:
        return Somebody(subject, names.first(woman), last, woman, day(rng, first_day, last_day), rng.choice(towns))

    family, maiden = names.last(), names.last()
    user = make(USER, rng.random() < 0.5, family, date(1984, 1, 1), date(1999, 12, 31))
    mother = make("mother", True, family, years_after(user.born, -32), years_after(user.born, -21))
    father = make("father", False, family, years_after(mother.born, -6), years_after(mother.born, 0))
    sister = _sibling(make, "sister", True, mother, (user,), rng)
    brother = _sibling(make, "brother", False, mother, (user, sister), rng)
    grandmother = make("grandmother", True, maiden, years_after(mother.born, -27), years_after(mother.born, -20))
    grandfather = make("grandfather", False, maiden, years_after(grandmother.born, -5), grandmother.born)
    aunt = make("aunt", True, maiden, years_after(grandmother.born, 22), years_after(grandmother.born, 38))
    uncle = make("uncle", False, names.last(), years_after(aunt.born, -4), years_after(aunt.born, 4))
    others = [mother, father, sister, brother, grandmother, grandfather, aunt, uncle]
    alike = (years_after(user.born, -6), min(years_after(user.born, 6), date(2003, 12, 31)))
    for subject in ("partner", "cousin", "best friend", "childhood friend", "roommate"):
        woman = (not user.woman) if subject == "partner" else rng.random() < 0.5
        near = alike if subject != "childhood friend" else (years_after(user.born, -1), years_after(user.born, 1))
        others.append(make(subject, woman, names.last(), *near))
    others.append(make("sister's husband", False, names.last(), years_after(sister.born, -5), sister.born))
    others.append(make("brother's wife", True, family, years_after(brother.born, -5), brother.born))
    for subject in ("boss", "mentor", "neighbor"):
        others.append(make(subject, rng.random() < 0.5, names.last(), date(1964, 1, 1), date(1980, 12, 31)))
    wedding = _wedding(user, others[8], rng)
    if wedding:
        others += _children(make, family, user, others[8], wedding)
    for number_of in range(_NAMED):
        friend = make("", number_of % 2 == 0, names.last(), date(1964, 1, 1), date(2002, 12, 31))
        others.append(replace(friend, subject=friend.first))
    return Life(user, tuple(others), wedding)


def _sibling(
    make: Any, subject: str, woman: bool, mother: Somebody, siblings: tuple[Somebody, ...], rng: random.Random
) -> Somebody:
    """Born while the mother was 20 to 40, and a year or more apart from the others."""
    while True:
        born = day(rng, years_after(mother.born, 20), min(years_after(mother.born, 40), date(2005, 12, 31)))
        if all(abs((born - other.born).days) > 365 for other in siblings):
            found: Somebody = make(subject, woman, siblings[0].last, born, born)
            return found


def _wedding(user: Somebody, partner: Somebody, rng: random.Random) -> date | None:
    """Both are of age, the user has left university, and it lies in the past; some never marry."""
    earliest = max(years_after(user.born, 25), years_after(partner.born, 21))
    if earliest > date(2025, 6, 1) or rng.random() < 0.25:
        return None
    return day(rng, earliest, min(years_after(earliest, 6), date(2025, 10, 1)))


def _children(make: Any, family: str, user: Somebody, partner: Somebody, wedding: date) -> list[Somebody]:
    """A daughter and, later, a son, both after the wedding and while the mother is under 45."""
    mother = user if user.woman else partner
    latest = min(years_after(mother.born, 44), date(2024, 12, 31))
    found: list[Somebody] = []
    if years_after(wedding, 3) < latest:
        found.append(make("daughter", True, family, years_after(wedding, 1), min(years_after(wedding, 3), latest)))
        second = years_after(found[0].born, 2)
        if second < latest:
            found.append(make("son", False, family, second, min(years_after(second, 3), latest)))
    return found
