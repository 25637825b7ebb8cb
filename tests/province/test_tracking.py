"""What a citizen sees behind the QR of a slip, and what nobody may see."""

from __future__ import annotations

import base64
import hashlib
import io
import logging
import re
from collections.abc import Iterator

import pytest
import requests

from tests.province.conftest import Site
from tests.province.support import KEY, NAME, NUMBER, UNIT, KioskTwin

CODE = "TAM-K1-251201-0001A"
PERSONAL = (NAME, NAME.title(), "NÔNG VĂN MẪU", "Mẫu", NUMBER, NUMBER[-4:], "Nông Văn Lắp", "Lý Văn Mẫu", "cb07")


def page(site: Site, code: str = CODE, key: str = KEY) -> requests.Response:
    return requests.get(f"{site.url}/h/{code}", params={"k": key}, timeout=10, allow_redirects=False)


def words_of(response: requests.Response) -> str:
    """The text a person reads."""
    body = re.sub(r"<style>.*?</style>", "", response.text, flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


@pytest.fixture
def dossier(kiosk: KioskTwin) -> str:
    filed = kiosk.file(code=CODE)
    kiosk.settle()
    return filed


def test_a_filed_dossier_says_it_has_reached_the_province_and_what_comes_next(site: Site, dossier: str) -> None:
    answer = page(site)
    text = words_of(answer)
    assert answer.status_code == 200
    assert "Đã nhận về tỉnh, chờ tiếp nhận" in text
    assert "Đã nộp tại kiosk 08:00, thứ Hai 01/12/2025" in text
    assert "Trung tâm Phục vụ hành chính công phường Thục Phán" in text
    assert "Hẹn trả" not in text


def test_an_accepted_dossier_shows_its_official_code_and_appointment(site: Site, kiosk: KioskTwin, dossier: str) -> None:
    kiosk.accept(dossier)
    kiosk.settle()
    text = words_of(page(site))
    assert "Hồ sơ đã được tiếp nhận" in text
    assert f"{UNIT}-251201-0001" in text
    assert "Hẹn trả kết quả trước 17:00, thứ Ba 02/12/2025" in text


def test_the_official_code_opens_the_page_too(site: Site, kiosk: KioskTwin, dossier: str) -> None:
    kiosk.accept(dossier)
    kiosk.settle()
    assert page(site, f"{UNIT}-251201-0001".lower()).status_code == 200


@pytest.mark.parametrize(
    ("way", "title"),
    [
        ((2, 4), "Hồ sơ đang được giải quyết"),
        ((2, 5), "Cần bổ sung giấy tờ"),
        ((2, 6), "Cần nộp phí, lệ phí hoặc thuế"),
        ((2, 7), "Hồ sơ đã được rút"),
        ((2, 8), "Hồ sơ đã dừng giải quyết"),
        ((2, 9), "Đã có kết quả"),
        ((2, 9, 10), "Đã trả kết quả"),
        ((3,), "Hồ sơ không được tiếp nhận"),
    ],
)
def test_every_state_has_plain_words(site: Site, kiosk: KioskTwin, dossier: str, way: tuple[int, ...], title: str) -> None:
    for came, to in zip((1, *way), way, strict=False):
        kiosk.step(dossier, came, to)
    kiosk.settle()
    answer = page(site)
    assert re.search(r"<h1>(.*?)</h1>", answer.text) is not None
    assert f"<h1>{title}</h1>" in answer.text
    assert len(answer.content) <= 14_000


def test_no_state_shows_anything_personal(site: Site, kiosk: KioskTwin, dossier: str) -> None:
    kiosk.accept(dossier)
    kiosk.settle()
    text = page(site).text
    assert [word for word in PERSONAL if word in text] == []


@pytest.mark.parametrize("spelling", [CODE.lower(), " tam-k1 - 251201-0001a ", CODE.replace("0001A", "OOO1A").replace("-", "–")])
def test_case_spaces_and_kinds_of_dash_do_not_matter(site: Site, dossier: str, spelling: str) -> None:
    assert page(site, spelling, KEY.upper().replace("0", "O")).status_code == 200


def test_a_wrong_key_and_an_unknown_code_are_the_same_friendly_page(site: Site, dossier: str) -> None:
    wrong_key, unknown = page(site, CODE, "f" * 16), page(site, "TAM-K9-251201-0001A", KEY)
    assert wrong_key.status_code == unknown.status_code == 404
    same = [
        answer.text.replace(code, "").replace(key, "")
        for answer, code, key in ((wrong_key, CODE, "f" * 16), (unknown, "TAM-K9-251201-0001A", KEY))
    ]
    assert same[0] == same[1]
    assert "Chưa tìm thấy hồ sơ" in same[0]
    assert "chưa gửi được hồ sơ về tỉnh" in same[0]


@pytest.mark.parametrize("key", ["", " ", "-"])
def test_no_key_opens_nothing(site: Site, dossier: str, key: str) -> None:
    assert page(site, CODE, key).status_code == 404


def test_the_headers_keep_the_page_to_its_reader(site: Site, dossier: str) -> None:
    for answer in (page(site), page(site, key="nope"), requests.get(site.url, timeout=10)):
        headers = answer.headers
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Robots-Tag"].startswith("noindex")
        assert "Set-Cookie" not in headers
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy


def test_the_style_in_the_page_is_the_one_the_policy_names(site: Site, dossier: str) -> None:
    answer = page(site)
    style = re.search(r"<style>(.*?)</style>", answer.text, re.S)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in answer.headers["Content-Security-Policy"]


def test_the_page_is_small_needs_no_script_and_asks_for_nothing_else(site: Site, dossier: str) -> None:
    for answer in (page(site), page(site, key="nope"), requests.get(site.url, timeout=10)):
        assert len(answer.content) <= 14_000
        assert "<script" not in answer.text
        assert re.findall(r"(?:src|href)=\"(?!/\"|tel:|data:image/svg)[^\"]*\"|url\((?!#)", answer.text) == []
        assert 'style="' not in answer.text


def test_a_code_and_key_can_be_typed_without_standing_in_an_address(site: Site, dossier: str) -> None:
    answer = requests.post(site.url, data={"ma": CODE.lower(), "khoa": KEY}, timeout=10, allow_redirects=False)
    assert answer.status_code == 200
    assert "Đã nhận về tỉnh" in answer.text
    assert requests.post(site.url, data={"ma": CODE, "khoa": "x"}, timeout=10).status_code == 404


def test_what_was_typed_comes_back_harmless(site: Site) -> None:
    answer = requests.post(site.url, data={"ma": '"><b>x</b>', "khoa": "'\"><i>"}, timeout=10)
    assert "<b>x</b>" not in answer.text
    assert "<i>" not in re.sub(r"<svg.*?</svg>", "", answer.text, flags=re.S).replace("<i></i>", "")


def test_two_dossiers_with_one_code_are_told_apart_by_their_keys(site: Site, kiosk: KioskTwin, dossier: str) -> None:
    kiosk.step(kiosk.file(code=CODE, key="another0another0"), 1, 3)
    kiosk.settle()
    assert "chờ tiếp nhận" in page(site).text
    assert "không được tiếp nhận" in page(site, key="another0another0").text


@pytest.fixture
def service_log(served: Site) -> Iterator[io.StringIO]:
    """What the service writes to its log, with its own handlers, filters and levels."""
    written = io.StringIO()
    named = [logging.getLogger(name) for name in ("django", "django.request", "province")]
    handlers = {handler for logger in named for handler in logger.handlers if isinstance(handler, logging.StreamHandler)}
    before = [(handler, handler.setStream(written)) for handler in handlers]
    yield written
    for handler, stream in before:
        handler.setStream(stream)


def test_neither_code_nor_key_reaches_the_log(site: Site, dossier: str, service_log: io.StringIO) -> None:
    page(site)
    page(site, key="secretkey1234567")
    requests.get(f"{site.url}/h/{CODE}/nothing", timeout=10)
    requests.put(f"{site.url}/h/{CODE}", timeout=10)
    logging.getLogger("province").info("the log is heard")
    logged = service_log.getvalue()
    assert "the log is heard" in logged
    assert CODE not in logged
    assert "secretkey" not in logged


def test_not_even_a_failure_writes_an_address_into_the_log(site: Site, dossier: str, service_log: io.StringIO) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE province_dossierindex RENAME TO away")
        try:
            answer = page(site)
        finally:
            cursor.execute("ALTER TABLE away RENAME TO province_dossierindex")
    logged = service_log.getvalue()
    assert answer.status_code == 500
    assert "500 on route tracking" in logged
    assert CODE not in logged
    assert KEY not in logged
