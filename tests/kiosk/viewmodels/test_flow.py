"""Which screen follows which, who is warned when, and that nothing of a person is left."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from kiosk.services import Refused
from kiosk.viewmodels.asking import Asking
from kiosk.viewmodels.attract import Attract, BeforeStart
from kiosk.viewmodels.card import CardChoice
from kiosk.viewmodels.check import Check, Saving
from kiosk.viewmodels.flow import HelpCalled, LanguageChoice, Timeout
from kiosk.viewmodels.official import SignIn
from kiosk.viewmodels.services import AtCounter, ServiceList, ServiceSearch, Stopped
from kiosk.viewmodels.slip import Slip
from tests.kiosk.services_twin import BIRTH, ONLY_PORTAL, TEMPORARY_STAY
from tests.kiosk.viewmodels.house import House, reply


@pytest.fixture
def house() -> House:
    return House()


def test_a_citizen_goes_the_whole_way_and_the_machine_forgets(house: House) -> None:
    house.start()
    house.screen.choose(BIRTH)
    assert isinstance(house.screen, CardChoice)
    house.screen.without()
    for _ in range(100):
        if not isinstance(house.screen, Asking):
            break
        reply(house.screen)
        house.screen.next()
        assert getattr(house.screen, "problem", None) is None
    assert isinstance(house.screen, Check)
    while not house.screen.may_submit:
        house.screen.go_on()
    house.screen.go_on()
    assert isinstance(house.screen, Saving)
    assert house.services.filings == []
    house.clock.advance(0.2)
    assert isinstance(house.screen, Slip)
    assert len(house.services.filings) == 1
    house.clock.advance(46)
    assert isinstance(house.screen, Attract)
    assert house.kiosk.wiped == 1


# --- languages and large text ------------------------------------------------------------------------------------------


def test_starting_in_a_language_keeps_it_to_the_end_of_the_session(house: House) -> None:
    house.screen.start("en")
    assert house.kiosk.t("head.back", "Quay lại") == "Back"
    house.screen.choose(BIRTH)
    assert house.kiosk.language == "en"
    house.kiosk.end()
    assert house.kiosk.t("head.back", "Quay lại") == "Quay lại"


def test_a_language_without_texts_shows_vietnamese_and_tells_the_official(house: House) -> None:
    house.screen.start("hmv")
    assert house.kiosk.t("head.back", "Quay lại") == "Quay lại"
    house.kiosk.call_help()
    assert "Hmôngz" in house.services.calls[0][1]


def test_the_language_can_be_changed_on_every_screen_and_answers_stay(house: House) -> None:
    page = house.ask("child_name")
    reply(page)
    house.kiosk.ask_language()
    assert isinstance(house.kiosk.overlay, LanguageChoice)
    house.kiosk.overlay.choose("en")
    assert house.kiosk.overlay is None
    assert house.screen is page
    assert page.typing is not None
    assert page.typing.text == "Nông Thị Mẫu"


def test_large_text_is_one_tap_away_and_ends_with_the_session(house: House) -> None:
    house.start()
    house.kiosk.toggle_large()
    assert house.kiosk.large
    house.kiosk.end()
    assert not house.kiosk.large


# --- walking away ------------------------------------------------------------------------------------------------------


def test_the_attract_screen_waits_for_ever(house: House) -> None:
    house.clock.advance(3600)
    assert isinstance(house.screen, Attract)
    assert house.kiosk.overlay is None


def test_after_sixty_seconds_the_citizen_is_warned_and_thirty_later_forgotten(house: House) -> None:
    house.start()
    house.clock.advance(59)
    assert house.kiosk.overlay is None
    house.clock.advance(1)
    assert isinstance(house.kiosk.overlay, Timeout)
    assert house.kiosk.overlay.left == 30
    house.clock.advance(29)
    assert house.kiosk.overlay.left == 1
    house.clock.advance(1)
    assert isinstance(house.screen, Attract)


def test_one_tap_goes_on_and_the_minute_begins_again(house: House) -> None:
    house.start()
    for _ in range(3):
        house.clock.advance(60)
        assert isinstance(house.kiosk.overlay, Timeout)
        house.clock.advance(20)
        house.kiosk.overlay.stay()
    assert isinstance(house.screen, ServiceList)
    house.clock.advance(59)
    assert house.kiosk.overlay is None


def test_a_touch_puts_the_warning_off(house: House) -> None:
    house.start()
    for _ in range(10):
        house.clock.advance(50)
        house.kiosk.touched()
    assert house.kiosk.overlay is None


def test_in_large_text_the_warning_comes_after_two_minutes(house: House) -> None:
    house.start()
    house.kiosk.toggle_large()
    house.clock.advance(119)
    assert house.kiosk.overlay is None
    house.clock.advance(1)
    assert isinstance(house.kiosk.overlay, Timeout)


def test_the_citizen_can_erase_everything_at_once(house: House) -> None:
    house.ask("child_name")
    house.clock.advance(60)
    assert isinstance(house.kiosk.overlay, Timeout)
    house.kiosk.overlay.leave()
    assert isinstance(house.screen, Attract)


def test_the_limits_come_from_the_configuration() -> None:
    from kiosk.viewmodels.flow import Kiosk

    house = House()
    kiosk = Kiosk(house.services, house.clock, Attract, idle_s=20, warn_s=25)
    kiosk.show(ServiceList(kiosk))
    house.clock.advance(20)
    assert isinstance(kiosk.overlay, Timeout)
    house.clock.advance(25)
    assert isinstance(kiosk.screen, Attract)


def strings_of(root: object) -> set[str]:
    """Every string that can be reached from ``root`` through containers and objects of the program."""
    seen: set[int] = set()
    found: set[str] = set()
    pile: list[Any] = [root]
    while pile:
        one = pile.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, str):
            found.add(one)
        elif type(one).__module__.startswith(("kiosk.viewmodels", "kiosk.vietnamese", "forms.session")) or isinstance(
            one, (dict, list, tuple, set)
        ):
            pile.extend(gc.get_referents(one))
    return found


def test_after_walking_away_no_word_of_the_person_is_left_in_the_view_models(house: House) -> None:
    secret = "Triệu Bí Mật Mẫu"
    page = house.ask("child_name")
    assert page.typing is not None
    page.typing.clear()
    page.typing.type(secret)
    page.filing.session.put("father_name", secret)
    filing, session, typing = page.filing, page.filing.session, page.typing
    assert any(secret in text for text in strings_of(house.kiosk))
    house.clock.advance(95)
    assert isinstance(house.screen, Attract)
    assert not any("Bí Mật" in text for text in strings_of(house.kiosk))
    assert typing.text == ""
    del page, filing, session
    gc.collect()
    left = [
        one
        for one in gc.get_objects()
        # Asked by type: some libraries keep lazy objects about that would set themselves up if they were asked what they are.
        if type(one) is dict and any(type(v) is str and "Bí Mật" in v for v in list(one.values()))
    ]
    assert [keys for keys in (list(one) for one in left) if "secret" not in keys] == []


def test_a_closed_session_leaves_no_timer_behind(house: House) -> None:
    quiet = house.clock.waiting
    house.ask("child_name")
    house.kiosk.call_help()
    house.clock.advance(65)
    house.kiosk.end()
    assert house.clock.waiting == quiet


# --- calling a person --------------------------------------------------------------------------------------------------


def test_an_official_can_be_called_from_every_screen_and_learns_where(house: House) -> None:
    house.ask("parents_married")
    house.kiosk.call_help()
    assert isinstance(house.kiosk.overlay, HelpCalled)
    assert "kết hôn" in house.services.calls[0][1]
    house.kiosk.overlay.done()
    assert house.kiosk.overlay is None


def test_the_help_note_goes_away_by_itself_and_the_walk_away_clock_runs_on(house: House) -> None:
    house.start()
    house.kiosk.call_help()
    house.clock.advance(20)
    assert house.kiosk.overlay is None
    house.clock.advance(60)
    assert isinstance(house.kiosk.overlay, Timeout)


def test_i_do_not_know_calls_a_person_and_keeps_what_was_written(house: House) -> None:
    page = house.ask("child_name")
    reply(page)
    page.unknown()
    assert house.services.calls
    assert page.filing.session.value("child_name") == "Nông Thị Mẫu"


# --- before a filing ---------------------------------------------------------------------------------------------------


def test_what_does_not_work_is_told_before_the_start(house: House) -> None:
    house.services.trouble_sentences = ["Hôm nay máy không in được phiếu."]
    house.services.changed()
    assert house.screen.troubles == ("Hôm nay máy không in được phiếu.",)
    house.start()
    assert isinstance(house.screen, BeforeStart)
    house.screen.go_on()
    assert isinstance(house.screen, ServiceList)


def find(house: House, words: str) -> ServiceSearch:
    """The search, with these words written."""
    house.start()
    house.screen.search()
    search = house.screen
    assert isinstance(search, ServiceSearch)
    search.write()
    search.typing.type(words)
    return search


def test_a_filing_that_may_not_start_is_refused_before_it_starts_and_can_be_tried_again(house: House) -> None:
    house.services.refuse_filing = Refused("disk_full", "Máy đầy bộ nhớ.", "Cán bộ dọn bớt.")
    house.start()
    house.screen.choose(BIRTH)
    assert isinstance(house.screen, Stopped)
    assert house.screen.refused.cure_vi == "Cán bộ dọn bớt."
    house.services.refuse_filing = None
    house.screen.retry()
    assert isinstance(house.screen, CardChoice)


def test_a_service_the_kiosk_cannot_do_leads_to_a_person(house: House) -> None:
    find(house, ONLY_PORTAL)
    house.screen.choose(ONLY_PORTAL)
    assert isinstance(house.screen, AtCounter)
    assert "Cổng Dịch vụ công" in house.screen.tile.note_vi
    house.screen.back()
    assert isinstance(house.screen, ServiceList)


def test_services_are_found_by_people_s_own_words(house: House) -> None:
    search = find(house, "đẻ")
    assert search.found[0].code == BIRTH
    search.typing.type("xyz")
    assert not search.found


def test_what_is_found_is_turned_page_by_page_and_new_words_begin_at_the_first(house: House) -> None:
    search = find(house, "giay")
    assert search.pages > 1
    first = search.visible
    search.turn(1)
    assert not {tile.code for tile in search.visible} & {tile.code for tile in first}
    search.typing.type("  to")
    assert search.page == 0


def test_back_from_writing_leads_to_the_groups_and_then_to_the_tiles(house: House) -> None:
    search = find(house, "đẻ")
    search.back()
    assert house.screen is search
    assert not search.writing
    search.back()
    assert isinstance(house.screen, ServiceList)


def test_a_group_shows_its_procedures_and_leads_back_to_the_groups(house: House) -> None:
    house.start()
    house.screen.search()
    residence = next(group for group in house.screen.groups if group.id == "cu_tru")
    house.screen.open_group(residence)
    assert TEMPORARY_STAY in [tile.code for tile in house.screen.all]
    house.screen.back()
    assert isinstance(house.screen, ServiceSearch)


def test_what_is_only_written_out_begins_also_while_nothing_may_be_filed(house: House) -> None:
    house.services.refuse_filing = Refused("clock_behind", "Đồng hồ của máy chạy sai.", "Cán bộ chỉnh lại.")
    find(house, TEMPORARY_STAY).choose(TEMPORARY_STAY)
    assert isinstance(house.screen, CardChoice)


def test_the_offline_chip_follows_the_line(house: House) -> None:
    assert house.screen.line.chip_vi == ""
    house.services.online = False
    house.services.changed()
    assert "Mất mạng" in house.screen.line.chip_vi


def test_the_clock_on_the_attract_screen_moves(house: House) -> None:
    told = []
    house.kiosk.screen.watch(lambda: told.append(house.screen.hour))
    house.clock.advance(61)
    assert told == ["08:16"]


def test_the_emblem_opens_the_door_for_staff_and_the_walk_away_clock_is_theirs(house: House) -> None:
    house.screen.staff()
    assert isinstance(house.screen, SignIn)
    assert house.kiosk.idle_limit is None


def test_each_screen_can_be_read_aloud_without_private_answers(house: House) -> None:
    page = house.ask("child_name")
    reply(page)
    spoken = " ".join(page.spoken())
    assert page.question.label in spoken
    assert "Nông Thị Mẫu" not in spoken.replace(page.question.hint, "")
    check = house.check()
    assert "004198000001" not in " ".join(check.spoken())
