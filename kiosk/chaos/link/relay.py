"""The process in the middle: two network namespaces that exist only through it, a TUN device in each, and the air between them.

Called with a seed and a profile as JSON, it says by which descriptors others enter the namespaces (``/proc/PID/fd/N``). Then it
answers ``counts``, ``cut SECONDS`` and ``profile {…}`` on standard input with a JSON line each. When standard input ends, however
its parent died, it ends too: devices and namespaces go with it, nothing has a name and nothing remains. The namespaces have no
other device but loopback: whatever runs in them reaches the two addresses of the link and nothing else in the world; the relay
drops anything addressed otherwise.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import heapq
import json
import os
import selectors
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from kiosk.chaos.link.air import Air
from kiosk.chaos.link.profile import KIOSK, NETWORK, PROVINCE, from_json

_CLONE_NEWNET: Final = 0x40000000
_TUNSETIFF, _TUN, _NO_PI = 0x400454CA, 0x0001, 0x1000
_PACKET: Final = 65536


def namespace(address: str, congestion: str) -> tuple[int, int]:
    """Go into a fresh network namespace with one TUN device; the descriptors of the device and of the namespace."""
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "unshare")
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH22x", b"air", _TUN | _NO_PI))
    # iproute2 sets congestion control by route: a namespace's own default may only name what the machine allows everybody.
    setup = (
        f"addr add {address}/30 dev air\nlink set lo up\nlink set air up\nroute replace {NETWORK} dev air congctl {congestion}\n"
    )
    subprocess.run(["ip", "-batch", "-"], input=setup, text=True, check=True, stdout=sys.stderr)
    Path("/proc/sys/net/ipv4/tcp_no_metrics_save").write_text("1", encoding="ascii")
    return device, os.open("/proc/self/ns/net", os.O_RDONLY)


class Relay:
    """Takes packets from one device, gives them to the other when their moment has come."""

    def __init__(self, air: Air, kiosk: int, province: int) -> None:
        self._air = air
        self._began = time.monotonic()
        self._due: list[tuple[float, int, int, bytes]] = []
        self._number = 0
        self._late = 0.0
        self._commands = b""
        self._selector = selectors.DefaultSelector()
        ends = (socket.inet_aton(KIOSK), socket.inet_aton(PROVINCE))
        self._take(kiosk, province, ends[0] + ends[1], air.from_kiosk)
        self._take(province, kiosk, ends[1] + ends[0], air.from_province)
        os.set_blocking(0, False)
        self._selector.register(0, selectors.EVENT_READ, self._command)
        self._open = True

    def run(self) -> None:
        while self._open:
            wait = self._due[0][0] - self._now() if self._due else None
            for key, _ in self._selector.select(wait if wait is None else max(0.0, wait)):
                key.data()
            self._deliver()

    def _now(self) -> float:
        return time.monotonic() - self._began

    def _take(self, source: int, target: int, ends: bytes, through: Callable[[bytes, float], float | None]) -> None:
        def packets() -> None:
            with contextlib.suppress(BlockingIOError):
                while True:
                    packet = os.read(source, _PACKET)
                    if packet[0] >> 4 != 4 or packet[12:20] != ends:
                        continue
                    moment = through(packet, self._now())
                    if moment is not None:
                        self._number += 1
                        heapq.heappush(self._due, (moment, self._number, target, packet))

        self._selector.register(source, selectors.EVENT_READ, packets)

    def _deliver(self) -> None:
        now = self._now()
        while self._due and self._due[0][0] <= now:
            moment, _, target, packet = heapq.heappop(self._due)
            self._late = max(self._late, now - moment)
            with contextlib.suppress(OSError):
                os.write(target, packet)

    def _command(self) -> None:
        piece = os.read(0, 65536)
        self._open = bool(piece)
        *lines, self._commands = (self._commands + piece).split(b"\n")
        for line in lines:
            word, _, rest = line.decode("utf-8").partition(" ")
            say(self._obey(word, rest))

    def _obey(self, word: str, rest: str) -> dict[str, Any]:
        if word == "cut":
            self._air.cut(self._now(), float(rest))
        elif word == "profile":
            self._air.change(from_json(json.loads(rest)))
        return {"up": asdict(self._air.up.counts), "down": asdict(self._air.down.counts), "late_s": round(self._late, 4)}


def say(facts: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Build, say where the namespaces are, relay until standard input ends."""
    seed, profile = int(sys.argv[1]), from_json(json.loads(sys.argv[2]))
    try:
        kiosk, kiosk_space = namespace(KIOSK, profile.congestion)
        province, province_space = namespace(PROVINCE, profile.congestion)
    except (OSError, subprocess.CalledProcessError) as error:
        say({"error": getattr(error, "strerror", None) or str(error)})
        return
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, -10)
    relay = Relay(Air(profile, seed), kiosk, province)
    say({"kiosk": f"/proc/{os.getpid()}/fd/{kiosk_space}", "province": f"/proc/{os.getpid()}/fd/{province_space}"})
    relay.run()


if __name__ == "__main__":
    main()
