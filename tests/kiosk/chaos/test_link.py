"""The line of our own making: its arithmetic on moments, and real processes through it."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from kiosk.chaos.link import PROFILES, Link, Profile, Side, Spell
from kiosk.chaos.link.air import Air, Lane, Spells
from kiosk.chaos.link.profile import from_json

CLEAN = Profile(up_bps=8_000, down_bps=8_000, queue=3_000, delay_s=0.1, jitter_s=0.0)
NEVER = Spells(None, random.Random(1))


def lane(profile: Profile, seed: str = "1") -> Lane:
    return Lane(profile.up_bps, profile, NEVER, NEVER, seed)


def tcp(kiosk_port: int, flags: int, *, down: bool = False) -> bytes:
    ports = [kiosk_port.to_bytes(2, "big"), (80).to_bytes(2, "big")]
    header = bytearray(20)
    header[0], header[9] = 0x45, 6
    return bytes(header) + b"".join(reversed(ports) if down else ports) + bytes(9) + bytes([flags]) + bytes(6)


SYN, ACK = 0x02, 0x10


def test_a_packet_takes_its_air_time_and_the_delay() -> None:
    assert lane(CLEAN).offer(1_000, 5.0) == pytest.approx(6.1)


def test_packets_wait_for_each_other_and_what_does_not_fit_is_dropped() -> None:
    one = lane(CLEAN)
    assert [one.offer(1_000, 0.0) for _ in range(4)] == [pytest.approx(1.1), pytest.approx(2.1), pytest.approx(3.1), None]
    assert one.counts.full == 1


def test_the_queue_empties_with_time() -> None:
    one = lane(CLEAN)
    for _ in range(3):
        one.offer(1_000, 0.0)
    assert one.offer(1_000, 1.0) == pytest.approx(4.1)


def test_loss_has_the_share_it_was_given() -> None:
    one = lane(replace(CLEAN, up_bps=8_000_000, loss=0.3))
    got = [one.offer(100, float(number)) for number in range(4_000)]
    assert 0.27 < got.count(None) / len(got) < 0.33


def test_bad_air_loses_in_bursts() -> None:
    one = lane(replace(CLEAN, up_bps=8_000_000, bad=Spell(10, 10), bad_loss=1.0))
    got = [one.offer(100, number / 10) is None for number in range(10_000)]
    turns = sum(before != after for before, after in pairwise(got))
    assert 0.4 < sum(got) / len(got) < 0.6
    assert turns < 200


def test_jitter_never_reorders() -> None:
    one = lane(replace(CLEAN, up_bps=8_000_000, jitter_s=1.0))
    got = [one.offer(100, number / 100) or 0.0 for number in range(300)]
    assert got == sorted(got)


def test_a_delay_spike_holds_packets_back_without_losing_them() -> None:
    spikes = Spells(None, random.Random(1))
    spikes.add(1.0, 6.0)
    one = Lane(CLEAN.up_bps, CLEAN, NEVER, spikes, "1")
    assert one.offer(500, 2.0) == pytest.approx(6.6)


def test_the_same_seed_has_the_same_outages() -> None:
    dice = random.Random
    asked_late, asked_often = Spells(Spell(180, 30), dice("7")), Spells(Spell(180, 30), dice("7"))
    for moment in range(3_000):
        asked_often.begun(float(moment))
    assert asked_late.begun(3_000.0) == asked_often.begun(3_000.0) > 5
    assert asked_late.until(2_345.0) == asked_often.until(2_345.0)


def test_nothing_passes_during_an_outage() -> None:
    air = Air(CLEAN, 1)
    air.cut(1.0, 10.0)
    assert air.from_kiosk(tcp(4_000, SYN), 2.0) is None
    assert air.up.counts.out == 1


def test_what_is_in_the_air_when_an_outage_begins_is_lost() -> None:
    air = Air(CLEAN, 1)
    air.cut(1.05, 10.0)
    assert air.from_kiosk(tcp(4_000, SYN), 1.0) is None


def test_old_flows_are_forgotten_after_an_outage_and_new_ones_pass() -> None:
    air = Air(CLEAN, 1)
    air.from_kiosk(tcp(4_000, SYN), 0.0)
    assert air.from_province(tcp(4_000, SYN | ACK, down=True), 0.5) is not None
    air.cut(1.0, 1.0)
    assert air.from_kiosk(tcp(4_000, ACK), 3.0) is None
    assert air.from_province(tcp(4_000, ACK, down=True), 3.0) is None
    assert air.from_kiosk(tcp(4_001, SYN), 3.0) is not None
    assert air.from_province(tcp(4_001, SYN | ACK, down=True), 4.0) is not None


def test_every_byte_offered_is_counted_lost_or_not() -> None:
    air = Air(replace(CLEAN, loss=1.0), 1)
    air.from_kiosk(tcp(4_000, SYN), 0.0)
    assert (air.up.counts.offered, air.up.counts.carried, air.up.counts.lost) == (40, 0, 1)


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_survives_json(name: str) -> None:
    assert from_json(PROFILES[name].to_json()) == PROFILES[name]


SERVER = """
import socket
with socket.create_server(("198.18.0.2", 9000)) as listener:
    print("up", flush=True)
    while True:
        line, _ = listener.accept()
        line.sendall(line.recv(100)[::-1])
        line.close()
"""
CLIENT = """
import socket
line = socket.create_connection(("198.18.0.2", 9000), 10)
line.sendall(b"abc")
print(line.recv(10).decode(), line.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16).rstrip(b"\\0").decode())
"""
FAST = Profile(up_bps=10_000_000, down_bps=10_000_000, delay_s=0.02, jitter_s=0.0)


@pytest.fixture
def link() -> Iterator[Link]:
    with Link(FAST, 1) as made:
        yield made


def test_real_processes_talk_through_it_with_the_pinned_congestion_control(link: Link) -> None:
    with subprocess.Popen(link.inside(Side.PROVINCE, [sys.executable, "-c", SERVER]), stdout=subprocess.PIPE) as server:
        assert server.stdout.readline() == b"up\n"
        started = time.monotonic()
        said = subprocess.run(link.inside(Side.KIOSK, [sys.executable, "-c", CLIENT]), capture_output=True, text=True, check=True)
        assert time.monotonic() - started > 4 * FAST.delay_s
        server.kill()
    assert said.stdout == "cba cubic\n"
    traffic = link.traffic()
    assert traffic.up["offered"] == traffic.up["carried"] > 150


def test_nothing_else_in_the_world_is_reachable_from_inside(link: Link) -> None:
    routes = subprocess.run(link.inside(Side.KIOSK, ["cat", "/proc/net/route"]), capture_output=True, text=True, check=True)
    assert [line.split()[:2] for line in routes.stdout.splitlines()[1:]] == [["air", "000012C6"]]


def test_processes_and_devices_end_with_the_one_that_made_them() -> None:
    making = (
        "import subprocess, sys, time\nfrom kiosk.chaos.link import *\nlink = Link(Profile(), 1).__enter__()\n"
        "child = subprocess.Popen(link.inside(Side.KIOSK, ['sleep', '60']))\n"
        "print(child.pid, link._relay.pid, flush=True)\ntime.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", making], stdout=subprocess.PIPE) as maker:
        said = maker.stdout.readline().split()
        os.kill(maker.pid, signal.SIGKILL)
    end = time.monotonic() + 5
    while any(_running(int(one)) for one in said) and time.monotonic() < end:
        os.sched_yield()
    assert not any(_running(int(one)) for one in said)


def _running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
