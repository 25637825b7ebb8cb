"""Named errors of the province: a stable code, a Vietnamese sentence and a cure, for the console and the command line."""

from __future__ import annotations


class ProvinceError(Exception):
    """An expected failure. ``code`` is stable and may be matched by programs; the texts are for people."""

    def __init__(self, code: str, message_vi: str, cure_vi: str = "") -> None:
        super().__init__(f"{code}: {message_vi}")
        self.code = code
        self.message_vi = message_vi
        self.cure_vi = cure_vi
