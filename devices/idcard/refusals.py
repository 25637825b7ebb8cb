"""How a chip refuses to open: because of the key, or because it does not take part. Its status word tells which."""

from __future__ import annotations


class KeyRefused(Exception):
    """The chip does not accept this key. ``tries_left``: how often it may still be tried, ``None`` when the chip does not say."""

    def __init__(self, sw: int) -> None:
        super().__init__(f"{sw:04X}")
        self.tries_left = sw & 0x0F if sw >> 4 == 0x63C else None


class AccessRefused(Exception):
    """The chip does not take part in this kind of access at all."""

    def __init__(self, sw: int) -> None:
        super().__init__(f"{sw:04X}")
