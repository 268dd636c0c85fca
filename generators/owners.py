"""Who is meant by a fact's subject: the person, somebody or something of the person's, or somebody by name."""

import re
from functools import lru_cache

from generators import described
from generators.language import Owner, owner_of

_ROLE = re.compile(r"[a-z]{2}(?:er|or|ist|ian|man|woman|person)$")
_NAMES = frozenset(
    "dr mr mrs ms prof peter walter oliver victor roger jennifer esther hunter carter tyler parker cooper spencer xavier "
    "javier werner dieter rainer alexander christopher trevor connor igor hector salvador brian adrian julian christian "
    "sebastian damian fabian vivian gillian marian dorian norman herman roman german rose lily daisy iris ivy heather "
    "holly olive ruby pearl amber jade robin jay jack mark frank bill rob pat art dean basil ginger hazel violet poppy "
    "may june april august summer dawn grace hope joy faith star sunny angel duke prince".split()
)
"""Titles, and what reads like a role or is a noun and is a name, too."""


_ALSO_CALLED: dict[str, tuple[str, ...]] = {
    "mother": ("mom", "mum", "mama"),
    "mom": ("mother", "mum"),
    "mum": ("mother", "mom"),
    "father": ("dad", "papa"),
    "dad": ("father", "papa"),
    "grandmother": ("grandma", "granny"),
    "grandma": ("grandmother", "granny"),
    "grandfather": ("grandpa", "granddad"),
    "grandpa": ("grandfather", "granddad"),
    "son": ("boy", "lad"),
    "daughter": ("girl",),
    "wife": ("missus",),
    "husband": ("hubby",),
    "partner": ("other half",),
    "boss": ("manager",),
    "manager": ("boss",),
    "roommate": ("flatmate", "housemate"),
    "flatmate": ("roommate", "housemate"),
}
"""What else people call those about whom they tell something."""


def also_called(owner: Owner) -> tuple[str, ...]:
    """Other words for somebody of the person's: "my mum" for "my mother"; none for others."""
    return tuple(f"my {other}" for other in _ALSO_CALLED.get(owner.noun.removeprefix("my "), ()))


@lru_cache(maxsize=8192)
def meant_by(subject: str) -> Owner:
    """Whose fact it is. In lower case somebody by his role or some thing is the person's own ("cellist", "Saturday helper",
    "boat"); what has a capital is a name."""
    found, words = owner_of(subject), re.split(r"[ -]", subject)
    is_settled = found.is_user or found.noun.startswith("my ")
    is_name = not words[-1].islower() or not _NAMES.isdisjoint({words[0], words[-1]})
    if is_settled or is_name:
        return found
    return owner_of(f"my {subject}") if is_role(subject) or words[-1] in described.nouns() else found


def is_role(words: str) -> bool:
    """Whether the words, in lower case, read like somebody's part in a life: "cellist", "Saturday helper"."""
    last = words.rsplit(" ", 1)[-1]
    return bool(_ROLE.search(last)) and last != "number" and last not in described.nouns()
