"""The screen against a bare Kivy window with the same fonts: how soon it can be touched, its memory, how fast it answers a
finger.

Each program runs as a process of its own, started the same way, on the same driver. *Ready* is the datagram a supervisor
would get after the first frame; memory is what is resident a moment later. The touch figures come from inside the processes
(``kiosk.touch.probe``).
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from kiosk.bench.result import Result
from kiosk.demo.alone import enrolled_alone
from kiosk.demo.processes import product

SETTLE = 0.7
"""Seconds between the first frame and the look at the memory."""


def bench_start(rounds: int) -> Sequence[Result]:
    """Seconds from the start of the process to a screen that takes touches, and resident megabytes."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        state = _state(Path(folder))
        ours_command = product("kiosk", "--state", str(state), "--set", "screen.fullscreen=false", "--set", "devices.reader=none:")
        bare_command = [sys.executable, "-m", "kiosk.touch.bare"]
        for command in (ours_command, bare_command):
            _start(command, folder)
        seen = [(*_start(ours_command, folder), *_start(bare_command, folder)) for _ in range(rounds)]
    ours, memory, bare, bare_memory = zip(*seen, strict=True)
    peer = "cửa sổ Kivy trống, cùng phông chữ"
    return [Result("start", "s", ours, bare, peer, 1.5), Result("memory", "MB", memory, bare_memory, peer, 1.5)]


def bench_touch(rounds: int) -> Sequence[Result]:
    """Milliseconds from a touch to the changed frame: a button of ours and a key of ours against a bare button."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        state = _state(Path(folder))
        seen = []
        for _ in range(rounds):
            ours = _probe("kiosk", str(state))
            bare = _probe("bare")
            seen.append((ours["button"], ours["key"], bare["button"]))
    button, key, bare_button = zip(*seen, strict=True)
    peer = "một nút Kivy trống"
    return [Result("touch button", "ms", button, bare_button, peer, 1.5), Result("touch key", "ms", key, bare_button, peer, 1.5)]


def _state(folder: Path) -> Path:
    state = folder / "state"
    enrolled_alone(state, sets=("store.reserve_mb=1", "store.least_free_mb=1")).close()
    (state / "kiosk.toml").write_text(
        '[store]\nreserve_mb = 1\nleast_free_mb = 1\n[province]\nurl = "http://tinh.example"\n', "utf-8"
    )
    return state


def _environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    return {**kept, "SDL_VIDEODRIVER": "offscreen", "SDL_AUDIODRIVER": "dummy", **more}


def _start(command: Sequence[str], folder: str) -> tuple[float, float]:
    """(seconds to READY, resident MB) of one program."""
    address = str(Path(folder) / "notify")
    Path(address).unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(address)
        notify.settimeout(60)
        started = time.perf_counter()
        child = subprocess.Popen(
            command,
            env=_environment(NOTIFY_SOCKET=address),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            while notify.recv(100) != b"READY=1":
                continue
            took = time.perf_counter() - started
            time.sleep(SETTLE)
            return took, _resident(child.pid)
        finally:
            child.kill()
            child.wait(10)


def _resident(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no resident size")


def _probe(*words: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "kiosk.touch.probe", *words],
        env=_environment(),
        capture_output=True,
        text=True,
        timeout=180,
        check=True,
    )
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))
