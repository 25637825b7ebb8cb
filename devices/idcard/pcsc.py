"""PC/SC with pyscard's plain calls: the daemon, its readers, and a connection to one card.

Nothing is cached: daemon and readers are looked for each time, so plugging a reader and restarting the daemon just work. Every
call here may block for as long as the card or the daemon likes; call them through a :class:`~devices.idcard.watchdog.Watchdog`.
Result codes of pcsc-lite become named failures in :func:`failure` and nowhere else.
"""

from __future__ import annotations

import smartcard.scard as pcsc

from devices.errors import DeviceError
from devices.idcard.errors import card_error
from devices.idcard.facts import ReaderState


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

_NOTICE_MS = 600


def failure(result: int) -> DeviceError:
    """The named failure for a PC/SC result code; ``chip_unreadable`` for anything without a clearer cause."""
    for code, results in _CAUSES.items():
        if result & 0xFFFFFFFF in results:
            return card_error(code)
    return card_error("chip_unreadable")


def _check(result: int) -> None:
    if result != pcsc.SCARD_S_SUCCESS:
        raise failure(result)


class Context:
    """A line to pcscd, held for one act. Raises ``pcscd_absent``."""

    def __init__(self) -> None:
        result, self.handle = pcsc.SCardEstablishContext(pcsc.SCARD_SCOPE_SYSTEM)
        if result != pcsc.SCARD_S_SUCCESS:
            raise card_error("pcscd_absent")

    def __enter__(self) -> Context:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        pcsc.SCardReleaseContext(self.handle)

    def readers(self) -> list[str]:
        """Names of the readers that are plugged in, in pcscd's order; may be empty."""
        result, names = pcsc.SCardListReaders(self.handle, [])
        if result & 0xFFFFFFFF in _CAUSES["reader_absent"]:
            return []
        _check(result)
        return list(names)

    def has_card(self, name: str) -> bool:
        """Whether a card lies on the reader ``name``. Raises ``reader_absent``."""
        result, states = pcsc.SCardGetStatusChange(self.handle, 0, [(name, pcsc.SCARD_STATE_UNAWARE)])
        _check(result)
        return bool(states[0][1] & pcsc.SCARD_STATE_PRESENT)

    def lifted_within(self, name: str, milliseconds: int) -> bool:
        """Whether the card that lay on ``name`` is gone, or goes in that time: pcscd looks at some readers only every 400 ms."""
        present, known = pcsc.SCARD_STATE_PRESENT, pcsc.SCARD_STATE_UNAWARE
        result, states = pcsc.SCardGetStatusChange(self.handle, milliseconds, [(name, known)])
        while result == pcsc.SCARD_S_SUCCESS and states[0][1] & present:
            known = states[0][1] & ~pcsc.SCARD_STATE_CHANGED
            result, states = pcsc.SCardGetStatusChange(self.handle, milliseconds, [(name, known)])
        return bool(result == pcsc.SCARD_S_SUCCESS)

    def find(self, wanted: str) -> ReaderState:
        """The reader with ``wanted`` in its name: the first with a card, else the first."""
        names = [name for name in self.readers() if wanted.casefold() in name.casefold()]
        if not names:
            return ReaderState(False, False, wanted, "reader_absent")
        # A slot for a security module always holds its card: it is never the citizen's.
        names = [name for name in names if " SAM" not in name] or names
        for name in names:
            if self.has_card(name):
                return ReaderState(True, True, name)
        return ReaderState(True, False, names[0])


class Connection:
    """A card and its reader, ours alone from :meth:`open` to :meth:`close`. ``wanted`` is part of the reader's name."""

    def __init__(self, wanted: str) -> None:
        self._wanted = wanted
        self._context: Context | None = None
        self._card: int | None = None
        self._name = ""
        self._lifted = False
        self._protocol = pcsc.SCARD_PCI_T1

    def open(self) -> None:
        """Raises ``card_absent``, ``reader_busy``, ``chip_unreadable`` and what :class:`Context` raises; close it all the same."""
        self._context = Context()
        state = self._context.find(self._wanted)
        if not state.card:
            raise card_error(state.problem or "card_absent")
        # Shared, because pcsc-lite waits without limit for exclusive use; the transaction then keeps others from interfering.
        result, card, protocol = pcsc.SCardConnect(
            self._context.handle, state.name, pcsc.SCARD_SHARE_SHARED, pcsc.SCARD_PROTOCOL_T0 | pcsc.SCARD_PROTOCOL_T1
        )
        _check(result)
        self._card, self._name = card, state.name
        self._protocol = pcsc.SCARD_PCI_T1 if protocol == pcsc.SCARD_PROTOCOL_T1 else pcsc.SCARD_PCI_T0
        _check(pcsc.SCardBeginTransaction(card))

    def transmit(self, apdu: bytes) -> bytes:
        """The answer to ``apdu``, with 61xx and 6Cxx already followed up. Raises ``card_removed``, ``chip_unreadable``."""
        answer = self._once(apdu)
        if len(answer) == 2 and answer[0] == 0x6C:
            return self._once(apdu[:-1] + answer[1:])
        while answer[-2] == 0x61:
            answer = answer[:-2] + self._once(bytes([0x00, 0xC0, 0x00, 0x00, answer[-1]]))
        return answer

    def _once(self, apdu: bytes) -> bytes:
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
        assert self._context is not None
        if self._context.lifted_within(self._name, _NOTICE_MS):
            return card_error("card_removed")
        return failure(result)

    def close(self) -> None:
        """Reset the chip, which forgets the session, and let go of it. Never raises; may be called after a failed :meth:`open`.

        A card that was lifted is not reset: another may lie there by now, and pcscd would lose track of it.
        """
        if self._card is not None:
            pcsc.SCardDisconnect(self._card, pcsc.SCARD_LEAVE_CARD if self._lifted else pcsc.SCARD_RESET_CARD)
        if self._context is not None:
            self._context.close()
