"""Owner, applicant and submitter: kept apart, and one when nothing else is said."""

from __future__ import annotations

from typing import Any

import pytest

from forms.dossier import Authorisation, Authority, DossierError, Person, Persons, file, fold, persons_of
from tests.forms.dossier.acts import AT, MOTHER, filing

AUNT = Person("Hoàng Thị Thử", number="004185000002", relation="Dì")
CHILD = Person("Nông Văn Bé")
PAPER = Authorisation(Authority.PAPER, "Giấy ủy quyền số 12 ngày 01/11/2026")


def test_one_person_stands_for_all_three() -> None:
    persons = persons_of(fold(file("d1", filing(), AT.isoformat())))
    assert persons == Persons(MOTHER)
    assert persons.standing == persons.concerned == MOTHER


def test_three_persons_are_told_apart() -> None:
    fields = fold(file("d1", filing(Persons(MOTHER, CHILD, AUNT, PAPER)), AT.isoformat()))
    persons = persons_of(fields)
    assert (persons.applicant, persons.concerned, persons.standing) == (MOTHER, CHILD, AUNT)
    assert persons.authorisation == PAPER


def test_somebody_elses_submission_needs_an_authorisation() -> None:
    with pytest.raises(DossierError) as caught:
        file("d1", filing(Persons(MOTHER, submitter=AUNT)), AT.isoformat())
    assert caught.value.code == "authorisation_missing"


def test_a_relative_needs_no_paper() -> None:
    kin = Persons(MOTHER, submitter=AUNT, authorisation=Authorisation(Authority.RELATIVE, "dì ruột"))
    assert persons_of(fold(file("d1", filing(kin), AT.isoformat()))).authorisation.authority is Authority.RELATIVE


def test_a_person_without_a_name_is_nobody() -> None:
    with pytest.raises(DossierError) as caught:
        file("d1", filing(Persons(MOTHER, owner=Person(" "))), AT.isoformat())
    assert caught.value.code == "name_missing"


@pytest.mark.parametrize("value", [None, 3, [], {"name": 5, "number": ["x"]}, {"authority": "king", "told_vi": None}])
def test_a_person_of_any_shape_is_read(value: Any) -> None:
    assert Person.read(value) == Person("")
    assert Authorisation.read(value) == Authorisation()


def test_empty_entries_are_not_written() -> None:
    assert CHILD.json() == {"name": "Nông Văn Bé"}
