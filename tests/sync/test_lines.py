"""Lines under the HTTP bearer: hedging, one packet for a small request, whom TLS trusts, proxies, portals that say who they are."""

from __future__ import annotations

import base64
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sync.connection import Connection, Way
from sync.errors import CaptivePortal, Offline, ProxyRefused, TimedOut, WrongServer
from sync.http import IN_FLIGHT, HttpBearer, Proxy, Waits
from sync.tcp import hasten
from sync.tls import Trust, read_pins
from tests.sync.faultserver import FaultServer
from tests.sync.tls_server import Certificate, ConnectProxy, TlsFront

QUICK = Waits(connect=1.0, read=1.0, whole=1.0)
ANSWER = b"MCX1 and the rest"


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer(lambda body: ANSWER) as server:
        yield server


@pytest.fixture
def bearer(server: FaultServer) -> Iterator[HttpBearer]:
    bearer = HttpBearer(server.url, waits=QUICK)
    yield bearer
    bearer.close()


def port(server: FaultServer) -> int:
    return int(server.url.rpartition(":")[2])


def lines() -> int:
    return sum(thread.name == "sync-line" for thread in threading.enumerate())


# --- hedging ----------------------------------------------------------------------------------------------------------


def test_a_request_that_hangs_is_won_on_a_second_connection(server: FaultServer, bearer: HttpBearer) -> None:
    server.faults.append("hang")
    started = time.monotonic()
    assert bearer.exchange(b"MCX1", 0.1) == ANSWER
    assert time.monotonic() - started < 1.0
    assert len({body for _, _, _, body in server.requests}) == 1, "the same bytes"
    assert 0.09 < bearer.hedged_s < 0.5
    bearer.exchange(b"MCX1", 0.1)
    assert bearer.hedged_s == 0.0


def test_the_connection_that_won_is_kept(server: FaultServer, bearer: HttpBearer) -> None:
    server.faults.append("hang")
    bearer.exchange(b"MCX1", 0.1)
    bearer.exchange(b"MCX1", 0.1)
    assert server.connections == 2


def test_a_small_request_that_lost_leaves_its_connection_for_the_next_hedge(server: FaultServer, bearer: HttpBearer) -> None:
    server.faults.append("late")
    bearer.exchange(b"MCX1", 0.1)
    while lines():
        time.sleep(0.01)
    server.faults.append("hang")
    assert bearer.exchange(b"MCX1", 0.1) == ANSWER
    assert server.connections == 2


def test_only_an_acknowledgement_counts_as_movement_not_what_waits_for_one() -> None:
    now = [0.0]
    line = Connection(Way("http://tinh.example", QUICK, Trust(), None, None, time.sleep, lambda: now[0]))
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        with socket.create_connection(listening.getsockname()) as held, listening.accept()[0] as far:
            held.setblocking(False)
            while suppressed(held.send, bytes(65536)):
                pass
            line.connected(held)
            now[0] = 5.0
            line.look()
            assert line.moved_at == 0.0
            while line.moved_at == 0.0:
                far.recv(65536)
                line.look()


def test_a_kernel_that_knows_nothing_of_an_option_goes_on_as_it_is() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as held:
        hasten(held)
    with socket.socket() as held:
        hasten(held)
        assert held.getsockopt(socket.IPPROTO_TCP, 16) == 1, "TCP_THIN_LINEAR_TIMEOUTS"


def suppressed(send: Callable[[bytes], int], data: bytes) -> int:
    try:
        return send(data)
    except BlockingIOError:
        return 0


def test_no_more_than_three_are_on_the_way(server: FaultServer, bearer: HttpBearer) -> None:
    server.faults.extend(["hang"] * 9)
    with pytest.raises(TimedOut):
        bearer.exchange(b"MCX1", 0.05)
    assert server.connections == IN_FLIGHT


def test_a_line_that_answers_in_time_is_not_hedged(server: FaultServer, bearer: HttpBearer) -> None:
    for _ in range(5):
        bearer.exchange(b"MCX1", 0.5)
    assert server.connections == 1


def test_a_login_page_on_one_connection_does_not_beat_the_province_on_another(server: FaultServer, bearer: HttpBearer) -> None:
    server.faults.extend(["hang", "portal", ""])
    assert bearer.exchange(b"MCX1", 0.1) == ANSWER


def test_of_several_failures_the_most_telling_is_told(server: FaultServer, bearer: HttpBearer) -> None:
    server.faults.extend(["hang", "portal", "drop"])
    with pytest.raises(CaptivePortal):
        bearer.exchange(b"MCX1", 0.1)


def test_a_long_request_that_still_moves_is_left_alone(server: FaultServer, bearer: HttpBearer) -> None:
    server.faults.append("slow_reader")
    assert bearer.exchange(bytes(400_000), 0.2) == ANSWER
    assert server.connections == 1


def test_the_threads_of_lost_hedges_end(server: FaultServer, bearer: HttpBearer) -> None:
    server.faults.extend(["hang", "hang"])
    bearer.exchange(b"MCX1", 0.05)
    bearer.close()
    assert lines() == 0


# --- bytes ------------------------------------------------------------------------------------------------------------


def test_a_small_request_leaves_in_one_write_with_nothing_it_does_not_need() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        seen: list[bytes] = []

        def once() -> None:
            held, _ = listening.accept()
            with held:
                seen.append(held.recv(65536))
                held.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nMCX1")

        thread = threading.Thread(target=once)
        thread.start()
        number = listening.getsockname()[1]
        bearer = HttpBearer(f"http://127.0.0.1:{number}", waits=QUICK)
        assert bearer.exchange(b"MCX1 small") == b"MCX1"
        thread.join()
        bearer.close()
    assert seen == [f"POST /v1/x HTTP/1.1\r\nHost: 127.0.0.1:{number}\r\nContent-Length: 10\r\n\r\nMCX1 small".encode()]


# --- TLS --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("years", [(2001, 2002), (2080, 2090)], ids=["expired", "not yet valid"])
@pytest.mark.parametrize("by", ["pin", "authority"])
def test_a_clock_that_is_wrong_does_not_lock_a_kiosk_out(
    server: FaultServer, tmp_path: Path, years: tuple[int, int], by: str
) -> None:
    certificate = Certificate(tmp_path, years=years)
    trust = Trust(pins=(certificate.pin,)) if by == "pin" else Trust(authority=certificate.file)
    with TlsFront(certificate, port(server)) as front:
        bearer = HttpBearer(front.url, waits=QUICK, trust=trust)
        assert bearer.exchange(b"MCX1") == ANSWER
        assert bearer.exchange(b"MCX1") == ANSWER
        bearer.close()
    assert server.connections == 1, "the connection is kept"


@pytest.mark.parametrize("by", ["pin", "authority", "name", "public"])
def test_somebody_else_behind_tls_is_told_apart_and_gets_no_byte_of_the_request(
    server: FaultServer, tmp_path: Path, by: str
) -> None:
    own, other = Certificate(tmp_path), Certificate(tmp_path)
    shown = Certificate(tmp_path, name="khac.example") if by == "name" else own
    trust = {
        "pin": Trust(pins=(other.pin,)),
        "authority": Trust(authority=other.file),
        "name": Trust(authority=shown.file),
        "public": Trust(),
    }[by]
    with TlsFront(shown, port(server)) as front, pytest.raises(WrongServer):
        HttpBearer(front.url, waits=QUICK, trust=trust).exchange(b"MCX1")
    assert server.requests == []


def test_the_next_key_may_be_pinned_before_it_is_used(server: FaultServer, tmp_path: Path) -> None:
    now, then = Certificate(tmp_path), Certificate(tmp_path)
    for certificate in (now, then):
        with TlsFront(certificate, port(server)) as front:
            bearer = HttpBearer(front.url, waits=QUICK, trust=Trust(pins=read_pins(f"{now.pin.hex()}, sha256/{_b64(then.pin)}")))
            assert bearer.exchange(b"MCX1") == ANSWER
            bearer.close()


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize("text", ["abc", "sha256/AAAA", "zz" * 32])
def test_what_is_no_pin_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a pin"):
        read_pins(text)


# --- proxies ----------------------------------------------------------------------------------------------------------


def test_tls_goes_through_a_proxy_with_its_login(server: FaultServer, tmp_path: Path) -> None:
    certificate = Certificate(tmp_path)
    with TlsFront(certificate, port(server)) as front, ConnectProxy("xa:bi-mat") as proxy:
        bearer = HttpBearer(front.url, waits=QUICK, trust=Trust(pins=(certificate.pin,)), proxy=Proxy(proxy.url, "xa:bi-mat"))
        assert bearer.exchange(b"MCX1") == ANSWER
        bearer.close()
    assert proxy.asked == [f"CONNECT 127.0.0.1:{front.port} HTTP/1.0"]
    assert "Proxy-Authorization" not in server.requests[0][2], "the login is for the proxy only"


def test_a_proxy_that_refuses_is_told_apart_and_the_login_is_in_no_message(tmp_path: Path, server: FaultServer) -> None:
    certificate = Certificate(tmp_path)
    with TlsFront(certificate, port(server)) as front, ConnectProxy("xa:bi-mat") as proxy:
        given = Proxy(proxy.url, "xa:sai-bi-mat")
        bearer = HttpBearer(front.url, waits=QUICK, trust=Trust(pins=(certificate.pin,)), proxy=given)
        with pytest.raises(ProxyRefused) as failed:
            bearer.exchange(b"MCX1")
    assert "bi-mat" not in str(failed.value) + repr(given)


def test_a_proxy_that_is_not_there_is_offline(server: FaultServer) -> None:
    with pytest.raises(Offline):
        HttpBearer(server.url, waits=QUICK, proxy=Proxy("http://127.0.0.1:9")).exchange(b"MCX1")


# --- portals ----------------------------------------------------------------------------------------------------------


def test_where_the_network_wants_its_login_is_told_without_query(server: FaultServer, bearer: HttpBearer) -> None:
    server.paths["POST", "/v1/x"] = lambda body: (511, b'{"captive":true,"user-portal-url":"http://wifi.example/login?mac=aa"}')
    with pytest.raises(CaptivePortal) as failed:
        bearer.exchange(b"MCX1")
    assert failed.value.portal == "http://wifi.example/login"


def test_a_redirect_tells_where_the_login_is(server: FaultServer, bearer: HttpBearer) -> None:
    server.faults.append("302")
    with pytest.raises(CaptivePortal) as failed:
        bearer.exchange(b"MCX1")
    assert failed.value.portal == server.url + "/login"


@pytest.mark.parametrize(
    "hint",
    ["javascript:alert(1)", "http://x/\\u001b[31m", "http://" + "a" * 300, "//", "", "http://[login", "http://ex\\u2100mple/"],
)
def test_a_portal_cannot_make_us_show_what_it_likes(server: FaultServer, bearer: HttpBearer, hint: str) -> None:
    server.paths["POST", "/v1/x"] = lambda body: (511, b'{"user-portal-url":"%s"}' % hint.encode())
    with pytest.raises(CaptivePortal) as failed:
        bearer.exchange(b"MCX1")
    assert failed.value.portal == ""
