"""Mend and send again: what did not count is listed with its reason, mended with new events, and decided."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from forms.dossier import Draft
from kiosk.machine import Machine
from kiosk.mending import resend, reviews, settle
from kiosk.services import Official, Refused
from sync.envelope import Event, decode
from tests.kiosk.machines import make_machine
from tests.kiosk.store.province import Province
from tests.kiosk.store.test_journal import file_one, proof

OFFICIAL = Official("cb1", "Cán bộ Mẫu", "official")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return make_machine(tmp_path)


@pytest.fixture
def province(machine: Machine) -> Province:
    return Province(machine)


def write(machine: Machine, dossier: str, kind: str, content: Mapping[str, Any]) -> tuple[int, int]:
    """Write one event and tell where it stands."""
    with machine.store.work("cb1") as work:
        work.append([Draft(dossier, kind, content)])
    inc, n, _ = machine.store.current()
    return inc, n


def not_applied(dossier: str, place: tuple[int, int], why: str) -> Mapping[str, Any]:
    return {"e": "na", "d": dossier, "dev": 7, "inc": place[0], "n": place[1], "why": why}


def last_events(machine: Machine, after: int) -> list[Event]:
    return [decode(line.body) for line in machine.store.lines(machine.store.current()[0], after, 10)]


def test_a_line_that_did_not_count_is_told_in_plain_words(machine: Machine, province: Province) -> None:
    dossier = file_one(machine)
    place = write(machine, dossier, "note", {"id": "1", "text": "Đã gọi điện"})
    province.acknowledge()
    province.tell(not_applied(dossier, place, "merge_failed"))
    (review,) = reviews(machine)
    assert (review.what_vi, review.why_vi) == ("Ghi chú: Đã gọi điện", "máy của tỉnh không ghép được nội dung này")
    assert (review.code, review.kind) == (machine.store.fields(dossier)["code"], "note")


def test_mended_content_goes_as_new_events_and_the_old_matter_is_closed(machine: Machine, province: Province) -> None:
    dossier = file_one(machine)
    place = write(machine, dossier, "note", {"id": "1", "text": "x"})
    province.confirm(dossier)
    province.tell(not_applied(dossier, place, "merge_failed"))
    seen = machine.store.seen()
    (review,) = reviews(machine)
    province.tell({"e": "f", "d": dossier, "w": {"remark": "mới"}})
    resend(machine, review, OFFICIAL, {"id": "2", "text": "Đã gọi điện"})
    sent, decided = last_events(machine, place[1])
    assert (sent.kind, sent.content, sent.base) == ("note", {"id": "2", "text": "Đã gọi điện"}, seen)
    assert (decided.kind, decided.content["of"]) == ("dec", f"7-{place[0]}-{place[1]}")
    assert reviews(machine) == []
    assert proof(machine).ok


def test_a_value_that_gave_way_can_be_sent_again_as_it_was(machine: Machine, province: Province) -> None:
    dossier = file_one(machine)
    province.acknowledge()
    lost = {"e": "cf", "d": dossier, "f": "phone", "kept": "1", "lost": "2", "dev": 7, "inc": 1, "n": 9, "why": "unseen"}
    province.tell({"e": "f", "d": dossier, "w": {"phone": "1"}}, lost)
    (review,) = reviews(machine)
    resend(machine, review, OFFICIAL)
    assert machine.store.fields(dossier)["phone"] == "2"
    assert reviews(machine) == []


def test_what_would_not_count_now_either_is_refused_and_nothing_is_written(machine: Machine, province: Province) -> None:
    dossier = file_one(machine)
    place = write(machine, dossier, "st", {"act": "accept", "from": 5, "to": 2, "by": {"role": "official"}, "set": {}})
    province.acknowledge()
    province.tell(not_applied(dossier, place, "step_from_other_state"))
    (review,) = reviews(machine)
    with pytest.raises(Refused) as caught:
        resend(machine, review, OFFICIAL)
    assert caught.value.code == "still_refused"
    assert machine.store.current()[1] == place[1]
    assert len(reviews(machine)) == 1


def test_things_may_be_left_as_they_stand(machine: Machine, province: Province) -> None:
    dossier = file_one(machine)
    place = write(machine, dossier, "note", {"id": "1", "text": "x"})
    province.acknowledge()
    province.tell(not_applied(dossier, place, "merge_failed"))
    settle(machine, reviews(machine)[0], OFFICIAL)
    assert [event.kind for event in last_events(machine, place[1])] == ["dec"]
    assert reviews(machine) == []


def test_a_filing_the_province_could_not_take_is_sent_again_whole(machine: Machine, province: Province) -> None:
    dossier = file_one(machine)
    inc, n, head = machine.store.current()
    fields = machine.store.fields(dossier)
    ack = {"e": "ack", "dev": 7, "inc": inc, "n": n, "h": head[:8].hex()}
    province.tell(ack, not_applied(dossier, (inc, 1), "merge_failed"), not_applied(dossier, (inc, 2), "merge_failed"))
    assert machine.store.fields(dossier) == {}
    for review in reviews(machine):
        resend(machine, review, OFFICIAL)
    again = machine.store.fields(dossier)
    assert {name: again[name] for name in fields} == fields
    assert reviews(machine) == []


def test_what_names_no_dossier_of_ours_is_laid_aside_for_good(machine: Machine, province: Province) -> None:
    file_one(machine)
    place = write(machine, "9-1-1", "note", {"id": "1", "text": "x"})
    province.acknowledge()
    province.tell(not_applied("", (place[0], 99), "envelope_invalid"))
    (review,) = reviews(machine)
    assert review.content is None
    with pytest.raises(Refused) as caught:
        resend(machine, review, OFFICIAL)
    assert caught.value.code == "nothing_to_send"
    settle(machine, review, OFFICIAL)
    assert reviews(machine) == []
    machine.store.rebuild()
    assert reviews(machine) == []
    assert proof(machine).ok
