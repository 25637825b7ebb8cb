"""Attachments over real sockets whose line breaks in every way: what arrived counts, nothing hangs, the next try goes on."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from sync.blob.cipher import encrypt, name_of, new_key
from sync.blob.crossing import Crossing
from sync.blob.http import BlobSender, Round
from sync.blob.line import LineWaits, Peer
from sync.blob.planner import Limits
from sync.blob.ports import NO_DUE, Announced, BlobTask, Lane, Sender
from sync.blob.ranges import NONE, Ranges
from sync.blob.receiver import Receiver
from sync.blob.wire import put_path
from sync.errors import CaptivePortal, Offline, ProxyRefused, ServerError
from sync.keys import SODIUM, SigningKey
from tests.sync.blob.blobserver import BlobServer
from tests.sync.blob.memory import MemoryKioskBlobs, MemoryProvinceBlobs
from tests.sync.tls_server import Gate
from tests.waiting import until

DEVICE, COMMUNE = 57, "01273"
KIB, TICKET = 1024, 131
LIMITS = Limits(start=32 * KIB, most_ahead=8 * KIB, lossy=0.15)
"""With its small buffers loopback itself sends a packet again now and then; that is no lossy line."""
QUICK = LineWaits(connect=2.0, stall=0.6, give_way=0.5)


@dataclass
class Scene:
    """A kiosk with files, a province that knows of them, a line between."""

    kiosk: MemoryKioskBlobs
    province: MemoryProvinceBlobs
    server: BlobServer
    crossing: Crossing
    sender: BlobSender
    peer: Peer

    def add(self, size: int = 100_000, lane: Lane = Lane.FULL, dossier: str = "k-1") -> str:
        """An invented scan, encrypted, of which the province has been told."""
        key = new_key()
        data = b"".join(encrypt(io.BytesIO(os.urandom(size)), key))
        blob = name_of(io.BytesIO(data))
        self.kiosk.add(BlobTask(blob, len(data), lane, dossier, NO_DUE, NONE), data)
        self.province.told[blob] = Announced(blob, len(data), key, COMMUNE)
        return blob

    def round(self) -> Round:
        return self.sender.round(lambda lane: True, threading.Event())


@pytest.fixture
def scene() -> Iterator[Scene]:
    device, office = SigningKey.generate(), SigningKey.generate()
    province = MemoryProvinceBlobs()
    province.senders[DEVICE] = Sender(DEVICE, COMMUNE, (SODIUM.verifier(device.public),))
    kiosk, crossing = MemoryKioskBlobs(), Crossing()
    with BlobServer(Receiver(province, office)) as server:
        peer = Peer(server.url, DEVICE, device, SODIUM.verifier(office.public))
        sender = BlobSender(peer, kiosk, crossing, waits=QUICK, limits=LIMITS)
        yield Scene(kiosk, province, server, crossing, sender, peer)
        crossing.busy(False)
        sender.close()


def test_a_file_arrives_whole_on_one_connection(scene: Scene) -> None:
    blob = scene.add()
    scene.round()
    assert scene.province.complete[blob] == scene.kiosk.files[blob]
    assert scene.kiosk.waiting[blob].have.is_whole(len(scene.kiosk.files[blob]))
    assert scene.sender.planner.connections == 1


@pytest.mark.parametrize("fault", ["cut", "hang", "lost", "mute", "buffered"])
def test_a_broken_line_is_replaced_at_once_and_nothing_that_arrived_is_sent_again(scene: Scene, fault: str) -> None:
    blob = scene.add(300_000)
    scene.server.faults.append(fault)
    scene.round()
    assert blob in scene.province.complete
    once = len(scene.kiosk.files[blob])
    again = 32 * 1024 if fault == "buffered" else 2048
    assert scene.server.received < once + again + 12 * 131
    assert [method for method, _, _ in scene.server.calls].count("GET") in (1, 2), "asked once by each line that goes on"


@pytest.mark.parametrize(("fault", "error"), [("portal", CaptivePortal), ("500", ServerError), ("407", ProxyRefused)])
def test_an_answer_of_somebody_else_ends_the_round_under_its_name(scene: Scene, fault: str, error: type[Exception]) -> None:
    scene.add()
    scene.server.faults.append(fault)
    with pytest.raises(error):
        scene.round()
    assert scene.round().units > 0


def test_a_province_that_is_not_there_ends_the_round(scene: Scene) -> None:
    scene.add()
    scene.server.__exit__(None, None, None)
    with pytest.raises(Offline):
        scene.round()


def test_a_line_that_gave_up_is_called_back_by_one_that_got_through(scene: Scene) -> None:
    blob = scene.add(200_000)
    for _ in range(8):
        scene.sender.planner.noticed(16 * KIB, 4 * KIB)
    assert scene.sender.planner.connections == 2
    with Gate(int(scene.server.url.rpartition(":")[2]), ended=5, through=3) as gate:
        scene.sender.call_on(replace(scene.peer, url=gate.url))
        scene.round()
        scene.sender.close()
    assert blob in scene.province.complete, "and the round did not end with the failure of the others"


def test_previews_go_before_full_files(scene: Scene) -> None:
    full, preview = scene.add(lane=Lane.FULL), scene.add(20_000, Lane.PREVIEW)
    scene.round()
    assert list(scene.province.complete) == [preview, full]


def test_a_lane_that_is_not_allowed_now_waits(scene: Scene) -> None:
    full, preview = scene.add(lane=Lane.FULL), scene.add(20_000, Lane.PREVIEW)
    scene.sender.round(lambda lane: lane == Lane.PREVIEW, threading.Event())
    assert list(scene.province.complete) == [preview]
    assert scene.kiosk.waiting[full].have == NONE


def test_a_file_whose_event_has_not_arrived_waits_and_holds_up_no_other(scene: Scene) -> None:
    early, other = scene.add(), scene.add()
    told = scene.province.told.pop(early)
    assert scene.round().refused == "blob_unknown"
    assert list(scene.province.complete) == [other]
    scene.province.told[early] = told
    scene.round()
    assert early in scene.province.complete


def test_while_events_wait_not_a_byte_of_an_attachment_moves(scene: Scene) -> None:
    blob = scene.add(300_000)
    scene.server.faults.extend(["slow"] * 9)
    worker = threading.Thread(target=scene.round)
    worker.start()
    until("some of a piece to arrive", lambda: scene.server.read > 120_000)
    scene.crossing.busy(True)
    before = until("the line to be still", lambda: _still(scene))
    assert before < len(scene.kiosk.files[blob])
    assert not threading.Event().wait(0.2)
    assert scene.server.read == before
    scene.crossing.busy(False)
    worker.join(20)
    assert blob in scene.province.complete
    assert scene.server.received < len(scene.kiosk.files[blob]) + 12 * 131, "the piece went on where it was"


def _still(scene: Scene) -> int:
    """Bytes read when two looks a moment apart agree."""
    before = scene.server.read
    threading.Event().wait(0.1)
    return before if scene.server.read == before else 0


def test_a_process_that_ends_does_not_wait_for_a_slow_line(scene: Scene) -> None:
    scene.add(2_000_000)
    scene.server.faults.append("mute")
    stop = threading.Event()
    worker = threading.Thread(target=scene.sender.round, args=(lambda lane: True, stop))
    worker.start()
    until("the call to be on the way", lambda: scene.server.calls)
    stop.set()
    worker.join(0.5)
    assert not worker.is_alive()


def test_events_that_wait_too_long_end_a_piece_in_its_middle_and_what_has_left_counts(scene: Scene) -> None:
    """The third piece, of 128 KiB behind 32 and 64, on a slow line."""
    blob = scene.add(1_000_000)
    scene.server.faults.extend(["", "", "slow"])
    worker = threading.Thread(target=scene.round)
    worker.start()
    until("the third piece to be in its middle", lambda: scene.server.read > (96 + 30) * KIB)
    scene.crossing.busy(True)
    until("its connection to be given up", lambda: len(scene.server.calls) == 3)
    got = scene.server.calls[2][2] - TICKET
    assert 30 * KIB <= got < 128 * KIB
    scene.crossing.busy(False)
    worker.join(20)
    asked, onward = scene.server.calls[3:5]
    assert asked[0] == "GET"
    assert onward[:2] == ("PUT", put_path(blob, 96 * KIB + got // KIB * KIB)), "every whole unit that had left counts"
    assert blob in scene.province.complete


def test_a_damaged_file_is_set_aside_for_a_person_instead_of_being_sent_for_ever(scene: Scene) -> None:
    blob = scene.add(200_000)
    rotten = bytearray(scene.kiosk.files[blob])
    rotten[70_000] ^= 1
    scene.kiosk.files[blob] = bytes(rotten)
    scene.round()
    assert blob in scene.kiosk.damaged
    assert blob not in scene.province.complete


def test_a_province_that_asks_to_wait_is_left_alone(scene: Scene) -> None:
    scene.add()
    scene.province.pause = 60
    result = scene.round()
    assert (result.pause_s, result.refused, result.units) == (60, "blob_pause", 0)


def test_a_restart_asks_before_it_goes_on(scene: Scene) -> None:
    blob = scene.add()
    scene.kiosk.set_have(blob, Ranges.of([(0, 90)]))
    scene.round()
    assert scene.server.calls[0][0] == "GET"
    assert blob in scene.province.complete, "what the kiosk believed and the province did not have was sent as well"
