"""The torment of the real touch app: a filing is walked by touch to «Nộp hồ sơ», and the app dies inside a durable step of it.

Slower than the window-less torment (half a minute a strike) and with the same judge: whatever the screen had not promised may
be there or not, but never half, never twice, and never a slip without a record.
"""

from __future__ import annotations

from pathlib import Path

from kiosk.chaos.judge import Promises, judge
from kiosk.chaos.report import Report
from kiosk.chaos.torment import Torment, Victim, histogram_report
from kiosk.demo.fingers import Fingers
from kiosk.demo.journey import ANSWERS, BIRTH, scan_until_heard
from kiosk.demo.processes import Process
from kiosk.demo.screen import Glass, VirtualScreen
from kiosk.demo.stage import Stage
from sync.steps import VARIABLE

GLASS_STEPS = (
    "filing.number",
    "filing.events",
    "filing.print_job",
    "store.seal",
    "store.commit",
    "print.sending",
    "print.bytes",
    "print.settle",
)


def torment_glass(folder: Path, share: int, seed: int, seconds: float) -> Report:
    """Strike the app with its window ``share`` times inside each of :data:`GLASS_STEPS`."""
    fury = Torment(folder, share, 0, seed)
    screen = VirtualScreen(1280, 800, folder / "xvfb.log")
    try:
        with Stage(folder) as stage:
            walker = _Walker(stage, screen, fury, folder)
            fury.add(walker.victim)
            fury.run(seconds, lambda _done, _left: None, rest=(6.0, 7.0), idle=walker.again)
            walker.end()
            findings = list(judge(stage, Promises(frozenset(), frozenset())))
    finally:
        screen.close()
    return histogram_report("glass", fury, findings, seed)


class _Walker:
    """Starts the app and walks one filing up to the last touch."""

    def __init__(self, stage: Stage, screen: VirtualScreen, fury: Torment, folder: Path) -> None:
        self._stage, self._screen, self._folder = stage, screen, folder
        self._environment = {**screen.environment, VARIABLE: str(fury.socket_path("app"))}
        self._app: Process | None = None
        self._glass: Glass | None = None
        self.victim = Victim("app", self._walk, self._kill, GLASS_STEPS)

    def _walk(self) -> None:
        self.end()
        control = self._folder / "glass.sock"
        self._app = self._stage.start_kiosk(self._environment, control)
        glass = self._glass = Glass(control, self._app, self._screen)
        glass.wait_screen("attract")
        glass.tap("start")
        glass.tap(f"tile:{BIRTH}")
        glass.tap("way:chip")
        glass.wait_screen("scan")
        scan_until_heard(self._stage)
        glass.wait_screen("read_card")
        self._stage.reader.lay(self._stage.chip)
        glass.wait_screen("card_seen")
        self._stage.reader.lift()
        glass.tap("accept")
        fingers = Fingers(glass)
        fingers.answer_all(ANSWERS)
        fingers.to_the_end()
        # From here on a strike counts: the next touch files.
        self.victim.alive = True
        glass.tap("submit")

    def _kill(self) -> None:
        if self._app is not None:
            self._app.kill()

    def again(self) -> None:
        """A walk that came through unharmed: the next one begins with a fresh app."""
        self.victim.alive = False

    def end(self) -> None:
        """Let go of an app that is dead or not needed any more."""
        if self._glass is not None:
            self._glass.close()
            self._glass = None
        if self._app is not None:
            self._app.kill()
            self._app = None
