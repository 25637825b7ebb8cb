"""Expected failures of hardware: a stable code, a Vietnamese sentence for the screen, and a cure.

Anything else that goes wrong in this room is a defect and is allowed to crash into the supervisor.
"""

from __future__ import annotations


class DeviceError(Exception):
    """``code`` is stable (``reader_absent``, ``paper_out`` …); ``message_vi`` and ``cure_vi`` are shown to people."""

    def __init__(self, code: str, message_vi: str, cure_vi: str) -> None:
        super().__init__(f"{code}: {message_vi}")
        self.code = code
        self.message_vi = message_vi
        self.cure_vi = cure_vi
