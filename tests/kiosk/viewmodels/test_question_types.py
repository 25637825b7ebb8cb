"""Questions of every type a form may ask, and a form that speaks two languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from forms.procedures.catalogue import load_catalogue
from forms.xlsform import QUESTION_TYPES, read_form
from kiosk.services import ASKED
from kiosk.viewmodels.asking import Asking, thousands
from kiosk.viewmodels.check import Check
from tests.kiosk.viewmodels.house import House

TODAY = date(2026, 11, 23)
FORM = """\
settings,form_title,form_id,version,default_language
settings,Biểu mẫu thử,thu,2026112401,Tiếng Việt (vi)
survey,type,name,label::Tiếng Việt (vi),label::English (en),k_short,required,appearance,k_pii,k_review,constraint,\
constraint_message::Tiếng Việt (vi),constraint_message::English (en)
survey,text,req_name,Họ tên của bà con?,Your name?,Họ tên,yes,name,yes,,"regex(., '[^0-9]+')",Tên không có số.,A name has no digits.
survey,decimal,area,Đất rộng bao nhiêu mét vuông?,How large is the land?,Diện tích,yes
survey,integer,money,Bao nhiêu tiền?,How much?,Số tiền,yes
survey,barcode,parcel,Mã trên bưu phẩm?,Code on the parcel?,Mã bưu phẩm,yes
survey,image,deed,Bà con có sổ đỏ không?,Do you have the deed?,Sổ đỏ
survey,file,plan,Bản vẽ nhà?,The plan?,Bản vẽ,yes
survey,text,phone,Số điện thoại?,Your telephone?,Điện thoại,yes,phone,yes
survey,image,hand,Chữ ký của bà con,Your signature,Chữ ký,,signature,,yes
"""


@pytest.fixture
def house() -> House:
    made = House()
    birth = load_catalogue().shown("1.001193", TODAY)
    form = read_form(FORM, "thu.csv")
    made.services.procedures["thu"] = replace(birth, code="thu", form=form, components=())
    return made


def asked(house: House, name: str) -> Asking:
    """The question of that name, everything before it unanswered."""
    filing = house.filing(card=None, code="thu")
    filing.session.go_to(name)
    house.kiosk.show(Asking(house.kiosk, filing))
    return house.screen


def test_no_type_of_question_leads_to_the_counter() -> None:
    assert {*QUESTION_TYPES, "repeat"} == ASKED
    tiles = [load_catalogue().tile(code, TODAY, ASKED) for code in load_catalogue().codes()]
    assert [tile.code for tile in tiles if not tile.available] == ["2.000986", "2.002913"]


def test_a_decimal_is_written_with_one_comma_and_kept_with_a_point(house: House) -> None:
    page = asked(house, "area")
    for key in ",1250,5,7":
        page.typing.press(key)
    assert page.shown_number == "1.250,57"
    page.next()
    assert page.filing.session.value("area") == "1250.57"
    house.screen.back()
    assert house.screen.shown_number == "1.250,57"


def test_letters_do_not_get_into_a_decimal_from_a_real_keyboard_either(house: House) -> None:
    page = asked(house, "area")
    page.typing.type("a1.b,5,")
    assert page.typing.text == "1,5"


@pytest.mark.parametrize(
    ("written", "read"), [("", ""), ("5", "5"), ("1500", "1.500"), ("1500000", "1.500.000"), ("1234,", "1.234,"), ("0,25", "0,25")]
)
def test_numbers_are_read_in_thousands(written: str, read: str) -> None:
    assert thousands(written) == read


def test_a_telephone_number_gets_the_number_pad_and_its_own_groups(house: House) -> None:
    page = asked(house, "phone")
    assert page.is_number
    page.typing.type("912345678")
    assert page.shown_number == "912345678"
    page.typing.clear()
    page.typing.type("0912345678")
    assert page.shown_number == "0912 345 678"


def test_a_code_can_be_scanned_or_typed(house: House) -> None:
    page = asked(house, "parcel")
    house.services.scan_text("VN 123/4")
    assert page.typing.text == "VN 123/4"
    page.next()
    assert page.filing.session.value("parcel") == "VN 123/4"
    house.services.scan_text("later")
    assert page.filing.session.value("parcel") == "VN 123/4"


def test_a_paper_is_at_hand_or_not(house: House) -> None:
    page = asked(house, "deed")
    assert [choice.label for choice in page.choices] == ["Có, nộp tại quầy", "Không có"]
    assert not page.can_skip
    page.choose("none")
    page.next()
    assert page.filing.session.value("deed") == "none"
    house.screen.back()
    assert house.screen.chosen == ["none"]


def test_a_paper_that_must_be_there_has_one_answer(house: House) -> None:
    page = asked(house, "plan")
    assert [choice.name for choice in page.choices] == ["counter"]
    page.next()
    assert page.problem is not None
    page.choose("counter")
    page.next()
    assert page.filing.session.value("plan") == "counter"


def test_a_signature_is_no_question_and_stands_on_the_check_page(house: House) -> None:
    filing = house.filing(card=None, code="thu")
    assert "hand" not in [question.name for question in filing.session.visible()]
    house.kiosk.show(Check(house.kiosk, filing))
    assert [(line.text, line.fixed) for line in house.screen.lines if line.name == "hand"] == [("Ký trên giấy", True)]
    assert [line.name for line in house.screen.lines if line.fixed] == ["hand"]


def test_questions_and_what_is_wrong_are_told_in_the_language_of_the_glass(house: House) -> None:
    page = asked(house, "req_name")
    assert page.question.label == "Họ tên của bà con?"
    house.kiosk.set_language("en")
    assert page.question.label == "Your name?"
    page.typing.type("Mẫu 2")
    page.next()
    assert page.wrong == "A name has no digits."
    house.kiosk.set_language("vi")
    assert page.wrong == "Tên không có số."


def test_the_check_page_speaks_the_language_of_the_glass(house: House) -> None:
    house.kiosk.set_language("en")
    house.kiosk.show(Check(house.kiosk, house.filing(card=None, code="thu")))
    assert house.screen.lines[0].label == "Your name?"


def test_the_official_who_is_called_reads_vietnamese(house: House) -> None:
    page = asked(house, "req_name")
    house.kiosk.set_language("en")
    house.kiosk.call_help()
    assert "Họ tên của bà con?" in house.services.calls[0][1]
    assert page.question.label == "Your name?"
