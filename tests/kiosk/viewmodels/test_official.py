"""The official's side without a screen: PIN pad, idle lock, worklist, acceptance, printing, calls for help.

Real view models over the services twin and a clock that moves only when told; no Kivy is imported here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from kiosk.services import Official, Refused, Row
from kiosk.viewmodels.official import IDLE_S, PIN_IDLE_S, WARN_S, Desk, OfficialSession, SignIn, due_mark, paginate, state_mark
from tests.kiosk.services_twin import FakeScheduler, ServicesTwin


@dataclass
class Office:
    """An official who has just signed in, and what the screens told the outside."""

    clock: FakeScheduler
    services: ServicesTwin
    session: OfficialSession
    desk: Desk
    locked: list[str] = field(default_factory=list)


@pytest.fixture
def office() -> Office:
    clock = FakeScheduler()
    services = ServicesTwin(clock)
    locked: list[str] = []
    session = OfficialSession(services, clock, lambda: locked.append("locked"))
    session.begin(services.sign_in("246810"))
    return Office(clock, services, session, Desk(services, clock, session), locked)


@dataclass
class Pad:
    clock: FakeScheduler
    services: ServicesTwin
    pin: SignIn
    entered: list[Official]
    left: list[str]


@pytest.fixture
def pad() -> Pad:
    clock = FakeScheduler()
    services = ServicesTwin(clock)
    entered: list[Official] = []
    left: list[str] = []
    return Pad(clock, services, SignIn(services, clock, entered.append, lambda: left.append("left")), entered, left)


def type_pin(pin: SignIn, digits: str) -> None:
    for digit in digits:
        pin.press(digit)


class TestPinPad:
    def test_the_right_pin_lets_the_official_in(self, pad: Pad) -> None:
        type_pin(pad.pin, "246810")
        pad.pin.submit()
        assert [official.name_vi for official in pad.entered] == ["Nông Văn Mẫu"]

    def test_a_wrong_pin_says_how_many_tries_are_left_and_empties_the_field(self, pad: Pad) -> None:
        type_pin(pad.pin, "111222")
        pad.pin.submit()
        assert pad.entered == []
        assert pad.pin.count == 0
        assert pad.pin.refusal is not None
        assert pad.pin.refusal.code == "wrong_pin"
        assert pad.pin.refusal.cure_vi == "Còn 2 lần thử."

    def test_after_the_last_try_the_wait_is_told(self, pad: Pad) -> None:
        for _ in range(4):
            type_pin(pad.pin, "111222")
            pad.pin.submit()
        assert pad.pin.refusal is not None
        assert pad.pin.refusal.code == "pin_wait"
        assert "30 giây" in pad.pin.refusal.cure_vi

    def test_the_next_digit_clears_the_mistake(self, pad: Pad) -> None:
        type_pin(pad.pin, "111222")
        pad.pin.submit()
        pad.pin.press("2")
        assert pad.pin.refusal is None

    def test_too_few_digits_are_not_tried(self, pad: Pad) -> None:
        type_pin(pad.pin, "24681")
        pad.pin.submit()
        assert pad.services.tries_left == 3
        assert pad.pin.count == 5

    def test_digits_beyond_the_longest_pin_and_other_characters_are_ignored(self, pad: Pad) -> None:
        type_pin(pad.pin, "1234567890123456")
        assert pad.pin.count == 12
        pad.pin.erase()
        type_pin(pad.pin, "x²")
        assert pad.pin.count == 11

    def test_nobody_can_read_the_digits_back(self, pad: Pad) -> None:
        type_pin(pad.pin, "246810")
        shown = {name: getattr(pad.pin, name) for name in dir(pad.pin) if not name.startswith("_")}
        assert "246810" not in repr(shown)

    def test_a_pad_left_alone_goes_back_to_the_citizens_without_its_digits(self, pad: Pad) -> None:
        type_pin(pad.pin, "2468")
        pad.clock.advance(PIN_IDLE_S - 1)
        assert pad.left == []
        pad.clock.advance(2)
        assert pad.left == ["left"]
        assert pad.pin.count == 0

    def test_leaving_leaves_no_call_behind(self, pad: Pad) -> None:
        pad.pin.press("2")
        pad.pin.cancel()
        assert pad.clock.waiting == 0


class TestIdleLock:
    def test_five_idle_minutes_sign_the_official_out(self, office: Office) -> None:
        office.clock.advance(IDLE_S - 1)
        assert office.services.official is not None
        office.clock.advance(2)
        assert office.services.official is None
        assert office.locked == ["locked"]

    def test_the_last_half_minute_is_counted_down(self, office: Office) -> None:
        office.clock.advance(IDLE_S - WARN_S - 1)
        assert office.session.closing is None
        office.clock.advance(1)
        assert office.session.closing == 30
        office.clock.advance(10)
        assert office.session.closing == 20

    def test_a_touch_starts_the_five_minutes_again(self, office: Office) -> None:
        office.clock.advance(200)
        office.session.touched()
        office.clock.advance(200)
        assert office.session.closing is None
        office.clock.advance(85)
        office.session.touched()
        assert office.session.closing is None
        office.clock.advance(IDLE_S - 1)
        assert office.locked == []

    def test_locking_twice_tells_once(self, office: Office) -> None:
        office.session.lock()
        office.session.lock()
        assert office.locked == ["locked"]
        office.clock.advance(IDLE_S * 2)
        assert office.locked == ["locked"]


class TestWorklist:
    def test_tabs_carry_their_counts(self, office: Office) -> None:
        now = office.services.wall()
        office.services.put()
        office.services.put(status=2, due=now + timedelta(hours=3))
        office.services.put(status=4, due=now - timedelta(days=1))
        office.services.put(status=9, due=now + timedelta(days=2))
        office.desk.refresh()
        assert [(tab.label_vi, tab.count) for tab in office.desk.tabs] == [
            ("Mới", 1),
            ("Quá hạn", 1),
            ("Hôm nay", 1),
            ("Đang xử lý", 2),
            ("Chờ trả", 1),
        ]

    def test_a_new_row_has_a_state_but_no_due_time(self, office: Office) -> None:
        office.services.put()
        office.desk.refresh()
        assert due_mark(office.desk.rows[0]) is None
        assert state_mark(office.desk.rows[0]).text_vi == "Mới"

    def test_a_late_row_says_so_in_colour_icon_and_word(self, office: Office) -> None:
        office.services.put(status=4, due=office.services.wall() - timedelta(days=1))
        office.desk.choose_tab("late")
        mark = due_mark(office.desk.rows[0])
        assert mark is not None
        assert (mark.tone, mark.icon, mark.text_vi) == ("red", "error", "Quá 1 ngày")

    def test_a_state_the_program_does_not_know_keeps_its_words(self) -> None:
        row = Row("d", "1", "c", "n", "p", "w", "", "none", 42, "Trạng thái mới của tỉnh", True)
        assert state_mark(row).text_vi == "Trạng thái mới của tỉnh"

    def test_a_filing_appears_by_itself(self, office: Office) -> None:
        told: list[int] = []
        office.desk.watch(lambda: told.append(len(office.desk.rows)))
        office.services.put()
        office.services.changed()
        assert told[-1] == 1

    def test_a_name_is_found_without_accents_in_every_tab(self, office: Office) -> None:
        office.services.put(name="HOÀNG VĂN ĐỀN", status=9)
        office.services.put(name="SÙNG A CHỚ")
        office.desk.open_search()
        office.desk.search("hoang van den")
        office.clock.advance(1)
        assert [row.name for row in office.desk.rows] == ["HOÀNG VĂN ĐỀN"]

    def test_a_search_waits_for_the_fingers(self, office: Office) -> None:
        office.services.put(name="SÙNG A CHỚ")
        office.desk.refresh()
        looked: list[int] = []
        office.desk.watch(lambda: looked.append(len(office.desk.rows)))
        for text in ("x", "xy", "xyz"):
            office.desk.search(text)
        assert looked == []
        office.clock.advance(1)
        assert looked == [0]
        assert "Không thấy" in office.desk.empty_vi

    def test_closing_the_search_shows_the_tab_again(self, office: Office) -> None:
        office.services.put(name="SÙNG A CHỚ")
        office.desk.open_search()
        office.desk.search("xyz")
        office.clock.advance(1)
        office.desk.close_search()
        assert (office.desk.searching, office.desk.query, len(office.desk.rows)) == (False, "", 1)

    def test_a_dossier_that_vanished_is_said_and_not_in_hand(self, office: Office) -> None:
        office.desk.choose("d9999")
        assert office.desk.selected is None
        assert office.desk.refusal is not None
        assert office.desk.refusal.code == "unknown_dossier"


class TestAcceptance:
    def test_accepting_asks_first_and_then_shows_the_due_time(self, office: Office) -> None:
        dossier = office.services.put()
        office.desk.choose(dossier.id)
        office.desk.ask_accept()
        assert office.desk.stage == "ask"
        assert dossier.status == 1
        office.desk.confirm_accept()
        assert office.desk.stage == "done"
        assert dossier.status == 2
        assert office.desk.accepted is not None
        assert office.desk.accepted.due_vi == "17:00, ngày 23/11/2026"

    def test_a_second_tap_accepts_nothing(self, office: Office) -> None:
        dossier = office.services.put()
        office.desk.choose(dossier.id)
        office.desk.ask_accept()
        office.desk.confirm_accept()
        office.desk.confirm_accept()
        assert office.desk.stage == "done"
        assert len(office.services.jobs) == 1

    def test_an_unconfirmed_question_accepts_nothing(self, office: Office) -> None:
        dossier = office.services.put()
        office.desk.choose(dossier.id)
        office.desk.ask_accept()
        office.desk.close_dialog()
        office.desk.confirm_accept()
        assert dossier.status == 1

    def test_a_dossier_accepted_elsewhere_is_refused_with_a_sentence(self, office: Office) -> None:
        dossier = office.services.put()
        office.desk.choose(dossier.id)
        office.desk.ask_accept()
        dossier.status = 2
        office.desk.confirm_accept()
        assert office.desk.stage == "refused"
        assert office.desk.refusal is not None
        assert office.desk.refusal.code == "not_new"
        assert office.desk.selected is not None
        assert not office.desk.selected.can_accept

    def test_the_accepted_dossier_stays_in_hand_with_its_due_time(self, office: Office) -> None:
        dossier = office.services.put()
        office.desk.choose(dossier.id)
        office.desk.ask_accept()
        office.desk.confirm_accept()
        assert office.desk.selected is not None
        assert not office.desk.selected.can_accept
        assert ("Hẹn trả", "17:00, 23/11/2026") in office.desk.selected.facts
        assert len(office.desk.rows) == 0


class TestPrinting:
    def accept(self, office: Office) -> str:
        dossier = office.services.put()
        office.desk.choose(dossier.id)
        office.desk.ask_accept()
        office.desk.confirm_accept()
        return dossier.id

    def states(self, office: Office, seconds: float) -> list[str]:
        seen: list[str] = []
        for _ in range(int(seconds * 10)):
            assert office.desk.print_fact is not None
            if not seen or seen[-1] != office.desk.print_fact.state:
                seen.append(office.desk.print_fact.state)
            office.clock.advance(0.1)
        return seen

    def test_the_receipt_is_followed_to_its_end(self, office: Office) -> None:
        self.accept(office)
        assert self.states(office, 4) == ["queued", "printing", "printed"]

    def test_a_printer_without_paper_says_what_to_do_and_goes_on_by_itself(self, office: Office) -> None:
        office.services.paper_out = True
        self.accept(office)
        assert self.states(office, 5) == ["queued"]
        assert office.desk.print_fact is not None
        assert "Thay cuộn giấy" in office.desk.print_fact.cure_vi
        office.services.load_paper()
        assert self.states(office, 4)[-1] == "printed"

    def test_an_uncertain_paper_asks_a_person_and_prints_nothing_by_itself(self, office: Office) -> None:
        office.services.uncertain_next = True
        self.accept(office)
        assert self.states(office, 60)[-1] == "uncertain"
        assert len(office.services.jobs) == 1

    def test_yes_settles_it(self, office: Office) -> None:
        office.services.uncertain_next = True
        self.accept(office)
        office.clock.advance(5)
        office.desk.answer_print(True)
        assert office.services.answered == [(1, True)]
        assert office.desk.print_fact is not None
        assert office.desk.print_fact.state == "printed"
        assert len(office.services.jobs) == 1

    def test_no_prints_a_marked_copy(self, office: Office) -> None:
        office.services.uncertain_next = True
        self.accept(office)
        office.clock.advance(5)
        office.desk.answer_print(False)
        assert len(office.services.jobs) == 2
        assert "bản in lại" in office.services.jobs[2].title_vi
        assert self.states(office, 4)[-1] == "printed"

    def test_print_again_is_deaf_while_paper_is_moving(self, office: Office) -> None:
        self.accept(office)
        office.desk.print_again()
        assert len(office.services.jobs) == 1
        office.clock.advance(5)
        office.desk.print_again()
        assert len(office.services.jobs) == 2

    def test_a_refused_copy_is_told(self, office: Office) -> None:
        dossier = office.services.put()
        office.desk.choose(dossier.id)
        office.services.refuse_reprint = Refused("no_printer", "Máy này không có máy in.", "Chép lại mã hồ sơ.")
        office.desk.print_again()
        assert office.desk.stage == "refused"

    def test_each_dossier_shows_its_own_paper(self, office: Office) -> None:
        self.accept(office)
        other = office.services.put(name="SÙNG A MẪU")
        office.desk.choose(other.id)
        assert office.desk.print_fact is None


class TestCallsAndLeaving:
    def test_a_call_for_help_shows_at_once_with_its_place(self, office: Office) -> None:
        office.services.call_help("Đăng ký khai sinh, câu 3")
        assert office.desk.call_vi == "Bà con gọi giúp lúc 08:15: Đăng ký khai sinh, câu 3"
        office.services.call_help("Đọc thẻ")
        assert office.desk.call_vi.endswith("và 1 lần gọi nữa")

    def test_answering_clears_the_banner(self, office: Office) -> None:
        office.services.call_help("Đọc thẻ")
        office.desk.answer_help()
        assert office.desk.call_vi == ""
        assert office.services.calls == []

    def test_a_closed_desk_keeps_no_dossier_and_hears_nothing(self, office: Office) -> None:
        dossier = office.services.put(name="NÔNG THỊ MẪU")
        office.desk.choose(dossier.id)
        office.desk.ask_accept()
        office.desk.confirm_accept()
        office.desk.close()
        office.session.lock()
        office.services.changed()
        office.clock.advance(60)
        assert "MẪU" not in repr(vars(office.desk))

    def test_a_change_after_locking_reads_nothing(self, office: Office) -> None:
        office.session.lock()
        office.services.changed()
        assert office.desk.rows == ()


class TestPages:
    def test_nothing_is_lost_and_the_order_stays(self) -> None:
        items = list(range(50))
        pages = paginate(items, lambda item, first: 10 + item % 7, 60)
        assert [item for page in pages for item in page] == items
        assert all(sum(10 + item % 7 for item in page) <= 60 for page in pages)

    def test_an_item_too_high_stands_alone(self) -> None:
        assert paginate([5, 99, 5], lambda item, first: item, 10) == [[5], [99], [5]]

    def test_nothing_is_one_empty_page(self) -> None:
        assert paginate([], lambda item, first: 1.0, 10) == [[]]

    def test_what_only_the_first_of_a_page_needs_is_counted_once_a_page(self) -> None:
        assert paginate("abcdef", lambda item, first: 5 if first else 2, 7) == [["a", "b"], ["c", "d"], ["e", "f"]]
