"""Attaching a file: a preview and the file, encrypted, durable before their events, sent after them, kept until they may go."""

from __future__ import annotations

import base64
import io
import random
from pathlib import Path

import pytest
from PIL import Image

from forms.dossier import DossierError
from kiosk.attachments import Attached, Paper, attach, scan_times
from kiosk.file_line import allowed, pause_files
from kiosk.machine import Machine
from kiosk.mending import resend, reviews
from kiosk.preview import preview
from kiosk.services import Official, Refused
from kiosk.store.blobs import KioskFiles
from kiosk.store.connection import StoreError
from kiosk.store.outbox import Answer
from kiosk.store.retention import Policy, tidy
from sync.blob.cipher import decrypt
from sync.blob.ports import Lane
from sync.blob.ranges import NONE, Ranges
from sync.envelope import Origin, decode
from sync.feed import ack_entry, fields_entry, not_applied
from sync.keys import SODIUM, SealKey
from tests.kiosk.machines import make_machine
from tests.kiosk.store.province import Province
from tests.kiosk.store.test_journal import file_one

OFFICIAL = Official("cb1", "Cán bộ Mẫu", "official")
PAGE = Paper("giay_chung_sinh", "image/jpeg")


def page(width: int = 620, height: int = 877) -> bytes:
    """An invented page: grey paper, dark strokes, some noise."""
    rng = random.Random(7)
    picture = Image.new("L", (width, height), 225)
    for row in range(40, height - 40, 24):
        for column in range(40, width - 60, 14):
            picture.paste(rng.randint(20, 60), (column, row, column + rng.randint(3, 11), row + 9))
    out = io.BytesIO()
    picture.convert("RGB").save(out, "JPEG", quality=90)
    return out.getvalue()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return make_machine(tmp_path, sets=("store.scan_free_mb=1", "store.warn_free_mb=1"))


@pytest.fixture
def files(machine: Machine) -> KioskFiles:
    return KioskFiles(machine.store)


def told(machine: Machine) -> None:
    """The province has said it holds every event."""
    with machine.store.transaction():
        for inc in machine.store.incarnations():
            machine.store.set_told(inc, machine.store.last(inc)[0])


def attached(machine: Machine) -> tuple[str, Attached]:
    dossier = file_one(machine)
    return dossier, attach(machine, dossier, PAGE, page())


def test_a_page_becomes_a_small_black_and_white_picture_and_a_photograph_a_grey_one() -> None:
    small, photo = preview(page(), "image/jpeg", photo=False), preview(page(), "image/jpeg", photo=True)
    assert (small.mime, photo.mime) == ("image/tiff", "image/webp")
    assert Image.open(io.BytesIO(small.data)).mode == "1"
    assert len(small.data) < len(page()) / 3


def test_every_page_of_a_scan_is_in_its_preview() -> None:
    pages = [Image.new("L", (300, 400), shade) for shade in (10, 200, 90)]
    out = io.BytesIO()
    pages[0].save(out, "TIFF", save_all=True, append_images=pages[1:])
    assert preview(out.getvalue(), "image/tiff", photo=False).pages == 3


def test_what_is_no_picture_is_refused_and_a_pdf_goes_without_preview() -> None:
    with pytest.raises(Refused, match="scan_unreadable"):
        preview(b"not a picture", "image/jpeg", photo=False)
    assert preview(b"%PDF-1.7", "application/pdf", photo=False) is None


def test_the_file_on_the_disk_opens_with_the_key_of_its_event_and_says_nothing_without_it(
    machine: Machine, files: KioskFiles
) -> None:
    dossier, done = attached(machine)
    event = machine.store.fields(dossier)[f"at.{done.blob}"]
    sealed = files.path(done.blob).read_bytes()
    assert b"".join(decrypt(io.BytesIO(sealed), len(sealed), base64.b64decode(event["key"]))) == page()
    assert b"JFIF" not in sealed
    small = machine.store.fields(dossier)[f"at.{done.preview}"]
    assert (small["of"], small["role"], event["role"], event["name"]) == (done.blob, "preview", "full", "giay_chung_sinh")


def test_files_are_offered_only_after_their_events_were_told(machine: Machine, files: KioskFiles) -> None:
    _, done = attached(machine)
    assert list(files.tasks()) == []
    told(machine)
    assert {(task.id, task.lane) for task in files.tasks()} == {(done.blob, Lane.FULL), (done.preview, Lane.PREVIEW)}


def test_a_failed_act_leaves_no_file(machine: Machine, files: KioskFiles) -> None:
    with pytest.raises(DossierError, match="wrong_state"):
        attach(machine, "nothing-1", PAGE, page())
    assert [file for file in files.folder.rglob("*") if file.is_file()] == []
    assert files.facts() == []


def test_nobody_waits_for_the_store_while_a_file_is_encrypted(machine: Machine, files: KioskFiles) -> None:
    dossier = file_one(machine)
    ready: list[int] = []

    def begun(sql: str) -> None:
        if sql.startswith("BEGIN IMMEDIATE"):
            ready.append(len(list(files.folder.glob("new-*"))))

    machine.store.db.conn.set_trace_callback(begun)
    attach(machine, dossier, PAGE, page())
    machine.store.db.conn.set_trace_callback(None)
    assert ready == [2], "both files lie encrypted on the disk before the store is taken"
    assert list(files.folder.glob("new-*")) == []


def test_no_scan_is_taken_on_a_disk_that_is_nearly_full_while_filings_go_on(tmp_path: Path) -> None:
    machine = make_machine(tmp_path, sets=("store.scan_free_mb=100000000", "store.warn_free_mb=100000000"))
    dossier = file_one(machine)
    with pytest.raises(StoreError, match="disk_no_scans"):
        attach(machine, dossier, PAGE, page())


def test_progress_outlives_a_restart(tmp_path: Path, machine: Machine, files: KioskFiles) -> None:
    _, done = attached(machine)
    told(machine)
    files.set_have(done.blob, Ranges.of([(0, 3)]))
    machine.close()
    again = KioskFiles(make_machine(tmp_path).store)
    assert next(task.have for task in again.tasks() if task.id == done.blob) == Ranges.of([(0, 3)])


def test_the_feed_says_what_is_complete_and_what_must_come_again(machine: Machine, files: KioskFiles) -> None:
    dossier, done = attached(machine)
    told(machine)
    files.set_have(done.blob, Ranges.of([(0, 500)]))
    province = Province(machine)
    province.tell(
        {"e": "bl", "id": done.blob, "d": dossier, "ok": 0, "bad": [0]}, {"e": "bl", "id": done.preview, "d": dossier, "ok": 1}
    )
    assert [(task.id, task.have) for task in files.tasks()] == [(done.blob, Ranges.of([(64, 500)]))]
    files.set_have(done.blob, Ranges.of([(0, 500)]))
    assert files.tasks()[0].have == Ranges.of([(0, 500)]), "what was said after the entry counts again"
    assert {fact.state for fact in files.facts(dossier)} == {"waiting", "complete"}


def test_an_old_stick_does_not_hide_a_record_that_was_found_damaged_since(machine: Machine, files: KioskFiles) -> None:
    dossier, done = attached(machine)
    told(machine)
    files.join_have(done.blob, Ranges.of([(0, 500)]))
    Province(machine).tell({"e": "bl", "id": done.blob, "d": dossier, "ok": 0, "bad": [0]})
    files.join_have(done.blob, Ranges.of([(0, 300)]))
    assert next(task.have for task in files.tasks() if task.id == done.blob) == Ranges.of([(64, 500)])


def test_only_the_word_of_the_feed_makes_a_file_complete(machine: Machine, files: KioskFiles) -> None:
    dossier, done = attached(machine)
    files.set_have(done.blob, Ranges.whole(done.size))
    assert not files.is_complete(done.blob)
    Province(machine).tell({"e": "bl", "id": done.blob, "d": dossier, "ok": 1})
    assert files.is_complete(done.blob)


def test_a_province_that_starts_anew_is_believed_to_hold_nothing(machine: Machine, files: KioskFiles) -> None:
    _, done = attached(machine)
    files.set_have(done.blob, Ranges.of([(0, 3)]))
    with machine.store.transaction():
        machine.store.reset_feed(2)
    told(machine)
    assert next(task.have for task in files.tasks() if task.id == done.blob) == NONE


def test_a_file_stays_until_its_dossier_is_closed_safe_and_whole_at_the_province(machine: Machine, files: KioskFiles) -> None:
    dossier, done = attached(machine)
    province = Province(machine)
    province.tell({"e": "bl", "id": done.blob, "d": dossier, "ok": 1})
    province.end(dossier)
    assert files.forget([dossier]) == 0, "not safe off site yet"
    province.back_up()
    assert files.forget([dossier]) == 0, "its lines are in the backup; that the file is there too is not proven"
    province.day(1)
    file_one(machine)
    province.acknowledge()
    province.back_up()
    assert files.forget([]) == 0, "not closed"
    assert files.forget([dossier]) == 1
    assert not files.path(done.blob).exists()
    assert files.path(done.preview).exists(), "the province does not have it"


def test_what_is_known_of_files_goes_with_the_last_of_their_dossier(machine: Machine, files: KioskFiles) -> None:
    dossier, done = attached(machine)
    province = Province(machine)
    province.tell({"e": "bl", "id": done.blob, "d": dossier, "ok": 1})
    for job in machine.store.rows("SELECT id FROM print_job"):
        machine.store.set_print_state(job["id"], "printed")
    province.end(dossier)
    for day in (0, 91, 366, 458):
        province.day(day)
        file_one(machine)
        province.acknowledge()
        province.back_up()
        tidy(machine.store, Policy(), SODIUM.sealer(SealKey.generate().public), files.forget)
        known = {row["id"] for row in machine.store.rows("SELECT id FROM blob")}
        told = {row["id"] for row in machine.store.rows("SELECT id FROM blob_answer")}
        if day < 366:
            assert (known, told) == ({done.blob, done.preview}, {done.blob})
    assert (known, told) == ({done.preview}, set()), "the province has never said that it has the preview"
    machine.store.rebuild()
    assert machine.store.rows("SELECT id FROM blob_answer") == []


def test_what_a_crash_left_behind_is_swept_and_nothing_else(machine: Machine, files: KioskFiles) -> None:
    _, done = attached(machine)
    (files.folder / "new-99999999-x").write_bytes(b"half")
    (files.folder / "ab").mkdir(exist_ok=True)
    (files.folder / "ab" / ("ab" + "0" * 62)).write_bytes(b"whole, but its transaction never ended")
    assert files.sweep() == 2
    assert files.path(done.blob).exists()


def test_a_rotten_file_is_seen(machine: Machine, files: KioskFiles) -> None:
    _, done = attached(machine)
    assert files.is_sound(done.blob)
    files.path(done.blob).write_bytes(b"rotten")
    assert not files.is_sound(done.blob)


@pytest.mark.parametrize(
    ("line", "scans", "hour_open", "full"),
    [
        ("fixed", "always", True, True),
        ("metered", "always", False, False),
        ("fixed", "never", False, False),
        ("fixed", "closed", True, False),
        ("fixed", "closed", False, True),
    ],
)
def test_full_scans_go_when_line_and_hours_allow_and_previews_always(
    tmp_path: Path, line: str, scans: str, hour_open: bool, full: bool
) -> None:
    machine = make_machine(tmp_path, sets=(f"sync.line={line}", f"sync.scans={scans}"))
    allows = scan_times(machine.config, lambda moment: hour_open, machine.store.clock.now)
    assert (allows(Lane.FULL), allows(Lane.PREVIEW)) == (full, True)


def test_an_unknown_hour_holds_no_scan_back(tmp_path: Path) -> None:
    machine = make_machine(tmp_path, sets=("sync.scans=closed",))
    assert scan_times(machine.config, lambda moment: True, lambda: None)(Lane.FULL)


def test_pause_now_stops_every_file_until_it_is_taken_back(machine: Machine) -> None:
    pause_files(machine, True)
    assert not allowed(machine)(Lane.PREVIEW)
    pause_files(machine, False)
    assert allowed(machine)(Lane.PREVIEW)


def set_aside(machine: Machine, dossier: str, blob: str) -> None:
    """The province acknowledges everything and says that the event of this file had no effect."""
    inc, last, _ = machine.store.current()
    lines = {line.n: decode(line.body).content.get("blob") for line in machine.store.lines(inc, 0, last)}
    n = next(n for n, named in lines.items() if named == blob)
    told(machine)
    province = Province(machine)
    gone = {name: value for name, value in machine.store.fields(dossier).items() if name != f"at.{blob}"}
    province.tell(fields_entry(dossier, gone))
    province.tell(ack_entry(7, *machine.store.current()), not_applied(dossier, Origin(7, inc, n), "merge_failed"))


def test_a_file_whose_event_was_set_aside_is_sent_no_more_and_waits_for_an_official(machine: Machine, files: KioskFiles) -> None:
    dossier, done = attached(machine)
    machine.store.note_attempt(done.blob, Answer("blob_unknown"))
    set_aside(machine, dossier, done.blob)
    machine.store.forget_arrived()
    assert [task.id for task in files.tasks()] == [task.id for task in files.stick_tasks()] == [done.preview]
    assert [fact.id for fact in files.waiting()] == [done.preview]
    assert machine.store.outbox() == []
    (review,) = reviews(machine)
    code = machine.store.fields(dossier)["code"]
    assert (review.dossier, review.code, review.what_vi) == (dossier, code, "Thêm bản quét giấy tờ.")


def test_a_file_on_its_way_is_told_with_its_dossier_since_when_and_how_far(machine: Machine, files: KioskFiles) -> None:
    dossier, done = attached(machine)
    files.set_have(done.blob, Ranges.of_bytes(0, done.size // 2, done.size))
    machine.store.note_attempt(done.blob, Answer())
    (one,) = (item for item in machine.store.outbox() if item.item == done.blob)
    assert (one.code, one.since_ms) == (machine.store.fields(dossier)["code"], machine.store.clock.wall_ms())
    assert 0.4 < one.share <= 0.5


def test_a_set_aside_file_stays_aside_over_a_rebuild_and_goes_again_when_an_official_sends_it(
    machine: Machine, files: KioskFiles
) -> None:
    dossier, done = attached(machine)
    set_aside(machine, dossier, done.blob)
    machine.store.rebuild()
    assert done.blob not in [task.id for task in files.tasks()]
    resend(machine, reviews(machine)[0], OFFICIAL)
    machine.store.rebuild()
    told(machine)
    assert done.blob in [task.id for task in files.tasks()]


def test_a_file_the_province_takes_at_the_second_telling_is_sent(machine: Machine, files: KioskFiles) -> None:
    dossier, done = attached(machine)
    value = machine.store.fields(dossier)[f"at.{done.blob}"]
    set_aside(machine, dossier, done.blob)
    Province(machine).tell(fields_entry(dossier, {f"at.{done.blob}": value}))
    machine.store.rebuild()
    assert done.blob in [task.id for task in files.tasks()]


def test_a_set_aside_file_leaves_the_disk_with_its_closed_dossier(machine: Machine, files: KioskFiles) -> None:
    dossier, done = attached(machine)
    set_aside(machine, dossier, done.blob)
    province = Province(machine)
    province.back_up()
    assert files.forget([dossier]) == 0, "that the province has set it aside is not in the backup for certain"
    province.day(1)
    file_one(machine)
    province.acknowledge()
    province.back_up()
    assert files.forget([dossier]) == 1
    assert not files.path(done.blob).exists()
