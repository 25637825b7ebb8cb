"""The HTTP bearer against a real socket: every way a line fails is told apart, bounded in time, and harmless."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from sync.errors import BadSignature, BearerError, CaptivePortal, Offline, ServerError, StaleReply, TimedOut, WrongAnswer
from sync.http import HttpBearer, Waits
from sync.simulator.world import Kiosk, World
from tests.sync.faultserver import FaultServer

QUICK = Waits(connect=2.0, read=0.8, whole=1.0)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def kiosk(world: World) -> Kiosk:
    kiosk = world.kiosk()
    kiosk.journal.write("", "tag", {"tag": "a"})
    return kiosk


@pytest.fixture
def server(world: World, kiosk: Kiosk) -> Iterator[FaultServer]:
    with FaultServer(world.answer) as server:
        yield server


@pytest.fixture
def bearer(server: FaultServer) -> Iterator[HttpBearer]:
    bearer = HttpBearer(server.url, waits=QUICK)
    yield bearer
    bearer.close()


def exchange(kiosk: Kiosk, bearer: HttpBearer) -> None:
    kiosk.engine.on_reply(bearer.exchange(kiosk.engine.make_request(0.0, 0)), 0.1)


def test_an_exchange_over_a_good_line(world: World, kiosk: Kiosk, server: FaultServer, bearer: HttpBearer) -> None:
    exchange(kiosk, bearer)
    exchange(kiosk, bearer)
    assert kiosk.engine.pending() == 0
    assert kiosk.journal.view() == world.province.view("01273")
    assert server.connections == 1, "the connection is kept"
    method, path, headers, _ = server.requests[0]
    assert (method, path) == ("POST", "/v1/x")
    assert set(headers) == {"Host", "Content-Length"}


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("drop", Offline),
        ("lost", Offline),
        ("truncated", Offline),
        ("hang", TimedOut),
        ("trickle", TimedOut),
        ("500", ServerError),
        ("503", ServerError),
        ("429", ServerError),
        ("portal", CaptivePortal),
        ("302", CaptivePortal),
        ("511", CaptivePortal),
        ("empty", CaptivePortal),
        ("404", WrongAnswer),
        ("endless", WrongAnswer),
    ],
)
def test_a_fault_is_named_changes_nothing_and_the_next_try_works(
    world: World, kiosk: Kiosk, server: FaultServer, bearer: HttpBearer, fault: str, error: type[BearerError]
) -> None:
    server.faults.append(fault)
    kept = kiosk.journal.state.copy()
    started = time.monotonic()
    with pytest.raises(error) as failed:
        exchange(kiosk, bearer)
    assert type(failed.value) is error or error is Offline
    assert failed.value.code == error.code
    assert time.monotonic() - started < 8
    assert kiosk.journal.state == kept
    assert [path for _, path, _, _ in server.requests] == ["/v1/x"], "nothing was followed"
    exchange(kiosk, bearer)
    assert kiosk.engine.pending() == 0
    assert set(world.province.view("01273").values()) == {1}


@pytest.mark.parametrize(("fault", "seconds"), [("503", 7.0), ("429", 9.0), ("500", 0.0)])
def test_how_long_the_server_asks_to_wait_is_handed_on(
    kiosk: Kiosk, server: FaultServer, bearer: HttpBearer, fault: str, seconds: float
) -> None:
    server.faults.append(fault)
    with pytest.raises(ServerError) as failed:
        exchange(kiosk, bearer)
    assert failed.value.retry_after_s == seconds


def test_an_altered_answer_is_a_bad_signature(kiosk: Kiosk, server: FaultServer, bearer: HttpBearer) -> None:
    server.faults.append("altered")
    kept = kiosk.journal.state.copy()
    with pytest.raises(BadSignature):
        exchange(kiosk, bearer)
    assert kiosk.journal.state == kept


def test_a_request_that_a_proxy_delivers_twice_has_its_effect_once(
    world: World, kiosk: Kiosk, server: FaultServer, bearer: HttpBearer
) -> None:
    server.faults.append("twice")
    exchange(kiosk, bearer)
    assert set(world.province.view("01273").values()) == {1}
    assert kiosk.engine.pending() == 0


def test_yesterdays_recorded_traffic_changes_nothing_on_either_side(
    world: World, kiosk: Kiosk, server: FaultServer, bearer: HttpBearer
) -> None:
    answers = []
    server.answer = lambda body: answers.append(world.answer(body)) or answers[-1]  # type: ignore[func-returns-value]
    exchange(kiosk, bearer)
    kiosk.journal.write("", "tag", {"tag": "b"})
    exchange(kiosk, bearer)
    kept, stored = kiosk.journal.state.copy(), world.province.state.copy()
    for _, _, _, body in reversed(server.requests * 3):
        world.answer(body)
    for answer in answers * 2:
        with pytest.raises(StaleReply):
            kiosk.engine.on_reply(answer, 0.1)
    assert kiosk.journal.state == kept
    assert world.province.state == stored


def test_a_kept_connection_that_died_is_replaced_at_once(kiosk: Kiosk, server: FaultServer, bearer: HttpBearer) -> None:
    exchange(kiosk, bearer)
    server.faults.append("drop")
    exchange(kiosk, bearer)
    assert len(server.requests) == 3
    assert server.connections == 2


def test_a_line_that_keeps_dying_is_tried_twice_and_no_more(kiosk: Kiosk, server: FaultServer, bearer: HttpBearer) -> None:
    exchange(kiosk, bearer)
    server.faults.extend(["drop"] * 5)
    with pytest.raises(Offline):
        exchange(kiosk, bearer)
    assert len(server.requests) == 3


def test_a_long_body_passes_a_slow_line_that_keeps_moving(kiosk: Kiosk, server: FaultServer) -> None:
    bearer = HttpBearer(server.url, waits=Waits(connect=1.0, read=5.0, whole=5.0))
    server.faults.append("slow_reader")
    server.answer = lambda body: b"MCX1" + len(body).to_bytes(4, "big")
    started = time.monotonic()
    assert bearer.exchange(bytes(600_000)) == b"MCX1" + (600_000).to_bytes(4, "big")
    assert time.monotonic() - started > 1.0, "longer than any single wait"
    bearer.close()


def test_a_line_on_which_the_body_does_not_move_is_a_time_out(kiosk: Kiosk, server: FaultServer) -> None:
    bearer = HttpBearer(server.url, waits=Waits(connect=0.5, read=5.0, whole=5.0))
    server.faults.append("deaf")
    with pytest.raises(TimedOut):
        bearer.exchange(bytes(4_000_000))


def test_a_host_that_does_not_let_us_in_is_offline() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        crowd = [socket.socket() for _ in range(4)]
        for one in crowd:
            one.setblocking(False)
            one.connect_ex(deaf.getsockname())
        with pytest.raises(Offline):
            HttpBearer(f"http://127.0.0.1:{deaf.getsockname()[1]}", waits=Waits(connect=0.4, read=0.4, whole=0.4)).exchange(b"MCX1")
        for one in crowd:
            one.close()


def test_no_cookie_is_kept_and_no_proxy_or_password_taken_from_the_environment(
    kiosk: Kiosk, server: FaultServer, bearer: HttpBearer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    server.faults.append("cookie")
    exchange(kiosk, bearer)
    exchange(kiosk, bearer)
    assert all("Cookie" not in headers and "Authorization" not in headers for _, _, headers, _ in server.requests)


def test_a_port_nobody_listens_on_is_offline(kiosk: Kiosk) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Offline) as failed:
        HttpBearer(f"http://127.0.0.1:{port}", waits=QUICK).exchange(b"MCX1")
    assert "127.0.0.1" not in str(failed.value), "no addresses in logs"


def test_a_name_that_does_not_resolve_is_offline() -> None:
    with pytest.raises(Offline):
        HttpBearer("http://tinh.invalid", waits=QUICK).exchange(b"MCX1")


def test_a_plain_answer_on_a_tls_address_is_offline(server: FaultServer) -> None:
    with pytest.raises(Offline):
        HttpBearer(server.url.replace("http:", "https:"), waits=QUICK).exchange(b"MCX1")
