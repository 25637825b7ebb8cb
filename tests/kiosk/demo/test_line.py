"""The line twin: bytes go through, and every way of failing looks to a program as it does in the hills."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
import requests

from kiosk.demo.line import LineTwin
from tests.waiting import until


class Echo:
    """A far end that answers every HTTP request with 200 «far» and counts them."""

    def __init__(self) -> None:
        self.requests = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = ("127.0.0.1", int(self._listener.getsockname()[1]))
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            with line:
                line.recv(65536)
                self.requests += 1
                line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nfar")

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def far() -> Iterator[Echo]:
    echo = Echo()
    yield echo
    echo.close()


@pytest.fixture
def line(far: Echo) -> Iterator[LineTwin]:
    twin = LineTwin(far.address)
    yield twin
    twin.close()


def test_an_open_line_carries_both_ways(line: LineTwin, far: Echo) -> None:
    assert requests.get(line.url, timeout=5).text == "far"
    assert far.requests == 1


def test_a_cut_line_reaches_nobody(line: LineTwin, far: Echo) -> None:
    line.set_mode("cut")
    with pytest.raises(requests.ConnectionError):
        requests.get(line.url, timeout=5)
    assert far.requests == 0


def test_a_portal_answers_in_the_far_end_s_place(line: LineTwin, far: Echo) -> None:
    line.set_mode("portal")
    answer = requests.get(line.url, timeout=5)
    assert (answer.status_code, "dang nhap" in answer.text, far.requests) == (200, True, 0)


def test_a_broken_far_end_says_500(line: LineTwin) -> None:
    line.set_mode("broken")
    assert requests.get(line.url, timeout=5).status_code == 500


def test_a_hanging_line_never_answers(line: LineTwin) -> None:
    line.set_mode("hang")
    with pytest.raises(requests.ReadTimeout):
        requests.get(line.url, timeout=(5, 0.2))


def test_midway_the_request_arrives_and_the_answer_is_lost(line: LineTwin, far: Echo) -> None:
    line.set_mode("midway")
    with pytest.raises(requests.ConnectionError):
        requests.get(line.url, timeout=5)
    until("the far end to have it", lambda: far.requests == 1)
    assert line.answers_dropped == 1


def test_cutting_resets_what_is_under_way(line: LineTwin) -> None:
    line.set_mode("hang")
    with socket.create_connection(("127.0.0.1", line.port), timeout=5) as call:
        call.sendall(b"GET / HTTP/1.1\r\n\r\n")
        until("the call to be taken", lambda: line.connections == 1)
        line.set_mode("cut")
        call.settimeout(5)
        assert ended(call)


def ended(call: socket.socket) -> bool:
    """Whether the other side has ended a call, with a reset or without."""
    try:
        return call.recv(100) == b""
    except ConnectionResetError:
        return True
