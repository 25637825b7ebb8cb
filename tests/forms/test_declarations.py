"""All declarations together: every field of the official paper has one source, the shared lists are whole, no text is too hard."""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random

import pytest

from forms.answers import random_sitting
from forms.session import FormSession
from forms.xlsform import Form
from kiosk import touch
from tests.forms.declarations import CARD, FIELDS, MAN, SIGNED, TODAY, UNIT, Walk, form_of, required

pytestmark = pytest.mark.parametrize("folder", FIELDS)

PERSONAL = re.compile(r".*_(name|dob|number|phone|email|residence|id|sex|ethnic)|(name|dob|number|sex)")


def templates(form: Form) -> list[str]:
    lines = [item.template for item in form.items if not item.repeat]
    tables = [repeat.template for repeat in form.repeats.values()]
    return [name for name in (*lines, *tables) if name]


def test_every_field_of_the_paper_is_filled_by_exactly_one_row_or_by_hand(folder: str) -> None:
    by_hand = SIGNED.get(folder, frozenset({"signature"}))
    assert sorted([*templates(form_of(folder)), *by_hand]) == sorted(FIELDS[folder])


def test_fields_follow_the_order_of_the_paper_within_a_person(folder: str) -> None:
    """Whole sections may be asked in another order; inside one the paper's order of name before birth stands."""
    names = templates(form_of(folder))
    for prefix in ("req", "dec", "s", "p", "f", "m", "child", "mother", "father"):
        pair = [name for name in names if name in (f"{prefix}_name", f"{prefix}_dob")]
        assert pair in ([], [f"{prefix}_name"], [f"{prefix}_name", f"{prefix}_dob"])


def test_personal_answers_are_marked_as_such(folder: str) -> None:
    asked = [item for item in form_of(folder).items if PERSONAL.fullmatch(item.name) and item.type != "calculate"]
    assert [item.name for item in asked if not item.pii and item.name not in NOT_PERSONAL] == []


MAY_BE_EMPTY = {
    "1.001193": "mc_no mc_book mc_date mc_place mother_dob mother_ethnic mother_number mother_id_issued mother_id_issuer "
    "mother_residence father_dob father_ethnic father_number father_id_issued father_id_issuer father_residence req_phone",
    "1.000656": "dec_number dec_id_issued dec_id_issuer known_date dec_hour dec_minute notice_no notice_by notice_date req_phone",
    "1.000894": "par_number par_id_issued par_id_issuer par_residence req_phone",
    "1.004873": "s_number s_id_issued s_id_issuer s_residence mc_no mc_date mc_by divorce_no divorce_date divorce_by "
    "death_no death_date death_by fiance_number req_phone",
    "2.000635": "s_number s_id_issued s_id_issuer s_residence reg_date reg_no reg_book req_phone",
    "2.000815": "req_phone",
    "1.014027": "p_contact p_phone amount since req_phone",
    "_ct01": "req_phone req_email stay_until away_to content_more number",
}


def test_only_what_people_may_not_know_can_be_left_empty(folder: str) -> None:
    asked = [item for item in form_of(folder).items if item.asked and item.type not in ("note", "image")]
    assert [item.name for item in asked if not item.required] == MAY_BE_EMPTY[folder].split()


NOT_PERSONAL = frozenset({"bank_name", "req_paper_name"})


def test_every_personal_number_is_checked_and_none_is_refused_for_its_meaning(folder: str) -> None:
    numbers = [item for item in form_of(folder).items if re.fullmatch(r"(\w+_)?number", item.name) and "paper" not in item.name]
    numbers = [item for item in numbers if item.name != "bank_number"]
    assert numbers
    for item in numbers:
        assert item.check is not None, item.name
        assert item.constraint is not None, item.name
        assert item.constraint.source == "regex(., '[0-9]{12}')"


def test_a_phone_is_never_required(folder: str) -> None:
    phones = [item for item in form_of(folder).items if item.name.endswith("_phone")]
    assert phones
    assert not any(item.required for item in phones)


def test_papers_to_hand_in_never_stop_anybody(folder: str) -> None:
    captured = [item for item in form_of(folder).items if item.type == "image"]
    assert all(item.name.startswith("paper_") and not item.required for item in captured)


HARD = re.compile(r"\b(đương sự|chủ thể|thẩm quyền|kê khai|nêu trên|cá nhân|thông tin cư trú|yếu tố)\b", re.IGNORECASE)


def test_questions_use_plain_words(folder: str) -> None:
    asked = [item for item in form_of(folder).items if item.asked and item.name != "foreign_note"]
    assert [item.label for item in asked if HARD.search(item.label) or HARD.search(item.hint)] == []
    assert [item.label for item in asked if item.type != "note" and not item.label.endswith("?")] == []


def test_an_example_or_a_way_out_stands_under_every_text_question(folder: str) -> None:
    bare = [item.name for item in form_of(folder).items if item.asked and item.type in ("text", "integer") and not item.hint]
    assert bare == []


def test_an_optional_question_says_that_it_may_be_skipped(folder: str) -> None:
    free = [item for item in form_of(folder).items if item.type in ("text", "integer", "date") and item.asked and not item.required]
    said = re.compile(r"bỏ qua|chỉ cần năm|[Cc]họn như trên giấy tờ")
    assert [item.name for item in free if not said.search(item.hint)] == []


def test_whatever_people_answer_the_lines_the_paper_requires_are_filled(folder: str) -> None:
    for seed in range(40):
        facts = {**({}, CARD, MAN)[seed % 3], **UNIT}
        session = random_sitting(form_of(folder), Random(seed), TODAY, facts)
        assert session.problems() == ()
        assert required(folder) - Walk(session, ()).paper.keys() == set(), seed


def test_what_is_required_and_missing_is_said_and_not_handed_over(folder: str) -> None:
    session = FormSession(form_of(folder), today=TODAY)
    missing = {problem.name for problem in session.problems()}
    assert {problem.code for problem in session.problems()} == {"required"}
    assert not missing & session.answers().keys()


def test_every_picture_of_a_choice_is_in_the_icon_font(folder: str) -> None:
    font = json.loads((Path(touch.__file__).parent / "fonts" / "icons.json").read_text("utf-8"))
    icons = {choice.icon for item in form_of(folder).items for choice in item.choices if choice.icon}
    assert icons - font.keys() == set()
