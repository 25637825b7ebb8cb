"""Sticks that come after the keys they were signed with ended: kept whole, told, and released by a person. Codes on two slips."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from province.errors import ProvinceError
from sync import rollover
from sync.keys import DeviceKeys
from sync.simulator.memory import KioskState
from tests.province.conftest import Site
from tests.province.support import KioskTwin, cli
from tests.province.test_bundles import export, received
from tests.province.test_keys import again

SECOND = "TAM-K1-251201-0002B"


def restored_after_a_stick(kiosk: KioskTwin, stick: Path) -> str:
    """A kiosk whose last dossier is on a stick alone: its disk was restored from a backup made before. Returns that dossier."""
    kiosk.file()
    kiosk.settle()
    backup = kiosk.journal.state.copy()
    printed = kiosk.file(SECOND)
    export(kiosk, stick)
    put_back(kiosk, backup)
    return printed


def put_back(kiosk: KioskTwin, backup: KioskState) -> None:
    kiosk.journal.put_back(backup)
    inc = kiosk.journal.identity()[1]
    with kiosk.journal.atomic():
        kiosk.journal.rebase_incarnation(inc, kiosk.journal.last(inc)[0])
    kiosk.restart()


def rotate(kiosk: KioskTwin) -> None:
    journal, fresh, former = kiosk.journal, DeviceKeys.generate(), kiosk.keys
    ends = {inc: journal.last(inc)[0] for inc in journal.incarnations()}
    told = rollover.write_rotation(rollover.Rotation(journal.device, 2, fresh.sign.public, fresh.seal.public, ends), kiosk.own.sign)
    kiosk.own = fresh
    kiosk.keys = replace(former, sign=fresh.sign, seal=fresh.seal, former=(former.seal,), rotations=(told,), untold=True)
    kiosk.restart()
    kiosk.settle()


def dossiers() -> set[str]:
    from province.models import DossierIndex

    return set(DossierIndex.objects.values_list("dossier", flat=True))


@pytest.mark.parametrize("renewed", [again, rotate])
def test_a_stick_from_before_new_keys_is_kept_and_taken_once_somebody_vouches(
    site: Site, kiosk: KioskTwin, tmp_path: Path, renewed: object
) -> None:
    from province.models import Quarantine
    from province.quarantine import listed, of_device, release
    from province.verify import check

    printed = restored_after_a_stick(kiosk, tmp_path / "stick")
    assert callable(renewed)
    renewed(kiosk)
    kiosk.settle()
    ((_, came),) = received(site, tmp_path / "stick").taken
    assert came.left == ("former_key",)
    assert printed not in dossiers()
    (row,) = listed(site.running)
    assert (row.reason, row.lines, row.dossiers, row.releasable) == ("former_key", 2, 1, True)
    done = release(site.running, of_device(str(kiosk.journal.device)), by="test")
    assert (done.taken, done.left) == ((row.id,), ())
    assert printed in dossiers()
    assert not Quarantine.objects.filter(reason="former_key").exists()
    kiosk.settle()
    assert kiosk.confirmed(printed)["province_received_at"]
    assert check().findings == []
    ((_, again_came),) = received(site, tmp_path / "stick").taken
    assert again_came.left == ()


def test_two_futures_of_a_disk_meet_at_the_province_whatever_comes_first(site: Site, kiosk: KioskTwin, tmp_path: Path) -> None:
    """The disk was put back and nobody noticed: both went on at one place of one log, the stick with the lost one comes last."""
    from province.quarantine import of_device, release
    from province.verify import check

    kiosk.file()
    kiosk.settle()
    image = kiosk.journal.state.copy()
    lost = kiosk.file(SECOND, key="4444-4444-4444-4444")
    export(kiosk, tmp_path / "stick")
    kiosk.journal.state = image
    kiosk.restart()
    other = kiosk.file(SECOND, key="5555-5555-5555-5555")
    kiosk.settle()
    again(kiosk)
    kiosk.settle()
    received(site, tmp_path / "stick")
    assert release(site.running, of_device(str(kiosk.journal.device)), by="test").left == ()
    assert {lost, other} <= dossiers()
    report = check()
    assert (report.findings, [note.where for note in report.notes]) == ([], [SECOND])


def test_both_slips_with_one_code_open_their_own_dossier(site: Site, kiosk: KioskTwin) -> None:
    from province.models import DossierIndex
    from province.tracking import look_up

    first = kiosk.file(SECOND, key="4444-4444-4444-4444")
    second = kiosk.file(SECOND, key="5555-5555-5555-5555")
    kiosk.accept(second)
    kiosk.settle()
    assert first != second
    one, two = look_up(SECOND, "4444-4444-4444-4444"), look_up(SECOND, "5555-5555-5555-5555")
    assert one is not None
    assert two is not None
    assert (one.official_code, two.official_code) == ("", DossierIndex.objects.get(dossier=second).official_code)
    assert two.official_code


def test_nothing_of_a_lost_kiosk_is_released(site: Site, kiosk: KioskTwin, tmp_path: Path) -> None:
    from province import devices
    from province.quarantine import of_device, release

    kiosk.file()
    kiosk.settle()
    devices.revoke(str(kiosk.journal.device), by="test", lost=True)
    kiosk.file(SECOND)
    export(kiosk, tmp_path / "stick")
    ((_, came),) = received(site, tmp_path / "stick").taken
    assert came.left == ("revoked",)
    ids = of_device(str(kiosk.journal.device))
    with pytest.raises(ProvinceError, match="device_lost"):
        release(site.running, ids, by="test")
    devices.found(str(kiosk.journal.device), by="test")
    assert len(release(site.running, ids, by="test").taken) == 1


def test_a_key_vouched_for_says_nothing_beyond_that(site: Site, kiosk: KioskTwin, tmp_path: Path) -> None:
    from province.quarantine import of_device, release

    restored_after_a_stick(kiosk, tmp_path / "stick")
    former, state = kiosk.keys, kiosk.journal.state.copy()
    again(kiosk)
    received(site, tmp_path / "stick")
    release(site.running, of_device(str(kiosk.journal.device)), by="test")
    thief = kiosk.twin_of(site.url)
    thief.keys, thief.own = former, thief.own
    thief.journal.state = state
    thief.restart()
    forged = [thief.file(f"TAM-K1-251201-000{n}B") for n in range(3, 6)]
    ((_, came),) = received(site, export(thief, tmp_path / "thief").volumes[0]).taken
    assert came.left == ("former_key",)
    assert dossiers().isdisjoint(forged)


def test_new_keys_after_a_restore_leave_the_proofs_whole_and_damage_is_still_found(site: Site, kiosk: KioskTwin) -> None:
    from province.models import EventRow
    from province.verify import check

    kiosk.file()
    kiosk.settle()
    backup = kiosk.journal.state.copy()
    kiosk.file(SECOND)
    kiosk.settle()
    put_back(kiosk, backup)
    kiosk.file("TAM-K1-251201-0003C")
    kiosk.settle()
    rotate(kiosk)
    assert check().findings == []
    event = EventRow.objects.order_by("pk")[2]
    EventRow.objects.filter(pk=event.pk).update(body=bytes(event.body) + b" ")
    assert [finding.code for finding in check().findings] == ["chain_broken"]


def test_the_report_says_what_was_left_and_the_cure(site: Site, kiosk: KioskTwin, tmp_path: Path) -> None:
    restored_after_a_stick(kiosk, tmp_path / "stick")
    again(kiosk)
    code, facts = cli("bundle-import", str(tmp_path / "stick"), "--no-answer", state=site.state)
    assert (code, facts["ok"]) == (1, False)
    (left,) = facts["left"]
    assert left["code"] == "former_key"
    assert "khóa cũ" in left["message"]
    assert "quarantine-accept" in left["cure"]
    listed = cli("quarantine", state=site.state)[1]["quarantine"]
    assert [one["releasable"] for one in listed] == [True]
    code, facts = cli("quarantine-accept", "--device", str(kiosk.journal.device), state=site.state)
    assert (code, len(facts["taken"]), facts["left"]) == (0, 1, [])
