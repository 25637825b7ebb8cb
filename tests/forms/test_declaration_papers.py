"""Declarations filled from answers: every key of the paper is printed where it belongs, nothing said is left out unseen."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from forms.answers import random_answers
from forms.papers import (
    Declaration,
    PaperError,
    PaperState,
    declaration,
    declaration_values,
    kind,
    papers_told,
    template_fields,
)
from forms.procedures.procedure import Procedure
from forms.procedures.sources import from_sources
from forms.xlsform import read_form
from tests.forms.birth import CARD
from tests.forms.birth import filled as filled_birth
from tests.forms.paper_samples import CODE, DECLARATIONS, FILED, empty, filled
from tests.forms.pdf_text import pdf_text, squeezed

TODAY = date(2026, 11, 24)
CATALOGUE = from_sources()
BIRTH = "to_khai_dang_ky_khai_sinh"
PROCEDURES: Mapping[str, str] = {
    BIRTH: "1.001193",
    "to_khai_dang_ky_khai_tu": "1.000656",
    "to_khai_dang_ky_ket_hon": "1.000894",
    "to_khai_cap_giay_xac_nhan_tinh_trang_hon_nhan": "1.004873",
    "to_khai_cap_ban_sao_trich_luc_ho_tich": "2.000635",
    "chung_thuc_ban_sao": "2.000815",
    "mau01_tro_cap_huu_tri_xa_hoi": "1.014027",
    "ct01": "1.004222",
    "general_request": "1.001699",
}
SPLIT = {"date", "dec_date", "reg_date"}
"""Printed as «ngày … tháng … năm …»."""


def procedure(paper: str) -> Procedure:
    found = CATALOGUE.on(PROCEDURES[paper], TODAY)
    assert found is not None
    return found


def tokens(paper: str) -> dict[str, Any]:
    """A word of its own for every field and every cell."""
    found = kind(paper)
    rows = {
        table: [{name: f"Ô{table}{row}{name}" for name in columns} for row in (1, 2)] for table, columns in found.tables.items()
    }
    return {**{key: f"Q{key}Q" for key in found.fields}, **rows}


def words_of(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [cell for row in value for cell in row.values()]


@pytest.mark.parametrize("paper", DECLARATIONS)
def test_every_field_and_cell_is_printed(paper: str) -> None:
    values = tokens(paper)
    words = pdf_text(declaration(replace(filled(paper), values=values))).upper()
    assert [word for value in values.values() for word in words_of(value) if squeezed(word).upper() not in words] == []


@pytest.mark.parametrize("paper", DECLARATIONS)
def test_the_head_the_title_and_the_addressee_are_those_of_the_paper(paper: str) -> None:
    words = pdf_text(declaration(filled(paper)))
    for part in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        kind(paper).title_vi,
        kind(paper).form_vi,
        "Kính gửi: ",
        f"Mã hồ sơ: {CODE}",
    ):
        assert squeezed(part) in words


@pytest.mark.parametrize("paper", DECLARATIONS)
def test_no_declaration_names_repealed_law(paper: str) -> None:
    words = pdf_text(declaration(empty(paper)))
    assert not [law for law in ("61/2018", "01/2018", "42/2022", "04/2020") if law in words]


@pytest.mark.parametrize("paper", DECLARATIONS)
def test_the_form_in_the_catalogue_prints_this_paper(paper: str) -> None:
    assert procedure(paper).papers == (paper,)


@pytest.mark.parametrize("paper", DECLARATIONS)
def test_random_answers_become_a_paper(paper: str) -> None:
    chosen, dice = procedure(paper), random.Random(paper)
    for _ in range(5):
        answers = random_answers(chosen.form, dice, TODAY)
        values = declaration_values(chosen.form, answers)
        facts = Declaration(paper, "Ủy ban nhân dân xã Mẫu", values, FILED, CODE, chosen.name_vi, papers_told(chosen.form, answers))
        words = pdf_text(declaration(facts)).upper()
        for key, value in values.items():
            if isinstance(value, str) and key not in SPLIT:
                assert squeezed(value).upper() in words, key


def test_a_birth_registration_goes_from_the_card_to_the_paper() -> None:
    session, _ = filled_birth(CARD)
    values = declaration_values(session.form, session.answers())
    words = pdf_text(declaration(Declaration(BIRTH, "Ủy ban nhân dân xã Mẫu", values, FILED)))
    for part in (
        "Họ, chữ đệm, tên người yêu cầu: NÔNG THỊ MẪU",
        "Căn cước công dân số 004190000001",
        "Quan hệ với người được khai sinh: Mẹ",
        "Họ, chữ đệm, tên: HOÀNG VĂN BÉ",
        "Ngày, tháng, năm sinh: 15/11/2026",
        "Ghi bằng chữ: Ngày mười lăm, tháng mười một, năm hai nghìn không trăm hai mươi sáu",
        "Giới tính: Nam",
        "Họ, chữ đệm, tên người cha: HOÀNG VĂN THỬ Ngày, tháng, năm sinh: 1988 Dân tộc: Nùng",
        "Đề nghị cấp bản sao: X Có Không Số lượng: 2 bản",
        "Làm tại: ........",
        "ngày 23 tháng 11 năm 2026",
    ):
        assert squeezed(part) in words, part


FORM = read_form(
    """settings,form_title,form_id,version,default_language
settings,Mẫu,mau,1,Tiếng Việt (vi)
survey,type,name,label::Tiếng Việt (vi),appearance,k_template,k_more,calculation
survey,text,who,Tên?,name,req_name,,
survey,date,born,Ngày sinh?,partial-date,req_dob,,
survey,calculate,day,,,date,,today()
survey,text,typed,Ghi gì?,,place,,
survey,select_one sex,sex,Giới tính?,,s_sex,,
survey,select_multiple sex,both,Giới tính?,,kind,,
survey,integer,count,Mấy?,,qty,,
survey,text,silent,Không in?,,,,
survey,image,paper_birth,Có giấy không?,,,,
survey,begin repeat,items,Giấy tờ,,items,Có nữa không?,
survey,text,kind,Loại gì?,,,,
survey,integer,pages,Mấy trang?,,sheets,,
survey,text,bearer,Tên ai?,,name,,
survey,end repeat,,,,,,
choices,list_name,name,label::Tiếng Việt (vi)
choices,sex,nam,Nam
choices,sex,nu,Nữ
""",
    "mau.csv",
)


@pytest.mark.parametrize(
    ("answer", "value", "key", "text"),
    [
        ("who", "Nông Thị Mẫu", "req_name", "Nông Thị Mẫu"),
        ("born", "1958", "req_dob", "1958"),
        ("born", "1958-03", "req_dob", "03/1958"),
        ("born", "1958-03-09", "req_dob", "09/03/1958"),
        ("day", "2026-11-24", "date", "24/11/2026"),
        ("typed", "2026-11-24", "place", "2026-11-24"),
        ("sex", "nu", "s_sex", "Nữ"),
        ("both", ["nam", "nu"], "kind", "Nam, Nữ"),
        ("count", 2, "qty", "2"),
    ],
)
def test_an_answer_is_printed_in_the_words_of_the_paper(answer: str, value: Any, key: str, text: str) -> None:
    assert declaration_values(FORM, {answer: value}) == {key: text}


def test_a_repeat_becomes_a_table_whose_columns_are_its_rows() -> None:
    answers = {"items": [{"kind": "Bằng tốt nghiệp", "pages": 2}, {"kind": "Giấy khai sinh"}]}
    assert declaration_values(FORM, answers) == {"items": [{"kind": "Bằng tốt nghiệp", "sheets": "2"}, {"kind": "Giấy khai sinh"}]}


def test_a_stored_answer_the_form_no_longer_asks_is_left_out() -> None:
    assert declaration_values(FORM, {"old": "cũ", "items": [{"old": "cũ"}]}) == {"items": [{}]}


def test_what_was_not_asked_for_the_paper_stays_off_it() -> None:
    assert declaration_values(FORM, {"silent": "không in", "who": ""}) == {}


def test_papers_asked_for_are_told_with_where_they_are() -> None:
    told = papers_told(FORM, {"paper_birth": "counter", "who": "Nông Thị Mẫu"})
    assert [paper.name for paper in told] == ["Có giấy không?"]
    assert told[0].state
    words = pdf_text(declaration(replace(empty("general_request"), papers=(PaperState("Giấy ra viện", "Chưa có"),))))
    assert squeezed("1 Giấy ra viện Chưa có") in words


def test_a_value_without_a_line_on_the_paper_is_refused() -> None:
    with pytest.raises(PaperError, match="unknown_field"):
        declaration(replace(filled("ct01"), values={"n1": "Nông Thị Mẫu", "n12": "thừa"}))


def test_an_unknown_paper_is_refused() -> None:
    with pytest.raises(PaperError, match="unknown_paper"):
        declaration(replace(filled("ct01"), paper="ct02"))
    with pytest.raises(PaperError, match="unknown_paper"):
        template_fields("ct02")


def test_places_to_sign_belong_to_the_paper_and_take_no_answer() -> None:
    assert "signature" in template_fields(BIRTH)
    with pytest.raises(PaperError, match="unknown_field"):
        declaration(replace(filled(BIRTH), values={"signature": "Nông Thị Mẫu"}))


def test_the_bride_stands_before_the_groom() -> None:
    words = pdf_text(declaration(filled("to_khai_dang_ky_ket_hon")))
    assert words.index("BÊNNỮ") < words.index("BÊNNAM")
    assert words.index("NÔNGTHỊMẪU") < words.index("HOÀNGVĂNTHỬ")


def test_a_choice_is_ticked_and_other_words_are_not_lost() -> None:
    paper = "mau01_tro_cap_huu_tri_xa_hoi"
    ticked = pdf_text(declaration(replace(empty(paper), values={"p_poverty": "Hộ cận nghèo"})))
    assert "HộnghèoXHộcậnnghèoKhôngthuộc" in ticked
    other = pdf_text(declaration(replace(empty(paper), values={"p_poverty": "Hộ thoát nghèo"})))
    assert "Khôngthuộchộnghèo,cậnnghèoHộthoátnghèo" in other
    assert "XHộ" not in other


def test_a_number_longer_than_its_boxes_is_still_printed_whole() -> None:
    assert "0041900000012" in pdf_text(declaration(replace(empty("ct01"), values={"n4": "0041900000012"})))


def test_an_hour_of_death_is_written_out_or_left_to_the_pen() -> None:
    def death(time: str) -> str:
        return pdf_text(declaration(replace(empty("to_khai_dang_ky_khai_tu"), values={"dec_time": time, "dec_date": "11/2026"})))

    assert "lúc:08giờ30phút,ngày....." in death("08:30")
    assert "lúc:khoảngnửađêm,ngày" in death("khoảng nửa đêm")
    assert "tháng11năm2026" in death("")


def test_the_sheet_for_certified_copies_says_that_it_is_our_own() -> None:
    assert squeezed("Mẫu riêng của hệ thống một cửa; pháp luật không quy định tờ khai") in pdf_text(
        declaration(filled("chung_thuc_ban_sao"))
    )


def test_values_are_plain_data() -> None:
    session, _ = filled_birth(CARD)
    values = declaration_values(session.form, session.answers())
    assert json.loads(json.dumps(values)) == values
