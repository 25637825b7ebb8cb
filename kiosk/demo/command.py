"""``python3 main.py demo``: on a desktop a kiosk to play with; with ``--headless`` (or without a display) the main job by
itself.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kiosk.demo.journey import Journey
from kiosk.demo.processes import DemoError, wait_for
from kiosk.demo.screen import VirtualScreen
from kiosk.demo.stage import OFFICIAL_PIN, TECHNICIAN_PIN, Stage
from sync.discreet import log_discreetly


def demo_command(argv: Sequence[str]) -> int:
    """Run the demonstration; 0 only when every step happened (headless) or the window was closed (desktop)."""
    parser = argparse.ArgumentParser(prog="main.py demo", description="Chạy thử cả hành trình trên máy này.")
    parser.add_argument("--headless", action="store_true", help="không cần màn hình: máy tự chạm và ghi lại kết quả")
    parser.add_argument("--out", type=Path, help="thư mục kết quả (screens/, slips/, summary.json)")
    parser.add_argument("--portrait", action="store_true", help="màn hình dọc 800×1280")
    given = parser.parse_args(argv)
    log_discreetly(logging.WARNING)
    # Asked to stop, everything this command started must be stopped too.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))
    size = (800, 1280) if given.portrait else (1280, 800)
    display = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if given.headless or not display:
        with _out(given.out) as out:
            return _headless(out, size)
    return _desktop(size)


@contextmanager
def _out(out: Path | None) -> Iterator[Path]:
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        yield out.resolve()
        return
    folder = Path(tempfile.mkdtemp(prefix="mot-cua-xa-demo-"))
    sys.stdout.write(f"Kết quả ở {folder}\n")
    yield folder


def _headless(out: Path, size: tuple[int, int]) -> int:
    """Everything by itself: a summary in any case, also when a step fails."""
    for old in ("screens", "slips"):
        shutil.rmtree(out / old, ignore_errors=True)
    started = time.monotonic()
    summary: dict[str, Any] = {"ok": False, "steps": []}
    ok = False
    with tempfile.TemporaryDirectory(prefix="mcx-demo-") as folder:
        screen = VirtualScreen(*size, Path(folder) / "xvfb.log")
        try:
            with Stage(Path(folder), width=size[0], height=size[1], slips=out / "slips") as stage:
                journey = Journey(stage, out, screen)
                journey.note("set the stage", time.monotonic() - started)
                _say(f"✓ set the stage ({time.monotonic() - started:.1f} s)")
                summary = journey.summary
                ok = journey.walk(_say)
                if not ok:
                    shutil.copytree(stage.logs, out / "logs", dirs_exist_ok=True)
        except DemoError as error:
            summary["steps"].append({"name": "set the stage", "ok": False, "seconds": 0.0, "error": str(error)})
            _say(f"✗ set the stage: {error}")
        finally:
            screen.close()
    (out / "summary.json").write_text(json.dumps(summary, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    _say(f"{'Xong' if ok else 'CHƯA XONG'}: {time.monotonic() - started:.1f} giây. Xem summary.json, screens/, slips/.")
    return 0 if ok else 1


def _desktop(size: tuple[int, int]) -> int:
    """The kiosk window and a small control panel beside it; ends when either window is closed."""
    from kiosk.demo.panel import Panel

    with (
        tempfile.TemporaryDirectory(prefix="mcx-demo-") as folder,
        Stage(Path(folder), width=size[0], height=size[1], fullscreen=False) as stage,
    ):
        _say(f"Trang của tỉnh: {stage.province_url}")
        _say(f"Mã PIN cán bộ {OFFICIAL_PIN}, kỹ thuật {TECHNICIAN_PIN}. Phiếu in ra ở {stage.slips}")
        kiosk = stage.start_kiosk({})
        panel = None
        try:
            kiosk.expect("kiosk ready", 60)
            # Opened last, so that it lies above the kiosk's window on a desktop that does not place windows.
            panel = Panel(stage)
            wait_for("a window to be closed", lambda: not (kiosk.running() and panel.running()), 12 * 3600, 0.5)
        except DemoError as error:
            _say(str(error))
            return 1
        finally:
            if panel is not None:
                panel.stop()
            kiosk.stop()
    return 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
