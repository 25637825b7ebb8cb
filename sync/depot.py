"""A courier's folder: volumes of other people's bundles, which it can neither read nor open, within a bound.

Whatever is held was read to its end and is whole, each volume once. A volume leaves when the province's receipt for it comes by, on
the way down: it has arrived, and a copy that turns up afterwards is not held again. When the folder is full, volumes that were sent
out to the last byte give way; one that nobody fetched is never pushed out, for custody was given for it, and the newcomer is
refused. Names in the folder are made here, of the header, and never taken from a stranger.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from sync import letter
from sync.bundle import MAX_VOLUME, SUFFIX, Checked, Header, Readable, Way, intact, pieces, preface
from sync.bundle_errors import BundleDamaged, BundleError, BundleForged, BundleTooLarge, StickFull
from sync.bundle_letters import is_receipt, read_receipt
from sync.durable import to_disk, write_whole
from sync.errors import BadLetter, BadSignature
from sync.keys import SIGNATURE, SODIUM, Signer, Verifier
from sync.usb import named

_COURIER: Final = b"MCX-COURIER-RECEIPT-1"
_PART: Final = ".part"
_FETCHED: Final = ".fetched"
"""Ending of the empty file that stands beside a volume somebody has fetched."""
_ARRIVED: Final = "arrived"
_KEY: Final = 20
"""Bytes by which a volume that arrived is remembered: owner and name."""
_MOST_ARRIVED: Final = 4096


@dataclass(frozen=True, slots=True)
class Held:
    """A volume in the folder."""

    path: Path
    header: Header
    size: int

    @property
    def name(self) -> str:
        return self.path.name


class Depot:
    """The folder of a courier. ``province`` gives the public keys whose receipts count now."""

    def __init__(self, folder: Path, most: int, province: Callable[[], Sequence[bytes]] = tuple) -> None:
        self._folder = folder
        self._most = most
        self._province = province
        with named():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def held(self) -> list[Held]:
        """What is held, by name."""
        return list(self._scan())

    def find(self, name: str) -> Held | None:
        return next((one for one in self._scan() if one.name == name), None)

    def room(self) -> int:
        """Bytes that may still come; what interrupted transfers left takes room as well."""
        with named():
            facts = os.statvfs(self._folder)
            parts = sum(path.stat().st_size for path in self._folder.glob(f"*{_PART}"))
        return min(self._most - parts - sum(one.size for one in self._scan()), facts.f_bavail * facts.f_frsize // 2)

    def has_room(self, size: int, part: Path) -> bool:
        """Whether so many bytes more may come into ``part``. First half-done transfers give way, then what was fetched."""
        if size > self.room():
            with named():
                for other in self._folder.glob(f"*{_PART}"):
                    if other != part:
                        other.unlink(missing_ok=True)
        fetched = [one for one in self._scan() if _mark(one.path).exists()]
        if size > self.room() + sum(one.size for one in fetched):
            return False
        for one in fetched:
            if size > self.room():
                self.remove(one)
        return size <= self.room()

    def fetched(self, held: Held) -> None:
        """Somebody carries this volume on; it stays as long as there is room."""
        with named():
            _mark(held.path).touch(mode=0o600)

    def part(self, name: str) -> Path:
        """Where a volume is written until it is whole; what an interrupted transfer left is still there."""
        safe = "".join(sign for sign in name.lower() if sign.isascii() and (sign.isalnum() or sign == "-"))[:80]
        return self._folder / (safe + _PART)

    def receive(self, source: Readable, size: int, name: str) -> tuple[Held, Checked]:
        """Take a volume of ``size`` bytes from a stream.

        Raises:
            StickFull: no room in the folder.
            BundleTooLarge, BundleDamaged: not a whole volume; nothing is kept.
        """
        if not 0 < size <= MAX_VOLUME:
            raise BundleTooLarge(f"a volume of {size} bytes")
        part = self.part(name)
        part.unlink(missing_ok=True)
        if not self.has_room(size, part):
            raise StickFull("the courier's folder is full")
        try:
            with named(), part.open("wb") as out:
                for piece in pieces(source, size):
                    out.write(piece)
            return self.adopt(part)
        except BaseException:
            with suppress(OSError):
                part.unlink()
            raise

    def offer(self, path: Path) -> Held:
        """Hold a volume of one's own as well, without a second copy of its bytes.

        Raises:
            BundleDamaged: it is not whole.
        """
        part = self.part(path.name)
        with named():
            part.unlink(missing_ok=True)
            os.link(path, part)
        return self.adopt(part)[0]

    def adopt(self, part: Path) -> tuple[Held, Checked]:
        """Keep a file of the folder that should be a whole volume now; a second copy of one is dropped.

        Raises:
            BundleDamaged, BundleTooLarge: it is none; the file is removed.
        """
        with named(), part.open("rb") as file:
            try:
                checked = intact(file)
            except BundleError:
                part.unlink()
                raise
            os.fsync(file.fileno())
            path = self._folder / _name(checked, file)
            os.replace(part, path)
            part.unlink(missing_ok=True)  # two names of one file: there was nothing to replace, and both stayed
            to_disk(self._folder)
        held = Held(path, checked.header, path.stat().st_size)
        self._let_go(held)
        return held, checked

    def remove(self, held: Held) -> None:
        with named():
            held.path.unlink(missing_ok=True)
            _mark(held.path).unlink(missing_ok=True)

    def _let_go(self, fresh: Held) -> None:
        """What the province's receipts name has arrived, those in a new volume and those that came by before."""
        arrived = self._arrived()
        if fresh.header.way is Way.DOWN:
            known = dict.fromkeys([*arrived, *self._receipts(fresh.path)])
            if len(known) > len(arrived):
                arrived = list(known)[-_MOST_ARRIVED:]
                with named():
                    write_whole(self._folder / _ARRIVED, b"".join(arrived))
        for one in self._scan():
            if one.header.way is Way.UP and _key(one.header.owner, one.header.ident) in arrived:
                self.remove(one)

    def has_arrived(self, header: Header) -> bool:
        """Whether a receipt of the province for this volume came by."""
        return _key(header.owner, header.ident) in self._arrived()

    def _arrived(self) -> list[bytes]:
        """The volumes known to have arrived, oldest first."""
        with named():
            path = self._folder / _ARRIVED
            known = path.read_bytes() if path.exists() else b""
        return [known[at : at + _KEY] for at in range(0, len(known), _KEY)]

    def _receipts(self, path: Path) -> Iterator[bytes]:
        with named(), path.open("rb") as file:
            _, letters = preface(file)
        keys = [SODIUM.verifier(key) for key in self._province()]
        for document in filter(is_receipt, letters):
            with suppress(BundleForged, BundleDamaged):
                receipt = read_receipt(document, keys)
                if not receipt.refused:
                    yield _key(receipt.device, receipt.volume)

    def _scan(self) -> Iterator[Held]:
        with named():
            for path in sorted(self._folder.glob(f"*{SUFFIX}")):
                with suppress(BundleDamaged), path.open("rb") as file:
                    yield Held(path, preface(file)[0], path.stat().st_size)


def _mark(path: Path) -> Path:
    return path.with_name(path.name + _FETCHED)


def _key(owner: int, ident: bytes) -> bytes:
    """A receipt lets go what its device wrote, not what bears the same name."""
    return owner.to_bytes(4, "big") + ident


def _name(checked: Checked, file: BinaryIO) -> str:
    """Of the header, and of all bytes, the signature too: nobody here can say whether it is the owner's."""
    file.seek(-SIGNATURE, os.SEEK_END)
    whole = hashlib.sha256(checked.digest + file.read()).hexdigest()
    return f"{checked.header.name.removesuffix(SUFFIX)}-{checked.header.ident.hex()}-{whole[:16]}{SUFFIX}"


# --- the courier's own receipt --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CourierReceipt:
    """A courier's word that it holds a volume whole. It moves no cursor: only the province's word does."""

    volume: bytes
    digest: bytes
    """SHA-256 of the volume up to its trailer, as in the trailer."""
    courier: int
    """Device number of the courier."""
    at_ms: int


def write_courier_receipt(receipt: CourierReceipt, signer: Signer) -> bytes:
    facts = {
        "volume": receipt.volume.hex(),
        "digest": receipt.digest.hex(),
        "courier": receipt.courier,
        "at_ms": receipt.at_ms,
    }
    return letter.write(_COURIER, facts, signer)


def read_courier_receipt(document: bytes, key: Verifier | None = None) -> CourierReceipt:
    """``None`` as key: a machine whose key is not known here; the receipt then only tells what it says.

    Raises:
        BundleForged, BundleDamaged.
    """
    try:
        given = letter.read(_COURIER, document)
        if key is not None:
            given.check(key)
        return CourierReceipt(
            volume=bytes.fromhex(given.text("volume")),
            digest=bytes.fromhex(given.text("digest")),
            courier=given.number("courier", 1, (1 << 32) - 1),
            at_ms=given.number("at_ms", -(1 << 62), 1 << 62),
        )
    except BadSignature as error:
        raise BundleForged(str(error)) from None
    except (BadLetter, ValueError):
        raise BundleDamaged("a courier's receipt is malformed") from None
