"""A fact is found again though its topic is called otherwise since it was stored."""

from andraeus_tui.drafts import Draft, advise, draft_of
from andraeus_tui.entries import Entry
from andraeus_tui.importing import sort_out
from generators.topics import complete
from schemas.fact import Fact, ImportedFact


def older() -> Fact:
    """As it was stored when the wife's name was another thing than the wife."""
    fact = complete(ImportedFact(subject="wife", attribute="name", value="Ann Bell"))
    return fact.model_copy(update={"id": "0123456789ab"})


def test_an_import_replaces_it_and_knows_it() -> None:
    other = sort_out(iter([Entry("entry 1", {"attribute": "wife", "value": "Ann Cole"})]), [older()], replace=True)
    assert [fact.id for fact in other.replaced] == ["0123456789ab"]
    body = {"subject": "wife", "attribute": "name", "value": "Ann Bell"}
    again = sort_out(iter([Entry("entry 1", body)]), [older()])
    assert (again.known, again.taken) == (1, [])


def test_the_form_edits_it_in_place_and_adds_no_second_one() -> None:
    stored = {older().id: older()}
    changed = advise(draft_of(older()), stored, older())
    assert changed.fact is not None
    assert changed.fact.id == "0123456789ab"
    second = advise(Draft(attribute="wife", value="Eve"), stored)
    assert second.fact is None
    assert "is known already ('Ann Bell')" in second.problems["attribute"]
