"""Guessing does not pay: limits per address, with a clock that only moves when told."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
import requests

from province.limits import GrowingDelay, Window, address_key
from tests.province.conftest import Site
from tests.province.support import KEY, FakeClock, KioskTwin

CODE = "TAM-K1-251201-0001A"


def get(site: Site, key: str, code: str = CODE) -> int:
    return requests.get(f"{site.url}/h/{code}", params={"k": key}, timeout=10).status_code


def test_thirty_look_ups_a_minute_then_wait(site: Site, kiosk: KioskTwin) -> None:
    kiosk.file(code=CODE)
    kiosk.settle()
    assert [get(site, KEY) for _ in range(30)] == [200] * 30
    answer = requests.get(f"{site.url}/h/{CODE}", params={"k": KEY}, timeout=10)
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 61
    assert "Xin chờ" in answer.text
    site.clock.forward(60)
    assert get(site, KEY) == 200


def test_five_wrong_keys_an_hour_then_even_the_right_one_waits(site: Site, kiosk: KioskTwin) -> None:
    kiosk.file(code=CODE)
    kiosk.settle()
    assert [get(site, f"wrong{n}") for n in range(5)] == [404] * 5
    assert get(site, KEY) == 429
    site.clock.forward(3600)
    assert get(site, KEY) == 200


def test_a_slip_that_has_not_arrived_may_be_looked_up_again_and_again(site: Site, kiosk: KioskTwin) -> None:
    for _ in range(12):
        assert get(site, KEY) == 404
    kiosk.file(code=CODE)
    kiosk.settle()
    assert get(site, KEY) == 200


def test_typing_and_scanning_share_one_limit(site: Site) -> None:
    for n in range(5):
        requests.post(site.url, data={"ma": CODE, "khoa": f"wrong{n}"}, timeout=10)
    assert get(site, "x") == 429


def test_the_form_itself_and_the_health_page_are_not_limited(site: Site) -> None:
    for n in range(5):
        get(site, f"wrong{n}")
    assert requests.get(site.url, timeout=10).status_code == 200
    assert requests.get(f"{site.url}/healthz", timeout=10).json()["ok"] is True


def test_a_window_slides() -> None:
    clock = FakeClock()
    window = Window(2, 60, lambda: clock.mono)
    assert window.add("a") == 0.0
    clock.forward(30)
    assert window.add("a") == 0.0
    assert window.add("a") == pytest.approx(30)
    assert window.add("b") == 0.0
    clock.forward(31)
    assert window.add("a") == 0.0
    assert window.add("a") == pytest.approx(29)


def test_an_address_that_waits_is_not_made_to_wait_longer_by_asking() -> None:
    clock = FakeClock()
    window = Window(1, 60, lambda: clock.mono)
    window.add("a")
    for _ in range(50):
        clock.forward(1)
        window.add("a")
    clock.forward(10.5)
    assert window.add("a") == 0.0


def test_memory_of_addresses_is_bounded() -> None:
    clock = FakeClock()
    window = Window(1, 60, lambda: clock.mono)
    for n in range(10_050):
        window.add(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}")
    assert len(window._seen) == 10_000


def test_a_household_is_one_address() -> None:
    assert address_key("2001:db8:1:2:aaaa::1") == address_key("2001:db8:1:2:bbbb::9")
    assert address_key("2001:db8:1:2::1") != address_key("2001:db8:1:3::1")
    assert address_key("::ffff:192.0.2.7") == address_key("192.0.2.7") == "192.0.2.7"


def test_failed_sign_ins_wait_longer_and_longer_and_success_forgives() -> None:
    clock = FakeClock()
    delay = GrowingDelay(lambda: clock.mono)
    for _ in range(4):
        delay.failed("name:lan")
    assert delay.wait("name:lan") <= 0
    waits = []
    for _ in range(9):
        delay.failed("name:lan")
        waits.append(delay.wait("name:lan", "address:x"))
    assert waits[:3] == [30, 60, 120]
    assert waits[-1] == 3600
    delay.succeeded("name:lan")
    assert delay.wait("name:lan") <= 0


def lookups_from(url: str, *forwarded: str) -> list[int]:
    return [
        requests.get(f"{url}/h/{CODE}", params={"k": f"wrong{n}"}, headers={"X-Forwarded-For": address}, timeout=10).status_code
        for n, address in enumerate(forwarded)
    ]


def test_a_made_up_forwarding_header_does_not_escape_the_limit(site: Site) -> None:
    assert lookups_from(site.url, *(f"192.0.2.{n}" for n in range(6))) == [404] * 5 + [429]


def test_behind_the_trusted_proxy_each_visitor_has_an_own_limit(site: Site) -> None:
    from province.server import make_server

    options = replace(site.running.options, trusted_proxy="127.0.0.1")
    server = make_server(replace(site.running, options=options))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.effective_port}"
    assert lookups_from(url, *(f"192.0.2.{n}" for n in range(6))) == [404] * 6
    assert lookups_from(url, *["192.0.2.99"] * 6) == [404] * 5 + [429]
    server.task_dispatcher.shutdown()
    server.close()
