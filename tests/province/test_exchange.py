"""The journal's way up and the feed's way down, with the real engine over a real socket."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import requests

from sync.envelope import Event, encode
from sync.errors import Refused
from sync.keys import DeviceKeys
from sync.wire import MAX_REQUEST, Answer, encode_request, parse_reply, parse_request
from tests.province.conftest import Site
from tests.province.support import FILED_AT, NAME, UNIT, KioskTwin

Enrolled = Callable[[str], KioskTwin]


def post(site: Site, body: bytes) -> requests.Response:
    return requests.post(f"{site.url}/v1/x", data=body, headers={"Content-Type": "application/octet-stream"}, timeout=10)


def answered(site: Site, body: bytes) -> Answer:
    """What the province says to these bytes; that it signed it, other tests see to."""
    return parse_reply(post(site, body).content).answer


def counts() -> tuple[int, int, int]:
    """(events, feed entries, dossiers)"""
    from province.models import DossierIndex, EventRow, FeedRow

    return EventRow.objects.count(), FeedRow.objects.count(), DossierIndex.objects.count()


def test_a_filing_is_stored_word_for_word(kiosk: KioskTwin) -> None:
    from province.models import EventRow

    dossier = kiosk.file()
    kiosk.settle()
    own = [line.body for line in kiosk.journal.lines(kiosk.journal.identity()[1], 0, 10)]
    assert [bytes(row.body) for row in EventRow.objects.order_by("n")] == own
    assert {row.dossier for row in EventRow.objects.all()} == {dossier}


def test_the_kiosk_hears_when_its_dossier_arrived(kiosk: KioskTwin) -> None:
    dossier = kiosk.file()
    kiosk.settle()
    assert kiosk.journal.acked(kiosk.journal.identity()[1]) == 2
    received = kiosk.confirmed(dossier)["province_received_at"]
    assert received.startswith("2025-12-01T")
    assert received.endswith("+07:00")


def test_acceptance_brings_an_official_code_in_the_same_round(kiosk: KioskTwin) -> None:
    dossier = kiosk.file()
    kiosk.settle()
    assert "official_code" not in kiosk.confirmed(dossier)
    kiosk.accept(dossier)
    kiosk.exchange()
    assert kiosk.confirmed(dossier)["official_code"] == f"{UNIT}-251201-0001"
    assert kiosk.confirmed(dossier)["status"] == 2


def test_codes_count_by_unit_and_day(kiosk: KioskTwin) -> None:
    dossiers = [kiosk.file(code=f"TAM-K1-251201-000{n}A") for n in range(3)]
    kiosk.settle()
    kiosk.accept(dossiers[0], "2025-11-30T23:59:00+07:00")
    kiosk.accept(dossiers[1])
    kiosk.accept(dossiers[2])
    kiosk.settle()
    codes = [kiosk.confirmed(dossier)["official_code"] for dossier in dossiers]
    assert codes == [f"{UNIT}-251130-0001", f"{UNIT}-251201-0001", f"{UNIT}-251201-0002"]


def test_codes_of_a_restored_province_are_none_that_were_given_before(kiosk: KioskTwin) -> None:
    from province.database import new_epoch

    new_epoch()
    dossier = kiosk.file()
    kiosk.accept(dossier)
    kiosk.settle()
    assert kiosk.confirmed(dossier)["official_code"] == f"{UNIT}-251201-1001"


def test_an_acceptance_time_out_of_all_bounds_is_not_believed(kiosk: KioskTwin) -> None:
    dossier = kiosk.file()
    kiosk.accept(dossier, "2031-01-01T08:00:00+07:00")
    kiosk.settle()
    assert f"{UNIT}-2512" in kiosk.confirmed(dossier)["official_code"]


def test_a_second_acceptance_after_a_supplement_keeps_the_code(kiosk: KioskTwin) -> None:
    dossier = kiosk.file()
    kiosk.accept(dossier)
    kiosk.step(dossier, 2, 5)
    kiosk.step(dossier, 5, 2)
    kiosk.settle()
    assert kiosk.confirmed(dossier)["status"] == 2
    assert kiosk.confirmed(dossier)["official_code"] == f"{UNIT}-251201-0001"


def test_without_a_configured_unit_no_code_is_invented_and_the_reason_is_kept(enrolled: Enrolled) -> None:
    from province.models import DossierIndex

    kiosk = enrolled("01279")
    dossier = kiosk.file()
    kiosk.accept(dossier)
    kiosk.settle()
    assert "official_code" not in kiosk.confirmed(dossier)
    assert DossierIndex.objects.get(dossier=dossier).code_missing == "no_unit"


def test_a_unit_configured_later_gives_the_waiting_codes(site: Site, enrolled: Enrolled) -> None:
    from province.config import Config
    from province.merging import assign_missing
    from province.models import DossierIndex

    kiosk = enrolled("01279")
    dossier = kiosk.file()
    kiosk.accept(dossier)
    kiosk.settle()
    config = Config(units={"01279": "H14.998"})
    assert assign_missing(config, site.clock.wall_ms) == 1
    assert assign_missing(config, site.clock.wall_ms) == 0
    kiosk.settle()
    assert kiosk.confirmed(dossier)["official_code"] == "H14.998-251201-0001"
    assert DossierIndex.objects.get(dossier=dossier).code_missing == ""


def test_a_code_given_later_counts_from_the_acceptance_and_not_from_a_supplement(site: Site, enrolled: Enrolled) -> None:
    from province.config import Config
    from province.merging import assign_missing

    kiosk = enrolled("01279")
    dossier = kiosk.file()
    kiosk.accept(dossier, "2025-11-28T10:00:00+07:00")
    kiosk.step(dossier, 2, 5)
    kiosk.act(dossier, "supplement", 5, 2, "2025-12-01T08:00:00+07:00", due="2025-12-12T17:00:00+07:00")
    kiosk.settle()
    assign_missing(Config(units={"01279": "H14.998"}), site.clock.wall_ms)
    kiosk.settle()
    assert kiosk.confirmed(dossier)["official_code"] == "H14.998-251128-0001"


def test_a_supplement_moves_the_due_time_people_see(kiosk: KioskTwin) -> None:
    from province.models import DossierIndex

    dossier = kiosk.file()
    kiosk.accept(dossier)
    kiosk.step(dossier, 2, 5)
    kiosk.act(dossier, "supplement", 5, 2, "2025-12-09T08:00:00+07:00", due="2025-12-12T17:00:00+07:00")
    kiosk.settle()
    assert DossierIndex.objects.get(dossier=dossier).due == "2025-12-12T17:00:00+07:00"
    assert kiosk.confirmed(dossier)["due_before"] == "2025-12-02T17:00:00+07:00"


def test_a_decided_conflict_leaves_the_list_and_the_value_follows_the_decision(kiosk: KioskTwin, enrolled: Enrolled) -> None:
    from province.models import Conflict
    from province.projection import rebuild

    dossier = kiosk.file()
    kiosk.settle()
    other = enrolled("01273")
    lost = other.journal.write(dossier, "f", {"a.child_name": "NÔNG VĂN KHÁC", "code": "x"})
    other.settle()
    assert Conflict.objects.count() == 2
    names = {"of": f"{lost.device}-{lost.incarnation}-{lost.n}:a.child_name", "field": "a.child_name", "choice": "lost"}
    values = {"kept": "NÔNG VĂN KHÁC", "lost": "NÔNG VĂN MẪU", "at": FILED_AT, "by": {"role": "official", "name": "Lý Văn Mẫu"}}
    kiosk.journal.write(dossier, "dec", {**names, **values})
    kiosk.settle()
    assert kiosk.confirmed(dossier)["a.child_name"] == "NÔNG VĂN MẪU"
    assert [one.field for one in Conflict.objects.all()] == ["code"]
    rebuild()
    assert [one.field for one in Conflict.objects.all()] == ["code"]


def test_the_same_request_twice_changes_nothing(site: Site, kiosk: KioskTwin) -> None:
    kiosk.accept(kiosk.file())
    request = kiosk.engine.make_request(0.0, site.clock.wall_ms)
    first = post(site, request).content
    before = counts()
    second = post(site, request).content
    assert counts() == before == (3, counts()[1], 1)
    assert all(parse_reply(reply).answer.acks[0].all for reply in (first, second))


def test_events_carried_over_into_a_new_incarnation_take_effect_once(kiosk: KioskTwin) -> None:
    dossier = kiosk.file()
    kiosk.accept(dossier)
    kiosk.settle()
    kiosk.journal.rebase_incarnation(kiosk.journal.identity()[1], 0)
    kiosk.restart()
    kiosk.settle()
    assert kiosk.confirmed(dossier)["official_code"] == f"{UNIT}-251201-0001"
    from province.models import Conflict, OfficialCounter

    assert OfficialCounter.objects.get().last == 1
    assert not Conflict.objects.exists()


def test_an_unseen_overwrite_is_kept_as_a_conflict(kiosk: KioskTwin, enrolled: Enrolled) -> None:
    from province.models import Conflict

    dossier = kiosk.file()
    kiosk.settle()
    other = enrolled("01273")
    other.journal.write(dossier, "f", {"a.child_name": "NÔNG VĂN KHÁC"})
    other.exchange()
    conflict = Conflict.objects.get()
    assert (conflict.field, conflict.kept, conflict.lost) == ("a.child_name", '"NÔNG VĂN KHÁC"', '"NÔNG VĂN MẪU"')


def test_a_commune_cannot_write_what_only_the_province_may(kiosk: KioskTwin) -> None:
    from province.models import Conflict

    dossier = kiosk.file()
    kiosk.journal.write(dossier, "f", {"official_code": "H14.1-251201-0001"})
    kiosk.settle()
    assert "official_code" not in kiosk.confirmed(dossier)
    assert Conflict.objects.get().why == "class_P"


def test_another_commune_can_neither_write_nor_read_a_dossier(kiosk: KioskTwin, enrolled: Enrolled) -> None:
    from province.models import DossierIndex

    dossier = kiosk.file()
    kiosk.settle()
    stranger = enrolled("01279")
    stranger.journal.write(dossier, "st", {"from": 1, "to": 3, "at": FILED_AT})
    stranger.settle()
    assert DossierIndex.objects.get(dossier=dossier).status == 1
    assert stranger.journal.state.confirmed == {}


def test_an_unknown_device_gets_a_signed_refusal(site: Site, kiosk: KioskTwin) -> None:
    hello = parse_request(kiosk.engine.make_request(0.0, 0)).hello
    body = encode_request(replace(hello, device=77), [], DeviceKeys.generate().sign)
    reply = answered(site, body)
    assert reply.refusal == "unknown_device"


def test_a_request_signed_by_another_key_is_refused_and_leaves_nothing(site: Site, kiosk: KioskTwin) -> None:
    kiosk.file()
    request = kiosk.engine.make_request(0.0, 0)
    parsed = parse_request(request)
    forged = encode_request(parsed.hello, parsed.runs, DeviceKeys.generate().sign)
    reply = answered(site, forged)
    assert (reply.refusal, counts()[0]) == ("bad_signature", 0)


def test_bytes_that_are_not_ours_get_a_signed_answer_and_a_giant_is_cut_off(site: Site) -> None:
    reply = answered(site, b"GET / HTTP")
    assert reply.refusal == "malformed"
    assert post(site, bytes(MAX_REQUEST + 2)).status_code == 413


def test_a_damaged_run_goes_to_quarantine_once(site: Site, kiosk: KioskTwin) -> None:
    from province.models import Quarantine

    kiosk.file()
    parsed = parse_request(kiosk.engine.make_request(0.0, 0))
    run = parsed.runs[0].run
    damaged = replace(run, closed=run.closed[:-1] + bytes([run.closed[-1] ^ 1]))
    body = encode_request(parsed.hello, [replace(parsed.runs[0], run=damaged)], kiosk.own.sign)
    for _ in range(2):
        assert answered(site, body).acks[0].refused == "seal_broken"
    row = Quarantine.objects.get()
    assert (row.reason, row.times, bytes(row.body)) == ("seal_broken", 2, damaged.closed)
    assert counts()[0] == 0


def test_quarantine_of_one_device_is_bounded(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from province import journal
    from province.models import Quarantine

    monkeypatch.setattr(journal, "QUARANTINE_MOST", 30)
    with journal.recording(1) as store:
        for n in range(journal.QUARANTINE_MOST + 20):
            store.quarantine(7, "chain_broken", n.to_bytes(4, "big"))
    assert Quarantine.objects.count() == journal.QUARANTINE_MOST + 1
    assert Quarantine.objects.get(reason="quarantine_full").times == 20


def test_quarantine_of_one_device_takes_so_many_bytes_and_no_more(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from province import journal
    from province.models import Quarantine

    monkeypatch.setattr(journal, "QUARANTINE_BYTES", 10_000)
    with journal.recording(1) as store:
        for n in range(6):
            store.quarantine(7, "revoked", bytes([n]) * 3000)
        store.quarantine(8, "revoked", bytes(3000))
    assert sorted(len(bytes(row.body)) for row in Quarantine.objects.all()) == [0, 3000, 3000, 3000, 3000]
    assert Quarantine.objects.get(reason="quarantine_full").times == 3


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("f", {"a." + "x" * 5000: "y"}),
        ("f", {"a.x\x00y": "z\x00"}),
        ("f", {"status_at": {"deep": []}, "receipt.due": 7, "applicant": "x", "key": 5, "code": ["y"]}),
        ("st", {"from": True, "to": 10**30, "at": 9}),
        ("new", {"procedure": {}, "code": "\x00" * 300, "key": [], "applicant": {"name": 9}, "at": 1e308}),
        ("note", {"id": "n" * 900, "text": None}),
        ("zz", {"whatever": 1}),
        ("f", {"a.big": "x" * 130_000}),
        ("f", {f"a.{n}": 1 for n in range(12_000)}),
        ("f", {f"rm.at.{n}": 1 for n in range(1_500)}),
        ("f", {f"decided.{n}": 1 for n in range(1_500)}),
        ("at", {"blob": "ab" * 32, "key": "!", "size": 10**40, "role": [], "pages": -1}),
        ("rm", {"of": "at." + "\x00" * 90, "saw": {}, "why": 7}),
    ],
    ids=[
        "long name",
        "nul",
        "wrong types",
        "strange step",
        "strange new",
        "long note",
        "unknown",
        "big",
        "many fields",
        "many removed",
        "many decided",
        "strange file",
        "strange removal",
    ],
)
def test_no_content_stops_a_kiosk(kiosk: KioskTwin, kind: str, content: dict[str, Any]) -> None:
    dossier = kiosk.file()
    kiosk.settle()
    _write_raw(kiosk, dossier, kind, content)
    kiosk.step(dossier, 1, 2)
    kiosk.settle()
    assert kiosk.confirmed(dossier)["status"] == 2


def test_a_field_no_table_can_hold_is_quarantined_and_told_as_not_applied(kiosk: KioskTwin) -> None:
    from province.models import ConfirmedDossier, Conflict, Quarantine

    dossier = kiosk.file()
    kiosk.journal.write(dossier, "f", {"a." + "x" * 5000: "y", "a.good": "z"})
    kiosk.settle()
    assert Quarantine.objects.get().reason == "content_unreadable"
    assert (Conflict.objects.get().kind, Conflict.objects.get().why) == ("na", "content_unreadable")
    assert not ConfirmedDossier.objects.filter(fields__contains="a.good").exists()


@pytest.mark.parametrize("dossier", ["x" * 100_000, "zzzzzzz-1-1"], ids=["long", "stranger"])
def test_no_dossier_id_stops_a_kiosk(kiosk: KioskTwin, dossier: str) -> None:
    good = kiosk.file()
    _write_raw(kiosk, dossier, "f", {"a.x": "y"})
    kiosk.accept(good)
    kiosk.settle()
    assert kiosk.confirmed(good)["status"] == 2


def test_a_line_no_kiosk_writes_is_kept_and_told_and_blocks_nothing(kiosk: KioskTwin) -> None:
    from province.models import Conflict, EventRow, Quarantine

    dossier = kiosk.file()
    kiosk.settle()
    _write_raw(kiosk, dossier, "f", {"a.name": "\ud800"})
    kiosk.step(dossier, 1, 2)
    kiosk.settle()
    assert kiosk.engine.pending() == 0
    assert EventRow.objects.count() == 4
    assert Quarantine.objects.get().reason == "envelope_invalid"
    assert (Conflict.objects.get().dossier, Conflict.objects.get().why) == (dossier, "envelope_invalid")
    assert kiosk.confirmed(dossier)["status"] == 2


def _write_raw(kiosk: KioskTwin, dossier: str, kind: str, content: dict[str, Any]) -> None:
    """Append a line as a broken or hostile kiosk would write it: ASCII JSON, whatever the content."""
    import json

    journal = kiosk.journal
    inc = journal.identity()[1]
    n = journal.last(inc)[0] + 1
    plain = encode(Event(n, "d", "k", {}, 0, FILED_MS, 1, "cb07", 1))
    line = plain.replace(b'"d":"d","k":"k","c":{}', f'"d":{json.dumps(dossier)},"k":"{kind}","c":{json.dumps(content)}'.encode())
    journal._add(inc, line)


FILED_MS = 1_764_550_991_227


def test_many_kiosks_at_once_are_all_served(enrolled: Enrolled) -> None:
    kiosks = [enrolled("01273") for _ in range(6)]
    troubles: list[BaseException] = []

    def day(kiosk: KioskTwin) -> None:
        try:
            for n in range(4):
                kiosk.accept(kiosk.file(code=f"TAM-K{n}-251201-0001A"))
                kiosk.exchange()
        except BaseException as error:
            troubles.append(error)

    threads = [threading.Thread(target=day, args=(kiosk,)) for kiosk in kiosks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert troubles == []
    from province.models import DossierIndex

    codes = list(DossierIndex.objects.values_list("official_code", flat=True))
    assert sorted(codes) == [f"{UNIT}-251201-{n:04d}" for n in range(1, 25)]


def test_the_province_remembers_when_it_heard_a_kiosk_and_how_its_clock_stands(site: Site, kiosk: KioskTwin) -> None:
    from province.models import Device

    kiosk.engine.on_reply(kiosk.bearer.exchange(kiosk.engine.make_request(0.0, site.clock.wall_ms - 90_000)), 0.5)
    device = Device.objects.get()
    assert (device.last_contact_ms, device.clock_offset_ms) == (site.clock.wall_ms, -90_000)


def test_a_revoked_device_is_heard_up_to_its_last_accepted_event_only(kiosk: KioskTwin) -> None:
    from province import devices
    from province.models import EventRow, Quarantine

    kiosk.file()
    kiosk.settle()
    devices.revoke(str(kiosk.journal.device), by="test")
    kiosk.file(name=NAME)
    with pytest.raises(Refused) as refused:
        kiosk.settle()
    assert refused.value.reason == "revoked"
    assert EventRow.objects.count() == 2
    assert Quarantine.objects.get().reason == "revoked"


def test_a_restored_province_is_noticed_by_the_epoch(kiosk: KioskTwin) -> None:
    from province.database import new_epoch

    dossier = kiosk.file()
    kiosk.settle()
    assert new_epoch() == 2
    kiosk.settle()
    assert kiosk.journal.epoch() == 2
    assert kiosk.confirmed(dossier)["status"] == 1


def test_nobody_else_can_read_what_comes_down(site: Site, kiosk: KioskTwin) -> None:
    kiosk.file(name=NAME)
    reply = post(site, kiosk.engine.make_request(0.0, 0)).content
    assert parse_reply(reply).answer.feed
    assert NAME.encode() not in reply
    assert kiosk.engine.on_reply(reply, 0.5).applied
    assert any(NAME.encode() in entry.body for entry in kiosk.journal.state.feed)


def test_an_answer_to_a_kiosk_carries_no_headers_of_a_page(site: Site) -> None:
    answer = requests.post(f"{site.url}/v1/x", data=b"?", timeout=10)
    assert set(answer.headers) == {"Content-Length"}
