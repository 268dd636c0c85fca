"""The judge pass: with the fact in its prompt, does the model answer the question with the value?"""

from generators.checks import contains
from generators.paraphrase.asks import Message, quoted
from generators.topics import topic_of_fact
from schemas.fact import Fact

PROBLEM = "judge: with the fact given, the model does not answer it with the value"

_RULES = (
    "You get one fact about a person's life and a question that the person asks. Answer the question with the fact, in "
    "a few words. If the fact does not answer it, say: I don't know."
)


def messages_for(question: str, fact: Fact) -> tuple[Message, ...]:
    """What the judge is asked."""
    topic = topic_of_fact(fact)
    told = {
        "whose": "mine" if topic.owner.is_user else topic.owner.noun,
        "what": topic.phrase,
        "value": fact.text,
        "question": question,
    }
    return ({"role": "system", "content": _RULES}, {"role": "user", "content": quoted(told)})


def leads_to_value(answer: str, fact: Fact) -> bool:
    """Whether the answer holds the value, or one of its other spellings."""
    return any(contains(answer, spelling) for spelling in (fact.text, *fact.aliases)) or all(
        contains(answer, item) for item in fact.items
    )
