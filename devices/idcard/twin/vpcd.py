"""Lays a chip twin on a virtual reader: the card's end of vsmartcard's ``vpcd`` protocol.

Every message is a length of two bytes, big-endian, and that many bytes; one byte is a control (0 off, 1 on, 2 reset, 4 «send
the ATR»), anything longer an APDU that wants its answer. Closing the connection lifts the card. The reader writes length and
body apart, so the card must acknowledge at once or each command takes 44 ms.
"""

from __future__ import annotations

import contextlib
import socket
import threading

from devices.idcard.twin.chip import ATR, ChipTwin

_OFF, _ON, _RESET, _SEND_ATR = 0, 1, 2, 4


class VpcdCard:
    """A place on the virtual reader at ``port`` (loopback) where one card can lie.

    Also a context manager, which lifts the card at the end.
    """

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._address = (host, port)
        self._line: socket.socket | None = None
        self._chip: ChipTwin | None = None
        self._thread: threading.Thread | None = None
        self._lifted = threading.Event()
        self._seen = threading.Event()

    def __enter__(self) -> VpcdCard:
        return self

    def __exit__(self, *_: object) -> None:
        self.lift()

    @property
    def lying(self) -> bool:
        """A card is on the reader: it was laid and neither you nor its own fault has lifted it."""
        return self._line is not None and not self._lifted.is_set()

    def lay(self, chip: ChipTwin, wait_s: float = 5.0) -> None:
        """Lay ``chip`` on the reader and wait until the reader has seen it.

        ``OSError`` when no such reader listens or it does not look.
        """
        self.lift()
        self._lifted.clear()
        self._seen.clear()
        line = socket.create_connection(self._address, timeout=wait_s)
        line.settimeout(None)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._line, self._chip = line, chip
        self._thread = threading.Thread(target=self._serve, args=(line,), name="vpcd-card", daemon=True)
        self._thread.start()
        if not self._seen.wait(wait_s):
            self.lift()
            raise OSError("the virtual reader does not look at its card")

    def lifted(self, within_s: float | None) -> bool:
        """Wait so long, or for ever, for the card to leave by its own fault or because the reader went."""
        return self._lifted.wait(within_s)

    def swap(self, chip: ChipTwin) -> None:
        """Another chip behind the same contact: the reader notices nothing, so nobody has to wait for it.

        For a card that is lying.
        """
        chip.power_on()
        self._chip = chip

    def lift(self) -> None:
        """Take the card off. Nothing happens when none lies there."""
        self._lifted.set()
        line, self._line = self._line, None
        if line is None or self._thread is None:
            return
        # The reader may have closed it first.
        with contextlib.suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)
        self._thread.join()

    def _serve(self, line: socket.socket) -> None:
        # A reader that goes away lifts the card.
        with line, contextlib.suppress(OSError):
            while (message := _receive(line)) is not None and self._react(line, message):
                pass
        self._lifted.set()

    def _react(self, line: socket.socket, message: bytes) -> bool:
        """Handle one message; ``False`` lifts the card."""
        chip = self._chip
        assert chip is not None
        if len(message) == 1:
            if message[0] in (_ON, _RESET):
                chip.power_on()
            elif message[0] == _SEND_ATR:
                _send(line, b"\x00\x00" if chip.faults.dead else ATR)
                self._seen.set()
            return True
        faults = chip.faults
        if faults.lift_after is not None and chip.answered >= faults.lift_after:
            return False
        if faults.delay_s and self._lifted.wait(faults.delay_s):
            return False
        answer = chip.answer(message)
        if answer is not None:
            _send(line, answer)
        return True


def _send(line: socket.socket, body: bytes) -> None:
    line.sendall(len(body).to_bytes(2, "big") + body)


def _receive(line: socket.socket) -> bytes | None:
    head = _exactly(line, 2)
    return None if head is None else _exactly(line, int.from_bytes(head, "big"))


def _exactly(line: socket.socket, count: int) -> bytes | None:
    data = b""
    while len(data) < count:
        # The kernel forgets this option after each use.
        if hasattr(socket, "TCP_QUICKACK"):
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        part = line.recv(count - len(data))
        if not part:
            return None
        data += part
    return data
