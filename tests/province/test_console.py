"""The officials' console: closed by default, role by role, without scripts, without names in addresses."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import requests

from forms.codes import provisional_code
from forms.procedures.catalogue import load_catalogue
from tests.forms.pdf_text import pdf_text, squeezed
from tests.province.browser import PASSWORD, Browser
from tests.province.conftest import Site
from tests.province.support import ACCEPTED_AT, KEY, NAME, NUMBER, UNIT, KioskTwin

PUBLIC = {"look-up", "tracking", "asset", "healthz", "exchange", "enrol", "enrolled", "sign-in", "blob", "blob-put"}
"""The only addresses that answer a stranger."""
GUARDED = {
    "dossiers": "dossiers",
    "dossier": "dossiers",
    "paper": "dossiers",
    "file": "dossiers",
    "conflicts": "dossiers",
    "quarantine": "quarantine",
    "devices": "machines",
    "enrolment": "machines",
}
SIGNED_IN = {"home", "sign-out"}
SOUND_CODE = provisional_code("K1", date(2025, 12, 1), 1)


@pytest.fixture
def dossier(people: Site, kiosk: KioskTwin) -> str:
    filed = kiosk.file()
    kiosk.accept(filed)
    kiosk.settle()
    return filed


def routes() -> dict[str, Any]:
    from province.urls import urlpatterns

    return {str(pattern.name): pattern for pattern in urlpatterns}


def test_every_address_is_either_public_by_name_or_guarded(site: Site) -> None:
    assert set(routes()) == PUBLIC | set(GUARDED) | SIGNED_IN
    for name, pattern in routes().items():
        view = pattern.callback
        assert getattr(view, "login_required", True) is (name not in PUBLIC), name
        assert getattr(view, "act", None) == GUARDED.get(name), name


@pytest.mark.parametrize("name", sorted({*GUARDED, *SIGNED_IN}))
def test_a_stranger_is_sent_to_the_sign_in(site: Site, name: str) -> None:
    path = "/" + re.sub(r"<[^>]+>", "x", str(routes()[name].pattern))
    answer = Browser(site).get(path)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/can-bo/dang-nhap?next=")


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("lan", {"dossiers", "dossier", "paper", "file", "conflicts"}),
        ("tin", {"devices", "enrolment", "quarantine"}),
        ("tam", {"dossiers", "dossier", "paper", "file", "conflicts", "devices", "enrolment", "quarantine"}),
    ],
)
def test_everyone_opens_what_their_role_needs_and_nothing_else(people: Site, name: str, allowed: set[str]) -> None:
    browser = Browser(people, name)
    for view in GUARDED:
        path = "/" + re.sub(r"<[^>]+>", "x", str(routes()[view].pattern))
        assert (browser.get(path).status_code != 403) is (view in allowed), view


def test_an_account_without_a_role_opens_nothing(people: Site) -> None:
    from province.models import Official

    browser = Browser(people, "lan")
    Official.objects.all().delete()
    assert browser.get("/can-bo/ho-so").status_code == 403
    assert browser.get("/can-bo/").status_code == 403


def test_wrong_name_and_wrong_password_are_told_the_same(people: Site) -> None:
    answers = [Browser(people).sign_in("lan", "sai"), Browser(people).sign_in("khong-co", "sai")]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert all("Tên hoặc mật khẩu không đúng." in answer.text for answer in answers)


def test_five_wrong_passwords_make_an_account_wait(people: Site) -> None:
    for _ in range(5):
        Browser(people).sign_in("LAN", "sai")
    assert Browser(people).sign_in("lan").status_code == 429
    people.clock.forward(31)
    assert Browser(people).sign_in("lan").status_code == 302


def test_a_session_ends_after_half_an_hour_without_use(people: Site) -> None:
    browser = Browser(people, "lan")
    for _ in range(3):
        people.clock.forward(20 * 60)
        assert browser.get("/can-bo/ho-so").status_code == 200
    people.clock.forward(31 * 60)
    assert browser.get("/can-bo/ho-so").status_code == 302


def test_signing_out_ends_the_session_for_good(people: Site) -> None:
    browser = Browser(people, "lan")
    stolen = dict(browser.session.cookies)
    browser.post("/can-bo/dang-xuat", form="/can-bo/ho-so")
    thief = Browser(people)
    thief.session.cookies.update(stolen)
    assert thief.get("/can-bo/ho-so").status_code == 302


def test_after_signing_in_one_is_never_led_to_another_site(people: Site) -> None:
    answer = Browser(people).post("/can-bo/dang-nhap", ten="lan", mat_khau=PASSWORD, next="https://evil.example/")
    assert answer.headers["Location"] == "/can-bo/"


def test_a_form_without_its_token_is_refused_in_words(people: Site) -> None:
    browser = Browser(people, "tam")
    answer = browser.session.post(people.url + "/can-bo/may", data={"xa": "01273"}, timeout=10)
    assert answer.status_code == 403
    assert "Trang đã hết hạn" in answer.text


def test_the_cookie_is_out_of_reach(people: Site) -> None:
    set_cookie = Browser(people).sign_in("lan").headers["Set-Cookie"]
    assert "HttpOnly" in set_cookie
    assert "SameSite=Strict" in set_cookie


def test_console_pages_are_not_stored_and_run_no_script(dossier: str, people: Site) -> None:
    browser = Browser(people, "tam")
    for path in (
        "/can-bo/ho-so",
        f"/can-bo/ho-so/01273/{dossier}",
        "/can-bo/xung-dot",
        "/can-bo/may",
        "/can-bo/cach-ly",
        "/can-bo/dang-nhap",
    ):
        answer = browser.get(path)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
        assert "default-src 'none'; style-src 'self'" in answer.headers["Content-Security-Policy"]
        assert "<script" not in answer.text
        assert 'style="' not in answer.text


def test_the_list_shows_what_arrived(dossier: str, people: Site) -> None:
    text = Browser(people, "lan").get("/can-bo/ho-so").text
    assert NAME in text
    assert f"{UNIT}-251201-0001" in text
    assert "phường Thục Phán" in text


def test_a_dossier_is_found_by_name_without_accents_or_by_either_code(dossier: str, people: Site) -> None:
    browser = Browser(people, "lan")
    for words in ("nong thi", "Nông Thị", "0001a", "tam-k1", f"{UNIT}-251201"):
        assert NAME in browser.post("/can-bo/ho-so", tim=words).text, words


def test_what_does_not_match_is_not_listed(dossier: str, people: Site) -> None:
    browser = Browser(people, "lan")
    assert NAME not in browser.post("/can-bo/ho-so", tim="hoàng văn").text
    assert NAME not in browser.get("/can-bo/ho-so?xa=01279").text
    assert NAME not in browser.get("/can-bo/ho-so?tt=1").text
    assert NAME in browser.get("/can-bo/ho-so?tt=2&xa=01273").text


def test_a_name_in_an_address_is_not_searched_for(dossier: str, people: Site) -> None:
    assert NAME in Browser(people, "lan").get("/can-bo/ho-so?tim=khong-co-ai").text


def test_an_official_of_one_commune_sees_no_other(dossier: str, people: Site) -> None:
    browser = Browser(people, "mai")
    assert NAME not in browser.get("/can-bo/ho-so").text
    assert NAME not in browser.get("/can-bo/ho-so?xa=01273").text
    assert browser.get(f"/can-bo/ho-so/01273/{dossier}").status_code == 404


def test_a_dossier_is_told_as_a_story(dossier: str, people: Site) -> None:
    text = Browser(people, "lan").get(f"/can-bo/ho-so/01273/{dossier}").text
    sentences = [
        "Người dân nộp hồ sơ tại kiosk.",
        "Hồ sơ về đến tỉnh.",
        "Điền tờ khai: 3 câu trả lời." if "Điền tờ khai" in text else "Ghi: ",
        "Chuyển từ «Mới đăng ký» sang «Được tiếp nhận».",
        f"Tỉnh cấp mã hồ sơ {UNIT}-251201-0001.",
    ]
    places = [text.index(sentence) for sentence in sentences]
    assert places == sorted(places)


def test_answers_stand_under_the_words_of_the_form(dossier: str, people: Site) -> None:
    text = Browser(people, "lan").get(f"/can-bo/ho-so/01273/{dossier}").text
    assert "Họ tên cháu bé" in text
    assert "NÔNG VĂN MẪU" in text
    assert KEY not in text


def test_a_dossier_says_how_the_applicant_was_identified(people: Site, kiosk: KioskTwin) -> None:
    filed = kiosk.file(by="chip/issuer_trusted/active/bac")
    kiosk.settle()
    page = Browser(people, "lan").get(f"/can-bo/ho-so/01273/{filed}").text
    assert "Đọc chíp: dữ liệu nguyên vẹn, do cơ quan cấp ký; không phải bản sao" in page


def test_an_answer_the_form_does_not_know_is_shown_all_the_same(people: Site, kiosk: KioskTwin) -> None:
    dossier = kiosk.file(new_question="câu trả lời mới")
    kiosk.settle()
    text = Browser(people, "lan").get(f"/can-bo/ho-so/01273/{dossier}").text
    assert "new_question" in text
    assert "câu trả lời mới" in text


@pytest.fixture
def printable(people: Site, kiosk: KioskTwin) -> str:
    """A dossier filed and accepted as kiosks of today do it."""
    birth = load_catalogue().versions("1.001193")[0]
    filed = kiosk.file(code=SOUND_CODE, form=birth.form_version)
    receipt = {
        "receipt.due": "2025-12-02T17:00:00+07:00",
        "receipt.received_at": ACCEPTED_AT,
        "receipt.received_by": "Lý Văn Mẫu",
        "receipt.duration_vi": "Trong ngày làm việc",
        "receipt.papers": ["Tờ khai (bản chính: 01)"],
        "due": "2025-12-02T17:00:00+07:00",
    }
    kiosk.act(filed, "accept", 1, 2, ACCEPTED_AT, **receipt)
    kiosk.settle()
    return filed


def links(page: str) -> list[str]:
    return re.findall(r'href="(/can-bo/ho-so/[^"]+\.pdf)"', page)


def test_the_papers_a_dossier_has_are_downloaded_from_its_page(printable: str, people: Site) -> None:
    browser = Browser(people, "lan")
    page = browser.get(f"/can-bo/ho-so/01273/{printable}").text
    assert "Giấy tiếp nhận hồ sơ và hẹn trả kết quả" in page
    assert [path.rsplit("/", 1)[1] for path in links(page)] == ["mau_01.pdf", "mau_06.pdf", "to_khai_dang_ky_khai_sinh.pdf"]
    for path in links(page):
        answer = browser.get(path)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/pdf")
        words = pdf_text(answer.content)
        assert squeezed(f"{UNIT}-251201-0001") in words
        assert squeezed("phường Thục Phán").upper() in words.upper()


def test_a_downloaded_paper_is_not_stored_and_its_name_names_nobody(printable: str, people: Site) -> None:
    answer = Browser(people, "lan").get(f"/can-bo/ho-so/01273/{printable}/mau_01.pdf")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="H14-999-251201-0001-mau_01.pdf"'


def test_the_receipt_of_the_province_is_that_of_the_commune(printable: str, people: Site) -> None:
    words = pdf_text(Browser(people, "lan").get(f"/can-bo/ho-so/01273/{printable}/mau_01.pdf").content)
    for part in (NAME, NUMBER, "Lý Văn Mẫu", "17 giờ 00 phút, ngày 02 tháng 12 năm 2025", "1. Tờ khai (bản chính: 01)", SOUND_CODE):
        assert squeezed(part) in words


@pytest.mark.parametrize("paper", ["mau_02", "mau_07", "slip", "ct01", "x"])
def test_a_paper_a_dossier_does_not_have_is_not_found(printable: str, people: Site, paper: str) -> None:
    assert Browser(people, "lan").get(f"/can-bo/ho-so/01273/{printable}/{paper}.pdf").status_code == 404


def test_papers_are_closed_to_strangers_and_to_other_communes(printable: str, people: Site) -> None:
    path = f"/can-bo/ho-so/01273/{printable}/mau_01.pdf"
    assert Browser(people).get(path).status_code == 302
    assert Browser(people, "mai").get(path).status_code == 404
    assert Browser(people, "tin").get(path).status_code == 403


def test_a_paper_that_may_not_be_printed_is_refused_in_words(people: Site, kiosk: KioskTwin) -> None:
    birth = load_catalogue().versions("1.001193")[0]
    filed = kiosk.file(form=birth.form_version, child_name="NÔNG 中 MẪU")
    kiosk.settle()
    answer = Browser(people, "lan").get(f"/can-bo/ho-so/01273/{filed}/to_khai_dang_ky_khai_sinh.pdf")
    assert answer.status_code == 409
    assert "Không in được chữ «中»" in answer.text


def test_a_dossier_of_a_form_the_province_does_not_have_offers_no_paper(dossier: str, people: Site) -> None:
    page = Browser(people, "lan").get(f"/can-bo/ho-so/01273/{dossier}").text
    assert links(page) == []
    assert "Tải giấy" not in page


def test_a_missing_unit_code_is_said_on_the_page(people: Site, enrolled: Callable[[str], KioskTwin]) -> None:
    kiosk = enrolled("01279")
    dossier = kiosk.file()
    kiosk.accept(dossier)
    kiosk.settle()
    text = Browser(people, "mai").get(f"/can-bo/ho-so/01279/{dossier}").text
    assert "Chưa cấp mã hồ sơ chính thức." in text
    assert "[units]" in text


def test_conflicts_show_both_values_and_the_reason(people: Site, kiosk: KioskTwin, enrolled: Callable[[str], KioskTwin]) -> None:
    dossier = kiosk.file()
    kiosk.settle()
    other = enrolled("01273")
    other.journal.write(dossier, "f", {"a.child_name": "NÔNG VĂN KHÁC"})
    other.step(dossier, 5, 2)
    other.settle()
    for path in ("/can-bo/xung-dot", f"/can-bo/ho-so/01273/{dossier}"):
        text = Browser(people, "lan").get(path).text
        assert "NÔNG VĂN KHÁC" in text
        assert "NÔNG VĂN MẪU" in text
        assert "hai bên sửa mà chưa thấy của nhau" in text
        assert "hồ sơ không còn ở trạng thái mà bước này bắt đầu" in text


def test_quarantine_shows_the_reason_but_never_the_contents(
    people: Site, kiosk: KioskTwin, enrolled: Callable[[str], KioskTwin]
) -> None:
    dossier = kiosk.file()
    kiosk.settle()
    stranger = enrolled("01279")
    stranger.journal.write(dossier, "f", {"a.child_name": "NÔNG BÍ MẬT"})
    stranger.settle()
    text = Browser(people, "tin").get("/can-bo/cach-ly").text
    assert "foreign_dossier" in text
    assert "NÔNG BÍ MẬT" not in text


def test_devices_stand_with_their_last_contact(people: Site, kiosk: KioskTwin) -> None:
    from sync.envelope import base32

    kiosk.settle()
    people.clock.forward(3 * 3600)
    text = Browser(people, "tin").get("/can-bo/may").text
    assert f"Máy {base32(kiosk.journal.device).upper()}" in text
    assert "3 giờ trước" in text


def test_an_operator_brings_a_kiosk_in_from_the_console(people: Site) -> None:
    browser, kiosk = Browser(people, "tin"), KioskTwin(people.url)
    made = browser.post("/can-bo/may", xa="01273").text
    code = re.search(r'class="secret">([^<]+)<', made)
    assert code is not None
    kiosk.ask(code[1])
    path = f"/can-bo/may/dang-ky/{kiosk.ticket}"
    assert path in browser.get("/can-bo/may").text
    assert kiosk.words not in browser.get(path).text
    assert browser.post(path, viec="xac-nhan", tu="con mèo").status_code == 409
    assert browser.post(path, viec="xac-nhan", tu=kiosk.words).status_code == 302
    assert kiosk.fetch() > 0
    assert "Đã xác nhận" in browser.get(path).text


def test_an_operator_can_refuse(people: Site) -> None:
    from province import enrolment

    browser, kiosk = Browser(people, "tin"), KioskTwin(people.url)
    kiosk.ask(enrolment.make_code("01273", by="test").shown)
    path = f"/can-bo/may/dang-ky/{kiosk.ticket}"
    assert browser.post(path, viec="tu-choi").status_code == 302
    assert "Đã từ chối" in browser.get(path).text


def test_styles_are_kept_by_the_browser_and_nothing_else_is_served(people: Site) -> None:
    style = re.search(r'href="(/s/[0-9a-f]+/console\.css)"', Browser(people).get("/can-bo/dang-nhap").text)
    assert style is not None
    answer = Browser(people).get(style[1])
    assert "immutable" in answer.headers["Cache-Control"]
    assert Browser(people).get("/s/000000000000/console.css").status_code == 404
    assert Browser(people).get(style[1].replace("console.css", "citizen.css")).status_code == 404


@pytest.mark.parametrize("path", ["/admin/", "/static/x", "/can-bo/khong-co", "/v1/", "/h/", "/.git/config"])
def test_whatever_is_not_an_address_is_not_found(site: Site, path: str) -> None:
    assert Browser(site).get(path).status_code == 404


def test_the_console_is_refused_under_a_foreign_host_name(site: Site) -> None:
    foreign = {"Host": "evil.example"}
    assert requests.get(f"{site.url}/can-bo/dang-nhap", headers=foreign, timeout=10).status_code == 400
    assert requests.get(site.url, headers=foreign, timeout=10).status_code == 200
