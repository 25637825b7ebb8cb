"""A sealed file gives back what went in, to whoever holds a key of it; and nothing at all once anything in it was touched."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence

import pytest

from sync.errors import BadSignature, SealedFileError, SealedFileLocked, SyncError
from sync.key_file import PassphraseWrap
from sync.keys import SealKey, SigningKey
from sync.rollover import ProvincePublic
from sync.sealed_file import RECORD, Header, Holders, Reader, Writer, new_code, read_grant, write_grant

SIGNER, SEAL = SigningKey(b"s" * 32), SealKey(b"p" * 32)
MACHINE = b"m" * 32
HOLDERS = Holders(
    MACHINE, ProvincePublic(SIGNER.public, SEAL.public, 3), PassphraseWrap("mật khẩu", operations=1, memory=8 * 1024 * 1024)
)
TEXT = bytes(range(256)) * 1000


def sealed(text: bytes = TEXT, signer: SigningKey = SIGNER) -> bytes:
    out = io.BytesIO()
    writer = Writer(out, signer, 1000, HOLDERS)
    for at in range(0, len(text), 10_007):
        writer.write(text[at : at + 10_007])
    writer.finish()
    return out.getvalue()


def opened(data: bytes) -> bytes:
    reader = Reader(io.BytesIO(data))
    reader.unlock(reader.header.key_of_machine(MACHINE))
    text = b"".join(iter(lambda: reader.read(50_000), b""))
    reader.finish()
    return text


def header(data: bytes) -> Header:
    return Reader(io.BytesIO(data)).header


def pieces(data: bytes) -> tuple[bytes, list[bytes], bytes]:
    """What stands before the records, the records with their lengths, the signature."""
    (length,) = struct.unpack(">I", data[4:8])
    at, records = 8 + length + 24, []
    while at < len(data) - 64:
        (size,) = struct.unpack(">I", data[at : at + 4])
        records.append(data[at : at + 4 + size])
        at += 4 + size
    return data[: 8 + length + 24], records, data[-64:]


@pytest.mark.parametrize("size", [0, 1, RECORD - 1, RECORD, RECORD + 1, len(TEXT)])
def test_what_went_in_comes_out(size: int) -> None:
    assert opened(sealed(TEXT[:size])) == TEXT[:size]


def test_each_holder_has_the_key_and_nobody_else() -> None:
    head = header(sealed())
    key = head.key_of_machine(MACHINE)
    assert head.key_of_province({1: SealKey.generate(), 3: SEAL}) == head.key_of_passphrase("mật khẩu") == key
    for act in (
        lambda: head.key_of_machine(b"n" * 32),
        lambda: head.key_of_province({3: SealKey.generate()}),
        lambda: head.key_of_province({1: SEAL}),
        lambda: head.key_of_passphrase("khác"),
    ):
        with pytest.raises(SealedFileLocked):
            act()


def test_a_code_opens_one_file_however_it_is_typed() -> None:
    head, other = header(sealed()), header(sealed())
    code = new_code()
    grant = write_grant(head, head.key_of_machine(MACHINE), code)
    typed = code.lower().replace("-", " ").replace("1", "l").replace("0", "o")
    assert read_grant(grant, head, typed) == head.key_of_machine(MACHINE)
    for data, where, given in ((grant, other, code), (grant, head, new_code()), (b"[]", head, code), (b"{", head, code)):
        with pytest.raises(SealedFileLocked):
            read_grant(data, where, given)


@pytest.mark.parametrize("order", [(1, 0, 2, 3), (0, 1, 1, 2, 3), (0, 2, 3), (0, 1, 2), (0, 1, 2, 3, 3)])
def test_records_moved_doubled_or_taken_out_are_noticed(order: Sequence[int]) -> None:
    lead, records, signature = pieces(sealed())
    assert len(records) == 4
    with pytest.raises(SealedFileError):
        opened(lead + b"".join(records[place] for place in order) + signature)


def test_every_touched_byte_is_noticed() -> None:
    data = sealed(b"x" * 100)
    for at in range(len(data)):
        with pytest.raises(SyncError):
            opened(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])


def test_another_signer_than_the_header_names_is_refused() -> None:
    ours, theirs = sealed(), sealed(signer=SigningKey(b"t" * 32))
    with pytest.raises(BadSignature):
        opened(ours[:-64] + theirs[-64:])


@pytest.mark.parametrize("data", [b"", b"MCB1", b"MCB1\xff\xff\xff\xff", b"MCB1\0\0\0\2[]", b"MCB1\0\0\0\2{}", b"x" * 1000])
def test_what_is_no_sealed_file_is_refused_before_anything_is_allocated(data: bytes) -> None:
    with pytest.raises(SealedFileError):
        opened(data)


class Noting(io.BytesIO):
    """A file that notes the most it was asked for."""

    most = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.most = max(self.most, size or 0)
        return super().read(size)


def test_lengths_that_announce_gigabytes_ask_the_disk_for_nothing() -> None:
    lead, _, _ = pieces(sealed())
    source = Noting(lead + b"\xff\xff\xff\xff" + b"x" * 100)
    reader = Reader(source)
    reader.unlock(reader.header.key_of_machine(MACHINE))
    with pytest.raises(SealedFileError):
        reader.read(1)
    with pytest.raises(SealedFileError):
        Reader(head := Noting(b"MCB1\xff\xff\xff\xff" + b"x" * 100))
    assert max(source.most, head.most) <= RECORD
