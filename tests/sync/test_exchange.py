"""One kiosk and the province over a good line: what arrives, what is acknowledged, what comes back."""

from __future__ import annotations

from tests.sync.world import World


def test_events_reach_the_province_byte_for_byte_and_are_acknowledged_in_the_feed() -> None:
    world = World()
    kiosk = world.kiosk()
    origin = kiosk.journal.write("", "f", {"a.ten": "NÔNG THỊ MẪU"})
    outcome = world.exchange(kiosk)
    inc = origin.incarnation
    assert outcome.acked == 1
    assert [line.body for line in world.province.state.logs[1000, inc]] == [line.body for line in kiosk.journal.lines(inc, 0, 9)]
    assert kiosk.journal.acked(inc) == kiosk.journal.told(inc) == 1
    assert kiosk.journal.view() == world.province.view("01273") == {(origin.dossier_id(), "a.ten"): "NÔNG THỊ MẪU"}
    assert not outcome.more
