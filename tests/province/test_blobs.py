"""Attachments at the province, over a real socket: what arrived counts, whatever became of the line."""

from __future__ import annotations

import base64
import io
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import requests
from PIL import Image

from province.blob_parts import Parts
from province.runtime import Runtime
from sync import steps
from sync.blob.cipher import RECORD, decrypt, encrypt, name_of, new_key
from sync.blob.crossing import Crossing
from sync.blob.http import BlobSender
from sync.blob.line import Peer
from sync.blob.ports import NO_DUE, BlobTask, Lane
from sync.blob.ranges import NONE, UNIT, Ranges
from sync.blob.wire import Act, Answer, Held, Ticket, ask_path, put_path, read_answer
from sync.keys import SODIUM, DeviceKeys
from sync.rollover import Rotation
from tests.province.browser import Browser
from tests.province.conftest import Site
from tests.province.support import KioskTwin
from tests.sync.blob.memory import MemoryKioskBlobs
from tests.waiting import until


@dataclass(frozen=True)
class Scan:
    """An invented scan of a dossier, encrypted."""

    id: str
    data: bytes
    key: bytes
    dossier: str


def scan(dossier: str, plain: bytes | None = None) -> Scan:
    key = new_key()
    data = b"".join(encrypt(io.BytesIO(plain or os.urandom(200_000)), key))
    return Scan(name_of(io.BytesIO(data)), data, key, dossier)


def tell(kiosk: KioskTwin, scan: Scan, role: str = "full", of: str = "", mime: str = "image/jpeg") -> None:
    told = {"blob": scan.id, "key": base64.b64encode(scan.key).decode(), "size": len(scan.data), "role": role, "mime": mime}
    told |= {"name": "giay_chung_sinh", "of": of, "pages": 2}
    kiosk.journal.write(scan.dossier, "at", told)
    kiosk.settle()


@pytest.fixture
def told(kiosk: KioskTwin) -> Scan:
    """A scan whose event the province has accepted."""
    made = scan(kiosk.file())
    tell(kiosk, made)
    return made


def ticket(kiosk: KioskTwin, scan: Scan, offset: int, length: int) -> bytes:
    act = Act.PUT if length else Act.ASK
    return Ticket(act, kiosk.journal.device, scan.id, offset, length, bytes(16)).write(kiosk.own.sign)


def answered(kiosk: KioskTwin, body: bytes) -> Answer:
    return read_answer(body, SODIUM.verifier(kiosk.keys.trust.province.verify_key), bytes(16))


def put(site: Site, kiosk: KioskTwin, scan: Scan, offset: int = 0, data: bytes | None = None) -> Answer:
    data = scan.data[offset:] if data is None else data
    done = requests.put(site.url + put_path(scan.id, offset), data=ticket(kiosk, scan, offset, len(data)) + data, timeout=10)
    assert done.status_code == 200
    return answered(kiosk, done.content)


def test_a_kiosk_taken_out_of_service_sends_no_file(site: Site, kiosk: KioskTwin, told: Scan) -> None:
    from province import devices

    devices.revoke(str(kiosk.journal.device), by="test")
    assert put(site, kiosk, told).refusal == "revoked"


def test_a_key_that_was_replaced_sends_no_file(site: Site, kiosk: KioskTwin, told: Scan) -> None:
    from province.journal import recording

    fresh = DeviceKeys.generate()
    with recording(0) as journal:
        journal.rotate_device(kiosk.journal.device, Rotation(kiosk.journal.device, 2, fresh.sign.public, fresh.seal.public, {}))
    assert put(site, kiosk, told).refusal == "bad_signature"


def ask(site: Site, kiosk: KioskTwin, scan: Scan) -> Answer:
    return answered(kiosk, requests.get(site.url + ask_path(scan.id, ticket(kiosk, scan, 0, 0)), timeout=10).content)


def cut(site: Site, kiosk: KioskTwin, scan: Scan, sent: int) -> None:
    """A line that breaks after so many bytes of the scan."""
    host, port = site.url.removeprefix("http://").split(":")
    head = f"PUT {put_path(scan.id, 0)} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {131 + len(scan.data)}\r\n\r\n".encode()
    with socket.create_connection((host, int(port)), 5) as line:
        line.sendall(head + ticket(kiosk, scan, 0, len(scan.data)) + scan.data[:sent])


@contextmanager
def serving(running: Runtime) -> Iterator[str]:
    """The same province with other limits, behind another port."""
    from province.server import make_server

    server = make_server(running)
    threading.Thread(target=server.run, daemon=True).start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.task_dispatcher.shutdown()
    server.close()


def entries(kiosk: KioskTwin) -> list[dict[str, object]]:
    """``bl`` entries in the feed of the commune."""
    from province.models import FeedRow
    from province.projection import read_entry

    told = [dict(read_entry(row)) for row in FeedRow.objects.order_by("seq")]
    return [entry for entry in told if entry["e"] == "bl"]


def test_a_file_sent_in_two_parts_in_the_wrong_order_is_complete(site: Site, kiosk: KioskTwin, told: Scan) -> None:
    half = 100 * UNIT
    later = put(site, kiosk, told, half)
    assert (later.state, later.have.held_bytes(len(told.data))) == (Held.PARTLY, len(told.data) - half)
    assert entries(kiosk) == []
    assert put(site, kiosk, told, 0, told.data[:half]).state == Held.COMPLETE
    assert entries(kiosk) == [{"e": "bl", "id": told.id, "d": told.dossier, "ok": 1}]


def test_what_came_before_the_line_broke_counts(site: Site, kiosk: KioskTwin, told: Scan) -> None:
    from province.blobs import province_files

    cut(site, kiosk, told, 150 * UNIT + 500)
    parts = province_files(site.running).parts
    until("the units to be on the disk, though nobody asks", lambda: parts.have(f"01273-{told.id}") == Ranges.of([(0, 150)]))
    until("the units to be kept", lambda: ask(site, kiosk, told).have == Ranges.of([(0, 150)]))
    answer = put(site, kiosk, told, 150 * UNIT)
    assert answer.state == Held.COMPLETE


def test_a_second_connection_is_served_while_the_first_hangs(site: Site, kiosk: KioskTwin, told: Scan) -> None:
    host, port = site.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 5) as hanging:
        head = f"PUT {put_path(told.id, 0)} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {131 + len(told.data)}\r\n\r\n"
        hanging.sendall(head.encode() + ticket(kiosk, told, 0, len(told.data)) + told.data[: 10 * UNIT])
        until("what the hanging connection brought to count", lambda: ask(site, kiosk, told).have == Ranges.of([(0, 10)]))
        assert put(site, kiosk, told, 10 * UNIT).state == Held.COMPLETE


def test_all_units_are_not_a_complete_file(site: Site, kiosk: KioskTwin, told: Scan) -> None:
    damaged = bytearray(told.data)
    damaged[RECORD + 7] ^= 1
    answer = put(site, kiosk, told, 0, bytes(damaged))
    assert answer.state == Held.PARTLY
    assert answer.have.missing(len(told.data)) == Ranges.of([(64, 128)]), "the damaged record, and nothing else, is asked again"
    assert entries(kiosk) == [{"e": "bl", "id": told.id, "d": told.dossier, "ok": 0, "bad": [1]}]
    assert put(site, kiosk, told, RECORD, told.data[RECORD : 2 * RECORD]).state == Held.COMPLETE


def test_a_file_under_a_wrong_name_is_told_once_and_asked_for_in_vain(site: Site, kiosk: KioskTwin) -> None:
    right = scan(kiosk.file())
    wrong = replace(right, id="ab" * 32)
    tell(kiosk, wrong)
    assert put(site, kiosk, wrong).state == Held.PARTLY
    told = [{"e": "bl", "id": wrong.id, "d": wrong.dossier, "ok": 0, "bad": []}]
    assert entries(kiosk) == told
    assert ask(site, kiosk, wrong).have == NONE
    assert entries(kiosk) == told, "asking costs one line of the feed to nobody"


def test_a_file_nobody_told_of_is_not_taken(site: Site, kiosk: KioskTwin) -> None:
    stranger = scan(kiosk.file())
    answer = put(site, kiosk, stranger)
    assert (answer.state, answer.refusal, answer.have) == (Held.UNKNOWN, "blob_unknown", NONE)


def test_a_kiosk_of_another_commune_may_not_send_it(
    site: Site, kiosk: KioskTwin, told: Scan, enrolled: Callable[[str], KioskTwin]
) -> None:
    assert put(site, enrolled("01279"), told).refusal == "blob_unknown"


def test_a_ticket_another_key_signed_is_refused(
    site: Site, kiosk: KioskTwin, told: Scan, enrolled: Callable[[str], KioskTwin]
) -> None:
    other = enrolled("01273")
    forged = Ticket(Act.PUT, kiosk.journal.device, told.id, 0, len(told.data), bytes(16)).write(other.own.sign)
    done = requests.put(site.url + put_path(told.id, 0), data=forged + told.data, timeout=10)
    assert answered(kiosk, done.content).refusal == "bad_signature"
    assert ask(site, kiosk, told).have == NONE


def test_bytes_that_are_no_ticket_get_no_answer_of_ours(site: Site, told: Scan) -> None:
    assert requests.put(site.url + put_path(told.id, 0), data=b"x" * 5000, timeout=10).status_code == 400
    assert requests.put(site.url + put_path(told.id, 0), data=b"short", timeout=10).status_code == 400
    assert requests.put(site.url + put_path(told.id, 0), data=iter([b"MCB1", b"chunked"]), timeout=10).status_code == 411


def test_a_full_disk_is_said_clearly_and_loses_nothing(site: Site, kiosk: KioskTwin, told: Scan) -> None:
    put(site, kiosk, told, 0, told.data[: 64 * UNIT])
    with serving(replace(site.running, config=replace(site.running.config, attachments_keep_free_mib=1 << 40))) as url:
        answer = put(replace(site, url=url), kiosk, told, 64 * UNIT)
    assert (answer.refusal, answer.pause_s) == ("disk_full", 300)
    assert ask(site, kiosk, told).have == Ranges.of([(0, 64)])


def test_who_has_spent_the_budget_is_asked_to_wait(site: Site, kiosk: KioskTwin, told: Scan) -> None:
    budget = site.running.attachments
    budget.spend(kiosk.journal.device, 1 << 30)
    answer = put(site, kiosk, told)
    assert answer.refusal == "blob_pause"
    assert answer.pause_s > 0
    site.clock.forward(7200)
    assert put(site, kiosk, told).state == Held.COMPLETE


def test_a_power_cut_between_the_file_and_the_feed_is_made_good_at_the_next_question(
    site: Site, kiosk: KioskTwin, told: Scan
) -> None:
    from province.blobs import province_files

    files = province_files(site.running).of("01273")
    put(site, kiosk, told, 0, told.data[:UNIT])
    part = f"01273-{told.id}"
    files.parts.write(part, 0, told.data)
    files.parts.keep(part, Ranges.whole(len(told.data)))
    files.files.put(told.id, files.parts.path(part))
    assert ask(site, kiosk, told).state == Held.COMPLETE
    assert [entry["ok"] for entry in entries(kiosk)] == [1]


def test_bytes_that_come_late_change_no_file_that_was_found_right(site: Site, kiosk: KioskTwin, told: Scan) -> None:
    from province.blobs import province_files

    files = province_files(site.running).of("01273")
    late = threading.Thread(target=files.write, args=(told.id, 0, bytes(UNIT)))

    class Late:
        """Altered bytes of a second call, between the judgement of a file and its place."""

        def entered(self, name: str) -> None:
            if name == "province.blob.place":
                late.start()
                late.join(0.3)

        def left(self, name: str) -> None:
            pass

    steps.watch(Late())
    try:
        assert put(site, kiosk, told).state == Held.COMPLETE
    finally:
        steps.watch(None)
    late.join(10)
    assert name_of(files.files.get(told.id)) == told.id
    assert not files.parts.path(f"01273-{told.id}").exists()


def test_projections_made_anew_know_what_is_complete(site: Site, kiosk: KioskTwin, told: Scan) -> None:
    from province.models import Attachment
    from province.projection import rebuild

    put(site, kiosk, told)
    before = Attachment.objects.get()
    rebuild()
    after = Attachment.objects.get()
    assert after.complete
    assert (after.blob, after.commune, after.dossier, after.seq) == (before.blob, before.commune, before.dossier, before.seq)


def test_a_commune_cannot_take_another_s_file_by_telling_of_it_first(site: Site, enrolled: Callable[[str], KioskTwin]) -> None:
    ours, theirs = enrolled("01273"), enrolled("01290")
    made = scan(ours.file())
    tell(theirs, replace(made, key=bytes(32), dossier=theirs.file()))
    tell(ours, made)
    assert put(site, theirs, made, 0, bytes(len(made.data))).state == Held.PARTLY
    assert put(site, ours, made).state == Held.COMPLETE


def test_a_commune_cannot_hide_another_s_file(site: Site, enrolled: Callable[[str], KioskTwin]) -> None:
    from province.models import Attachment

    ours, theirs = enrolled("01273"), enrolled("01290")
    made = scan(ours.file())
    tell(ours, made)
    put(site, ours, made)
    mine = replace(made, key=bytes(32), dossier=theirs.file())
    tell(theirs, mine)
    saw = theirs.confirmed(mine.dossier)[f"at.{made.id}"]
    taken_off = {"of": f"at.{made.id}", "saw": saw, "why": "x", "at": "2025-12-01T08:00:00+07:00"}
    theirs.journal.write(mine.dossier, "rm", {**taken_off, "by": {"role": "official", "name": "x"}})
    theirs.settle()
    assert dict(Attachment.objects.values_list("commune", "removed")) == {"01273": False, "01290": True}


def test_a_file_that_is_gone_is_found_by_the_check_and_asked_again_in_the_next_epoch(
    site: Site, kiosk: KioskTwin, told: Scan
) -> None:
    from province.blobs import province_files
    from province.database import new_epoch
    from province.verify import check

    put(site, kiosk, told)
    assert check().ok
    province_files(site.running).files.delete(told.id, "test")
    assert [finding.code for finding in check().findings] == ["file_missing"]
    new_epoch()
    assert check().ok
    kiosk.settle()
    assert entries(kiosk)[-1] == {"e": "bl", "id": told.id, "d": told.dossier, "ok": 0, "bad": []}
    assert put(site, kiosk, told).state == Held.COMPLETE


def test_what_is_counted_twice_makes_the_list_of_what_is_held_no_longer(tmp_path: Path) -> None:
    parts = Parts(tmp_path, 0)
    parts.write("x", 0, bytes(2 * UNIT))
    parts.keep("x", Ranges.of([(0, 2)]))
    before = (tmp_path / "x.have").read_bytes()
    assert parts.keep("x", Ranges.of([(0, 2)])) == Ranges.of([(0, 2)])
    assert (tmp_path / "x.have").read_bytes() == before


def test_the_product_s_sender_and_server_understand_each_other(site: Site, kiosk: KioskTwin, told: Scan) -> None:
    files = MemoryKioskBlobs()
    files.add(BlobTask(told.id, len(told.data), Lane.FULL, told.dossier, NO_DUE, NONE), told.data)
    office = SODIUM.verifier(kiosk.keys.trust.province.verify_key)
    sender = BlobSender(Peer(site.url, kiosk.journal.device, kiosk.own.sign, office), files, Crossing())
    assert sender.round(lambda lane: True, threading.Event()).refused == ""
    sender.close()
    assert [entry["ok"] for entry in entries(kiosk)] == [1]


def two_pages() -> bytes:
    """An invented preview: two pages, black on white."""
    pages = [Image.new("1", (300, 400), shade) for shade in (0, 1)]
    out = io.BytesIO()
    pages[0].save(out, "TIFF", compression="group4", save_all=True, append_images=pages[1:])
    return out.getvalue()


def test_officials_see_the_preview_first_and_that_the_original_has_not_come(people: Site, kiosk: KioskTwin) -> None:
    dossier = kiosk.file()
    full, small = scan(dossier), scan(dossier, two_pages())
    tell(kiosk, full)
    tell(kiosk, small, "preview", full.id, "image/tiff")
    put(people, kiosk, small)
    put(people, kiosk, full, 0, full.data[: 100 * UNIT])
    lan, page = Browser(people, "lan"), f"/can-bo/ho-so/01273/{dossier}"
    told = lan.get(page).text
    assert "bản gốc chưa về" in told
    assert "51 %" in told
    for number, shade in ((1, 0), (2, 255)):
        picture = lan.get(f"{page}/tep/{small.id}?trang={number}")
        assert picture.headers["Content-Type"] == "image/png"
        assert Image.open(io.BytesIO(picture.content)).convert("L").getpixel((5, 5)) == shade
    assert lan.get(f"{page}/tep/{full.id}").status_code == 404
    put(people, kiosk, full, 100 * UNIT)
    assert "bản gốc chưa về" not in lan.get(page).text
    whole = lan.get(f"{page}/tep/{full.id}")
    assert whole.content == b"".join(decrypt(io.BytesIO(full.data), len(full.data), full.key))
    assert dossier not in whole.headers["Content-Disposition"]


def test_a_file_opens_only_for_officials_who_may_see_its_dossier(people: Site, kiosk: KioskTwin) -> None:
    dossier = kiosk.file()
    small = scan(dossier, two_pages())
    tell(kiosk, small, "preview", "", "image/tiff")
    put(people, kiosk, small)
    address = f"/can-bo/ho-so/01273/{dossier}/tep/{small.id}"
    assert Browser(people, "lan").get(address).status_code == 200
    assert Browser(people, "mai").get(address).status_code == 404, "an official of another commune"
    assert Browser(people, "tin").get(address).status_code == 403, "who minds machines reads no dossiers"
    assert Browser(people).get(address).status_code == 302


def test_a_preview_that_is_no_picture_is_said_to_be_damaged(people: Site, kiosk: KioskTwin) -> None:
    dossier = kiosk.file()
    wrong = scan(dossier, b"no picture")
    tell(kiosk, wrong, "preview", "", "image/tiff")
    put(people, kiosk, wrong)
    assert Browser(people, "lan").get(f"/can-bo/ho-so/01273/{dossier}/tep/{wrong.id}").status_code == 409


def test_a_piece_is_durable_before_it_is_counted_and_counted_before_it_is_answered(
    site: Site, kiosk: KioskTwin, told: Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the disk is told, in its order: the bytes are flushed, then the list grows, is flushed, and so is its folder."""
    acts: list[str] = []

    def recorded(name: str, act: Callable[..., object]) -> Callable[..., object]:
        def call(file: int, *given: object) -> object:
            path = os.readlink(f"/proc/self/fd/{file}")
            if "/blobs/parts" in path:
                acts.append(f"{name} {path.rpartition('.')[2] if '.' in path else 'folder'}")
            return act(file, *given)

        return call

    for name in ("fsync", "pwrite"):
        monkeypatch.setattr(os, name, recorded(name, getattr(os, name)))
    assert put(site, kiosk, told, 0, told.data[: 4 * UNIT]).have == Ranges.of([(0, 4)])
    written = acts.index("fsync part")
    assert set(acts[:written]) == {"pwrite part"}
    assert acts[written + 1 :] == ["pwrite have", "fsync have", "fsync folder"]
