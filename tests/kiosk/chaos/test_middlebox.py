"""The box in the middle spoils what it should, on real sockets, and leaves the rest alone."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from kiosk.chaos.middlebox import MANNERS, Middlebox

ANSWER = b"MCS1" + bytes(range(200))


class Far:
    """A province that says how often it was asked."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        far = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                far.asked.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Length", str(len(ANSWER)))
                self.end_headers()
                self.wfile.write(ANSWER)

            def log_message(self, format: str, *args: object) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture
def far() -> Iterator[Far]:
    one = Far()
    yield one
    one.server.shutdown()
    one.server.server_close()


@pytest.fixture
def box(far: Far) -> Iterator[Middlebox]:
    one = Middlebox(("127.0.0.1", far.server.server_address[1]), seed=3)
    yield one
    one.close()


def ask(box: Middlebox, manner: str) -> requests.Response:
    box.manner = manner
    return requests.post(f"{box.url}/v1/x", data=b"MCQ1", timeout=5, allow_redirects=False, headers={"Accept-Encoding": "identity"})


def test_an_honest_box_brings_the_answer_and_keeps_the_request(box: Middlebox) -> None:
    assert ask(box, "honest").content == ANSWER
    assert box.requests == [b"MCQ1"]


@pytest.mark.parametrize(("manner", "status"), [("portal", 200), ("redirect", 302), ("login_demanded", 511), ("error_page", 503)])
def test_a_login_page_comes_without_asking_the_province(box: Middlebox, far: Far, manner: str, status: int) -> None:
    answer = ask(box, manner)
    assert (answer.status_code, far.asked) == (status, [])
    assert answer.content.startswith(b"<html>")


def test_an_answer_is_zipped_garbled_by_a_bit_or_added_to(box: Middlebox) -> None:
    zipped = box.serve("POST", "/v1/x", b"MCQ1", "") if ask(box, "gzip") else None
    assert zipped is not None
    assert gzip.decompress(zipped.body) == ANSWER
    garbled = ask(box, "garbled").content
    assert sum((one ^ other).bit_count() for one, other in zip(garbled, ANSWER, strict=True)) == 1
    assert ask(box, "appended").content.startswith(ANSWER + b"<script")


@pytest.mark.parametrize("manner", ["truncated", "length_too_long"])
def test_an_answer_that_ends_too_soon_is_no_answer(box: Middlebox, manner: str) -> None:
    with pytest.raises(requests.RequestException):
        ask(box, manner)


def test_a_length_that_is_too_short_cuts_the_answer(box: Middlebox) -> None:
    assert ask(box, "length_too_short").content == ANSWER[:-7]


def test_a_request_delivered_twice_is_answered_once(box: Middlebox, far: Far) -> None:
    assert ask(box, "twice").content == ANSWER
    assert far.asked == [b"MCQ1"] * 2


def test_yesterday_s_answer_is_one_that_was_given_before(box: Middlebox) -> None:
    assert ask(box, "yesterday").content.startswith(b"<html>")
    assert ask(box, "yesterday").content == ANSWER


def test_a_box_stands_on_loopback_only() -> None:
    with pytest.raises(ValueError, match="loopback"):
        Middlebox(("198.18.0.2", 80), seed=1)


def test_every_manner_has_a_name_that_can_be_asked_for() -> None:
    assert len(MANNERS) == 15
    assert {"honest", "twice", "buffering"} < set(MANNERS)
