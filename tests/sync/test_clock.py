"""How far a wall clock is believed."""

from __future__ import annotations

from sync.clock import CHECKED, DRIFTED, UNKNOWN, Reading, ServerMark, mark, plausible_at_start, quality, server_now_ms

MINUTE = 60_000
SERVER = 1_764_551_000_000
MARK = ServerMark(SERVER, 100.0, "boot-1")


def reading(wall_ms: int, mono: float = 160.0, boot: str = "boot-1") -> Reading:
    return Reading(wall_ms, mono, boot)


def test_without_a_server_time_the_clock_is_unknown() -> None:
    assert quality(None, reading(SERVER)) == UNKNOWN


def test_within_ten_minutes_of_the_carried_server_time_it_is_checked() -> None:
    assert server_now_ms(MARK, reading(0)) == SERVER + MINUTE
    assert quality(MARK, reading(SERVER + MINUTE)) == CHECKED
    assert quality(MARK, reading(SERVER + 11 * MINUTE)) == CHECKED
    assert quality(MARK, reading(SERVER + 11 * MINUTE + 1)) == DRIFTED


def test_a_clock_set_back_before_what_certainly_happened_is_unknown() -> None:
    assert quality(MARK, reading(SERVER - 2 * MINUTE - 1)) == UNKNOWN
    assert quality(MARK, reading(SERVER - 2 * MINUTE)) == CHECKED
    assert quality(MARK, reading(SERVER, mono=100.0), newest_ms=SERVER + 10 * MINUTE) == UNKNOWN


def test_after_a_reboot_it_is_drifted_and_only_while_it_is_plausible() -> None:
    assert quality(MARK, reading(SERVER + MINUTE, mono=5.0, boot="boot-2")) == DRIFTED
    assert quality(MARK, reading(SERVER + 25 * 60 * MINUTE, mono=5.0, boot="boot-2")) == UNKNOWN
    assert quality(MARK, reading(0, mono=5.0, boot="boot-2")) == UNKNOWN


def test_a_monotonic_clock_that_went_back_is_another_boot() -> None:
    assert server_now_ms(MARK, reading(SERVER, mono=99.0)) is None
    assert quality(MARK, reading(SERVER, mono=99.0)) == DRIFTED


def test_a_mark_sits_half_way_between_request_and_answer() -> None:
    made = mark(SERVER, reading(0, mono=10.0), reading(0, mono=12.0))
    assert made == ServerMark(SERVER, 11.0, "boot-1")


def test_at_start_a_clock_may_be_two_minutes_behind_or_a_day_ahead() -> None:
    assert plausible_at_start(SERVER - 2 * MINUTE, SERVER)
    assert not plausible_at_start(SERVER - 2 * MINUTE - 1, SERVER)
    assert plausible_at_start(SERVER + 24 * 60 * MINUTE, SERVER)
    assert not plausible_at_start(SERVER + 24 * 60 * MINUTE + 1, SERVER)
