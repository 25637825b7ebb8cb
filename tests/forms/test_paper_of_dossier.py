"""The papers of a real dossier: which it has at each moment, and that each says what was recorded, of the right person."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from forms import dossier
from forms.dossier import Authorisation, Authority, Fee, Fields, Person, Persons, Promise
from forms.papers import Declaration, Office, PaperError, ReceiptFacts, SlipFacts
from forms.papers.of_dossier import available, facts_of, file_name, filled, handed_in, pdf_of, slip_of
from forms.papers.register import register, register_row
from forms.papers.source import Issuer, PaperSource
from forms.procedures.catalogue import load_catalogue
from forms.procedures.sources import from_sources
from tests.forms.dossier.acts import (
    AT,
    CAME,
    CITIZEN,
    COLLECTOR,
    DUE,
    EXTENSION,
    MOTHER,
    NOTICE,
    OFFICIAL,
    PROVINCE,
    REQUEST,
    accepted,
    after,
    filed,
    filing,
    hours,
    on,
)
from tests.forms.dossier.test_life import Life, told
from tests.forms.pdf_text import pdf_text, squeezed

ISSUER = Issuer(
    Office("Ủy ban nhân dân xã Bảo Lâm", "Trung tâm Phục vụ hành chính công", "0206 000 0000"),
    "xã Bảo Lâm",
    "Xóm Nà Mẫu, xã Bảo Lâm",
    "https://dvc.example",
    "Máy số 1",
)
DECLARATION = "to_khai_dang_ky_khai_sinh"
GENERAL = "1.001699"
TODAY = date(2026, 11, 23)
FATHER = Person("Hoàng Văn Thử", number="004088000002", address="Xóm Nà Thử, xã Mẫu")


def source(fields: Fields) -> PaperSource:
    procedure = load_catalogue().filed(fields)
    assert procedure is not None
    return PaperSource(fields, procedure, ISSUER)


def words(fields: Fields, paper: str) -> str:
    facts = facts_of(source(fields), paper)
    assert facts is not None
    assert not isinstance(facts, SlipFacts)
    return pdf_text(pdf_of(facts))


def says(text: str, *parts: str) -> bool:
    return all(squeezed(part) in text for part in parts)


def general(answers: Mapping[str, Any]) -> Fields:
    """An accepted dossier of a procedure with the general request."""
    procedure = load_catalogue().on(GENERAL, TODAY)
    assert procedure is not None
    asked = replace(filing(), procedure=GENERAL, form=procedure.form_version, answers=answers)
    fields = dossier.fold(dossier.file("d1", asked, AT.isoformat()))
    return after(fields, dossier.accept(on(fields), dossier.Receipt(Promise(DUE, "vn-2026.1"), ["Đơn đề nghị"])))


# --- which papers there are -------------------------------------------------------------------------------------------


class Papers(Life):
    """The same life; whatever was done, each act has left its paper and every paper can be made."""

    def teardown(self) -> None:
        now = source(self.fields)
        had = available(now)
        left = {"accept": "mau_01", "ask_supplement": "mau_02", "refuse": "mau_03", "extend": "mau_04", "withdraw": "mau_05"}
        left |= {"stop": "mau_05", "close_unanswered": "mau_05"}
        assert {left[act] for act in self.acts if act in left} == {*had} - {DECLARATION, "slip", "mau_06"}
        assert DECLARATION in had
        assert ("mau_06" in had) == ("accept" in self.acts)
        for paper in had:
            facts = facts_of(now, paper)
            assert facts is not None
            assert bool(slip_of(facts)) == (paper not in (DECLARATION, "mau_06"))
            assert isinstance(facts, SlipFacts) or pdf_of(facts).startswith(b"%PDF")


TestPapers = Papers.TestCase
TestPapers.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)


def test_the_slip_is_what_a_citizen_holds_until_somebody_has_decided() -> None:
    fields = filed()
    assert available(source(fields)) == ("slip", DECLARATION)
    asked = after(fields, dossier.ask_supplement(on(fields), REQUEST))
    assert "slip" in available(source(asked))
    received = accepted()
    assert "slip" not in available(source(received))
    assert "slip" not in available(source(after(received, dossier.ask_supplement(on(received), REQUEST))))
    assert "slip" not in available(source(after(fields, dossier.refuse(on(fields), "Không thuộc thẩm quyền"))))


def test_a_receipt_of_version_one_is_printed_again_and_a_bare_step_has_none() -> None:
    lines = (Path(__file__).parent / "data" / "dossier_v1.jsonl").read_text("utf-8").splitlines()[:3]
    events = [dossier.Draft(line["d"], line["k"], line["c"]) for line in map(json.loads, lines)]
    assert facts_of(source(dossier.fold(events)), "mau_01") is not None
    bare = dossier.Draft("d1", "st", {"from": 1, "to": 2, "at": AT.isoformat(), "set": {"receipt.due": DUE.isoformat()}})
    assert facts_of(source(dossier.fold([*events[:2], bare])), "mau_01") is None


def test_a_paper_of_another_procedure_is_not_had() -> None:
    assert facts_of(source(filed()), "ct01") is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.sampled_from(["2026-13-45", AT.isoformat(), "9999-12-31"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
FULL: Mapping[str, Any] = {
    **accepted(),
    **{f"{record}.at": AT.isoformat() for record in ("refusal", "stop", "handover")},
    **{f"{record}.asked_at": AT.isoformat() for record in ("supplement", "extension")},
    "extension.due_first": DUE.isoformat(),
    "extension.due": (DUE + timedelta(days=1)).isoformat(),
    "supplement.items": ["Ảnh"],
    "stop.returned": [],
    "route": [],
    "fee.f1": {},
    "return_at": "",
    "return_way": "",
    "owner": {"name": "Nông Văn Bé"},
    "submitter": {"name": "Hoàng Văn Thử"},
    "authorisation": {},
    "receipt.sets": 1,
    "a.child_dob": "2026-11-15",
    "a.copies": 1,
}


@settings(max_examples=400, deadline=None)
@example(name="a.child_dob", value="9999-12-31")
@example(name="a.child_dob", value="2026-13-45")
@given(name=st.sampled_from(sorted(FULL.keys() - {"procedure", "form"})), value=JSON)
def test_no_field_of_any_shape_stops_the_other_papers(name: str, value: Any) -> None:
    fields = {**FULL, name: value}
    assert len(available(source(fields))) >= 4
    assert register_row(fields, "Khai sinh") is not None or name == "receipt.received_at"


@pytest.mark.parametrize("rows", [[{"pages": "2", "copies": "1"}], "hai", [1, None], [{"pages": []}]])
def test_a_fee_counted_from_entries_of_any_shape_is_no_error(rows: Any) -> None:
    procedure = load_catalogue().on("2.000815", TODAY)
    assert procedure is not None
    fields = {**FULL, "procedure": procedure.code, "form": procedure.form_version, "a.items": rows}
    assert facts_of(source(fields), "mau_01") is not None


# --- what stands on them ----------------------------------------------------------------------------------------------


def test_the_receipt_says_what_was_promised_even_after_the_due_time_moved() -> None:
    fields = accepted()
    fields = after(fields, dossier.extend(on(fields), EXTENSION))
    assert says(words(fields, "mau_01"), "17 giờ 00 phút, ngày 26 tháng 11 năm 2026", "3 ngày làm việc", "Lý Văn Mẫu")


def test_the_apology_names_the_new_day_as_it_was_promised_though_a_supplement_moved_it_since() -> None:
    fields = accepted()
    fields = after(fields, dossier.extend(on(fields), EXTENSION))
    fields = after(fields, dossier.ask_supplement(on(fields), REQUEST))
    fields = after(fields, dossier.supplement(on(fields, at=hours(1)), CAME))
    assert dossier.due_of(fields) == CAME.promise.due.isoformat()
    text = words(fields, "mau_04")
    assert says(text, "ban đầu: 17 giờ 00 phút, ngày 26 tháng 11 năm 2026", "mới: 17 giờ 00 phút, ngày 03 tháng 12 năm 2026")


def test_who_wrote_an_apology_or_a_stop_down_does_not_sign_for_the_head_of_the_office() -> None:
    fields = accepted()
    late = after(fields, dossier.extend(on(fields), EXTENSION))
    stopped = after(fields, dossier.stop(on(fields), NOTICE))
    assert not says(words(late, "mau_04"), OFFICIAL.name)
    assert not says(words(stopped, "mau_05"), OFFICIAL.name)


def test_a_dossier_withdrawn_before_acceptance_is_not_said_to_have_been_received() -> None:
    fields = filed()
    withdrawn = after(fields, dossier.withdraw(on(fields, CITIZEN), NOTICE))
    text = words(withdrawn, "mau_05")
    assert says(text, "Ngày tiếp nhận: chưa tiếp nhận", "Đề nghị dừng giải quyết của người nộp hồ sơ", "1. Giấy chứng sinh")


def test_when_the_office_stops_the_person_is_not_said_to_have_asked() -> None:
    fields = accepted()
    text = words(after(fields, dossier.stop(on(fields), NOTICE)), "mau_05")
    assert not says(text, "Đề nghị dừng")
    assert says(text, "Ngày tiếp nhận: ngày 23 tháng 11 năm 2026", "Căn cứ: Gia đình xin rút")


def test_a_notice_bears_the_number_and_the_day_of_its_act() -> None:
    fields = accepted()
    asked = after(fields, dossier.ask_supplement(on(fields, at=hours(24)), replace(REQUEST, number="7", contact_vi="Bà Mẫu")))
    text = words(asked, "mau_02")
    assert says(text, "Số: 7/PBS-TTPVHCC", "Xã Bảo Lâm, ngày 24 tháng 11 năm 2026", "1. Giấy chứng nhận kết hôn")
    assert says(text, "Bà Mẫu", "0206 000 0000", "NGƯỜI HƯỚNG DẪN")


def test_the_control_slip_follows_the_dossier_from_unit_to_unit() -> None:
    fields = accepted()
    fields = after(fields, dossier.transfer(on(fields), "H14.99"))
    fields = told(fields, dossier.transfer(on(fields, PROVINCE, hours(2)), "01290"), PROVINCE)
    text = words(fields, "mau_06")
    there = "1. Giao: Ủy ban nhân dân xã Bảo Lâm 2. Nhận: H14.99 08 giờ 30 phút"
    back = "1. Giao: H14.99 2. Nhận: Ủy ban nhân dân xã Bảo Lâm 10 giờ 30 phút"
    assert says(text, there, back, "giải quyết hồ sơ: Ủy ban nhân dân xã Bảo Lâm")


@pytest.mark.parametrize(
    ("received", "paid"),
    [(0, "(chưa nộp)"), (8_000, "(đã nộp)")],
)
def test_a_fee_is_told_as_paid_once_an_official_has_received_it(received: int, paid: str) -> None:
    fields = general({})
    if received:
        fields = after(fields, dossier.receive_fee(on(fields), Fee("f1", received, "Phí")))
    facts = facts_of(source(fields), "mau_01")
    assert facts is not None
    procedure = replace(source(fields).procedure, fee=replace(source(fields).procedure.fee, kind="fixed", amount_vnd=8_000))
    assert says(pdf_text(_pdf(PaperSource(fields, procedure, ISSUER), "mau_01")), f"8.000 đồng {paid}")


def _pdf(of: PaperSource, paper: str) -> bytes:
    facts = facts_of(of, paper)
    assert facts is not None
    assert not isinstance(facts, SlipFacts)
    return pdf_of(facts)


def test_the_result_goes_where_it_was_agreed_else_where_it_was_wished_else_to_the_office() -> None:
    wished = {"return_way": "post", "return_address": "Xóm Nà Gửi, xã Mẫu"}
    assert says(words(general({}), "mau_01"), f"Đăng ký nhận kết quả tại: {ISSUER.return_place_vi}")
    assert says(words(general(wished), "mau_01"), "Đăng ký nhận kết quả tại: Xóm Nà Gửi, xã Mẫu")
    agreed = {**general(wished), "return_at": "01273", "return_way": "đến lấy"}
    assert says(words(agreed, "mau_01"), "Đăng ký nhận kết quả tại: Ủy ban nhân dân phường Thục Phán, đến lấy")


# --- persons ----------------------------------------------------------------------------------------------------------

PROXY = Persons(MOTHER, owner=Person("Nông Văn Bé"), submitter=FATHER, authorisation=Authorisation(Authority.PAPER, "Giấy số 12"))


def test_the_receipt_is_for_who_stands_there_and_names_who_sent_them() -> None:
    fields = dossier.fold(dossier.file("d1", filing(PROXY), AT.isoformat()))
    fields = after(fields, dossier.accept(on(fields), dossier.Receipt(Promise(DUE, "vn-2026.1"), [])))
    text = words(fields, "mau_01")
    assert says(text, "Tổ chức: HOÀNG VĂN THỬ", FATHER.number, f"Địa chỉ: {FATHER.address}")
    assert says(text, "người ủy quyền: NÔNG THỊ MẪU", MOTHER.number, "Giấy tờ ủy quyền: Giấy số 12")
    row = register_row(fields, "Khai sinh")
    assert row is not None
    assert (row.person_vi, row.contact_vi) == (FATHER.name, FATHER.address)


def test_a_notice_is_about_the_owner_and_a_refusal_for_who_stands_there() -> None:
    fields = dossier.fold(dossier.file("d1", filing(PROXY), AT.isoformat()))
    asked = after(fields, dossier.ask_supplement(on(fields), REQUEST))
    assert says(words(asked, "mau_02"), "Hồ sơ của: NÔNG VĂN BÉ")
    assert not says(words(asked, "mau_02"), "HOÀNG VĂN THỬ")
    refused = after(fields, dossier.refuse(on(fields), "Không thuộc thẩm quyền"))
    assert says(words(refused, "mau_03"), "Tiếp nhận hồ sơ của: HOÀNG VĂN THỬ")


def test_a_declared_residence_is_the_address_of_the_applicant_and_of_nobody_else() -> None:
    answers = {"req_residence": "Xóm Nà Khai, xã Mẫu"}
    assert says(words(general(answers), "mau_01"), "Địa chỉ: Xóm Nà Khai, xã Mẫu")
    other = {**general(answers), "submitter": {"name": "Hoàng Văn Thử"}, "authorisation": {"authority": "relative", "told_vi": ""}}
    facts = facts_of(source(other), "mau_01")
    assert getattr(facts, "filer_address", None) == ""


def test_no_slip_shows_more_of_a_person_than_name_and_four_digits() -> None:
    fields = accepted()
    fields = after(fields, dossier.ask_supplement(on(fields), REQUEST))
    fields = after(fields, dossier.withdraw(on(fields, CITIZEN), NOTICE))
    for paper in ("mau_01", "mau_02", "mau_05"):
        facts = facts_of(source(fields), paper)
        assert facts is not None
        blocks = str(slip_of(facts))
        assert "NÔNG THỊ MẪU" in blocks
        assert MOTHER.number not in blocks
        assert MOTHER.phone not in blocks


# --- declarations -----------------------------------------------------------------------------------------------------


def test_a_declaration_bears_the_code_of_its_dossier_the_official_one_once_there_is_one() -> None:
    fields = filed()
    assert says(words(fields, DECLARATION), "NÔNG VĂN BÉ", "Kính gửi: Ủy ban nhân dân xã Bảo Lâm", f"Mã hồ sơ: {fields['code']}")
    coded = {**fields, "official_code": "H14.99-261123-0001"}
    assert says(words(coded, DECLARATION), "Mã hồ sơ: H14.99-261123-0001")


@pytest.mark.parametrize(
    ("code", "addressee"),
    [
        ("1.004222", "Công an xã Bảo Lâm"),
        ("1.001612", "Cơ quan đăng ký kinh doanh xã Bảo Lâm"),
        (GENERAL, "Ủy ban nhân dân xã Bảo Lâm"),
    ],
)
def test_a_declaration_is_addressed_to_who_handles_it(code: str, addressee: str) -> None:
    assert of_procedure(code).addressee_vi == addressee


def of_procedure(code: str) -> Declaration:
    procedure = load_catalogue().on(code, TODAY)
    assert procedure is not None
    return filled(procedure.papers[0], procedure, {}, "xã Bảo Lâm", AT, "TAM-K01-261123-00013")


def test_a_declaration_for_the_police_never_bears_a_code_of_ours() -> None:
    assert not says(pdf_text(pdf_of(of_procedure("1.004222"))), "Mã hồ sơ")
    assert says(pdf_text(pdf_of(of_procedure(GENERAL))), "Mã hồ sơ: TAM-K01-261123-00013")


def test_a_place_nobody_knows_is_left_to_the_pen() -> None:
    procedure = load_catalogue().on(GENERAL, TODAY)
    assert procedure is not None
    assert filled("general_request", procedure, {}, "", AT).addressee_vi == ""


def test_a_dossier_filed_with_an_older_form_keeps_its_questions_on_paper(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(str(resources.files("forms").joinpath("catalog")), tmp_path / "catalog"))
    later = folder / "1.001193" / "2026-12-01"
    later.mkdir()
    text = (folder / "1.001193" / "procedure.yaml").read_text("utf-8")
    newer = text.replace("valid: {from: 2026-01-01, to: 2027-02-28}", "valid: {from: 2026-12-01, to: 2027-02-28}")
    older = text.replace("valid: {from: 2026-01-01, to: 2027-02-28}", "valid: {from: 2026-01-01, to: 2026-11-30}")
    form = (folder / "1.001193" / "form.csv").read_text("utf-8")
    rows = [row for row in form.splitlines(keepends=True) if not row.startswith("survey,text,mc_book,")]
    (later / "procedure.yaml").write_text(newer, "utf-8")
    (later / "form.csv").write_text("".join(rows).replace(",khai_sinh,", ",khai_sinh,9", 1), "utf-8")
    (folder / "1.001193" / "procedure.yaml").write_text(older, "utf-8")
    catalogue = from_sources(folder)
    for version, printed in ((form_of(catalogue, date(2026, 11, 23)), True), (form_of(catalogue, date(2026, 12, 1)), False)):
        old = replace(filing(), form=version, answers={"child_name": "Nông Văn Bé", "mc_book": "QUYỂN 77"})
        fields = dossier.fold(dossier.file("d1", old, AT.isoformat()))
        procedure = catalogue.filed(fields)
        assert procedure is not None
        assert says(pdf_text(_pdf(PaperSource(fields, procedure, ISSUER), DECLARATION)), "QUYỂN 77") is printed
    assert catalogue.filed({**filed(), "form": "1999010101"}) is None


def form_of(catalogue: Any, day: date) -> str:
    return str(catalogue.on("1.001193", day).form_version)


def test_the_papers_of_the_receipt_are_those_the_answers_call_for() -> None:
    procedure = source(filed()).procedure
    always = handed_in(procedure, {"has_birth_paper": "no"})
    assert [line.split(" (")[0] for line in always] == ["Tờ khai đăng ký khai sinh", "Giấy tờ tùy thân của người yêu cầu"]
    more = [line for line in handed_in(procedure, {"has_birth_paper": "yes"}) if line not in always]
    assert more == ["Giấy chứng sinh (bản chính: 01) (không cần nếu tra được Giấy chứng sinh điện tử (nếu đã liên thông))"]


def test_a_paper_the_citizen_said_is_missing_does_not_stand_on_the_receipt() -> None:
    procedure = load_catalogue().shown("1.000656", AT.date())
    missing = handed_in(procedure, {"req_relation": "proxy", "paper_giay_uy_quyen": "none"})
    brought = handed_in(procedure, {"req_relation": "proxy", "paper_giay_uy_quyen": "counter"})
    assert [line.split(" (")[0] for line in brought if line not in missing] == ["Văn bản ủy quyền"]


def test_the_fee_of_the_receipt_is_that_of_the_day_of_filing() -> None:
    # GIVEN a birth filed on the 60th day and accepted two days later
    born = (AT - timedelta(days=60)).date().isoformat()
    fields = {**accepted(), "a.child_dob": born, "filed_at": AT.isoformat()}
    late = (AT + timedelta(days=2)).isoformat()
    receipt = facts_of(
        source({**fields, "receipt.received_at": late, "receipt.due": (AT + timedelta(days=3)).isoformat()}), "mau_01"
    )
    assert isinstance(receipt, ReceiptFacts)
    assert receipt.fee_vi == "Miễn lệ phí"


# --- files and the register -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("official", "name"),
    [
        ("", "TAM-K01-261123-00013-mau_01.pdf"),
        ("H14.99-261123-0001", "H14-99-261123-0001-mau_01.pdf"),
        ('../a"\r\nb', "---a---b-mau_01.pdf"),
    ],
)
def test_a_file_is_named_by_code_and_paper_whatever_the_code_is(official: str, name: str) -> None:
    assert file_name(source({**accepted(), "official_code": official}), "mau_01") == name


def test_a_code_no_paper_can_carry_is_refused_when_it_is_printed() -> None:
    broken = source({**accepted(), "official_code": "中" * 40})
    assert "mau_01" in available(broken)
    with pytest.raises(PaperError, match="wrong_code"):
        _pdf(broken, "mau_01")


def test_the_register_has_the_dossiers_of_its_days_in_the_order_they_were_received() -> None:
    def row_at(moment: datetime, name: str) -> Any:
        fields = dossier.fold(dossier.file("d1", filing(Persons(Person(name))), AT.isoformat()))
        receipt = dossier.Receipt(Promise(moment + timedelta(days=3), "vn-2026.1"), [])
        return register_row(after(fields, dossier.accept(on(fields, at=moment), receipt)), "Đăng ký khai sinh")

    last_minute = datetime.fromisoformat("2026-11-24T16:59:00+00:00")
    rows = [row_at(last_minute, "Cuối"), row_at(last_minute + timedelta(minutes=1), "Sau"), row_at(AT, "Đầu")]
    book = register(rows, date(2026, 11, 23), date(2026, 11, 24), ISSUER, AT)
    assert [row.person_vi for row in book.rows] == ["Đầu", "Cuối"]
    assert says(pdf_text(pdf_of(book)), "Từ ngày 23/11/2026 đến ngày 24/11/2026", "Đăng ký khai sinh")


def test_a_line_of_the_register_ends_with_the_hand_over() -> None:
    fields = accepted()
    fields = after(fields, dossier.finish(on(fields, at=hours(1)), dossier.Result("Giấy khai sinh")))
    row = register_row(after(fields, dossier.hand_over(on(fields, at=hours(2)), COLLECTOR)), "Khai sinh")
    assert row is not None
    assert (row.received, row.due, row.returned, row.way_vi) == (AT, DUE, hours(2), "Trực tiếp")
    assert row.resolving_vi == "Ủy ban nhân dân xã Bảo Lâm"
    assert register_row(filed(), "Khai sinh") is None
