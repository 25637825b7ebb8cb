"""Expected failures of the door: each has a stable code, an exit code to read out on the phone, a sentence and a cure."""

from __future__ import annotations


class DoorError(Exception):
    """An expected failure of set-up: Vietnamese first, a short English line after. ``exit_code`` is promised in docs/door.md."""

    exit_code = 15
    code = "setup_failed"

    def __init__(self, message_vi: str, cure_vi: str, english: str) -> None:
        super().__init__(f"{self.code}: {english}")
        self.message_vi = message_vi
        self.cure_vi = cure_vi
        self.english = english

    def lines(self) -> str:
        """The whole message as printed: fact, cure, English."""
        return f"{self.code}: {self.message_vi}\n  Cách xử lý: {self.cure_vi}\n  ({self.english})\n"


class UnknownCommand(DoorError):
    exit_code = 2
    code = "unknown_command"


class PackagesMissing(DoorError):
    exit_code = 11
    code = "packages_missing"


class NoNetwork(DoorError):
    exit_code = 12
    code = "no_network"


class DiskFull(DoorError):
    exit_code = 13
    code = "disk_full"


class NoRights(DoorError):
    exit_code = 14
    code = "no_rights"


class SetupFailed(DoorError):
    """Anything else that went wrong in a named step; the log says what."""


class SetupBusy(DoorError):
    exit_code = 16
    code = "setup_busy"


class WrongFile(DoorError):
    exit_code = 17
    code = "wrong_file"
