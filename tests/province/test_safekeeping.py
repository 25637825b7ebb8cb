"""What the province keeps for later: proofs, branches, what a backup holds, snapshots, dossiers that leave the kiosks."""

from __future__ import annotations

from pathlib import Path

import pytest

from province.errors import ProvinceError
from sync.feed import decode_entry
from sync.intake import take_segments
from sync.simulator.memory import CountingMerge
from tests.province.conftest import Site
from tests.province.support import KioskTwin


def test_a_confirmed_safe_point_is_told_to_the_kiosk_and_lets_it_prune(site: Site, kiosk: KioskTwin, tmp_path: Path) -> None:
    from province.safekeeping import confirm_safe_point, write_safe_point

    kiosk.accept(kiosk.file())
    kiosk.settle()
    inc = kiosk.journal.identity()[1]
    assert write_safe_point(tmp_path / "point") == 1
    kiosk.file(code="TAM-K1-251201-0002B")
    kiosk.settle()
    assert confirm_safe_point(tmp_path / "point", 1) == 1
    assert confirm_safe_point(tmp_path / "point", 1) == 0
    kiosk.settle()
    assert (kiosk.journal.safe(inc), kiosk.journal.last(inc)[0]) == (3, 5)
    assert kiosk.journal.prune(inc, 99) == 3


def test_a_safe_point_of_another_history_is_refused(site: Site, kiosk: KioskTwin, tmp_path: Path) -> None:
    from province.safekeeping import confirm_safe_point, write_safe_point

    kiosk.file()
    kiosk.settle()
    write_safe_point(tmp_path / "point")
    text = (tmp_path / "point").read_text()
    (tmp_path / "point").write_text(text.replace(text[-12:-6], "000000"))
    with pytest.raises(ProvinceError) as refused:
        confirm_safe_point(tmp_path / "point", 1)
    assert refused.value.code == "safe_point_foreign"
    (tmp_path / "point").write_text("{}")
    with pytest.raises(ProvinceError) as refused:
        confirm_safe_point(tmp_path / "point", 1)
    assert refused.value.code == "safe_point_damaged"


def test_a_branch_is_kept_beside_the_log_and_check_proves_it(site: Site, kiosk: KioskTwin) -> None:
    from province.journal import recording
    from province.models import BranchRow
    from province.verify import check
    from province.views.exchange import province_keys

    dossier = kiosk.file()
    kiosk.settle()
    image = kiosk.journal.state.copy()
    kiosk.journal.write(dossier, "tag", {"tag": "lost"})
    stick = list(kiosk.engine.segments_for_bundle())
    kiosk.journal.state = image
    kiosk.restart()
    kiosk.journal.write(dossier, "tag", {"tag": "new"})
    kiosk.settle()
    for times in (1, 0):
        with recording(1) as journal:
            taken = take_segments(kiosk.journal.device, stick, journal, CountingMerge(), province_keys(site.running), 1)
        assert taken.branched == times
    assert BranchRow.objects.count() == 1
    assert check().ok
    BranchRow.objects.update(body=b"altered")
    assert [finding.code for finding in check().findings] == ["branch_broken"]


def test_a_closed_dossier_leaves_the_kiosks_and_the_snapshot_but_not_the_province(site: Site, kiosk: KioskTwin) -> None:
    from province.acts import drop_closed
    from province.journal import recording
    from province.models import ConfirmedDossier
    from sync import snapshot

    gone, stays = kiosk.file(), kiosk.file(code="TAM-K1-251201-0002B")
    kiosk.step(gone, 1, 3)
    kiosk.settle()
    day = 24 * 3600 * 1000
    assert drop_closed(site.running.wall_ms() + 10 * day, 90) == 0
    assert drop_closed(site.running.wall_ms() + 100 * day, 90) == 1
    assert drop_closed(site.running.wall_ms() + 100 * day, 90) == 0
    kiosk.settle()
    assert kiosk.journal.state.closed == {gone: True}
    assert ConfirmedDossier.objects.filter(dossier=gone).exists()
    with recording(1) as journal:
        info = journal.make_snapshot("01273")
        lines = snapshot.read_all(journal.snapshot_lines("01273", info.seq, 0, 10_000))
    assert len(lines) == info.lines
    assert {line.entry["d"] for line in lines if line.entry["e"] == "f"} == {stays}
    assert [line.mark.n for line in lines if line.mark is not None] == [5]
    with recording(1) as journal:
        journal.add_entry("01273", {"e": "f", "d": gone, "w": {"remark": "x"}}, None)
    kiosk.settle()
    assert decode_entry(kiosk.journal.state.feed[-1].body) == {"e": "drop", "d": gone}, "late news does not bring it back"


def test_a_log_an_earlier_release_took_is_proven_at_the_next_contact(site: Site, kiosk: KioskTwin) -> None:
    from province.models import ProofRow
    from province.verify import check

    kiosk.file()
    kiosk.settle()
    ProofRow.objects.all().delete()
    assert [finding.code for finding in check().findings] == ["unproven"]
    kiosk.exchange()
    assert check().ok
    before = list(ProofRow.objects.values_list("pk", flat=True))
    kiosk.exchange()
    assert list(ProofRow.objects.values_list("pk", flat=True)) == before


def test_a_snapshot_holds_the_settings_of_the_province(site: Site, kiosk: KioskTwin) -> None:
    from province.acts import set_policy
    from province.journal import recording
    from sync import snapshot

    kiosk.file()
    kiosk.settle()
    for days in (30, 60):
        with recording(1) as journal:
            set_policy(journal, "01273", {"retention_days": days})
    with recording(1) as journal:
        info = journal.make_snapshot("01273")
        lines = snapshot.read_all(journal.snapshot_lines("01273", info.seq, 0, 10_000))
    assert [line.entry for line in lines if line.entry["e"] == "cfg"] == [{"e": "cfg", "k": "policy", "v": {"retention_days": 60}}]


def test_the_provinces_own_act_reaches_the_kiosk(site: Site, kiosk: KioskTwin) -> None:
    from province.acts import set_policy, write
    from province.journal import recording

    dossier = kiosk.file()
    kiosk.settle()
    with recording(1) as journal:
        write(journal, "01273", dossier, {"remark": "Mang theo bản chính."})
        set_policy(journal, "01273", {"retention_days": 30})
    kiosk.settle()
    assert kiosk.confirmed(dossier)["remark"] == "Mang theo bản chính."
    assert kiosk.journal.state.policy == {"policy": {"retention_days": 30}}


def test_a_feed_that_has_grown_enough_gets_a_snapshot_without_a_kiosk_asking(
    site: Site, kiosk: KioskTwin, monkeypatch: pytest.MonkeyPatch
) -> None:
    from province.models import Snapshot

    dossier = kiosk.file()
    kiosk.settle()
    assert not Snapshot.objects.exists()
    monkeypatch.setattr("sync.snapshot.SNAPSHOT_EVERY", 2)
    kiosk.step(dossier, 1, 2)
    kiosk.settle()
    assert Snapshot.objects.get().seq == kiosk.journal.feed_position()[0]
