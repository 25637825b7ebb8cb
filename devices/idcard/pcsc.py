"""PC/SC with pyscard's plain calls: the line to pcscd, its readers, and a connection to one card.

A :class:`Line` belongs to the thread that opened it; every call checks that, except :meth:`Line.interrupt`, which is made for other
threads. Nothing about readers is cached: they are looked for each time, so plugging one just works. Every call here may block for
as long as the card or the daemon likes; who calls it sets a :class:`~devices.idcard.watchdog.Watchdog`. Result codes of
pcsc-lite become named failures in :func:`failure` and nowhere else.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import smartcard.scard as pcsc

from devices.errors import DeviceError
from devices.idcard.apdu import Command
from devices.idcard.errors import card_error


def _codes(*values: int) -> frozenset[int]:
    # Some platforms hand the 32-bit codes out sign-extended.
    return frozenset(value & 0xFFFFFFFF for value in values)


_CAUSES = {
    "pcscd_absent": _codes(
        pcsc.SCARD_E_NO_SERVICE, pcsc.SCARD_E_SERVICE_STOPPED, pcsc.SCARD_F_COMM_ERROR, pcsc.SCARD_E_INVALID_HANDLE
    ),
    "reader_absent": _codes(pcsc.SCARD_E_NO_READERS_AVAILABLE, pcsc.SCARD_E_UNKNOWN_READER, pcsc.SCARD_E_READER_UNAVAILABLE),
    "reader_busy": _codes(pcsc.SCARD_E_SHARING_VIOLATION),
    "card_removed": _codes(pcsc.SCARD_E_NO_SMARTCARD, pcsc.SCARD_W_REMOVED_CARD),
}
_NOTHING_NEW = _codes(pcsc.SCARD_E_TIMEOUT, pcsc.SCARD_E_CANCELLED) | _CAUSES["reader_absent"]

_ANY_READER = "\\\\?PnP?\\Notification"
"""The pseudo reader whose state changes when readers come and go."""

_NOTICE_MS = 600

_SECURITY_MODULE = " SAM"


def failure(result: int) -> DeviceError:
    """The named failure for a PC/SC result code; ``chip_unreadable`` for anything without a clearer cause."""
    for code, results in _CAUSES.items():
        if result & 0xFFFFFFFF in results:
            return card_error(code)
    return card_error("chip_unreadable")


def _check(result: int) -> None:
    if result != pcsc.SCARD_S_SUCCESS:
        raise failure(result)


@dataclass(frozen=True, slots=True)
class Slot:
    """One reader and what PC/SC says of it. ``flags`` are its state; the upper half counts cards laid and lifted."""

    name: str
    flags: int

    @property
    def card(self) -> bool:
        return bool(self.flags & pcsc.SCARD_STATE_PRESENT)

    @property
    def laying(self) -> tuple[str, int]:
        """Names this laying of a card on this reader, as long as the line holds."""
        return self.name, self.flags >> 16


class Line:
    """A line to pcscd, owned by the thread that opens it. Raises ``pcscd_absent``."""

    def __init__(self) -> None:
        self._owner = threading.get_ident()
        result, self._handle = pcsc.SCardEstablishContext(pcsc.SCARD_SCOPE_SYSTEM)
        if result != pcsc.SCARD_S_SUCCESS:
            raise card_error("pcscd_absent")

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def handle(self) -> int:
        """For PC/SC calls of the owner. Raises ``RuntimeError`` on any other thread: a card was about to be touched twice."""
        if threading.get_ident() != self._owner:
            raise RuntimeError(f"PC/SC touched from thread {threading.current_thread().name}")
        return int(self._handle)

    def close(self) -> None:
        pcsc.SCardReleaseContext(self.handle)

    def interrupt(self) -> None:
        """End a :meth:`wait` under way; nothing happens when there is none. From any thread."""
        pcsc.SCardCancel(self._handle)

    def slots(self, wanted: str) -> list[Slot]:
        """The readers with ``wanted`` in their name, in pcscd's order. A slot for a security module is never a citizen's."""
        result, names = pcsc.SCardListReaders(self.handle, [])
        if result & 0xFFFFFFFF in _CAUSES["reader_absent"]:
            return []
        _check(result)
        named = [name for name in names if wanted.casefold() in name.casefold() and (wanted or _SECURITY_MODULE not in name)]
        if not named:
            return []
        result, states = pcsc.SCardGetStatusChange(self.handle, 0, [(name, pcsc.SCARD_STATE_UNAWARE) for name in named])
        if result & 0xFFFFFFFF in _CAUSES["reader_absent"]:
            return []
        _check(result)
        return [Slot(name, flags & ~pcsc.SCARD_STATE_CHANGED) for name, flags, _ in states]

    def wait(self, slots: Sequence[Slot], seconds: float) -> None:
        """Until a reader comes or goes, one of ``slots`` changes, or :meth:`interrupt`; at most so many ``seconds``."""
        known = [(_ANY_READER, pcsc.SCARD_STATE_UNAWARE), *((slot.name, slot.flags) for slot in slots)]
        result = pcsc.SCardGetStatusChange(self.handle, int(seconds * 1000), known)[0]
        if result & 0xFFFFFFFF not in _NOTHING_NEW:
            _check(result)

    def lifted(self, name: str) -> bool:
        """Whether the card that lay on ``name`` is gone, or goes soon: pcscd looks at some readers only every 400 ms."""
        known = pcsc.SCARD_STATE_UNAWARE
        result, states = pcsc.SCardGetStatusChange(self.handle, _NOTICE_MS, [(name, known)])
        while result == pcsc.SCARD_S_SUCCESS and states[0][1] & pcsc.SCARD_STATE_PRESENT:
            known = states[0][1] & ~pcsc.SCARD_STATE_CHANGED
            result, states = pcsc.SCardGetStatusChange(self.handle, _NOTICE_MS, [(name, known)])
        return bool(result == pcsc.SCARD_S_SUCCESS)


class Connection:
    """The card on the reader ``name``, ours alone from :meth:`open` to :meth:`close`."""

    def __init__(self, line: Line, name: str) -> None:
        self._line = line
        self.name = name
        self._card: int | None = None
        self._lifted = False
        self._protocol = pcsc.SCARD_PCI_T1

    def open(self) -> None:
        """Raises ``card_removed``, ``reader_busy``, ``reader_absent``, ``chip_unreadable``; close it all the same.

        Blocks while another program holds the card without having locked it for itself.
        """
        # Shared, because pcsc-lite waits without limit for exclusive use; the transaction then keeps others from interfering.
        result, card, protocol = pcsc.SCardConnect(
            self._line.handle, self.name, pcsc.SCARD_SHARE_SHARED, pcsc.SCARD_PROTOCOL_T0 | pcsc.SCARD_PROTOCOL_T1
        )
        _check(result)
        self._card = card
        self._protocol = pcsc.SCARD_PCI_T1 if protocol == pcsc.SCARD_PROTOCOL_T1 else pcsc.SCARD_PCI_T0
        _check(pcsc.SCardBeginTransaction(card))

    def transmit(self, apdu: bytes) -> bytes:
        """The answer to ``apdu``, with 6Cxx already followed up. Raises ``card_removed``, ``chip_unreadable``."""
        answer = self._once(apdu)
        command = Command.decode(apdu)
        # 6Cxx: so many bytes are there. It means nothing to a command that wants none.
        if len(answer) != 2 or answer[0] != 0x6C or command.le is None:
            return answer
        return self._once(command.wanting(answer[1] or 256).encode())

    def _once(self, apdu: bytes) -> bytes:
        assert self._line.handle
        result, answer = pcsc.SCardTransmit(self._card, self._protocol, list(apdu))
        if result == pcsc.SCARD_S_SUCCESS and len(answer) >= 2:
            return bytes(answer)
        error = self._why(result)
        self._lifted = error.code == "card_removed"
        raise error

    def _why(self, result: int) -> DeviceError:
        """A lifted card shows as an empty success or a failed transfer, often before pcscd knows that it is gone."""
        status = pcsc.SCardStatus(self._card)[0]
        if status != pcsc.SCARD_S_SUCCESS:
            return failure(status)
        return card_error("card_removed") if self._line.lifted(self.name) else failure(result)

    def close(self) -> None:
        """Reset the chip, which forgets the session, and let go of it. Never raises; may be called after a failed :meth:`open`.

        A card that was lifted is not reset: another may lie there by now, and pcscd would lose track of it.
        """
        if self._card is not None:
            assert self._line.handle
            pcsc.SCardDisconnect(self._card, pcsc.SCARD_LEAVE_CARD if self._lifted else pcsc.SCARD_RESET_CARD)
            self._card = None
