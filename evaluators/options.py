"""What may be told of a person of an invented life, attribute by attribute, and how each value is drawn."""

import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from evaluators.lives import TODAY, Life, Somebody, data, day, years_after
from schemas.fact import USER

_SIGNS = ((20, "Capricorn"), (19, "Aquarius"), (21, "Pisces"), (20, "Aries"), (21, "Taurus"), (21, "Gemini"),
          (23, "Cancer"), (23, "Leo"), (23, "Virgo"), (23, "Libra"), (22, "Scorpio"), (22, "Sagittarius"))  # fmt: skip
Make = Callable[[], Any]
"""Draws a value; None when none is left."""


class Options:
    """Draws values for one life. `clashes` says which values are taken."""

    def __init__(self, rng: random.Random, lived: Life, clashes: Callable[[Any], bool]) -> None:
        self.rng, self.life, self.clashes = rng, lived, clashes

    def _from(self, pool: list[Any]) -> Make:
        return lambda: next((one for one in self.rng.sample(pool, len(pool)) if not self.clashes(one)), None)

    def _until_new(self, make: Make) -> Make:
        return lambda: next((value for value in (make() for _ in range(50)) if not self.clashes(value)), None)

    def _day(self, first: date, last: date) -> Make:
        if last < first:
            return lambda: None
        return self._until_new(lambda: written(day(self.rng, first, last)))

    def of_user(self) -> dict[str, Make]:
        """What may be told of the user, by attribute."""
        source, user, told = data(), self.life.user, {}
        for name, pool in source["values"].items():
            told[name] = self._from(pool)
        for name in ("mother", "father", "sister", "brother", *source["names"]["user"], "grandmother", "grandfather"):
            known = self.life.who(name.replace("_", " "))
            told[name] = self._from([known.name]) if known else self._stranger(title=name in {"doctor", "dentist"})
        for name, pool in source["names"]["famous"].items():
            told[name] = self._from(pool)
        for name in ("last_vacation", "next_trip", "favorite_city"):
            told[name] = self._from(source["places"]["abroad"])
        told |= {name: make for name, make in self.of_other(user).items() if name not in {"pet_name"}}
        told |= self.listed_of(user) | self._dates_of_user() | self._work_of_user() | self._family_of_user()
        told |= {
            "neighborhood": self._from(source["places"]["quarters"]),
            "office": self._from(source["places"]["offices"]),
            "street": self._until_new(self._street),
            "postal_code": self._until_new(lambda: f"{self.rng.choice('BDKLNRT')}{self.rng.randint(1000, 9899)}"),
            "shoe_size": lambda: self.rng.randint(36, 47),
            "favorite_number": self._until_new(lambda: self.rng.randint(13, 97)),
            "pet_age": self._until_new(lambda: self.rng.randint(2, 14)),
            "age": lambda: user.age,
            "zodiac_sign": lambda: sign_of(user.born),
            "nationality": lambda: source["peoples"][user.birthplace[1]],
            "hometown": lambda: user.birthplace[0],
        }
        return told

    def _dates_of_user(self) -> dict[str, Make]:
        user = self.life.user
        graduated = self._graduation()
        return {
            "graduation_date": lambda: written(graduated),
            "graduation_year": lambda: str(graduated.year),
            "move_in_date": self._day(years_after(graduated, 2), date(2026, 10, 31)),
            "next_appointment": self._day(TODAY + timedelta(days=3), TODAY + timedelta(days=180)),
            "exam_date": self._day(TODAY + timedelta(days=20), TODAY + timedelta(days=300)),
            "retirement_date": self._day(years_after(user.born, 65), years_after(user.born, 68)),
        }

    def _graduation(self) -> date:
        """Aged 22 to 23, in June or July; the same whenever it is asked."""
        chance = random.Random(self.life.user.name)
        return date(self.life.user.born.year + chance.randint(22, 23), chance.choice((6, 7)), chance.randint(1, 28))

    def _work_of_user(self) -> dict[str, Make]:
        """One career, so that job, trade, subject and degree fit."""
        job, industry, major, degree, thesis = random.Random(self.life.user.name).choice(data()["careers"])
        fixed = {"job_title": job, "industry": industry, "major": major, "degree": degree, "thesis_topic": thesis}
        found: dict[str, Make] = {name: self._from([value]) for name, value in fixed.items()}
        found["previous_employer"] = self._until_new(self._firm)
        return found

    def _family_of_user(self) -> dict[str, Make]:
        partner, wedding = self.life.who("partner"), self.life.wedding
        found: dict[str, Make] = {}
        if partner and wedding:
            found["wife" if partner.woman else "husband"] = lambda: partner.name
            found["wedding_anniversary"] = lambda: written(wedding)
            found["honeymoon"] = self._from(data()["places"]["abroad"])
            found["marital_status"] = lambda: "married"
        elif partner:
            found["girlfriend" if partner.woman else "boyfriend"] = lambda: partner.name
        for name in ("daughter", "son"):
            if child := self.life.who(name):
                found[name] = self._from([child.name])
        return found

    def of_other(self, one: Somebody) -> dict[str, Make]:
        """What may be told of anybody, by attribute; of children and the old, only what fits them."""
        source = data()
        groups = source["other_people"]
        names = [*groups["anybody"], *(groups["working"] if one.works else []), *(groups["adult"] if one.grown else [])]
        jobs = [*source["more_jobs"], *(career[0] for career in source["careers"])]
        makes: dict[str, Make] = {
            "birthday": lambda: written(one.born),
            "birthplace": self._from([one.birthplace[0]]),
            "employer": self._until_new(self._firm),
            "job_title": self._from(jobs),
            "job_start_date": self._day(self._first_job_day(one), date(2026, 9, 30)),
            "city": self._from([town for town, _ in source["towns"]]),
            "address": self._until_new(lambda: f"{self.rng.randint(2, 99)} {self._street()}"),
            "phone_number": self._until_new(self._phone),
            "email": lambda: f"{one.first}.{one.last}{one.born.year % 100:02}@example.com".casefold(),
            "license_plate": self._until_new(
                lambda: f"{self.rng.choice('ABDEGKLMNRT')}{self.rng.choice('AEKMRSTX')} {self.rng.randint(1000, 9999)}"
            ),
            "favorite_restaurant": self._until_new(self._restaurant),
            "move_in_date": self._day(max(years_after(one.born, 19), date(2005, 1, 1)), date(2026, 10, 31)),
            "next_trip": self._from(source["places"]["abroad"]),
            "last_vacation": self._from(source["places"]["abroad"]),
        }
        told = {name: makes[name] if name in makes else self._from(source["values"][name]) for name in names}
        return told if one.subject == USER else told | self.listed_of(one)

    def _first_job_day(self, one: Somebody) -> date:
        return max(
            years_after(self._graduation() if one.subject == USER else years_after(one.born, 22), 0), date(2000, 1, 1)
        )

    def _rare_of(self, one: Somebody) -> dict[str, Make]:
        source = data()["outside"]
        young = [] if one.grown else source["adult"]
        idle = [] if one.works else source["working"]
        names = rare() if one.subject == USER else set(source["of_others"])
        return {name: self._outside(name, one) for name in sorted(names) if name not in {*young, *idle}}

    def listed_of(self, one: Somebody) -> dict[str, Make]:
        """What is uncommon, but on a list."""
        return {name: make for name, make in self._rare_of(one).items() if name not in outside()}

    def outside_of(self, one: Somebody) -> dict[str, Make]:
        """What no list of attributes has."""
        return {name: make for name, make in self._rare_of(one).items() if name in outside()}

    def _outside(self, name: str, one: Somebody) -> Make:
        source = data()["outside"]
        if name in source["values"]:
            return self._from(source["values"][name])
        if name in source["person"]:
            return self._stranger()
        if name in source["place"]:
            return self._from(source["spots"])
        if name in source["past"]:
            first = max(years_after(one.born, 18 if one.grown else 4), date(2004, 1, 1))
            return self._day(max(first, years_after(TODAY, -9)) if one.grown else first, date(2026, 10, 31))
        if name in source["future"]:
            return self._day(TODAY + timedelta(days=10), TODAY + timedelta(days=330))
        if name in source["number"]:
            return self._until_new(lambda: self.rng.randint(101, 9899))
        if name in source["code"]:
            return self._until_new(lambda: f"{self.rng.randint(0, 9999):04}")
        if name == "work email":
            return lambda: f"{one.first[0]}.{one.last}@{self.rng.choice(data()['firms'].split())}.example".casefold()
        return self._until_new(self._phone)

    def _stranger(self, title: bool = False) -> Make:
        """A name that nobody of this life has."""
        source = data()
        mine = {one.first for one in (self.life.user, *self.life.others)}
        firsts = [name for name in f"{source['women']} {source['men']}".split() if name not in mine]
        prefix = "Dr. " if title else ""
        return self._until_new(
            lambda: f"{prefix}{self.rng.choice(firsts)} {self.rng.choice(source['families'].split())}"
        )

    def _street(self) -> str:
        source = data()
        return f"{self.rng.choice(source['streets'].split())} {self.rng.choice(source['street_kinds'])}"

    def _firm(self) -> str:
        source = data()
        return f"{self.rng.choice(source['firms'].split())} {self.rng.choice(source['firm_kinds'])}"

    def _phone(self) -> str:
        return f"0{self.rng.randint(110, 989)} 55{self.rng.randint(1000, 9999)}"

    def _restaurant(self) -> str:
        kind = self.rng.choice(("Kitchen", "Table", "Tavern", "Bistro", "Grill", "Noodle Bar"))
        return f"{self.rng.choice(data()['streets'].split())} {kind}"


def outside() -> frozenset[str]:
    """The attributes that no list of common or uncommon ones has."""
    return rare() - set(data()["outside"]["listed"])


def rare() -> frozenset[str]:
    """All attributes that are not common ones."""
    body = data()["outside"]
    lists = (body[name] for name in ("person", "place", "past", "future", "number", "code"))
    return frozenset([*(name for names in lists for name in names), *body["values"], "work phone", "work email"])


def written(when: date) -> str:
    """ "12 May 1990"."""
    return f"{when.day} {when:%B} {when.year}"


def sign_of(born: date) -> str:
    """The zodiac sign of a birthday."""
    at = born.month - 1
    return _SIGNS[at][1] if born.day < _SIGNS[at][0] else _SIGNS[(at + 1) % 12][1]
