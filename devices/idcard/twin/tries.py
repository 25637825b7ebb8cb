"""How often a chip's secret may still be tried, as the card remembers it when the power is gone."""

from __future__ import annotations

from devices.idcard.twin.session import Refuse

BLOCKED = 0x6983


class Tries:
    """``left`` tries remain, ``None`` for a chip that does not count; ``refusal`` is then what it says to a wrong secret."""

    def __init__(self, left: int | None, refusal: int) -> None:
        self._full = self.left = left
        self._refusal = refusal

    @property
    def warning(self) -> int:
        """How the chip greets who is about to try: 9000, or 63Cx after failures (TR-03110-3, B.11.1)."""
        return 0x9000 if self.left == self._full else 0x63C0 | (self.left or 0)

    def begin(self) -> None:
        """Raises ``Refuse(6983)`` when none is left."""
        if self.left == 0:
            raise Refuse(BLOCKED)

    def failed(self) -> Refuse:
        """One less; the refusal to raise."""
        if self.left is None:
            return Refuse(self._refusal)
        self.left -= 1
        return Refuse(0x63C0 | self.left)

    def succeeded(self) -> None:
        self.left = self._full
