"""A line of our own making for real processes: the kernel's TCP at both ends, our air between. The kernel here has no netem.

Use it as ``with Link(PROFILES["loss20"], seed=3) as link``: ``link.inside(Side.KIOSK, command)`` is the command line that runs a
command at that end, ``link.url(port)`` what it calls the other end by. Any number of links stand side by side: nothing of
them has a name, and every process started through one dies with the thread that started it, so a killed benchmark leaves nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Any

from kiosk.chaos.link.profile import PROVINCE, Profile


class Side(StrEnum):
    """Where a process runs."""

    KIOSK = "kiosk"
    PROVINCE = "province"


class LinkError(Exception):
    """The link cannot be made on this machine; carries code, message and cure for people."""

    def __init__(self, code: str, message_vi: str, cure_vi: str = "") -> None:
        super().__init__(message_vi)
        self.code = code
        self.message_vi = message_vi
        self.cure_vi = cure_vi


@dataclass(frozen=True, slots=True)
class Traffic:
    """What passed since the link began or the profile changed."""

    up: dict[str, int]
    down: dict[str, int]
    late_s: float
    """Worst delay of a delivery beyond its moment: how much this machine itself disturbed the line."""

    @property
    def offered(self) -> int:
        """IP bytes that both ends put on the line, lost ones included."""
        return self.up["offered"] + self.down["offered"]


class Link:
    """One line between two namespaces, from ``with`` to its end."""

    def __init__(self, profile: Profile, seed: int) -> None:
        self._profile = profile
        self._seed = seed
        self._relay: subprocess.Popen[str]
        self._spaces: dict[str, str] = {}

    def __enter__(self) -> Link:
        """Raises :class:`LinkError` where namespaces may not be made."""
        relay = [sys.executable, "-m", "kiosk.chaos.link.relay", str(self._seed), json.dumps(self._profile.to_json())]
        command = relay if os.geteuid() == 0 else ["unshare", "--map-root-user", *relay]
        self._relay = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        answer = self._answer()
        if "error" in answer:
            self.close()
            raise LinkError(
                "link_not_allowed",
                f"Máy này không cho tạo đường truyền thử ({answer['error']}).",
                "Chạy bằng quyền root, hoặc cho phép «user namespaces» trên máy này.",
            )
        self._spaces = answer
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the relay, and with it the devices."""
        if self._relay.stdin:
            self._relay.stdin.close()
        self._relay.wait(10)

    def inside(self, side: Side, command: Sequence[str]) -> list[str]:
        """The command line that runs ``command`` at this end; it is killed when the thread that starts it ends."""
        user = [] if os.geteuid() == 0 else ["--preserve-credentials", f"--user=/proc/{self._relay.pid}/ns/user"]
        return ["nsenter", *user, f"--net={self._spaces[side]}", "--", "setpriv", "--pdeathsig", "KILL", *command]

    @staticmethod
    def url(port: int) -> str:
        """How the kiosk's side calls a server at the province's."""
        return f"http://{PROVINCE}:{port}"

    def traffic(self) -> Traffic:
        return Traffic(**self._ask("counts"))

    def cut(self, seconds: float) -> None:
        """An outage now; afterwards old flows are forgotten."""
        self._ask(f"cut {seconds}")

    def change(self, profile: Profile) -> None:
        """Another line from now on; counts start anew."""
        self._ask(f"profile {json.dumps(profile.to_json())}")

    def _ask(self, line: str) -> dict[str, Any]:
        assert self._relay.stdin is not None
        self._relay.stdin.write(line + "\n")
        self._relay.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._relay.stdout is not None
        answer = self._relay.stdout.readline()
        if not answer:
            raise LinkError("link_ended", "Đường truyền thử đã dừng giữa chừng.")
        return dict(json.loads(answer))
