"""A courier on a real socket: what it holds, for whom it opens, what breaks on the way, and what its receipt is worth."""

from __future__ import annotations

import http.client
import io
import json
import os
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from sync.bundle import Header, Kind, VolumeWriter, Way
from sync.bundle_errors import BundleDamaged, BundleForged, BundleTooLarge, CourierRefused, StickFull
from sync.bundle_letters import Receipt, write_receipt
from sync.courier import TRIES, Courier, CourierServer, make_code
from sync.courier_client import CourierClient
from sync.depot import CourierReceipt, Depot, Held, read_courier_receipt, write_courier_receipt
from sync.errors import Offline
from sync.keys import SigningKey, VerifyKey
from tests.waiting import until

KIOSK = SigningKey(b"k" * 32)
PROVINCE = SigningKey(b"p" * 32)
COURIER = SigningKey(b"c" * 32)
CODE = "ABCD2345"


def volume(number: int = 1, size: int = 5000, way: Way = Way.UP, letters: tuple[bytes, ...] = ()) -> bytes:
    out = io.BytesIO()
    writer = VolumeWriter(out, Header(way, 1000, number, b"province", number.to_bytes(16, "big")), KIOSK)
    for letter in letters:
        writer.add(Kind.LETTER, letter)
    writer.add(Kind.SEGMENT, os.urandom(size))
    writer.finish()
    return out.getvalue()


def keep(depot: Depot, data: bytes) -> Held:
    return depot.receive(io.BytesIO(data), len(data), "v.hsb")[0]


@pytest.fixture
def depot(tmp_path: Path) -> Depot:
    return Depot(tmp_path / "depot", 1_000_000, lambda: [PROVINCE.public])


@pytest.fixture
def came() -> list[Held]:
    return []


@pytest.fixture
def server(depot: Depot, came: list[Held]) -> Iterator[CourierServer]:
    server = CourierServer(depot, Courier(7, COURIER, lambda: 1, came.append), CODE, ("127.0.0.1", 0))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def client(server: CourierServer) -> Iterator[CourierClient]:
    client = CourierClient(f"http://127.0.0.1:{server.port}", CODE)
    yield client
    client.close()


def ask(
    server: CourierServer, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, bytes, http.client.HTTPMessage]:
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    line.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = line.getresponse()
    result = answer.status, answer.read(), answer.headers
    line.close()
    return result


def test_silent_strangers_take_a_bounded_number_of_threads(server: CourierServer) -> None:
    before = threading.active_count()
    with ExitStack() as lines:
        for _ in range(80):
            lines.enter_context(socket.create_connection(("127.0.0.1", server.port), 5))
        until("the strangers to be let in or hung up on", lambda: threading.active_count() >= before + 32)
        assert threading.active_count() <= before + 32
    until("their threads to end", lambda: threading.active_count() <= before)
    assert ask(server, "GET", "/")[0] == 200


# --- the folder ---------------------------------------------------------------------------------------------------------


def test_a_volume_is_held_once_however_often_it_comes(depot: Depot) -> None:
    data = volume()
    assert keep(depot, data).name == keep(depot, data).name
    assert len(depot.held()) == 1


def test_a_volume_of_ones_own_is_offered_twice_and_takes_its_room_once(depot: Depot, tmp_path: Path) -> None:
    own = tmp_path / "own.hsb"
    own.write_bytes(volume())
    depot.offer(own)
    room = depot.room()
    depot.offer(own)
    assert depot.room() == room


def test_what_is_no_whole_volume_is_not_kept(depot: Depot, tmp_path: Path) -> None:
    data = volume()
    for wrong in (data[:-1], b"PK\x03\x04" + data, b"x" * 500):
        with pytest.raises(BundleDamaged):
            keep(depot, wrong)
    with pytest.raises(BundleTooLarge):
        depot.receive(io.BytesIO(data), 1 << 40, "v")
    assert list((tmp_path / "depot").iterdir()) == []


def test_a_full_folder_refuses_the_newcomer_and_keeps_what_it_has(depot: Depot) -> None:
    keep(depot, volume(1, 600_000))
    with pytest.raises(StickFull):
        keep(depot, volume(2, 600_000))
    assert [one.header.counter for one in depot.held()] == [1]


def test_a_forged_copy_does_not_take_the_place_of_what_is_held(depot: Depot) -> None:
    data = volume(1)
    true = keep(depot, data)
    forged = data[:-1] + bytes([data[-1] ^ 1])
    assert keep(depot, forged).name != true.name
    assert true.path.read_bytes() == data
    receipt = write_receipt(Receipt((1).to_bytes(16, "big"), 1000, {}, 0, "", 1), PROVINCE)
    keep(depot, volume(9, way=Way.DOWN, letters=(receipt,)))
    assert [one.header.way for one in depot.held()] == [Way.DOWN], "both leave when the true one has arrived"


def test_what_interrupted_transfers_left_takes_room_and_gives_way(depot: Depot) -> None:
    for name in ("a", "b"):
        depot.part(name).write_bytes(bytes(400_000))
    assert depot.room() <= 200_000
    assert keep(depot, volume(1, 500_000)).size > 500_000
    assert [depot.part(name).exists() for name in ("a", "b")] == [False, False]


def test_what_the_province_received_is_let_go_when_its_receipt_comes_by(depot: Depot) -> None:
    keep(depot, volume(1))
    keep(depot, volume(2))
    receipt = write_receipt(Receipt((1).to_bytes(16, "big"), 1000, {}, 0, "", 1), PROVINCE)
    keep(depot, volume(9, way=Way.DOWN, letters=(receipt,)))
    assert [(one.header.way, one.header.counter) for one in depot.held()] == [(Way.UP, 2), (Way.DOWN, 9)]


def test_a_copy_of_what_has_arrived_is_not_held_again(depot: Depot, tmp_path: Path) -> None:
    first = volume(1)
    receipt = write_receipt(Receipt((1).to_bytes(16, "big"), 1000, {}, 0, "", 1), PROVINCE)
    answer = keep(depot, volume(9, way=Way.DOWN, letters=(receipt,)))
    depot.remove(answer)
    keep(depot, first)
    assert depot.held() == []
    assert keep(Depot(tmp_path / "other", 1_000_000), first).path.exists(), "a folder that has not heard of it"


def test_a_month_of_bundles_that_arrive_leaves_the_folder_as_small_as_it_was(depot: Depot, tmp_path: Path) -> None:
    for day in range(1, 31):
        keep(depot, volume(day, 100_000))
        receipt = write_receipt(Receipt(day.to_bytes(16, "big"), 1000, {}, 0, "", 1), PROVINCE)
        depot.remove(keep(depot, volume(100 + day, way=Way.DOWN, letters=(receipt,))))
    assert [path.name for path in (tmp_path / "depot").iterdir()] == ["arrived"]
    assert depot.room() == 1_000_000


def test_what_the_kernel_took_and_a_phone_did_not_is_not_called_fetched(
    depot: Depot, server: CourierServer, tmp_path: Path
) -> None:
    held = keep(depot, volume(1, 60_000))
    before = threading.active_count()
    with socket.socket() as phone:
        phone.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        phone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        phone.connect(("127.0.0.1", server.port))
        phone.sendall(f"GET /v/{held.name} HTTP/1.1\r\nX-Code: {CODE}\r\n\r\n".encode())
        with phone.makefile("rb") as came:
            assert came.read(20_000).startswith(b"HTTP/1.1 200")
    until("the line to be given up", lambda: threading.active_count() <= before)
    assert not any(tmp_path.rglob("*.fetched"))


def test_a_full_folder_lets_go_what_was_carried_on_and_nothing_else(depot: Depot, server: CourierServer, tmp_path: Path) -> None:
    keep(depot, volume(1, 400_000))
    fetched = keep(depot, volume(2, 400_000))
    ask(server, "GET", f"/v/{fetched.name}", X_Code=CODE)
    until("the fetching is noted", lambda: any(tmp_path.rglob("*.fetched")))
    keep(depot, volume(3, 400_000))
    assert [one.header.counter for one in depot.held()] == [1, 3]
    with pytest.raises(StickFull):
        keep(depot, volume(4, 400_000))


def test_what_was_carried_on_stays_while_it_would_not_help(depot: Depot) -> None:
    keep(depot, volume(1, 700_000))
    depot.fetched(keep(depot, volume(2, 200_000)))
    with pytest.raises(StickFull):
        keep(depot, volume(3, 400_000))
    assert [one.header.counter for one in depot.held()] == [1, 2]


@pytest.mark.parametrize("wrong", ["forged", "refused", "of another device"])
def test_a_receipt_that_is_none_lets_nothing_go(depot: Depot, wrong: str) -> None:
    keep(depot, volume(1))
    refused = "gap" if wrong == "refused" else ""
    device = 1001 if wrong == "of another device" else 1000
    receipt = write_receipt(Receipt((1).to_bytes(16, "big"), device, {}, 0, refused, 1), KIOSK if wrong == "forged" else PROVINCE)
    keep(depot, volume(9, way=Way.DOWN, letters=(receipt,)))
    assert len(depot.held()) == 2


@pytest.mark.parametrize("name", ["../../etc/passwd", "/v/../x", "a" * 500, "ký tự.hsb", ""])
def test_a_strangers_name_is_never_a_path(depot: Depot, tmp_path: Path, name: str) -> None:
    data = volume()
    depot.receive(io.BytesIO(data), len(data), name)
    assert [path.parent for path in (tmp_path / "depot").iterdir()] == [tmp_path / "depot"]


# --- between kiosks -----------------------------------------------------------------------------------------------------


def test_what_a_courier_holds_is_fetched_once(depot: Depot, client: CourierClient, tmp_path: Path) -> None:
    keep(depot, volume(1))
    keep(depot, volume(2))
    mine = Depot(tmp_path / "mine", 1_000_000)
    assert [one.header.counter for one in client.fetch(mine)] == [1, 2]
    assert client.fetch(mine) == []


def test_a_broken_fetch_goes_on_where_it_stopped(depot: Depot, client: CourierClient, tmp_path: Path) -> None:
    data = volume(1, 400_000)
    held = keep(depot, data)
    mine = Depot(tmp_path / "mine", 1_000_000)
    mine.part(held.name).write_bytes(data[:300_000])
    moved: list[int] = []
    client.fetch(mine, moved.append)
    assert sum(moved) == len(data) - 300_000
    assert mine.held()[0].path.read_bytes() == data


def test_a_part_that_was_something_else_is_begun_anew(depot: Depot, client: CourierClient, tmp_path: Path) -> None:
    held = keep(depot, volume(1, 400_000))
    mine = Depot(tmp_path / "mine", 1_000_000)
    mine.part(held.name).write_bytes(b"y" * 300_000)
    with pytest.raises(BundleDamaged):
        client.fetch(mine)
    assert len(client.fetch(mine)) == 1


def test_a_volume_is_given_against_a_receipt_that_names_it(
    depot: Depot, client: CourierClient, tmp_path: Path, came: list[Held]
) -> None:
    path = tmp_path / "v.hsb"
    path.write_bytes(volume(3))
    receipt = client.send(path)
    assert (receipt.volume, receipt.courier) == ((3).to_bytes(16, "big"), 7)
    assert [one.header.counter for one in came] == [3]
    assert depot.held()[0].path.read_bytes() == path.read_bytes()


def test_a_courier_that_is_full_says_so(depot: Depot, client: CourierClient, tmp_path: Path) -> None:
    keep(depot, volume(1, 900_000))
    path = tmp_path / "v.hsb"
    path.write_bytes(volume(3, 300_000))
    with pytest.raises(CourierRefused) as refused:
        client.send(path)
    assert refused.value.reason == "stick_full"


def test_a_wrong_code_opens_nothing(server: CourierServer, tmp_path: Path) -> None:
    client = CourierClient(f"http://127.0.0.1:{server.port}", "WRONG234")
    path = tmp_path / "v.hsb"
    path.write_bytes(volume())
    with pytest.raises(CourierRefused):
        client.listed()
    with pytest.raises((CourierRefused, Offline)):
        client.send(path)
    client.close()


def test_too_many_wrong_codes_close_the_door_also_to_the_right_one(server: CourierServer, client: CourierClient) -> None:
    for _ in range(TRIES):
        assert ask(server, "GET", "/list", X_Code="WRONG234")[0] == 403
    with pytest.raises(CourierRefused) as refused:
        client.listed()
    assert refused.value.reason == "closed"


def test_nobody_there_is_offline() -> None:
    with pytest.raises(Offline):
        CourierClient("http://127.0.0.1:9", CODE).listed()


def test_a_receipt_is_worth_what_its_key_says() -> None:
    receipt = CourierReceipt(b"v" * 16, b"d" * 32, 7, 1)
    document = write_courier_receipt(receipt, COURIER)
    assert read_courier_receipt(document, VerifyKey(COURIER.public)) == receipt
    with pytest.raises(BundleForged):
        read_courier_receipt(document, VerifyKey(KIOSK.public))


# --- the phone ----------------------------------------------------------------------------------------------------------


def test_a_phone_enters_with_the_code_and_sees_what_there_is(depot: Depot, server: CourierServer) -> None:
    held = keep(depot, volume(1, 2_500_000 // 5))
    assert held.name.encode() not in ask(server, "GET", "/")[1]
    status, _, headers = ask(server, "POST", "/code", b"code=abcd2345", Content_Type="application/x-www-form-urlencoded")
    assert (status, headers["Location"]) == (303, "/")
    assert "HttpOnly" in headers["Set-Cookie"]
    cookie = headers["Set-Cookie"].split(";")[0]
    page = ask(server, "GET", "/", Cookie=cookie)[1].decode()
    assert f'href="/v/{held.name}"' in page
    assert "Gói gửi lên tỉnh, 0,5 MB" in page
    status, data, headers = ask(server, "GET", f"/v/{held.name}", Cookie=cookie)
    assert (status, data) == (200, held.path.read_bytes())
    assert held.name in headers["Content-Disposition"]


def test_a_phone_uploads_and_is_told(server: CourierServer) -> None:
    cookie = ask(server, "POST", "/code", b"code=" + CODE.encode())[2]["Set-Cookie"].split(";")[0]
    data = volume(4)
    status, body, _ = ask(server, "PUT", "/v/anything.hsb", data, Cookie=cookie)
    assert (status, "receipt" in json.loads(body)) == (201, True)
    status, body, _ = ask(server, "PUT", "/v/anything.hsb", data[:-1], Cookie=cookie)
    assert (status, json.loads(body)["error"]) == (422, "bundle_damaged")


def test_the_page_runs_nothing_but_its_own(server: CourierServer) -> None:
    _, body, headers = ask(server, "GET", "/")
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert policy.split("script-src 'nonce-")[1].split("'")[0].encode() in body


def test_a_code_is_read_off_a_screen() -> None:
    assert len({make_code() for _ in range(50)}) == 50
    assert set("".join(make_code() for _ in range(50))).isdisjoint("01ILO")
