"""Officials' screens under a finger: PIN pad, worklist, search, dossier, acceptance, paper, calls, lock; wide and tall glass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from kiosk.services import Row
from kiosk.viewmodels.official import IDLE_S
from tests.kiosk.services_twin import ServicesTwin
from tests.kiosk.touch.official_glass import LANDSCAPE, PORTRAIT, OfficialGlass, stage

Open = Callable[..., OfficialGlass]
DOOR = "staff"
BOTH = pytest.mark.parametrize("size", [LANDSCAPE, PORTRAIT], ids=["wide", "tall"])


@pytest.fixture
def glass() -> Iterator[Open]:
    stage()
    from kiosk.touch.controls import guard

    real_time = guard.now

    def show(
        size: tuple[int, int] = LANDSCAPE, role: str | None = "official", prepare: Callable[[ServicesTwin], None] | None = None
    ) -> OfficialGlass:
        return OfficialGlass(size, role, prepare)

    yield show
    guard.now = real_time
    guard.forget()


def one_new(services: ServicesTwin) -> None:
    services.put(name="NÔNG THỊ MẪU")


def code(glass: OfficialGlass, dossier: str = "d0001") -> str:
    return glass.services.dossiers[dossier].official_code or glass.services.dossiers[dossier].code


def open_row(glass: OfficialGlass, dossier: str = "d0001") -> None:
    """Tap a row; the list waits a moment to see whether the finger means to scroll."""
    glass.frames(4)
    glass.tap(f"row:{code(glass, dossier)}")
    glass.wait("the dossier is in hand", lambda: glass.page.desk.selected is not None)
    glass.frames()


def at_the_pad(glass: Open, size: tuple[int, int] = LANDSCAPE) -> OfficialGlass:
    """From the attract screen through the officials' door."""
    pad = glass(size, role=None)
    assert pad.id == "attract"
    pad.tap(DOOR)
    assert pad.id == "sign_in"
    return pad


class TestPinPad:
    @BOTH
    def test_digits_under_the_finger_open_the_worklist(self, glass: Open, size: tuple[int, int]) -> None:
        pad = at_the_pad(glass, size)
        for digit in "246810":
            pad.tap(f"pin:{digit}")
        pad.tap("pin:ok")
        assert pad.id == "worklist"

    def test_the_same_digit_may_follow_at_once(self, glass: Open) -> None:
        from kiosk.touch.controls import guard

        pad = at_the_pad(glass)
        times = iter(0.1 * n for n in range(100))
        guard.now = lambda: next(times)
        for _ in range(4):
            pad.tap("pin:1")
        assert pad.page.count == 4

    def test_a_wrong_pin_is_told_where_the_eyes_are(self, glass: Open) -> None:
        pad = at_the_pad(glass)
        for digit in "111222":
            pad.tap(f"pin:{digit}")
        pad.tap("pin:ok")
        assert pad.id == "sign_in"
        assert "Mã PIN chưa đúng." in pad.words()
        assert "Còn 2 lần thử." in pad.words()

    def test_the_digits_are_nowhere_on_the_glass(self, glass: Open) -> None:
        pad = at_the_pad(glass)
        before = pad.words()
        for digit in "77":
            pad.tap(f"pin:{digit}")
        assert pad.words() == before

    def test_erase_and_the_way_back_work(self, glass: Open) -> None:
        pad = at_the_pad(glass)
        pad.tap("pin:1")
        pad.tap("pin:erase")
        assert pad.page.count == 0
        pad.tap("back")
        assert pad.id == "attract"

    def test_a_keypad_works_as_well(self, glass: Open) -> None:
        pad = at_the_pad(glass)
        for digit in "2468100":
            pad.shell.typed(digit)
        pad.shell.pressed_key("backspace")
        pad.shell.pressed_key("enter")
        assert pad.id == "worklist"


class TestWorklist:
    def test_a_new_row_shows_state_and_no_due_time(self, glass: Open) -> None:
        desk = glass(prepare=one_new)
        desk.frames(4)
        row = desk.found(f"row:{code(desk)}")[0]
        assert "NÔNG THỊ MẪU" in row.label
        assert "Mới" in row.label
        assert "Còn" not in row.label
        assert "hôm nay" not in row.label

    def test_tabs_switch_the_list(self, glass: Open) -> None:
        def late(services: ServicesTwin) -> None:
            services.put(name="SÙNG A MẪU", status=4, due=services.wall() - timedelta(days=1))

        desk = glass(prepare=late)
        assert "Chưa có hồ sơ mới." in desk.words()
        desk.tap("tab:late")
        desk.frames(4)
        assert "Quá 1 ngày" in desk.found(f"row:{code(desk)}")[0].label

    def test_only_the_rows_on_the_glass_are_widgets(self, glass: Open) -> None:
        def many(services: ServicesTwin) -> None:
            for number in range(150):
                services.put(name=f"NGƯỜI MẪU {number}")

        desk = glass(prepare=many)
        desk.frames(6)
        rows = [key for key in desk.shown_keys() if key.startswith("row:")]
        assert 5 <= len(rows) <= 20
        shown = desk.screen.list
        assert desk.found(rows[0])[0].right <= shown.width - shown.recycler.bar_width
        assert "150" in desk.found("tab:new")[0].label

    def test_a_filing_comes_in_by_itself_without_a_touch(self, glass: Open) -> None:
        desk = glass()
        one_new(desk.services)
        assert not desk.has(f"row:{code(desk)}")
        desk.services.changed()
        desk.wait("the row", lambda: desk.has(f"row:{code(desk)}"))
        assert "NÔNG THỊ MẪU" in desk.words().upper()

    def test_an_unsent_row_carries_a_cloud_until_the_province_confirms(self, glass: Open) -> None:
        from kiosk.touch.widgets import Icon, every

        def clouds(row: Row) -> int:
            return sum(isinstance(part, Icon) and part.name == "cloud_upload" for part in every(row))

        desk = glass(prepare=one_new)
        desk.frames(4)
        assert clouds(desk.found(f"row:{code(desk)}")[0]) == 1
        desk.services.acknowledge()
        desk.frames(4)
        assert clouds(desk.found(f"row:{code(desk)}")[0]) == 0

    @BOTH
    def test_the_screens_own_keyboard_finds_a_name(self, glass: Open, size: tuple[int, int]) -> None:
        def two(services: ServicesTwin) -> None:
            services.put(name="NÔNG THỊ MẪU")
            services.put(name="ĐÀM VĂN MẪU", status=9)

        desk = glass(size, prepare=two)
        desk.tap("search")
        for letter in "dam":
            desk.tap(f"key:{letter}")
        desk.clock.advance(1)
        desk.wait("the found row", lambda: desk.has(f"row:{code(desk, 'd0002')}") and not desk.has(f"row:{code(desk)}"))
        desk.tap("key:hide")
        assert not desk.has("key:d")
        desk.tap("search:close")
        assert desk.has("tab:new")

    def test_a_keyboard_of_the_office_starts_the_search(self, glass: Open) -> None:
        desk = glass(prepare=one_new)
        desk.shell.typed("n")
        assert desk.page.desk.searching
        assert desk.has("search:close")


class TestDossier:
    def test_wide_it_opens_beside_the_list(self, glass: Open) -> None:
        desk = glass(LANDSCAPE, prepare=one_new)
        open_row(desk)
        assert desk.id == "worklist"
        assert "LÝ THỊ MẪU (mẹ)" in desk.words()
        desk.tap("open")
        assert desk.id == "dossier"

    def test_tall_it_is_a_page_of_its_own(self, glass: Open) -> None:
        desk = glass(PORTRAIT, prepare=one_new)
        open_row(desk)
        assert desk.id == "dossier"
        desk.tap("back")
        assert desk.id == "worklist"

    @BOTH
    def test_all_answers_stand_on_some_page_under_their_section(self, glass: Open, size: tuple[int, int]) -> None:
        page = glass(size, prepare=one_new)
        page.page.choose("d0001", whole=True)
        page.frames()
        seen = page.words()
        assert "Người yêu cầu" in seen
        for _ in range(5):
            if page.has("page:next"):
                page.tap("page:next")
                seen += page.words()
        for _section, label, text in page.services.dossiers["d0001"].answers:
            assert label in seen
            assert text in seen
        page.tap("page:back")
        assert "Trang 1" in page.words()

    def test_papers_and_history_are_a_tap_away(self, glass: Open) -> None:
        page = glass(prepare=one_new)
        page.page.choose("d0001", whole=True)
        page.frames()
        page.tap("part:papers")
        assert "Nộp bản chính tại quầy" in page.words()
        page.tap("part:history")
        assert "bà con nộp hồ sơ tại máy số 1" in page.words()

    def test_only_what_works_is_a_button(self, glass: Open) -> None:
        def done(services: ServicesTwin) -> None:
            services.put(status=9)

        page = glass(prepare=done)
        page.page.choose("d0001", whole=True)
        page.frames()
        assert not page.has("accept")


class TestAcceptance:
    @BOTH
    def test_confirming_accepts_and_shows_due_time_and_paper(self, glass: Open, size: tuple[int, int]) -> None:
        desk = glass(size, prepare=one_new)
        open_row(desk)
        desk.tap("accept")
        assert "Tiếp nhận hồ sơ này?" in desk.words()
        assert desk.services.dossiers["d0001"].status == 1
        desk.tap("confirm_accept")
        assert desk.services.dossiers["d0001"].status == 2
        assert "17:00, ngày 23/11/2026" in desk.words()
        assert "Chờ in" in desk.words()
        desk.clock.advance(1)
        desk.frames()
        assert "Giấy tiếp nhận hồ sơ và hẹn trả kết quả (Mẫu 01)" in desk.words()
        assert "Đang in…" in desk.words()
        desk.clock.advance(5)
        desk.frames()
        assert "Đã in xong" in desk.words()
        desk.tap("dialog:close")
        assert not desk.has("accept")

    def test_not_yet_changes_nothing(self, glass: Open) -> None:
        desk = glass(prepare=one_new)
        desk.page.choose("d0001", whole=False)
        desk.frames()
        desk.tap("accept")
        desk.tap("cancel_accept")
        assert desk.services.dossiers["d0001"].status == 1
        assert desk.has("accept")

    def test_the_dialog_swallows_touches_beside_it(self, glass: Open) -> None:
        desk = glass(prepare=one_new)
        desk.page.choose("d0001", whole=False)
        desk.frames()
        where = desk.found("lock")[0]
        desk.tap("accept")
        desk.press(*where.to_window(*where.center))
        assert desk.id == "worklist"
        assert desk.has("confirm_accept")

    def test_an_unclear_print_asks_and_no_prints_a_copy(self, glass: Open) -> None:
        desk = glass(prepare=one_new)
        desk.services.uncertain_next = True
        desk.page.choose("d0001", whole=False)
        desk.frames()
        desk.tap("accept")
        desk.tap("confirm_accept")
        desk.clock.advance(5)
        desk.frames()
        assert "Phiếu đã in ra đủ chưa?" in desk.words()
        desk.tap("print:no")
        assert len(desk.services.jobs) == 2
        desk.clock.advance(5)
        desk.frames()
        assert "Phiếu đã in ra đủ chưa?" not in desk.words()

    def test_a_refusal_is_a_sentence_with_a_way_on(self, glass: Open) -> None:
        desk = glass(prepare=one_new)
        desk.page.choose("d0001", whole=False)
        desk.frames()
        desk.tap("accept")
        desk.services.dossiers["d0001"].status = 2
        desk.tap("confirm_accept")
        assert "không còn ở trạng thái chờ tiếp nhận" in desk.words()
        desk.tap("dialog:close")
        assert not desk.has("dialog:close")

    def test_paper_out_says_what_to_do(self, glass: Open) -> None:
        desk = glass(prepare=one_new)
        desk.services.paper_out = True
        desk.page.choose("d0001", whole=False)
        desk.frames()
        desk.tap("print")
        assert "Thay cuộn giấy" in desk.words()
        assert not desk.has("print")


class TestCallsAndLock:
    def test_a_call_for_help_comes_up_and_goes(self, glass: Open) -> None:
        desk = glass()
        desk.services.call_help("Đọc thẻ căn cước")
        desk.frames()
        assert "Bà con gọi giúp lúc 08:15: Đọc thẻ căn cước" in desk.words()
        desk.tap("answer_help")
        assert "gọi giúp" not in desk.words()
        assert desk.services.calls == []

    def test_a_finger_anywhere_keeps_the_official_in(self, glass: Open) -> None:
        desk = glass()
        desk.clock.advance(IDLE_S - 20)
        desk.frames()
        assert "Máy tự khóa sau 20 giây" in desk.words()
        desk.press(600, 120)
        assert "Máy tự khóa" not in desk.words()
        desk.clock.advance(IDLE_S - 1)
        assert desk.id == "worklist"
        desk.clock.advance(2)
        desk.frames()
        assert desk.id == "attract"

    @BOTH
    def test_lock_leaves_nothing_of_a_dossier_on_the_glass(self, glass: Open, size: tuple[int, int]) -> None:
        desk = glass(size, prepare=one_new)
        open_row(desk)
        desk.tap("lock")
        assert desk.id == "attract"
        assert "MẪU" not in desk.words()
        assert desk.services.official is None

    @pytest.mark.parametrize(
        ("online", "since", "words"), [(False, "07:40", "Mất mạng từ 07:40 – 1 hồ sơ chờ gửi"), (True, "", "1 hồ sơ chờ gửi")]
    )
    def test_the_line_is_told_in_the_head(self, glass: Open, online: bool, since: str, words: str) -> None:
        def line(services: ServicesTwin) -> None:
            one_new(services)
            services.online, services.since_vi = online, since

        assert words in glass(prepare=line).words()
