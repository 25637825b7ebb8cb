"""Sticks at the real province: its database, its folder of attachments, the process that reads strangers' volumes."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from province.cli.sticks import bundle_import
from province.errors import ProvinceError
from sync import usb
from sync.blob.ports import BlobTask
from sync.bundle import province_tag
from sync.bundle_letters import Manifest, Place
from sync.errors import BlobDamaged
from sync.keys import SODIUM
from sync.loading import Cargo, Loaded, Record, load
from sync.unloading import Unloaded, unload
from tests.province.conftest import Site
from tests.province.support import KioskTwin, cli

if TYPE_CHECKING:
    from province.bundles import Imported


class NoAttachments:
    """A kiosk without any."""

    def stick_tasks(self) -> Sequence[BlobTask]:
        return ()

    def read(self, blob: str, offset: int, length: int) -> bytes:
        raise BlobDamaged("there are no attachments")

    def set_damaged(self, blob: str, why: str) -> None:
        """Nothing to keep."""

    def is_complete(self, blob: str) -> bool:
        return False


class Log:
    """A log of volumes that forgets nothing and is asked for nothing."""

    def __init__(self) -> None:
        self.counter = 0

    def next_counter(self) -> int:
        self.counter += 1
        return self.counter

    def written(self) -> Mapping[bytes, Record]:
        return {}

    def note(self, ident: bytes, name: str, record: Record) -> None:
        """Nothing."""

    def forget(self, ident: bytes) -> None:
        """Nothing."""


def export(kiosk: KioskTwin, stick: Path) -> Loaded:
    journal, trust = kiosk.journal, kiosk.engine.trust
    seq, head = journal.feed_position()
    logs = {inc: journal.last(inc) for inc in journal.incarnations()}
    manifest = Manifest(
        trust.commune,
        Place(journal.epoch(), seq, head[:8]),
        tuple(Place(inc, n, at[:8]) for inc, (n, at) in logs.items()),
        note="Gửi chị Mẫu",
    )
    cargo = Cargo(
        device=trust.device,
        commune=trust.commune,
        province=province_tag(trust.root),
        manifest=manifest,
        segments=list(kiosk.engine.segments_for_bundle()),
        acked={inc: journal.acked(inc) for inc in logs},
        attachments=NoAttachments(),
        signer=kiosk.keys.sign,
        sealer=SODIUM.sealer(trust.province.seal_key),
    )
    stick.mkdir(exist_ok=True)
    return load(stick, cargo, Log(), os.urandom)


def received(site: Site, stick: Path, *, answer: bool = True) -> Imported:
    from province.bundles import import_stick

    return import_stick(site.running, stick, answer=answer)


def take(kiosk: KioskTwin, path: Path) -> Unloaded:
    with path.open("rb") as source:
        return unload(source, kiosk.engine)


def test_a_filing_goes_up_and_its_code_comes_back_without_any_line(site: Site, kiosk: KioskTwin, tmp_path: Path) -> None:
    dossier = kiosk.file()
    export(kiosk, tmp_path / "stick")
    done = received(site, tmp_path / "stick", answer=True)
    assert [came.receipt.refused for _, came in done.taken] == [""]
    brought = take(kiosk, done.answers[0])
    assert brought.acked == 2
    assert kiosk.confirmed(dossier)["province_received_at"]


def test_the_same_stick_again_changes_nothing(site: Site, kiosk: KioskTwin, tmp_path: Path) -> None:
    from province.models import EventRow, FeedRow

    kiosk.file()
    export(kiosk, tmp_path / "stick")
    received(site, tmp_path / "stick", answer=False)
    before = EventRow.objects.count(), FeedRow.objects.count()
    again = received(site, tmp_path / "stick", answer=True)
    assert (EventRow.objects.count(), FeedRow.objects.count()) == before
    assert again.refused == []


def test_one_broken_volume_does_not_stop_the_others(site: Site, kiosk: KioskTwin, tmp_path: Path) -> None:
    kiosk.file()
    (path,) = export(kiosk, tmp_path / "stick").volumes
    (path.parent / "m0-000000.hsb").write_bytes(path.read_bytes()[:-9])
    done = received(site, tmp_path / "stick", answer=True)
    assert [error.code for _, error in done.refused] == ["bundle_damaged"]
    assert len(done.taken) == 1
    assert len(done.answers) == 1


def test_what_was_taken_is_told_though_the_answer_finds_no_room(site: Site, kiosk: KioskTwin, tmp_path: Path) -> None:
    kiosk.file()
    (path,) = export(kiosk, tmp_path / "stick").volumes
    place = tmp_path / "full"
    place.mkdir()
    path.rename(place / path.name)
    (place / usb.FOLDER).write_bytes(b"no folder can be made here")
    code, facts, text = bundle_import(site.running, argparse.Namespace(place=place, no_answer=False, json=True))
    assert (code, facts["ok"], len(facts["taken"]), facts["answers"]) == (1, False, 1, [])
    assert facts["unanswered"] == "stick_gone"
    assert "đã nhận đủ" in text
    assert "chưa ghi được đủ trả lời" in text


def test_by_air_and_by_stick_is_proved_alike(site: Site, kiosk: KioskTwin, tmp_path: Path) -> None:
    from province.verify import check

    kiosk.file()
    kiosk.settle()
    kiosk.file("TAM-K1-251201-0002B")
    export(kiosk, tmp_path / "stick")
    received(site, tmp_path / "stick", answer=False)
    kiosk.settle()
    assert check().findings == []


def test_a_machine_that_starts_anew_reads_the_whole_feed_from_a_stick(site: Site, kiosk: KioskTwin, tmp_path: Path) -> None:
    dossier = kiosk.file()
    kiosk.settle()
    fresh = kiosk.twin_of(site.url)
    from province.bundles import export_stick

    (path,) = export_stick(site.running, tmp_path, "01273")
    take(fresh, path)
    assert fresh.confirmed(dossier)["province_received_at"]


def test_a_stick_for_no_commune_is_not_written(site: Site, tmp_path: Path) -> None:
    from province.bundles import export_stick

    with pytest.raises(ProvinceError) as refused:
        export_stick(site.running, tmp_path, "99999")
    assert refused.value.code == "commune_unknown"
    assert usb.volumes(tmp_path) == []


def test_a_stick_that_is_not_there_was_not_pulled(site: Site, tmp_path: Path) -> None:
    from province.bundles import export_stick

    with pytest.raises(ProvinceError) as refused:
        export_stick(site.running, tmp_path / "absent", "01273")
    assert refused.value.code == "place_missing"


def test_a_place_without_any_volume_is_not_called_taken_in(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "not-there"):
        code, told = cli("bundle-import", str(place), state=tmp_path / "state")
        assert (code, told["ok"]) == (1, False)
