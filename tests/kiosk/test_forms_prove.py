"""Made-up citizens through every declaration: a small share of what ``main.py forms prove`` does."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from forms.deadlines.calendar import VIETNAM
from forms.procedures.catalogue import load_catalogue
from kiosk.forms_cli import forms_command
from kiosk.forms_cli.prove import declared, prove, sit

AT = datetime(2026, 11, 24, 9, tzinfo=VIETNAM)


def test_every_declaration_is_proved_by_one_procedure() -> None:
    papers = {paper for code in declared(AT) for paper in load_catalogue().shown(code, AT.date()).papers}
    assert papers == {paper for code in load_catalogue().codes() for paper in load_catalogue().shown(code, AT.date()).papers}
    assert len(papers) == 9, "eight declarations and the general request"


@pytest.mark.parametrize("code", declared(AT))
def test_random_citizens_come_through_to_the_printed_page(code: str) -> None:
    assert prove(load_catalogue().shown(code, AT.date()), range(1, 21), AT) == []


def test_the_same_seed_is_the_same_citizen() -> None:
    death = load_catalogue().shown("1.000656", AT.date())
    assert sit(death, 7, AT) == sit(death, 7, AT)
    assert sit(death, 7, AT) != sit(death, 8, AT)


def test_a_citizen_who_does_not_come_through_is_told_with_the_seed() -> None:
    # GIVEN a procedure whose paper does not exist
    broken = replace(load_catalogue().shown("1.000656", AT.date()), papers=("khong_co",))
    told = [str(one) for one in prove(broken, [5], AT)]
    assert len(told) == 1
    assert told[0].startswith("HỎNG 1.000656 --first 5 --runs 1: PaperError")


def test_the_command_proves_what_it_is_asked_and_refuses_what_it_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    assert forms_command(["prove", "1.000656", "--runs", "2", "--jobs", "1"]) == 0
    assert "1.000656 Khai tử: 2 lần, 0 hỏng" in capsys.readouterr().out
    assert forms_command(["prove", "9.999999"]) == 2
    assert "procedure_unknown" in capsys.readouterr().err
