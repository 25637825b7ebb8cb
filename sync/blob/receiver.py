"""The province's side of a call: who may send what, and what has arrived. Pure but for the :class:`ProvinceBlobs` it is given.

A call is a ticket, then bytes. The ticket is checked before a byte is kept: signed by an enrolled device, for a file that an
accepted ``at`` event of its commune has told of, inside that file, within the budget. Then every whole unit counts as soon as it
is on the disk, also when the call is cut, and also when the call hangs and a second one asks: what any call has written of a file
is made durable and counted by whoever answers next. No call locks a file; two calls may bring the same bytes. A file is complete
by its hash and never by counting units.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Final

from sync.blob.ports import Announced, CommuneBlobs, ProvinceBlobs
from sync.blob.ranges import NONE, UNIT, Ranges
from sync.blob.wire import TICKET, Act, Answer, Held, Ticket, read_ticket
from sync.errors import BadSignature, BlobDiskFull, BlobProtocol, SyncError
from sync.keys import Signer, by_one_of

KEEP_EVERY: Final = 64 * 1024
"""Bytes after which what was written is made durable and counted."""
FULL_PAUSE_S: Final = 300
"""How long a kiosk is asked to wait when the province's disk is full."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A ticket that was found good."""

    ticket: Ticket
    told: Announced
    files: CommuneBlobs


class Receiver:
    """Opens calls. One per service; any thread may use it when its ``blobs`` may be used so."""

    def __init__(self, blobs: ProvinceBlobs, signer: Signer) -> None:
        self.blobs = blobs
        self.signer = signer
        self._guard = threading.Lock()
        self._loose: dict[tuple[str, str], Ranges] = {}

    def open(self) -> Call:
        """A call begins; what it is comes with its ticket."""
        return Call(self)

    def ask(self, ticket: bytes) -> bytes:
        """Answer a ticket that asks, and finish a file whose last unit came when nobody waited for the answer."""
        call = self.open()
        call.feed(ticket)
        return call.close()

    def wrote(self, told: Announced, units: Ranges) -> None:
        """Some call has written these units; they wait to be made durable."""
        key = told.commune, told.id
        with self._guard:
            self._loose[key] = self._loose.get(key, NONE) | units

    def keep(self, entry: _Entry) -> Ranges:
        """Make durable and count what all calls have written of a file; all that is held. Raises BlobDiskFull."""
        blob = entry.told.id
        with self._guard:
            units = self._loose.pop((entry.told.commune, blob), NONE)
        return entry.files.keep(blob, units) if units.runs else entry.files.have(blob)

    def admit(self, data: bytes) -> _Entry | Answer:
        """Check a ticket; an answer is a refusal.

        Raises:
            NotOurProtocol, BlobProtocol: no ticket, so nobody to answer to.
        """
        signed = read_ticket(data)
        ticket = signed.ticket
        sender = self.blobs.sender(ticket.device)
        if sender is None:
            return Answer(ticket.nonce, refusal="device_unknown")
        try:
            by_one_of(sender.keys, signed.verify)
        except BadSignature:
            return Answer(ticket.nonce, refusal="bad_signature")
        if sender.revoked:
            return Answer(ticket.nonce, refusal="revoked")
        files = self.blobs.of(sender.commune)
        told = files.announced(ticket.blob)
        if told is None:
            return Answer(ticket.nonce, refusal="blob_unknown")
        if ticket.offset + ticket.length > told.size:
            return Answer(ticket.nonce, refusal="blob_outside")
        if ticket.act == Act.PUT and (pause := self.blobs.pause_s(ticket.device)):
            return Answer(ticket.nonce, Held.PARTLY, files.have(told.id), pause, "blob_pause")
        return _Entry(ticket, told, files)


class Call:
    """One call: bytes as they come, then one answer. Used by one thread at a time."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._blobs = receiver.blobs
        self._ticket = bytearray()
        self._entry: _Entry | None = None
        self._refusal: Answer | None = None
        self._rest = bytearray()
        self._held = NONE
        self._at = 0
        self._loose = 0
        self._answer: bytes | None = None

    @property
    def refused(self) -> bool:
        """Nothing more of this call is looked at."""
        return self._refusal is not None

    def feed(self, data: bytes) -> None:
        """Take bytes of the body, any cut.

        Raises:
            NotOurProtocol, BlobProtocol: it does not begin with a ticket.
        """
        if self._entry is None and self._refusal is None:
            lacking = TICKET - len(self._ticket)
            self._ticket += data[:lacking]
            data = data[lacking:]
            if len(self._ticket) < TICKET:
                return
            self._admit()
        if data and self._entry is not None and self._refusal is None:
            self._take(self._entry, data)

    def close(self) -> bytes:
        """The body is over, or the line is: keep what came, finish the file when it is all here, and answer. Idempotent.

        Raises:
            BlobProtocol: there was no whole ticket, so there is nobody to answer.
        """
        if self._answer is None:
            self._answer = self._close().write(self._receiver.signer)
        return self._answer

    def _admit(self) -> None:
        admitted = self._receiver.admit(bytes(self._ticket))
        if isinstance(admitted, Answer):
            self._refusal = admitted
        else:
            self._entry, self._at = admitted, admitted.ticket.offset
            self._held = admitted.files.have(admitted.told.id)

    def _take(self, entry: _Entry, data: bytes) -> None:
        end = entry.ticket.offset + entry.ticket.length
        self._rest += data[: end - self._at - len(self._rest)]
        reaches_end = self._at + len(self._rest) == entry.told.size
        whole = len(self._rest) if reaches_end else len(self._rest) // UNIT * UNIT
        if whole:
            self._write(entry, bytes(self._rest[:whole]))
            del self._rest[:whole]

    def _write(self, entry: _Entry, data: bytes) -> None:
        """What counts already stays as it is: a ticket binds no bytes, and whoever kept one could bring others under it."""
        units = Ranges.of_bytes(self._at, self._at + len(data), entry.told.size)
        try:
            for first, end in (units - self._held).runs:
                start = first * UNIT - self._at
                entry.files.write(entry.told.id, first * UNIT, data[start : end * UNIT - self._at])
            self._receiver.wrote(entry.told, units)
            self._at += len(data)
            self._loose += len(data)
            if self._loose >= KEEP_EVERY:
                self._keep(entry)
        except BlobDiskFull as error:
            self._refuse(entry, error)

    def _keep(self, entry: _Entry) -> Ranges:
        have = self._held = self._receiver.keep(entry)
        self._blobs.spend(entry.ticket.device, self._loose)
        self._loose = 0
        return have

    def _refuse(self, entry: _Entry, error: SyncError) -> None:
        self._refusal = Answer(entry.ticket.nonce, Held.PARTLY, entry.files.have(entry.told.id), FULL_PAUSE_S, error.code)

    def _close(self) -> Answer:
        entry = self._entry
        if entry is not None and self._refusal is None:
            try:
                return self._told(entry, self._keep(entry))
            except BlobDiskFull as error:
                self._refuse(entry, error)
        if self._refusal is None:
            raise BlobProtocol("a call without a whole ticket")
        return self._refusal

    def _told(self, entry: _Entry, have: Ranges) -> Answer:
        blob, pause = entry.told.id, self._blobs.pause_s(entry.ticket.device)
        if entry.files.is_complete(blob) or (have.is_whole(entry.told.size) and entry.files.finish(blob)):
            return Answer(entry.ticket.nonce, Held.COMPLETE, Ranges.whole(entry.told.size), pause)
        return Answer(entry.ticket.nonce, Held.PARTLY, entry.files.have(blob), pause)
